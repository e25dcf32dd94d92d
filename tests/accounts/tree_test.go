package accounts

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/accounts"
)

// A node is what is at a path.
type node struct {
	kind     string // dir, file, link
	mode     uint32
	uid, gid uint32
	rest     string
}

// A tree does effects as the doc comments of the package tell their caller to, on a listing.
type tree map[string]node

func newTree(t *testing.T, lines []string) tree {
	t.Helper()
	tree := tree{}
	for _, line := range lines {
		at, n := parseNode(t, line)
		tree[at] = n
	}
	return tree
}

func parseNode(t *testing.T, line string) (string, node) {
	t.Helper()
	var n node
	var at string
	_, err := fmt.Sscanf(line, "%s %o %d:%d %s", &n.kind, &n.mode, &n.uid, &n.gid, &at)
	require.NoError(t, err, line)
	if f := strings.SplitN(line, " ", 5); len(f) == 5 {
		n.rest = f[4]
	}
	return at, n
}

func (n node) line(at string) string {
	return strings.TrimSpace(fmt.Sprintf("%s %04o %d:%d %s %s", n.kind, n.mode, n.uid, n.gid, at, n.rest))
}

// list gives what is left, without the skeletons.
func (t tree) list() []string {
	var lines []string
	for _, at := range sortedKeys(t) {
		if n := t[at]; !strings.HasPrefix(at, "/etc/") && !strings.HasPrefix(at, "/usr/") {
			lines = append(lines, n.line(at))
		}
	}
	return lines
}

// below gives the paths from one down, it first.
func (t tree) below(top string) []string {
	return slices.DeleteFunc(sortedKeys(t), func(at string) bool {
		return at != top && !strings.HasPrefix(at, top+"/")
	})
}

func (t tree) do(e accounts.Effect) error {
	switch e := e.(type) {
	case *accounts.MakeHome:
		t.makeHome(e)
	case *accounts.MakeMail:
		_, parent := t[path.Dir(e.Path)]
		if _, there := t[e.Path]; parent && !there {
			t[e.Path] = node{"file", e.Mode, e.UID, e.GID, ""}
		}
	case *accounts.MoveHome:
		return t.moveHome(e)
	case *accounts.OwnHome:
		if n, there := t[e.Path]; there && (n.uid == e.Owners.OldUID || n.uid == e.Owners.NewUID &&
			e.Owners.OldUID != e.Owners.NewUID) {
			t.own(e.Path, e.Owners)
		}
	case *accounts.OwnMail:
		if n, there := t[e.Path]; there && n.uid == e.OldUID {
			n.uid = e.NewUID
			t[e.Path] = n
		}
	case *accounts.RemoveMail:
		return t.remove(e.Path, e.UID)
	case *accounts.RemoveHome:
		return t.remove(e.Path, e.UID)
	default:
		return fmt.Errorf("no such effect: %T", e)
	}
	return nil
}

func (t tree) makeHome(e *accounts.MakeHome) {
	home := path.Clean(e.Path)
	if _, there := t[home]; there {
		return
	}
	for at := path.Dir(home); at != "/"; at = path.Dir(at) {
		if _, there := t[at]; !there {
			t[at] = node{"dir", 0o755, 0, 0, ""}
		}
	}
	t[home] = node{"dir", e.Mode, e.UID, e.GID, ""}
	for _, skel := range e.Skeletons {
		for _, at := range t.below(skel) {
			to := home + strings.TrimPrefix(at, skel)
			if _, there := t[to]; at != skel && !there {
				n := t[at]
				n.uid, n.gid = e.UID, e.GID
				t[to] = n
			}
		}
	}
}

func (t tree) moveHome(e *accounts.MoveHome) error {
	if _, there := t[e.To]; there {
		return errors.New("something is at " + e.To)
	}
	n, there := t[e.From]
	if !there {
		return nil
	}
	if n.kind != "dir" {
		return errors.New(e.From + " is no directory")
	}
	if _, parent := t[path.Dir(e.To)]; !parent {
		return errors.New("nothing is at the parent of " + e.To)
	}
	for _, at := range t.below(e.From) {
		t[e.To+strings.TrimPrefix(at, e.From)] = t[at]
		delete(t, at)
	}
	t.own(e.To, e.Owners)
	return nil
}

func (t tree) own(top string, o accounts.Owners) {
	for _, at := range t.below(top) {
		n := t[at]
		if n.uid == o.OldUID {
			n.uid = o.NewUID
		}
		if n.gid == o.OldGID {
			n.gid = o.NewGID
		}
		t[at] = n
	}
}

func (t tree) remove(top string, uid uint32) error {
	n, there := t[top]
	if !there {
		return nil
	}
	if n.uid != uid {
		return errors.New(top + " belongs to someone else")
	}
	for _, at := range t.below(top) {
		delete(t, at)
	}
	return nil
}
