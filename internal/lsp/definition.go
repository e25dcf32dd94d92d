package lsp

import (
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// definition gives the local file or the anchor that is named at the cursor, and the places that the notes of the
// problems there point at.
func (s *server) definition(m *message) (any, error) {
	p, t, err := about[positionParams](s, m)
	if err != nil {
		return nil, err
	}
	return s.later(m, t, func(o *outcome) (any, error) {
		places := []location{}
		for _, d := range o.diagnostics {
			if d.Range.has(p.Position) {
				for _, r := range d.RelatedInformation {
					places = append(places, r.Location)
				}
			}
		}
		named, is := t.named(o.index.offset(p.Position))
		if is && !slices.ContainsFunc(places, func(l location) bool { return l.URI == named.URI && l.URI != t.uri }) {
			places = slices.Insert(places, 0, named)
		}
		return places, nil
	})
}

func (r textRange) has(p position) bool { return !p.isBefore(r.Start) && !r.End.isBefore(p) }

func (p position) isBefore(other position) bool {
	return p.Line < other.Line || p.Line == other.Line && p.Character < other.Character
}

// named is what the value at an offset names: an anchor, or a local file.
func (t *text) named(at int) (where location, is bool) {
	if !t.isConfig() {
		return location{}, false
	}
	v := t.view()
	spot := v.spot(at)
	if spot.part != atValue {
		return location{}, false
	}
	said := v.said(&v.entries[spot.entry])
	if alias, is := strings.CutPrefix(said, "*"); is {
		anchor, found := v.anchor(alias, at)
		return location{t.uri, t.found.index.textRange(anchor)}, found
	}
	shape := v.shape(spot.entry)
	if shape == nil || !strings.HasSuffix(strings.TrimSuffix(shape.Path, ".*"), "local") {
		return location{}, false
	}
	file, is := t.found.found.File(said)
	return location{URI: uriOf(file)}, is
}

// anchor finds the last anchor of a name before an offset.
func (o *outline) anchor(name string, before int) (where diag.Span, found bool) {
	mark := "&" + name
	for at := before; at > 0 && !o.json; {
		if at = strings.LastIndex(o.text[:at], mark); at < 0 {
			break
		}
		if end := at + len(mark); parts(o.text, end) {
			return diag.Span{Start: at, End: end}, true
		}
	}
	return diag.Span{}, false
}
