package contrast

import (
	"github.com/glowplug-os/glowplug/internal/directives"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// otherSetting stands for settings whose names may be anything.
const otherSetting = "another setting"

func isUnit(s *language.Shape) bool {
	return s.Path == "systemd.units.*.contents" || s.Path == "systemd.units.*.dropins.*.contents"
}

// settings names those in whose values two units differ, by names that systemd has, each once. There are none where the
// units differ in comments or in the order of settings, or are no text of a unit.
func settings(was, now string) (names []string) {
	a, fault := unit.Lines(was)
	b, wrong := unit.Lines(now)
	if fault != nil || wrong != nil {
		return nil
	}
	type setting struct{ section, name, value string }
	more := map[setting]int{} // how many more there are now
	for _, line := range a {
		more[setting{line.Section, line.Name, line.Value}]--
	}
	for _, line := range b {
		more[setting{line.Section, line.Name, line.Value}]++
	}
	told := map[string]bool{}
	for _, line := range append(a, b...) {
		if line.Head || more[setting{line.Section, line.Name, line.Value}] == 0 {
			continue
		}
		name := otherSetting
		if _, known := directives.Find(line.Section, line.Name); known {
			name = "[" + line.Section + "] " + line.Name
		}
		if !told[name] {
			told[name] = true
			names = append(names, name)
		}
	}
	return names
}
