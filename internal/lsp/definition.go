package lsp

import "strings"

// definition gives the places that the notes of the problem at the cursor point at, or the local file that is named
// there.
func (s *server) definition(m *message) (any, error) {
	p, err := params[positionParams](m)
	if err != nil {
		return nil, err
	}
	t, err := s.open(p.TextDocument.URI)
	if err != nil {
		return nil, err
	}
	return s.later(m, t, func(o *outcome) (any, error) {
		at := o.index.offset(p.Position)
		if file, named := t.named(at); named {
			return []location{{URI: uriOf(file)}}, nil
		}
		places := []location{}
		for i, problem := range o.found.Problems {
			if problem.Place.Doc == o.found.Text && touches(problem.Place.Span, at, at) {
				for _, r := range o.diagnostics[i].RelatedInformation {
					places = append(places, r.Location)
				}
			}
		}
		return places, nil
	})
}

// named is the local file that the value at an offset names.
func (t *text) named(at int) (file string, is bool) {
	if !t.isConfig() {
		return "", false
	}
	v := t.view()
	spot := v.spot(at)
	shape := v.shape(spot.entry)
	if shape == nil || spot.part != atValue || !strings.HasSuffix(strings.TrimSuffix(shape.Path, ".*"), "local") {
		return "", false
	}
	return t.found.found.File(v.said(&v.entries[spot.entry]))
}
