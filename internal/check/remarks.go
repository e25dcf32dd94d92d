package check

import (
	"slices"
	"sort"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/order"
	"github.com/glowplug-os/glowplug/internal/project"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// odd are problems of comments that silence nothing, as there are among others. What stands within a value is none.
func (r remarks) odd(doc *diag.Document, met map[spot]bool, unused func(codes.Row) bool) (all []diag.Problem) {
	near := guesses{}
	for _, own := range r {
		p, is := own.wrong(near)
		if !is {
			p, is = own.needless(met, unused)
		}
		if is {
			p.Code, p.Place = codes.IgnoreComment, diag.Place{Doc: doc, Span: own.span}
			all = append(all, p)
		}
	}
	if all == nil {
		return nil
	}
	root, _ := tree.NewArena().ParseYAML(&diag.Document{Text: doc.Text})
	scalars := scalarsIn(root)
	return slices.DeleteFunc(all, func(p diag.Problem) bool { return isWithin(scalars, p.Place.Span.Start) })
}

// wrong says why a comment can never silence anything.
func (r remark) wrong(near guesses) (p diag.Problem, is bool) {
	p.Severity = diag.Warning
	row, known := codes.Find(r.code)
	switch {
	case r.code == "":
		p.Message = "this comment silences nothing"
		p.Hint = "write `# glowplug: ignore CODE`, with the code of a problem"
	case !known:
		p.Message = diag.Name(string(r.code)) + " is no code of a problem, so nothing is silenced"
		if meant := near.of(r.code); meant != "" {
			p.Hint = "did you mean " + meant + "?"
		}
	case !row.CanBeIgnored():
		p.Message = string(r.code) + " is an error, and no error can be ignored"
		p.Hint = "mend what it is about"
	default:
		return p, false
	}
	return p, true
}

// guesses has the code that each unknown word may be meant to be, of as many words as anybody reads.
type guesses map[codes.Code]string

func (g guesses) of(word codes.Code) string {
	const most = 100
	meant, known := g[word]
	if !known && len(g) < most {
		meant = project.NearCode(word)
		g[word] = meant
	}
	return meant
}

// needless: there is no problem of that code at the line, and it would be told if it were there.
func (r remark) needless(met map[spot]bool, unused func(codes.Row) bool) (diag.Problem, bool) {
	row, _ := codes.Find(r.code)
	if met[spot{r.code, r.line}] || !unused(row) {
		return diag.Problem{}, false
	}
	return diag.Problem{Severity: diag.Advice, Message: "there is no " + string(r.code) + " to be ignored here",
		Hint: "remove it, or put it into the line of the problem or above"}, true
}

// scalarsIn gives the spans of all values that have no others in them, sorted.
func scalarsIn(root tree.Node) (all []diag.Span) {
	var walk func(n tree.Node)
	walk = func(n tree.Node) {
		if n.Kind() < tree.List && n.Exists() {
			all = append(all, n.Span())
		}
		for c := range n.Children() {
			walk(c)
		}
	}
	walk(root)
	order.By(all, func(a, b diag.Span) int { return a.Start - b.Start })
	return all
}

// isWithin tells whether an offset is in a value: a text may look like a comment.
func isWithin(scalars []diag.Span, at int) bool {
	next := sort.Search(len(scalars), func(i int) bool { return scalars[i].Start > at })
	return next > 0 && at < scalars[next-1].End
}

// tellsAll gives what tells whether all problems of a code are told of a text: not where an error may hide others, nor
// of a code that another option asks for.
func (v *verdict) tellsAll(problems []diag.Problem, absent int) func(codes.Row) bool {
	hides := absent > 0 || slices.ContainsFunc(problems, func(p diag.Problem) bool {
		return p.Severity == diag.Error && !p.PeerOnly || p.More > 0
	})
	chosen := v.options.noLint || v.options.lints != nil
	return func(row codes.Row) bool {
		return !hides && !slices.Contains(asked(), row.Code) && !(chosen && row.Kind == codes.Advice)
	}
}

// asked are codes that only some calls tell: by --platform, by --root, or by what the file is made into.
func asked() []codes.Code {
	return []codes.Code{codes.UserDataSize, codes.ImageConflict, codes.ImageUnit, codes.ImageShell, codes.ImageTool,
		codes.ImageSELinux, codes.ImageUnjudged}
}
