package stages

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/providers"
)

// The helper for kernel arguments asks for a reboot and waits for it: systemd's signal ends it, or this process, or
// both.
func TestAStageThatAShutdownEnds(t *testing.T) {
	const waits, isKilled, fails = "touch began; exec sleep 60", "kill -TERM $$", "exit 3"
	for claim, c := range map[string]struct {
		helper, systemctl, first string
		shutdown                 bool
	}{
		"the stage gets the signal":              {waits, "echo Job=9", "systemd", true},
		"its tool does":                          {isKilled, "echo Job=9", "systemd", true},
		"a tool that catches it fails":           {fails, "echo ActiveState=active", "systemd", true},
		"systemd has begun to end all":           {isKilled, "exit 1", "systemd-shutdow", true},
		"a signal of somebody else":              {waits, "echo Job=; echo ActiveState=inactive", "systemd", false},
		"a tool that somebody else ends":         {isKilled, "echo ActiveState=inactive", "systemd", false},
		"a failure":                              {fails, "echo ActiveState=inactive", "systemd", false},
		"a failure where nobody can be asked":    {fails, "exit 1", "systemd", false},
		"no systemd, and a signal ends the tool": {isKilled, "exit 127", "init", false},
	} {
		t.Run(claim, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, `{"ignition": {"version": "3.3.0"}, "kernelArguments": {"shouldExist": ["a"]}}`)
			require.NoError(t, m.stage(t.Context(), "fetch-offline"))
			m.write(t, "first", c.first+"\n")
			names := map[string]string{}
			for tool, script := range map[string]string{"ignition-kargs-helper": c.helper, "systemctl": c.systemctl} {
				m.write(t, tool, "#!/bin/sh\ncd "+m.dir+"\n"+script+"\n")
				names[tool] = filepath.Join(m.dir, tool)
				require.NoError(t, os.Chmod(names[tool], 0o755))
			}
			ctx, signal := context.WithCancelCause(t.Context())
			defer signal(nil)
			if c.helper == waits {
				go func() {
					for ctx.Err() == nil {
						if _, err := os.Stat(filepath.Join(m.dir, "began")); err == nil {
							signal(errors.New("interrupted (SIGTERM)"))
						}
					}
				}()
			}
			platform, _ := providers.Find("file")
			log := slog.New(slog.NewTextHandler(&m.log, nil))
			err := Run(ctx, Boot{
				Stage: "kargs", Platform: platform, Root: m.dir, Paths: m.paths(),
				CommandLine: filepath.Join(m.dir, "cmdline"), Log: log,
				Tools: tool.New(names, log), FirstProcess: filepath.Join(m.dir, "first"),
			})
			require.Error(t, err)
			assert.Equal(t, c.shutdown, errors.Is(err, ErrShutdown), "%v", err)
		})
	}
}
