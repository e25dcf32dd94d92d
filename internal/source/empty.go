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
	payload := raw[h.pos+1:]
	return payload == "" || compression == "gzip" && unpacksToNothing(payload, h.base64)
}

// unpacksToNothing reads one byte: more would be work that nobody asked for.
func unpacksToNothing(payload string, isBase64 bool) bool {
	if isBase64 {
		raw, err := encoding.StdEncoding.DecodeString(payload)
		payload = string(raw)
		if err != nil {
			return false
		}
	} else if plain, err := url.PathUnescape(payload); err == nil {
		payload = plain
	}
	unpacked, err := gzip.NewReader(strings.NewReader(payload))
	if err != nil {
		return false
	}
	_, err = io.ReadFull(unpacked, make([]byte, 1))
	return err == io.EOF
}
