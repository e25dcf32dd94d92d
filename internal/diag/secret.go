package diag

import (
	"fmt"
	"io"
	"strings"
)

// Redacted is written in the place of a secret.
const Redacted = "[redacted]"

// HeaderName is what may be shown of what stands in the place of a header's name: all before a colon or a blank. Behind
// them is the value, where somebody has put the whole header there.
//
//go:noinline
func HeaderName(name string) string {
	if end := strings.IndexAny(name, ": \t\r\n"); end >= 0 {
		return name[:end]
	}
	return name
}

// A Secret is text that does not print: every way of formatting, logging or encoding it gives Redacted. It must not be
// the key of a map: encoding/json writes those as the strings they are.
type Secret string

func (Secret) String() string { return Redacted }

// Format writes Redacted for every verb.
func (Secret) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, Redacted) }

// MarshalText gives Redacted to encoders and to slog, which asks for it too: its LogValuer would link all of it.
func (Secret) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// Reveal gives the text itself, for the place that needs it.
func (s Secret) Reveal() string { return string(s) }
