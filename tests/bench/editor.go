package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// editors measure from an edit until its problems are told, beside a call of the validator on the same text.
func (b *bench) editors() error {
	var yaml bytes.Buffer
	yaml.WriteString("variant: fcos\nversion: 1.7.0\nstorage:\n  files:\n")
	for i := range 9000 {
		fmt.Fprintf(&yaml, "    - path: /srv/%d/file-%d\n      mode: 0644\n      contents: {inline: %s}\n", i%50, i,
			strings.Repeat("x", 38))
	}
	for _, d := range []struct {
		name, space string
		text        []byte
	}{{"edit.ign", " ", inlineFiles(10_000, 25)}, {"edit.bu", "\n", yaml.Bytes()}} {
		if err := b.edits(b.path(d.name), d.space, d.text); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) edits(file, space string, text []byte) error {
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	e, err := b.editor(file, string(text))
	if err != nil {
		return err
	}
	defer e.close()
	what := fmt.Sprintf("problems after an edit, %.1f MB in %s, validate", float64(len(text))/1e6, filepath.Ext(file))
	return b.compare(what, 2, func() (time.Duration, error) { return e.edit(space) },
		func() (time.Duration, error) { return timed(b.program("glowplug-validate"), file) })
}

// An editor has one text open.
type editor struct {
	server  *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	uri     string
	version int
}

func (b *bench) editor(file, text string) (e *editor, err error) {
	e = &editor{server: exec.Command(b.program("glowplug"), "lsp"), uri: "file://" + file}
	if e.in, err = e.server.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := e.server.StdoutPipe()
	if err != nil {
		return nil, err
	}
	e.out = bufio.NewReader(out)
	if err := e.server.Start(); err != nil {
		return nil, err
	}
	type object = map[string]any
	e.send(object{"id": 1, "method": "initialize", "params": object{"capabilities": object{}}})
	e.send(object{"method": "textDocument/didOpen", "params": object{"textDocument": object{"uri": e.uri,
		"languageId": "", "version": 0, "text": text}}})
	return e, e.told()
}

func (e *editor) close() {
	e.in.Close()
	_ = e.server.Wait() // it ends because nobody is left to talk to
}

// edit makes a small change in front, and gives the time until the problems of what the text says then are there.
func (e *editor) edit(text string) (time.Duration, error) {
	type object = map[string]any
	e.version++
	zero := object{"line": 0, "character": 0}
	start := time.Now()
	e.send(object{"method": "textDocument/didChange", "params": object{
		"textDocument":   object{"uri": e.uri, "version": e.version},
		"contentChanges": []object{{"range": object{"start": zero, "end": zero}, "text": text}}}})
	err := e.told()
	return time.Since(start), err
}

func (e *editor) send(message map[string]any) {
	message["jsonrpc"] = "2.0"
	body, err := json.Marshal(message)
	if err != nil {
		panic(err) // of maps of texts and numbers
	}
	fmt.Fprintf(e.in, "Content-Length: %d\r\n\r\n%s", len(body), body) // a failure shows in what is told
}

// told reads until the problems of the last version are told.
func (e *editor) told() error {
	for {
		header, err := textproto.NewReader(e.out).ReadMIMEHeader()
		if err != nil {
			return err
		}
		size, err := strconv.Atoi(header.Get("Content-Length"))
		if err != nil {
			return err
		}
		var m struct {
			Method string
			Params struct{ Version int }
		}
		if err := json.NewDecoder(io.LimitReader(e.out, int64(size))).Decode(&m); err != nil {
			return err
		}
		if m.Method == "textDocument/publishDiagnostics" && m.Params.Version == e.version {
			return nil
		}
	}
}
