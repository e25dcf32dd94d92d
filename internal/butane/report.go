package butane

import (
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A finding is a problem that was found in the config: its number in the log, and its path and place in the config.
type finding struct {
	number int
	path   string
	place  diag.Place
}

// find reports something wrong with the config, as a problem of the document.
func (t *translation) find(
	severity diag.Severity, code codes.Code, path string, n tree.Node, message string,
) *diag.Problem {
	return t.tell(diag.Problem{Severity: severity, Code: code, Path: path, Place: n.Place(), Message: message})
}

// tell adds a problem of the config to the log, as a problem of the document.
func (t *translation) tell(p diag.Problem) *diag.Problem {
	next, kept := t.log.Next(p)
	if kept {
		t.note(finding{len(t.log.Kept()) - 1, p.Path, p.Place})
		*next = t.blame(p)
	}
	return next
}

// note adds a finding. The log has dropped the one before if it was silenced.
func (t *translation) note(f finding) {
	if last := len(t.findings) - 1; last >= 0 && t.findings[last].number == f.number {
		t.findings = t.findings[:last]
	}
	t.findings = append(t.findings, f)
}

// blame gives a problem of the config the path and the place of the part of the document that caused it.
func (t *translation) blame(p diag.Problem) diag.Problem {
	config, other := p.Path, ""
	p.Path, p.Place = t.blamed(p.Path, p.Place)
	if p.Inside != nil {
		p.Inside = t.inside(*p.Inside, config)
	}
	p.Fix = t.blamedFix(p.Fix)
	p.Related = slices.Clone(p.Related)
	for i := range p.Related {
		r := &p.Related[i]
		other = r.Path
		r.Path, r.Place = t.blamed(r.Path, r.Place)
		r.Message = language.SnakeKeys(r.Message)
	}
	if len(p.Related) == 1 && p.Related[0].Place == p.Place { // a unit of the document that a filesystem makes too
		p.Related[0].Path, p.Related[0].Place = t.blamed(other+".contents", p.Place)
	}
	return p
}

// inside gives a part of a value its place: in the local file or in the text of the document that the value came from.
func (t *translation) inside(part diag.Inside, path string) *diag.Inside {
	origin := t.Origin(t.deepest(path).Place())
	if local := t.locals.opened[origin]; local != nil {
		part.Place = diag.Place{Doc: local, Span: part.Span}
	} else if origin.Kind() == tree.String && !origin.Aliased() {
		if in := t.insets.Of(origin); in.Holds(part.Text) {
			part.Place, _ = in.Place(part.Span)
		}
	}
	return &part
}

// deepest finds the deepest node of the config on the way to a path.
func (t *translation) deepest(path string) tree.Node {
	n := t.config
	for step := range strings.SplitSeq(strings.TrimPrefix(path, "$."), ".") {
		next := n.Get(step)
		if n.Kind() == tree.List {
			next = t.itemAt(n, step)
		}
		if !next.Exists() {
			break
		}
		n = next
	}
	return n
}

// blamedFix moves the fix of a value to the place of that value in the document; nil where the document spells it
// otherwise.
func (t *translation) blamedFix(f *diag.Fix) *diag.Fix {
	if f == nil {
		return nil
	}
	from := t.Origin(f.Place)
	if !from.Exists() || from.Kind() >= tree.List || from.Text() != f.Old {
		return nil
	}
	moved := *f
	moved.Place = from.Place()
	return &moved
}

// blamed gives the path and the place in the document of what the config has at a path, or has nearest above it.
func (t *translation) blamed(path string, place diag.Place) (string, diag.Place) {
	origin, rest := t.cause(path)
	if !origin.Exists() {
		return language.SnakePath(path), place
	}
	path = t.pathOf(origin)
	if rest != "" {
		path += "." + language.SnakePath(rest)
	}
	return path, origin.Place()
}

// cause finds the node of the document from which the deepest node of the config on a path was made, and the rest of
// the path.
func (t *translation) cause(path string) (origin tree.Node, rest string) {
	n, rest := t.config, strings.TrimPrefix(strings.TrimPrefix(path, "$"), ".")
	for rest != "" {
		step, after, _ := strings.Cut(rest, ".")
		next := n.Get(step)
		if n.Kind() == tree.List {
			next = t.itemAt(n, step)
		}
		if !next.Exists() || isFilled(next, n) {
			break
		}
		n, rest = next, after
	}
	return t.Origin(n.Place()), rest
}

// isFilled: the empty text stands at the place of its object, so nobody wrote it: it was filled in because the version
// cannot leave it out.
func isFilled(n, object tree.Node) bool {
	return n.Kind() == tree.String && n.Text() == "" && n.Place() == object.Place()
}

// pathOf gives the path of a node of the document, counted as the peer counts: without nulls.
func (t *translation) pathOf(n tree.Node) string {
	if t.ways == nil {
		t.ways = tree.WaysBelow(t.root)
	}
	if way := t.ways.To(n); way != nil {
		return way.String()
	}
	return "$"
}

// itemAt finds an item of a list by a step of a path; no node for a step that is no number.
func (t *translation) itemAt(list tree.Node, step string) tree.Node {
	i := 0
	for _, c := range []byte(step) {
		if c < '0' || c > '9' || i > 1<<24 {
			return tree.Node{}
		}
		i = i*10 + int(c-'0')
	}
	if step == "" {
		return tree.Node{}
	}
	return t.index.At(list, i)
}

func itemPath(list string, i int) string { return list + "." + strconv.Itoa(i) }

// Blame has problems of the finished config tell of the document that it was made of: the path there, and keys as the
// document spells them. Their places are those of the document already.
func (r *Result) Blame(problems []diag.Problem) {
	if len(problems) == 0 || r.t == nil {
		return
	}
	written := map[diag.Span]tree.Node{}
	note(r.t.root, written)
	for i := range problems {
		p := &problems[i]
		key := p.Path[strings.LastIndexByte(p.Path, '.')+1:]
		p.Path = language.SnakePath(p.Path)
		if p.Code != codes.VersionInside { // which quotes a text of its own
			p.Message = language.SnakeKeys(p.Message)
		}
		n, known := written[p.Place.Span]
		if !known {
			continue
		}
		p.Path = r.t.pathOf(n)
		if n.IsMember() && n.KeyPlace().Span == p.Place.Span && n.Key() != language.Snake(key) {
			p.Message = "in the config that is made of this, " + p.Message
		}
	}
}

// note lists the nodes of a tree by the places of their values and keys, the outer ones before the inner.
func note(n tree.Node, by map[diag.Span]tree.Node) {
	for _, span := range []diag.Span{n.Span(), n.KeyPlace().Span} {
		if !by[span].Exists() {
			by[span] = n
		}
	}
	for c := range n.Children() {
		note(c, by)
	}
}
