package check_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// A megabyte in one line with a problem in every item: no form shows more of the line than fits, so nothing grows with
// the square of it.
func TestALongLineIsShownInParts(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"ignition": {"version": "3.6.0"}, "storage": {"files": [`)
	const count = 10_000
	for i := range count {
		fmt.Fprintf(&b, `{"path": "a%d", "contents": {"source": "data:,%s"}}, `, i, strings.Repeat("x", 60))
	}
	text := b.String() + `{"path": "/z"}]}}`
	require.Greater(t, len(text), 1_000_000)

	shown := validate(text, "-")
	assert.Equal(t, 1, shown.code)
	assert.True(t, strings.HasSuffix(shown.out, "\ninvalid: 1 file, 10000 errors, 0 warnings\n"))
	assert.Less(t, len(shown.out), 600*count)
	for line := range strings.Lines(shown.out) {
		require.Less(t, len(line), 200)
	}
	assert.Equal(t, 100, strings.Count(shown.out, "\nerror[path-relative]: ")+1)
	assert.Contains(t, shown.out, "\nand 9900 more errors; --all shows more of them\n")
	assert.Contains(t, validate(text, "--all", "-").out, "\nand 9000 more errors\n")
	for _, lines := range []string{validate(text, "--format", "line", "-").out, peer(text, "-").out} {
		assert.Equal(t, diag.Most+1, strings.Count(lines, "\n"))
		assert.True(t, strings.HasSuffix(lines, "error: and 9000 more errors\n"))
	}
	var parsed struct {
		Problems []any
		More     int
	}
	require.NoError(t, json.Unmarshal([]byte(validate(text, "--format", "json", "-").out), &parsed))
	assert.Len(t, parsed.Problems, diag.Most)
	assert.Equal(t, count-diag.Most, parsed.More)
}

func TestALineOfJSONMayBeLong(t *testing.T) {
	text := `{"ignition": {"version": "3.6.0"}, "systemd": {"units": [{"name": "` + strings.Repeat("n", 1<<20) +
		`"}]}, "zz": 1}`
	got := validate(text, "--format", "json", "-")
	assert.Equal(t, 1, got.code)
	require.True(t, json.Valid([]byte(got.out)))
	assert.Less(t, len(got.out), 10_000, "values are cut short")
	assert.Less(t, len(validate(text, "-").out), 10_000)
}

func TestEmptyFilesAndWhatIsMeantByThem(t *testing.T) {
	names := files(t, "", " \n", good)
	got := validate("", append(names, "--format=line")...)
	assert.Equal(t, 1, got.code)
	assert.Equal(t, 2, strings.Count(got.out, "\n"))
	assert.True(t, strings.HasPrefix(got.out, names[0]+":1:1: error[empty] the config is empty ($)\n"),
		got.out)
	assert.Equal(t, run{1, "", "couldn't parse config: the config is empty\n"}, peer("", names[0]))
	assert.Equal(t, 1, peer("", names[1]).code)
	assert.Contains(t, validate("", "").out, "no such file", "an empty name is a name")
}

func TestStandardInputIsReadWhereItIsNamed(t *testing.T) {
	got := validate(bad, files(t, good)[0], "-", "--format=line")
	assert.Equal(t, 1, got.code)
	assert.Equal(t, 1, strings.Count(got.out, "standard input:1:"))
}

func TestOptionsWithoutAName(t *testing.T) {
	for _, option := range []string{"---strict", "-=x", "--=", "-strictly", "--format-x=line"} {
		got := validate(good, option, "-")
		assert.Equal(t, 2, got.code, option)
		name, _, _ := strings.Cut(option, "=")
		assert.Contains(t, got.err, "the option "+name+" is not known", option)
	}
	assert.Equal(t, 2, validate(good, "--format=", "-").code)
	assert.Equal(t, 2, validate(good, "-", "--format", "--").code, "what follows an option is its value")
	assert.Equal(t, 0, peer("", "--h").code, "one dash or two")
}

// Items of lists are compared, and what is compared may be secret.
func TestSecretsOfItemsThatAreThereTwiceAreNeverShown(t *testing.T) {
	listed := 0
	for _, f := range secretFields(reflect.TypeFor[config.Config](), "$", "") {
		dot := strings.LastIndex(f.path, ".0")
		if f.tag == "" || dot < 0 {
			continue
		}
		listed++
		below := strings.TrimPrefix(f.path[dot+2:], ".")
		for _, value := range values(f.tag) {
			item := `"` + value + `"`
			for i, steps := 0, strings.Split(below, "."); below != "" && i < len(steps); i++ {
				item = fmt.Sprintf(`{"name": "", "path": "x", "mode": -1, "user": {"id": -1, "name": "y"}, %q: %s}`,
					steps[len(steps)-1-i], item)
			}
			text := `{"ignition": {"version": "3.6.0"}, ` + at(f.path[:dot], "["+item+", "+item+"]") + "}"
			shown := shownOf(text)
			require.Contains(t, shown, "error", text)
			require.False(t, leaks(shown), "%s:\n%s\n%s", f.path, text, shown)
		}
	}
	assert.Greater(t, listed, 15)
}
