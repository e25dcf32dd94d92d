package source

import (
	"net/url"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// Written finds where a data: URL has a part of its content; ok is false where that is packed in base64.
func Written(raw string, part diag.Span) (written diag.Span, ok bool) {
	h := header{raw: raw, pos: len(dataPrefix)}
	if !isData(raw) || h.read() != nil || h.base64 {
		return diag.Span{}, false
	}
	at := h.pos + 1
	written.Start = len(raw)
	_, err := url.PathUnescape(raw[at:])
	for n := 0; at < len(raw); n++ {
		if n == part.Start {
			written.Start = at
		}
		if n == part.End {
			break
		}
		if raw[at] == '%' && err == nil {
			at += 2
		}
		at++
	}
	written.End = min(at, len(raw))
	return written, written.Start < written.End
}
