package butane

import (
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A finding is something wrong with the config that comes out, before it is said of the document.
func (t *translation) find(
	severity diag.Severity, code codes.Code, path string, n tree.Node, message string,
) *diag.Problem {
	p, kept := t.problems.Next(diag.Problem{Severity: severity, Code: code})
	if kept {
		*p = t.blame(diag.Problem{Severity: severity, Code: code, Path: path, Place: n.Place(), Message: message})
	}
	return p
}

// blame says a problem of the config of the line of the document that caused it.
func (t *translation) blame(p diag.Problem) diag.Problem {
	config := p.Path
	p.Path, p.Place = t.blamed(p.Path, p.Place)
	if p.Inside != nil && !t.Peer {
		p.Inside = t.inside(*p.Inside, config)
	}
	p.Fix = t.blamedFix(p.Fix)
	p.Related = slices.Clone(p.Related)
	for i := range p.Related {
		r := &p.Related[i]
		r.Path, r.Place = t.blamed(r.Path, r.Place)
		r.Message = language.SnakeKeys(r.Message)
	}
	return p
}

// inside places a part of a value of the config: in the local file, or in the text of the document, that it came from.
func (t *translation) inside(part diag.Inside, path string) *diag.Inside {
	origin := t.tracer.Origin(t.deepest(path).Place())
	if local := t.opened[origin]; local != nil {
		part.Place = diag.Place{Doc: local, Span: part.Span}
	} else if origin.Kind() == tree.String && origin.Text() == part.Text && !origin.Aliased() {
		part.Place, _ = origin.Inset().Place(part.Span)
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

// blamedFix puts a fix of a value to where the document has it, if it is there as it is.
func (t *translation) blamedFix(f *diag.Fix) *diag.Fix {
	if f == nil {
		return nil
	}
	from := t.tracer.Origin(f.Place)
	if !from.Exists() || from.Kind() >= tree.List || from.Text() != f.Old || t.Peer {
		return nil
	}
	moved := *f
	moved.Place = from.Place()
	return &moved
}

// blamed finds the deepest node on the way to a path of the config, and what it was made from. For what is not there
// the peer makes up a path by spelling that of the config like one of the document.
func (t *translation) blamed(path string, place diag.Place) (string, diag.Place) {
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
	origin := t.tracer.Origin(n.Place())
	if !origin.Exists() {
		return language.SnakePath(path), place
	}
	switch {
	case rest == "":
		path = t.pathOf(origin)
	// of that it knew even where it is not said
	case t.Peer && t.openshift() && !t.Raw && !(rest == "path" && t.Spec < config.V3_5):
		path = machineConfigPath(path)
	case t.Peer && rest != "path":
		path = language.SnakePath(path)
	default:
		path = t.pathOf(origin) + "." + language.SnakePath(rest)
	}
	if t.Peer {
		return path, t.lookup(path)
	}
	return path, origin.Place()
}

// isFilled: an empty text that stands where its object does is there because the version cannot leave it out; nobody
// wrote it.
func isFilled(n, object tree.Node) bool {
	return n.Kind() == tree.String && n.Text() == "" && n.Place() == object.Place()
}

// machineConfigPath is where the peer sees a field in a MachineConfig.
func machineConfigPath(path string) string { return "$.spec.config" + language.SnakePath(path)[1:] }

// pathOf gives the path of a node of the document, as the peer counts: without nulls.
func (t *translation) pathOf(n tree.Node) string {
	if t.ways == nil {
		t.ways = t.top.node.Ways()
	}
	if way := t.ways.To(n); way != nil {
		return way.String()
	}
	return "$"
}

func itemPath(list string, i int) string { return list + "." + strconv.Itoa(i) }
