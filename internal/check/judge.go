package check

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/advice"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/form"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/project"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A Judged is what was found in a text.
type Judged struct {
	Text     *diag.Document // the text, or what it says in UTF-8 if it is in UTF-16; nil where nothing was looked for
	Problems []diag.Problem // those that a workstation is told of
	Ignored  int            // how many others are silenced
	Absent   int            // how many configs to merge were not at hand

	documents load.Options
	project   *project.File
	maps      Maps
	merged    map[string]diag.Place // where the text of a name is referred to
}

// examine reads a text by the options, and says what is wrong with it, here, on the targets and on the root.
func (v *verdict) examine(file, shown, text string) Judged {
	s := silence{shown: shown}
	if v.project != nil && len(v.project.Ignored) > 0 {
		s.codes, s.ignored = v.ignoredIn(v.options.named(file)), v.ignoredIn
	}
	documents := v.documents
	documents.Silences = s.in
	result := load.ReadWith(tree.NewArena(), shown, text, documents)
	for _, t := range v.options.targets {
		result.Problems = append(result.Problems, t.lacking(shown, text, documents)...)
	}
	w := v.whole(&result, &s)
	further := append(w.fresh(), v.sized(&result, text)...)
	result.Problems = append(result.Problems, further...)
	diag.Sort(result.Problems)
	advice.Give(result.Problems)
	j := Judged{Text: result.Text, Absent: w.absent, documents: v.documents, project: v.project, maps: v.options.maps,
		merged: w.named}
	odd := s.odd(result.Text, result.Problems, v.tellsAll(result.Problems, w.absent))
	result.Problems, j.Ignored = s.from(result.Problems)
	if odd != nil {
		s.comments = nil // they have no say of themselves
		odd, count := s.from(odd)
		result.Problems, j.Ignored = append(result.Problems, odd...), j.Ignored+count
		diag.Sort(result.Problems)
	}
	j.Problems = diag.For(diag.Workstation, result.Problems)
	return j
}

// judges has a text judged by the rules that the options ask for.
func (o *options) judges(documents *load.Options) {
	documents.Lint, documents.Rules = tree.Unseen, o.rules
}

// A Judge judges texts as the validate command judges files, for who shows the problems in another way. It may be used
// by several goroutines at once.
type Judge struct {
	given map[string][]string
	means Means
	root  Root
}

// A Root opens the root of an image, as an Against does.
type Root func(dir string) (Image, error)

// judgeOptions are the options of the validate command that a Judge has.
func judgeOptions() []string {
	return []string{"files-dir", "lint", "target", "platform", "root", "map", "no-project"}
}

// NewJudge makes a Judge by options of the validate command, each with its values, by their names. inside makes an
// absolute path of the name of a file or a folder. What is not given is as the project file of a text says.
func NewJudge(m Means, root Root, given map[string][]string, inside func(path string) string) (*Judge, error) {
	for name, values := range given {
		if !slices.Contains(judgeOptions(), name) {
			return nil, fmt.Errorf("%q is no option here; there are %s", name, strings.Join(judgeOptions(), ", "))
		}
		for i, value := range values {
			values[i] = located(name, value, inside)
		}
	}
	j := &Judge{given, m, root}
	_, err := j.options()
	return j, err
}

// located is the value of an option with the path in it made absolute.
func located(name, value string, inside func(path string) string) string {
	switch name {
	case "files-dir", "root":
		if value != "" {
			return inside(value)
		}
	case "map":
		if at := strings.LastIndexByte(value, '='); at >= 0 && at+1 < len(value) {
			return value[:at+1] + inside(value[at+1:])
		}
	}
	return value
}

// options are those that are given.
func (j *Judge) options() (*options, error) {
	o := &options{called: "an editor", Means: j.means}
	o.Against = func(context.Context, *cli.Process, string) (Image, error) { return j.root(o.root) }
	rows := o.projectRows()
	for name, values := range j.given {
		row := rows[slices.IndexFunc(rows, func(o cli.Option) bool { return o.Long == name })]
		for _, value := range values {
			if err := row.Take(value); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			if row.Given != nil {
				*row.Given = true
			}
		}
	}
	return o, nil
}

// verdict is for one text, by the project that its file is in.
func (j *Judge) verdict(name string) (*verdict, error) {
	o, err := j.options()
	if err != nil {
		return nil, err
	}
	o.files = []string{name}
	v := &verdict{options: o, project: o.follow()}
	if v.documents, err = load.Folder(o.filesDir); err != nil {
		return nil, err
	}
	v.documents.FilesName = filepath.ToSlash(v.documents.FilesDir) // by which an editor finds a file
	for i := range o.maps {
		if o.maps[i].file, err = filepath.Abs(o.maps[i].file); err != nil {
			return nil, err
		}
	}
	o.judges(&v.documents)
	return v, nil
}

// Judge says what is wrong with a text, and before that with the project file. A text that is no config by its name, by
// what an editor calls its language or by what it says is none of a Judge's business, and neither is what the project
// excludes. What keeps it from judging is told as a problem.
func (j *Judge) Judge(name, language, text string) Judged {
	found, err := j.judge(name, language, text)
	if err != nil {
		doc := &diag.Document{Name: name, Text: text}
		return Judged{Text: doc, Problems: []diag.Problem{{Severity: diag.Error, Place: diag.Place{Doc: doc},
			Message: err.Error(), Hint: strings.Join(diag.Hints(err), "\n")}}}
	}
	return found
}

func (j *Judge) judge(name, language, text string) (Judged, error) {
	v, err := j.verdict(name)
	if err != nil {
		return Judged{}, err
	}
	if isProject(name) {
		f := project.Read(filepath.Dir(name), name, text)
		v.options.try(f)
		return Judged{Text: &diag.Document{Name: name, Text: text},
			Problems: diag.For(diag.Workstation, f.Problems())}, nil
	}
	if !IsConfig(name, language, text) || v.options.excludes.cover(name) {
		return Judged{}, nil
	}
	if len(text) > largeText {
		v.pace = load.PaceCollector(text)
		defer func() { v.pace() }()
	}
	end, err := v.against(context.Background())
	if err != nil {
		return Judged{}, err
	}
	defer end()
	found := v.examine(name, name, text)
	if v.project != nil {
		found.Problems = append(diag.For(diag.Workstation, v.project.Problems()), found.Problems...)
	}
	return found, nil
}

// Fixed gives the text with all that is certain put right, and how many fixes that took.
func (j *Judge) Fixed(name, text string) (out string, fixes int) {
	v, err := j.verdict(name)
	if err != nil {
		return text, 0
	}
	return fixed(name, text, v.documents)
}

// Reference is the place in the text itself that leads to a place in what is merged; nowhere where none does. It ends:
// what a text is referred to by was read before it.
func (j *Judged) Reference(at diag.Place) diag.Place {
	for at.Doc != nil && at.Doc.Name != j.Text.Name {
		at = j.merged[at.Doc.Name]
	}
	return at
}

// File is the path of a file that was looked at beside the text, by the name that problems and documents have for it.
func (j *Judged) File(name string) (path string, is bool) {
	switch {
	case j.project != nil && name == project.Shown(j.project.Dir):
		return filepath.Join(j.project.Dir, project.FileName), true
	case isMapped(j.maps, name):
		return name, true
	case j.documents.Files == nil || name == "":
		return "", false
	}
	name = strings.TrimPrefix(name, filepath.ToSlash(j.documents.FilesDir)+"/")
	if _, err := fs.Stat(j.documents.Files, name); err != nil {
		return "", false
	}
	return filepath.Join(j.documents.FilesDir, filepath.FromSlash(name)), true
}

// IsConfig tells whether a text that an editor shows is a config: by its name, by what the editor calls its language,
// or by what it says, as in a folder that the validate command goes through.
func IsConfig(name, language, text string) bool {
	return isConfigName(name) || language == "ignition" || language == "butane" || isJSONConfig([]byte(text)) ||
		form.NamesVariant(text)
}
