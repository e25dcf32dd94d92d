package check

import (
	"cmp"
	"path/filepath"
	"slices"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/project"
	"github.com/glowplug-os/glowplug/internal/results"
)

// projectRows are all rows; those that a project file may set note whether an argument has.
func (o *options) projectRows() []cli.Option {
	rows := o.rows()
	for i := range rows {
		if slices.Contains(project.Names(), rows[i].Long) {
			rows[i].Given = new(bool)
			o.settable = append(o.settable, rows[i])
		}
	}
	return rows
}

// follow finds the project that all files are in and sets what no argument has set; nil where there is none. One call
// has one project: the report, its format and the verdict are about all files.
func (o *options) follow() *project.File {
	if o.noProject {
		return nil
	}
	dir, found := project.Find(project.Common(o.places()))
	if !found {
		return nil
	}
	f := project.Open(dir, project.Shown(dir))
	o.set(f)
	return f
}

// places are the absolute paths of all files. Standard input is where it is said to be, or else in the working
// directory.
func (o *options) places() (all []string) {
	for _, name := range o.files {
		if abs, err := filepath.Abs(o.named(name)); err == nil {
			all = append(all, abs)
		}
	}
	return all
}

// named is what a file is called; "" for standard input of which that is not said.
func (o *options) named(name string) string {
	if name == "-" {
		return o.stdinName
	}
	return name
}

// set gives the settings of a project file to the options that no argument has set. What an option refuses is told at
// its line, be it followed or not.
func (o *options) set(f *project.File) {
	tried := options{Means: o.Means}
	tried.projectRows()
	given := map[string]bool{}
	for _, row := range o.settable {
		given[row.Long] = *row.Given
	}
	severity := given["strict"] || given["fail-on"] // two words for one thing
	given["strict"], given["fail-on"] = severity, severity
	for _, s := range f.Settings {
		i := slices.IndexFunc(o.settable, func(row cli.Option) bool { return row.Long == s.Name })
		if i < 0 {
			s.Unused(o.called + " has no option --" + s.Name + ", so this is not looked at")
			continue
		}
		if err := cmp.Or(tried.settable[i].Take(s.Value), s.Absent()); err != nil {
			s.Wrong(err)
			continue
		}
		if given[s.Name] {
			continue
		}
		_ = o.settable[i].Take(s.Value) // as it was tried
		switch s.Name {
		case "files-dir":
			o.filesDir = project.Near(s.Value)
		case "map":
			last := &o.maps[len(o.maps)-1]
			last.file = project.Near(last.file)
		case "exclude":
			o.excludes.project = f
		case "root":
			o.rootAt = &s
		}
	}
}

// isProject: a file of this name is a project file.
func isProject(name string) bool { return filepath.Base(name) == project.FileName }

// projectProblems judges a project file that is named as a file to check.
func (v *verdict) projectProblems(name, shown, text string) []diag.Problem {
	f := v.project
	abs, err := filepath.Abs(v.options.named(name))
	if f == nil || err != nil || name == "-" || abs != filepath.Join(f.Dir, project.FileName) {
		f = project.Open(filepath.Dir(abs), shown)
		if name == "-" {
			f = project.Read(filepath.Dir(abs), shown, text)
		}
		v.options.try(f)
	}
	return diag.For(diag.Workstation, f.Problems())
}

// try has a project file say what is wrong with it, without following it.
func (o *options) try(f *project.File) {
	other := options{called: o.called, Means: o.Means}
	other.projectRows()
	other.set(f)
}

// addProject puts the project file before the files, where something is wrong with it and it is not one of them.
func (v *verdict) addProject() {
	if v.project == nil || slices.ContainsFunc(v.report.Files, func(f results.File) bool { return isProject(f.Name) }) {
		return
	}
	problems := diag.For(diag.Workstation, v.project.Problems())
	if len(problems) == 0 {
		return
	}
	own := v.rated(results.File{Name: project.Shown(v.project.Dir), Problems: problems})
	v.report.Files = append([]results.File{own}, v.report.Files...)
}

// ignoredIn are the codes that the project file, which there is, has ignored in a file; "" is in no folder.
func (v *verdict) ignoredIn(name string) (ignored []codes.Code) {
	if name == "" {
		return nil
	}
	at := v.project.Relative(name)
	for _, i := range v.project.Ignored {
		if at != "" && covered(at, []string{i.Pattern}) {
			ignored = append(ignored, i.Codes...)
		}
	}
	return ignored
}
