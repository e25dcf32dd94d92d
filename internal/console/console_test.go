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
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/logs"
	"github.com/glowplug-os/glowplug/internal/plan"
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
because mkfs.ext4: exit status 1: the device is apparently in use\x1b[2J by
  the system
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
	odd := errors.New("x" + strings.Repeat("ü", 5000)) // a line ends in the middle of a letter
	for n := range 200 {                               // a word that just fills a line
		assert.NotPanics(t, func() { _ = NewCard("files", "", errors.New(strings.Repeat("w", n))).String() })
	}
	for _, err := range []error{long, odd, deep, hints, errors.Join(long, deep), errors.New("")} {
		lines := strings.Split(strings.TrimSuffix(NewCard("files", "", err).String(), "\n"), "\n")
		assert.LessOrEqual(t, len(lines), 20)
		for _, line := range lines {
			assert.LessOrEqual(t, len(line), 78)
			assert.Equal(t, line, strings.ToValidUTF8(line, ""))
		}
		assert.Equal(t, lines[0], lines[len(lines)-1])
	}
}

func TestAnErrorThatIsWordedAroundItsCauseIsOneCause(t *testing.T) {
	assert.Equal(t, []string{"a", "EOF (twice)"},
		NewCard("fetch", "", fmt.Errorf("a: %w", fmt.Errorf("%w (twice)", io.EOF))).Causes)
}

func TestTheEndsOfALongChainAreOnTheCard(t *testing.T) {
	err := errors.New("no space left on device")
	for i := range 60 {
		err = fmt.Errorf("layer %d: %w", 60-i, err)
	}
	card := NewCard("files", "config.ign:1:2", err).String()
	assert.Contains(t, card, "\nlayer 1\nbecause layer 2\n")
	assert.Contains(t, card, "\n...\nbecause layer ")
	assert.Contains(t, card, "\nbecause no space left on device\nTo try:\n")
	assert.Equal(t, 20, strings.Count(card, "\n"))
}

func TestTheLastLineIsOneLineOfPrintableText(t *testing.T) {
	err := errors.Join(errors.New("a\tb\x00"), fmt.Errorf("c\u202e: %w", io.EOF))
	assert.Equal(t, `Ignition failed: disks: a b\x00; c\u202e: EOF`, LastLine("disks", err))
}

func TestOfManyErrorsTheFirstAreTold(t *testing.T) {
	var all []error
	for i := range 50000 {
		all = append(all, fmt.Errorf("entry %d", i))
	}
	err := errors.Join(all...)
	assert.Equal(t, "Ignition failed: files: entry 0; entry 1; entry 2; and 49997 more", LastLine("files", err))
	card := NewCard("files", "", err)
	assert.Len(t, card.Causes, 21)
	assert.Equal(t, "and 49980 more", card.Causes[20])
}

func TestACardIsLeftForProgramsUntilItsStagePasses(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "glowplug")
	require.NoError(t, NewCard("fetch", "", io.EOF).Save(folder))
	text, err := os.ReadFile(filepath.Join(folder, "failure.json"))
	require.NoError(t, err)
	assert.JSONEq(t, `{"stage": "fetch", "causes": ["EOF"], `+
		`"try": ["mend the cause and reboot: the first boot begins again, and what is done stays done"]}`, string(text))
	info, err := os.Stat(filepath.Join(folder, "failure.json"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode())
	shown, err := os.ReadFile(filepath.Join(folder, "failure.txt"))
	require.NoError(t, err)
	assert.Equal(t, NewCard("fetch", "", io.EOF).String(), string(shown), "the emergency shell shows it again")
	require.NoError(t, Forget(folder, "umount"))
	assert.Equal(t, "fetch", Left(folder))
	require.NoError(t, Forget(folder, "fetch"))
	assert.Empty(t, Left(folder))
	require.NoError(t, Forget(folder, "fetch"))
	require.NoError(t, Forget(folder, ""), "where a boot begins there is none")
	assert.NoFileExists(t, filepath.Join(folder, "failure.json"))
	assert.NoFileExists(t, filepath.Join(folder, "failure.txt"))
	require.NoError(t, NewCard("disks", "", io.EOF).Save(folder))
	require.NoError(t, Forget(folder, ""), "nor after that, whoever has left it")
	assert.Empty(t, Left(folder))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "file"), nil, 0o600))
	require.ErrorContains(t, NewCard("fetch", "", io.EOF).Save(filepath.Join(folder, "file")), "mkdir")
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

// A serial line whose other end has stopped it takes nothing more, and a machine may have one that nobody looks at.
func TestAConsoleThatTakesNothingKeepsNobodyWaiting(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, unix.Mkfifo(filepath.Join(dir, "ttyS0"), 0o600))
	reader, err := os.OpenFile(filepath.Join(dir, "ttyS0"), os.O_RDONLY|unix.O_NONBLOCK, 0)
	require.NoError(t, err)
	defer reader.Close()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ttyS1"), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "active"), []byte("ttyS0 ttyS1"), 0o600))
	c := Open(filepath.Join(dir, "active"), dir)
	require.Len(t, c.screens, 2)
	assert.Equal(t, cardPatience, c.patience)
	c.patience = time.Millisecond
	for !c.screens[0].stuck {
		c.update(strings.Repeat("x", 4096), true)
	}
	c.update("told", true)
	c.Show(NewCard("fetch", "", io.EOF))
	text, err := os.ReadFile(filepath.Join(dir, "ttyS1"))
	require.NoError(t, err)
	assert.Contains(t, string(text), "x\r\ntold\r\n\r\n=====")
	assert.Contains(t, string(text), "\r\nIgnition failed: fetch\r\n", "the other console has the card")

	// Once it takes something again it gets the next card, but no progress before.
	_, err = io.CopyN(io.Discard, reader, 8192)
	require.NoError(t, err)
	c.update("in vain", true)
	c.Show(NewCard("files", "", io.EOF))
	assert.False(t, c.screens[0].stuck)
	c.Close()
	text, err = io.ReadAll(reader)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "in vain")
	assert.Contains(t, string(text), "\r\nIgnition failed: files\r\n")
}

func TestAWarningStays(t *testing.T) {
	var tty, serial bytes.Buffer
	c := &Consoles{screens: []*screen{{to: closing{&tty}, overwrites: true}, {to: closing{&serial}}}}
	c.update("waiting", false)
	c.Tell("a warning\x1b[2J of one\nline")
	c.clear()
	assert.Equal(t, diag.EraseLine+"waiting"+diag.EraseLine+`a warning\x1b[2J of one; line`+"\r\n", tty.String())
	assert.Equal(t, `a warning\x1b[2J of one; line`+"\r\n", serial.String())
}

func TestACardTakesThePlaceOfTheLineOfProgress(t *testing.T) {
	var screenOut, serialOut bytes.Buffer
	c := &Consoles{screens: []*screen{{to: closing{&screenOut}, overwrites: true}, {to: closing{&serialOut}}}}
	c.update("working", true)
	c.Show(NewCard("fetch", "", io.EOF))
	card := strings.ReplaceAll("\n"+NewCard("fetch", "", io.EOF).String(), "\n", "\r\n")
	c.clear()
	assert.Equal(t, diag.EraseLine+"working"+diag.EraseLine+card, screenOut.String())
	assert.Equal(t, "working\r\n"+card, serialOut.String())
}

func TestOnlyNumberedTerminalsAreScreens(t *testing.T) {
	for name, want := range map[string]bool{"tty0": true, "tty63": true, "tty": false, "ttyS0": false, "ttyAMA0": false,
		"hvc0": false, "0": false} {
		assert.Equal(t, want, virtual(name), name)
	}
}

func TestLongWorkIsShownOnScreensAtOnceAndOnSerialLinesEveryTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var screenOut, serialOut bytes.Buffer
		c := &Consoles{screens: []*screen{{to: closing{&screenOut}, overwrites: true}, {to: closing{&serialOut}}}}
		p, handler := Watch(c, slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug}))
		log := slog.New(handler).WithGroup("disks")
		p.Step(event(plan.Started, "filesystem"))
		log.Debug("executing: mkfs")
		time.Sleep(20*time.Second + time.Millisecond)
		synctest.Wait()
		assert.Equal(t, "ignition: create filesystem (10 s)\r\nignition: create filesystem (20 s)\r\n",
			serialOut.String())
		assert.True(t, strings.HasPrefix(screenOut.String(),
			diag.EraseLine+"ignition: create filesystem (2 s)"+diag.EraseLine+"ignition: create filesystem (3 s)"))
		screenOut.Reset()
		p.Step(event(plan.Finished, "filesystem"))
		time.Sleep(30 * time.Second)
		synctest.Wait()
		assert.Equal(t, diag.EraseLine, screenOut.String(), "the line is taken away, and nothing is going on")
		p.Step(event(plan.Started, "more"))
		time.Sleep(3 * time.Second)
		synctest.Wait()
		screenOut.Reset()
		p.Close()
		assert.Equal(t, diag.EraseLine, screenOut.String())
	})
}

// newsOf runs a log through a Progress and gives what a serial line got.
func newsOf(t *testing.T, work func(*Progress, *slog.Logger)) string {
	t.Helper()
	var out bytes.Buffer
	synctest.Test(t, func(*testing.T) {
		p, handler := Watch(&Consoles{screens: []*screen{{to: closing{&out}}}}, slog.NewTextHandler(io.Discard, nil))
		work(p, slog.New(handler))
		synctest.Wait()
		p.Close()
	})
	return out.String()
}

// event is one of a step that creates something.
func event(turn plan.Turn, subject string) plan.Event {
	return plan.Event{Turn: turn, Step: plan.Step{ID: subject, Effect: plan.Create, Subject: subject}}
}

// wait is an activity that waits for something.
func wait(what string) logs.Activity {
	return logs.Activity{What: func() string { return what }, Wait: true}
}

// Servers that are asked one after the other have the log say something new all the time.
func TestASerialLineHasNewsHoweverOftenTheLogDoes(t *testing.T) {
	for every, want := range map[time.Duration]int{3 * time.Second: 6, 5 * time.Second: 6, 10 * time.Second: 6,
		30 * time.Second: 6} {
		news := newsOf(t, func(p *Progress, log *slog.Logger) {
			end := func() {}
			for since := time.Duration(0); since < time.Minute; since += every {
				next := logs.Begin(log, wait("GET http://server: attempt"))
				end()
				end = next
				time.Sleep(every)
			}
			time.Sleep(time.Millisecond)
		})
		assert.Equal(t, want, strings.Count(news, "\r\n"), "%s:\n%s", every, news)
		if every == 30*time.Second {
			assert.True(t, strings.HasPrefix(news,
				"ignition: GET http://server: attempt (10 s)\r\nignition: GET http://server: attempt (20 s)\r\n"), news)
		}
	}
}

func TestWorkThatGoesOnBesideAnotherIsShownUntilItEnds(t *testing.T) {
	news := newsOf(t, func(p *Progress, _ *slog.Logger) {
		p.Step(event(plan.Started, "filesystem on /dev/vda"))
		p.Step(event(plan.Started, "filesystem on /dev/vdb"))
		time.Sleep(2 * time.Second)
		p.Step(event(plan.Finished, "filesystem on /dev/vdb"))
		time.Sleep(9 * time.Second)
		p.Step(event(plan.Failed, "filesystem on /dev/vda"))
		time.Sleep(time.Minute)
	})
	assert.Equal(t, "ignition: create filesystem on /dev/vda (10 s)\r\n", news)
}

func TestAStepTakesThePlaceOfWhatTheLogSaidBefore(t *testing.T) {
	news := newsOf(t, func(p *Progress, log *slog.Logger) {
		log.Info("Stage: disks")
		p.Step(event(plan.Started, "partitions"))
		time.Sleep(10*time.Second + time.Millisecond)
	})
	assert.Equal(t, "ignition: create partitions (10 s)\r\n", news)
}

// What the log said last may be long over, and what it did not say may go on.
func TestWhatIsShownAsGoingOnGoesOn(t *testing.T) {
	const second = time.Second
	for claim, c := range map[string]struct {
		work func(*Progress, *slog.Logger)
		want string
	}{
		"a line of the log is over when it is written": {func(p *Progress, log *slog.Logger) {
			log.Info("Stage: fetch")
			log.Info("GET result: OK")
			time.Sleep(time.Minute)
		}, ""},
		"nor does it hide the step": {func(p *Progress, log *slog.Logger) {
			p.Step(event(plan.Started, "file /etc/a"))
			log.Info("GET result: OK")
			time.Sleep(11 * second)
		}, "ignition: create file /etc/a (10 s)\r\n"},
		"what is waited for says more than the step": {func(p *Progress, log *slog.Logger) {
			p.Step(event(plan.Started, "file /etc/a"))
			time.Sleep(5*second + time.Millisecond)
			end := logs.Begin(log, wait("GET http://server: an answer"))
			time.Sleep(5 * second)
			end()
			log.Info("GET result: OK")
			time.Sleep(10 * second)
		}, "ignition: GET http://server: an answer (5 s)\r\nignition: create file /etc/a (20 s)\r\n"},
		"and the step more than its tool": {func(p *Progress, log *slog.Logger) {
			p.Step(event(plan.Started, "filesystem"))
			defer logs.Begin(log, logs.Activity{What: func() string { return "running mkfs" }})()
			time.Sleep(11 * second)
		}, "ignition: create filesystem (10 s)\r\n"},
		"a tool without a step": {func(p *Progress, log *slog.Logger) {
			defer logs.Begin(log, logs.Activity{What: func() string { return "running helper" }})()
			time.Sleep(11 * second)
		}, "ignition: running helper (10 s)\r\n"},
		"of two that are waited for the one that has taken longer": {func(p *Progress, log *slog.Logger) {
			defer logs.Begin(log, wait("one"))()
			time.Sleep(second)
			end := logs.Begin(log, wait("two"))
			time.Sleep(10 * second)
			end()
		}, "ignition: one (10 s)\r\n"},
		"what is waited for as it is now": {func(p *Progress, log *slog.Logger) {
			var attempt atomic.Int64
			defer logs.Begin(log, logs.Activity{What: func() string {
				return fmt.Sprint("attempt ", attempt.Load())
			}, Wait: true})()
			time.Sleep(5 * second)
			attempt.Store(2)
			time.Sleep(6 * second)
		}, "ignition: attempt 2 (10 s)\r\n"},
	} {
		t.Run(claim, func(t *testing.T) {
			assert.Equal(t, c.want, newsOf(t, c.work))
		})
	}
}

func TestWhatBeginsAndEndsIsNotLogged(t *testing.T) {
	var out bytes.Buffer
	for _, next := range []slog.Handler{logs.Stdout(&out),
		slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})} {
		p, handler := Watch(&Consoles{}, next)
		logs.Begin(slog.New(handler), wait("one"))()
		logs.Begin(slog.New(next), wait("nobody shows what goes on"))()
		p.Close()
	}
	assert.Empty(t, out.String())
}

func TestWorkThatIsDoneIsNoReasonForNews(t *testing.T) {
	news := newsOf(t, func(p *Progress, log *slog.Logger) {
		for range 3 {
			p.Step(event(plan.Started, "one"))
			time.Sleep(6 * time.Second)
			p.Step(event(plan.Finished, "one"))
			time.Sleep(6 * time.Second)
		}
	})
	assert.Empty(t, news)
}

func TestALineOfProgressDoesNotWrap(t *testing.T) {
	line := progressLine(strings.Repeat("ü", 60), 100*time.Second)
	assert.Equal(t, "ignition: "+strings.Repeat("ü", 60)+" (100 s)", line)
	assert.Equal(t, "ignition: "+strings.Repeat("ü", 57)+"... (100 s)",
		progressLine(strings.Repeat("ü", 61), 100*time.Second))
}
