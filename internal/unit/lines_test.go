package unit_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/unit"
)

func TestLinesSayWhereTheyStand(t *testing.T) {
	text := "[Unit]\n# a\n After = b.service \nExecStart=/bin/a \\\n  b \\\n  c\nEmpty=\n\n[Install]\nLast=x"
	lines, fault := unit.Lines(text)
	require.Nil(t, fault)
	var said []string
	for _, l := range lines {
		if l.Head {
			assert.True(t, strings.HasPrefix(text[l.At:], "["+l.Section+"]"))
			said = append(said, "["+l.Section+"]")
			continue
		}
		assert.True(t, strings.HasPrefix(text[l.At:], l.Name), l.Name)
		assert.Equal(t, 1+strings.Count(text[:l.At], "\n"), l.Number, l.Name)
		assert.True(t, strings.HasPrefix(text[l.ValueAt:], l.Value[:min(len(l.Value), 3)]), l.Name)
		said = append(said, l.Section+"."+l.Name+"="+l.Value)
	}
	assert.Equal(t, []string{"[Unit]", "Unit.After=b.service", "Unit.ExecStart=/bin/a    b    c", "Unit.Empty=",
		"[Install]",
		"Install.Last=x"}, said)
	_, fault = unit.Lines("[Unit]\nA=b\n[Service\n")
	require.NotNil(t, fault)
	assert.Equal(t, 11, fault.At)
}

// systemd passes over comments within a value, and ends a comment with its line.
func TestLinesAreReadAsSystemdReadsThem(t *testing.T) {
	for _, c := range []struct{ claim, text, want string }{
		{"a comment within a value", "A=/bin/x \\\n  # note\n  --name=a \\\n ; b \\\n c\nB=c",
			"A=/bin/x    --name=a   c|B=c"},
		{"one after the last line", "A=b \\\n c\n# note \\\nB=c", "A=b   c|B=c"},
		{"two backslashes", "A=b\\\\\nB=c", `A=b\\|B=c`},
		{"a blank behind a backslash", "A=b \\ \nB=c", `A=b \|B=c`},
		{"lines of DOS", "A=b \\\r\n=c\r\nB=d\r\n", "A=b  =c|B=d"},
		{"a blank line ends a value", "A=b \\\n\nB=c", "A=b|B=c"},
		{"signs in a value", "A=#b ; c\nB=[c]", "A=#b ; c|B=[c]"},
		{"a value that ends with the text", "A=b \\\n# c", "A=b"},
	} {
		lines, fault := unit.Lines("C=d\n[Unit]\n" + c.text)
		require.Nil(t, fault, c.claim)
		var said []string
		for _, l := range lines[1:] {
			assert.Equal(t, "Unit", l.Section)
			said = append(said, l.Name+"="+l.Value)
		}
		assert.Equal(t, c.want, strings.Join(said, "|"), c.claim)
	}
}

// Where no line goes on, Lines has what Parse has; every place is inside the text.
func FuzzLines(f *testing.F) {
	for _, p := range parses {
		f.Add(p.text)
	}
	f.Add("[A]\n \\\n[A]\n")
	f.Add("[A]\r\nB=\xff\\\n \\\n\t\n[C]=")
	f.Fuzz(func(t *testing.T, text string) {
		options, wrong := unit.Parse(text)
		lines, fault := unit.Lines(text)
		require.Equal(t, wrong == nil, fault == nil)
		assigned := 0
		alike := regexp.MustCompile(`^(\[[A-Z]+\]\n([a-z#;]+=[^\\\r\n\pZ]*\n)*)*$`).MatchString(text)
		for _, l := range lines {
			require.True(t, l.At >= 0 && l.At < len(text) && l.ValueAt <= len(text))
			require.True(t, l.Head || l.ValueAt > l.At)
			if l.Head {
				require.Equal(t, byte('['), text[l.At])
				continue
			}
			if alike {
				require.Equal(t, options[assigned].Section, l.Section)
			}
			assigned++
		}
		if fault == nil && alike {
			require.Len(t, options, assigned)
		}
	})
}
