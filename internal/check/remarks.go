package check

import (
	"slices"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/project"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// odd are problems of comments that silence nothing, as there are among others. What stands within a value is none.
func (r remarks) odd(doc *diag.Document, problems []diag.Problem, unused func(codes.Row) bool) (all []diag.Problem) {
	for _, own := range r {
		p, is := own.wrong()
		if !is {
			p, is = own.needless(doc.Name, problems, unused)
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
	return slices.DeleteFunc(all, func(p diag.Problem) bool { return isWithin(root, p.Place.Span.Start) })
}

// wrong says why a comment can never silence anything.
func (r remark) wrong() (p diag.Problem, is bool) {
	p.Severity = diag.Warning
	row, known := codes.Find(r.code)
	switch {
	case r.code == "":
		p.Message = "this comment silences nothing"
		p.Hint = "write `# glowplug: ignore CODE`, with the code of a problem"
	case !known:
		p.Message = diag.Name(string(r.code)) + " is no code of a problem, so nothing is silenced"
		if near := project.NearCode(r.code); near != "" {
			p.Hint = "did you mean " + near + "?"
		}
	case !row.CanBeIgnored():
		p.Message = string(r.code) + " is an error, and no error can be ignored"
		p.Hint = "mend what it is about"
	default:
		return p, false
	}
	return p, true
}

// needless: there is no problem of that code at the line, and it would be told if it were there.
func (r remark) needless(name string, problems []diag.Problem, unused func(codes.Row) bool) (diag.Problem, bool) {
	row, _ := codes.Find(r.code)
	if !unused(row) || slices.ContainsFunc(problems, func(p diag.Problem) bool {
		return p.Code == r.code && isAt(name, r.line, p)
	}) {
		return diag.Problem{}, false
	}
	return diag.Problem{Severity: diag.Advice, Message: "there is no " + string(r.code) + " to be ignored here",
		Hint: "remove it, or put it into the line of the problem or above"}, true
}

// isWithin tells whether an offset is in a value: a text may look like a comment.
func isWithin(n tree.Node, at int) bool {
	if n.Kind() < tree.List {
		return n.Exists() && n.Span().Start <= at && at < n.Span().End
	}
	for c := range n.Children() {
		if isWithin(c, at) {
			return true
		}
	}
	return false
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
