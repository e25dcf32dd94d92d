package check

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/form"
	"github.com/glowplug-os/glowplug/internal/project"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A found file is one that an argument names, or that is in a folder which an argument names.
type found struct {
	name string
	err  error // why it, or the folder of that name, cannot be read
}

// errNothing: to pass over a folder without a config would call a wrong path valid.
var errNothing = diag.WithHint(errors.New("no config is in this folder"),
	"configs are *.ign, *.bu, *.butane and *.fcc, and what *.json, *.yaml and *.yml hold that are configs")

// errExcluded is the same where there are some.
var errExcluded = diag.WithHint(errors.New("all configs in this folder are excluded"),
	"see --exclude, and exclude in "+project.FileName)

// expand puts the configs of folders in the place of the folders, sorted by name. Folders and files whose names begin
// with a dot are passed over, and what excludes matches; links to folders are not followed. What an argument names as a
// file is read whatever it is called, unless it is to be taken as those of folders are. Counted is what the project
// file excludes.
func expand(args []string, excludes patterns, asInFolders bool) (all []found, counted int) {
	w := walk{excludes: excludes}
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case arg != "-" && err == nil && info.IsDir():
			w.folder(arg)
		case arg != "-" && err == nil && asInFolders && w.passes(arg, info.Mode().Type()):
		default:
			w.all = append(w.all, found{name: arg})
		}
	}
	if excludes.project == nil {
		return w.all, 0
	}
	return w.all, w.excluded
}

// patterns are those of the command line, which are for paths as they are shown, or those of a project file, for paths
// from its folder on.
type patterns struct {
	all     []string
	project *project.File // nil where the command line has them
}

// match tells whether one of them is for a path.
func (p *patterns) match(name string) bool { return p.holds(name, excluded) }

// cover tells whether one of them is for a path, or for a folder that it is in.
func (p *patterns) cover(name string) bool { return p.holds(name, covered) }

func (p *patterns) holds(name string, is func(name string, patterns []string) bool) bool {
	if len(p.all) == 0 {
		return false
	}
	if p.project != nil {
		name = p.project.Relative(name)
	}
	return name != "" && is(name, p.all)
}

// A walk goes through folders.
type walk struct {
	excludes patterns
	all      []found
	excluded int // folders, and files that are called as configs are
}

// folder adds the configs of a folder that an argument names, or that there are none.
func (w *walk) folder(dir string) {
	before, excluded := len(w.all), w.excluded
	w.within(dir)
	switch {
	case len(w.all) > before:
	case w.excluded > excluded:
		w.all = append(w.all, found{dir, errExcluded})
	default:
		w.all = append(w.all, found{dir, errNothing})
	}
}

// passes tells whether a file that an argument names would be passed over in its folder.
func (w *walk) passes(name string, kind fs.FileMode) bool {
	if w.excludes.cover(name) {
		w.excluded++
		return true
	}
	return strings.HasPrefix(filepath.Base(name), ".") || !isConfigFile(name, kind)
}

// within adds the configs of a folder and those below it.
func (w *walk) within(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		w.all = append(w.all, found{dir, err})
	}
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case w.excludes.match(name):
			if e.IsDir() || slices.Contains(endings(), extension(name)) {
				w.excluded++
			}
		case e.IsDir():
			w.within(name)
		case isConfigFile(name, e.Type()):
			w.all = append(w.all, found{name: name})
		}
	}
}

// endings are those of the names of configs; the last three are also those of others.
func endings() []string { return strings.Fields(".ign .bu .butane .fcc .json .yaml .yml") }

func extension(name string) string { return strings.ToLower(filepath.Ext(name)) }

// isConfigFile: by its name, or by what it holds, where a name says no more than the notation.
func isConfigFile(name string, kind fs.FileMode) bool {
	if kind&fs.ModeSymlink != 0 {
		if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
			return false
		}
	} else if !kind.IsRegular() {
		return false
	}
	if isConfigName(name) {
		return true
	}
	switch extension(name) {
	case ".json":
		text, whole := beginning(name)
		return isJSONConfig(text) || !whole && bytes.Contains(text, []byte(ignitionKey))
	case ".yaml", ".yml":
		text, _ := beginning(name)
		return form.NamesVariant(string(text))
	}
	return false
}

// beginning gives what a file holds; of one that is larger than a config may be, only as much as shows whether it is
// meant as one, which is then told to be too large.
func beginning(name string) (text []byte, whole bool) {
	const head = 1 << 20
	f, err := os.Open(name)
	if err != nil {
		return nil, true
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, true
	}
	whole = info.Size() <= tree.TextMax
	most := int64(head)
	if whole {
		most = info.Size()
	}
	text, err = io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return nil, true
	}
	return text, whole
}

// ignitionKey is the key that every config has.
const ignitionKey = `"ignition"`

// isConfigName: what is called so is a config, whatever it says.
func isConfigName(name string) bool {
	return slices.Contains(endings()[:4], extension(name))
}

// isJSONConfig: the text is an object with the member "ignition", or cannot be parsed, but has that key.
func isJSONConfig(text []byte) bool {
	text = tree.Readable(text)
	if len(text) > tree.TextMax || !bytes.Contains(text, []byte(ignitionKey)) {
		return false
	}
	root, problem := tree.NewArena().ParseJSON(&diag.Document{Text: string(text)})
	return problem != nil || root.Get("ignition").Exists()
}

// excluded: one of the patterns matches the path, or a name in it if the pattern has no slash. ** stands for any number
// of folders.
func excluded(name string, patterns []string) bool {
	parts := strings.Split(slashed(name), "/")
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		pattern = strings.TrimSuffix(slashed(pattern), "/")
		if strings.Contains(pattern, "/") {
			return globs(strings.Split(pattern, "/"), parts)
		}
		ok, err := path.Match(pattern, parts[len(parts)-1])
		return ok && err == nil
	})
}

// covered: one of the patterns is for the path, or for a folder that it is in.
func covered(name string, patterns []string) bool {
	name = slashed(name)
	for up := path.Dir(name); name != up; name, up = up, path.Dir(up) {
		if excluded(name, patterns) {
			return true
		}
	}
	return false
}

func slashed(name string) string { return path.Clean(filepath.ToSlash(name)) }

// globs matches a path part by part, the time being that of the product of both lengths at most.
func globs(pattern, parts []string) bool {
	reached := make([]bool, len(parts)+1) // that the pattern so far matches so many parts
	reached[0] = true
	for _, p := range pattern {
		next := make([]bool, len(parts)+1)
		for n := range reached {
			switch {
			case p == "**":
				next[n] = reached[n] || n > 0 && next[n-1]
			case n > 0 && reached[n-1]:
				ok, err := path.Match(p, parts[n-1])
				next[n] = ok && err == nil
			}
		}
		reached = next
	}
	return reached[len(parts)]
}
