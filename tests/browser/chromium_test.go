//go:build disk

package browser_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// A browser is a Chromium without a window that takes calls of the Chrome DevTools Protocol through a pipe: JSON, each
// message with a zero behind it.
type browser struct {
	t       *testing.T
	to      io.Writer
	from    *bufio.Reader
	calls   int
	session string
	// events are the names of what the browser has told by itself, with its parameters.
	events []message
}

type message struct {
	ID        int             `json:"id,omitempty"`
	Method    string          `json:"method,omitempty"`
	SessionID string          `json:"sessionId,omitempty"`
	Params    json.RawMessage `json:"params,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     *failure        `json:"error,omitempty"`
}

type failure struct{ Message string }

// start starts the browser with an empty page. It has no sandbox, which it cannot have as root.
func start(t *testing.T) *browser {
	t.Helper()
	in, to, err := os.Pipe()
	require.NoError(t, err)
	from, out, err := os.Pipe()
	require.NoError(t, err)
	c := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--hide-scrollbars", "--no-first-run", "--user-data-dir="+t.TempDir(), "--remote-debugging-pipe", "about:blank")
	c.ExtraFiles = []*os.File{in, out}
	require.NoError(t, c.Start())
	require.NoError(t, in.Close())
	require.NoError(t, out.Close())
	b := &browser{t: t, to: to, from: bufio.NewReader(from)}
	t.Cleanup(func() {
		b.session = ""
		b.call("Browser.close", nil, nil)
		_ = c.Wait() // whose status nobody needs
		_, _ = to.Close(), from.Close()
	})
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Log", "Network", "Runtime"} {
		b.call(domain+".enable", nil, nil)
	}
	return b
}

// call makes a call, and waits for its result.
func (b *browser) call(method string, params, result any) {
	b.t.Helper()
	b.calls++
	raw, err := json.Marshal(params)
	require.NoError(b.t, err)
	if params == nil {
		raw = nil
	}
	text, err := json.Marshal(message{ID: b.calls, Method: method, SessionID: b.session, Params: raw})
	require.NoError(b.t, err)
	_, err = b.to.Write(append(text, 0))
	require.NoError(b.t, err)
	m := b.until(func(m *message) bool { return m.ID == b.calls })
	require.Nil(b.t, m.Error, method)
	if result != nil {
		require.NoError(b.t, json.Unmarshal(m.Result, result))
	}
}

// until reads messages up to one of them, and keeps events.
func (b *browser) until(is func(*message) bool) *message {
	b.t.Helper()
	for {
		text, err := b.from.ReadBytes(0)
		require.NoError(b.t, err)
		m := &message{}
		require.NoError(b.t, json.Unmarshal(text[:len(text)-1], m))
		if m.ID == 0 {
			b.events = append(b.events, *m)
		}
		if is(m) {
			return m
		}
	}
}

// open shows a file in a window of a width, in light colours or dark ones.
func (b *browser) open(file string, width int, scheme string) {
	b.t.Helper()
	b.events = nil
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900,
		"deviceScaleFactor": 1, "mobile": width < 500}, nil)
	b.media("screen", scheme)
	b.call("Page.navigate", map[string]any{"url": "file://" + file}, nil)
	loaded := func(m *message) bool { return m.Method == "Page.loadEventFired" }
	for i := range b.events {
		if loaded(&b.events[i]) {
			return
		}
	}
	b.until(loaded)
}

func (b *browser) media(kind, scheme string) {
	b.t.Helper()
	b.call("Emulation.setEmulatedMedia", map[string]any{"media": kind,
		"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// evaluate gives the value of an expression; what it promises, if that is its value.
func (b *browser) evaluate(expression string, value any) {
	b.t.Helper()
	var got struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true},
		&got)
	require.Nil(b.t, got.ExceptionDetails, "%+v", got.ExceptionDetails)
	if value != nil {
		require.NoError(b.t, json.Unmarshal(got.Result.Value, value), expression)
	}
}

// picture is the whole page as PNG.
func (b *browser) picture() []byte {
	b.t.Helper()
	var got struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true, "format": "png"}, &got)
	data, err := base64.StdEncoding.DecodeString(got.Data)
	require.NoError(b.t, err)
	return data
}

// told gives the events of a name.
func (b *browser) told(method string) (all []string) {
	for _, e := range b.events {
		if e.Method == method {
			all = append(all, fmt.Sprint(string(e.Params)))
		}
	}
	return all
}
