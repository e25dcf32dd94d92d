package main

import (
	"bytes"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/console"
	"github.com/glowplug-os/glowplug/internal/handoff"
)

// On the way to an emergency shell systemd stops what is mounted and the unit that unmounts it, in no order.
func TestUnmountingAfterAFailureLeavesTheCardOfTheFailure(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "glowplug")
	var said, logged bytes.Buffer
	p := program{err: &said}
	log := slog.New(slog.NewTextHandler(&logged, nil))
	end := func(stage string, err error) int {
		o := bootOptions{stage: stage, paths: handoff.Paths{Config: filepath.Join(dir, "ignition.json")}}
		return p.verdict(log, o, &console.Consoles{}, err)
	}
	assert.Equal(t, exitFailed, end("files", errors.New("no room")))
	assert.Equal(t, "Ignition failed: files: no room\n", said.String())
	assert.Equal(t, exitOK, end("umount", errors.New("nothing is mounted there")))
	assert.Equal(t, exitOK, end("umount", nil))
	assert.Equal(t, "files", console.Left(folder))
	assert.NotContains(t, logged.String(), "finished successfully")
	assert.Equal(t, "Ignition failed: files: no room\n", said.String())

	assert.Equal(t, exitOK, end("files", nil))
	assert.Empty(t, console.Left(folder))
	assert.Contains(t, logged.String(), "finished successfully")
	assert.Equal(t, exitFailed, end("umount", errors.New("busy")))
}
