package unit

import (
	"path"
	"slices"
	"strings"
)

// Install is what the [Install] sections of a unit and of its drop-ins say together (systemd.unit(5)).
type Install struct {
	Default string   // DefaultInstance=
	Targets []string // WantedBy=, RequiredBy= and UpheldBy=
	Also    []string
	Alias   []string
}

// ReadInstall reads a unit's text and then those of its drop-ins. ok is false where one of them has a fault.
func ReadInstall(texts ...string) (in Install, ok bool) {
	for _, text := range texts {
		options, ok := InstallOptions(text)
		if !ok {
			return Install{}, false
		}
		in.Take(options)
	}
	return in, true
}

// InstallOptions gives the options of a text that stand in [Install]. ok is false where the text has a fault.
func InstallOptions(text string) (options []Option, ok bool) {
	all, fault := Parse(text)
	if fault != nil {
		return nil, false
	}
	for _, o := range all {
		if o.Section == "Install" {
			options = append(options, o)
		}
	}
	return options, true
}

// Take adds what the options of another text say.
func (in *Install) Take(options []Option) {
	for _, o := range options {
		in.add(o)
	}
}

// add takes an option over. An empty value empties a list (systemd.syntax(7)).
func (in *Install) add(o Option) {
	value := strings.ReplaceAll(o.Value, "\\\n", " ") // a line that goes on
	lists := map[string]*[]string{"WantedBy": &in.Targets, "RequiredBy": &in.Targets, "UpheldBy": &in.Targets,
		"Also": &in.Also, "Alias": &in.Alias}
	switch list := lists[o.Name]; {
	case o.Name == "DefaultInstance":
		in.Default = value
	case list != nil && value == "":
		*list = nil
	case list != nil:
		*list = append(*list, strings.Fields(value)...)
	}
}

// Any tells whether enabling the unit does anything. A default instance alone, or an option that systemd does not know,
// does nothing.
func (in Install) Any() bool { return len(in.Targets)+len(in.Also)+len(in.Alias) > 0 }

// OnlyAlso tells whether enabling the unit enables others and not the unit itself.
func (in Install) OnlyAlso() bool { return len(in.Also) > 0 && len(in.Targets)+len(in.Alias) == 0 }

// StandsAlone tells whether a template can be enabled without naming an instance: it has a default instance, or hangs
// on templates only. systemctl refuses anything else ("destination unit is a non-template unit").
func (in Install) StandsAlone() bool {
	return in.Default != "" || !slices.ContainsFunc(in.Targets, func(target string) bool {
		_, instance, ok := SplitInstance(target)
		return !ok || instance != "" && !strings.Contains(instance, "%")
	})
}

// Value gives the last value of an option in a unit's text, "" where it has none.
func Value(options []Option, section, name string) string {
	for _, o := range slices.Backward(options) {
		if o.Section == section && o.Name == name {
			return o.Value
		}
	}
	return ""
}

// named are the kinds of units that systemd refuses unless their name is the path that they are about
// (systemd.mount(5), systemd.automount(5), systemd.swap(5)), and the option that has it.
var named = map[string]Option{
	".mount":     {Section: "Mount", Name: "Where"},
	".automount": {Section: "Automount", Name: "Where"},
	".swap":      {Section: "Swap", Name: "What"},
}

// NameForPath gives the name that a unit has to have for the path that it is about, and the option with that path. ok
// is false where its kind needs none, or its text does not tell: systemd fills specifiers in, and takes a missing
// Where= from the name.
func NameForPath(name, text string) (want string, of Option, ok bool) {
	if of, ok = named[path.Ext(name)]; !ok {
		return "", of, false
	}
	options, fault := Parse(text)
	if fault != nil {
		return "", of, false
	}
	of.Value = Value(options, of.Section, of.Name)
	if !strings.HasPrefix(of.Value, "/") || strings.Contains(of.Value, "%") {
		return "", of, false
	}
	want = EscapePath(of.Value) + path.Ext(name)
	return want, of, len(want) <= nameMax // systemd puts a hash in the place of a longer one
}

// EscapePath writes a path as systemd-escape --path does (systemd.unit(5), string escaping for inclusion in unit
// names).
func EscapePath(p string) string {
	parts := slices.DeleteFunc(strings.Split(p, "/"), func(part string) bool { return part == "" || part == "." })
	if len(parts) == 0 {
		return "-"
	}
	var b strings.Builder
	for i, part := range parts {
		if i > 0 {
			b.WriteByte('-')
		}
		for k := range len(part) {
			c := part[k]
			switch {
			case c != '.' && c != '-' && c != '\\' && c != '@' && c < 0x80 && !notInName(rune(c)), c == '.' && i+k > 0:
				b.WriteByte(c)
			default:
				b.WriteString(`\x`)
				b.WriteByte("0123456789abcdef"[c>>4])
				b.WriteByte("0123456789abcdef"[c&15])
			}
		}
	}
	return b.String()
}
