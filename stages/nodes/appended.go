package nodes

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"

	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// recordPath is where the root keeps what files were like before something was appended to them. Nothing else tells a
// file that was appended to from one that was not, so the record is on disk before the append begins.
const recordPath = target.StateDir + "/appended.json"

// A record is a file as it was before the append.
type record struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// records is the form of the file, by resolved path.
type records struct {
	Version int               `json:"version"`
	Files   map[string]record `json:"files"`
}

// readRecords reads the file. One that is damaged is an error rather than an empty one: guessing would append twice.
func readRecords(v target.View) (records, error) {
	all := records{Files: map[string]record{}}
	err := target.ReadRecord(v, recordPath, "a record of appended files", &all, &all.Version)
	if err == nil && all.Files == nil {
		err = target.Damaged(recordPath, "a record of appended files")
	}
	all.Version = 1
	return all, err
}

// noted reads the file for all nodes, and tells once that it is damaged.
func (p *Nodes) noted() (records, error) {
	if p.before != nil {
		return *p.before, p.unread
	}
	all, err := readRecords(p.t)
	p.before = &all
	if err != nil {
		p.unread = errTold
	}
	return all, err
}

// remember writes the record of one file and has it on disk when it returns.
func (m *maker) remember(path string, r record) error {
	all, err := readRecords(target.Of(m.Root))
	if err != nil {
		return err
	}
	all.Files[path] = r
	return m.WriteRecord(recordPath, all)
}

// recordOf describes the first size bytes of a file.
func recordOf(f io.ReaderAt, size int64) (record, error) {
	h := sha256.New()
	_, err := io.Copy(h, io.NewSectionReader(f, 0, size))
	return record{size, hex.EncodeToString(h.Sum(nil))}, err
}

// begins tells whether a file begins with what it was.
func (r record) begins(f io.ReaderAt) (bool, error) {
	got, err := target.Ask(f, target.Query{Of: recordPath, From: r.Size}, func() (target.Likeness, error) {
		switch now, err := recordOf(f, r.Size); {
		case err != nil:
			return target.Undecided, err
		case now == r:
			return target.Equal, nil
		}
		return target.Unequal, nil
	})
	return got == target.Equal, err
}

// progress is how far the append to a file has come.
type progress struct {
	done     bool
	recorded bool  // the record holds what the file was before
	base     int64 // the size of what was there before
}

// progressOf finds out. There are three ways to know a file: it is as the record says, with nothing, a beginning or all
// of the fragments after it; it is what would have been made had nothing been there, so a run before has made it; or
// neither, and it has not been appended to.
func (n *node) progressOf(f io.ReaderAt, found root.Facts, all records, play func(target.Output) error) (progress,
	error) {
	if before, ok := all.Files[n.At]; ok && before.Size <= found.Size {
		if began, err := before.begins(f); err != nil {
			return progress{}, err
		} else if began {
			got, err := target.Compare(f, n.query(before.Size), play)
			if err != nil || n.complete(got) {
				return progress{done: true}, err
			}
			if got == target.FileShorter {
				return progress{recorded: true, base: before.Size}, nil
			}
		}
	}
	if n.new.Fit(found) {
		if got, err := target.Compare(f, n.query(0), play); err != nil || n.complete(got) {
			return progress{done: true}, err
		}
	}
	return progress{base: found.Size}, nil
}

// progress is progressOf what is there now.
func (m *maker) progress(n *node, play func(target.Output) error) (progress, error) {
	f, err := m.Plain().Open(n.At, false)
	if err != nil {
		return progress{}, err
	}
	defer f.Close()
	all, err := readRecords(target.Of(m.Root))
	if err != nil {
		return progress{}, err
	}
	return n.progressOf(f, n.found, all, play)
}

// complete tells whether all of the content is there. What comes after the node may go on after it.
func (n *node) complete(got target.Likeness) bool {
	return got == target.Equal || got == target.ContentShorter && n.grows
}

// appendTo appends all parts to a file that is there. They are got first, so that a source that fails leaves the file
// as it was. Where they are there already it gives plan.ErrUnchanged.
func (m *maker) appendTo(ctx context.Context, n *node) (err error) {
	t, err := m.Plain().Create(n.At, target.Private)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(t.Discard(), err) }()
	if err := m.obtain(ctx, n, t); err != nil {
		return err
	}
	// From here on all is local: the comparison and the append read the temporary file.
	content := io.NewSectionReader(t, 0, t.Size())
	p, err := m.progress(n, func(out target.Output) error {
		_, err := io.Copy(onlyWriter{out}, io.NewSectionReader(t, 0, t.Size()))
		return err
	})
	switch {
	case err != nil:
		return err
	case p.done:
		return plan.ErrUnchanged
	}
	f, err := m.Plain().OpenAppend(n.At)
	if err != nil {
		return err
	}
	defer f.Close()
	if !p.recorded {
		before, err := recordOf(f, p.base)
		if err != nil {
			return err
		}
		if err := m.remember(n.At, before); err != nil {
			return err
		}
	}
	return extend(f, p.base, content)
}

// onlyWriter hides all other methods, so that io.Copy goes the plain way and the comparison sees every chunk.
type onlyWriter struct{ io.Writer }

// extend makes a file its first base bytes and the content. A failure leaves the first base bytes.
func extend(f *os.File, base int64, content io.Reader) error {
	if err := f.Truncate(base); err != nil {
		return err
	}
	if _, err := io.Copy(f, content); err != nil {
		return errors.Join(err, f.Truncate(base))
	}
	return nil
}
