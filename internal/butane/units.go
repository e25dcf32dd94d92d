package butane

import (
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// unitTexts is the feature of units and drop-ins whose text is in local files.
func unitTexts() feature {
	return feature{
		needs: localUnits,
		fields: []language.Sugar{
			{Path: "systemd.units.*.contents_local", Kind: "string", Line: "A local file with the unit's text."},
			{Path: "systemd.units.*.dropins.*.contents_local", Kind: "string",
				Line: "A local file with the drop-in's text."},
		},
		check: func(t *translation) {
			for unit := range t.top.To("systemd", "units").Items() {
				notBoth(unit)
				for dropin := range unit.Key("dropins").Items() {
					notBoth(dropin)
				}
			}
		},
		objects: map[string]func(*translation, *cursor.At, tree.Node){
			"systemd.units.*": localUnit, "systemd.units.*.dropins.*": localUnit,
		},
	}
}

// notBoth: a unit or a drop-in has its text from one place.
func notBoth(a *cursor.At) {
	if own, local := a.Key("contents"), a.Key("contents_local"); own.Set() && local.Set() {
		local.Errorf(codes.ContentsTwice, "only one of contents and contents_local can give the text").
			See(own, "it is given here")
	}
}

// localUnit gives a unit, or a drop-in, the text of its local file.
func localUnit(t *translation, a *cursor.At, unit tree.Node) {
	local := a.Key("contents_local")
	if local.Text() == "" {
		return
	}
	if text, ok := t.locals.read(local); ok {
		t.locals.remember(local, text)
		unit.Append().AddMember("contents", t.Scalar(local.Node(), tree.String, text))
	}
}
