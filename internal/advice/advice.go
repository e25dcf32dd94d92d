package advice

import (
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/butane"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// most is how large a text may be that is read anew: what remembers all of its values takes fifty times as much, and
// people do not write larger ones by hand.
const most = 512 << 10

// Give has problems say what to write instead, where that can be known. What it knows nothing of stays as it is.
func Give(problems []diag.Problem) {
	texts := map[*diag.Document]*text{}
	for i := range problems {
		p := &problems[i]
		adviser := adviserOf(p.Code)
		if p.Code == codes.JSONSyntax && p.Place.Doc != nil && !asDocument(p, inYAML(p.Place.Doc)) {
			aim(p)
		}
		if p.Code == codes.Duplicate {
			order(p)
		}
		if adviser == nil || p.Place.Doc == nil || p.More > 0 || len(p.Place.Doc.Text) > most {
			continue
		}
		if texts[p.Place.Doc] == nil {
			texts[p.Place.Doc] = read(p.Place.Doc)
		}
		if of := texts[p.Place.Doc].at(p); of.n.Exists() {
			switch a := adviser(of); {
			case a.hint != "" && a.keeps:
				p.Hint = a.hint
			case a.hint != "":
				p.Hint, p.Fix = a.hint, a.fix(of)
			}
		}
	}
}

// order keeps a note from calling the first what comes later in the text: rules do not look at lists in its order.
func order(p *diag.Problem) {
	if len(p.Related) == 1 && p.Related[0].Message == diag.FirstHere &&
		p.Related[0].Place.Span.Start > p.Place.Span.Start && p.Related[0].Place.Doc == p.Place.Doc {
		p.Related = []diag.Related{p.Related[0]}
		p.Related[0].Message = "it is defined here too"
	}
}

// An advice is what to write. certain: nothing else than value can have been meant; bare, as for diag.Fix; keeps: the
// problem's own fix stays.
type advice struct {
	hint, value          string
	certain, bare, keeps bool
}

func (a advice) fix(of *wrong) *diag.Fix {
	switch {
	case !a.certain:
		return nil
	case a.bare:
		return diag.Replace(of.place, of.n.Text(), a.value)
	}
	return diag.Rewrite(of.place, of.n.Text(), a.value)
}

// adviserOf gives what knows about the problems with a code; nil for nothing.
func adviserOf(code codes.Code) func(*wrong) advice {
	switch code {
	case codes.WrongType:
		return (*wrong).instead
	case codes.KeyUnknown:
		return (*wrong).opposite
	case codes.KeyCase:
		return (*wrong).folded
	case codes.ModeDecimal, codes.NumberFraction, codes.NumberDigit:
		return (*wrong).bits
	case codes.PathRelative:
		return (*wrong).path
	case codes.RAIDLevel, codes.FormatUnknown, codes.CompressionUnknown:
		return (*wrong).value
	case codes.HashForm:
		return (*wrong).digest
	case codes.DataByte:
		return (*wrong).octet
	case codes.URLScheme:
		return (*wrong).scheme
	case codes.UnitNameExtension:
		return (*wrong).unitName
	case codes.DropinNameExtension:
		return (*wrong).dropinName
	case codes.VersionMissing, codes.VersionSyntax, codes.VersionUnknown:
		return (*wrong).version
	case codes.VariantUnknown:
		return (*wrong).variant
	case codes.Duplicate:
		return (*wrong).mirrored
	}
	return nil
}

// A wrong is something that is wrong: a value or a member, and where it stands.
type wrong struct {
	p     *diag.Problem
	place diag.Place
	n     tree.Node
	s     *language.Shape // of the value; of an unknown key, that of its object; nil where that is not known
	word  string          // what a scalar says, without blanks around it
	root  tree.Node
	spec  config.Version
	// json: the text is in JSON; config: its keys are those of configs.
	json, config bool
}

// A text is read anew: a config is changed while it is decoded, and what was wrong is not in it any more.
type text struct {
	root  tree.Node
	nodes map[diag.Span]tree.Node // by the places of their values and keys
	json  bool
}

const byteOrderMark = "\ufeff"

func read(doc *diag.Document) *text {
	own := &diag.Document{Text: doc.Text}
	mark := 0
	if strings.HasPrefix(doc.Text, byteOrderMark) {
		mark = len(byteOrderMark)
	}
	t := &text{nodes: map[diag.Span]tree.Node{}, json: true}
	root, problem := tree.NewArena().ParseJSONAt(own, mark)
	if problem != nil {
		root, _ = tree.NewArena().ParseYAML(own)
		t.json = strings.HasPrefix(strings.TrimLeft(own.Text[mark:], " \t\r\n"), "{")
	}
	t.root = root
	t.note(root)
	return t
}

func (t *text) note(n tree.Node) {
	if !n.Exists() {
		return
	}
	if t.nodes[n.Span()] == (tree.Node{}) {
		t.nodes[n.Span()] = n
	}
	if n.IsMember() {
		t.nodes[n.KeyPlace().Span] = n
	}
	if n.Kind() < tree.List {
		return
	}
	for c := range n.Children() {
		t.note(c)
	}
}

// at finds what a problem is about.
func (t *text) at(p *diag.Problem) *wrong {
	w := &wrong{p: p, place: p.Place, n: t.nodes[p.Place.Span], root: t.root, json: t.json, spec: config.Newest}
	variant := t.root.Get("variant")
	shape := butane.Shape()
	if w.config = !variant.Exists(); w.config {
		shape = language.Config()
		if v, err := config.ParseVersion(t.root.Get("ignition").Get("version").Text()); err == nil {
			w.spec = v
		}
	} else if d, err := butane.Find(variant.Text(), t.root.Get("version").Text()); err == nil {
		w.spec = d.Spec
	}
	if w.n.Kind() < tree.List {
		w.word = strings.TrimSpace(w.n.Text())
	}
	steps := strings.Split(p.Path, ".")[1:]
	if p.Code == codes.KeyUnknown || p.Code == codes.KeyCase {
		steps = steps[:max(len(steps)-1, 0)]
	}
	for i, step := range steps {
		if step != "" && strings.Trim(step, "0123456789") == "" {
			steps[i] = "*"
		}
	}
	if w.s = shape; len(steps) > 0 {
		w.s = shape.At(strings.Join(steps, "."))
	}
	return w
}
