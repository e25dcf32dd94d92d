package butane

import (
	"fmt"
	"slices"

	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/language"
)

// Schema describes the dialect's documents to editors, as a JSON Schema.
func (d Dialect) Schema() []byte {
	yaml := &document.YAMLSchema{
		Yes: yesWords(), No: noWords(), Labels: []string{roleLabel}, First: "variant", Choices: d.choices,
		Refuses: d.refuses,
		RefusesValue: func(m *language.Shape, value string) bool {
			return m.Field.Path == formatField && d.refusesFormat(value)
		},
	}
	return document.Schema{Title: "Butane document: " + d.String(), Shape: documents(), Edition: d.edition(),
		YAML: yaml}.JSON()
}

const formatField = "storage.filesystems.*.format"

// choices lists the values that sugar may have, nil for any.
func (d Dialect) choices(m *language.Shape) (known []string) {
	switch m.Path {
	case "variant":
		return []string{d.Variant}
	case "version":
		return []string{d.Version}
	case "boot_device.layout":
		for _, l := range d.layouts() {
			known = append(known, l.name)
		}
	case "openshift.kernel_type":
		return kernelTypes()
	}
	return known
}

// refuses: machines of the variant can do nothing with the field, whatever is in it.
func (d Dialect) refuses(m *language.Shape) bool {
	for _, r := range Restrictions() {
		if r.holds(d) && m.Field.Path != "" && slices.Contains(r.Paths, m.Field.Path) {
			return true
		}
	}
	return m.Path == "grub" && d.openshift() && !d.wholeGrub()
}

// edition says which keys the dialect has.
func (d Dialect) edition() *language.Edition {
	return &language.Edition{
		Version: d.Spec, Features: d.has, Called: "a document of " + d.String(), Family: "the variant " + d.Variant,
		Odd: oddInDocuments,
		First: func(m *language.Shape) (what, hint string) {
			if first := firstWith(m, d.Variant); first != nil {
				return first.String(), fmt.Sprintf("set version to %s or newer", first.Version)
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

// firstWith finds the first version of a variant that has a field.
func firstWith(m *language.Shape, variant string) *Dialect {
	for _, d := range Dialects() {
		if d.Variant == variant && d.edition().Has(m) {
			return &d
		}
	}
	return nil
}
