package butane

import (
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Options is what a translation depends on beside the document.
type Options struct {
	// Files holds the local files that a document may name; nil where there are none, as at boot. Symbolic links in
	// trees need an fs.ReadLinkFS.
	Files fs.FS
	// FilesDir is the absolute path of Files: names with .. in them may lead out of it and in again.
	FilesDir string
	// AtBoot: the document is read by a machine that has no local files and never will.
	AtBoot bool
	// Raw leaves out what the openshift variant puts around the config.
	Raw bool
	// Peer does as Butane does where that is odd: see docs/deviations.md.
	Peer bool
	// Map asks for Result.Origins.
	Map bool
	// Zip makes what compresses content, for much to do or little; nil leaves it as it is, as at boot, where it would
	// be unpacked again at once.
	Zip func(much bool) Zipper
	// Rules judges the config that comes out; nil for no rules.
	Rules func(*document.Document) []diag.Problem
	// Inner judges a config to merge that is part of the document; nil for not at all.
	Inner func(name, text string) []diag.Problem
}

// A Result is what became of a document.
type Result struct {
	// Dialect is the zero Dialect where it is not known.
	Dialect Dialect
	// Config is nil where nothing came out. Its places are those of the document.
	Config *document.Document
	// Problems are in the order in which they are found: what is wrong with the document, then with the config. Use
	// diag.For for what an audience is told.
	Problems []diag.Problem
	// Origins says where each part of the config comes from, a line each, sorted: "$.grub.users →
	// $.storage.files.0.append".
	Origins []string

	t *translation
}

// Is reports whether a document's tree is one of this language, rather than a config.
func Is(root tree.Node) bool {
	return root.Get("variant").Exists() && !root.Get("ignition").Get("version").Exists()
}

// Parse reads a text, in YAML or in JSON, and makes a config of it. name is what problems call the text.
func Parse(name string, text []byte, o Options) *Result {
	root, problems := tree.NewArena().ParseYAML(&diag.Document{Name: name, Text: tree.Text16(string(text))})
	if !root.Exists() {
		return &Result{Problems: problems}
	}
	r := Translate(root, o)
	r.Problems = append(problems, r.Problems...)
	return r
}

// Translate makes a config of a document. The tree is changed on the way: scalars become what the language says they
// are. In a document that cannot be translated there is an error that every audience is told.
func Translate(root tree.Node, o Options) *Result {
	d, problem := detect(root)
	if problem != nil {
		hide(root, func() []diag.Span { return nil })
		return &Result{Problems: []diag.Problem{*problem}}
	}
	t := &translation{Dialect: d, Options: o, edition: d.edition(), arena: root.Arena(), root: root,
		tracer: root.Arena().NewTracer(), index: tree.Index{}}
	t.top = &at{t: t, node: root}
	hide(root, func() []diag.Span { return t.hidden })
	r := &Result{Dialect: d, t: t}
	t.checkAll()
	if !t.failed() {
		for _, step := range []func(){t.ahead, t.validate, t.lowerAll, t.drawMap, t.filter, t.judge} {
			t.run(step)
		}
	}
	r.Problems, r.Origins = t.problems.All(), t.origins
	if t.failed() {
		return r
	}
	t.tracer.Settle(t.config)
	r.Config = t.out
	return r
}

// run does a step. The peer ends with the first one that fails. Here the next ones look at what the errors so far have
// not spoilt, so that all problems are shown at once.
func (t *translation) run(step func()) {
	if t.failed() && (t.Peer || t.spoilt()) {
		return
	}
	before := len(t.problems.Kept())
	step()
	if t.Peer {
		return
	}
	items := map[string]bool{}
	for _, p := range t.problems.Kept()[:before] {
		items[itemOf(p.Path)] = items[itemOf(p.Path)] || p.Severity == diag.Error && !p.Stricter
	}
	t.problems.Retain(before, func(p *diag.Problem) bool { return !items[itemOf(p.Path)] })
}

// spoilt: what comes of the parts with errors is under much of the rest.
func (t *translation) spoilt() bool {
	return slices.ContainsFunc(t.problems.Kept(), func(p diag.Problem) bool {
		return p.Severity == diag.Error && !p.Stricter && (strings.HasPrefix(p.Path, "$.boot_device") ||
			strings.HasPrefix(p.Path, "$.storage.trees"))
	})
}

// itemOf gives the part of a path that one error is enough for: an item of a list, or a section.
func itemOf(path string) string {
	steps := strings.SplitN(path, ".", 5)
	return strings.Join(steps[:min(len(steps), 4)], ".")
}

// A translation is one document on its way.
type translation struct {
	Dialect
	Options
	edition  *language.Edition
	arena    *tree.Arena
	root     tree.Node // the document
	top      *at
	tracer   *tree.Tracer
	config   tree.Node // what comes out
	out      *document.Document
	index    tree.Index
	problems diag.List
	hidden   []diag.Span // what may be a secret because nothing is known of it
	ways     *tree.Ways
	urls     *urlMaker
	ready    func() map[tree.Node]embedded // content that is made ahead; nil where it is not worth it
	late     []late
	remote   map[string]bool                      // see tangVolumes
	spelled  map[tree.Node]func(string) tree.Node // what each mapping has under a key: see lookup
	misreads map[diag.Span]bool                   // see misread
	origins  []string
	opened   map[tree.Node]*diag.Document // local files with texts that are judged: see rememberLocal
	locals   int                          // bytes of local files so far
}

// failed: nothing sensible can follow. What only some audiences hold against a document does not stop it.
func (t *translation) failed() bool {
	for _, p := range t.problems.Kept() {
		if p.Severity == diag.Error && !p.Stricter && (t.Peer || !p.PeerOnly) {
			return true
		}
	}
	return false
}

// report adds a problem of the document. What it returns is valid until the next report.
func (t *translation) report(
	severity diag.Severity, code codes.Code, path string, place diag.Place, message string,
) *diag.Problem {
	p, kept := t.problems.Next(diag.Problem{Severity: severity, Code: code})
	if kept {
		if t.Peer {
			place = t.lookup(path)
		}
		p.Place, p.Path, p.Message = place, path, message
	}
	return p
}

// lookup finds the place of a path as the peer does: by the path in the text, nulls counted, nothing below an alias.
func (t *translation) lookup(path string) diag.Place {
	n := t.root
	for step := range strings.SplitSeq(strings.TrimPrefix(strings.TrimPrefix(path, "$"), "."), ".") {
		if t.spelled[n] == nil {
			if t.spelled == nil {
				t.spelled = map[tree.Node]func(string) tree.Node{}
			}
			t.spelled[n] = writtenIn(n)
		}
		next := t.spelled[n](step)
		if n.Kind() == tree.List {
			next = t.itemAt(n, step)
		}
		if !next.Exists() || n.Aliased() {
			break
		}
		n = next
	}
	return n.Place()
}

// itemAt finds an item by a step of a path, which may be no number.
func (t *translation) itemAt(list tree.Node, step string) tree.Node {
	i := 0
	for _, c := range []byte(step) {
		if c < '0' || c > '9' || i > 1<<24 {
			return tree.Node{}
		}
		i = i*10 + int(c-'0')
	}
	if step == "" {
		return tree.Node{}
	}
	return t.index.At(list, i)
}

// checkAll holds the document against the shape of its dialect.
func (t *translation) checkAll() {
	t.check(documents(), t.root, t.root, t.top)
	t.drop(documents(), t.root)
	t.spelled = nil
	if !t.Peer || !t.failed() {
		return
	}
	// The peer looks for unknown keys after it has read everything.
	t.problems.Retain(0, func(p *diag.Problem) bool { return p.Severity == diag.Error })
}

// drop removes what the dialect does not have.
func (t *translation) drop(s *language.Shape, n tree.Node) {
	if s.Labels || n.Kind() < tree.List {
		return
	}
	if n.Kind() == tree.Object {
		n.Keep(func(c tree.Node) bool { return t.edition.Find(s, c.Key()) != nil })
	}
	for c := range n.Children() {
		if s.Item != nil {
			t.drop(s.Item, c)
		} else if m := t.edition.Find(s, c.Key()); m != nil {
			t.drop(m, c)
		}
	}
}

// hide says which spans of a document no excerpt may show: those of its tree, and others that are not in it any more.
func hide(root tree.Node, others func() []diag.Span) {
	if doc := root.Document(); doc.Secrets == nil {
		doc.Secrets = func() []diag.Span { return language.Secrets(root, documents(), others()) }
	}
}

// Key says whether a key is one of documents or of configs, wherever it stands, and whether what stands below it may be
// a secret.
func Key(key string) (known, secret bool) {
	held, known := keys()[key]
	return known, held
}

var keys = sync.OnceValue(func() map[string]bool { return language.Keys(documents()) })

// Made reports whether a config came out at all, though its rules may refuse it.
func (r *Result) Made() bool { return r.t != nil && r.t.out != nil }
