package rules

import (
	"fmt"
	"strconv"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/field"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Text reads a JSON text and holds it against the language and against every rule of its version. The problems stand in
// the order of the text; the document is nil where nothing could be read. name is what problems call the text.
//
// What no other engine refuses is an error here too; Problem.Stricter marks it.
func Text(name string, text []byte) (*document.Document, []diag.Problem) {
	doc, problems := document.Parse(name, text)
	if doc != nil {
		problems = append(problems, Document(doc)...)
		diag.Sort(problems)
	}
	return doc, problems
}

// Document holds a document against every rule of its version and looks for items that are there twice. It is silent on
// objects in which a value was of the wrong kind, for rules would blame the absence of that value.
func Document(doc *document.Document) []diag.Problem {
	var all diag.List
	all.Add(Rules(doc)...)
	all.Add(doc.Duplicates()...)
	return all.All()
}

// Rules holds a document against every rule of its version. It is what a merged config is checked with: there, merging
// has settled what is there twice.
func Rules(doc *document.Document) []diag.Problem {
	c := &checker{doc: doc, version: doc.Version, index: tree.Index{}}
	c.config(&at{c: c}, doc.Config())
	return c.problems.All()
}

type checker struct {
	doc      *document.Document
	version  config.Version
	index    tree.Index
	problems diag.List
}

// An at is a cursor: it knows which field of the document a rule is looking at. Paths and places are worked out only
// when something is reported.
type at struct {
	c     *checker
	up    *at
	trail diag.Trail
}

func (a *at) key(name string) *at { return &at{a.c, a, diag.Trail{Up: &a.trail, Name: name}} }

func (a *at) item(i int) *at { return &at{a.c, a, diag.Trail{Up: &a.trail, Index: i}} }

func (a *at) path() string { return a.trail.String() }

// place is that of the deepest node that exists on the way to the field.
func (a *at) place() diag.Place { return a.node().Place() }

func (a *at) node() tree.Node { return a.c.doc.At(a.path(), a.c.index) }

// report adds a problem. What is not kept of it is not worked out.
func (a *at) report(severity diag.Severity, code codes.Code, format string, args ...any) *finding {
	if a.c.doc.Unread(a.path) {
		return &finding{Problem: &diag.Problem{}, at: a}
	}
	p, kept := a.c.problems.Next(diag.Problem{Severity: severity, Code: code})
	if kept {
		p.Place, p.Path, p.Message = a.place(), a.path(), fmt.Sprintf(format, args...)
	}
	return &finding{p, kept, a}
}

// errorf reports an error. What it returns takes a hint and related places, and is valid until the next report.
func (a *at) errorf(code codes.Code, format string, args ...any) *finding {
	return a.report(diag.Error, code, format, args...)
}

func (a *at) warnf(code codes.Code, format string, args ...any) *finding {
	return a.report(diag.Warning, code, format, args...)
}

// fault reports what a check of the value itself has found, if anything.
func (a *at) fault(f *diag.Fault) *finding {
	if f == nil {
		return nil
	}
	return a.errorf(f.Code, "%s", f.Message).hint("%s", f.Hint).write(a, f.Write)
}

// A finding is a problem that is being reported.
type finding struct {
	*diag.Problem
	kept bool
	at   *at
}

func (f *finding) hint(format string, args ...any) *finding {
	if f != nil && f.kept {
		f.Hint = format
		if len(args) > 0 {
			f.Hint = fmt.Sprintf(format, args...)
		}
	}
	return f
}

// write says what the text at a cursor should have been, "" where that is not known.
func (f *finding) write(a *at, text string) *finding {
	if f == nil || !f.kept || text == "" {
		return f
	}
	if n := a.c.doc.At(a.path(), a.c.index); n.Kind() == tree.String {
		f.Fix = diag.Rewrite(n.Place(), n.Text(), text)
	}
	return f
}

// writeNumber is write for numbers.
func (f *finding) writeNumber(a *at, number int) *finding {
	if f == nil || !f.kept {
		return f
	}
	if n := a.c.doc.At(a.path(), a.c.index); n.Kind() == tree.Number {
		f.Fix = diag.Replace(n.Place(), n.Text(), strconv.Itoa(number))
	}
	return f
}

func (f *finding) see(other *at, message string) *finding {
	if f.kept {
		f.Related = append(f.Related, diag.Related{Place: other.place(), Path: other.path(), Message: message})
	}
	return f
}

// stricter marks a rule that only we have.
func (f *finding) stricter() *finding {
	if f != nil {
		f.Stricter = true
	}
	return f
}

func (c *checker) config(root *at, cfg *config.Config) {
	c.unitPaths(root, cfg)
	c.ignition(root.key("ignition"), &cfg.Ignition)
	c.accounts(root.key("passwd"), &cfg.Passwd)
	c.owners(root, cfg)
	c.overMounts(root.key("storage"), &cfg.Storage)
	c.storage(root.key("storage"), &cfg.Storage)
	c.systemd(root.key("systemd"), &cfg.Systemd)
	c.fields(cfg)
}

// fields holds what becomes a line, an argument or a name against its table. The peer has no such rules.
func (c *checker) fields(cfg *config.Config) {
	for _, row := range append(field.Rows(), field.PathRows()...) {
		cfg.Values(row.Path, func(path func() string, value string) bool {
			f, _ := row.Check(value)
			if f == nil || c.doc.Unread(path) {
				return true
			}
			if p, kept := c.problems.Next(diag.Problem{Severity: diag.Error, Code: f.Code, Stricter: true}); kept {
				p.Place, p.Path, p.Message, p.Hint = c.doc.At(path(), c.index).Place(), path(), f.Message, f.Hint
			}
			return true
		})
	}
}

// isSet: present and true.
func isSet(b *bool) bool { return b != nil && *b }

// text is a string's value, "" where it is absent.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// number is an integer's value, 0 where it is absent.
func number(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

// absolute is the rule for every path of the language.
func (a *at) absolute(p string) {
	switch clean := cleanPath(p); {
	case p == "" && a.trail.Name == "device":
		a.errorf(codes.PathMissing, "the device is missing").hint(`add "device": the path of one, such as /dev/vda`)
	case p == "":
		a.errorf(codes.PathMissing, "a path is missing").hint(`add an absolute path`)
	case p[0] != '/':
		a.errorf(codes.PathRelative, "the path %s is not absolute", quote(p)).hint("start it with /")
	case clean != p:
		a.errorf(codes.PathUnclean, "the path %s is not in its shortest form", quote(p)).
			hint("write %s", quote(clean)).write(a, clean)
	}
}

// notNegative reports a number below zero, which the peer lets through.
func (a *at) notNegative(what string, n *int) {
	if n != nil && *n < 0 {
		a.errorf(codes.NumberNegative, "%s cannot be negative", what).stricter()
	}
}

// notEmpty reports an empty name, which the peer lets through.
func (a *at) notEmpty(what, name string) {
	if name == "" {
		a.errorf(codes.NameEmpty, "%s needs a name", what).hint("add %q", "name").stricter()
	}
}

func quote(s string) string {
	if len(s) > 200 {
		s = s[:200] + "…"
	}
	return strconv.Quote(s)
}
