// Package directives is the table of what systemd reads in units: which section has which setting, since which version,
// and what it takes; pure. What is wrong with a unit as a whole is not its business.
//
// The table is settings.txt, which tests/systemd makes of a package of Debian 13 and holds against it.
package directives

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/glowplug-os/glowplug/internal/unit"
)

// table has in each line settings of the same kind, sorted: the letters of their sections, what they take, and since
// which version, 0 where their pages do not say; then their names. Of an assertion it has nothing, as the condition
// says the same. Its first line says where it is from.
//
//go:embed settings.txt
var table string

// A Setting is what systemd takes in a section.
type Setting struct {
	sections string
	// takes is a letter of the table. Single values, of which the last one counts: b a truth value, m a mode, n a
	// number, s a span of time, u a unit, p a path, 1 something else. Lists, or what may be one: S spans, U units, x
	// command lines, - something else.
	takes byte
	Since int // the version of systemd; 0 where the table does not say
}

// IsList tells whether a setting may be given several times, for all that is known of it.
func (s Setting) IsList() bool { return strings.IndexByte("SUx-", s.takes) >= 0 }

// IsCommand tells whether a setting takes command lines.
func (s Setting) IsCommand() bool { return s.takes == 'x' }

var byName = sync.OnceValue(func() map[string][]Setting {
	all := make(map[string][]Setting, 600)
	for _, line := range strings.Split(table, "\n") {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[0] == "#" {
			continue
		}
		s := Setting{sections: fields[0], takes: fields[1][0]}
		s.Since, _ = strconv.Atoi(fields[2])
		for _, name := range fields[3:] {
			all[name] = append(all[name], s)
			if rest := strings.TrimPrefix(name, "Condition"); rest != name {
				all["Assert"+rest] = append(all["Assert"+rest], s)
			}
		}
	}
	return all
})

// ValueSince is since when a setting has a value that came after the setting; 0 for others (systemd.service(5),
// systemd.exec(5)).
func ValueSince(name, value string) int {
	switch name + "=" + value {
	case "Type=notify-reload":
		return 253
	case "RestartMode=debug", "PrivateTmp=disconnected":
		return 257
	}
	return 0
}

// letterOf gives the letter that a section has in the table, 0 where it is none of the table's.
func letterOf(section string) byte {
	switch section {
	case "Unit", "Service", "Mount", "Automount", "Timer", "Path", "Install":
		return section[0]
	case "Socket":
		return 'K'
	case "Swap":
		return 'W'
	case "Slice":
		return 'L'
	case "Scope":
		return 'C'
	}
	return 0
}

// Find looks a setting up in a section.
func Find(section, name string) (s Setting, known bool) {
	letter := letterOf(section)
	for _, s := range byName()[name] {
		if strings.IndexByte(s.sections, letter) >= 0 {
			return s, true
		}
	}
	return s, false
}

// With lists the sections that have a setting.
func With(name string) (sections []string) {
	for _, section := range unit.Sections() {
		if _, known := Find(section, name); known {
			sections = append(sections, section)
		}
	}
	return sections
}

// Names lists the settings of a section, sorted. The list is for reading only.
func Names(section string) []string { return bySection()[section] }

var bySection = sync.OnceValue(func() map[string][]string {
	all := map[string][]string{}
	for name := range byName() {
		for _, section := range With(name) {
			all[section] = append(all[section], name)
		}
	}
	for _, names := range all {
		slices.Sort(names)
	}
	return all
})
