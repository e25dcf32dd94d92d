//go:build disk

package disk

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/chain"
)

// underSystemd is set to a folder where the test runs as a service.
const underSystemd = "GLOWPLUG_UNDER_SYSTEMD"

// tight are settings that would be too much for a stage, and what it says then.
var tight = map[string]struct{ stage, settings, says string }{
	"owners":             {"files", "CapabilityBoundingSet=~CAP_CHOWN", "operation not permitted"},
	"what is another's":  {"files", "CapabilityBoundingSet=~CAP_DAC_OVERRIDE", "permission denied"},
	"modes of another's": {"files", "CapabilityBoundingSet=~CAP_FOWNER", "operation not permitted"},
	"groups of users":    {"files", "CapabilityBoundingSet=~CAP_SETGID", "become user"},
	"users":              {"files", "CapabilityBoundingSet=~CAP_SETUID", "become user"},
	"modes":              {"files", "RestrictSUIDSGID=yes", "chmod"},
	"partitions":         {"disks", "CapabilityBoundingSet=~CAP_SYS_ADMIN", "the kernel does not add it"},
	"mounts":             {"mount", "CapabilityBoundingSet=~CAP_SYS_ADMIN", "exit status 32"},
	"mounts for all":     {"mount", "PrivateMounts=yes", "stage umount"},
}

// The stages do what they are to do with the settings of their units, and would not with less.
func TestStagesUnderTheirUnits(t *testing.T) {
	if os.Getenv(underSystemd) == "" {
		runUnderSystemd(t)
		return
	}
	engine, err := filepath.Abs("testdata/stage.sh")
	require.NoError(t, err)
	bootRoot := func(t *testing.T) error {
		m := machineOfEverything(t, serveText(t))
		m.Engine = engine
		_, err := m.Watched(t.Context(), nil)
		return err
	}
	first, second := loopDeviceOf(t, chain.Memory(t), "512M"), loopDeviceOf(t, chain.Memory(t), "512M")
	bootDisks := func(t *testing.T) error {
		chainBlank(t, first)
		chainBlank(t, second)
		fill := strings.NewReplacer("1@", first, "2@", second, "####", "1818")
		m := chain.New(t, engine, fill.Replace(chainConfig))
		t.Cleanup(func() {
			chainBlank(t, first)
			chainBlank(t, second)
		})
		_, err := m.Watched(t.Context(), nil)
		if err == nil { // and each file is on the disk that it is for
			tree := chainTree(t, m, pair{first, second, ""})
			require.NoFileExists(t, m.Root()+"/srv/index.html")
			require.Contains(t, tree, "/srv/index.html")
		}
		return err
	}
	t.Run("a root", func(t *testing.T) { require.NoError(t, bootRoot(t)) })
	t.Run("disks", func(t *testing.T) { require.NoError(t, bootDisks(t)) })
	for name, c := range tight {
		t.Run("less, for "+name, func(t *testing.T) {
			t.Setenv("TIGHT", c.stage)
			t.Setenv("SETTINGS", c.settings)
			boot := bootDisks
			if c.stage == "files" {
				boot = bootRoot
			}
			assert.ErrorContains(t, boot(t), c.says)
		})
	}
}

// runUnderSystemd runs the test as a service.
func runUnderSystemd(t *testing.T) {
	t.Helper()
	folder := chain.Memory(t)
	require.NoError(t, os.Mkdir(filepath.Join(folder, "tree"), 0o755))
	self := filepath.Join(folder, "test")
	must(t, "cp", os.Args[0], self)
	ctx, stop := context.WithTimeout(t.Context(), 15*time.Minute)
	defer stop()
	said, err := exec.CommandContext(ctx, "testdata/systemd.sh", folder, self, "-test.v",
		"-test.run=^"+t.Name()+"$").CombinedOutput()
	out, _ := os.ReadFile(filepath.Join(folder, "out"))
	t.Logf("%s\n%s", out, said)
	// The first process of a namespace ends by its own kill, so its status says nothing.
	require.True(t, strings.HasSuffix(strings.TrimSpace(string(out)), "\nPASS"), "%v", err)
}
