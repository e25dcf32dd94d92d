package field_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/field"
)

func rowOf(t *testing.T, path string) field.Row {
	t.Helper()
	for _, r := range field.Rows() {
		if r.Path == path {
			return r
		}
	}
	t.Fatal(path)
	return field.Row{}
}

func TestWhatFieldsMayHold(t *testing.T) {
	const (
		volume, array, argument = "storage.luks.*.name", "storage.raid.*.name", "kernelArguments.shouldExist.*"
		option, mount, label    = "storage.luks.*.openOptions.*", "storage.filesystems.*.mountOptions.*", "storage.filesystems.*.label"
		unit, dropin, pin       = "systemd.units.*.name", "systemd.units.*.dropins.*.name", "storage.luks.*.clevis.custom.pin"
	)
	for _, c := range []struct {
		path, value, message string
		stops                bool
	}{
		{volume, "root-1_a.b+c:d@e=f#g", "", false},
		{volume, "a b", "the name of an encrypted volume cannot hold a blank", true},
		{volume, "a\tb", "the name of an encrypted volume cannot hold a tab", true},
		{volume, "a\nb none luks", "the name of an encrypted volume cannot hold a line end", true},
		{volume, "a\rb", "the name of an encrypted volume cannot hold a line end", true},
		{volume, "a\x1bb", "the name of an encrypted volume cannot hold a control character", true},
		{volume, "a\x7f", "the name of an encrypted volume cannot hold a control character", true},
		{volume, "a\x00", "the name of an encrypted volume cannot hold a NUL byte", true},
		{volume, "-a", "the name of an encrypted volume cannot begin with a dash", true},
		{volume, "#a", "the name of an encrypted volume cannot begin with #", true},
		{volume, "..", "the name of an encrypted volume cannot be or hold . or .. as a name", true},
		{volume, ".", "the name of an encrypted volume cannot be or hold . or .. as a name", true},
		{volume, "..a", "", false},
		{volume, strings.Repeat("x", 127), "", false},
		{volume, strings.Repeat("x", 128), "the name of an encrypted volume has at most 127 bytes, this one has 128", true},
		{array, "/dev/md/data", "", false},
		{array, "../data", "the name of an array cannot be or hold . or .. as a name", true},
		{array, "--help", "the name of an array cannot begin with a dash", true},
		{array, "a#b", "", false},
		{argument, `a="b c" 'd' e=f`, "", false},
		{argument, "-a\tb", "", false},
		{argument, "a\nb", "a kernel argument cannot hold a line end", true},
		{option, "--a b", "", false},
		{option, "--a\nb", "an option cannot hold a line end", false},
		{option, "--a\x00b", "an option cannot hold a NUL byte", true},
		{mount, `context="system_u:object_r:x:s0"`, "", false},
		{mount, "x\nExecStart=/x", "a mount option cannot hold a line end", true},
		{mount, "a\tb", "a mount option cannot hold a tab", false},
		{label, "a b", "", false},
		{label, "a\nb", "a label cannot hold a line end", false},
		{pin, "tang", "", false},
		{pin, "../x", "the name of a pin cannot be or hold . or .. as a name", true},
		{unit, "-.mount", "", false},
		{unit, "a\nb.service", "a character that systemd does not take in the name of a unit", true},
		{unit, "../a.service", "a slash in a name", true},
		{unit, "a", "", false}, // its kind is missing, which is told by the rules of the language
		{dropin, "10-a b.conf", "", false},
		{dropin, "a\nb.conf", "the name of a drop-in cannot hold a line end", true},
		{dropin, "../a.conf", "a slash in a name", true},
	} {
		fault, stops := rowOf(t, c.path).Check(c.value)
		if c.message == "" {
			assert.Nil(t, fault, "%s %q", c.path, c.value)
			continue
		}
		require.NotNil(t, fault, "%s %q", c.path, c.value)
		assert.Equal(t, c.message, fault.Message, "%s %q", c.path, c.value)
		assert.Equal(t, c.stops, stops, "%s %q", c.path, c.value)
		assert.NotEmpty(t, fault.Code)
		assert.Less(t, fault.At, len(c.value))
	}
}

func TestTheFirstValueThatStopsAMachineIsTold(t *testing.T) {
	values := func(pattern string, visit func(func() string, string) bool) {
		for i, value := range map[string][]string{"storage.luks.*.label": {"a\nb"}, "storage.luks.*.name": {"good", "a b", "c d"}, "systemd.units.*.name": {"a b.service"}}[pattern] {
			if !visit(func() string { return fmt.Sprintf("%s %d", pattern, i) }, value) {
				return
			}
		}
	}
	what, path, fault := field.Refusal(values, "storage.raid", "storage.luks")
	assert.Equal(t, "the name of an encrypted volume", what)
	assert.Equal(t, "storage.luks.*.name 1", path)
	assert.EqualError(t, fault, "the name of an encrypted volume cannot hold a blank")
	_, _, fault = field.Refusal(values, "storage.luks.*.label")
	assert.NoError(t, fault, "a label with a line end is only odd")
}

// The table of docs/validate.md is this one.
func TestTheTableIsInTheDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/validate.md")
	require.NoError(t, err)
	var table strings.Builder
	table.WriteString("| field | becomes | never | hardly meant |\n|---|---|---|---|\n")
	for _, r := range field.Rows() {
		never, odd := r.Words()
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", strings.ReplaceAll(r.Path, ".*", "[]"), r.Becomes, never, odd)
	}
	assert.Contains(t, string(text), table.String())
}
