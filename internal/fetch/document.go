package fetch

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"github.com/glowplug-os/glowplug/internal/source"
)

// codings are the ways to pack a body that a server may name (RFC 9110 §8.4.1, RFC 7932, RFC 8878), by their names
// here.
var codings = map[string]string{
	"gzip": gzipped, "x-gzip": gzipped, "deflate": "deflate", "compress": "compress", "x-compress": "compress",
	"br": "br", "zstd": "zstd",
}

const gzipped = "gzip"

// codingOf tells how an answer is packed, though every request asks for it as it is; "" for not at all. Of several
// ways it is the last, with which unpacking has to begin.
func codingOf(h http.Header) (coding string) {
	for name := range strings.SplitSeq(strings.Join(h.Values("Content-Encoding"), ","), ",") {
		if known := codings[strings.ToLower(strings.TrimSpace(name))]; known != "" {
			coding = known
		}
	}
	return coding
}

// warnPacked tells of content that stays packed.
func warnPacked(log *slog.Logger, r Resource, coding string) {
	advice := "have the server send it as it is"
	if coding == gzipped {
		advice = "compression: gzip unpacks it"
	}
	log.Warn(source.Redact(r.URL) + ": the server has packed its answer with " +
		coding + ", unasked; it is kept as it came. " + advice)
}

// Document returns the resource, which may have at most limit bytes, for somebody to read: what a server has packed
// unasked is unpacked. A digest may be of either form.
func (c *Client) Document(ctx context.Context, r Resource, limit int64) ([]byte, error) {
	m := &memory{limit: limit}
	t, err := c.fetch(ctx, r, m)
	if err != nil && !(t.coding == gzipped && KindOf(err) == KindDigest) {
		return nil, about(r.URL, err)
	}
	if t.coding != gzipped {
		if t.coding != "" && !r.Gzip && r.Digest == "" {
			warnPacked(c.log, r, t.coding)
		}
		return m.content, nil
	}
	text, unpacking := unpacked(m.content, limit)
	switch {
	case unpacking != nil:
		return nil, about(r.URL, unpacking)
	case err != nil && !t.matches(text):
		return nil, about(r.URL, err)
	}
	return text, nil
}
