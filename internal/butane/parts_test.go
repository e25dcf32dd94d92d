package butane

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/tests/model"
)

func TestModesThatPeopleWriteAreTypical(t *testing.T) {
	for _, mode := range []int{0, 0o644, 0o755, 0o444, 0o600, 0o777, 0o4755, 0o2755, 0o640} {
		assert.True(t, typicalMode(mode, false), "file 0%o", mode)
	}
	for _, mode := range []int{644, 755, 444, 600, 777, 0o007, 0o1644, 0o4644, 0o200, 0o310} {
		assert.False(t, typicalMode(mode, false), "file 0%o", mode)
	}
	for _, mode := range []int{0o755, 0o700, 0o1777, 0o2775, 0o555} {
		assert.True(t, typicalMode(mode, true), "folder 0%o", mode)
	}
	for _, mode := range []int{755, 1777, 0o644, 0o4755, 0o1555} {
		assert.False(t, typicalMode(mode, true), "folder 0%o", mode)
	}
}

func TestPathsAreEscapedForUnitNames(t *testing.T) {
	for path, want := range map[string]string{
		"/": "-", "": "-", "/var/lib": "var-lib", "//var///lib/": "var-lib", "/var/a b": `var-a\x20b`,
		"/dev/disk/by-label/x": `dev-disk-by\x2dlabel-x`,
		"/.hidden/.b":          `\x2ehidden-.b`, "/a\tb": `a\x9b`, "/ä": `\xc3\xa4`, "/a:b_C.9": "a:b_C.9",
	} {
		assert.Equal(t, want, unitPath(path), path)
	}
}

func TestInstancesKnowTheirTemplate(t *testing.T) {
	for name, want := range map[string]string{
		"web@1.container": "web@.container", "web@.container": "", "web.container": "", "a@b@c.pod": "a@.pod",
		"@x.pod": "@.pod", "a.b@c": "",
	} {
		assert.Equal(t, want, template(name), name)
	}
}

func TestEveryFieldOfAConfigHasAKey(t *testing.T) {
	seen := map[string]bool{}
	var walk func(s *language.Shape)
	walk = func(s *language.Shape) {
		if s.Item != nil {
			walk(s.Item)
		}
		names := map[string]bool{}
		for _, m := range s.Members {
			assert.False(t, names[m.Name], "%s stands twice in %s", m.Name, s.Path)
			names[m.Name] = true
			if m.Key != "" {
				seen[m.Path] = true
			}
			walk(m)
		}
	}
	walk(documents())
	require.Len(t, seen, len(model.Paths(config.Newest))-1, "all but the config's own version")
	for key, want := range map[string]string{"sizeMiB": "size_mib",
		"typeGuid": "type_guid", "httpResponseHeaders": "http_response_headers", "uuid": "uuid", "tpm2": "tpm2",
		"sshAuthorizedKeys": "ssh_authorized_keys"} {
		assert.Equal(t, want, language.Snake(key))
	}
}

func TestEveryFieldOfTheTableOfSugarHasAPlace(t *testing.T) {
	for _, row := range allSugar() {
		s := documents().At(row.Path)
		require.NotNil(t, s, row.Path)
		assert.NotEmpty(t, row.Line, row.Path)
		assert.Empty(t, s.Key, row.Path)
	}
}

// Whatever a string is, a manifest spells it so that YAML reads the same string.
func FuzzScalar(f *testing.F) {
	for _, seed := range []string{"", "a", "yes", "1.5", "3.5.0", "0x1", "a: b", "- a", "a\nb\n", "a\n\n\n",
		" a\nb", "a\tb", "\x00", "\u2028\nx", "é", "---", "-", "~", "<<", "--cipher", "2001-01-01", "a #b", "x\n  y",
		"\n", "a\r\nb", "/dev/a", "data:,x%0A", "!x", "1e3", "=", ".", "a\x7fb", "a\u0085b", "a\u009bb\nc", "a\u2028b",
		"\ufeffa", "a\ufffe\uffff", "\U0001f600\nx", "12:30:45", "1_000", "0o17", "+1", ".inf"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m := &manifest{}
		m.out.WriteString("a:\n  - ")
		m.scalar(text, 2)
		m.out.WriteString("\n  - end\n")
		var read struct{ A []any }
		require.NoError(t, yaml.Unmarshal([]byte(m.out.String()), &read), "%s", m.out.String())
		require.Equal(t, []any{string([]rune(text)), "end"}, read.A, "%s", m.out.String())
		requirePrintable(t, m.out.String())
	})
}

// requirePrintable: a text has no character that a reader of YAML 1.1 or 1.2 refuses or takes for a line break.
func requirePrintable(t *testing.T, text string) {
	t.Helper()
	for i, r := range text {
		ok := r == '\n' || r == '\t' || ' ' <= r && r <= '~' || 0xa0 <= r && r <= 0xd7ff && r != '\u2028' &&
			r != '\u2029' || 0xe000 <= r && r <= 0xfffd && r != '\ufeff' || r >= 0x10000
		require.True(t, ok, "%U at %d of %q", r, i, text)
	}
}

// Keys are strings too, and those that are longer than a reader looks ahead are announced.
func TestKeysOfAManifestAreReadAsTheyAre(t *testing.T) {
	keys := []string{
		"a\x7fb", "a\u0085b", "a\u009bb", "a\u2028b", "a\u2029b", "\ufeffa", "a\ufffeb", "a\uffffb", "a\nb", "a\x00b",
		"\U0001f600", "\u00a0",
		"yes", "No", "on", "y", "null", "~", "true", "1", "0x1f", "017", "0o17", "1e3", "1_000", "12:30:45",
		"2001-01-01", ".5", ".inf", "=", "<<", "-", "", " ", "a: b", "#a", "? a", "[a", "99-y", "1.2",
		strings.Repeat("x", 1500), strings.Repeat("\u0085", 400),
	}
	m := &manifest{}
	var all []*entry
	want := map[string]any{}
	for _, key := range keys {
		all = append(all, &entry{key: key, text: key, isText: true})
		want[key] = key
	}
	m.members([]*entry{{key: "labels", members: all}}, 0)
	requirePrintable(t, m.out.String())
	var read struct{ Labels map[string]any }
	require.NoError(t, yaml.Unmarshal([]byte(m.out.String()), &read), "%s", m.out.String())
	assert.Equal(t, want, read.Labels)
}
