package fetch

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/klauspost/compress/gzip"
)

// codings are the ways to pack a body that a server may name (RFC 9110 §8.4.1, RFC 7932, RFC 8878), by their names
// here.
var codings = map[string]string{
	"gzip": gzipped, "x-gzip": gzipped, "deflate": "deflate", "compress": "compress", "x-compress": "compress",
	"br": "br", "zstd": "zstd",
}

const gzipped = "gzip"

// packingOf tells how an answer is packed, though every request asks for it as it is; "" for not at all. Of several
// ways it is the last, with which unpacking has to begin.
func packingOf(h http.Header) (coding string) {
	for name := range strings.SplitSeq(strings.Join(h.Values("Content-Encoding"), ","), ",") {
		if known := codings[strings.ToLower(strings.TrimSpace(name))]; known != "" {
			coding = known
		}
	}
	return coding
}

// warnPacked tells of content that stays packed.
func (c *Client) warnPacked(r Resource, coding string) {
	advice := "have the server send it as it is"
	if coding == gzipped {
		advice = "compression: gzip unpacks it"
	}
	c.log.Warn(source.Redact(r.URL) + ": the server has packed its answer with " +
		coding + ", unasked; it is kept as it came. " + advice)
}

// Document returns the resource, which may have at most limit bytes, for somebody to read: what a server has packed
// unasked is unpacked. A digest may be of either form.
func (c *Client) Document(ctx context.Context, r Resource, limit int64) ([]byte, error) {
	b := &buffer{limit: limit}
	d, err := c.fetch(ctx, r, b)
	if err != nil && !(d.packing == gzipped && d.differs) {
		return nil, about(r.URL, err)
	}
	if d.packing != gzipped {
		if d.packing != "" && !r.Gzip && r.Digest == "" {
			c.warnPacked(r, d.packing)
		}
		return b.Bytes(), nil
	}
	text, unpacking := unpacked(b.Bytes(), limit)
	switch {
	case unpacking != nil:
		return nil, about(r.URL, unpacking)
	case err != nil && !d.matches(text):
		return nil, about(r.URL, err)
	}
	return text, nil
}

// matches holds a text against the digest.
func (d *delivery) matches(text []byte) bool {
	d.hash.Reset()
	d.hash.Write(text)
	return d.digest.Matches(d.hash.Sum(nil))
}

// InflatedMax is how much so many bytes of gzip may hold where at most limit is wanted: zeros without end are no text,
// and memory has one.
func InflatedMax(packed int, limit int64) int64 {
	const free, ratio = 64 << 20, 200
	return min(max(free, ratio*int64(packed)), limit)
}

// unpacked takes gzip off. What a server only says to be gzip is left as it is.
func unpacked(text []byte, limit int64) ([]byte, error) {
	if !bytes.HasPrefix(text, []byte("\x1f\x8b")) {
		return text, nil
	}
	limit = InflatedMax(len(text), limit)
	z, err := gzip.NewReader(bytes.NewReader(text))
	if err == nil {
		text, err = io.ReadAll(io.LimitReader(z, limit+1))
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("the answer's Content-Encoding: gzip: %w", notEOF(err))
	case int64(len(text)) > limit:
		return nil, fmt.Errorf("larger than %d bytes", limit)
	}
	return text, nil
}
