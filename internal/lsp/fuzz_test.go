package lsp_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/lsp"
)

// Whatever a client sends: nothing panics, the session ends with its input, and what comes back are whole messages.
func FuzzServe(f *testing.F) {
	frame := func(body string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) }
	begin := frame(`{"id":1,"method":"initialize","params":{"capabilities":{}}}`)
	open := frame(`{"method":"textDocument/didOpen","params":{"textDocument":{"uri":"file:///a.bu","text":"variant: ` +
		`fcos\nversion: 1.6.0\nstorage:\n  files:\n  - pa\n"}}}`)
	about := func(method string) string {
		return frame(`{"id":"x","method":"textDocument/` + method + `","params":{"textDocument":{"uri":` +
			`"file:///a.bu"},"position":{"line":4,"character":5}}}`)
	}
	f.Add([]byte(""))
	f.Add([]byte(begin))
	f.Add([]byte(begin + open + about("hover") + about("completion") + about("definition") + about("codeAction") +
		about("documentSymbol") + frame(`{"method":"$/cancelRequest","params":{"id":"x"}}`)))
	f.Add([]byte(begin + open + frame(`{"method":"textDocument/didChange","params":{"textDocument":{"uri":"file:///a.bu"`+
		`,"version":2},"contentChanges":[{"range":{"start":{"line":9,"character":9},"end":{"line":0}},"text":"\ud800"},`+
		`{"text":"{"}]}}`) + frame(`{"method":"textDocument/didClose","params":{"textDocument":{"uri":"file:///a.bu"}}}`)))
	f.Add([]byte(begin + frame(`{"method":"exit"}`) + frame("[")))
	f.Add([]byte("Content-Length: 99999999999999\r\n\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var out bytes.Buffer
		_ = lsp.Serve(context.Background(), bytes.NewReader(in), &out, lsp.Program{Root: noRoot})
		for out.Len() > 0 {
			var size int
			_, err := fmt.Fscanf(&out, "Content-Length: %d\r\n\r\n", &size)
			require.NoError(t, err)
			body, err := io.ReadAll(io.LimitReader(&out, int64(size)))
			require.NoError(t, err)
			require.Len(t, body, size)
			require.True(t, strings.HasPrefix(string(body), `{"jsonrpc":"2.0"`), "%s", body)
		}
	})
}
