package lint

import (
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/directives"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// newer tells of a setting, or of a value of one, that came after a systemd which the unit is for.
func (u *unitLinter) newer(b *body, line *unit.Line, s directives.Setting) {
	if len(u.Systemds) == 0 {
		return
	}
	what, since, at := line.Name, s.Since, nameOf(line)
	if later := directives.ValueSince(line.Name, line.Value); later > 0 {
		what, since, at = line.Name+"="+line.Value, later, valueOf(b.text, line)
	}
	for _, has := range u.Systemds {
		if since > has.Version {
			u.tell(b, codes.UnitDirectiveNewer, at, what+" came with systemd "+strconv.Itoa(since)+", and "+has.Of+
				" has "+strconv.Itoa(has.Version)+", which passes over it", has.Later(since))
		}
	}
}

// targets are those that people order units by, and hang them on (systemd.special(7)).
func targets() []string {
	return strings.Fields("multi-user default graphical graphical-session basic sysinit network network-online " +
		"network-pre local-fs local-fs-pre remote-fs remote-fs-pre timers sockets paths slices time-sync time-set " +
		"rescue emergency getty swap nss-lookup nss-user-lookup first-boot-complete boot-complete cryptsetup " +
		"shutdown reboot poweroff sleep suspend hibernate")
}

// target gives the target that a name without its kind is, or is one letter apart from.
func target(name string) (meant string) {
	for _, known := range targets() {
		if known == name {
			return known
		}
		if len(name) > 3 && oneApart(known, name) {
			meant = known
		}
	}
	return meant
}

// targetMeant gives the target that a list of units may mean, where neither systemd nor the config has what it names.
func (u *unitLinter) targetMeant(s directives.Setting, value string) (meant string) {
	for _, word := range strings.Fields(value) {
		if name, is := strings.CutSuffix(word, ".target"); is && s.IsUnits() && !u.names[word] {
			if meant = target(name); meant != name && meant != "" {
				break
			}
			meant = ""
		}
	}
	return meant
}
