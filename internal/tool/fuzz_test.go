package tool

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Invariants: no panic; units are on the way only where systemd names a job or a state.
func FuzzProperties(f *testing.F) {
	f.Add("ActiveState=inactive\nJob=0\n\nActiveState=activating\n")
	f.Add(" Job = 7 \r\n")
	f.Fuzz(func(t *testing.T, properties string) {
		if onTheWay(properties) {
			require.True(t, strings.Contains(properties, "Job=") || strings.Contains(properties, "ActiveState=activ"))
		}
	})
}
