package units

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// unitDirs are where a root keeps units, in the order of systemd.unit(5). /lib is /usr/lib where /usr is merged.
var unitDirs = [...]string{unitDir, "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
	"/lib/systemd/system"}

// A unitState is what systemd finds under the name of a unit.
type unitState uint8

const (
	unitMissing  unitState = iota
	unitThere              // a file with a text
	unitMasked             // a link to /dev/null or an empty file
	unitDangling           // a link to what is not there
)

// A unitFile is what systemd will find under the name of a unit, once all nodes and units of the config are in place.
type unitFile struct {
	name    string // the unit's own: another than was asked for where that is an alias
	alias   bool   // of another unit, which is looked after by its own name
	state   unitState
	at      string // the file or link that counts
	target  string // what the link names
	own     bool   // the config's units have it
	install unit.Install
	known   bool // install is
	silent  bool // the config has its text, without an option in [Install]
}

// A finder looks for the files of units.
type finder struct {
	t       *target.Target
	units   map[string]*config.Unit
	aliases map[string]string // to the units that ask for them; nil before a name was looked for in vain
	own     map[string]ownInstall
}

// ownInstall is what a text of the config has in [Install]. It is kept because each instance asks for its template's.
type ownInstall struct {
	options []unit.Option
	known   bool
}

func newFinder(units []config.Unit, t *target.Target) *finder {
	f := &finder{t: t, units: make(map[string]*config.Unit, len(units)), own: map[string]ownInstall{}}
	for i := range units {
		f.units[units[i].Name] = &units[i]
	}
	return f
}

// aliasesMost bounds a chain of aliases, as systemd does (UNIT_FILE_FOLLOW_SYMLINK_MAX).
const aliasesMost = 64

// find follows aliases to the unit that a name stands for.
func (f *finder) find(name string) (found unitFile, err error) {
	for range aliasesMost {
		alias := ""
		if found, alias, err = f.look(name); err == nil && found.state == unitMissing && alias == "" {
			alias, err = f.aliasOf(name)
		}
		if err != nil || alias == "" {
			break
		}
		name = alias
	}
	found.name = name
	if err != nil || found.state != unitThere {
		return found, err
	}
	return f.withInstall(found)
}

// look finds the file of a name or, where an instance has none of its own, that of its template.
func (f *finder) look(name string) (found unitFile, alias string, err error) {
	if found, alias, err = f.file(name); err != nil || alias != "" || found.state != unitMissing {
		return found, alias, err
	}
	template, instance, ok := unit.SplitInstance(name)
	if !ok || instance == "" {
		return found, "", nil
	}
	if found, alias, err = f.file(template); alias != "" {
		if of, i, ok := unit.SplitInstance(alias); ok && i == "" {
			alias = unit.Instance(of, instance)
		}
	}
	return found, alias, err
}

// file looks for a file of just this name. Of a link to the file of another unit it gives the other unit's name.
func (f *finder) file(name string) (found unitFile, alias string, err error) {
	u := f.units[name]
	if u != nil && (config.Says(u.Mask) || config.Says(u.Contents) != "") {
		state := unitThere
		if config.Says(u.Mask) {
			state = unitMasked
		}
		return unitFile{state: state, at: path.Join(unitDir, name), own: true}, "", nil
	}
	for _, dir := range unitDirs {
		at, missing, err := f.t.Walk(path.Join(dir, name), false)
		if err != nil {
			return found, "", nil // links in circles: systemd finds nothing there
		}
		kind, leads, err := f.t.After(at, missing)
		switch {
		case err != nil:
			return found, "", err
		case kind == root.Symlink && leads == maskTarget && dir == unitDir && u != nil && u.Mask != nil:
			continue // mask: false takes it away
		case kind == root.Symlink:
			return f.link(name, at, leads)
		case kind == root.File:
			return unitFile{state: f.fileState(at), at: at}, "", nil
		}
	}
	return found, "", nil
}

// link judges a link at the place of a unit's file.
func (f *finder) link(name, at, leads string) (found unitFile, alias string, err error) {
	found = unitFile{at: at, target: leads}
	to := leads
	if !path.IsAbs(to) {
		to = path.Join(target.Up(at), to)
	}
	end, missing, err := f.t.Walk(to, true)
	switch {
	case err != nil: // links in circles
		found.state = unitDangling
		return found, "", nil
	case end == maskTarget:
		found.state = unitMasked
		return found, "", nil
	}
	kind, _, err := f.t.After(end, missing)
	switch other := aliased(name, path.Base(to)); {
	case err != nil:
		return found, "", err
	case kind != root.File && !f.isOwn(to):
		found.state = unitDangling
	case other != name && f.isUnitDir(target.Up(to)) && unit.CheckName(other) == nil:
		return found, other, nil
	default:
		found.state = f.fileState(end)
	}
	return found, "", nil
}

// aliased gives the unit that a name stands for as a link to a file: an instance that is a link to a template is of
// that template.
func aliased(name, file string) string {
	_, instance, isInstance := unit.SplitInstance(name)
	if _, of, ok := unit.SplitInstance(file); isInstance && ok && of == "" {
		return unit.Instance(file, instance)
	}
	return file
}

// isOwn tells whether a unit of the config will be at a path.
func (f *finder) isOwn(at string) bool {
	u := f.units[path.Base(at)]
	return u != nil && target.Up(at) == unitDir && (config.Says(u.Mask) || config.Says(u.Contents) != "")
}

func (f *finder) isUnitDir(dir string) bool { return slices.Contains(unitDirs[:], dir) }

// fileState tells an empty file, which masks, from others.
func (f *finder) fileState(at string) unitState {
	if content, known := f.content(at); known && content == "" {
		return unitMasked
	}
	return unitThere
}

// content gives the text of a file once all nodes are in place. It is not known where it comes from somewhere else.
func (f *finder) content(at string) (string, bool) {
	if c := f.t.Claimed(at); c != nil {
		if c.Text == nil {
			return "", false
		}
		return c.Text()
	}
	was, err := f.t.ReadFile(at, target.TextMost)
	return string(was), err == nil
}

// withInstall reads the [Install] sections of a unit and its drop-ins.
func (f *finder) withInstall(found unitFile) (unitFile, error) {
	main := f.installOf(found)
	found.silent = found.own && len(main.options) == 0
	if !main.known {
		return found, nil
	}
	dropins, err := f.dropins(found.name)
	if err != nil {
		return found, err
	}
	in := unit.Install{}
	in.Take(main.options)
	for _, text := range dropins {
		options, ok := unit.InstallOptions(text)
		if !ok {
			return found, nil
		}
		in.Take(options)
	}
	found.install, found.known = in, true
	return found, nil
}

// installOf gives what the file of a unit, without drop-ins, has in [Install].
func (f *finder) installOf(found unitFile) (in ownInstall) {
	if !found.own {
		if text, known := f.content(f.end(found)); known {
			in.options, in.known = unit.InstallOptions(text)
		}
		return in
	}
	name := path.Base(found.at)
	in, kept := f.own[name]
	if !kept {
		in.options, in.known = unit.InstallOptions(config.Says(f.units[name].Contents))
		f.own[name] = in
	}
	return in
}

// end is the file that a unit's file, if it is a link, leads to.
func (f *finder) end(found unitFile) string {
	if at, _, err := f.t.Walk(found.at, true); err == nil {
		return at
	}
	return found.at
}

// aliasOf gives the unit that will have a name as an alias once it is enabled (Alias=), "" for none or several: the
// link is made only then.
func (f *finder) aliasOf(name string) (string, error) {
	if f.aliases == nil {
		if err := f.readAliases(); err != nil {
			return "", err
		}
	}
	if owner := f.aliases[name]; owner != "" {
		return owner, nil
	}
	template, instance, _ := unit.SplitInstance(name)
	if owner := f.aliases[template]; owner != "" {
		return unit.Instance(owner, instance), nil
	}
	return "", nil
}

// readAliases looks into all units of the config and the root.
func (f *finder) readAliases() error {
	f.aliases = map[string]string{}
	all, err := f.names()
	if err != nil {
		return err
	}
	for _, file := range all {
		in, err := f.enabling(file)
		if err != nil {
			return err
		}
		for _, alias := range in.Alias {
			owner := file
			if other, taken := f.aliases[alias]; taken && other != file {
				owner = ""
			}
			f.aliases[alias] = owner
		}
	}
	return nil
}

// names gives the names of all units of the config and the root, and of other files beside them.
func (f *finder) names() ([]string, error) {
	all := slices.Collect(maps.Keys(f.units))
	for _, dir := range unitDirs {
		_, files, err := f.t.List(dir)
		if err != nil {
			return nil, err
		}
		all = append(all, files...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// enabling is what a unit says of being enabled that has a file and is no alias.
func (f *finder) enabling(file string) (unit.Install, error) {
	if unit.CheckName(file) != nil {
		return unit.Install{}, nil
	}
	found, alias, err := f.file(file)
	if err != nil || alias != "" || found.state != unitThere {
		return unit.Install{}, err
	}
	found.name = file
	found, err = f.withInstall(found)
	return found.install, err
}

// byDefault is the default instance of the template of a unit, which alone says so: an instance with a file of its own
// has another [Install]. One that systemd works out from a specifier is not known here.
func (f *finder) byDefault(found unitFile) (string, error) {
	if template, instance, ok := unit.SplitInstance(found.name); ok && instance != "" {
		var err error
		if found, err = f.find(template); err != nil {
			return "", err
		}
	}
	if strings.Contains(found.install.Default, "%") {
		return "", nil
	}
	return found.install.Default, nil
}

// dropins gives the texts of a unit's drop-ins, those of its template included, in the order in which they count.
func (f *finder) dropins(name string) ([]string, error) {
	texts := map[string]string{}
	owners := []string{name}
	if template, instance, ok := unit.SplitInstance(name); ok && instance != "" {
		owners = append(owners, template)
	}
	for _, owner := range owners {
		if u := f.units[owner]; u != nil {
			for _, d := range u.Dropins {
				if _, taken := texts[d.Name]; d.Contents != nil && !taken {
					texts[d.Name] = *d.Contents
				}
			}
		}
		for _, dir := range unitDirs {
			if err := f.dropinsIn(path.Join(dir, owner+".d"), texts); err != nil {
				return nil, err
			}
		}
	}
	var ordered []string
	for _, file := range slices.Sorted(maps.Keys(texts)) {
		ordered = append(ordered, texts[file])
	}
	return ordered, nil
}

// dropinsIn adds the drop-ins of a directory of the root. One of an earlier directory hides those of its name.
func (f *finder) dropinsIn(dir string, texts map[string]string) error {
	at, files, err := f.t.List(dir)
	if err != nil {
		return err
	}
	for _, file := range files {
		if _, taken := texts[file]; taken || !strings.HasSuffix(file, ".conf") {
			continue
		}
		if content, known := f.content(path.Join(at, file)); known {
			texts[file] = content
		}
	}
	return nil
}
