package directives_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/directives"
	"github.com/glowplug-os/glowplug/internal/unit"
)

func TestFind(t *testing.T) {
	for _, c := range []struct {
		section, name  string
		known, isList  bool
		since, command int
	}{
		{"Service", "ExecStart", true, true, 0, 1}, {"Unit", "ExecStart", false, false, 0, 0},
		{"Unit", "Upholds", true, true, 249, 0}, {"Unit", "AssertPathExists", true, true, 0, 0},
		{"Service", "Restart", true, false, 0, 0}, {"Service", "RestartSteps", true, false, 254, 0},
		{"Mount", "Type", true, false, 0, 0}, {"Swap", "What", true, false, 0, 0},
		{"Slice", "MemoryMax", true, false, 0, 0},
		{"Slice", "ConcurrencyHardMax", true, true, 258, 0}, {"Target", "A", false, false, 0, 0},
		{"", "ExecStart", false, false, 0, 0}, {"Service", "", false, false, 0, 0},
		{"e", "Restart", false, false, 0, 0},
		{"Service", "restart", false, false, 0, 0}, {"Service", "#", false, false, 0, 0},
	} {
		s, known := directives.Find(c.section, c.name)
		require.Equal(t, c.known, known, "%s in [%s]", c.name, c.section)
		if known {
			assert.Equal(t, c.isList, s.IsList(), c.name)
			assert.Equal(t, c.since, s.Since, c.name)
			assert.Equal(t, c.command == 1, s.IsCommand(), c.name)
		}
	}
	assert.Equal(t, []string{"Service"}, directives.With("ExecStart"))
	assert.Equal(t, []string{"Service", "Socket", "Mount", "Swap"}, directives.With("User"))
	assert.Empty(t, directives.With("Wibble"))
}

// The table is made by a program, and read by one: lines that it cannot read would be missed.
func TestTheTableIsWhole(t *testing.T) {
	text, err := os.ReadFile("settings.txt")
	require.NoError(t, err)
	named := 0
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if fields[0] == "#" {
			assert.Regexp(t, `^# systemd 257\.\S+ of Debian 13`, line)
			continue
		}
		require.Greater(t, len(fields), 3, line)
		assert.Regexp(t, `^[USKMAWTPLCI]+ [bmsnup1SUx-] (0|2[4-9]\d) `, line)
		named += (len(fields) - 3) * len(fields[0])
	}
	found := 0
	for _, section := range unit.Sections() {
		for _, name := range directives.Names(section) {
			if strings.HasPrefix(name, "Assert") {
				continue
			}
			found++
			_, known := directives.Find(section, name)
			assert.True(t, known)
		}
	}
	assert.Equal(t, named, found)
	assert.Greater(t, found, 1200)
}

// A name that no section has would never be looked up.
func TestGrammarsAreOfSettings(t *testing.T) {
	text, err := os.ReadFile("grammars.txt")
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if line[0] == ':' {
			continue
		}
		fields := strings.Split(line, "\t")
		require.Len(t, fields, 3, line)
		for _, name := range strings.Fields(fields[0]) {
			if name[0] <= 'Z' && len(name) > 1 { // others are letters of the table, or for what is no setting
				assert.NotEmpty(t, directives.With(name), name)
			}
		}
	}
}

// What is longer than any value that is meant is let through.
func TestLongValuesAreNotJudged(t *testing.T) {
	s, _ := directives.Find("Service", "Nice")
	assert.NotEmpty(t, s.Takes("Service", "Nice", strings.Repeat("x", 200)))
	assert.Empty(t, s.Takes("Service", "Nice", strings.Repeat("x", 201)))
	assert.Equal(t, directives.Command{Lines: 1, Builtin: true}, directives.ReadCommand("-A=/b c"))
	assert.Equal(t, directives.Command{Lines: 1, Operator: "$("}, directives.ReadCommand("/bin/a b$(c)"))
	assert.False(t, directives.ReadCommand("/bin/date +%Y"+strings.Repeat(" ", 200)).Stamp)
}

func TestCommands(t *testing.T) {
	for _, c := range []struct {
		text string
		want directives.Command
	}{
		{"", directives.Command{}}, {"/bin/a", directives.Command{Lines: 1}},
		{"/bin/a b ; -/bin/c", directives.Command{Lines: 2}}, {`/bin/a ";" \; b;`, directives.Command{Lines: 1}},
		{"a b/c", directives.Command{Lines: 1}}, {"b/c", directives.Command{Lines: 1, Relative: true}},
		{"@-./c", directives.Command{Lines: 1, Relative: true}}, {"%h/c", directives.Command{Lines: 1}},
		{`/bin/a "b`, directives.Command{Lines: 1, Open: true}}, {`/bin/a 'b "c'`, directives.Command{Lines: 1}},
		{`/bin/a b\'c`, directives.Command{Lines: 1}}, {`/bin/a b \`, directives.Command{Lines: 1}},
		{"/bin/a | b", directives.Command{Lines: 1, Operator: "|"}},
		{"/bin/a >>/b", directives.Command{Lines: 1, Operator: ">"}},
		{"/bin/a &>/b", directives.Command{Lines: 1, Operator: ">"}},
		{"/bin/a '|' \\> a>b 2x <b> >b", directives.Command{Lines: 1}},
	} {
		assert.Equal(t, c.want, directives.ReadCommand(c.text), c.text)
	}
}

// No value makes it panic, and an empty one is never wrong.
func FuzzValues(f *testing.F) {
	for _, seed := range []string{"", "yes", "5min", "1.5.", "\\", `"`, "a.service %i", " = ", "infinity"} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, value string) {
		value = strings.TrimSpace(value)
		for _, section := range []string{"Service", "Unit", "Timer"} {
			for _, name := range directives.Names(section) {
				s, _ := directives.Find(section, name)
				s.Takes(section, name, value)
				s.NoUnit(value, unit.QuadletExtensions())
			}
		}
		directives.ReadCommand(value)
		directives.IsTrue(value)
	})
}

// A config may have thousands of unknown names, each of which is held against all of its section.
func TestNamesMakesNothing(t *testing.T) {
	assert.NotEmpty(t, directives.Names("Service"))
	assert.Zero(t, testing.AllocsPerRun(10, func() { directives.Names("Service") }))
	assert.Empty(t, directives.Names("Servicf"))
}
