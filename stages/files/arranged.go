package files

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/root"
)

// An arranged is a View of the root as it will be once the accounts are made: homes and mail files that are made,
// moved, given away and removed, account files, keys. Nodes of the config come later, and are planned in it.
type arranged struct {
	View
	top       place
	owners    bool // they are set as the config has them
	made      uint64
	mounts    []string
	asked     bool // for mounts
	skeletons map[string][]skeletonNode
}

// A place is what the accounts make of a path, and of what is below it.
type place struct {
	from  string            // where in the root what is here, and below, is found now; "" for nowhere
	facts *root.Facts       // of what is made here; nil for those that from has
	text  *string           // of a file that is made; nil for what from has
	given []accounts.Owners // who becomes the owner of what is here and below, one after the other
	below map[string]*place
}

func newArranged(v View, owners bool) *arranged {
	return &arranged{View: v, top: place{from: "/"}, owners: owners}
}

// find gives what is at a resolved path. Its below is empty where the path is in no place that the accounts have
// touched.
func (a *arranged) find(p string) place {
	found := a.top
	for rest := strings.TrimPrefix(p, "/"); rest != ""; {
		name, after, _ := strings.Cut(rest, "/")
		next, ok := found.below[name]
		if !ok {
			return place{from: below(found.from, rest), given: found.given}
		}
		given := found.given
		found, rest = *next, after
		found.given = slices.Concat(next.given, given)
	}
	return found
}

// below joins a path to a place that may be nowhere.
func below(from, rest string) string {
	if from == "" {
		return ""
	}
	return path.Join(from, rest)
}

// at gives the place of a resolved path, to be changed.
func (a *arranged) at(p string) *place {
	here := &a.top
	for _, name := range split(p) {
		next, ok := here.below[name]
		if !ok {
			next = &place{from: below(here.from, name)}
			if here.below == nil {
				here.below = map[string]*place{}
			}
			here.below[name] = next
		}
		here = next
	}
	return here
}

// put has something made at a resolved path, with nothing below it.
func (a *arranged) put(p string, f root.Facts) *place {
	a.made++
	f.Dev, f.Ino, f.Links = ^uint64(0), a.made, 1 // a file that no other name has
	here := a.at(p)
	*here = place{facts: &f}
	return here
}

// move renames what is at a resolved path, with all below it.
func (a *arranged) move(from, to string) {
	what := *a.at(from)
	what.given = a.find(from).given
	*a.at(from) = place{}
	*a.at(to) = what
	mounts, err := a.Mounts()
	if err != nil || root.FirstMount(mounts, from) == "" {
		return // who asks for mounts gets the error
	}
	for i, m := range mounts {
		if rest, ok := strings.CutPrefix(m, from+"/"); ok {
			mounts[i] = path.Join(to, rest)
		}
	}
	slices.Sort(mounts)
}

// touched tells whether anything is not as the root has it.
func (a *arranged) touched() bool { return len(a.top.below) > 0 }

func (a *arranged) Lstat(p string) (root.Facts, error) {
	here := a.find(p)
	var f root.Facts
	switch {
	case here.facts != nil:
		f = *here.facts
	case here.from == "":
		return f, nil
	default:
		var err error
		if f, err = a.View.Lstat(here.from); err != nil {
			return f, err
		}
	}
	for _, o := range here.given {
		if f.UID == o.OldUID {
			f.UID = o.NewUID
		}
		if f.GID == o.OldGID {
			f.GID = o.NewGID
		}
	}
	return f, nil
}

// open gives where a path's file is found now, with its links followed.
func (a *arranged) open(p string, follow bool) (place, error) {
	if !a.touched() {
		return place{from: p}, nil
	}
	at, _, err := newWorld(a).walk(p, follow)
	if err != nil {
		return place{}, err
	}
	here := a.find(at)
	if here.from == "" && here.text == nil {
		return place{}, &fs.PathError{Op: "open", Path: p, Err: fs.ErrNotExist}
	}
	return here, nil
}

func (a *arranged) ReadFile(p string, limit int64) ([]byte, error) {
	here, err := a.open(p, true)
	switch {
	case err != nil:
		return nil, err
	case here.text != nil:
		return []byte(*here.text), nil
	}
	return a.View.ReadFile(here.from, limit)
}

// A textFile is a file that has yet to be made.
type textFile struct{ *strings.Reader }

func (textFile) Close() error { return nil }

// contents gives what will be in the file at a resolved path.
func (a *arranged) contents(at string) (contents, error) {
	if text := a.find(at).text; text != nil {
		return textFile{strings.NewReader(*text)}, nil
	}
	return a.Open(at, false)
}

// Open opens no file whose text the accounts make: contents does.
func (a *arranged) Open(p string, follow bool) (*os.File, error) {
	here, err := a.open(p, follow)
	if err == nil && here.text != nil {
		err = &fs.PathError{Op: "open", Path: p, Err: fs.ErrNotExist}
	}
	if err != nil {
		return nil, err
	}
	return a.View.Open(here.from, follow)
}

func (a *arranged) Names(dir string) (names []string, err error) {
	here := a.find(dir)
	if here.from != "" {
		if names, err = a.View.Names(here.from); err != nil {
			return nil, err
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool { return here.below[name] != nil })
	for name := range here.below {
		f, err := a.Lstat(path.Join(dir, name))
		if err != nil {
			return nil, err
		}
		if f.Kind != root.Absent {
			names = append(names, name)
		}
	}
	return names, nil
}

// Mounts asks the root once: what is mounted below a home moves along.
func (a *arranged) Mounts() ([]string, error) {
	if !a.asked {
		mounts, err := a.View.Mounts()
		if err != nil {
			return nil, err
		}
		a.mounts, a.asked = slices.Clone(mounts), true
	}
	return a.mounts, nil
}

// lay takes in what an effect does, where it does anything. It does not judge whether it can.
func (a *arranged) lay(e accounts.Effect) error {
	switch e := e.(type) {
	case accounts.MakeHome:
		return a.layHome(e)
	case accounts.MakeMail:
		return a.layMail(e)
	case accounts.MoveHome:
		return a.layMove(e)
	case accounts.OwnHome:
		return a.give(e.Path, e.Owners)
	case accounts.OwnMail:
		return a.give(e.Path, accounts.Owners{OldUID: e.OldUID, NewUID: e.NewUID})
	case accounts.RemoveHome:
		return a.layRemoval(e.Path)
	case accounts.RemoveMail:
		return a.layRemoval(e.Path)
	}
	return nil
}

func (a *arranged) layHome(e accounts.MakeHome) error {
	at, found, err := accountPath(a, e.Path)
	if err != nil || found.Kind != root.Absent {
		return err
	}
	nodes, err := a.skeletonNodes(e.Skeletons)
	if err == nil {
		err = a.makeWay(at, root.Facts{Kind: root.Directory, Mode: 0o755})
	}
	if err != nil {
		return err
	}
	a.put(at, root.Facts{Kind: root.Directory, UID: e.UID, GID: e.GID, Mode: e.Mode})
	for _, n := range nodes {
		n.facts.UID, n.facts.GID = e.UID, e.GID
		here := a.put(path.Join(at, n.at), n.facts)
		if n.facts.Kind == root.File {
			here.from, here.text = n.from.from, n.from.text
		}
	}
	return nil
}

// makeWay makes the directories above a resolved path that are not there.
func (a *arranged) makeWay(at string, as root.Facts) error {
	var missing []string
	for d := up(at); d != "/"; d = up(d) {
		above, err := a.Lstat(d)
		if err != nil {
			return err
		}
		if above.Kind != root.Absent {
			break
		}
		missing = append(missing, d)
	}
	for _, d := range slices.Backward(missing) {
		a.put(d, as)
	}
	return nil
}

func (a *arranged) layMail(e accounts.MakeMail) error {
	at, found, err := accountPath(a, e.Path)
	if err != nil || found.Kind != root.Absent {
		return err
	}
	if _, dir, err := accountPath(a, up(e.Path)); err != nil || dir.Kind != root.Directory {
		return err
	}
	a.put(at, root.Facts{Kind: root.File, UID: e.UID, GID: e.GID, Mode: e.Mode}).text = new(string)
	return nil
}

func (a *arranged) layMove(e accounts.MoveHome) error {
	from, old, err := accountPath(a, e.From)
	if err != nil {
		return err
	}
	to, now, err := accountPath(a, e.To)
	if err != nil || movable(e, old, now) != nil {
		return err
	}
	if old.Kind != root.Absent {
		a.move(from, to)
	}
	return a.give(e.To, e.Owners)
}

// give has a tree change hands, as worker.ownTree does.
func (a *arranged) give(name string, o accounts.Owners) error {
	at, found, err := accountPath(a, name)
	if err != nil || !a.owners || found.Kind == root.Absent || found.UID != o.OldUID && found.UID != o.NewUID {
		return err
	}
	here := a.at(at)
	here.given = append(slices.Clip(here.given), o)
	return nil
}

func (a *arranged) layRemoval(name string) error {
	at, found, err := accountPath(a, name)
	if err == nil && found.Kind != root.Absent {
		*a.at(at) = place{}
	}
	return err
}

// layFiles takes in the account files that are written.
func (a *arranged) layFiles(files accounts.Files, want func(name string) attributes) error {
	for _, name := range accounts.Editable() {
		text, changes := files[name]
		if !changes {
			continue
		}
		new := want(name)
		f := root.Facts{UID: uint32(max(new.UID, 0)), GID: uint32(max(new.GID, 0)), Mode: uint32(new.Mode)}
		if err := a.layFile(name, text.Reveal(), f, root.Facts{Kind: root.Directory, Mode: 0o755}); err != nil {
			return err
		}
	}
	return nil
}

// layKeys takes in what is written for a user.
func (a *arranged) layKeys(u *UserKeys, o *KeyOptions) error {
	mine := root.Facts{UID: u.UID, GID: u.GID, Mode: 0o600}
	way := root.Facts{Kind: root.Directory, UID: u.UID, GID: u.GID, Mode: 0o700}
	return a.layFile(path.Join(u.Home, o.file()), u.text(), mine, way)
}

// layFile takes in a file that is written where its path leads, and directories on the way. One that is there keeps its
// owner and mode.
func (a *arranged) layFile(name, text string, as, way root.Facts) error {
	at, err := inRoot(a, name)
	if err != nil {
		return err
	}
	found, err := a.Lstat(at)
	if err == nil {
		err = a.makeWay(at, way)
	}
	if err != nil {
		return err
	}
	if found.Kind == root.File {
		as = found
	}
	as.Kind, as.Size = root.File, int64(len(text))
	a.put(at, as).text = &text
	return nil
}

// layNotated takes in that the directories which were made to mount something at a home, or below it, become the
// user's.
func (a *arranged) layNotated(u *UserKeys, mounted []string) {
	for _, dir := range u.notated(a, u.Account, mounted) {
		a.at(dir).facts = &root.Facts{Kind: root.Directory, UID: u.UID, GID: u.GID, Mode: 0o700}
	}
}
