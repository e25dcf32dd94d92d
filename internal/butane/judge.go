package butane

import (
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/language"
)

// judge holds the config that came out against the rules of its version.
func (t *translation) judge() {
	out, problems, ignored := document.Decode(t.config)
	t.out = out
	problems = append(problems, ignored...)
	if out != nil && t.Rules != nil {
		out.Packed = t.packed
		problems = append(problems, t.Rules(out)...)
	}
	for _, p := range problems {
		switch {
		case p.Code == codes.ModeOctal: // it says how JSON writes modes; what there is to say of YAML has been said
		case p.More > 0:
			t.log.Add(p)
		default:
			p.Message, p.Hint = language.SnakeKeys(p.Message), language.SnakeKeys(t.ownVersion(p.Hint))
			q := t.tell(p)
			switch misread := t.misreads[q.Place.Span]; {
			case misread && q.Code == codes.ModeSpecial:
				q.PeerOnly = true
			case misread && q.Code == codes.ModeRange: // what to write has been said
				q.Hint, q.Fix = "", nil
			}
		}
	}
}

// ownVersion changes a hint to set ignition.version, which documents do not have, into one that names the first version
// of the variant that has the field.
func (d Dialect) ownVersion(hint string) string {
	const ask = "set ignition.version to "
	rest, found := strings.CutPrefix(hint, ask)
	end := strings.IndexAny(rest+" ", " ,")
	v, err := config.ParseVersion(rest[:end])
	if !found || err != nil {
		return hint
	}
	if _, other, or := strings.Cut(rest[end:], ", or "); or && d.has(machineConfig) {
		return other // what its machines cannot do does not come with a version
	}
	first, ok := d.firstWith(func(other Dialect) bool { return other.Spec >= v })
	if !ok {
		return ""
	}
	if after, later := strings.CutPrefix(rest[end:], " or newer"); later {
		return "set version to " + language.OrNewer(first.Version) + after
	}
	return "set version to " + first.Version + rest[end:]
}
