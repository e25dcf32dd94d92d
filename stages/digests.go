package stages

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// Mark gives each action of a report of the forecast that does something a digest: of what the config says of it, of
// what is at its places, with all that goes there, and of what will be in files that no one entry asks for. Nothing
// else decides what is done, so plans of the same words and digests do the same.
func (f *Forecast) Mark(ctx context.Context, p *report.Plan, salt []byte) error {
	all, err := itemsOf(f.Config)
	if err != nil {
		return err
	}
	p.Salt = salt
	left := f.Files.Results()
	places := accountPlaces(f.Root)
	for i := range p.Actions {
		a := &p.Actions[i]
		if a.Effect == plan.Keep {
			continue
		}
		d := digest{hmac.New(sha256.New, salt), f.Root, f.Trees, places}
		entry := all.at(a.Origin)
		d.add([]byte(a.ID))
		d.add(entry)
		if a.Stage == report.Files {
			for _, r := range left[a.ID] {
				d.place(ctx, r, a.Effect == plan.Destroy, entry == nil)
			}
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		a.Digest = hex.EncodeToString(d.Sum(nil))
	}
	return nil
}

// itemsOf are the items of the lists of a config, by the names of these.
func itemsOf(cfg config.Config) (*items, error) {
	text, err := json.Marshal(cfg)
	if err != nil {
		return nil, err
	}
	all := &items{lists: map[string][]json.RawMessage{}}
	return all, json.Unmarshal(text, &all.sections)
}

// items are what a config says: the items of the lists of its sections.
type items struct {
	sections map[string]map[string]json.RawMessage
	lists    map[string][]json.RawMessage
}

// at is the item of a list that a config path is of, or is in; nil for none.
func (e *items) at(origin string) []byte {
	words := strings.Split(origin, ".")
	if len(words) < 4 {
		return nil
	}
	name := words[1] + "." + words[2]
	list, read := e.lists[name]
	if !read {
		// what is no list has no items
		_ = json.Unmarshal(e.sections[words[1]][words[2]], &list)
		e.lists[name] = list
	}
	if i, err := strconv.Atoi(words[3]); err == nil && i >= 0 && i < len(list) {
		return list[i]
	}
	return nil
}

// A digest is of several things, each of which comes as its own digest: where one ends is certain then.
type digest struct {
	hash.Hash
	v        target.View
	trees    target.Whole
	accounts map[string]string // account files by their places
}

func (d digest) add(what []byte) {
	sum := sha256.Sum256(what)
	d.Write(sum[:])
}

// place adds what is at a place, all that is in a directory that goes, and what will be if no entry of the config says
// that.
func (d digest) place(ctx context.Context, r plan.Result, goes, unsaid bool) {
	d.add([]byte(r.At))
	was, err := d.v.Lstat(r.At)
	stays := was.Kind == root.Directory && !goes && r.Made == plan.ADirectory
	if err == nil && was.Kind != root.Absent && !stays {
		err := d.trees.Through(r.At, func(n root.Node) error { return d.node(ctx, n) })
		d.add(fmt.Appendf(nil, "%t", err == nil))
	}
	if r.Content == nil || !unsaid {
		return
	}
	if now, known := r.Content(); known {
		text := now.Reveal()
		if d.accounts[r.At] == accounts.ShadowFile {
			text = undated(d.v, text)
		}
		d.add([]byte(text))
	}
}

// node adds one that goes: what is removed may be another file of the same name. What cannot be looked at adds that.
func (d digest) node(ctx context.Context, n root.Node) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	f := n.Facts
	d.add(fmt.Appendf(nil, "%d %q %o %d %o %d:%d %q %d %t", n.Depth, n.Name, n.Type, n.Device, f.Mode, f.UID, f.GID,
		f.Target, n.Names, n.Err == nil))
	all, err := n.In.Attributes()
	d.add(fmt.Appendf(nil, "%d %t", len(all), err == nil))
	for _, a := range all {
		d.add(fmt.Appendf(nil, "%q %q %t", a.Name, a.Value, a.Err == nil))
	}
	if n.Kind == root.File {
		d.file(ctx, n)
	}
	return nil
}

// file adds what is in a file. One that cannot be read counts as empty: only who can read it plans to change it.
func (d digest) file(ctx context.Context, n root.Node) {
	content, err := n.In.Open()
	if err != nil {
		return
	}
	defer content.Close()
	of := sha256.New()
	if _, err := io.Copy(of, until{ctx, content}); err == nil {
		d.Write(of.Sum(nil))
	}
}

// until is a file that is read until the context ends.
type until struct {
	ctx context.Context
	io.Reader
}

func (u until) Read(p []byte) (int, error) {
	if err := context.Cause(u.ctx); err != nil {
		return 0, err
	}
	return u.Reader.Read(p)
}

// undated leaves out of lines of shadow(5) that come the day of their password, which is the day of the plan.
func undated(v target.View, text string) string {
	was, err := v.ReadFile(accounts.ShadowFile, target.TextMost)
	if err != nil {
		was = nil
	}
	stay := map[string]bool{}
	for line := range strings.SplitSeq(string(was), "\n") {
		stay[line] = true
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if fields := strings.Split(line, ":"); len(fields) > 2 && !stay[line] {
			fields[2] = ""
			lines[i] = strings.Join(fields, ":")
		}
	}
	return strings.Join(lines, "\n")
}
