package initramfs

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// usualFolders are those of libraries that no setting names (ld.so(8)).
var usualFolders = []string{"/lib64", "/usr/lib64", "/lib", "/usr/lib"}

// librariesIn are the folders in which a system has libraries (ldconfig(8)): of its settings, and the usual ones.
func (s system) librariesIn() []string {
	all := s.foldersOf("/etc/ld.so.conf")
	for _, name := range s.list("/etc/ld.so.conf.d", func(n string) bool { return strings.HasSuffix(n, ".conf") }) {
		all = append(all, s.foldersOf("/etc/ld.so.conf.d/"+name)...)
	}
	return append(all, usualFolders...)
}

// foldersOf are the folders that a file of settings names.
func (s system) foldersOf(file string) (all []string) {
	_, real := s.find(file)
	if real == "" {
		return nil
	}
	text, err := os.ReadFile(real)
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); path.IsAbs(line) {
			all = append(all, line)
		}
	}
	return all
}

// An object is what of an ELF file decides what it needs.
type object struct {
	interpreter string
	libraries   []string
	folders     []string // of its own, with $ORIGIN in them
	class       elf.Class
	machine     elf.Machine
}

var errNoProgram = errors.New("is no program of the machine's own")

// read takes an ELF file apart. A file that is none gives errNoProgram.
func read(file string) (object, error) {
	f, err := elf.Open(file)
	var malformed *elf.FormatError
	if errors.As(err, &malformed) || errors.Is(err, io.EOF) {
		return object{}, errNoProgram
	}
	if err != nil {
		return object{}, err
	}
	defer f.Close()
	o := object{class: f.Class, machine: f.Machine}
	for _, segment := range f.Progs {
		if segment.Type == elf.PT_INTERP && segment.Filesz < 4096 {
			text, err := io.ReadAll(segment.Open())
			if err != nil {
				return object{}, err
			}
			o.interpreter = strings.TrimRight(string(text), "\x00")
		}
	}
	if o.interpreter == "" && f.Type == elf.ET_EXEC {
		return o, nil // static, which has nothing of this
	}
	if o.libraries, err = f.ImportedLibraries(); err != nil {
		return object{}, err
	}
	for _, tag := range []elf.DynTag{elf.DT_RUNPATH, elf.DT_RPATH} {
		text, err := f.DynString(tag)
		if err != nil {
			return object{}, err
		}
		for _, each := range text {
			o.folders = append(o.folders, strings.Split(each, ":")...)
		}
	}
	return o, nil
}

// A gathering is a tree that is being made of a system.
type gathering struct {
	system
	tree    Tree
	folders []string
}

// program adds a program or a library, with all that it needs.
func (g *gathering) program(at, real string) error {
	if _, is := g.tree[place(at)]; is {
		return nil
	}
	g.tree.file(at, real, 0o755)
	o, err := read(real)
	if err != nil {
		return fmt.Errorf("%s: %w", diag.Name(at), err)
	}
	if o.interpreter != "" {
		loader, real := g.find(o.interpreter)
		if loader == "" {
			return fmt.Errorf("%s: needs %s, which is not there", diag.Name(at), diag.Name(o.interpreter))
		}
		g.tree.file(loader, real, 0o755)
	}
	origin := path.Dir(strings.TrimPrefix(real, strings.TrimSuffix(g.Dir(), string(filepath.Separator))))
	for _, name := range o.libraries {
		if err := g.library(name, o, origin); err != nil {
			return fmt.Errorf("%s: %w", diag.Name(at), err)
		}
	}
	return nil
}

// library adds the first library of a name that is for the same processor.
func (g *gathering) library(name string, of object, origin string) error {
	var own []string
	for _, folder := range of.folders {
		own = append(own, strings.NewReplacer("$ORIGIN", origin, "${ORIGIN}", origin).Replace(folder))
	}
	for _, at := range below(slices.Concat(own, g.folders), name) {
		at, real := g.find(at)
		if at == "" {
			continue
		}
		if found, err := read(real); err != nil || found.class != of.class || found.machine != of.machine {
			continue
		}
		return g.program(at, real)
	}
	return fmt.Errorf("needs the library %s, which is not there", diag.Name(name))
}
