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
		"a.service": {Data: []byte("[Unit]\nA=b\noops\n")},
	}
	for name, c := range map[string]struct{ text, own, peer, note string }{
		"a unit in JSON": {
			`{"ignition": {"version": "3.4.0"}, ` +
				`"systemd": {"units": [{"name": "a.service", "contents": "[Unit]\noops\nA=b"}]}}`,
			"x:1:101", "x:1:92", ""},
		"a drop-in in JSON": {
			"{\"ignition\": {\"version\": \"3.4.0\"}, \"systemd\": {\"units\": " +
				"[{\"name\": \"a.service\", \"dropins\": [\n{\"name\": \"a.conf\", \"contents\": \"[Unit\"}]}]}}",
			"x:2:33", "x:2:32", ""},
		"a unit in a block": {
			head + "systemd:\n  units:\n    - name: a.service\n      contents: |\n        [Unit]\n        " +
				"A=b\n        oops\n        C=d\n",
			"x:9:9", "", ""},
		"a drop-in in quotes": {
			head + "systemd:\n  units:\n    - name: a.service\n      dropins:\n        - name: a.conf\n          " +
				"contents: \"[Unit]\\noops\\n\"\n",
			"x:8:30", "", ""},
		"a unit in a local file": {head + "systemd:\n  units:\n    - name: a.service\n      contents_local: " +
			"a.service\n", "a.service:3:1", "", "it is line 3 of this unit"},
		"a config in a block": {head + "ignition:\n  config:\n    merge:\n      - inline: |\n          " +
			"{\"ignition\": {\"version\": \"3.4.0\"},\n          \"storage\": {\"files\": [{\"path\": \"rel\"}]}}\n",
			"x:8:42", "", ""},
	} {
		r := load.ReadWith(tree.NewArena(), "x", c.text, load.Options{Files: files, FilesDir: "/files", Local: true})
		told := diag.For(diag.Workstation, r.Problems)
		require.Len(t, told, 1, name)
		assert.Equal(t, c.own, told[0].Place.String(), name)
		if c.note == "" {
			assert.Empty(t, told[0].Related, "%s: the line is shown once", name)
		} else if assert.NotEmpty(t, told[0].Related, name) {
			assert.Equal(t, c.note, told[0].Related[0].Message, name)
		}
		assert.NotContains(t, diag.Style{}.Text(told[0]), "oops", name)
		if c.peer != "" {
			assert.Equal(t, c.peer, diag.For(diag.Peer, r.Problems)[0].Place.String(), name)
		}
	}
}

// A line that is too long is not far from the peer's place, but at its own start.
func TestALongLineIsAtItsStart(t *testing.T) {
	text := "{\"ignition\": {\"version\": \"3.4.0\"}, \"systemd\": " +
		"{\"units\": [{\"name\": \"a.service\",\n\"contents\": \"[Unit]\\nA=" + strings.Repeat("b", 3000) + "\\n\"}]}}"
	told := diag.For(diag.Workstation, load.Read(tree.NewArena(), "x", text).Problems)
	require.Len(t, told, 1)
	assert.Equal(t, "x:2:22", told[0].Place.String())
}

// What people give instead of a config is called by its name in JSON as in YAML.
func TestObjectsOfKubernetesAreCalledByTheirNames(t *testing.T) {
	for kind, want := range map[string][2]string{
		"ConfigMap":     {"this is a ConfigMap of Kubernetes, not a config", "one of the keys of its data"},
		"Secret":        {"this is a Secret of Kubernetes, not a config", "base64 -d"},
		"List":          {"this is a list of Kubernetes objects", "one of its items"},
		"MachineConfig": {"this is a MachineConfig, not a config", "spec.config"},
		"Pod":           {"this is a Kubernetes object, not a config", "out of its spec"},
	} {
		for _, text := range []string{"apiVersion: v1\nkind: " + kind + "\ndata: {}\n",
			`{"apiVersion": "v1", "kind": "` + kind + `", "data": {}}`} {
			told := load.Read(tree.NewArena(), "x", text).Problems
			require.Len(t, told, 1, text)
			assert.Contains(t, told[0].Message, want[0], text)
			assert.Contains(t, told[0].Hint, want[1], text)
		}
	}
}

func TestHintsSayWhatToWrite(t *testing.T) {
	const head = "variant: fcos\nversion: 1.7.0\n"
	for text, want := range map[string]string{
		"variant: fcos\nversion: 1.5\n":  "write three numbers: 1.5.0",
		"variant: flatcar\nversion: 1\n": "write three numbers: 1.0.0",
		"variant: fcos\nversion: 1.55\n": "write three numbers: 1.7.0",
		head + "boot_device: {layout: x86_64, mirror: {devices: [/dev/a]}}\n": "list the other disk too, " +
			"or leave mirror out",
		head + "storage: {files: [{path: /a, contents: {source: 'data:,a', inline: b}}]}\n": "remove source, or inline",
		head + "storage: {files: [{path: /a, contents: {source: 'data:,a', verification: {hash: sha512-" +
			strings.Repeat("0", 64) + "}}}]}\n": "write sha256- before it",
		head + "storage: {files: [{path: /a, contents: {source: 'data:,a', " +
			"verification: {hash: sha512-00}}}]}\n": "all digits that sha512sum prints",
	} {
		told := diag.For(diag.Workstation, load.Read(tree.NewArena(), "x", text).Problems)
		require.Len(t, told, 1, text)
		assert.Contains(t, told[0].Hint, want, text)
	}
}
