package butane

import (
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// ForConfigs is the dialect that says all that configs of a version can, in its first version that does: that of fcos.
func ForConfigs(v config.Version) Dialect {
	var d Dialect
	for _, d = range dialects() {
		if says := (config.Range{Before: d.Spec + 1}); d.has(wholeConfig|localFiles) && says.Has(v) {
			break
		}
	}
	return d
}

// Write gives the canonical tree of a config as a Butane document, keys in the order of the alphabet, modes in octal
// digits, contents that are text as they read.
func Write(root tree.Node, d Dialect) []byte {
	w := writer{version: d.Spec}
	m := &manifest{}
	m.out.WriteString("variant: " + d.Variant + "\nversion: " + d.Version + "\n")
	m.members(w.entry("", root, language.Config()).members, 0)
	return []byte(m.out.String())
}

// A writer makes the entries of a document of a config.
type writer struct{ version config.Version }

func (w writer) entry(key string, n tree.Node, s *language.Shape) *entry {
	e := &entry{key: key, text: n.Text(), isText: s.Kind == tree.String}
	switch s.Kind {
	case tree.Object:
		e.members = w.members(n, s)
	case tree.List:
		e.isList = true
		for c := range n.Children() {
			e.items = append(e.items, w.entry("", c, s.Item))
		}
	case tree.Number:
		if mode, err := strconv.ParseInt(e.text, 10, 64); err == nil && s.Name == "mode" && mode >= 0 {
			e.text = "0" + strconv.FormatInt(mode, 8)
		}
	}
	return e
}

// members leaves out what is in every config and in no document.
func (w writer) members(object tree.Node, s *language.Shape) []*entry {
	all := []*entry{}
	text, inline := inlined(object)
	document.Members(object, s, w.version, func(m *language.Shape, n tree.Node, as string) {
		if as != "" || m.Path == "ignition.version" || inline && m.Name == "compression" {
			return
		}
		e := w.entry(language.Snake(m.Name), n, m)
		if inline && m.Name == "source" {
			e.key, e.text = "inline", text
		}
		if m.Path != "ignition" || len(e.members) > 0 {
			all = append(all, e)
		}
	})
	return all
}

// inlined gives the content of a resource that may stand in a document as it is. With a digest, or packed, it is that
// of the source.
func inlined(resource tree.Node) (text string, is bool) {
	if resource.Get("compression").Text() != "" || resource.Get("verification").Exists() {
		return "", false
	}
	text, is = source.Inline(resource.Get("source").Text())
	return text, is && text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return r != '\n' && r != '\t' && !document.IsPrintable(r)
	})
}
