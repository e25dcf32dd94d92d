package target

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// A Sink takes content. Reset forgets what was written since the content began.
type Sink = interface {
	io.Writer
	Reset() error
}

// An Identity is who a process runs as, and so which owners it may set.
type Identity struct {
	Privileged bool // may set any owner
	UID, GID   uint32
	Groups     []uint32 // GID among them
}

// Means are what steps act with.
type Means struct {
	// Root is what the steps act on. A planner itself only looks at its Target.
	Root *root.Root
	// Tools runs programs.
	Tools *tool.Set
	// Fetch writes a resource, decompressed and verified, to a sink. It is called for every source that is not absent.
	Fetch func(ctx context.Context, r config.Resource, to Sink) error
	// Ready gets what Fetch needs for any of them, before anything is written; nil for nothing.
	Ready func(ctx context.Context) error
	// Fetched tells of resources that Fetch gives without asking anybody, beside those that are Local; nil for none.
	Fetched func(r *config.Resource) bool
	// Warn is told, when a plan runs, of something that will not be as the config has it, with its config path. nil for
	// nobody.
	Warn func(origin, what string)
	// Identity is who runs this. New nodes belong to 0:0 unless the config says otherwise, or to who runs this if that
	// is not root.
	Identity
	// NoOwner leaves every owner as it comes.
	NoOwner bool
	// Image is what the image decides.
	Image Image
}

// Plain is the root as nodes see it: no link is on the way to where they are, unless somebody has swapped it in, as a
// user can below a home.
func (m *Means) Plain() *root.Root { return m.Root.WithoutLinks() }

// SystemFile are the attributes of a file that everybody may read.
func (m *Means) SystemFile() root.Attrs {
	if m.Privileged && !m.NoOwner {
		return root.Attrs{UID: 0, GID: 0, Mode: 0o644}
	}
	return root.Attrs{UID: -1, GID: -1, Mode: 0o644}
}

// PrivateFile are the attributes of a file that only root may read.
func (m *Means) PrivateFile() root.Attrs {
	a := m.SystemFile()
	a.Mode = 0o600
	return a
}

// IDs are the ids to set, or none where owners are left as they come.
func (m *Means) IDs(uid, gid uint32) (u, g int64) {
	if m.NoOwner {
		return -1, -1
	}
	return int64(uid), int64(gid)
}

// MaySet tells whether who runs this may give a node to these ids: chown(2) lets one give one's own files to groups one
// is in, and nothing else.
func (m *Means) MaySet(uid, gid int64) error {
	switch {
	case m.Privileged:
		return nil
	case uid >= 0 && uid != int64(m.UID):
		return OnlyRoot(fmt.Sprintf("set the owner %d", uid))
	case gid >= 0 && !slices.Contains(m.Groups, uint32(gid)):
		return OnlyRoot(fmt.Sprintf("set the group %d", gid))
	}
	return nil
}

// OnlyRoot is the error of what takes root's privileges, which a directory can be made without.
func OnlyRoot(what string) error {
	return diag.WithHint(errors.New("only root can "+what),
		"run it as root, or leave owners as they come with --no-owner")
}

// Owners gives user and group of a node, each as owner does. Who knows no accounts gives nil.
func Owners(n *config.Node, uid, gid func(string) (uint32, bool)) (user, group int64, err error) {
	if user, err = owner(&n.User, "user", uid); err == nil {
		group, err = owner(&n.Group, "group", gid)
	}
	return user, group, err
}

// owner gives an id, -1 for an owner that the config does not give. Names are those of the root once the accounts of
// the config are made.
func owner(c *config.NodeOwner, what string, lookup func(string) (uint32, bool)) (int64, error) {
	switch {
	case c.ID != nil:
		if *c.ID < 0 || int64(*c.ID) >= 1<<32-1 {
			return 0, fmt.Errorf("%s id %d is none that Linux has", what, *c.ID)
		}
		return int64(*c.ID), nil
	case config.Says(c.Name) == "":
		return -1, nil
	case lookup != nil:
		if id, ok := lookup(*c.Name); ok {
			return int64(id), nil
		}
	}
	return 0, fmt.Errorf("%s %q does not exist in the root", what, *c.Name)
}

// Local tells whether a resource can be had without asking anybody.
func Local(r *config.Resource) bool {
	raw := config.Says(r.Source)
	return raw == "" || strings.HasPrefix(raw, "data:")
}

// Tell warns.
func (m *Means) Tell(origin, what string) {
	if m.Warn != nil {
		m.Warn(origin, what)
	}
}

// Play writes a resource to an output, of which it is a part.
func (m *Means) Play(ctx context.Context, r config.Resource, to Output) error {
	to.Mark()
	return m.Fetch(ctx, r, to)
}
