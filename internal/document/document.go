package document

import (
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A Document is a text that has been read as a config of its own version of the language.
type Document struct {
	// Version is the version that the document says it is written in.
	Version config.Version
	// Packed are the URLs of content that was compressed when the document was made: of these it is known that they
	// unpack.
	Packed map[string]bool

	config   *config.Config
	root     tree.Node // canonical: names as the model spells them, each once, nothing unknown, no nulls
	upgraded bool
	unread   map[string]bool // paths of what was spoilt by a value of a wrong kind
	heard    Listener        // or nil
	losing   texts           // what it is made of, where Ignition loses the advertisements of Tang servers in it
}

// Decode reads a tree as a config. The tree is made canonical on the way and belongs to the document afterwards.
//
// Problems come in three sorts: a document whose version is not known gives one error and no Document; values of a
// wrong kind are errors; keys that the version does not have, and nulls where an object belongs, are warnings (and are
// dropped). The last sort is kept apart because it is shown last.
func Decode(root tree.Node) (doc *Document, problems, ignored []diag.Problem) {
	version, problem := DetectVersion(root)
	if problem != nil {
		hide(root, nil)
		return nil, []diag.Problem{*problem}, nil
	}
	doc = &Document{Version: version, root: root}
	d := decoder{edition: language.OfVersion(version)}
	doc.config = d.run(root)
	doc.unread = d.unread
	hide(root, d.dropped)
	return doc, d.problems.All(), d.ignored.All()
}

// hide gives the spans of a text that no excerpt may show: the secrets of a tree, and of parts that have been removed
// from the tree.
func hide(root tree.Node, others []diag.Span) {
	if text := root.Document(); text.Secrets == nil {
		text.Secrets = func() []diag.Span { return language.Secrets(root, language.Config(), others) }
	}
}

// Config gives the document as a config, decoded at its own version. It belongs to the document.
func (doc *Document) Config() *config.Config {
	if doc.config == nil {
		d := decoder{edition: language.OfVersion(doc.Version)}
		doc.config = d.run(doc.root)
	}
	return doc.config
}

// Cursor is the place of the document's root, for rules: nothing is said of what a value of a wrong kind has
// spoilt.
func (doc *Document) Cursor(log *cursor.Log) *cursor.At {
	log.Mute = doc.Unread
	return cursor.Root(log, doc.root)
}

// At finds the deepest node on the way to a path like "$.storage.files.0.path"; index speeds up long lists.
func (doc *Document) At(path string, index tree.Index) tree.Node {
	n := doc.root
	for step := range strings.SplitSeq(strings.TrimPrefix(strings.TrimPrefix(path, "$"), "."), ".") {
		next := n.Get(step)
		if i, err := strconv.Atoi(step); err == nil && n.Kind() == tree.List {
			next = index.At(n, i)
		}
		if !next.Exists() {
			return n
		}
		n = next
	}
	return n
}

// Upgrade brings the document to the newest version. What a value means may change on the way: before 3.6.0 the set-id
// and sticky bits of a mode are cleared.
func (doc *Document) Upgrade() *Document {
	doc.upgrade()
	return doc
}

func (doc *Document) upgrade() {
	if doc.upgraded || doc.Version == config.Newest {
		return
	}
	doc.upgraded = true
	old := doc.Version
	doc.Version = config.Newest
	if old.Reads(config.SpecialBits) && doc.config != nil {
		doc.config.Ignition.Version = config.Newest.String() // no value means anything else
	} else {
		doc.config = nil
	}
	if v := doc.root.Get("ignition").Get("version"); v.Exists() {
		v.Become(tree.String, config.Newest.String())
	}
	if old.Reads(config.LostAdvertisements) {
		doc.losing = texts{doc.root.Document(): true}
	}
	storage := doc.root.Get("storage")
	if !old.Reads(config.SpecialBits) {
		for _, list := range []string{"files", "directories"} {
			for n := range storage.Get(list).Children() {
				maskMode(n.Get("mode"))
			}
		}
	}
	for list, field := range map[string]string{"links": "target", "raid": "level"} {
		// before, a missing one was the empty string, and it stays the empty string
		if config.FieldAt("storage." + list + ".*." + field).Written.Has(old) {
			for n := range storage.Get(list).Children() {
				if !n.Get(field).Exists() {
					n.Append().AddMember(field, n.Arena().NewString(n, ""))
				}
			}
		}
	}
}

func maskMode(mode tree.Node) {
	if n, err := strconv.ParseInt(mode.Text(), 10, 64); err == nil && n&0o7000 != 0 {
		mode.Become(tree.Number, strconv.FormatInt(n&^0o7000, 10))
	}
}

// Followed drops the references to other configs, which have been followed.
func (doc *Document) Followed() {
	doc.root.Get("ignition").Keep(func(c tree.Node) bool { return c.Key() != "config" })
	doc.config = nil
}

// EmbedAuthority replaces the source of the i-th certificate bundle by url, a data: URL with the fetched content,
// unpacked. Its digest stays.
func (doc *Document) EmbedAuthority(i int, url string) {
	doc.upgrade()
	authority := doc.root.Get("ignition").Get("security").Get("tls").Get("certificateAuthorities").At(i)
	authority.Document().Mask() // what goes stays in the text
	authority.Get("source").Become(tree.String, url)
	authority.Keep(func(c tree.Node) bool { return c.Key() != "httpHeaders" && c.Key() != "compression" })
	doc.config = nil
}

// Items calls visit for every item of every list of the document: its path, and where it was written. Items that are
// inside of an item come after it.
func (doc *Document) Items(visit func(path string, place diag.Place)) {
	var walk func(n tree.Node, at *diag.Trail, listed bool)
	walk = func(n tree.Node, at *diag.Trail, listed bool) {
		if listed {
			visit(at.String(), n.Place())
		}
		step := diag.Trail{Up: at}
		for c := range n.Children() {
			step.Name = c.Key()
			if c.Kind() >= tree.List || n.Kind() == tree.List {
				walk(c, &step, n.Kind() == tree.List)
			}
			step.Index++
		}
	}
	walk(doc.root, &diag.Trail{}, false)
}
