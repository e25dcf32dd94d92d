package handoff

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Origins tell where each part of the rendered config was written, so that a stage that fails can name the line. They
// hold names and numbers, no text of the documents. The zero value is empty and ready.
type Origins struct {
	documents []string
	index     map[string]int // of a name in documents
	paths     []string       // in the order they came; the last of equal ones counts
	places    map[string]place
}

// A place is a document's index, a line and a column.
type place [3]int

// Add notes where the value at a path ("$.storage.files.0") was written. Lines and columns count from 1.
func (o *Origins) Add(path, document string, line, col int) {
	if o.index == nil {
		o.index, o.places = map[string]int{}, map[string]place{}
	}
	i, ok := o.index[document]
	if !ok {
		i = len(o.documents)
		o.index[document] = i
		o.documents = append(o.documents, document)
	}
	if _, ok := o.places[path]; !ok {
		o.paths = append(o.paths, path)
	}
	o.places[path] = place{i, line, col}
}

// Find gives "name:line:col" of a path, or of the nearest ancestor that has a place; "" where none has.
func (o *Origins) Find(path string) string {
	for {
		if p, ok := o.places[path]; ok {
			return fmt.Sprintf("%s:%d:%d", o.documents[p[0]], p[1], p[2])
		}
		dot := strings.LastIndexByte(path, '.')
		if dot < 0 {
			return ""
		}
		path = path[:dot]
	}
}

// origins is the name of our file beside the rendered config.
func (p Paths) origins() string { return filepath.Join(filepath.Dir(p.Config), "glowplug", "origins") }

// SaveOrigins writes encoded origins: mode 0600, and their folder with 0700.
func (p Paths) SaveOrigins(encoded []byte) error {
	name := p.origins()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	return replace(name, encoded, 0o600)
}

// Encode gives the origins of a rendered config, given as its bytes. It writes by hand: there are several places for
// each file of a config, and encoding/json takes four times as long.
func (o *Origins) Encode(config []byte) []byte {
	text := make([]byte, 0, 128+48*len(o.paths))
	text = append(text, `{"config":"`...)
	text = append(text, digest(config)...)
	text = append(text, `","documents":[`...)
	for i, name := range o.documents {
		text = appendString(comma(text, i), name)
	}
	text = append(text, `],"places":{`...)
	for i, path := range o.paths {
		text = appendString(comma(text, i), path)
		at := o.places[path]
		text = append(text, ':', '[')
		text = append(strconv.AppendInt(text, int64(at[0]), 10), ',')
		text = append(strconv.AppendInt(text, int64(at[1]), 10), ',')
		text = append(strconv.AppendInt(text, int64(at[2]), 10), ']')
	}
	return append(text, "}}\n"...)
}

func comma(text []byte, i int) []byte {
	if i > 0 {
		return append(text, ',')
	}
	return text
}

func appendString(text []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string always encodes
			return append(text, quoted...)
		}
	}
	return append(append(append(text, '"'), s...), '"')
}

func digest(config []byte) string {
	sum := sha256.Sum256(config)
	return hex.EncodeToString(sum[:])
}

// LoadOrigins reads the origins of a rendered config, given as its bytes. They are empty where there is no file and
// where it belongs to another config. With an error they are empty too: no stage need fail for them.
func (p Paths) LoadOrigins(config []byte) (*Origins, error) {
	text, ok, err := readWhole(p.origins())
	if err != nil || !ok {
		return &Origins{}, err
	}
	var file struct {
		Config    string           `json:"config"`
		Documents []string         `json:"documents"`
		Places    map[string]place `json:"places"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return &Origins{}, fmt.Errorf("origins %s: %w", p.origins(), err)
	}
	if file.Config != digest(config) {
		return &Origins{}, nil
	}
	o := &Origins{}
	for path, at := range file.Places {
		if at[0] < 0 || at[0] >= len(file.Documents) {
			return &Origins{}, fmt.Errorf("origins %s: document %d is not listed", p.origins(), at[0])
		}
		o.Add(path, file.Documents[at[0]], at[1], at[2])
	}
	return o, nil
}
