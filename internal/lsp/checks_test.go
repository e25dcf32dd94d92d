package lsp_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/check"
)

// A gate is a root that has each check wait until the test opens it.
type gate struct{ begun, open chan struct{} }

func (g gate) root(string) (check.Image, error) {
	g.begun <- struct{}{}
	<-g.open
	return check.Image{}, errors.New("this root has nothing")
}

// gated is a client whose text is being checked.
func gated(t *testing.T) (*client, gate) {
	t.Helper()
	g := gate{make(chan struct{}), make(chan struct{})}
	c := started(t, g.root)
	c.ask("initialize", `{"capabilities": {}, "initializationOptions": {"root": "/image"}}`)
	c.tell("textDocument/didOpen", fmt.Sprintf(
		`{"textDocument": {"uri": %q, "languageId": "", "version": 1, "text": %s}}`, uri, quoted(good)))
	<-g.begun
	return c, g
}

func (c *client) change(version int) {
	c.tell("textDocument/didChange", fmt.Sprintf(
		`{"textDocument": {"uri": %q, "version": %d}, "contentChanges": [{"text": %s}]}`, uri, version, quoted(good)))
}

const whole = `{"textDocument": {"uri": "file:///w.bu"}, "range": {"start": {"line": 0, "character": 0}, ` +
	`"end": {"line": 9, "character": 0}}, "context": {}}`

// What is typed during a check is checked once, when it ends; what that check has found is not told.
func TestTheLatestEditWins(t *testing.T) {
	c, g := gated(t)
	for version := 2; version <= 9; version++ {
		c.change(version)
	}
	hovered := c.ask("textDocument/hover", `{"textDocument": {"uri": "file:///w.bu"}, "position": {"line": 0, `+
		`"character": 1}}`)
	assert.NotEqual(t, "null", string(hovered.Result), "what needs no check is answered meanwhile")
	g.open <- struct{}{}
	<-g.begun
	g.open <- struct{}{}
	assert.Len(t, c.published(uri, 9).Diagnostics, 1)
	for _, m := range c.later {
		assert.NotEqual(t, "textDocument/publishDiagnostics", m.Method)
	}
}

func TestARequestThatWaitsForACheckCanBeCancelled(t *testing.T) {
	c, g := gated(t)
	first, second := c.send("textDocument/codeAction", whole), c.send("textDocument/codeAction", whole)
	c.tell("$/cancelRequest", `{"id": `+first+`}`)
	assert.Equal(t, -32800, c.answer(first).Error.Code)
	g.open <- struct{}{}
	assert.Equal(t, "[]", string(c.answer(second).Result), "the other one is answered")
	c.tell("$/cancelRequest", `{"id": `+second+`}`)
}

func TestWhatIsClosedIsForgotten(t *testing.T) {
	c, g := gated(t)
	waits := c.send("textDocument/codeAction", whole)
	c.tell("textDocument/didClose", `{"textDocument": {"uri": "file:///w.bu"}}`)
	assert.Equal(t, "null", string(c.answer(waits).Result))
	assert.Empty(t, c.published(uri, 1).Diagnostics, "its problems are taken back")
	g.open <- struct{}{}
	assert.Equal(t, -32602, c.ask("textDocument/hover", whole).Error.Code, "it is not open")
	assert.Empty(t, c.later, "the check that went on is told of nowhere")
	c.change(2)
	logged := c.await(func(m reply) bool { return m.Method == "window/logMessage" })
	assert.Contains(t, string(logged.Params), "not open")
}

// An edit that cannot be understood is told in the log, and changes nothing.
func TestAnEditThatIsNoneIsPassedOver(t *testing.T) {
	c := connected(t)
	c.open(uri, good+"a: 1\n")
	for _, changes := range []string{`[{"range": {"start": {"line": -1, "character": 0}}, "text": "x"}]`, `5`,
		`[{"range": {"start": {"line": 1e99}}, "text": "x"}]`, `[{"text": 7}]`} {
		c.tell("textDocument/didChange", fmt.Sprintf(
			`{"textDocument": {"uri": %q, "version": 2}, "contentChanges": %s}`, uri, changes))
		c.await(func(m reply) bool { return m.Method == "window/logMessage" })
	}
	c.tell("textDocument/didSave", "{}")
	assert.Len(t, c.published(uri, 1).Diagnostics, 1)
}

// Names that no file has are those of texts all the same.
func TestTextsNeedNoFile(t *testing.T) {
	c := connected(t)
	for _, name := range []string{"untitled:Untitled-1", "git:/a.bu?ref", "file:///%zz", "file:", "x", "http://[::1",
		"", "file:///" + strings.Repeat("a/", 5000) + "b", "file:///a\u0000b"} {
		assert.Len(t, c.open(name, good+"a: 1\n").Diagnostics, 1, name)
	}
	c.tell("textDocument/didOpen", `{"textDocument": {"uri": "file:///w.bu", "version": 7, "text": `+
		`"variant: fcos\r\nversion: 1.6.0\r\n# \ud83d\r\na\ude00: 1\r\n"}}`)
	got := c.published(uri, 7)
	assert.NotEmpty(t, got.Diagnostics)
	assert.Equal(t, "3:0-3:2", got.Diagnostics[0].Range.String(), "half a character is one unit")
}
