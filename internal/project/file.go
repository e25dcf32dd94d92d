package project

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A File is a project file.
type File struct {
	Dir      string // that it is in, absolute
	Settings []Setting
	Ignored  []Ignored
	log      cursor.Log
	read     []diag.Problem // of the text itself
	patterns int            // how many there are
	mappings int
}

// A Setting is a value that the option of the same name takes.
type Setting struct {
	Name, Value string
	At          *cursor.At
	file        *File
	path        string // that it names, from the folder of the file on; "" for none
	folder      bool   // the path is that of a folder
}

// Absent is why a setting that names a file or a folder cannot be followed: there is none.
func (s *Setting) Absent() error {
	if s.path == "" {
		return nil
	}
	info, err := os.Stat(filepath.Join(s.file.Dir, s.path))
	if err == nil && s.folder && !info.IsDir() {
		err = errors.New("it is no folder")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.named(), unnamed(err))
	}
	return nil
}

// named is the path in words.
func (s *Setting) named() string {
	if s.folder {
		return fmt.Sprintf("the folder %q", s.path)
	}
	return fmt.Sprintf("the file %q", s.path)
}

// Ignored are codes that are not told of, for files that a pattern matches.
type Ignored struct {
	Pattern string
	Codes   []codes.Code
}

// textMost is how many bytes a project file may have; patternsMost how many patterns, each of which is held against
// each file; mappingsMost how many mappings, each of which is held against each URL.
const (
	textMost     = 1 << 20
	patternsMost = 1000
	mappingsMost = 1000
)

// Open reads the project file of a folder; name is what problems call it.
func Open(dir, name string) *File {
	text, err := readFile(filepath.Join(dir, FileName))
	if err != nil {
		f := &File{Dir: dir}
		f.read = []diag.Problem{{Severity: diag.Error, Code: codes.Unreadable, Message: err.Error(),
			Place: diag.Place{Doc: &diag.Document{Name: name}}}}
		return f
	}
	return Read(dir, name, text)
}

// readFile reads a file that is no link and no pipe: who may change the file may not have others shown, nor have this
// wait.
func readFile(path string) (string, error) {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return "", short(err)
	case !info.Mode().IsRegular():
		return "", errors.New("the project file is no regular file")
	}
	file, err := os.Open(path)
	if err != nil {
		return "", short(err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, textMost+1))
	if err == nil && len(text) > textMost {
		err = fmt.Errorf("the project file is larger than %d KiB", textMost>>10)
	}
	return string(text), err
}

func short(err error) error { return fmt.Errorf("reading the project file: %w", unnamed(err)) }

// unnamed drops the name of the operation and the file from an error of os.
func unnamed(err error) error {
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}

// Read reads the text of a project file.
func Read(dir, name, text string) *File {
	f := &File{Dir: dir}
	doc := &diag.Document{Name: name, Text: text, Secrets: func() []diag.Span { return nil }} // it has none
	var root tree.Node
	if root, f.read = tree.NewArena().ParseYAML(doc); !root.Exists() {
		return f
	}
	f.object(cursor.Root(&f.log, root))
	return f
}

// Problems are those of the file, what its options say of its settings among them.
func (f *File) Problems() []diag.Problem {
	all := append(f.read[:len(f.read):len(f.read)], f.log.All()...)
	diag.Sort(all)
	return all
}

// Wrong is a problem of a setting.
func (s *Setting) Wrong(err error) {
	f := s.At.Errorf(codes.ProjectFile, "%s", diag.OneLine(err.Error()))
	for _, hint := range diag.Hints(err) {
		f.Advise("%s", hint)
	}
}

// Unused is a warning that a setting is not followed.
func (s *Setting) Unused(why string) { s.At.Warnf(codes.ProjectFile, "%s", why) }

// object reads the whole file.
func (f *File) object(at *cursor.At) {
	if kind := at.Node().Kind(); kind == tree.Null {
		return
	} else if kind != tree.Object {
		at.Errorf(codes.ProjectFile, "a project file is an object of settings, and this is %s", kind).
			Advise("write a setting a line, such as strict: true")
		return
	}
	seen := map[string]bool{}
	for n := range at.Node().Children() {
		here := at.Member(n.Key(), n)
		k, known := find(n.Key())
		switch {
		case !known:
			f.unknown(here)
		case seen[k.name]:
			here.Errorf(codes.ProjectFile, "the key %q is there twice", k.name).Advise("remove one of the two")
		case n.Kind() != tree.Null:
			f.setting(here, k)
		}
		seen[n.Key()] = true
	}
}

func (f *File) unknown(at *cursor.At) {
	p := at.Errorf(codes.ProjectFile, "a project file has no setting %q", at.Name())
	if p.Kept() == nil {
		return
	}
	p.Place = at.Node().KeyPlace()
	names := append(Names(), ignoreKey)
	if near := diag.Nearest(at.Name(), names); near != "" {
		p.Advise("did you mean %s?", near)
		return
	}
	p.Advise("its settings are %s", listed())
}

// setting reads the value of a key.
func (f *File) setting(at *cursor.At, k key) {
	kind := at.Node().Kind()
	switch k.takes {
	case truth:
		if kind != tree.Bool {
			at.Errorf(codes.ProjectFile, "%s is true or false, and this is %s", k.name, kind).
				Advise("write %s", meant(k.name, at.Node()))
			return
		}
		f.set(k, at)
	case word, folder:
		if f.isText(at, k.name+" is a text") {
			f.set(k, at)
		}
	case words, globs, mappings:
		f.each(at, k.name, func(item *cursor.At) { f.set(k, item) })
	case byGlob:
		f.ignore(at)
	}
}

// meant is how a truth value is written that somebody has written otherwise.
func meant(name string, n tree.Node) string {
	word := ""
	if n.Kind() < tree.List {
		word = strings.ToLower(n.Text())
	}
	switch word {
	case "true", "false":
		return name + ": " + word + ", without quotes"
	case "yes", "on", "y", "1":
		return name + ": true"
	case "no", "off", "n", "0":
		return name + ": false"
	}
	return name + ": true or " + name + ": false"
}

// each goes through the texts of a list, or takes the one text.
func (f *File) each(at *cursor.At, name string, do func(*cursor.At)) {
	wants := name + " is a text or a list of texts"
	if at.Node().Kind() != tree.List {
		if f.isText(at, wants) {
			do(at)
		}
		return
	}
	for item := range at.Items() {
		if f.isText(item, wants) {
			do(item)
		}
	}
}

// isText refuses what is no text.
func (f *File) isText(at *cursor.At, wants string) bool {
	kind := at.Node().Kind()
	switch {
	case kind != tree.String:
		at.Errorf(codes.ProjectFile, "%s, and this is %s", wants, kind).Advise("put it in quotes if a text is meant")
	case at.Text() == "":
		at.Errorf(codes.ProjectFile, "%s, and this one is empty", wants).Advise("leave the key out")
	default:
		return true
	}
	return false
}

// set adds a setting, if its path is one of the project.
func (f *File) set(k key, at *cursor.At) {
	s := Setting{Name: k.name, Value: at.Text(), At: at, file: f}
	switch k.takes {
	case folder:
		s.path, s.folder = s.Value, true
		s.Value = filepath.Join(f.Dir, s.path)
	case globs:
		if !f.isPattern(at) {
			return
		}
	case mappings:
		if f.mappings++; f.mappings > mappingsMost {
			at.Errorf(codes.ProjectFile, "there are more than %d mappings", mappingsMost).
				Advise("let one of a folder, URL/=DIR, stand for several")
			return
		}
		s.divide()
	}
	if s.path != "" && (!filepath.IsLocal(s.path) || f.leadsOut(s.path)) {
		kind := "files in its folder"
		if s.folder {
			kind = "folders below its own"
		}
		at.Errorf(codes.ProjectFile, "%s is not in the project", s.named()).
			Advise("a project file names %s; others are given on the command line, by --%s", kind, k.name)
		return
	}
	f.Settings = append(f.Settings, s)
}

// divide finds the path of a mapping, as the option --map does. What is none is left to that.
func (s *Setting) divide() {
	at := strings.LastIndexByte(s.Value, '=')
	if at <= 0 || at == len(s.Value)-1 {
		return
	}
	s.path, s.folder = s.Value[at+1:], s.Value[at-1] == '/'
	s.Value = s.Value[:at+1] + filepath.Join(s.file.Dir, s.path)
}
