package stages

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// systemd stops the mount stage's unit on every way out of the initramfs. Only on the way into the real root it is a
// failure that something is not mounted, and only there a first boot has ended for its encrypted volumes: a directory
// as their device tells whether they are looked at.
func TestUnmountingWhereABootIsGivenUp(t *testing.T) {
	t.Parallel()
	const calm = "ActiveState=inactive\n\nActiveState=inactive\nJob=\n\nActiveState=inactive\nJob=0\n"
	mounted := `"filesystems": [{"device": "/dev/glowplug-none", "format": "ext4", "path": "/var"}]`
	encrypted := `"luks": [{"name": "data", "device": %q}]`
	for claim, c := range map[string]struct {
		storage string
		systemd string // what it says of its units; "" if it cannot be asked
		err     string
		asked   bool
	}{
		"nothing to take down asks nobody":                      {"", calm, "", false},
		"a mount that is gone stops the way into the real root": {mounted, calm, "nothing is mounted there", true},
		"and where systemd cannot be asked":                     {mounted, "", "nothing is mounted there", true},
		"on the way to an emergency shell it is worth a warning": {mounted, calm + "\nJob=77\nActiveState=inactive\n",
			"", true},
		"and in the shell":                         {mounted, "ActiveState=activating\n", "", true},
		"volumes become the system's":              {encrypted, calm, "data", true},
		"and where systemd cannot be asked, too":   {encrypted, "", "data", true},
		"but not on the way to an emergency shell": {encrypted, "ActiveState=inactive\nJob=77\n", "", true},
		"and not in the shell":                     {encrypted, "ActiveState=active\n", "", true},
	} {
		t.Run(claim, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			systemctl, asked := filepath.Join(dir, "systemctl"), filepath.Join(dir, "asked")
			answer := fmt.Sprintf("printf '%s'", c.systemd)
			if c.systemd == "" {
				answer = "exit 1"
			}
			require.NoError(t,
				os.WriteFile(systemctl, fmt.Appendf(nil, "#!/bin/sh\necho \"$@\" >%s\n%s\n", asked, answer), 0o755))
			notDevice := filepath.Join(dir, "device")
			require.NoError(t, os.Mkdir(notDevice, 0o700))
			storage := c.storage
			if storage == encrypted {
				storage = fmt.Sprintf(encrypted, notDevice)
			}
			var log bytes.Buffer
			logger := slog.New(slog.NewTextHandler(&log, nil))
			r := &run{Boot: Boot{Root: dir, Log: logger,
				Tools: tool.New(map[string]string{"systemctl": systemctl}, logger)}}
			r.full = load.Read(tree.NewArena(), "x",
				`{"ignition": {"version": "3.4.0"}, "storage": {`+storage+`}}`).Config
			require.NotNil(t, r.full)

			err := umount(t.Context(), r)
			if c.err == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.err)
			}
			assert.Equal(t, c.storage == mounted && err == nil,
				bytes.Contains(log.Bytes(), []byte("the boot is given up")), "a warning: %s", &log)
			_, err = os.Stat(asked)
			assert.Equal(t, c.asked, err == nil, "systemd is asked")
		})
	}
}
