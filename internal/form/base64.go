package form

import (
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/glowplug-os/glowplug/internal/tree"
)

// InBase64 decodes a text that is base64 from the first to the last byte and holds gzip or a known form of user data. A
// plain config is never taken for that: neither JSON nor YAML with a mapping is base64, which has no brace, colon or
// blank; and what the base64 holds must look like something that people give as user data.
func InBase64(text []byte) (inner []byte, ok bool) {
	trimmed := bytes.TrimSpace(tree.Readable(text))
	if len(trimmed) < 4 || !isBase64(trimmed[0]) ||
		bytes.ContainsAny(trimmed[:min(len(trimmed), 512)], "{}:#<> \"'") {
		return nil, false
	}
	inner, err := Base64(trimmed)
	if err != nil || !looksGiven(string(inner)) {
		return nil, false
	}
	return inner, true
}

// Base64 decodes RFC 4648 with padding; line ends may be anywhere (docs/peer/platforms.md §1).
func Base64(text []byte) ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.TrimSpace(string(tree.Readable(text))))
}

func isBase64(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/'
}

// looksGiven: a text starts like gzip, a config, or what is given in place of one.
func looksGiven(text string) bool {
	if isJSON(text) {
		return true
	}
	if _, other := ByStart(text); other {
		return true
	}
	return isDocument(text)
}

func isJSON(text string) bool {
	return strings.HasPrefix(startOf(text), "{")
}

// isDocument: the first line that says something has a key that Butane documents start with.
func isDocument(text string) bool {
	for line := range strings.Lines(string(tree.Readable([]byte(text)))) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "variant:") || strings.HasPrefix(line, "version:") {
			return true
		}
		if line != "" && line[0] != '#' && line != "---" {
			return false
		}
	}
	return false
}

// nameOf names what was in base64.
func nameOf(text string) string {
	if f, ok := ByStart(text); ok {
		return f.What
	}
	if isJSON(text) {
		return "JSON"
	}
	return "a Butane document"
}
