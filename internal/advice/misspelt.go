package advice

import (
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/butane"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// asDocument has the problem of a text that is taken for no document, because its key variant is misspelt, be that of a
// document without a variant.
func asDocument(p *diag.Problem, root tree.Node) bool {
	n := misspelt(root, "variant")
	if !n.Exists() {
		return false
	}
	told := butane.Translate(root, butane.Options{}).Problems
	p.Code, p.Path, p.Message = told[0].Code, told[0].Path, told[0].Message
	rename(p, n, "variant")
	return true
}

// inYAML reads a text that is no JSON; nothing is there where it is meant as JSON.
func inYAML(doc *diag.Document) (root tree.Node) {
	if len(doc.Text) <= most && !strings.HasPrefix(strings.TrimLeft(doc.Text, byteOrderMark+" \t\r\n"), "{") {
		root, _ = tree.NewArena().ParseYAML(&diag.Document{Text: doc.Text})
	}
	return root
}

// misspelt finds the member of a document that somebody meant by a key, variant or version: one whose key differs in
// case, or has a letter or two wrong and a variant or a version as its value. A config has none.
func misspelt(root tree.Node, key string) (found tree.Node) {
	if root.Kind() != tree.Object {
		return found
	}
	for c := range root.Children() {
		switch {
		case strings.EqualFold(c.Key(), "ignition"), c.Key() == key:
			return tree.Node{}
		case found.Exists() || c.Kind() >= tree.List || c.Key() == "variant" || c.Key() == "version":
		case strings.EqualFold(c.Key(), key), saysDialect(c.Text()) && diag.Nearest(c.Key(), []string{key}) == key:
			found = c
		}
	}
	return found
}

// saysDialect: the text is a variant, or a version of one.
func saysDialect(text string) bool {
	return slices.ContainsFunc(butane.Dialects(), func(d butane.Dialect) bool {
		return d.Variant == text || d.Version == text
	})
}

// rename has a problem say what a key should have been. Of one in the wrong case that is certain.
func rename(p *diag.Problem, n tree.Node, key string) {
	p.Place.Span = n.KeyPlace().Span
	p.Hint = "write " + key + " in place of " + diag.Name(n.Key())
	p.Fix = diag.Rewrite(p.Place, n.Key(), key)
	p.Fix.Safe = strings.EqualFold(n.Key(), key)
}

// mirrored has a problem of a disk that is there twice point to the mirror that names it twice. Where the document has
// the disk among others too, both are said to come from there.
func (w *wrong) mirrored() advice {
	if len(w.p.Related) == 0 || w.p.Related[0].Place != w.p.Place {
		return advice{}
	}
	seen := map[string]tree.Node{}
	for item := range w.root.Get("boot_device").Get("mirror").Get("devices").Children() {
		first, twice := seen[item.Text()]
		if twice && first.Kind() == tree.String {
			ways := tree.WaysBelow(w.root)
			w.p.Path, w.p.Place.Span = ways.To(item).String(), item.Span()
			other := &w.p.Related[0]
			other.Path, other.Place.Span = ways.To(first).String(), first.Span()
			return advice{}
		}
		seen[item.Text()] = item
	}
	return advice{}
}
