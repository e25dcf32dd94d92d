package check

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/lint"
	"github.com/glowplug-os/glowplug/internal/load"
)

// configOf is a config of one file with these members.
func configOf(members string) string {
	return `{"ignition": {"version": "3.6.0"}, "storage": {"files": [{` + members + `}]}}`
}

// yamlOf is a document with these lines.
func yamlOf(lines string) string { return "variant: fcos\nversion: 1.7.0\n" + lines }

// documentOf is a document in JSON of one file with these members.
func documentOf(members string) string {
	return `{"variant": "fcos", "version": "1.7.0", "storage": {"files": [{"path": "/a", ` + members + `}]}}`
}

func TestFixesPutRightWhatIsCertain(t *testing.T) {
	mode := "storage: {files: [{path: /a, mode: "
	for _, c := range []struct{ claim, wrong, right string }{
		{"a version of two numbers", `{"ignition": {"version": "3.4"}}`, `{"ignition": {"version": "3.4.0"}}`},
		{"a version that is a number", `{"ignition": {"version": 3.4}}`, `{"ignition": {"version": "3.4.0"}}`},
		{"one of a document", "variant: fcos\nversion: 1.5\n", "variant: fcos\nversion: 1.5.0\n"},
		{"a path with a slash at its end", configOf(`"path": "/etc/a/"`), configOf(`"path": "/etc/a"`)},
		{"a path without a slash in front", configOf(`"path": "etc/a"`), configOf(`"path": "/etc/a"`)},
		{"octal bits as a decimal number", configOf(`"path": "/a", "mode": 644`),
			configOf(`"path": "/a", "mode": 420`)},
		{"octal bits in quotes", configOf(`"path": "/a", "mode": "0644"`), configOf(`"path": "/a", "mode": 420`)},
		{"a truth value in quotes", configOf(`"path": "/a", "overwrite": "false"`),
			configOf(`"path": "/a", "overwrite": false`)},
		{"a key in the wrong case", configOf(`"Path": "/a"`), configOf(`"path": "/a"`)},
		{"a misspelt key, where one alone is meant", configOf(`"path": "/a", "mdoe": 420`),
			configOf(`"path": "/a", "mode": 420`)},
		{"one letter for its neighbour in a short one", yamlOf("passwd: {users: [{name: a, udi: 1000}]}\n"),
			yamlOf("passwd: {users: [{name: a, uid: 1000}]}\n")},
		{"one for many, which is a key elsewhere", yamlOf("passwd: {user: [{name: a}]}\n"),
			yamlOf("passwd: {users: [{name: a}]}\n")},
		{"a byte that must be escaped", configOf(`"path": "/a", "contents": {"source": "data:,a b"}`),
			configOf(`"path": "/a", "contents": {"source": "data:,a%20b"}`)},
		{"a scheme in capitals", configOf(`"path": "/a", "contents": {"source": "DATA:,a"}`),
			configOf(`"path": "/a", "contents": {"source": "data:,a"}`)},
		{"a comma after the last member", `{"ignition": {"version": "3.6.0" , }}`,
			`{"ignition": {"version": "3.6.0"  }}`},
		{"commas after the last item, in lines of tabs",
			"{\n\t\"ignition\": {\"version\": \"3.6.0\"},\n\t\"storage\": {\n\t\t\"files\": [\n" +
				"\t\t\t{\"path\": \"/a\",},\n\t\t],\n\t},\n}\n",
			"{\n\t\"ignition\": {\"version\": \"3.6.0\"},\n\t\"storage\": {\n\t\t\"files\": [\n" +
				"\t\t\t{\"path\": \"/a\"}\n\t\t]\n\t}\n}\n"},
		{"a comma, and what it hides", configOf(`"path": "/a", "mode": "0644",`),
			configOf(`"path": "/a", "mode": 420`)},
		{"the key of a variant in capitals", "Variant: fcos\nVERSION: 1.7.0\n", "variant: fcos\nversion: 1.7.0\n"},
		{"in JSON too", `{"Variant": "fcos", "version": "1.7.0"}`, `{"variant": "fcos", "version": "1.7.0"}`},
		{"a kind of unit in capitals",
			`{"ignition": {"version": "3.6.0"}, "systemd": {"units": [{"name": "a.Service"}]}}`,
			`{"ignition": {"version": "3.6.0"}, "systemd": {"units": [{"name": "a.service"}]}}`},
		{"a mode of a document without its zero", yamlOf(mode + "644}]}\n"), yamlOf(mode + "0644}]}\n")},
		{"one with a sticky bit", yamlOf(mode + "1755}]}\n"), yamlOf(mode + "01755}]}\n")},
		{"one of a document in JSON", documentOf(`"mode": 644`), documentOf(`"mode": 420`)},
		{"one with a sticky bit there", documentOf(`"mode": 1755`), documentOf(`"mode": 1005`)},
		{"one in quotes there", documentOf(`"mode": "0644"`), documentOf(`"mode": 420`)},
		{"one in quotes", yamlOf(mode + "'0644'}]}\n"), yamlOf(mode + "0644}]}\n")},
		{"what the config says that a document makes", yamlOf("storage: {files: [{path: etc/a/ }]}\n"),
			yamlOf("storage: {files: [{path: /etc/a }]}\n")},
		{"what is hidden by something else", configOf(`"path": "etc/a/", "mode": "0644", "contents": ` +
			`{"source": "DATA:,a"}`), configOf(`"path": "/etc/a", "mode": 420, "contents": {"source": "data:,a"}`)},
	} {
		out, count := fixed("example", c.wrong, load.Options{})
		assert.Equal(t, c.right, out, c.claim)
		assert.Positive(t, count, c.claim)
		again, count := fixed("example", out, load.Options{})
		assert.Equal(t, out, again, c.claim)
		assert.Zero(t, count, c.claim)
	}
}

func TestFixesLeaveWhatIsNotCertain(t *testing.T) {
	for claim, text := range map[string]string{
		"a device without its folder": `{"ignition": {"version": "3.6.0"}, ` +
			`"storage": {"disks": [{"device": "sda"}]}}`,
		"a key without its unit": yamlOf(
			"storage: {disks: [{device: /dev/a, partitions: [{number: 1, size: 5}]}]}\n"),
		"a key that may be another":         "varant: fcos\nversion: 1.7.0\n",
		"a comma without a value before it": `{"ignition": {"version": "3.6.0"}, , "storage": {}}`,
		"a key whose value does not fit":    configOf(`"path": "/a", "mdoe": "x"`),
		"a key that is there already":       configOf(`"path": "/a", "mode": 420, "mdoe": 384`),
		"a key of another place":            yamlOf("passwd: {users: [{name: a, gid: 1000}]}\n"),
		"the same the other way round, in JSON": `{"ignition": {"version": "3.6.0"}, ` +
			`"passwd": {"groups": [{"name": "a", "uid": 1000}]}}`,
		"a key of other programs":           yamlOf("passwd: {users: [{name: a, pid: 1000}]}\n"),
		"a short word that is far from all": yamlOf("storage: {files: [{path: /a, role: 0644}]}\n"),
		"a value that an alias has too": yamlOf("storage: {files: [{path: &p etc/a}], " +
			"directories: [{path: *p}]}\n"),
		"a text over several lines":                 yamlOf("storage:\n  files:\n    - path: etc/a\n        b/\n"),
		"a text in UTF-16":                          "\xff\xfe{\x00\"\x00I\x00g\x00\"\x00:\x001\x00}\x00",
		"what cannot be read":                       configOf(`"path": "/a/", "mode": 644`) + "}",
		"a mode that is odd either way":             configOf(`"path": "/a", "mode": 500`),
		"a scheme that may be meant in another way": configOf(`"path": "/a", "contents": {"source": "ftp://a/b"}`),
	} {
		out, count := fixed("example", text, load.Options{})
		assert.Equal(t, text, out, claim)
		assert.Zero(t, count, claim)
	}
}

func TestJSONStaysJSON(t *testing.T) {
	text := documentOf(`"mode": 644`)
	at := strings.Index(text, "644")
	fix := &diag.Fix{Place: diag.Place{Doc: &diag.Document{Text: text}, Span: diag.Span{Start: at, End: at + 3}},
		Old: "644", Value: "0644", Bare: true, Safe: true}
	out, count := mended(text, []*diag.Fix{fix})
	assert.Equal(t, text, out)
	assert.Zero(t, count)
}

func TestADiffHasTheLinesAround(t *testing.T) {
	assert.Equal(t, "--- a\n+++ a\n@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n@@ -8,4 +8,4 @@\n 8\n 9\n 10\n-11\n"+
		"\\ No newline at end of file\n+y\n\\ No newline at end of file\n",
		diff("a", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11", "x\n2\n3\n4\n5\n6\n7\n8\n9\n10\ny"))
	assert.Equal(t, "--- a\n+++ a\n@@ -1,3 +1,3 @@\n-1\n-2\n+x\n+y\n 3\n", diff("a", "1\n2\n3\n", "x\ny\n3\n"))
}

func TestAFileThatIsWrittenKeepsItsModeAndItsLink(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "a.ign"), filepath.Join(dir, "link")
	require.NoError(t, os.WriteFile(file, []byte("old"), 0o640))
	require.NoError(t, os.Chmod(file, 0o640))
	require.NoError(t, os.Symlink("a.ign", link))
	require.NoError(t, rewrite(link, "new"))
	info, err := os.Lstat(link)
	require.NoError(t, err)
	assert.Equal(t, os.ModeSymlink, info.Mode().Type())
	info, err = os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), info.Mode())
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "new", string(text))
	names, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, names, 2, "nothing is left beside it")
}

// Whatever the text is: what comes out is read, as the same tree plus the fixes, and nothing is left to be fixed in it
// that could have been.
func FuzzFixes(f *testing.F) {
	for _, row := range codes.Rows() {
		f.Add(row.Show().Wrong)
	}
	f.Add(configOf(`"Path": "etc//a/", "mdoe": "0644", "contents": {"source": "DATA:,a b"}`))
	f.Add(yamlOf("storage: {files: [{path: 'etc//a/', mode: \"0644\"}, {path: &a /b/, mode: 644}, {path: *a}]}\n"))
	f.Fuzz(func(t *testing.T, text string) {
		out, count := fixed("example", text, load.Options{})
		if count == 0 {
			require.Equal(t, text, out)
			return
		}
		before, wasJSON := parsed(text)
		require.True(t, before.Exists())
		after, isJSON := parsed(out)
		require.True(t, after.Exists())
		require.True(t, isJSON || !wasJSON)
		require.NotEqual(t, text, out, "something was to change")
	})
}

// Of a text in a value the wrong words are replaced, and nothing around them.
func TestFixesPutRightWordsOfUnits(t *testing.T) {
	for _, c := range []struct{ claim, wrong, right string }{
		{"settings of a unit in JSON",
			`{"ignition": {"version": "3.6.0"}, "systemd": {"units": [{"name": "a.service", "contents": ` +
				`"[Service]\nexecstart=\/bin\/a\nRestrat=no\nUsr=\u0061\n"}]}}`,
			`{"ignition": {"version": "3.6.0"}, "systemd": {"units": [{"name": "a.service", "contents": ` +
				`"[Service]\nExecStart=\/bin\/a\nRestart=no\nUsr=\u0061\n"}]}}`},
		{"a setting of a unit in a block, with a mode beside it",
			yamlOf("storage: {files: [{path: /a, mode: 644}]}\n" +
				"systemd:\n  units:\n    - name: a.service\n      contents: |\n        [Service]\n" +
				"        Exec-Start=/bin/a\n"),
			yamlOf("storage: {files: [{path: /a, mode: 0644}]}\n" +
				"systemd:\n  units:\n    - name: a.service\n      contents: |\n        [Service]\n" +
				"        ExecStart=/bin/a\n")},
		{"a word that goes over lines is left", yamlOf("systemd:\n  units:\n    - name: a.service\n" +
			"      contents: \"[Service]\\nexecS\\\n        tart=/bin/a\\nRestrat=no\"\n"),
			yamlOf("systemd:\n  units:\n    - name: a.service\n" +
				"      contents: \"[Service]\\nexecS\\\n        tart=/bin/a\\nRestart=no\"\n")},
	} {
		advise := load.Options{Rules: func(doc *document.Document) []diag.Problem {
			return lint.Document(doc, lint.Options{})
		}}
		out, _ := fixed("example", c.wrong, advise)
		assert.Equal(t, c.right, out, c.claim)
		again, count := fixed("example", out, advise)
		assert.Equal(t, out, again, c.claim)
		assert.Zero(t, count, c.claim)
	}
}
