package lsp

import (
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/butane"
	"github.com/glowplug-os/glowplug/internal/diag"
	urls "github.com/glowplug-os/glowplug/internal/source"
)

// symbolsDeep is how deep symbols are listed: no config is deeper.
const symbolsDeep = 16

// symbols lists the objects and lists of a text.
func (s *server) symbols(m *message) (any, error) {
	_, t, err := about[documentParams](s, m)
	if err != nil {
		return nil, err
	}
	if !t.isConfig() {
		return nil, nil
	}
	return t.view().symbols(s.index(t)), nil
}

// What is gathered of an entry on the way from the last one to the first.
type gathered struct {
	depth int
	end   int              // of all that is in it
	label diag.Span        // its first scalar
	key   diag.Span        // that the label stands under
	below []documentSymbol // the last one first
	full  bool             // something is in it
}

func (o *outline) symbols(x *index) []documentSymbol {
	all := make([]gathered, len(o.entries))
	for i := 1; i < len(all); i++ {
		all[i].depth = all[o.entries[i].parent].depth + 1
	}
	for i := len(all) - 1; i > 0; i-- { // what is in an entry follows it
		e, g := &o.entries[i], &all[i]
		above := &all[e.parent]
		g.end = max(g.end, e.value.End, e.key.End)
		above.end, above.full = max(above.end, g.end), true
		if !e.item && !e.bare && !g.full && e.open == 0 {
			above.label, above.key = e.value, e.key
		}
		if g.full && !e.bare && g.depth <= symbolsDeep {
			above.below = append(above.below, o.symbol(e, g, x))
		}
		g.below = nil
	}
	slices.Reverse(all[0].below)
	return append([]documentSymbol{}, all[0].below...)
}

// label is what an item is called: its first scalar, unless that may be a secret.
func (o *outline) label(g *gathered) string {
	key, said := unquoted(o.text[g.key.Start:g.key.End]), unquoted(o.text[g.label.Start:g.label.End])
	switch known, secret := butane.Key(key); {
	case said == "":
		return ""
	case key == "source" || key == "url":
		return urls.Redact(said)
	case !known || secret:
		return diag.Redacted
	case key == "name": // of a header, which may be there whole
		if name, _, whole := strings.Cut(said, ":"); whole {
			said = name + ":…"
		}
	}
	return diag.Printable(said)
}

// symbol is that of a member by its key, or of an item by its first scalar.
func (o *outline) symbol(e *entry, g *gathered, x *index) documentSymbol {
	const isObject, isItem = 19, 23 // SymbolKind: Object, Struct
	slices.Reverse(g.below)
	symbol := documentSymbol{Name: diag.Printable(o.name(e)), Kind: isObject, Children: g.below,
		Range: x.textRange(diag.Span{Start: e.at, End: g.end}), SelectionRange: x.textRange(e.key)}
	if e.item {
		symbol.Name, symbol.Kind = o.label(g), isItem
		symbol.SelectionRange = x.textRange(diag.Span{Start: e.at, End: e.at + 1})
		if g.label.Start > e.at {
			symbol.SelectionRange = x.textRange(g.label)
		}
	}
	if symbol.Name == "" {
		symbol.Name = "…"
	}
	return symbol
}
