package device

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
)

func TestADeviceIsWaitedForAndThenNamed(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "sys/class/block/vda"), 0o755))
	late := filepath.Join(dir, "late")
	synctest.Test(t, func(t *testing.T) {
		var told bytes.Buffer
		d := Devices{Root: dir, Patience: 25 * time.Second, Log: slog.New(slog.NewTextHandler(&told, nil))}
		go func() {
			time.Sleep(12 * time.Second)
			assert.NoError(t, os.WriteFile(late, nil, 0o600))
		}()
		start := time.Now()
		require.NoError(t, d.Wait(t.Context(), []string{late, late}))
		assert.InDelta(t, 12, time.Since(start).Seconds(), 0.2)
		assert.Contains(t, told.String(), "waiting for "+late+" since 10s, until 25s")

		err := d.Wait(t.Context(), []string{late, "/dev/glowplug-none-b", "/dev/glowplug-none-a"})
		var missing *MissingError
		require.ErrorAs(t, err, &missing)
		assert.Equal(t, []string{"/dev/glowplug-none-a", "/dev/glowplug-none-b"}, missing.Paths)
		assert.EqualError(t, err, "device /dev/glowplug-none-a did not appear within 25s; there are block devices vda")
		assert.Contains(t, diag.Hints(err)[0], "glowplug.timeout.device")

		ctx, stop := context.WithCancelCause(t.Context())
		stop(errors.New("the boot has taken too long"))
		assert.EqualError(t, d.Wait(ctx, []string{"/dev/glowplug-none-a"}),
			"waiting for /dev/glowplug-none-a: the boot has taken too long")
	})
}

func TestWhatUdevSaysOfADevice(t *testing.T) {
	for name, c := range map[string]struct {
		entry string
		want  bool
	}{
		"all of it":                      {"S:disk/by-id/x\nE:ID_FS_TYPE=ext4\n", true},
		"an array that lacks members":    {"E:MD_LEVEL=raid5\nE:SYSTEMD_READY=0\n", false},
		"ready although it was not once": {"E:SYSTEMD_READY=1\n", true},
		"a volume that holds nothing":    {"E:DM_UUID=CRYPT-LUKS2-0123-data\nE:SYSTEMD_READY=0\n", true},
	} {
		assert.Equal(t, c.want, settled(c.entry), name)
	}
}
