package load

import (
	"io/fs"
	"runtime/debug"

	"github.com/glowplug-os/glowplug/internal/butane"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A Result is a text that has been read and judged.
type Result struct {
	Text *diag.Document
	// Config is nil where the text is not a config of a known version.
	Config *document.Document
	// Butane is the translation, where the text is a Butane document.
	Butane *butane.Result
	// Problems stand in the order of the rules; see diag.For for what an audience is told.
	Problems []diag.Problem

	zip func(much bool) butane.Zipper
}

// Options say how a Butane document is read. The zero Options are those of a boot: no local files.
type Options struct {
	// Files holds the local files that a document may name, FilesDir is their folder's absolute path, and FilesName
	// what problems call it: see Folder.
	Files               fs.FS
	FilesDir, FilesName string
	// Local: the caller has an option --files-dir for local files, which hints may name.
	Local bool
	// Raw leaves out the MachineConfig that the openshift variant puts around a config.
	Raw bool
	// Map asks for butane.Result.Origins.
	Map bool
	// Butane has every text read as a Butane document, as the program of that name does.
	Butane bool
	// Lint gives further problems of a text in YAML; nil for none, as at boot.
	Lint func(root tree.Node) []diag.Problem
	// Rules are further rules for a config, for those who can still change it; nil for none, as at boot.
	Rules func(*document.Document) []diag.Problem
	// Merged: the text is merged with others, and whoever does it judges the whole. Of the text alone nothing is said
	// that others may put right.
	Merged bool
	// Silences gives what is silenced in a text; nil for nothing, as at boot.
	Silences func(text *diag.Document, butane bool) func(*diag.Problem) bool
	// Every has each problem of a text kept, however many there are.
	Every bool
	// Zip makes what compresses content, for a config that is written to a file; see butane.Options.
	Zip func(much bool) butane.Zipper
}

// judge holds a config against the rules that every caller asks for, and the further Rules.
func (o Options) judge(doc *document.Document) []diag.Problem {
	problems := rules.Document(doc)
	if o.Rules != nil {
		problems = append(problems, o.Rules(doc)...)
	}
	if o.Merged {
		return diag.Standing(problems, diag.Merging)
	}
	return problems
}

// Read reads and judges one text by the rules of its own version. Texts whose configs are to be merged must share an
// arena.
func Read(arena *tree.Arena, name, text string) Result {
	return ReadWith(arena, name, text, Options{})
}

// ReadWith is Read with Options.
func ReadWith(arena *tree.Arena, name, text string, o Options) Result {
	r := Result{Text: &diag.Document{Name: name, Text: text, Keys: butane.Key}, zip: o.Zip}
	if text == "" && !o.Butane {
		r.fail(document.EmptyText(r.Text))
		return r
	}
	read := parse
	if o.Butane {
		read = parseYAML
	}
	p := read(arena, r.Text)
	r.Text, r.Problems = p.text, p.problems
	if r.Text.Every = o.Every; o.Silences != nil {
		r.Text.Silences = o.Silences(r.Text, p.document)
	}
	if o.Lint != nil && p.root.Exists() && !p.json {
		r.Problems = append(r.Problems, o.Lint(p.root)...)
	}
	switch {
	case !p.root.Exists():
	case p.document:
		r.translate(p.root, o)
		r.spelling(p.json)
	default:
		r.decode(p.root, o)
	}
	return r
}

// decode reads a tree as a config.
func (r *Result) decode(root tree.Node, o Options) {
	doc, problems, ignored := document.Decode(root)
	r.Config, r.Problems = doc, append(r.Problems, problems...)
	if doc == nil {
		r.name(root)
		return
	}
	r.Problems = append(append(r.Problems, o.judge(doc)...), ignored...)
	r.spelling(true)
}

// spelling reports bytes that are not UTF-8 and would silently become U+FFFD.
func (r *Result) spelling(json bool) {
	problem := tree.NotUTF8(r.Text)
	if problem == nil && json {
		problem = tree.HalfPair(r.Text)
	}
	if problem == nil && r.Butane != nil && r.Config != nil {
		problem = tree.ValueNotUTF8(r.Config.At("$", nil))
	}
	if problem != nil {
		r.fail(*problem)
	}
}

// name changes the problem of a missing version, where the text is for another program, to name that.
func (r *Result) name(root tree.Node) {
	p := &r.Problems[len(r.Problems)-1]
	if p.Code != codes.VersionMissing {
		return
	}
	if what, hint := looksLikeMapping(root); what != "" && root.Get("apiVersion").Exists() {
		p.Message, p.Hint = "this is "+what+", not a config", hint
	}
}

// translate makes a config of a Butane document.
func (r *Result) translate(root tree.Node, o Options) {
	r.Text.Snake = true
	r.Butane = butane.Translate(root, butane.Options{
		Files: o.Files, FilesDir: o.FilesDir, FilesName: o.FilesName, AtBoot: !o.Local, Raw: o.Raw,
		Map: o.Map, Peer: o.Butane, Zip: o.Zip, Rules: o.judge,
		Inner: func(name, text string) []diag.Problem {
			return ReadWith(tree.NewArena(), name, text, Options{Merged: true}).Problems
		},
	})
	r.Config, r.Problems = r.Butane.Config, append(r.Problems, r.Butane.Problems...)
}

func (r *Result) fail(p diag.Problem) { r.Problems = append(r.Problems, p) }

// Valid reports whether an audience may use the config.
func (r *Result) Valid(audience diag.Audience) bool {
	return r.Config != nil && !diag.Fatal(diag.For(audience, r.Problems))
}

// PaceCollector sets how much memory the process may have before garbage is looked for, while it works on a document.
// What a small one leaves behind is not worth a collection; of a large one the peak is kept within ten times the text,
// and what the program is itself. The tree of JSON is made without garbage: until half of that is in use a collection
// would find little. It is the heap that decides, not the size: a few bytes of text can become a hundred times as much,
// and a limit makes a collection come early without making it come often. What it gives ends the limit: a plan is
// larger than what it was made from, and below what is in use nearly all work would be collecting. After a large
// document the heap grows to twice of what is in use from then on, which costs less than the memory is worth.
func PaceCollector[T string | []byte](text T) (end func()) {
	const least, ofJSON, ofYAML, large = 44 << 20, 4, 10, 2 << 20
	growth, times := 400, int64(ofYAML)
	for i := range len(text) {
		if c := text[i]; c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			if c == '{' {
				growth, times = -1, ofJSON
			}
			break
		}
	}
	percent, before := debug.SetGCPercent(growth), debug.SetMemoryLimit(least+times*int64(len(text)))
	if len(text) > large {
		percent = min(percent, 100)
	}
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(before)
	}
}
