package report

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// digestShown is how many characters of a digest people are shown.
const digestShown = 16

// String tells of a source: "https://example.com/x: sha256-0123456789abcdef…, 1234 bytes, as the digest says".
func (s Source) String() string {
	digest := "no digest"
	if kind, sum, found := strings.Cut(s.Digest, "-"); found {
		digest = kind + "-" + sum[:min(len(sum), digestShown)] + "…"
	}
	text := s.URL + ": " + digest
	switch {
	case s.Bytes < 0:
		return text
	case s.Digest == "":
		return text + ", now " + diag.Count(s.Bytes, "byte")
	}
	return text + ", " + diag.Count(s.Bytes, "byte") + ", as the digest says"
}
