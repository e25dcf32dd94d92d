package tool

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOnlySystemdSaysThatTheMachineShutsDown(t *testing.T) {
	for name, c := range map[string]struct {
		first, systemctl string
		want             bool
	}{
		"a machine that runs": {"systemd", "echo Job=; echo ActiveState=inactive", false},
		"shutdown.target waits for what is stopped": {"systemd", `[ "$*" = "show --property=ActiveState,Job ` +
			`shutdown.target" ] && echo Job=77; echo ActiveState=inactive`, true},
		"shutdown.target is reached":            {"systemd", "echo ActiveState=active", true},
		"systemd-shutdown is the first process": {"systemd-shutdow", "exit 1", true},
		"it becomes that when systemd is to be asked": {"systemd",
			`echo systemd-shutdow >"$(dirname "$0")/comm"; exit 1`, true},
		"the program of an initramfs": {"shutdown", "exit 1", true},
		"nobody answers":              {"init", "exit 1", false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "comm"), []byte(c.first+"\n"), 0o600))
			require.NoError(t,
				os.WriteFile(filepath.Join(dir, "systemctl"), []byte("#!/bin/sh\n"+c.systemctl+"\n"), 0o755))
			tools := New(map[string]string{"systemctl": filepath.Join(dir, "systemctl")}, nil)
			assert.Equal(t, c.want, tools.ShutsDown(t.Context(), filepath.Join(dir, "comm")))
		})
	}
	assert.False(t, New(map[string]string{"systemctl": "/none"}, nil).ShutsDown(t.Context(), "/none"),
		"there is no systemd at all")
}
