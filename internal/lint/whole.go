package lint

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/directives"
	"github.com/glowplug-os/glowplug/internal/order"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// parts are the texts that make up a unit, in the order in which they are read.
type parts []*body

// partsOf lists the texts of a unit; known is false where one of them is missing. Drop-ins of a template are its
// instances' too, those of a-.service are for all whose name begins so, and those of .service for all services
// (systemd.unit(5)). Of those that have one name, one counts.
func (u *unitLinter) partsOf(name string, main *body) (all parts, known bool) {
	plain := strings.TrimPrefix(name, "/")
	user, ext := name[:len(name)-len(plain)], path.Ext(plain)
	stem := strings.TrimSuffix(plain, ext)
	at := strings.IndexByte(stem, '@')
	const nameMax = 255     // systemd knows no longer names
	const linesMost = 1_000 // of texts that may be part of every unit: drop-ins and templates
	lines := 0
	if main.name != plain {
		lines = len(main.lines)
	}
	if lines > linesMost {
		return nil, false
	}
	for i := 0; i <= len(stem) && u.dropins && len(stem) <= nameMax; i++ {
		if i > 0 && i < len(stem) && stem[i-1] != '-' && i != at+1 {
			continue
		}
		if b := u.bundles[user+stem[:i]+ext]; b != nil {
			for _, d := range b.dropins {
				if lines += 1 + len(d.lines); lines > linesMost {
					return nil, false
				}
			}
			if b.unknown {
				return nil, false
			}
			all = append(all, b.dropins...)
		}
	}
	all = append(parts{main}, all.counting()...)
	for _, b := range all {
		if b.lines == nil {
			return nil, false
		}
	}
	return all, true
}

// counting leaves of drop-ins, those of less specific names first, the one of each name that hides the others, in the
// order in which they are read. Those for all units of a kind come after all others, then the directory decides, and
// then whose name is more specific. tests/systemd holds it against systemd.
func (p parts) counting() (all parts) {
	rank := func(b *body) int {
		if strings.HasPrefix(b.name, ".") {
			return 1 + len(unitFolders()) + b.rank
		}
		return b.rank
	}
	slices.Reverse(p)
	order.Stably(p, func(a, b *body) int { return cmp.Or(strings.Compare(a.dropin, b.dropin), rank(a)-rank(b)) })
	return slices.CompactFunc(p, func(a, b *body) bool { return a.dropin == b.dropin })
}

// A saying is a line of a text.
type saying struct {
	of *body
	*unit.Line
}

// all gives what the texts say of a setting, once empty values have taken back what was before.
func (p parts) all(section, name string) (said []saying) {
	for _, b := range p {
		for i := range b.lines {
			if line := &b.lines[i]; line.Name != name || line.Section != section || line.Head {
				continue
			} else if line.Value == "" {
				said = nil
			} else {
				said = append(said, saying{b, line})
			}
		}
	}
	return said
}

// value is the last one, "" where there is none.
func (p parts) value(section, name string) string {
	if said := p.all(section, name); len(said) > 0 {
		return said[len(said)-1].Value
	}
	return ""
}

// any tells whether one of the settings is there; names of others begin with a capital too.
func (p parts) any(section, names string) bool {
	for _, name := range strings.Fields(names) {
		if p.value(section, name) != "" {
			return true
		}
	}
	return false
}

func (p parts) isTrue(section, name string) bool { return directives.IsTrue(p.value(section, name)) }

// needs are what a kind of unit cannot be without.
func needs(ext string) (settings, lacks string) {
	switch ext {
	case ".timer":
		return "OnActiveSec OnBootSec OnStartupSec OnUnitActiveSec OnUnitInactiveSec OnCalendar",
			"it does not say when the timer elapses"
	case ".socket":
		return "ListenStream ListenDatagram ListenSequentialPacket ListenFIFO ListenSpecial ListenNetlink " +
			"ListenMessageQueue ListenUSBFunction", "it does not say what the socket listens on"
	case ".path":
		return "PathExists PathExistsGlob PathChanged PathModified DirectoryNotEmpty", "it has no path to watch"
	case ".mount":
		return "What", "it does not say what is mounted"
	}
	return "", ""
}

// whole tells why systemd refuses to load a unit, all of whose texts are known. tests/systemd holds it against
// systemd-analyze verify.
func (u *unitLinter) whole(name string, main *body) {
	p, known := u.partsOf(name, main)
	if !known {
		return
	}
	own, at, hint := ownSection(main.ext()), saying{main, nil}, ""
	settings, lacks := needs(main.ext())
	switch {
	case main.ext() == ".service":
		at, lacks, hint = p.service(at)
	case settings == "" || p.any(own, settings) || p.isTrue(own, "OnClockChange") || p.isTrue(own, "OnTimezoneChange"):
		lacks = ""
	default:
		first, _, more := strings.Cut(settings, " ")
		if hint = "add " + first + "= to [" + own + "]"; more {
			hint = "add " + first + "= or another such setting to [" + own + "]"
		}
	}
	if want, of, ok := unit.NameForPath(main.name, main.text); ok && main.file && want != main.name {
		lacks, hint = "with "+of.Name+"= as it is, its name has to be "+want,
			"name it as `systemd-escape --path` writes it"
	}
	message := "systemd will not load the unit: " + lacks
	switch {
	case lacks == "":
	case at.Line == nil:
		u.say(main.at(), codes.UnitRefused, message, hint)
	default:
		u.tell(at.of, codes.UnitRefused, valueOf(at.of.text, at.Line), message, hint)
	}
}

// service tells why systemd refuses a service, and where it says so.
func (p parts) service(at saying) (where saying, lacks, hint string) {
	commands, start := 0, p.all("Service", "ExecStart")
	for _, s := range start {
		commands += directives.ReadCommand(s.Value).Lines
	}
	kind, restart := p.value("Service", "Type"), p.all("Service", "Restart")
	once := kind == "oneshot" || kind == "" && commands == 0
	acts := p.value("Unit", "SuccessAction")
	idle := commands == 0 && (acts == "" || acts == "none")
	switch {
	case idle && p.value("Service", "ExecStop") == "":
		return at, "it has no ExecStart=", "add ExecStart= to [Service]"
	case commands == 0 && !once:
		return at, "only with Type=oneshot it can be without ExecStart=", "add ExecStart= to [Service]"
	case idle && !p.isTrue("Service", "RemainAfterExit"):
		return at, "without ExecStart= it needs RemainAfterExit=yes", "add one of the two to [Service]"
	case commands > 1 && !once:
		return start[len(start)-1], "more than one command to start is for Type=oneshot",
			"remove one; in a drop-in an empty ExecStart= before it takes back what the unit has"
	case kind == "dbus" && p.value("Service", "BusName") == "":
		return at, "Type=dbus needs BusName=", "add BusName= to [Service]"
	case once && len(restart) > 0 && slices.Contains([]string{"always", "on-success"}, restart[len(restart)-1].Value):
		return restart[len(restart)-1], "Type=oneshot does not go with this Restart=",
			"write Restart=on-failure, or have a timer start it again"
	}
	return at, "", ""
}

// enabled tells of units that are enabled to no effect, where no rule does.
func (u *unitLinter) enabled(in *config.Unit, at func() *cursor.At) {
	if in.Enabled == nil || !*in.Enabled || in.Mask != nil && *in.Mask {
		return
	}
	name, main := in.Name, u.main(in.Name)
	template, instance, _ := unit.SplitInstance(name)
	if instance != "" && main == nil {
		if name, main = template, u.main(template); main == nil {
			u.noTemplate(template, at)
		}
	}
	if main == nil {
		return
	}
	p, known := u.partsOf(in.Name, main)
	if !known {
		return
	}
	byRule := !main.file && (name == in.Name || main.ext() == ".service") && !slices.ContainsFunc(main.lines,
		func(line unit.Line) bool { return line.Section == "Install" && !line.Head })
	if !byRule && !p.any("Install", "WantedBy RequiredBy UpheldBy Alias Also") {
		u.say(at().Key("enabled"), codes.UnitInstallNothing, "[Install] names nothing that would start the unit, so "+
			"enabling it does nothing", "add WantedBy= to [Install], or remove enabled")
	}
}

func (u *unitLinter) main(name string) *body {
	if b := u.bundles[name]; b != nil {
		return b.main
	}
	return nil
}

// noTemplate tells of an instance whose template is not there, where a unit of the same name is that is no template.
func (u *unitLinter) noTemplate(template string, at func() *cursor.At) {
	plain := strings.Replace(template, "@", "", 1)
	if u.bundles[template] == nil && u.main(plain) != nil {
		u.say(at().Key("name"), codes.UnitNoTemplate,
			diag.Printable(plain)+" is no template, so there are no instances of it",
			"name the unit with the text "+diag.Printable(template))
	}
}
