package console

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
)

type closing struct{ io.Writer }

func (closing) Close() error { return nil }

func TestACardSaysWhatFailedWhyAndWhatToTry(t *testing.T) {
	tool := errors.New("mkfs.ext4: exit status 1: the device is apparently in use\x1b[2J by the system")
	err := fmt.Errorf("filesystem on /dev/vda3 ($.storage.filesystems.0): %w", diag.WithHint(tool, "unmount it"))
	card := NewCard("disks", "config.ign:14:7", err)
	assert.Equal(t, strings.Repeat("=", 78)+`
Ignition failed: disks
asked for at config.ign:14:7
filesystem on /dev/vda3 ($.storage.filesystems.0)
because mkfs.ext4: exit status 1: the device is apparently in use [2J by the
  system
To try:
- unmount it
- mend the cause and reboot: the first boot begins again, and what is done
  stays done
- journalctl -t ignition shows all that was done
`+strings.Repeat("=", 78)+"\n", card.String())
}

func TestACardFitsOnAScreenWhateverTheErrorIs(t *testing.T) {
	long := errors.New(strings.Repeat("ü", 5000))
	deep := io.EOF
	for range 60 {
		deep = fmt.Errorf("layer: %w", deep)
	}
	hints := io.EOF
	for i := range 40 {
		hints = diag.WithHint(hints, fmt.Sprint("hint ", i))
	}
	for _, err := range []error{long, deep, hints, errors.Join(long, deep), errors.New("")} {
		lines := strings.Split(strings.TrimSuffix(NewCard("files", "", err).String(), "\n"), "\n")
		assert.LessOrEqual(t, len(lines), 20)
		for _, line := range lines {
			assert.LessOrEqual(t, len(line), 78)
			assert.Equal(t, line, strings.ToValidUTF8(line, ""))
		}
		assert.Equal(t, lines[0], lines[len(lines)-1])
	}
}

func TestACardIsLeftForProgramsUntilItsStagePasses(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "glowplug")
	require.NoError(t, NewCard("fetch", "", io.EOF).Save(folder))
	text, err := os.ReadFile(filepath.Join(folder, "failure.json"))
	require.NoError(t, err)
	assert.JSONEq(t, `{"stage": "fetch", "causes": ["EOF"], "try": ["mend the cause and reboot: the first boot begins again, and what is done stays done"]}`, string(text))
	info, err := os.Stat(filepath.Join(folder, "failure.json"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode())
	require.NoError(t, Forget(folder, "umount"))
	assert.Equal(t, "fetch", Left(folder))
	require.NoError(t, Forget(folder, "fetch"))
	assert.Empty(t, Left(folder))
	require.NoError(t, Forget(folder, "fetch"))
	assert.NoFileExists(t, filepath.Join(folder, "failure.json"))
}

func TestEveryConsoleIsWrittenTo(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"tty0", "ttyS0"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "active"), []byte("tty0 gone ttyS0\n"), 0o600))
	c := Open(filepath.Join(dir, "active"), dir)
	c.Show(NewCard("fetch", "", io.EOF))
	c.Close()
	for _, name := range []string{"tty0", "ttyS0"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Contains(t, string(text), "\r\nIgnition failed: fetch\r\nEOF\r\n", name)
	}
	assert.Empty(t, Open(filepath.Join(dir, "none"), dir).screens)
}

func TestOnlyNumberedTerminalsAreScreens(t *testing.T) {
	for name, want := range map[string]bool{"tty0": true, "tty63": true, "tty": false, "ttyS0": false, "ttyAMA0": false, "hvc0": false, "0": false} {
		assert.Equal(t, want, virtual(name), name)
	}
}

func TestLongWorkIsShownOnScreensAtOnceAndOnSerialLinesEveryTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var screenOut, serialOut bytes.Buffer
		c := &Consoles{screens: []screen{{closing{&screenOut}, true}, {closing{&serialOut}, false}}}
		p, handler := Watch(c, slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug}))
		log := slog.New(handler).WithGroup("disks")
		log.Info("[started]  create filesystem")
		log.Debug("executing: mkfs")
		time.Sleep(20*time.Second + time.Millisecond)
		synctest.Wait()
		assert.Equal(t, "ignition: create filesystem (10 s)\r\nignition: create filesystem (20 s)\r\n", serialOut.String())
		assert.True(t, strings.HasPrefix(screenOut.String(), eraseLine+"ignition: create filesystem (2 s)"+eraseLine+"ignition: create filesystem (3 s)"))
		screenOut.Reset()
		log.Info("[finished] create filesystem")
		time.Sleep(30 * time.Second)
		synctest.Wait()
		assert.Equal(t, eraseLine, screenOut.String(), "the line is taken away, and nothing is going on")
		log.Info("[started]  more")
		time.Sleep(3 * time.Second)
		synctest.Wait()
		screenOut.Reset()
		p.Close()
		assert.Equal(t, eraseLine, screenOut.String())
	})
}
