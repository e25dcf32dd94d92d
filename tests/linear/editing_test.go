//go:build linear

package linear

import (
	"fmt"
	"strings"
)

// editing are the shapes of texts that are edited in very many places by one message. They are no configs, so that
// nothing else is done about them.
func editing() []shape {
	return []shape{
		{name: "edits of lines, the last one first", args: serve, size: 2000, text: func(n int) string {
			return session(strings.Repeat("- a: b\n", n), n, func(i int) edit {
				at := n - 1 - i
				return edit{at, 2, at, 3}
			})
		}},
		{name: "edits of lines, the first one first", args: serve, size: 2000, text: func(n int) string {
			return session(strings.Repeat("- a: b\n", n), n, func(i int) edit { return edit{i, 2, i, 3} })
		}},
		{name: "edits of lines in no order", args: serve, size: 2000, text: func(n int) string {
			return session(strings.Repeat("- a: b\r\n", n), n, func(i int) edit {
				at := i * 7919 % n
				return edit{at, 2, at, 3}
			})
		}},
		{name: "lines that are taken away", args: serve, size: 2000, text: func(n int) string {
			return session(strings.Repeat("- a: b\n", 3*n), n, func(i int) edit {
				at := i * 7919 % n
				return edit{at, 0, at + 1, 0}
			})
		}},
		{name: "edits of one line of wide characters", args: serve, size: 2000, text: func(n int) string {
			return session(strings.Repeat("😀ä, ", n), n, func(i int) edit {
				at := 5 * (i * 7919 % n)
				return edit{0, at, 0, at + 2}
			})
		}},
		{name: "writing at the end of one line", args: serve, size: 2000, text: func(n int) string {
			return session("", n, func(i int) edit { return edit{0, 4 * i, 0, 4 * i} })
		}},
	}
}

// An edit is a range of a text, by line and column; each is written over by two characters.
type edit struct{ line, column, endLine, endColumn int }

// session is what a client says that opens a text and edits it.
func session(text string, edits int, at func(i int) edit) string {
	const of = `"textDocument": {"uri": "file:///a.txt", "version": 1`
	framed := func(body string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) }
	return framed(`{"id": 1, "method": "initialize", "params": {"capabilities": {}}}`) +
		framed(`{"method": "textDocument/didOpen", "params": {`+of+fmt.Sprintf(`, "text": %q}}}`, text)) +
		framed(`{"method": "textDocument/didChange", "params": {`+of+`}, "contentChanges": [`+
			each(edits, ",", func(i int) string {
				e := at(i)
				return fmt.Sprintf(`{"range": {"start": {"line": %d, "character": %d}, `+
					`"end": {"line": %d, "character": %d}}, "text": "😀é"}`, e.line, e.column, e.endLine, e.endColumn)
			})+`]}}`) +
		framed(`{"id": 2, "method": "shutdown"}`) + framed(`{"method": "exit"}`)
}
