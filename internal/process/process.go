// Package process is the process that a program runs in: its streams, whether they show colours, and the signals that
// end it.
package process

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/glowplug-os/glowplug/internal/build"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// Run runs what the process was called as, and gives its exit code.
func Run(env func(string) string, now func() time.Time, programs []cli.Program) int {
	// net/http writes there what a misbehaving server sent, which may be a config.
	log.SetOutput(io.Discard)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return cli.Run(ctx, &cli.Process{
		Name: diag.Printable(name(os.Args)), Args: os.Args[min(1, len(os.Args)):], Version: build.Version(),
		In: os.Stdin, Out: screen(os.Stdout, env), Err: screen(os.Stderr, env), Env: env, Now: now,
	}, programs)
}

// name is that of the program's file.
func name(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return strings.TrimSuffix(filepath.Base(args[0]), ".exe") // of Windows
}

// Read reads a file or, for -, standard input; shown is what problems call it.
func Read(p *cli.Process, name string) (shown string, data []byte, err error) {
	if name == "-" {
		data, err = io.ReadAll(p.In)
		return "standard input", data, err
	}
	data, err = os.ReadFile(name)
	return name, data, err
}

// screen keeps what no person is to see off a stream.
func screen(f *os.File, env func(string) string) *diag.Screen {
	return &diag.Screen{To: f, Colors: ShowsColors(f, env)}
}

// ShowsColors reports whether a file is a terminal on which colours are welcome (https://no-color.org).
func ShowsColors(f *os.File, env func(string) string) bool {
	if env("NO_COLOR") != "" || env("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
