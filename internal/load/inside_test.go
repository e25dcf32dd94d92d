package load_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// What is wrong within a text of a document is at its own line; the peer knows the text only.
func TestProblemsWithinTextsHaveTheirOwnLine(t *testing.T) {
	const head = "variant: fcos\nversion: 1.7.0\n"
	files := fstest.MapFS{
		"a.service":  {Data: []byte("[Unit]\nA=b\noops\n")},
		"merged.ign": {Data: []byte("{\"ignition\": {\"version\": \"3.4.0\"},\n \"storage\": {\"files\": [{\"path\": \"rel\"}]}}")},
	}
	for name, c := range map[string]struct{ text, own, peer, note string }{
		"a unit in JSON": {
			`{"ignition": {"version": "3.4.0"}, "systemd": {"units": [{"name": "a.service", "contents": "[Unit]\noops\nA=b"}]}}`,
			"x:1:101", "x:1:92", "it is line 2 of this unit"},
		"a drop-in in JSON": {
			"{\"ignition\": {\"version\": \"3.4.0\"}, \"systemd\": {\"units\": [{\"name\": \"a.service\", \"dropins\": [\n{\"name\": \"a.conf\", \"contents\": \"[Unit\"}]}]}}",
			"x:2:33", "x:2:32", "it is line 1 of this unit"},
		"a unit in a block": {
			head + "systemd:\n  units:\n    - name: a.service\n      contents: |\n        [Unit]\n        A=b\n        oops\n        C=d\n",
			"x:9:9", "", "it is line 3 of this unit"},
		"a drop-in in quotes": {
			head + "systemd:\n  units:\n    - name: a.service\n      dropins:\n        - name: a.conf\n          contents: \"[Unit]\\noops\\n\"\n",
			"x:8:30", "", "it is line 2 of this unit"},
		"a unit in a local file":   {head + "systemd:\n  units:\n    - name: a.service\n      contents_local: a.service\n", "a.service:3:1", "", "it is line 3 of this unit"},
		"a config in a block":      {head + "ignition:\n  config:\n    merge:\n      - inline: |\n          {\"ignition\": {\"version\": \"3.4.0\"},\n          \"storage\": {\"files\": [{\"path\": \"rel\"}]}}\n", "x:8:42", "", "it is here"},
		"a config in a local file": {head + "ignition:\n  config:\n    merge:\n      - local: merged.ign\n", "merged.ign:2:33", "", "the config is merged here"},
	} {
		r := load.ReadWith(tree.NewArena(), "x", c.text, load.Options{Files: files, FilesDir: "/files", Local: true})
		told := diag.For(diag.Workstation, r.Problems)
		require.Len(t, told, 1, name)
		assert.Equal(t, c.own, told[0].Place.String(), name)
		require.NotEmpty(t, told[0].Related, name)
		assert.Equal(t, c.note, told[0].Related[0].Message, name)
		assert.NotContains(t, diag.Style{}.Text(told[0]), "oops", name)
		if c.peer != "" {
			assert.Equal(t, c.peer, diag.For(diag.Peer, r.Problems)[0].Place.String(), name)
		}
	}
}

// A line that is too long is not far from the peer's place, but at its own start.
func TestALongLineIsAtItsStart(t *testing.T) {
	text := "{\"ignition\": {\"version\": \"3.4.0\"}, \"systemd\": {\"units\": [{\"name\": \"a.service\",\n\"contents\": \"[Unit]\\nA=" + strings.Repeat("b", 3000) + "\\n\"}]}}"
	told := diag.For(diag.Workstation, load.Read(tree.NewArena(), "x", text).Problems)
	require.Len(t, told, 1)
	assert.Equal(t, "x:2:22", told[0].Place.String())
}
