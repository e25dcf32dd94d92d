// Package process is the process that a program runs in: its streams, whether they show colours, and the signals that
// end it.
package process

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/glowplug-os/glowplug/internal/build"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Run runs what the process was called as, and gives its exit code.
func Run(env func(string) string, now func() time.Time, programs []cli.Program) int {
	// No collection for what a small document needs, and none that the buffer of a large one alone starts: it would
	// find nothing, but its worker spins while the bytes are read and parsed.
	debug.SetGCPercent(400)
	return cli.Run(context.Background(), &cli.Process{
		Name: diag.Printable(Name(os.Args)), Args: os.Args[min(1, len(os.Args)):], Version: build.Version(),
		In: os.Stdin, Out: screen(os.Stdout, env), Err: screen(os.Stderr, env), Env: env, Now: now,
		Signals: signals,
	}, programs)
}

// An end is a signal that asks for the end of a program.
type end struct {
	syscall.Signal
	name string
	// heeded: whoever started the program may have had it ignore the signal, as nohup(1) does.
	heeded bool
}

var ends = [...]end{{syscall.SIGINT, "SIGINT", false}, {syscall.SIGTERM, "SIGTERM", false},
	{syscall.SIGQUIT, "SIGQUIT", false}, {syscall.SIGHUP, "SIGHUP", true}, {syscall.SIGPIPE, "SIGPIPE", true}}

// signals: the first one asks for an orderly end, the second one is that end.
func signals(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	came := make(chan os.Signal, 1)
	for _, e := range ends {
		if !e.heeded || !signal.Ignored(e.Signal) {
			signal.Notify(came, e.Signal)
		}
	}
	go func() {
		select {
		case s := <-came:
			signal.Stop(came)
			cancel(fmt.Errorf("interrupted (%s)", nameOf(s)))
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(came)
		cancel(nil)
	}
}

func nameOf(s os.Signal) string {
	for _, e := range ends {
		if e.Signal == s {
			return e.name
		}
	}
	return s.String()
}

// Name is that of the program's file.
func Name(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return strings.TrimSuffix(filepath.Base(args[0]), ".exe") // of Windows
}

// Read reads a file or, for -, standard input; shown is what problems call it.
func Read(p *cli.Process, name string) (shown string, data []byte, err error) {
	if name == "-" {
		data, err = readAll(p.In, 0)
		return "standard input", data, err
	}
	f, err := os.Open(name)
	if err != nil {
		return name, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return name, nil, err
	}
	data, err = readAll(f, info.Size())
	return name, data, err
}

// ErrTooLarge is the error of a file or a stream that is longer than any config, and may have no end.
var ErrTooLarge = fmt.Errorf("larger than %d bytes, which no config is", tree.TextMax)

var errTooLarge = diag.WithHint(ErrTooLarge, "perhaps this is a device, a pipe without end or an image of a disk; "+
	"fetch the content of large files instead of writing it into the config")

// readAll reads what a pipe or a device may give without end. size is how much there is, as far as that is known.
func readAll(from io.Reader, size int64) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(int(min(size, tree.TextMax)) + bytes.MinRead)
	if _, err := b.ReadFrom(io.LimitReader(from, tree.TextMax+1)); err != nil {
		return nil, err
	}
	if b.Len() > tree.TextMax {
		return nil, errTooLarge
	}
	return b.Bytes(), nil
}

// ReadUntil is Read, unless the context ends before: nothing else ends a wait for what may never come.
func ReadUntil(ctx context.Context, p *cli.Process, name string) (shown string, data []byte, err error) {
	type read struct {
		shown string
		data  []byte
		err   error
	}
	all := make(chan read, 1)
	go func() {
		var r read
		r.shown, r.data, r.err = Read(p, name)
		all <- r
	}()
	select {
	case r := <-all:
		return r.shown, r.data, r.err
	case <-ctx.Done():
		return name, nil, context.Cause(ctx)
	}
}

// screen keeps what no person is to see off a stream.
func screen(f *os.File, env func(string) string) *diag.Screen {
	return &diag.Screen{To: f, Colors: ShowsColors(f, env), Terminal: isTerminal(f, env)}
}

// ShowsColors reports whether a file is a terminal on which colours are welcome (https://no-color.org).
func ShowsColors(f *os.File, env func(string) string) bool {
	return env("NO_COLOR") == "" && isTerminal(f, env)
}

// isTerminal reports whether a file is a terminal that knows control sequences.
func isTerminal(f *os.File, env func(string) string) bool {
	if env("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
