package butane

import (
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/field"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// podmanUnits is the feature of quadlets, the files of which podman makes units (docs/peer/butane.md §8).
func podmanUnits() feature {
	return feature{
		needs: quadlets,
		fields: []language.Sugar{
			{Path: "systemd.quadlets", Kind: "[object]", Line: "Podman quadlets to write."},
			{Path: "systemd.quadlets.*.contents", Kind: "string", Line: "The quadlet's text.", Secret: true},
			{Path: "systemd.quadlets.*.contents_local", Kind: "string", Line: "A local file with the quadlet's text."},
			{Path: "systemd.quadlets.*.name", Required: true, Kind: "string",
				Line: "Name with its extension; name@instance.container is a link to its template."},
			{Path: "systemd.quadlets.*.rootful", Kind: "bool",
				Line: "For the system's podman instead of the users'."},
			{Path: "systemd.quadlets.*.dropins", Kind: "=systemd.units.*.dropins", Line: "Drop-ins of the quadlet."},
		},
		check: func(t *translation) {
			for quadlet := range t.top.To("systemd", "quadlets").Items() {
				quadletRules(quadlet)
			}
		},
		lower: lowerQuadlets,
	}
}

// quadletRules: a problem of the name hides other problems of the quadlet, as in the peer. Whether a name may have
// slashes is judged where the file is written.
func quadletRules(q *cursor.At) {
	name := q.Key("name")
	known := false
	for _, extension := range unit.QuadletExtensions() {
		known = known || strings.HasSuffix(name.Text(), extension)
	}
	if !known {
		name.Errorf(codes.QuadletExtension, "%q has no extension of a quadlet",
			name.Text()).Advise("name it with one of %s", strings.Join(unit.QuadletExtensions(), ", "))
		return
	}
	name.Fault(unit.CheckNameStrictly(name.Text())).Strictly()
	if template(name.Text()) != "" {
		for _, key := range []string{"contents", "contents_local"} {
			if q.Key(key).Set() {
				q.Key(key).Errorf(codes.QuadletInstance, "an instance of a template has no text of its own").
					Advise("give it to the template, or write a drop-in")
			}
		}
	} else {
		notBoth(q)
	}
	for dropin := range q.Key("dropins").Items() {
		row := field.Dropin()
		fault, _ := row.Check(dropin.Key("name").Text())
		dropin.Key("name").Fault(fault).Strictly()
		notBoth(dropin)
	}
}

// template gives the name of the template that a quadlet is an instance of, "" if it is none.
func template(name string) string {
	at, dot := strings.IndexByte(name, '@'), strings.LastIndexByte(name, '.')
	if at < 0 || dot == at+1 || dot < at {
		return ""
	}
	return name[:at+1] + name[dot:]
}

// lowerQuadlets writes quadlets as the files that podman looks for (docs/peer/butane.md §8).
func lowerQuadlets(t *translation) {
	quadlets := t.top.To("systemd", "quadlets")
	if quadlets.Count() == 0 {
		return
	}
	g := groundOf(t)
	for q := range quadlets.Items() {
		name := q.Key("name").Text()
		if name == "" {
			continue // that is told already
		}
		folder := "/etc/containers/systemd/users"
		if q.Key("rootful").IsTrue() {
			folder = "/etc/containers/systemd"
		}
		where := path.Join(folder, name)
		if of := template(name); of == "" {
			g.text(q, where)
		} else if g.nodes[where].Exists() {
			occupied(q, where)
		} else {
			g.add(q.Node(), "links", where).Append().AddMember("target", t.Scalar(q.Node(), tree.String, of))
		}
		for dropin := range q.Key("dropins").Items() {
			g.text(dropin, path.Join(where+".d", dropin.Key("name").Text()))
		}
	}
	t.index = tree.Index{}
}

// text writes the text of a quadlet or a drop-in.
func (g *ground) text(a *cursor.At, where string) {
	text, from := a.Key("contents").Text(), a.Key("contents").Origin()
	if local := a.Key("contents_local"); local.Text() != "" {
		var ok bool
		if text, ok = g.t.locals.read(local); !ok {
			return
		}
		from = local.Node()
	}
	if g.nodes[where].Exists() {
		occupied(a, where)
		return
	}
	n := g.add(a.Node(), "files", where)
	contents := g.t.Object(from)
	g.t.embed(from, text, "").add(contents.Append())
	n.Append().AddMember("contents", contents)
	n.Append().AddMember("mode", g.t.Scalar(a.Node(), tree.Number, "420"))
}
