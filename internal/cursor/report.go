package cursor

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A Log collects what is found in one document. The zero Log is empty.
type Log struct {
	diag.List
	// Mute, where set, tells whether nothing is to be said of a path.
	Mute func(path func() string) bool
	// Mends is that of what is reported.
	Mends diag.Mends

	arena  *tree.Arena
	items  tree.Index
	insets tree.Insets
	lines  lines
}

func (l *Log) item(list tree.Node, i int) tree.Node {
	if l.items == nil {
		l.items = tree.Index{}
	}
	return l.items.At(list, i)
}

// Inset finds parts of the text of the place. It is made once for findings of one place that follow each other.
func (a *At) Inset() *tree.Inset {
	return a.log.insets.Of(a.Node())
}

// lines counts those before a place in a text, and goes on from the place before.
type lines struct {
	text   string
	at     int
	before int
}

func (l *lines) upTo(text string, at int) int {
	if l.text != text || l.at > at {
		*l = lines{text: text}
	}
	l.before += strings.Count(text[l.at:at], "\n")
	l.at = at
	return l.before
}

// Report adds a problem with the place. What is not kept of it is not worked out.
func (a *At) Report(severity diag.Severity, code codes.Code, format string, args ...any) *Finding {
	if a.log.Mute != nil && a.log.Mute(a.Path) {
		return &Finding{Problem: &diag.Problem{}, at: a}
	}
	p, kept := a.log.Next(diag.Problem{Severity: severity, Code: code, Mends: a.log.Mends})
	if kept {
		p.Place, p.Path, p.Message = a.Place(), a.Path(), format
		if len(args) > 0 {
			p.Message = fmt.Sprintf(format, args...)
		}
	}
	return &Finding{p, kept, a}
}

// Errorf reports an error. What it returns takes a hint and related places, and is valid until the next report.
//
//go:noinline
func (a *At) Errorf(code codes.Code, format string, args ...any) *Finding {
	return a.Report(diag.Error, code, format, args...)
}

// Warnf reports a warning.
//
//go:noinline
func (a *At) Warnf(code codes.Code, format string, args ...any) *Finding {
	return a.Report(diag.Warning, code, format, args...)
}

// Fault reports what a check of the value itself has found, if anything.
//
//go:noinline
func (a *At) Fault(f *diag.Fault) *Finding { return a.Odd(diag.Error, f) }

// Odd is Fault with a severity of its own.
func (a *At) Odd(severity diag.Severity, f *diag.Fault) *Finding {
	if f == nil {
		return nil
	}
	return a.Report(severity, f.Code, "%s", f.Message).Advise("%s", f.Hint).Write(a, f.Write)
}

// A Finding is a problem that is being reported.
type Finding struct {
	*diag.Problem
	kept bool
	at   *At
}

// Advise gives the problem a hint.
func (f *Finding) Advise(format string, args ...any) *Finding {
	if f != nil && f.kept {
		f.Hint = format
		if len(args) > 0 {
			f.Hint = fmt.Sprintf(format, args...)
		}
	}
	return f
}

// Write says what the text at a place should have been, "" where that is not known.
func (f *Finding) Write(a *At, text string) *Finding {
	if f == nil || !f.kept || text == "" {
		return f
	}
	if n := a.Node(); n.Kind() == tree.String {
		f.Fix = diag.Rewrite(n.Place(), n.Text(), text)
	}
	return f
}

// WriteNumber is Write for numbers.
func (f *Finding) WriteNumber(a *At, number int) *Finding {
	if f == nil || !f.kept {
		return f
	}
	if n := a.Node(); n.Kind() == tree.Number {
		f.Fix = diag.Replace(n.Place(), n.Text(), strconv.Itoa(number))
	}
	return f
}

// See names another place that explains the problem.
func (f *Finding) See(other *At, message string) *Finding {
	if f.kept {
		f.Related = append(f.Related, diag.Related{Place: other.Place(), Path: other.Path(), Message: message})
	}
	return f
}

// Strictly marks a problem that the peer does not have.
//
//go:noinline
func (f *Finding) Strictly() *Finding {
	if f != nil {
		f.Stricter = true
	}
	return f
}

// Within has a problem point to a part of the text that its value holds, which is that of a thing such as a unit. Its
// place in the document is found where the value is the text itself.
func (f *Finding) Within(text string, part diag.Span, thing string) {
	if f == nil || !f.kept {
		return
	}
	f.Inside = &diag.Inside{Text: text, Span: part,
		Note: fmt.Sprintf("it is line %d of this %s", 1+f.at.log.lines.upTo(text, part.Start), thing)}
	if n := f.at.Node(); n.Document().Text != "" && n.Kind() == tree.String {
		if in := f.at.Inset(); in.Holds(text) {
			f.Inside.Place, _ = in.Place(part)
		}
	}
}

// Kept gives the place of a problem that will be told, nil of one that is only counted.
func (f *Finding) Kept() *At {
	if f == nil || !f.kept {
		return nil
	}
	return f.at
}
