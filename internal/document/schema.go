package document

import (
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A Schema is what a JSON Schema is made of, which describes the documents of an edition to editors. It takes what the
// reader takes without a word, but for rules that tie one field to another.
//
// It is of draft 7, with everything written out where it stands: that is what editors' YAML servers know best.
type Schema struct {
	Title   string
	Shape   *language.Shape
	Edition *language.Edition
	// YAML is nil for configs in JSON.
	YAML *YAMLSchema
}

// A YAMLSchema is what only Butane documents have.
type YAMLSchema struct {
	// Yes and No are other words for true and false.
	Yes, No []string
	// Labels are those that an object of labels needs.
	Labels []string
	// First is the key that an editor is to offer first.
	First string
	// Choices gives the values of sugar, nil for any.
	Choices func(m *language.Shape) []string
	// Refuses: machines of the variant can do nothing with the field, or with a value of it.
	Refuses      func(m *language.Shape) bool
	RefusesValue func(m *language.Shape, value string) bool
}

// ConfigSchema describes configs of a version.
func ConfigSchema(v config.Version) Schema {
	return Schema{Title: "Ignition config: " + v.String(), Shape: language.Config(), Edition: language.OfVersion(v)}
}

// A keyword is a member of a schema. Its value is a string, a bool, a list of words, or keywords.
type keyword struct {
	name  string
	value any
}

// JSON is the text of the schema.
func (s Schema) JSON() []byte {
	head := []keyword{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", s.Title}}
	return append(appendKeywords(nil, append(head, s.place(s.Shape, false)...), 0), '\n')
}

// place describes one place. What is needed cannot be null.
func (s Schema) place(at *language.Shape, needed bool) []keyword {
	var k []keyword
	if line := at.Line(); line != "" {
		k = append(k, keyword{"description", line})
	}
	if words := s.choices(at); words != nil {
		return append(k, keyword{"enum", words})
	}
	kinds := s.kinds(at)
	if !needed && (at.Kind != tree.Object || at.Labels || at.Field.Nullable.Has(s.Edition.Version)) {
		kinds = append(kinds, "null")
	}
	k = append(k, keyword{"type", oneOrMore(kinds)})
	switch {
	case at.Labels:
		k = append(k, keyword{"required", words(s.YAML.Labels)},
			keyword{"additionalProperties", []keyword{{"type", anyText()}}})
	case at.Kind == tree.Object:
		k = append(k, s.members(at)...)
	case at.Kind == tree.List:
		k = append(k, keyword{"items", s.place(at.Item, true)})
	case at.Kind == tree.Bool && s.YAML != nil:
		k = append(k, keyword{"pattern", "^(" + strings.Join(append(s.YAML.Yes, s.YAML.No...), "|") + ")$"})
	}
	return k
}

func (s Schema) kinds(at *language.Shape) []any {
	switch {
	case at.Kind == tree.Object:
		return []any{"object"}
	case at.Kind == tree.List:
		return []any{"array"}
	case at.Kind == tree.Number:
		return []any{"integer"}
	case at.Kind == tree.Bool && s.YAML != nil:
		return []any{"boolean", "string"}
	case at.Kind == tree.Bool:
		return []any{"boolean"}
	case s.YAML != nil: // any scalar is text
		return anyText()
	}
	return []any{"string"}
}

// anyText: every scalar is text where text belongs.
func anyText() []any { return []any{"string", "number", "boolean"} }

func words(all []string) (list []any) {
	for _, word := range all {
		list = append(list, word)
	}
	return list
}

func oneOrMore(words []any) any {
	if len(words) == 1 {
		return words[0]
	}
	return words
}

// members describes the keys of an object, what tells its dialect first.
func (s Schema) members(of *language.Shape) []keyword {
	var properties []keyword
	var required []any
	for _, m := range s.Members(of) {
		needed := s.Needs(m)
		if needed {
			required = append(required, m.Name)
		}
		properties = append(properties, keyword{m.Name, s.place(m, needed)})
	}
	k := []keyword{{"additionalProperties", false}}
	if required != nil {
		k = append(k, keyword{"required", required})
	}
	return append(k, keyword{"properties", properties})
}

// Members lists what may stand in an object, in the order in which an editor offers it.
func (s Schema) Members(of *language.Shape) (all []*language.Shape) {
	rest := len(of.Members)
	if s.YAML != nil && of.Path == "" {
		rest = slices.Index(of.Members, of.Member(s.YAML.First))
	}
	for _, m := range slices.Concat(of.Members[rest:], of.Members[:rest]) {
		if s.Edition.Has(m) && !s.Refuses(m) {
			all = append(all, m)
		}
	}
	return all
}

// Refuses: the machines that the documents are for can do nothing with a field.
func (s Schema) Refuses(m *language.Shape) bool { return s.YAML != nil && s.YAML.Refuses(m) }

// Needs: an object cannot be without the member.
func (s Schema) Needs(m *language.Shape) bool {
	return m.Field.Required.Has(s.Edition.Version) && (s.YAML == nil || !m.Field.Elsewhere)
}

// choices lists the values that a field may have, nil where they cannot be listed. A number is text in YAML too.
func (s Schema) choices(at *language.Shape) []any {
	var values []any
	for _, value := range s.Values(at) {
		values = append(values, value)
		if number, err := strconv.Atoi(value); err == nil && s.YAML != nil {
			values = append(values, number)
		}
	}
	return values
}

// Values lists the values that a field may have, nil where they cannot be listed.
func (s Schema) Values(at *language.Shape) []string {
	return slices.DeleteFunc(slices.Clone(s.values(at)), func(value string) bool {
		return s.YAML != nil && s.YAML.RefusesValue(at, value)
	})
}

func (s Schema) values(at *language.Shape) (names []string) {
	switch {
	case at.Field.Path == "ignition.version":
		return []string{s.Edition.Version.String()}
	case at.Key == "" && s.YAML != nil:
		return s.YAML.Choices(at)
	case at.Field.Part != config.Whole:
		return nil
	}
	for _, value := range at.Field.In(s.Edition.Version) {
		names = append(names, value.Name)
	}
	return names
}

// appendKeywords writes members of an object, in lines.
func appendKeywords(out []byte, all []keyword, depth int) []byte {
	e := encoder{out: append(out, '{'), pretty: true}
	for i, k := range all {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		e.newline(depth + 1)
		e.out = append(AppendQuoted(e.out, k.name), ": "...)
		e.out = appendKeyword(e.out, k.value, depth+1)
	}
	e.newline(depth)
	return append(e.out, '}')
}

func appendKeyword(out []byte, value any, depth int) []byte {
	switch v := value.(type) {
	case string:
		return AppendQuoted(out, v)
	case int:
		return strconv.AppendInt(out, int64(v), 10)
	case bool:
		return strconv.AppendBool(out, v)
	case []any:
		out = append(out, '[')
		for i, item := range v {
			if i > 0 {
				out = append(out, ", "...)
			}
			out = appendKeyword(out, item, depth)
		}
		return append(out, ']')
	}
	return appendKeywords(out, value.([]keyword), depth)
}
