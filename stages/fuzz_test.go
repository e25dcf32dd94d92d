package stages

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Invariants: no panic; no limit is below zero, whatever the kernel command line says.
func FuzzLimits(f *testing.F) {
	f.Add("glowplug.timeout.device=90s glowplug.timeout.boot=0 quiet")
	f.Add("glowplug.timeout.tool=-1s glowplug.timeout.resource=1e9h glowplug.timeout.tool")
	f.Fuzz(func(t *testing.T, line string) {
		l := parseLimits(line, slog.New(slog.DiscardHandler))
		require.GreaterOrEqual(t, min(l.device, l.tool, l.resource, l.boot), time.Duration(0))
	})
}
