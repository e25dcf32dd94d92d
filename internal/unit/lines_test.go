package unit_test

import (
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

// Lines has what Parse has, and every place is inside the text.
func FuzzLines(f *testing.F) {
	for _, p := range parses {
		f.Add(p.text)
	}
	f.Add("[A]\r\nB=\xff\\\n \\\n\t\n[C]=")
	f.Fuzz(func(t *testing.T, text string) {
		options, wrong := unit.Parse(text)
		lines, fault := unit.Lines(text)
		require.Equal(t, wrong == nil, fault == nil)
		assigned := 0
		for _, l := range lines {
			require.True(t, l.At >= 0 && l.At < len(text) && l.ValueAt <= len(text))
			require.True(t, l.Head || l.ValueAt > l.At)
			if l.Head {
				require.Equal(t, byte('['), text[l.At])
				continue
			}
			require.Equal(t, options[assigned].Section, l.Section)
			assigned++
		}
		if fault == nil {
			require.Len(t, options, assigned)
		}
	})
}
