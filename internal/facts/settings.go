package facts

import (
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// A setting is a text that planners go by, and that an image may keep to root: what is noted of it then, by where it
// is.
type setting struct {
	is    func(at string) bool
	noted func(text string) string
}

// settings are those of which something is noted, the first that it is.
var settings = []setting{
	{isPlain, func(text string) string { return text }},
	{isUnit, installOnly},
	{func(at string) bool { return strings.HasPrefix(at, "/etc/ssh/") }, keyFilesOnly},
}

// settingOf is what is noted of the text at a place that not everybody may read.
func settingOf(at, text string) (noted string, is bool) {
	i := slices.IndexFunc(settings, func(s setting) bool { return s.is(at) })
	if i < 0 {
		return "", false
	}
	return settings[i].noted(text), true
}

// plainSettings have no place for a secret: names, numbers, and what is on or off.
var plainSettings = []string{accounts.SubUIDFile, accounts.SubGIDFile, accounts.NSSwitchFile, accounts.LoginDefsFile,
	accounts.UseraddFile, "/etc/selinux/config", "/usr/lib/glowplug/distribution.json"}

// isPlain: those, and what systemd.preset(5) and sysusers.d(5) read.
func isPlain(at string) bool {
	return slices.Contains(plainSettings, at) || path.Ext(at) == ".preset" || path.Base(path.Dir(at)) == "sysusers.d"
}

// isUnit: a unit file, or a drop-in of units (systemd.unit(5)).
func isUnit(at string) bool {
	return unit.CheckName(path.Base(at)) == nil ||
		strings.HasSuffix(path.Dir(at), ".d") && path.Base(path.Dir(path.Dir(at))) == "system"
}

// installOptions are those by which units are enabled, systemd.unit(5).
var installOptions = []string{"Alias", "Also", "DefaultInstance", "RequiredBy", "UpheldBy", "WantedBy"}

// installOnly keeps of a unit what enables it, that it is empty, which masks it, and that it has a fault.
func installOnly(text string) string {
	options, ok := unit.InstallOptions(text)
	switch {
	case text == "":
		return ""
	case !ok:
		return "["
	}
	var b strings.Builder
	b.WriteString("[Install]")
	for _, o := range options {
		if slices.Contains(installOptions, o.Name) {
			b.WriteString("\n" + o.Name + "=" + o.Value) // the last may end with a backslash
		}
	}
	return b.String()
}

// keyFilesOnly keeps of a text of sshd_config(5) which files have keys, which texts it goes on in, and whether there is
// a program that gives keys.
func keyFilesOnly(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		words := strings.Fields(strings.NewReplacer("=", " ", `"`, "").Replace(line))
		if len(words) < 2 {
			continue
		}
		switch keyword := strings.ToLower(words[0]); keyword {
		case "authorizedkeysfile", "include":
			b.WriteString(strings.Join(words, " ") + "\n")
		case "authorizedkeyscommand":
			program := "none"
			if slices.ContainsFunc(words[1:], func(w string) bool { return w != program }) {
				program = hiddenValue
			}
			b.WriteString(keyword + " " + program + "\n")
		}
	}
	return b.String()
}
