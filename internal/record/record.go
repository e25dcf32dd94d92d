// Package record is the file that says what a machine was like once a config had been carried out on it, so that it can
// be compared with that later, without the config and its secrets. It writes and reads the file; what is in it comes
// from package stages. The largest part of it is a config again: with digests in the place of contents, with the UUIDs
// that were drawn, and without passwords and keys.
package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Version counts up when a key goes or changes its meaning; keys may be added at any time.
const Version = 1

// A Record is what the file says.
type Record struct {
	Version int       `json:"version"`
	Made    time.Time `json:"made"`
	// Glowplug is the version of the program that made it.
	Glowplug  string     `json:"glowplug"`
	Documents []Document `json:"documents"`
	// Config is what the machine is compared with.
	Config json.RawMessage `json:"config"`
}

// A Document is a text that the config was read from.
type Document struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// Write writes the file.
func (r *Record) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

var (
	errTrailing = errors.New("there is text after the record")
	errNoConfig = errors.New("it has no config: it is no record")
)

// Parse reads the file. One of a newer version is refused.
func Parse(text []byte) (*Record, error) {
	var r Record
	d := json.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&r); err != nil {
		return nil, fmt.Errorf("it is no record: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errTrailing
	}
	switch {
	case r.Version > Version:
		return nil, fmt.Errorf("it is of version %d, and this program reads %d", r.Version, Version)
	case r.Version < 1, len(r.Config) == 0 || r.Config[0] != '{':
		return nil, errNoConfig
	}
	return &r, nil
}
