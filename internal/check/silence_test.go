package check_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// repeated is a document with a list of many items, each of which a line of fmt makes of its number.
func repeated(head, line string) string {
	var b strings.Builder
	b.WriteString("variant: fcos\nversion: 1.5.0\n" + head)
	for i := range 2100 {
		fmt.Fprintf(&b, line, i)
	}
	return b.String()
}

func TestWhatIsSilencedHasNoSayHoweverMuchItIs(t *testing.T) {
	for _, c := range []struct{ claim, text, project, want string }{
		{"a warning of the document", repeated("storage:\n  files:\n", "    # glowplug: ignore key-unknown\n"+
			"    - {path: /a%d, foo: 1}\n"), "", "valid: 1 file, 0 errors, 0 warnings, 2100 ignored\n"},
		{"another one behind it", repeated("storage:\n  files:\n", "    # glowplug: ignore key-unknown\n"+
			"    - {path: /a%d, foo: 1}\n") + "    - {path: /b, foo: 1}\n", "",
			"invalid: 1 file, 0 errors, 1 warning, 2100 ignored\n"},
		{"advice on the config that comes out", repeated("storage:\n  files:\n",
			"    - path: /var/run/a%d # glowplug: ignore path-volatile\n"), "",
			"valid: 1 file, 0 errors, 0 warnings, 2100 ignored\n"},
		{"advice on units", repeated("systemd:\n  units:\n", "    # glowplug: ignore unit-directive-unknown\n"+
			`    - {name: a%d.service, contents: "[Service]\nFoo=1\nExecStart=/bin/true\n"}`+"\n"), "",
			"valid: 1 file, 0 errors, 0 warnings, 2100 ignored\n"},
		{"by the project file", repeated("storage:\n  files:\n", "    - {path: /var/run/a%d, foo: 1}\n"),
			"ignore: {'*.bu': [key-unknown, path-volatile]}",
			"valid: 1 file, 0 errors, 0 warnings, 4200 ignored\n"},
	} {
		t.Run(c.claim, func(t *testing.T) {
			dir := t.TempDir()
			name := filepath.Join(dir, "a.bu")
			require.NoError(t, os.WriteFile(name, []byte(c.text), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, ".glowplug.yaml"), []byte(c.project), 0o600))
			got := validate("", "--fail-on=advice", name)
			assert.True(t, strings.HasSuffix(got.out, c.want), "…%s", got.out[max(0, len(got.out)-200):])
		})
	}
}

func TestWhatIsNotSilencedIsCountedBesideWhatIs(t *testing.T) {
	text := repeated("storage:\n  files:\n", "    # glowplug: ignore key-unknown\n    - {path: /a%[1]d, foo: 1}\n"+
		"    - {path: /b%[1]d, foo: 1}\n")
	got := validate(text, "--strict", "-")
	assert.True(t, strings.HasSuffix(got.out, "invalid: 1 file, 0 errors, 2100 warnings, 2100 ignored\n"),
		"…%s", got.out[max(0, len(got.out)-200):])
}
