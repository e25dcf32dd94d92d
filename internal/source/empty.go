package source

import (
	"compress/gzip"
	encoding "encoding/base64"
	"io"
	"net/url"
	"strings"
)

// IsEmpty tells of a source that Check finds good whether it is known to have no content: its own text says so, or the
// digest that the content must have.
func IsEmpty(raw, compression string, digest Digest) bool {
	if h := digest.New(); h != nil && digest.Matches(h.Sum(nil)) {
		return true
	}
	if !isData(raw) {
		return false
	}
	h := header{raw: raw, pos: len(dataPrefix)}
	if h.read() != nil {
		return false
	}
	written := raw[h.pos+1:]
	return written == "" || compression == "gzip" && unpacksToNothing(written, h.base64)
}

// Inline gives the content of a source that has it itself; known is false where it has not, or not as Check wants it.
func Inline(raw string) (content string, known bool) {
	h := header{raw: raw, pos: len(dataPrefix)}
	if !isData(raw) || h.read() != nil {
		return "", false
	}
	return payload(raw[h.pos+1:], h.base64)
}

func payload(written string, isBase64 bool) (content string, known bool) {
	if isBase64 {
		raw, err := encoding.StdEncoding.DecodeString(written)
		return string(raw), err == nil
	}
	if plain, err := url.PathUnescape(written); err == nil {
		written = plain
	}
	return written, true
}

// unpacksToNothing reads one byte: more would be work that nobody asked for.
func unpacksToNothing(written string, isBase64 bool) bool {
	content, known := payload(written, isBase64)
	if !known {
		return false
	}
	unpacked, err := gzip.NewReader(strings.NewReader(content))
	if err != nil {
		return false
	}
	_, err = io.ReadFull(unpacked, make([]byte, 1))
	return err == io.EOF
}
