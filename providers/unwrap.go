package providers

import (
	"bytes"
	"compress/gzip"
	"fmt"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/form"
)

// unwrap takes gzip and base64 off a text, as tools put them on to get past size limits and odd characters. A plain
// config is never touched: gzip has a signature that no text starts with.
func unwrap(text []byte) ([]byte, error) {
	if inner, ok := form.InBase64(text); ok {
		text = inner
	}
	if !isGzip(text) {
		return text, nil
	}
	return gunzip(text)
}

// inflatedMax is how much so many bytes of gzip may hold.
func inflatedMax(packed int) int64 { return fetch.InflatedMax(packed, textMax) }

func isGzip(text []byte) bool { return bytes.HasPrefix(text, []byte("\x1f\x8b\x08")) }

// gunzip unpacks all members of an archive. NULs after the last are no part of it: what is on a disk is padded.
func gunzip(text []byte) (out []byte, err error) {
	const name = "what it holds"
	most, rest := inflatedMax(len(text)), bytes.NewReader(text)
	var z gzip.Reader
	for {
		if err := z.Reset(rest); err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		z.Multistream(false)
		part, err := readMost(&z, name, most)
		if out = append(out, part...); err == nil && int64(len(out)) > most {
			err = tooLong(name, most)
		}
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		if padding := text[len(text)-rest.Len():]; len(bytes.TrimLeft(padding, "\x00")) == 0 {
			return out, nil
		}
	}
}

// unpadded takes NULs off the end of a text. Those of an archive stay, as archives end in NULs themselves; gunzip
// passes over the others.
func unpadded(text []byte) []byte {
	if isGzip(text) {
		return text
	}
	return bytes.TrimRight(text, "\x00")
}

// standardBase64 decodes RFC 4648 with padding; line ends may be anywhere (docs/peer/platforms.md §1). It is for where
// all user data is base64.
func standardBase64(text []byte) ([]byte, error) {
	out, err := form.Base64(text)
	if err == nil {
		return out, nil
	}
	if f, known := form.ByStart(string(text)); known {
		return nil, diag.WithHint(fmt.Errorf("the user data is not base64 but %s", f.What), f.Hint)
	}
	return nil, diag.WithHint(fmt.Errorf("the user data is not base64: %w", err),
		"whoever gives user data here has to encode it in base64 first")
}

func isCloudConfig(text []byte) bool {
	f, other := form.ByStart(string(text))
	return other && f.IsCloudConfig()
}
