package units

import (
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// links are those in the directories of units once all entries are in place, and in the directories that enabled units
// hang on (sway.target.wants): where they lead, by where they are below a directory of units.
type links map[string]string

// madeLinks lists them.
func (f *finder) madeLinks() (links, error) { return f.linksIn(unitDirs[:]) }

func (f *finder) linksIn(dirs []string) (links, error) {
	all := links{}
	for _, dir := range dirs {
		at, names, err := f.t.List(dir)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if err := f.addLinks(all, path.Join(at, name), name); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// hangers are how the names of directories end that units hang on by links (systemd.unit(5)).
var hangers = [...]string{".wants", ".requires", ".upholds"}

func isHanger(name string) bool {
	return slices.ContainsFunc(hangers[:], func(end string) bool { return strings.HasSuffix(name, end) })
}

func (f *finder) addLinks(all links, at, name string) error {
	kind, to, err := f.t.After(at, false)
	switch {
	case err != nil:
		return err
	case kind == root.Symlink:
		all[name] = to
	case kind == root.Directory && isHanger(name):
		_, names, err := f.t.List(at)
		if err != nil {
			return err
		}
		for _, link := range names {
			if err := f.addLinks(all, path.Join(at, link), name+"/"+link); err != nil {
				return err
			}
		}
	}
	return nil
}

// lead tells whether any link may be one by which a unit is enabled: it has its name or that of an instance, or leads
// to its file.
func (all links) lead(name string) bool { return all.leadBut("", name) }

// hang is lead without the link that stands where the file of the unit would.
func (all links) hang(name string) bool { return all.leadBut(name, name) }

// leadBut is lead without the link at a place.
func (all links) leadBut(place, name string) bool {
	template, instance, isTemplate := unit.SplitInstance(name)
	isTemplate = isTemplate && instance == ""
	is := func(other string) bool {
		of, _, ok := unit.SplitInstance(other)
		return other == name || isTemplate && ok && of == template
	}
	for at, to := range all {
		if to != maskTarget && at != place && (is(path.Base(at)) || is(path.Base(to))) {
			return true
		}
	}
	return false
}

// enable tells whether a unit has all the links that enabling it makes. It says no where that is not certain.
func (all links) enable(w wanted) bool {
	in, name := w.file.install, w.Name
	if template, instance, ok := unit.SplitInstance(name); ok && instance == "" {
		name = unit.Instance(template, in.Default)
	}
	if !w.file.known || len(in.Also) > 0 || len(in.Targets)+len(in.Alias) == 0 {
		return false
	}
	for _, hanger := range in.Targets {
		if !slices.ContainsFunc(hangers[:], func(end string) bool { return all[hanger+end+"/"+name] != "" }) {
			return false
		}
	}
	return !slices.ContainsFunc(in.Alias, func(alias string) bool { return path.Base(all[alias]) != w.file.name })
}
