package root

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// A Replacement is the new content of a file that Commit changes together with others.
type Replacement struct {
	Name    string
	Content []byte
	New     Attrs  // of the file where it is not there yet; one that is keeps mode, owner and extended attributes
	Backup  string // where what was there is kept, "" for nowhere
}

// recordLimit bounds what is read of a record.
const recordLimit = 1 << 20

// A pending is a line of a record: what is to be renamed to what, and where what is there is kept. All are paths in the
// root.
type pending struct {
	Temp   string `json:"temp"`
	Name   string `json:"name"`
	Backup string `json:"backup,omitempty"`
}

// Commit changes several files so that, whenever the power is cut, either all of them are changed or none: all are
// written beside their places first, then a record of what is to be renamed, and only then are they renamed. Recover,
// given the same record, finishes what was cut off.
func (r *Root) Commit(record string, all []Replacement) error {
	if err := r.Recover(record); err != nil {
		return err
	}
	return commit{r, record}.run(all)
}

// A commit is one under way.
type commit struct {
	*Root
	record string
}

func (r commit) run(all []Replacement) error {
	var temps []*Temp
	defer func() {
		for _, t := range temps {
			t.Discard() // nothing, where it has been placed
		}
	}()
	var list []pending
	for _, p := range all {
		t, err := r.stage(p)
		if err != nil {
			return err
		}
		temps = append(temps, t)
		list = append(list, pending{path.Join(path.Dir(clean(p.Name)), t.tmp), clean(p.Name), p.Backup})
	}
	made, err := r.write(list)
	if err != nil {
		return err
	}
	for _, t := range temps {
		t.kept = true // the record names it from here on
	}
	for i, p := range all {
		if err := r.backup(p.Name, p.Backup); err != nil {
			return err
		}
		if err := temps[i].Place(true); err != nil {
			return err
		}
	}
	if err := r.forgetRecord(); err != nil {
		return err
	}
	r.removeEmpty(made)
	return nil
}

// removeEmpty removes directories that a record was in and that hold nothing else now.
func (r commit) removeEmpty(made []string) {
	for i := len(made) - 1; i >= 0; i-- {
		if d, base, err := r.parent(made[i]); err == nil {
			_ = unix.Unlinkat(d.fd, base, unix.AT_REMOVEDIR)
			r.release(d)
		}
	}
	if len(made) > 0 {
		r.Forget()
	}
}

// Recover finishes a Commit that was cut off after its record was written. It does nothing where there is no record.
func (r *Root) Recover(record string) error {
	text, err := r.ReadFile(record, recordLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var list []pending
	if err := json.Unmarshal(text, &list); err != nil {
		return fmt.Errorf("record %s: %w", record, err)
	}
	c := commit{r, record}
	for _, p := range list {
		if err := c.finish(p); err != nil {
			return err
		}
	}
	return c.forgetRecord()
}

// finish renames what a record names, if it has not been renamed yet. The record is ours, but it lies in a root that
// others may have written to: what is renamed must be a temporary file of ours in the same directory, and a backup has
// the file's name with something behind it.
func (r commit) finish(p pending) error {
	beside := path.Dir(p.Temp) == path.Dir(p.Name) && strings.HasPrefix(path.Base(p.Temp), tempPrefix)
	if !beside || p.Backup != "" && (clean(p.Backup) != p.Backup || path.Dir(p.Backup) != path.Dir(p.Name) ||
		!strings.HasPrefix(p.Backup, p.Name)) {
		return pathError("rename", p.Name, errForeign)
	}
	found, err := r.Lstat(p.Temp)
	if err != nil || found.Kind == Absent {
		return err
	}
	if found.Kind != File {
		return pathError("rename", p.Temp, errNotRegular)
	}
	if err := r.backup(p.Name, p.Backup); err != nil {
		return err
	}
	d, base, err := r.parent(p.Name)
	if err != nil {
		return pathError("rename", p.Name, err)
	}
	defer r.release(d)
	r.touch(d)
	return pathError("rename", p.Name, unix.Renameat(d.fd, path.Base(p.Temp), d.fd, base))
}

var errForeign = errors.New("the record of an earlier run names something else")

// stage writes a replacement beside its place, with the attributes of what it replaces, and has it on disk when it
// returns.
func (r commit) stage(p Replacement) (*Temp, error) {
	was, err := r.Lstat(p.Name)
	if err != nil {
		return nil, err
	}
	want := p.New
	if was.Kind == File {
		want = Attrs{UID: int64(was.UID), GID: int64(was.GID), Mode: int64(was.Mode)}
	} else if was.Kind != Absent {
		return nil, pathError("replace", p.Name, errNotRegular)
	}
	t, err := r.Create(p.Name, want)
	if err != nil {
		return nil, err
	}
	if was.Kind == File {
		err = t.Inherit()
	}
	if err == nil {
		_, err = t.Write(p.Content)
	}
	if err == nil {
		err = t.setAttrs()
	}
	if err == nil {
		err = t.Sync()
	}
	if err != nil {
		t.Discard()
		return nil, err
	}
	return t, nil
}

// write writes the record of what is to be renamed, safely on disk when it returns, and tells which directories it has
// made for it.
func (r commit) write(list []pending) (made []string, err error) {
	text, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	if made, err = r.MkdirAll(path.Dir(clean(r.record)), 0o755); err != nil {
		return nil, err
	}
	t, err := r.Create(r.record, Attrs{UID: -1, GID: -1, Mode: 0o600})
	if err != nil {
		return nil, err
	}
	if _, err := t.Write(text); err != nil {
		t.Discard()
		return nil, err
	}
	return made, t.PlaceSynced(true)
}

// forgetRecord removes the record, once what it names is on disk, and its directory if it has nothing else.
func (r commit) forgetRecord() error {
	if err := r.Sync(); err != nil {
		return err
	}
	if err := r.RemoveAll(r.record); err != nil {
		return err
	}
	r.removeEmpty([]string{path.Dir(clean(r.record))})
	return nil
}

// backup keeps what a replacement replaces, with its attributes, as shadow-utils does under names like passwd-.
func (r commit) backup(name, to string) error {
	if to == "" {
		return nil
	}
	old, err := r.Open(name, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer old.Close()
	found, err := r.Lstat(name)
	if err != nil {
		return err
	}
	t, err := r.Create(to, Attrs{UID: int64(found.UID), GID: int64(found.GID), Mode: int64(found.Mode)})
	if err != nil {
		return err
	}
	defer t.Discard()
	if _, err := io.Copy(t, old); err != nil {
		return err
	}
	return t.Place(true)
}
