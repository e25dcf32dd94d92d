package tool

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// How much of what a failed tool printed is kept of either end, and how much of it is shown: what comes first mostly is
// the reason, as many tools print how they are used after it; what comes last is where others stopped.
const (
	edgeKept    = 4 << 10
	errorShown  = 2 << 10
	outputShown = 512
)

// edges keeps the first and the last bytes written to it.
type edges struct {
	first, last []byte
	over        bool // there was more between them
}

// Write never fails: a full pipe would stop the tool.
func (e *edges) Write(p []byte) (int, error) {
	n := min(len(p), edgeKept-len(e.first))
	e.first = append(e.first, p[:n]...)
	rest := p[n:]
	e.over = e.over || len(e.last)+len(rest) > edgeKept
	e.last = append(e.last, rest[max(0, len(rest)-edgeKept):]...)
	if excess := len(e.last) - edgeKept; excess > 0 {
		e.last = append(e.last[:0], e.last[excess:]...)
	}
	return len(p), nil
}

// line is what was kept as one line of printable text without secrets, cut in its middle to some limit.
func (e *edges) line(hide scrubber, limit int) string {
	if !e.over {
		return cutMiddle(diag.OneLine(hide.text(string(e.first)+string(e.last))), limit)
	}
	// At a cut there may be the rest of a secret that is too short to be known for one.
	first, last := hide.text(string(e.first)), hide.text(string(e.last))
	first, last = first[:max(0, len(first)-piece)], last[min(len(last), piece):]
	return cutMiddle(diag.OneLine(first)+" … "+diag.OneLine(last), limit)
}

func cutMiddle(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit/2], "") + " … " + strings.ToValidUTF8(text[len(text)-limit/2:], "")
}

// complaints is what a failed tool said. Some tell how they are used as an error, and the reason as their output
// (mkfs.fat).
func complaints(stderr, stdout *edges, hide scrubber) string {
	errors, output := stderr.line(hide, errorShown), stdout.line(hide, outputShown)
	switch usage := strings.Contains(strings.ToLower(errors), "usage:"); {
	case errors == "" || output == "":
		return errors + output
	case usage:
		return output + "; " + errors
	}
	return errors + "; it had printed: " + output
}
