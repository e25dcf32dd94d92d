package main

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

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/console"
	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/journal"
	"github.com/glowplug-os/glowplug/stages"
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

// A unit that calls a stage wrongly fails as one whose stage does: who stands before the machine sees a card, and not how to call it.
func TestAStageThatCannotBeginIsAFailureOfTheBoot(t *testing.T) {
	dir := t.TempDir()
	for want, args := range map[string][]string{
		"Ignition failed: fetch: --platform is missing\n":            {"--stage=fetch", "--platform="},
		"Ignition failed: start: --stage is missing\n":               {"--platform=metal"},
		"Ignition failed: fetch: the platform \"moon\" is not known": {"--stage=fetch", "--platform=moon"},
	} {
		var said bytes.Buffer
		p := program{name: "ignition", out: io.Discard, err: &said}
		o, err := parseBoot(append([]string{"--log-to-stdout", "--config-cache=" + dir + "/ignition.json"}, args...))
		if err == nil {
			_, err = findPlatform(o.platform)
		}
		require.Error(t, err)
		assert.Equal(t, exitUsage, p.misused(o, err, true))
		assert.True(t, strings.HasPrefix(said.String(), want), said.String())
		assert.Equal(t, 1, strings.Count(said.String(), "\n"))
		report, err := os.ReadFile(filepath.Join(dir, "glowplug/failure.json"))
		require.NoError(t, err)
		assert.Equal(t, strings.Contains(want, "platform"), strings.Contains(string(report), "ignition.platform.id=ID"))
	}
}

func TestTheLastLineOfAFailureIsOneLine(t *testing.T) {
	var said bytes.Buffer
	p := program{err: &said}
	o := bootOptions{stage: "disks", paths: handoff.Paths{Config: filepath.Join(t.TempDir(), "ignition.json")}}
	p.verdict(slog.New(slog.DiscardHandler), o, &console.Consoles{}, errors.Join(errors.New("one\x1b[2J"), errors.New("two\u202e")))
	assert.Equal(t, `Ignition failed: disks: one\x1b[2J; two\u202e`+"\n", said.String())
}

// Images for confidential machines say so by this option, and put the stage's output nowhere.
func TestNothingIsToldElsewhereWhereTheLogGoesToStandardOutput(t *testing.T) {
	assert.Empty(t, journalSocket(true))
	assert.Equal(t, journal.DefaultSocket, string(journalSocket(false)))
}

// Nothing has failed: nobody is to mend anything, and the next boot begins again.
func TestAStageThatAShutdownEndsIsNoFailure(t *testing.T) {
	dir := t.TempDir()
	var said, logged bytes.Buffer
	p := program{err: &said}
	o := bootOptions{stage: "kargs", paths: handoff.Paths{Config: filepath.Join(dir, "ignition.json")}}
	err := fmt.Errorf("%w (kernel arguments: signal:\nterminated)", stages.ErrShutdown)
	assert.Equal(t, exitFailed, p.verdict(slog.New(slog.NewTextHandler(&logged, nil)), o, &console.Consoles{}, err))
	assert.Equal(t, "Ignition ends before kargs is done: the machine shuts down (kernel arguments: signal:; terminated)\n", said.String())
	assert.NotContains(t, logged.String(), "failed")
	assert.Contains(t, logged.String(), "level=INFO msg=\"Ignition ends before kargs is done: ")
	assert.NoDirExists(t, filepath.Join(dir, "glowplug"), "nothing is left of it")
}
