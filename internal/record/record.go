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
	"time"
)

// Version counts up when a key goes or changes its meaning; keys may be added at any time.
const Version = 1

// Most is how many bytes the file may have, which is the record of some 150,000 files.
const Most = 64 << 20

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

// Text is the file. One that could not be read again is refused.
func (r *Record) Text() ([]byte, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return nil, err
	}
	return text.Bytes(), fits(text.Len())
}

// ErrTooLarge is about a file that has more than Most.
var ErrTooLarge = fmt.Errorf("it has more than %d bytes, which no record may have", Most)

func fits(bytes int) error {
	if bytes > Most {
		return ErrTooLarge
	}
	return nil
}

var errNoConfig = errors.New("it has no config: it is no record")

// Parse reads the file. One of a newer version is refused.
func Parse(text []byte) (*Record, error) {
	if err := fits(len(text)); err != nil {
		return nil, err
	}
	var r Record
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("it is no record: %w", err)
	}
	switch {
	case r.Version > Version:
		return nil, fmt.Errorf("it is of version %d, and this program reads %d", r.Version, Version)
	case r.Version < 1, len(r.Config) == 0 || r.Config[0] != '{':
		return nil, errNoConfig
	}
	return &r, nil
}
