package lsp_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/check"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/lsp"
)

// A client is an editor at the other end of two pipes.
type client struct {
	t     *testing.T
	in    *bufio.Reader
	out   io.WriteCloser
	done  chan error
	next  int
	later []reply // what came while something else was waited for
}

// A reply is a message of the server.
type reply struct {
	ID     json.RawMessage
	Method string
	Params json.RawMessage
	Result json.RawMessage
	Error  *struct {
		Code    int
		Message string
	}
}

// started is a client that has said nothing yet.
func started(t *testing.T, root check.Root) *client {
	t.Helper()
	in, toServer := io.Pipe()
	fromServer, out := io.Pipe()
	c := &client{t: t, in: bufio.NewReader(fromServer), out: toServer, done: make(chan error, 1)}
	go func() {
		c.done <- lsp.Serve(context.Background(), in, out, lsp.Program{Version: "9.9.9", Root: root})
		out.Close()
		in.Close()
	}()
	t.Cleanup(func() { toServer.Close(); fromServer.Close() })
	return c
}

// noRoot has nothing to say, but for one name.
func noRoot(dir string) (check.Image, error) {
	if filepath.Base(dir) == "lost" {
		return check.Image{}, errors.New("the root is lost")
	}
	judge := func(doc *document.Document) []diag.Problem {
		return []diag.Problem{{Severity: diag.Warning, Code: "image-unit", Message: "no such unit",
			Place: doc.At("$", nil).Place()}}
	}
	return check.Image{Judge: judge, End: func() {}}, nil
}

// connected is a client that has begun a session.
func connected(t *testing.T, options ...string) *client {
	t.Helper()
	c := started(t, noRoot)
	given := "{}"
	if len(options) > 0 {
		given = options[0]
	}
	c.ask("initialize", `{"capabilities": {}, "initializationOptions": `+given+`}`)
	c.tell("initialized", "{}")
	return c
}

func (c *client) raw(text string) {
	_, err := io.WriteString(c.out, text)
	require.NoError(c.t, err)
}

func (c *client) body(text string) {
	c.raw(fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(text), text))
}

func (c *client) tell(method, params string) {
	c.body(fmt.Sprintf(`{"jsonrpc": "2.0", "method": %q, "params": %s}`, method, params))
}

// send sends a request, and gives its id.
func (c *client) send(method, params string) string {
	c.next++
	c.body(fmt.Sprintf(`{"jsonrpc": "2.0", "id": %d, "method": %q, "params": %s}`, c.next, method, params))
	return strconv.Itoa(c.next)
}

// read gives the next message.
func (c *client) read() (m reply) {
	c.t.Helper()
	header, err := textproto.NewReader(c.in).ReadMIMEHeader()
	require.NoError(c.t, err)
	size, err := strconv.Atoi(header.Get("Content-Length"))
	require.NoError(c.t, err)
	body := make([]byte, size)
	_, err = io.ReadFull(c.in, body)
	require.NoError(c.t, err)
	require.NoError(c.t, json.Unmarshal(body, &m))
	return m
}

// await gives the first message that is wanted, and keeps those before it.
func (c *client) await(wanted func(reply) bool) reply {
	c.t.Helper()
	for i, m := range c.later {
		if wanted(m) {
			c.later = append(c.later[:i:i], c.later[i+1:]...)
			return m
		}
	}
	for {
		m := c.read()
		if wanted(m) {
			return m
		}
		c.later = append(c.later, m)
	}
}

// ask sends a request and waits for its answer.
func (c *client) ask(method, params string) reply {
	c.t.Helper()
	return c.answer(c.send(method, params))
}

func (c *client) answer(id string) reply {
	c.t.Helper()
	return c.await(func(m reply) bool { return string(m.ID) == id })
}

// result is that of a request that succeeds.
func result[T any](c *client, method, params string) (result T) {
	c.t.Helper()
	m := c.ask(method, params)
	require.Nil(c.t, m.Error)
	require.NoError(c.t, json.Unmarshal(m.Result, &result))
	return result
}

// A diagnostic is a problem as an editor gets it.
type diagnostic struct {
	Range              span
	Severity           int
	Code, Message      string
	CodeDescription    struct{ Href string }
	RelatedInformation []struct {
		Location struct {
			URI   string
			Range span
		}
		Message string
	}
}

type span struct{ Start, End struct{ Line, Character int } }

func (s span) String() string {
	return fmt.Sprintf("%d:%d-%d:%d", s.Start.Line, s.Start.Character, s.End.Line, s.End.Character)
}

// A report is what is published of a text.
type report struct {
	URI         string
	Version     int
	Diagnostics []diagnostic
}

// published waits for what is published of a version of a text.
func (c *client) published(uri string, version int) (r report) {
	c.t.Helper()
	c.await(func(m reply) bool {
		var got report
		if m.Method != "textDocument/publishDiagnostics" || json.Unmarshal(m.Params, &got) != nil {
			return false
		}
		r = got
		return got.URI == uri && got.Version == version
	})
	return r
}

// open opens a text, and gives what is published of it.
func (c *client) open(uri, text string) report {
	c.t.Helper()
	c.tell("textDocument/didOpen", fmt.Sprintf(
		`{"textDocument": {"uri": %s, "languageId": "", "version": 1, "text": %s}}`, quoted(uri), quoted(text)))
	return c.published(uri, 1)
}

func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// cursor takes the mark | out of a text, and gives its line and column.
func cursor(text string) (without, params string) {
	before, after, found := strings.Cut(text, "|")
	if !found {
		panic("no cursor in " + text)
	}
	line := strings.Count(before, "\n")
	column := len(before) - strings.LastIndexByte(before, '\n') - 1
	return before + after, fmt.Sprintf(`{"textDocument": {"uri": "file:///w.bu"}, "position": {"line": %d, `+
		`"character": %d}}`, line, column)
}
