//go:build vmhost

package boot

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// tellTimes prints how long each stage took, by the journal's monotonic times. Nothing is held against a limit: the emulation is as
// fast as its host has time.
func tellTimes(t *testing.T, journal string) {
	t.Helper()
	started, total := 0.0, 0.0
	for line := range strings.Lines(journal) {
		stamp, text, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "["), "] ")
		at, err := strconv.ParseFloat(strings.TrimSpace(stamp), 64)
		if err != nil {
			continue
		}
		_, text, _ = strings.Cut(text, ": ")
		switch {
		case strings.HasPrefix(text, "glowplug "):
			started = at
		case strings.HasSuffix(text, " passed"):
			fmt.Fprintf(t.Output(), "%-16s %6.0f ms\n", strings.TrimSuffix(text, " passed"), (at-started)*1000)
			total += at - started
		}
	}
	fmt.Fprintf(t.Output(), "%-16s %6.0f ms\n", "all stages", total*1000)
}
