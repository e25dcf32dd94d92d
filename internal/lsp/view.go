package lsp

import (
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/butane"
	"github.com/glowplug-os/glowplug/internal/check"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// outlineMost is how many bytes a text has at most of which more is told than its problems.
const outlineMost = 16 << 20

// A view is an outline in the light of the language.
type view struct {
	*outline
	schema document.Schema
}

// view is that of what the text says now, if it is a config.
func (t *text) view() *view {
	if t.outline == nil {
		t.outline = outlined(t.says)
	}
	return &view{t.outline, t.outline.schema()}
}

// schema is that of the version which the text names, or else of the newest one that is stable.
func (o *outline) schema() document.Schema {
	variant, version := o.under("variant"), o.under("version")
	if o.json && variant == "" {
		v, err := config.ParseVersion(o.under("ignition", "version"))
		if err != nil {
			v = config.Stable
		}
		return document.ConfigSchema(v)
	}
	for _, name := range []string{variant, butane.Dialects()[0].Variant} {
		for _, number := range []string{version, ""} {
			if d, err := butane.Find(name, number); err == nil {
				return d.Schema()
			}
		}
	}
	return document.ConfigSchema(config.Stable)
}

// shape is what the language says of the value of an entry, nil where it says nothing.
func (v *view) shape(at int32) *language.Shape {
	var steps []int32
	for ; at > 0; at = v.entries[at].parent {
		steps = append(steps, at)
	}
	shape := v.schema.Shape
	for i := len(steps) - 1; i >= 0 && shape != nil; i-- {
		if e := &v.entries[steps[i]]; e.item {
			shape = shape.Item
		} else {
			shape = v.member(shape, v.name(e))
		}
	}
	return shape
}

// member finds the member of a name, in whichever version it is.
func (v *view) member(of *language.Shape, name string) *language.Shape {
	if m, _ := v.schema.Edition.FindFolded(of, name); m != nil && (m.Name == name || v.schema.Edition.Folds) {
		return m
	}
	return of.Member(name)
}

// kind is what a value is called.
func kind(s *language.Shape) string {
	switch s.Kind {
	case tree.List:
		return "list of " + map[tree.Kind]string{tree.Object: "objects", tree.List: "lists", tree.String: "texts",
			tree.Number: "numbers", tree.Bool: "truth values"}[s.Item.Kind]
	case tree.Number:
		return "number"
	case tree.Bool:
		return "true or false"
	case tree.Object:
		return "object"
	}
	return "text"
}

// isConfig: there is something to tell of the text beyond its problems.
func (t *text) isConfig() bool {
	if t.config == nil {
		is := len(t.says) <= outlineMost && check.IsConfig(t.name, t.language, t.says)
		t.config = &is
	}
	return *t.config
}

// hover says what the key or the value under the cursor is.
func (s *server) hover(t *text, at int) (any, error) {
	v := t.view()
	spot := v.spot(at)
	e := &v.entries[spot.entry]
	shape := v.shape(spot.entry)
	if shape == nil || spot.part < atKey || shape.Path == "" {
		return nil, nil
	}
	span := e.key
	if e.item {
		span = e.value
	}
	return hover{markdown(v.describe(shape)), s.index(t).textRange(span)}, nil
}

// at reads the parameters of a request about a place in a text. In what is no config there is nothing to tell.
func at(answer func(*server, *text, int) (any, error)) func(*server, *message) (any, error) {
	return func(s *server, m *message) (any, error) {
		p, t, err := about[positionParams](s, m)
		if err != nil {
			return nil, err
		}
		if !t.isConfig() {
			return nil, nil
		}
		return answer(s, t, s.index(t).offset(p.Position))
	}
}

// languagePage is where the language is told of.
const languagePage = "https://github.com/glowplug-os/glowplug/blob/main/docs/config.md"

// describe is what is known of a field, in Markdown.
func (v *view) describe(s *language.Shape) string {
	var b strings.Builder
	b.WriteString("`" + s.Path + "`: " + kind(s) + "\n\n")
	if line := v.line(s); line != "" {
		b.WriteString(line + "\n\n")
	}
	if values := v.choices(s); len(values) > 1 && s.Kind != tree.Bool {
		b.WriteString("One of `" + strings.Join(values, "`, `") + "`.\n\n")
	}
	b.WriteString(v.since(s))
	if s.Key != "" && s.Key != s.Name {
		b.WriteString(" In JSON it is `" + s.Key + "`.")
	} else if snake := language.Snake(s.Key); v.schema.YAML == nil && snake != s.Key {
		b.WriteString(" In YAML it is `" + snake + "`.")
	} else if s.Key == "" && s.Name != "" {
		b.WriteString(" Only documents in YAML have it.")
	}
	b.WriteString(" [The language](" + languagePage + ")")
	return b.String()
}

// line is what a field is for; that of an item is what its list is for.
func (v *view) line(s *language.Shape) string {
	if line := s.Line(); line != "" || !strings.HasSuffix(s.Path, ".*") {
		return line
	}
	if list := v.schema.Shape.At(strings.TrimSuffix(s.Path, ".*")); list != nil {
		return list.Line()
	}
	return ""
}

// since says which version brought a field, and whether this one has it.
func (v *view) since(s *language.Shape) string {
	e := v.schema.Edition
	switch {
	case v.refuses(s):
		return strings.ToUpper(e.Called[:1]) + e.Called[1:] + " cannot have it: its machines can do nothing with it."
	case e.Has(s):
		if what, _ := e.First(s); what != "" {
			return "Since " + what + "."
		}
		return ""
	case e.Never(s):
		return "No version of " + e.Family + " has it."
	}
	what, hint := e.First(s)
	return "It came with " + what + ", and this is " + e.Called + ": " + hint + "."
}

// refuses: machines of the variant can do nothing with a field, or with what it is in.
func (v *view) refuses(s *language.Shape) bool {
	refused := v.schema.Refuses(s)
	for i, c := range s.Path {
		if c == '.' && !refused {
			above := v.schema.Shape.At(s.Path[:i])
			refused = above != nil && v.schema.Refuses(above)
		}
	}
	return refused
}

// choices lists the values of a field; of those that say which language a document is in, all that there are.
func (v *view) choices(shape *language.Shape) []string {
	switch {
	case shape.Kind == tree.Bool:
		return []string{"true", "false"}
	case shape.Field.Path == "ignition.version":
		var all []string
		for number := config.Stable; number >= config.V3_0; number-- {
			all = append(all, number.String())
		}
		return append(all, config.Newest.String())
	case shape.Path == "variant":
		return variants()
	case shape.Path == "version":
		return versions(v.under("variant"))
	}
	return clean(v.schema.Values(shape))
}

// clean leaves out the value that is written as nothing.
func clean(values []string) (all []string) {
	for _, value := range values {
		if value != "" {
			all = append(all, diag.Printable(value))
		}
	}
	return all
}
