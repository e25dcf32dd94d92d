package fetch

import (
	"fmt"
	"net/url"
	"strings"
)

// What stands in a URL as it is written, but cannot in the line of a request (RFC 9112 §3.2), is sent as browsers send
// it: as an escape (https://url.spec.whatwg.org/#query-state and #path-state). All else, escapes too, goes as it is.

const (
	queryEscaped = `"<>`
	pathEscaped  = queryEscaped + "\\^`{|}" // what net/url escapes in a path that has no escapes yet
)

// encoded is an address that can be asked for.
func encoded(address *url.URL) *url.URL {
	to := *address
	to.RawQuery = escapedAll(to.RawQuery, queryEscaped)
	// with a byte too many net/url would not use it, and lose what %2F is
	to.RawPath = escapedAll(to.RawPath, pathEscaped)
	return &to
}

// escapedAll escapes blanks, control characters, all outside ASCII, and some bytes more.
func escapedAll(text, also string) string {
	odd := func(c byte) bool { return c <= ' ' || c >= 0x7f || strings.IndexByte(also, c) >= 0 }
	var b strings.Builder
	for i := range len(text) {
		if odd(text[i]) {
			fmt.Fprintf(&b, "%%%02X", text[i])
		} else {
			b.WriteByte(text[i])
		}
	}
	return b.String()
}
