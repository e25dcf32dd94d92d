package butane

import (
	"sync"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A feature is one thing that documents say beyond a config. A field that is not set does nothing. A dialect without
// the feature has none of its keys, and none of its functions is called.
type feature struct {
	// needs are the features that a dialect must have; 0 where all dialects have this one.
	needs language.Features
	// fields are the keys of documents. They need the feature, and the features that they name themselves.
	fields []language.Sugar
	// check holds what documents say against its rules.
	check func(*translation)
	// objects adds to objects of the config, by their paths in the document.
	objects map[string]func(t *translation, a *cursor.At, object tree.Node)
	// lower makes a part of the config, out of the document or around the config.
	lower func(*translation)
	// choices lists, by the path of a field, the values that the field takes in a dialect.
	choices map[string]func(Dialect) []string
	// refused: the dialect has the keys, but its machines can do nothing with them.
	refused func(Dialect) bool
	// section is where documents speak of the feature. With an error there the feature may not be lowered, and rules of
	// the config would report the absence of what it makes. absences has the codes of such reports, and makes tells
	// whether an item of the config would have been made.
	section  string
	absences []codes.Code
	makes    func(t *translation, item tree.Node) bool
}

var features = sync.OnceValue(func() (all []feature) {
	for _, made := range sugar() {
		all = append(all, made())
	}
	return all
})

// documents is the shape of a whole document.
var documents = sync.OnceValue(func() *language.Shape {
	var rows []language.Sugar
	for _, f := range features() {
		for _, row := range f.fields {
			row.Needs |= f.needs
			rows = append(rows, row)
		}
	}
	return language.Documents(rows)
})

// objects finds what features add to objects of a shape.
var objects = sync.OnceValue(func() map[*language.Shape]func(*translation, *cursor.At, tree.Node) {
	all := map[*language.Shape]func(*translation, *cursor.At, tree.Node){}
	for _, f := range features() {
		for path, add := range f.objects {
			all[documents().At(path)] = add
		}
	}
	return all
})

// each goes through the features that the dialect has.
func (d Dialect) each(do func(*feature)) {
	all := features()
	for i := range all {
		if d.has(all[i].needs) {
			do(&all[i])
		}
	}
}

// identity is what a document says of itself.
func identity() feature {
	return feature{
		fields: []language.Sugar{
			{Path: "variant", Required: true, Kind: "string", Line: "The system that the document is for."},
			{Path: "version", Required: true, Kind: "string",
				Line: "The version of the variant that the document is written in."},
		},
		choices: map[string]func(Dialect) []string{
			"variant": func(d Dialect) []string { return []string{d.Variant} },
			"version": func(d Dialect) []string { return []string{d.Version} },
		},
	}
}
