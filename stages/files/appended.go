package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/glowplug-os/glowplug/internal/root"
)

// recordPath is where the root keeps what files were like before something was appended to them. Nothing else tells a
// file that was appended to from one that was not, so the record is on disk before the append begins.
const recordPath = stateDir + "/appended.json"

const recordLimit = 16 << 20

// private is for what only root, or who runs this, need read.
var private = attributes{UID: -1, GID: -1, Mode: 0o600}

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

// records reads the file. One that is damaged is an error rather than an empty one: guessing would append twice.
func (w *worker) records() (records, error) {
	all := records{Version: 1, Files: map[string]record{}}
	text, err := w.Root.ReadFile(recordPath, recordLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return all, err
	}
	if err := json.Unmarshal(text, &all); err != nil || all.Version != 1 || all.Files == nil {
		return all, damaged(recordPath, "a record of appended files")
	}
	return all, nil
}

// remember writes the record of one file and has it on disk when it returns.
func (w *worker) remember(path string, r record) error {
	all, err := w.records()
	if err != nil {
		return err
	}
	all.Files[path] = r
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	if _, err := w.Root.MkdirAll(up(recordPath), 0o755); err != nil {
		return err
	}
	t, err := w.Root.Create(recordPath, private)
	if err != nil {
		return err
	}
	defer t.Discard()
	if _, err := t.Write(append(text, '\n')); err != nil {
		return err
	}
	return t.PlaceSynced(true)
}

// recordOf describes the first size bytes of a file.
func recordOf(f *os.File, size int64) (record, error) {
	h := sha256.New()
	_, err := io.Copy(h, io.NewSectionReader(f, 0, size))
	return record{size, hex.EncodeToString(h.Sum(nil))}, err
}

// progress is how far the append to a file has come.
type progress struct {
	done     bool
	recorded bool  // the record holds what the file was before
	base     int64 // the size of what was there before
}

// progress finds out. There are three ways to know a file: it is as the record says, with nothing, a beginning or all
// of the fragments after it; it is what would have been made had nothing been there, so a run before has made it; or
// neither, and it has not been appended to.
func (w *worker) progress(n *node, play func(output) error) (progress, error) {
	f, err := w.plain().Open(n.at, false)
	if err != nil {
		return progress{}, err
	}
	defer f.Close()
	all, err := w.records()
	if err != nil {
		return progress{}, err
	}
	if before, ok := all.Files[n.at]; ok && before.Size <= n.found.Size {
		if now, err := recordOf(f, before.Size); err != nil {
			return progress{}, err
		} else if now == before {
			got, err := compare(f, before.Size, play)
			if err != nil || w.complete(n, got) {
				return progress{done: true}, err
			}
			if got == fileShorter {
				return progress{recorded: true, base: before.Size}, nil
			}
		}
	}
	if n.new.Fit(n.found) {
		if got, err := compare(f, 0, play); err != nil || w.complete(n, got) {
			return progress{done: true}, err
		}
	}
	return progress{base: n.found.Size}, nil
}

// complete tells whether all of the content is there. The preset file may go on after it.
func (w *worker) complete(n *node, got likeness) bool {
	return got == equal || got == contentShorter && n.at == w.presetAt
}

// appendTo appends all parts to a file that is there. They are got first, so that a source that fails leaves the file
// as it was.
func (w *worker) appendTo(ctx context.Context, n *node) error {
	t, err := w.plain().Create(n.at, private)
	if err != nil {
		return err
	}
	defer t.Discard()
	if err := w.obtain(ctx, n, t); err != nil {
		return err
	}
	// From here on all is local: the comparison and the append read the temporary file.
	content := io.NewSectionReader(t, 0, t.Size())
	p, err := w.progress(n, func(out output) error {
		_, err := io.Copy(onlyWriter{out}, io.NewSectionReader(t, 0, t.Size()))
		return err
	})
	if err != nil || p.done {
		return err
	}
	f, err := w.plain().OpenAppend(n.at)
	if err != nil {
		return err
	}
	defer f.Close()
	if !p.recorded {
		before, err := recordOf(f, p.base)
		if err != nil {
			return err
		}
		if err := w.remember(n.at, before); err != nil {
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

var _ View = (*root.Root)(nil)
