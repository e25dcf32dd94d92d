package butane

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// JSON is the config as JSON, members in the order of the model and without what says nothing, in lines of their own if
// it is to be pretty. It is written from the tree, so it must be asked for before the config is merged or brought to
// another version.
func (r *Result) JSON(pretty bool) []byte {
	if r.Config == nil {
		return nil
	}
	return JSON(r.t.config, r.t.Spec, pretty)
}

// JSON writes the canonical tree of a config of any version.
func JSON(root tree.Node, v config.Version, pretty bool) []byte {
	e := encoder{spec: v, pretty: pretty, out: make([]byte, 0, len(root.Document().Text)/2+1024)}
	e.object(root, language(), 0)
	return append(e.out, '\n')
}

type encoder struct {
	out    []byte
	spec   config.Version
	pretty bool
}

// needed are the members that cannot be absent, with what they are then: null only where there is no empty string for
// it (docs/peer/butane.md §17).
func (e *encoder) needed(s, m *shape) (text string, needed bool) {
	switch m.path {
	case "storage.links.*.target", "storage.raid.*.level":
		return `""`, e.spec <= config.V3_2
	case "storage.raid.*.devices":
		return `[]`, e.spec <= config.V3_2
	case "storage.luks.*.clevis.custom.config", "storage.luks.*.clevis.custom.pin":
		return `""`, e.spec == config.V3_2
	case "ignition.config.merge.*.source", "ignition.config.replace.source":
		return `null`, e.spec == config.V3_0
	case "ignition.security.tls.certificate_authorities.*.source":
		return `""`, e.spec == config.V3_0
	}
	return `""`, isIdentity(s, m)
}

// isIdentity: the member tells items of its list apart, so that there is none without it.
func isIdentity(of, m *shape) bool {
	switch m.path {
	case "storage.disks.*.device", "storage.filesystems.*.device", "storage.files.*.path", "storage.directories.*.path",
		"storage.links.*.path", "storage.raid.*.name", "storage.luks.*.name", "passwd.users.*.name",
		"passwd.groups.*.name", "systemd.units.*.name", "systemd.units.*.dropins.*.name":
		return true
	}
	return m.name == "name" && strings.HasSuffix(of.path, ".http_headers.*")
}

func (e *encoder) newline(depth int) {
	if !e.pretty {
		return
	}
	e.out = append(e.out, '\n')
	for range depth {
		e.out = append(e.out, "  "...)
	}
}

// object writes what says something, and what cannot be absent. The version comes last because keys are in the order of
// the model; that of the document has no key of its own.
func (e *encoder) object(n tree.Node, s *shape, depth int) {
	e.out = append(e.out, '{')
	first := true
	member := func(name string) {
		if !first {
			e.out = append(e.out, ',')
		}
		first = false
		e.newline(depth + 1)
		e.out = append(append(append(e.out, '"'), name...), `":`...)
		if e.pretty {
			e.out = append(e.out, ' ')
		}
	}
	for _, m := range s.members {
		c := n.Get(m.json)
		if m.json == "" || e.silent(c, m) {
			if text, needed := e.needed(s, m); needed && m.json != "" && m.since <= e.spec {
				member(m.json)
				e.out = append(e.out, text...)
			}
			continue
		}
		member(m.json)
		e.value(c, m, depth+1)
	}
	if s.path == "ignition" {
		member("version")
		e.out = appendString(e.out, n.Get("version").Text())
	}
	if !first {
		e.newline(depth)
	}
	e.out = append(e.out, '}')
}

// silent: the member says nothing.
func (e *encoder) silent(c tree.Node, m *shape) bool {
	switch {
	case !c.Exists():
		return true
	case m.kind == tree.List:
		return !c.First().Exists()
	case m.kind == tree.Object:
		return e.empty(c) && !(e.spec == config.V3_2 && (m.path == "storage.luks.*.clevis" ||
			m.path == "storage.luks.*.clevis.custom"))
	case m.nullable:
		return false
	case m.kind == tree.Number:
		return c.Text() == "0"
	}
	return c.Text() == ""
}

func (e *encoder) empty(n tree.Node) bool {
	for c := range n.Children() {
		switch c.Kind() {
		case tree.Object:
			if !e.empty(c) {
				return false
			}
		case tree.List:
			if c.First().Exists() {
				return false
			}
		default:
			return false
		}
	}
	return true
}

func (e *encoder) value(n tree.Node, s *shape, depth int) {
	switch n.Kind() {
	case tree.Object:
		e.object(n, s, depth)
	case tree.List:
		e.out = append(e.out, '[')
		first := true
		for item := range n.Children() {
			if !first {
				e.out = append(e.out, ',')
			}
			first = false
			e.newline(depth + 1)
			e.value(item, s.item, depth+1)
		}
		e.newline(depth)
		e.out = append(e.out, ']')
	case tree.String:
		e.out = appendString(e.out, n.Text())
	default:
		e.out = append(e.out, n.Text()...)
	}
}

// isPrintable: the character may stand in a text of JSON, of every version of YAML (1.2 §5.1) and on a terminal. YAML
// 1.1 takes the next line U+0085 and the separators U+2028 and U+2029 for line breaks.
func isPrintable(r rune) bool {
	switch {
	case r < ' ', 0x7f <= r && r < 0xa0, r == '\u2028', r == '\u2029', r == '\ufeff', r == 0xfffe, r == 0xffff:
		return false
	}
	return r != utf8.RuneError
}

// appendString writes a string so that every reader of JSON and of YAML takes it for the same, in HTML too. Bytes that
// are not UTF-8 become U+FFFD.
func appendString(out []byte, s string) []byte {
	out = append(out, '"')
	from := 0
	for i, r := range s {
		if isPrintable(r) && r != '"' && r != '\\' && r != '<' && r != '>' && r != '&' {
			continue
		}
		out = append(out, s[from:i]...)
		_, size := utf8.DecodeRuneInString(s[i:])
		from = i + size
		switch r {
		case '"', '\\':
			out = append(out, '\\', byte(r))
		case '\n':
			out = append(out, `\n`...)
		case '\r':
			out = append(out, `\r`...)
		case '\t':
			out = append(out, `\t`...)
		case utf8.RuneError:
			out = append(out, `\ufffd`...)
		default:
			const digits = "0123456789abcdef"
			out = append(out, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
		}
	}
	return append(append(out, s[from:]...), '"')
}

// number writes an integer of a MachineConfig. The peer takes them for floating-point numbers, which shows in large
// ones.
func (r *Result) number(text string) string {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !r.t.Peer {
		return text
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}
