package lsp_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/lsp"
)

const (
	uri  = "file:///w.bu"
	good = "variant: fcos\nversion: 1.6.0\n"
)

func TestASessionFromBeginningToEnd(t *testing.T) {
	c := started(t, noRoot)
	assert.Equal(t, -32002, c.ask("textDocument/hover", "{}").Error.Code, "initialize comes first")
	c.tell("textDocument/didOpen", "{}")
	first := c.ask("initialize", `{"capabilities": {"general": {"positionEncodings": ["utf-32", "utf-8"]}}}`)
	assert.Contains(t, string(first.Result), `"positionEncoding":"utf-8"`)
	assert.Equal(t, -32600, c.ask("initialize", `{}`).Error.Code, "initialize comes once")
	assert.Equal(t, -32601, c.ask("textDocument/rename", "{}").Error.Code)
	assert.Equal(t, -32602, c.ask("textDocument/hover", `{"position": {"line": -1}}`).Error.Code)
	assert.Equal(t, -32602, c.ask("textDocument/hover", `[]`).Error.Code)
	assert.Equal(t, "null", string(c.ask("shutdown", "null").Result))
	assert.Equal(t, -32600, c.ask("textDocument/hover", "{}").Error.Code, "nothing comes after shutdown")
	c.tell("exit", "null")
	assert.NoError(t, <-c.done)
}

func TestAClientThatGoesAwayIsAnError(t *testing.T) {
	c := connected(t)
	c.tell("exit", "null")
	assert.ErrorIs(t, <-c.done, lsp.ErrLeft)
	c = connected(t)
	c.out.Close()
	assert.ErrorIs(t, <-c.done, lsp.ErrLeft)
	c = connected(t)
	c.raw("Content-Length: 10\r\n\r\n{")
	c.out.Close()
	assert.ErrorIs(t, <-c.done, io.ErrUnexpectedEOF)
}

func TestWhatIsNoMessageEndsTheSession(t *testing.T) {
	for _, text := range []string{
		"Content-Length: 999999999999\r\n\r\n", "Content-Length: 99999999999999999999\r\n\r\n",
		"Content-Length: -1\r\n\r\n", "\r\n", "hello\r\n\r\n", strings.Repeat("a", 5000) + "\r\n",
		strings.Repeat("A: b\r\n", 40) + "\r\n",
	} {
		c := connected(t)
		_, _ = io.WriteString(c.out, text) // it may not read all of it
		assert.Error(t, <-c.done, "%.40q", text)
	}
}

func TestWhatIsNoRequestIsAnsweredAndTheSessionGoesOn(t *testing.T) {
	c := connected(t)
	for text, code := range map[string]int{
		"{": -32700, "": -32700, "[]": -32600, `"x"`: -32600, `{"id": {}, "method": "shutdown"}`: -32600,
		`{"id": 1, "method": 5}`: -32600, strings.Repeat("[", 100_000): -32700,
	} {
		c.body(text)
		m := c.answer("null")
		require.NotNil(t, m.Error, text)
		assert.Equal(t, code, m.Error.Code, "%.40q", text)
	}
	c.body(`{"id": 77, "result": null}`)
	assert.Empty(t, c.open(uri, good).Diagnostics)
}

func TestOptionsAreThoseOfValidate(t *testing.T) {
	const advised = good + "storage: {files: [{path: /var/a, contents: {source: http://a/b}}]}\n"
	c := connected(t)
	require.NotEmpty(t, c.open(uri, advised).Diagnostics)
	assert.Empty(t, connected(t, `{"lint": "none"}`).open(uri, advised).Diagnostics)
	assert.Len(t, connected(t, `{"target": ["fcos:36"], "lint": "none"}`).open(uri, advised).Diagnostics, 1)
	for _, options := range []string{"null", "[]", "{}"} {
		assert.NotEmpty(t, connected(t, options).open(uri, advised).Diagnostics, options)
	}
	assert.Equal(t, "image-unit", connected(t, `{"root": "/image"}`).open(uri, good).Diagnostics[0].Code)
	assert.Equal(t, "the root is lost", connected(t, `{"root": "/lost"}`).open(uri, good).Diagnostics[0].Message)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b.ign"), []byte(`{"ignition": {"version": "3.4.0"}, "zz": 1}`),
		0o600))
	got := connected(t, fmt.Sprintf(`{"map": ["https://c/=%s/", "https://a/=%[1]s"]}`, dir)).open(uri, good+
		"ignition: {config: {merge: [{source: https://a/b.ign}]}}\n")
	require.Len(t, got.Diagnostics, 1)
	assert.Equal(t, "key-unknown", got.Diagnostics[0].Code)
	for options, said := range map[string]string{
		`{"lint": "nothing"}`: "nothing", `{"strict": "x"}`: "strict", `{"lint": 5}`: "lint", `"x"`: "object",
		`{"target": "x"}`: "target", `{"map": "x"}`: "URL=FILE",
	} {
		c := connected(t, options)
		m := c.await(func(m reply) bool { return m.Method == "window/showMessage" })
		assert.Contains(t, string(m.Params), said)
		assert.NotEmpty(t, c.open(uri, advised).Diagnostics, "the session goes on without")
	}
}

// Each text is judged by the project that its file is in, and the project file by its own rules.
func TestTheProjectFileCounts(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		return "file://" + filepath.Join(dir, name)
	}
	settings := write(".glowplug.yaml", "files-dir: files\nexclude: [old]\nignore: {\"*.bu\": [key-unknown]}\n")
	write("files/a", "hello\n")
	const text = good + "a: 1\nstorage: {files: [{path: /a, contents: {local: a}}]}\n"
	c := connected(t)
	assert.Empty(t, c.open("file://"+dir+"/web.bu", text).Diagnostics)
	assert.Empty(t, c.open("file://"+dir+"/old/web.bu", text).Diagnostics, "it is excluded")
	assert.Empty(t, c.open("file://"+dir+"/old/more/web.bu", "variant: fcos\nversion: 1\n").Diagnostics,
		"and what is below its folder")
	places := result[[]struct{ URI string }](c, "textDocument/definition", fmt.Sprintf(
		`{"textDocument": {"uri": "file://%s/web.bu"}, "position": {"line": 3, "character": 47}}`, dir))
	require.Len(t, places, 1)
	assert.Equal(t, "file://"+dir+"/files/a", places[0].URI)
	assert.Len(t, connected(t, `{"no-project": true}`).open("file://"+dir+"/web.bu", text).Diagnostics, 2)

	got := c.open(settings, "excludes: vendor\n")
	require.Len(t, got.Diagnostics, 1)
	assert.Equal(t, "project-file", got.Diagnostics[0].Code)
	assert.Equal(t, "0:0-0:8", got.Diagnostics[0].Range.String())
	got = c.open(settings, "files-dir: gone\n")
	require.Len(t, got.Diagnostics, 1)
	assert.Equal(t, "project-file", got.Diagnostics[0].Code)
	assert.Equal(t, "0:11-0:15", got.Diagnostics[0].Range.String())
	write(".glowplug.yaml", "excludes: vendor\n")
	c.tell("textDocument/didSave", fmt.Sprintf(`{"textDocument": {"uri": %q}}`, settings))
	c.published(settings, 1)
	now := c.published("file://"+dir+"/web.bu", 1)
	require.Len(t, now.Diagnostics, 3, "what is saved counts for the others")
	require.Len(t, now.Diagnostics[0].RelatedInformation, 1)
	assert.Equal(t, settings, now.Diagnostics[0].RelatedInformation[0].Location.URI)
}

// What is wrong with a config to merge is shown where the text refers to it, with its own place beside it.
func TestTheProjectFileSaysWhatIsMerged(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, text := range map[string]string{
		".glowplug.yaml": "map: https://a/=site\n",
		"site/b.bu":      good + "ignition: {config: {merge: [{source: https://a/c/d.ign}]}}\n",
		"site/c/d.ign":   `{"ignition": {"version": "3.4.0"},` + "\n" + ` "zz": 1}`,
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
	got := connected(t).open("file://"+dir+"/web.bu", good+"ignition: {config: {merge: [{source: https://a/b.bu}]}}\n")
	require.Len(t, got.Diagnostics, 1)
	d := got.Diagnostics[0]
	assert.Equal(t, "key-unknown", d.Code)
	assert.Equal(t, "2:37-2:51", d.Range.String())
	require.Len(t, d.RelatedInformation, 1)
	assert.Equal(t, "file://"+dir+"/site/c/d.ign", d.RelatedInformation[0].Location.URI)
	assert.Equal(t, "1:1-1:5", d.RelatedInformation[0].Location.Range.String())
}
