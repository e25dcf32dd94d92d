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

// Options are what a translation depends on beside the document.
type Options struct {
	// Files holds the local files that a document may name; nil where there are none, as at boot. Symbolic links in
	// trees need an fs.ReadLinkFS.
	Files fs.FS
	// FilesDir is the absolute path of Files: a name in a document may lead out of the folder by .. and into it again.
	FilesDir string
	// FilesName is what problems call that folder: a file in it has its name behind that. "" names the file alone.
	FilesName string
	// AtBoot: a machine reads the document, so that there can be no local files.
	AtBoot bool
	// Raw leaves out the MachineConfig that the openshift variant puts around the config.
	Raw bool
	// Peer reports and makes what Butane does, also where Butane is odd: see docs/deviations.md.
	Peer bool
	// Map asks for Result.Origins, which take time and memory.
	Map bool
	// Zip makes what compresses content: much says that there is much to compress, so that speed counts. nil compresses
	// nothing, as at boot, where the content would be unpacked again at once.
	Zip func(much bool) Zipper
	// Rules judges the config that comes out; nil for no rules.
	Rules func(*document.Document) []diag.Problem
	// Inner judges a config to merge whose text is in the document, or in a local file; nil for no judgement.
	Inner func(name, text string) []diag.Problem
}

// A Result is what comes of a document.
type Result struct {
	// Dialect is the zero Dialect where the variant or its version is not known.
	Dialect Dialect
	// Config is nil where no config could be made. Its places lie in the document.
	Config *document.Document
	// Problems are in the order of the work: those of the document, then those of the config. diag.For gives what an
	// audience is told.
	Problems []diag.Problem
	// Origins says where each part of the config comes from, a line each, sorted: "$.grub.users →
	// $.storage.files.0.append".
	Origins []string

	t *translation
}

// Is reports whether a tree is a Butane document, rather than a config.
func Is(root tree.Node) bool {
	return root.Get("variant").Exists() && !root.Get("ignition").Get("version").Exists()
}

// Translate makes a config of a document. It changes the tree: scalars become what the language says they are. Of a
// document of which no config can be made, every audience is told an error.
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
		before := len(t.log.Settled())
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

// A translation is the work on one document.
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
	config   tree.Node          // the config
	out      *document.Document
	index    tree.Index
	insets   tree.Insets
	findings []finding   // problems of the config that this step has found
	reading  bool        // the first step is at work
	hidden   []diag.Span // parts that no shape knows, and that may be secrets
	ways     *tree.Ways
	urls     *urlMaker
	ready    func() map[tree.Node]embedded // content that is made ahead; nil where it is not worth it
	packed   map[string]bool               // URLs of content that is compressed
	remote   map[string]bool               // see tangVolumes
	misreads map[diag.Span]bool            // see misread
	origins  []string
}

func newTranslation(d Dialect, root tree.Node, o Options) *translation {
	a := root.Arena()
	t := &translation{Dialect: d, Options: o, manner: ours(), maker: maker{a.NewTracer()}, arena: a, root: root}
	if by := root.Place().Doc; by != nil {
		t.Keeps(by)
	}
	t.shape, t.edition, t.objects = documents(), d.edition(), objects()
	t.index, t.wrong = tree.Index{}, map[tree.Node]bool{}
	if o.Peer {
		t.manner = peers()
	}
	t.top = cursor.Root(&t.log, root)
	t.locals = locals{files: o.Files, dir: o.FilesDir, called: o.FilesName, prefix: t.prefix(o.FilesDir),
		atBoot: o.AtBoot}
	return t
}

// failed: an error that the audience is told stops the translation.
func (t *translation) failed() bool { return diag.Fatal(diag.For(t.audience, t.log.Kept())) }

// read holds the document against the shape of its dialect.
func (t *translation) read() {
	t.reading = true
	reader{t}.check(t.shape, t.root, t.root, t.top)
}

// leaveOut removes wrong values and unknown keys from the document, so that the translation can go on.
func (t *translation) leaveOut() {
	t.reading = false
	reader{t}.drop(t.shape, t.root)
}

// check holds the document against the rules of its features. The rules of the config follow once there is a config.
func (t *translation) check() {
	t.each(func(f *feature) {
		if f.check != nil {
			f.check(t)
		}
	})
}

// hide gives the spans of a document that no excerpt may show: the secrets of its tree, and those of parts that have
// been removed from the tree.
func hide(root tree.Node, others func() []diag.Span) {
	if doc := root.Document(); doc.Secrets == nil {
		doc.Secrets = func() []diag.Span { return language.Secrets(root, documents(), others()) }
	}
}

// Key says whether a key is one of documents or of configs, at whatever place, and whether a value below it may be a
// secret.
func Key(key string) (known, secret bool) {
	held, known := keys()[key]
	return known, held
}

var keys = sync.OnceValue(func() map[string]bool { return language.Keys(documents()) })

// Made reports whether a config came out at all, though its rules may refuse it.
func (r *Result) Made() bool { return r.t != nil && r.t.out != nil }
