package butane

import (
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Schema describes the dialect's documents to editors, as a JSON Schema. It takes what the reader takes without a word,
// but for rules that tie one field to another.
//
// It is of draft 7, with everything written out where it stands: that is what editors' YAML servers know best.
func (d Dialect) Schema() []byte {
	return schemer{d: d, yaml: true, lines: allLines()}.document("Butane document: " + d.String())
}

// ConfigSchema does the same for configs of a version, in JSON.
func ConfigSchema(v config.Version) []byte {
	return schemer{d: Dialect{Spec: v, fcos: -1}, lines: allLines()}.document("Ignition config: " + v.String())
}

// allLines says what each field is for, by its path in documents.
func allLines() map[string]string {
	lines := map[string]string{}
	for path, line := range config.Lines() {
		lines[snakePath(path)] = line
	}
	for _, row := range Sugar() {
		lines[row.Path] = row.Line
	}
	return lines
}

// A schemer writes one schema.
type schemer struct {
	d     Dialect
	yaml  bool // of documents; else of configs
	lines map[string]string
}

// A keyword is a member of a schema. Its value is a string, a bool, a list of words, or keywords.
type keyword struct {
	name  string
	value any
}

func (s schemer) document(title string) []byte {
	head := []keyword{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", title}}
	return append(appendKeywords(nil, append(head, s.schema(language(), false)...), 0), '\n')
}

// schema describes one place. What is needed cannot be null.
func (s schemer) schema(at *shape, needed bool) []keyword {
	var k []keyword
	if line := s.lines[at.path]; line != "" {
		k = append(k, keyword{"description", line})
	}
	if words := s.choices(at); words != nil {
		return append(k, keyword{"enum", words})
	}
	var kinds []any
	switch {
	case at.kind == tree.Object:
		kinds = []any{"object"}
	case at.kind == tree.List:
		kinds = []any{"array"}
	case at.kind == tree.Number:
		kinds = []any{"integer"}
	case at.kind == tree.Bool && s.yaml:
		kinds = []any{"boolean", "string"}
	case at.kind == tree.Bool:
		kinds = []any{"boolean"}
	case s.yaml: // any scalar is text
		kinds = anyText()
	default:
		kinds = []any{"string"}
	}
	if !needed && (at.kind != tree.Object || at.labels || optionalIn(s.d.Spec, at)) {
		kinds = append(kinds, "null")
	}
	k = append(k, keyword{"type", oneOrMore(kinds)})
	switch {
	case at.labels:
		k = append(k, keyword{"required", []any{roleLabel}},
			keyword{"additionalProperties", []keyword{{"type", anyText()}}})
	case at.kind == tree.Object:
		k = append(k, s.members(at)...)
	case at.kind == tree.List:
		k = append(k, keyword{"items", s.schema(at.item, true)})
	case at.kind == tree.Bool && s.yaml:
		k = append(k, keyword{"pattern", "^(" + strings.Join(append(yesWords(), noWords()...), "|") + ")$"})
	}
	return k
}

// anyText: every scalar is text where text belongs.
func anyText() []any { return []any{"string", "number", "boolean"} }

func oneOrMore(words []any) any {
	if len(words) == 1 {
		return words[0]
	}
	return words
}

// members describes the keys of an object, what tells its dialect first.
func (s schemer) members(of *shape) []keyword {
	var properties []keyword
	var required []any
	rest := len(of.members)
	if of.path == "" {
		rest = slices.Index(of.members, of.member("variant"))
	}
	for _, m := range slices.Concat(of.members[rest:], of.members[:rest]) {
		name := m.name
		if !s.yaml {
			name = m.json
		}
		if name == "" || m.since > s.d.Spec || !s.d.has(m.in) || s.yaml && s.d.refuses(m) {
			continue
		}
		needed := s.needs(of, m)
		if needed {
			required = append(required, name)
		}
		properties = append(properties, keyword{name, s.schema(m, needed)})
	}
	if of.path == "ignition" && !s.yaml {
		required = append(required, "version")
		properties = append(properties, keyword{"version",
			[]keyword{{"description", s.lines["ignition.version"]}, {"enum", []any{s.d.Spec.String()}}}})
	}
	k := []keyword{{"additionalProperties", false}}
	if required != nil {
		k = append(k, keyword{"required", required})
	}
	return append(k, keyword{"properties", properties})
}

// refuses: machines of the variant can do nothing with the field, whatever is in it.
func (d Dialect) refuses(m *shape) bool {
	for _, r := range Restrictions() {
		if r.holds(d) && slices.ContainsFunc(r.Paths, func(p string) bool { return snakePath(p) == m.path }) {
			return true
		}
	}
	return m.path == "grub" && d.openshift() && !d.wholeGrub()
}

// needs: there is no object without the member. What can come from elsewhere is not needed: other parts of a document
// may give levels and members to an array, and trees give targets to links.
func (s schemer) needs(of, m *shape) bool {
	switch m.path {
	case "variant", "version", "metadata", "metadata.name", "metadata.labels", "storage.trees.*.local",
		"systemd.quadlets.*.name", "grub.users.*.name", "grub.users.*.password_hash":
		return true
	case "ignition", "storage.raid.*.level", "storage.raid.*.devices", "storage.luks.*.device",
		"storage.luks.*.clevis.tang.*.thumbprint", "ignition.security.tls.certificate_authorities.*.source":
		return !s.yaml
	case "storage.links.*.target":
		return !s.yaml && s.d.Spec >= config.V3_3
	case "ignition.config.merge.*.source":
		return !s.yaml && s.d.Spec >= config.V3_1
	case "storage.luks.*.clevis.tang.*.url":
		return true
	}
	return isIdentity(of, m)
}

// A choice is a field with a closed list of values.
type choice struct {
	path   string // of documents; with a dot in front, how paths end
	values []string
	before config.Version // from this on any value will do; 0 for never
}

// choicesOf is the table of closed lists. The history says what of it came later.
func (d Dialect) choicesOf() []choice {
	var known []string
	for _, l := range d.layouts() {
		known = append(known, l.name)
	}
	return []choice{
		{"variant", []string{d.Variant}, 0},
		{"version", []string{d.Version}, 0},
		{".compression", []string{"", "gzip"}, 0},
		{"storage.filesystems.*.format", []string{"ext4", "btrfs", "xfs", "vfat", "swap", "none", "virtiofs"}, 0},
		{"storage.raid.*.level", []string{"linear", "raid0", "raid1", "raid4", "raid5", "raid6", "raid10", "stripe",
			"mirror", "0", "1", "4", "5", "6", "10"}, 0},
		{"storage.luks.*.clevis.custom.pin", []string{"tpm2", "tang", "sss"}, config.V3_6},
		{"boot_device.layout", known, 0},
		{"openshift.kernel_type", []string{"", "default", "realtime"}, 0},
	}
}

// choices lists the values that a field may have, nil where they cannot be listed. A number is text in YAML too.
func (s schemer) choices(at *shape) []any {
	var values []any
	for _, c := range s.d.choicesOf() {
		if c.path != at.path && !(c.path[0] == '.' && strings.HasSuffix(at.path, c.path)) || c.before > 0 &&
			s.d.Spec >= c.before {
			continue
		}
		for _, value := range c.values {
			if s.tooNew(at.path, value) || at.path == "storage.filesystems.*.format" && s.d.refusesFormat(value) {
				continue
			}
			values = append(values, value)
			if number, err := strconv.Atoi(value); err == nil && s.yaml {
				values = append(values, number)
			}
		}
	}
	return values
}

// tooNew asks the history whether a value came later than the field.
func (s schemer) tooNew(path, value string) bool {
	return slices.ContainsFunc(config.History(), func(row config.Change) bool {
		return row.Value != nil && row.Since > s.d.Spec && snakePath(row.Path) == path && row.Value(value)
	})
}

// appendKeywords writes members of an object, in lines.
func appendKeywords(out []byte, all []keyword, depth int) []byte {
	e := encoder{out: append(out, '{'), pretty: true}
	for i, k := range all {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		e.newline(depth + 1)
		e.out = append(appendString(e.out, k.name), ": "...)
		e.out = appendKeyword(e.out, k.value, depth+1)
	}
	e.newline(depth)
	return append(e.out, '}')
}

func appendKeyword(out []byte, value any, depth int) []byte {
	switch v := value.(type) {
	case string:
		return appendString(out, v)
	case int:
		return strconv.AppendInt(out, int64(v), 10)
	case bool:
		return strconv.AppendBool(out, v)
	case []any:
		out = append(out, '[')
		for i, item := range v {
			if i > 0 {
				out = append(out, ", "...)
			}
			out = appendKeyword(out, item, depth)
		}
		return append(out, ']')
	}
	return appendKeywords(out, value.([]keyword), depth)
}
