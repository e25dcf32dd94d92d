package butane

import (
	"io/fs"
	"sync"

	"github.com/glowplug-os/glowplug/internal/cursor"
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
	t := newTranslation(d, root, o)
	hide(root, func() []diag.Span { return t.hidden })
	r := &Result{Dialect: d, t: t}
	for _, step := range []func(){t.read, t.leaveOut, t.ahead, t.check, t.lowerAll, t.drawMap, t.refuse, t.judge} {
		if !t.goesOn(t) {
			break
		}
		before := len(t.log.Kept())
		step()
		t.settle(t, before)
	}
	r.Problems, r.Origins = t.log.All(), t.origins
	if t.failed() {
		return r
	}
	t.Settle(t.config)
	r.Config = t.out
	return r
}

// A translation is one document on its way.
type translation struct {
	Dialect
	Options
	manner
	maker
	shape    *language.Shape // of documents
	edition  *language.Edition
	arena    *tree.Arena
	root     tree.Node // the document
	top      *cursor.At
	log      cursor.Log
	locals   locals
	objects  map[*language.Shape]func(*translation, *cursor.At, tree.Node)
	wrong    map[tree.Node]bool // values of a wrong kind
	config   tree.Node          // what comes out
	out      *document.Document
	index    tree.Index
	findings []finding   // what was told of the config in this step
	reading  bool        // in the first step
	hidden   []diag.Span // what may be a secret because nothing is known of it
	ways     *tree.Ways
	urls     *urlMaker
	ready    func() map[tree.Node]embedded // content that is made ahead; nil where it is not worth it
	remote   map[string]bool               // see tangVolumes
	misreads map[diag.Span]bool            // see misread
	origins  []string
}

func newTranslation(d Dialect, root tree.Node, o Options) *translation {
	a := root.Arena()
	t := &translation{Dialect: d, Options: o, manner: ours(), maker: maker{a.NewTracer()}, arena: a, root: root}
	t.shape, t.edition, t.objects = documents(), d.edition(), objects()
	t.index, t.wrong = tree.Index{}, map[tree.Node]bool{}
	if o.Peer {
		t.manner = peers()
	}
	t.top = cursor.Root(&t.log, root)
	t.locals = locals{files: o.Files, dir: o.FilesDir, prefix: t.prefix(o.FilesDir), atBoot: o.AtBoot}
	return t
}

// failed: nothing can be made of the document. What only some audiences hold against it does not stop it.
func (t *translation) failed() bool { return diag.Fatal(diag.For(t.audience, t.log.Kept())) }

// read holds the document against the shape of its dialect.
func (t *translation) read() {
	t.reading = true
	reader{t}.check(t.shape, t.root, t.root, t.top)
}

// leaveOut goes on without what was wrong.
func (t *translation) leaveOut() {
	t.reading = false
	reader{t}.drop(t.shape, t.root)
}

// check holds the document against the rules of its sugar. The rules of the config come when it is there.
func (t *translation) check() {
	t.each(func(f *feature) {
		if f.check != nil {
			f.check(t)
		}
	})
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
