package engine

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
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/console"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/journal"
	"github.com/glowplug-os/glowplug/stages"
)

// On the way to an emergency shell systemd stops what is mounted and the unit that unmounts it, in no order.
func TestUnmountingAfterAFailureLeavesTheCardOfTheFailure(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "glowplug")
	var said, logged bytes.Buffer
	p := &cli.Process{Err: &diag.Screen{To: &said}}
	log := slog.New(slog.NewTextHandler(&logged, nil))
	end := func(stage string, err error) error {
		o := stageOptions{stage: stage, paths: handoff.Paths{Config: filepath.Join(dir, "ignition.json")}}
		return o.verdict(p, log, &console.Consoles{}, err)
	}
	assert.Equal(t, cli.ExitError(1), end("files", errors.New("no room")))
	assert.Equal(t, "Ignition failed: files: no room\n", said.String())
	assert.NoError(t, end("umount", errors.New("nothing is mounted there")))
	assert.NoError(t, end("umount", nil))
	assert.Equal(t, "files", console.Left(folder))
	assert.NotContains(t, logged.String(), "finished successfully")
	assert.Equal(t, "Ignition failed: files: no room\n", said.String())

	assert.NoError(t, end("files", nil))
	assert.Empty(t, console.Left(folder))
	assert.Contains(t, logged.String(), "finished successfully")
	assert.Equal(t, cli.ExitError(1), end("umount", errors.New("busy")))
}

// A unit that calls a stage wrongly fails as one whose stage does: who stands before the machine sees a card, and not
// how to call it.
func TestAStageThatCannotBeginIsAFailureOfTheBoot(t *testing.T) {
	dir := t.TempDir()
	for want, args := range map[string][]string{
		"Ignition failed: fetch: --platform is missing\n":            {"--stage=fetch", "--platform="},
		"Ignition failed: start: --stage is missing\n":               {"--platform=metal"},
		"Ignition failed: fetch: the platform \"moon\" is not known": {"--stage=fetch", "--platform=moon"},
	} {
		var said bytes.Buffer
		p := &cli.Process{Now: time.Now, Out: &diag.Screen{To: io.Discard}, Err: &diag.Screen{To: &said}}
		o, err := parsed(append([]string{"--log-to-stdout", "--config-cache=" + dir + "/ignition.json"}, args...))
		require.Error(t, err)
		assert.Equal(t, cli.ExitError(cli.ExitUsage), o.misusedAtBoot(p, err))
		assert.True(t, strings.HasPrefix(said.String(), want), said.String())
		assert.Equal(t, 1, strings.Count(said.String(), "\n"))
		report, err := os.ReadFile(filepath.Join(dir, "glowplug/failure.json"))
		require.NoError(t, err)
		assert.Equal(t, strings.Contains(want, "platform"), strings.Contains(string(report), "ignition.platform.id=ID"))
	}
}

func TestTheLastLineOfAFailureIsOneLine(t *testing.T) {
	var said bytes.Buffer
	p := &cli.Process{Err: &diag.Screen{To: &said}}
	o := stageOptions{stage: "disks", paths: handoff.Paths{Config: filepath.Join(t.TempDir(), "ignition.json")}}
	_ = o.verdict(p, slog.New(slog.DiscardHandler), &console.Consoles{},
		errors.Join(errors.New("one\x1b[2J"), errors.New("two\u202e")))
	assert.Equal(t, `Ignition failed: disks: one\x1b[2J; two\u202e`+"\n", said.String())
}

func TestTheLogHasWhatTheLastLineLeavesOut(t *testing.T) {
	for count, lines := range map[int]int{1: 1, 3: 1, 4: 5, 100: 101, 5000: 102} {
		var logged bytes.Buffer
		var all []error
		for i := range count {
			all = append(all, fmt.Errorf("entry %d", i))
		}
		o := stageOptions{stage: "files", paths: handoff.Paths{Config: filepath.Join(t.TempDir(), "ignition.json")}}
		_ = o.verdict(&cli.Process{Err: &diag.Screen{To: io.Discard}}, slog.New(slog.NewTextHandler(&logged, nil)),
			&console.Consoles{}, errors.Join(all...))
		assert.Equal(t, lines, strings.Count(logged.String(), "\n"), count)
		assert.Contains(t, logged.String(), fmt.Sprintf("entry %d", min(count, 100)-1))
	}
}

// Of several errors one is the cause of the others, and it need not be the one that has a place.
func TestACardTellsAllThatFailed(t *testing.T) {
	cause := errors.New("the record is damaged")
	placed := &stages.PlacedError{Place: "user.ign:3:5", Err: errors.New("link /l: a file is there")}
	for claim, c := range map[string]struct {
		err    error
		place  string
		causes []string
	}{
		"one with a place":     {placed, "user.ign:3:5", []string{"link /l: a file is there"}},
		"one without":          {cause, "", []string{"the record is damaged"}},
		"the cause first":      {errors.Join(cause, placed), "", []string{cause.Error(), placed.Error()}},
		"the cause last":       {errors.Join(placed, cause), "", []string{placed.Error(), cause.Error()}},
		"two that have places": {errors.Join(placed, placed), "", []string{placed.Error(), placed.Error()}},
	} {
		t.Run(claim, func(t *testing.T) {
			card := stages.CardOf("files", c.err)
			assert.Equal(t, c.place, card.Place)
			assert.Equal(t, c.causes, card.Causes)
		})
	}
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
	p := &cli.Process{Err: &diag.Screen{To: &said}}
	o := stageOptions{stage: "kargs", paths: handoff.Paths{Config: filepath.Join(dir, "ignition.json")}}
	err := fmt.Errorf("%w (kernel arguments: signal:\nterminated)", stages.ErrShutdown)
	assert.Equal(t, cli.ExitError(1),
		o.verdict(p, slog.New(slog.NewTextHandler(&logged, nil)), &console.Consoles{}, err))
	assert.Equal(t, "Ignition ends before kargs is done: the machine shuts down (kernel arguments: signal:; "+
		"terminated)\n", said.String())
	assert.NotContains(t, logged.String(), "failed")
	assert.Contains(t, logged.String(), "level=INFO msg=\"Ignition ends before kargs is done: ")
	assert.NoDirExists(t, filepath.Join(dir, "glowplug"), "nothing is left of it")
}
