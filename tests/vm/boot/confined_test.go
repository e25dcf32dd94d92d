//go:build vmhost

package boot

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// confined are checks that systemd gives programs with the settings of the units of stages the mounts that all have, or
// mounts of their own.
func confined(t *testing.T) []check {
	t.Helper()
	var all []check
	for stage, want := range map[string]string{"disks": "same", "mount": "same", "files": "same", "fetch": "own"} {
		all = append(all, check{"mounts of the stage " + stage,
			`[ "$(systemd-run -q --wait --pipe ` + settings(t, stage) + `readlink /proc/self/ns/mnt)" = ` +
				`"$(readlink /proc/1/ns/mnt)" ] && echo same || echo own`, want})
	}
	return all
}

// settings are those by which a unit confines its stage, as options of systemd-run(1).
func settings(t *testing.T, stage string) string {
	t.Helper()
	text, err := os.ReadFile("../../../dracut/30ignition/ignition-" + stage + ".service")
	require.NoError(t, err)
	_, own, found := strings.Cut(string(text), "docs/hardening.md.\n")
	require.True(t, found)
	var b strings.Builder
	for line := range strings.Lines(own) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			b.WriteString("-p '" + line + "' ")
		}
	}
	return b.String()
}
