package butane

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/internal/tree"
)

var update = flag.Bool("update", false, "write the generated parts of the docs")

// A page is a file of docs with parts that are made here: each stands between <!-- name argument --> and <!-- end -->.
func page(t *testing.T, name string, part func(before, name, argument string) (text string, made bool)) {
	t.Helper()
	file := "../../docs/" + name
	old, err := os.ReadFile(file)
	require.NoError(t, err)
	mark := regexp.MustCompile(`(?s)<!-- ([a-z]+) ?([a-z0-9_.*]*) -->\n(.*?)<!-- end -->`)
	text, from := string(old), 0
	var out strings.Builder
	for _, m := range mark.FindAllStringSubmatchIndex(text, -1) {
		made, ok := part(text[:m[0]], text[m[2]:m[3]], text[m[4]:m[5]])
		if !ok {
			continue
		}
		out.WriteString(text[from:m[6]] + made)
		from = m[7]
	}
	out.WriteString(text[from:])
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(out.String()), 0o644))
		return
	}
	assert.Equal(t, out.String(), text, "go test ./internal/butane -update writes it anew")
}

// fieldTable lists a section's fields. Resources have a table of their own.
func fieldTable(t *testing.T, path string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| key | kind | since | |\n|---|---|---|---|\n")
	section := documents().At(path)
	require.NotNil(t, section, path)
	var walk func(s *language.Shape, shown string)
	walk = func(s *language.Shape, shown string) {
		if s.Item != nil {
			walk(s.Item, shown+"[]")
			return
		}
		for _, m := range slices.SortedFunc(slices.Values(s.Members), func(a, b *language.Shape) int {
			return strings.Compare(a.Name, b.Name)
		}) {
			name := strings.TrimPrefix(shown+"."+m.Name, ".")
			since := ""
			if v := sinceOf(m); v > sinceOf(s) {
				since = v.String()
			}
			if m.Key == "" {
				name += " ★"
			}
			require.NotEmpty(t, m.Line(), m.Path)
			fmt.Fprintf(&b, "| `%s | %s | %s | %s |\n", strings.Replace(name+"`", " ★`", "` ★", 1), kindOf(m), since,
				strings.ReplaceAll(m.Line(), "<", "&lt;")+valuesOf(m))
			if kindOf(m) != "resource" && kindOf(m) != "list of resources" {
				walk(m, strings.TrimPrefix(shown+"."+m.Name, "."))
			}
		}
	}
	name := path[strings.LastIndexByte(path, '.')+1:]
	if kindOf(section) == "resource" {
		name = ""
	}
	walk(section, name)
	return b.String()
}

// valuesOf lists the values of sugar, as a sentence of its own.
func valuesOf(m *language.Shape) string {
	var known []string
	for _, d := range Dialects() {
		if list := d.choices(m); len(list) > len(known) && m.Path != "variant" && m.Path != "version" {
			known = list
		}
	}
	if known = slices.DeleteFunc(slices.Clone(known), func(v string) bool { return v == "" }); len(known) == 0 {
		return ""
	}
	return " One of " + strings.Join(known, ", ") + "."
}

// sinceOf is the first version of configs whose documents have a field.
func sinceOf(s *language.Shape) config.Version {
	first := config.Newest
	for _, d := range Dialects() {
		if d.edition().Has(s) {
			first = min(first, d.Spec)
		}
	}
	return max(first, s.Since)
}

func kindOf(s *language.Shape) string {
	switch {
	case s.Labels:
		return "mapping of text"
	case s.Kind == tree.List:
		return "list of " + strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(kindOf(s.Item), "an "), "a "),
			"s") + map[bool]string{true: "s"}[s.Item.Kind == tree.Object]
	case s.Kind == tree.Object && s.Member("inline") != nil:
		return "resource"
	}
	return map[tree.Kind]string{tree.String: "text", tree.Number: "integer", tree.Bool: "boolean",
		tree.Object: "mapping"}[s.Kind]
}

// example converts the YAML that stands before a part of a page.
func example(t *testing.T, before string) string {
	t.Helper()
	start := strings.LastIndex(before, "```yaml\n")
	text, _, _ := strings.Cut(before[start+len("```yaml\n"):], "```")
	root, problems := tree.NewArena().ParseYAML(&diag.Document{Name: "example", Text: text})
	require.Empty(t, problems, text)
	files := fstest.MapFS{"site/index.html": {Data: []byte("<h1>Hello</h1>\n"), Mode: 0o644},
		"site/bin/check": {Data: []byte("#!/bin/sh\n"), Mode: 0o755}}
	r := Translate(root, Options{Files: files, FilesDir: "/files", Rules: rules.Document})
	require.Empty(t, diag.For(diag.Workstation, r.Problems), text)
	if manifest := r.MachineConfig(); manifest != nil {
		return "```yaml\n" + string(manifest) + "```\n"
	}
	return "```json\n" + string(r.JSON(true)) + "```\n"
}

func TestTheLanguageIsDocumented(t *testing.T) {
	shown := map[string]bool{}
	page(t, "config.md", func(before, name, argument string) (string, bool) {
		if name == "json" {
			return example(t, before), true
		}
		shown[argument] = true
		return fieldTable(t, argument), true
	})
	for _, m := range documents().Members {
		all := shown[m.Name] || m.Name == "variant" || m.Name == "version"
		for _, part := range m.Members {
			all = all || shown[m.Name+"."+part.Name] && (m.Name == "storage" || m.Name == "systemd")
		}
		assert.True(t, all, "docs/config.md does not show %s", m.Name)
	}
	for _, section := range []string{"storage", "systemd"} {
		for _, part := range documents().Member(section).Members {
			assert.True(t, shown[section+"."+part.Name], "docs/config.md does not show %s.%s", section, part.Name)
		}
	}
}

func TestDialectsAreDocumented(t *testing.T) {
	page(t, "butane.md", func(_, name, _ string) (string, bool) {
		var b strings.Builder
		if name == "dialects" {
			b.WriteString("| variant | version | config | beyond the config, since the version before |\n" +
				"|---|---|---|---|\n")
			all := Dialects()
			for i := 0; i < len(all); {
				before, d, last := Dialect{}, all[i], i
				if i > 0 && all[i-1].Variant == d.Variant {
					before = all[i-1]
				}
				for last+1 < len(all) && all[last+1].Variant == d.Variant && all[last+1].Spec == d.Spec &&
					news(d, all[last+1]) == "" {
					last++
				}
				versions := d.Version
				if last > i {
					versions += " to " + all[last].Version
				}
				fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", d.Variant, versions, d.Spec, news(before, d))
				i = last + 1
			}
			return b.String(), true
		}
		b.WriteString("| variant | versions | not supported | |\n|---|---|---|---|\n")
		for _, variant := range strings.Split(variants(), ", ") {
			for _, r := range restrictions() {
				if versions, hint := span(variant, r); versions != "" {
					fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", variant, versions, r.line, hint)
				}
			}
		}
		return b.String(), true
	})
}

// news lists the sugar that a dialect has and the one before it had not.
func news(before, d Dialect) string {
	var keys []string
	for _, row := range allSugar() {
		has := func(d Dialect) bool { return d.Variant != "" && d.edition().Has(documents().At(row.Path)) }
		parent := row.Path[:max(strings.LastIndexByte(row.Path, '.'), 0)]
		if has(d) && !has(before) && !slices.ContainsFunc(keys, func(k string) bool {
			return strings.HasPrefix(parent+".", k+".")
		}) && row.Path != "variant" && row.Path != "version" {
			keys = append(keys, row.Path)
		}
	}
	embeds := func(key string) bool { return strings.HasSuffix(key, ".inline") || strings.HasSuffix(key, ".local") }
	count := len(keys)
	keys = slices.DeleteFunc(keys, embeds)
	switch {
	case len(keys) < count-2:
		keys = append([]string{"`inline` and `local` of every resource"}, keys...)
	case len(keys) < count && d.Spec == config.V3_0:
		keys = append([]string{"`inline` of files"}, keys...)
	}
	for i := range keys {
		if keys[i][0] == '`' {
			continue
		}
		keys[i] = "`" + strings.ReplaceAll(keys[i], ".*", "[]") + "`"
	}
	return strings.Join(keys, ", ")
}

// allSugar is the fields of all features.
func allSugar() (rows []language.Sugar) {
	for _, f := range features() {
		rows = append(rows, f.fields...)
	}
	return rows
}

// span says for which versions of a variant a restriction holds, of those that have such a field; "" for none.
func span(variant string, r restriction) (versions, hint string) {
	var all []Dialect
	for _, d := range Dialects() {
		if d.Variant == variant {
			all = append(all, d)
		}
	}
	field := language.Config().At(strings.Fields(r.paths)[0])
	first, last := -1, -1
	for i, d := range all {
		if field.Since <= d.Spec && !d.has(r.needs) {
			if last, hint = i, r.hint(d); first < 0 {
				first = i
			}
		}
	}
	switch {
	case first < 0:
		return "", ""
	case first > 0 && last < len(all)-1:
		return "from " + all[first].Version + ", before " + all[last+1].Version, hint
	case first > 0:
		return "from " + all[first].Version, hint
	case last < len(all)-1:
		return "before " + all[last+1].Version, hint
	}
	return "all", hint
}
