package lsp

import (
	"strings"
	"sync"

	"github.com/glowplug-os/glowplug/internal/check"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// source is what editors call who found a problem.
const source = "glowplug"

// pages are where the codes are explained.
var pages = sync.OnceValue(codes.Pages)

// severities of the protocol (DiagnosticSeverity). Advice is no hint: editors draw hints so that they are overlooked.
func severity(s diag.Severity) int {
	return map[diag.Severity]int{diag.Error: 1, diag.Warning: 2, diag.Advice: 3}[s]
}

// A reporter makes diagnostics of the problems of a text.
type reporter struct {
	uri     string
	found   *check.Judged
	index   *index
	indexes map[*diag.Document]*index // of other files
}

// diagnosed gives a diagnostic for each problem.
func diagnosed(o *outcome, uri string) []diagnostic {
	r := reporter{uri: uri, found: &o.found, index: o.index, indexes: map[*diag.Document]*index{}}
	all := []diagnostic{}
	for i := range o.found.Problems {
		all = append(all, r.diagnostic(&o.found.Problems[i]))
	}
	return all
}

// diagnostic: a problem in another file is shown where the text names that, with its place beside it. What has no place
// that a client could open is said in words.
func (r *reporter) diagnostic(p *diag.Problem) diagnostic {
	d := diagnostic{Severity: severity(p.Severity), Code: string(p.Code), Source: source,
		Message: diag.OneLine(p.Message)}
	if page := pages()[p.Code]; page != "" {
		d.CodeDescription = &link{page}
	}
	for hint := range strings.SplitSeq(p.Hint, "\n") {
		if hint != "" {
			d.Message += "\nhint: " + diag.OneLine(hint)
		}
	}
	shown := r.isHere(p.Place)
	if shown {
		d.Range = r.index.textRange(p.Place.Span)
	} else if p.More == 0 {
		r.relate(&d, p.Place, diag.OneLine(p.Message))
	}
	for _, other := range p.Related {
		if !shown && r.isHere(other.Place) {
			d.Range, shown = r.index.textRange(other.Place.Span), true
			continue
		}
		r.relate(&d, other.Place, diag.OneLine(other.Message))
	}
	if at := r.found.Reference(p.Place); !shown && r.isHere(at) {
		d.Range = r.index.textRange(at.Span)
	}
	return d
}

// isHere: the place is in the text, which is read once more for each target.
func (r *reporter) isHere(at diag.Place) bool {
	text := r.found.Text
	return at.Doc != nil && (at.Doc == text || at.Doc.Name == text.Name && len(at.Doc.Text) == len(text.Text))
}

// relate adds a place that explains a diagnostic.
func (r *reporter) relate(d *diagnostic, at diag.Place, message string) {
	if where, known := r.location(at); known {
		d.RelatedInformation = append(d.RelatedInformation, related{where, message})
		return
	}
	d.Message += "\nnote: "
	if where := at.String(); where != "" {
		d.Message += where + ": "
	}
	d.Message += message
}

// location is a place that a client can open: in the text itself, or in a local file.
func (r *reporter) location(at diag.Place) (where location, known bool) {
	if r.isHere(at) {
		return location{r.uri, r.index.textRange(at.Span)}, true
	}
	if at.Doc == nil {
		return location{}, false
	}
	file, is := r.found.File(at.Doc.Name)
	if !is {
		return location{}, false
	}
	x := r.indexes[at.Doc]
	if x == nil {
		x = newIndex(at.Doc.Text, r.index.encoding)
		r.indexes[at.Doc] = x
	}
	return location{uriOf(file), x.textRange(at.Span)}, true
}
