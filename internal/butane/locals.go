package butane

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// locals are the local files that a document may name.
type locals struct {
	files  fs.FS  // nil for none
	dir    string // its absolute path
	called string // what problems call it
	prefix string // what the absolute paths of files in it begin with
	atBoot bool
	opened map[tree.Node]*diag.Document // texts that are judged: see remember
	size   int                          // bytes that have been read
}

// path gives the name in Files of a local file. Where a name leads is decided by its text; links are followed later.
func (l *locals) path(a *cursor.At, name string) (string, bool) {
	if l.files == nil {
		l.missing(a)
		return "", false
	}
	joined := path.Join(l.dir, name)
	if joined+"/" == l.prefix || joined == l.dir {
		return ".", true
	}
	if !strings.HasPrefix(joined, l.prefix) {
		a.Errorf(codes.LocalEscapes, "the path %q leads out of the folder of local files",
			name).Advise("copy the file into the folder")
		return "", false
	}
	return joined[len(l.prefix):], true
}

// missing reports that a local file is named where there are none.
func (l *locals) missing(a *cursor.At) {
	if l.atBoot {
		a.Errorf(codes.NoFilesDir, "a local file is named, but a machine that boots has none").Advise(
			"convert the document with `glowplug convert` where the file is, and give the machine the result")
		return
	}
	a.Errorf(codes.NoFilesDir, "a local file is named, and no folder that it could be in").
		Advise("name the folder with --files-dir")
}

// read reads the local file that a field names.
func (l *locals) read(a *cursor.At) (string, bool) {
	name, ok := l.path(a, a.Text())
	if !ok {
		return "", false
	}
	text, err := l.readFile(name)
	if err != nil {
		unreadable(a, "file", a.Text(), err)
		return "", false
	}
	return text, true
}

// remember keeps the text of a local file, for problems with places in it. All of it may be secret.
func (l *locals) remember(a *cursor.At, text string) {
	if l.opened == nil {
		l.opened = map[tree.Node]*diag.Document{}
	}
	hidden := func() []diag.Span { return []diag.Span{{Start: 0, End: len(text)}} }
	l.opened[a.Node()] = &diag.Document{Name: l.name(a.Text()), Text: text, Secrets: hidden}
}

// name is what problems call a file.
func (l *locals) name(file string) string {
	if l.called == "" {
		return file
	}
	return path.Join(l.called, file)
}

// maxLocals is how many bytes all local files of a document may have together.
const maxLocals = 1 << 30

// readFile reads a local file, as long as there is room for it.
func (l *locals) readFile(name string) (string, error) {
	if l.size > maxLocals {
		return "", fmt.Errorf("the local files of the document have more than %d MiB together", maxLocals>>20)
	}
	text, err := fs.ReadFile(l.files, name)
	l.size += len(text)
	return string(text), err
}

// unreadable reports that a local file or folder cannot be read.
func unreadable(a *cursor.At, kind, name string, err error) {
	a.Errorf(codes.LocalUnreadable, "the local %s %q: %s", kind, name,
		quiet(err)).Advise("%s", strings.Join(diag.Hints(err), "; "))
}

// quiet drops the operation and the path from an error of a file system.
func quiet(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
