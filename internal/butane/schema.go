package butane

import (
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/language"
)

// Schema describes the dialect's documents to editors.
func (d Dialect) Schema() document.Schema {
	yaml := &document.YAMLSchema{
		Yes: yesWords(), No: noWords(), Labels: []string{roleLabel}, First: "variant", Choices: d.choices,
		Refuses: d.refuses,
		RefusesValue: func(m *language.Shape, value string) bool {
			return m.Field.Path == formatField && d.refusesFormat(value)
		},
	}
	return document.Schema{Title: "Butane document: " + d.String(), Shape: documents(), Edition: d.edition(),
		YAML: yaml}
}

const formatField = "storage.filesystems.*.format"

// choices lists the values that sugar may have, nil for any.
func (d Dialect) choices(m *language.Shape) []string {
	known := m.Takes
	d.each(func(f *feature) {
		if list := f.choices[m.Path]; list != nil {
			known = list(d)
		}
	})
	return known
}

// edition says which keys the dialect has.
func (d Dialect) edition() *language.Edition {
	return &language.Edition{
		Version: d.Spec, Features: d.features, Indents: true, Odd: oddInDocuments, Root: documents,
		Called: "a document of " + d.String(), Family: "the variant " + d.Variant,
		First: func(m *language.Shape) (what, hint string) {
			if first, ok := d.firstWith(func(d Dialect) bool { return d.edition().Has(m) }); ok {
				return first.String(), "set version to " + language.OrNewer(first.Version)
			}
			return "", ""
		},
	}
}

// oddInDocuments explains a key of configs.
func oddInDocuments(s *language.Shape, key string) (message, hint string) {
	if s.Path != "ignition" || key != "version" {
		return "", ""
	}
	return `the key "version" means nothing here: the variant and its version decide; it is ignored`,
		"remove it, or write the config in JSON and leave variant out"
}
