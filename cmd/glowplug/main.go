package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/glowplug-os/glowplug/internal/build"
	"github.com/glowplug-os/glowplug/internal/check"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// Exit codes of every command; the engine's are those of Ignition (docs/peer/engine.md §1.1).
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	exitSetup  = 3 // the platform cannot be used, or the state of earlier stages cannot be read
)

const help = `Usage: glowplug COMMAND [OPTIONS]

glowplug makes a machine what one document says it is: on its first boot, or a directory on
a workstation by the same code.

Commands:
  validate FILE...            check configs and show every problem at its line
  convert FILE                make a config of a Butane document, or one of another version
  schema [VARIANT [VERSION]]  write a JSON Schema, for editors
  apply --root DIR CONFIG     make a config's files and units in a directory
  platforms                   list where a first boot can get its config from
  rmcfg --platform ID         delete the config where the platform keeps it
  version                     print the version
  help [COMMAND]              show this help, or that of a command

In the initramfs, one stage of a first boot a call:
  glowplug --stage=STAGE --platform=ID [OPTIONS]      see glowplug help boot

Exit codes: 0 done, 1 failed or invalid, 2 wrong usage.
`

// A program is what the commands share: the process they run in.
type program struct {
	name     string // printable
	args     []string
	in       io.Reader
	out, err io.Writer
	env      func(string) string

	data io.Writer // standard output as it is, for a config that a command makes: that is nothing for people
}

func main() {
	// net/http writes there what a misbehaving server sent, which may be a config.
	log.SetOutput(io.Discard)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	p := program{name: filepath.Base(os.Args[0]), args: os.Args[1:], in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv}
	code := p.run(ctx)
	stop()
	os.Exit(code)
}

// run runs a command on the streams of its process. Whoever gets half of what it prints must not take it for the whole; a boot goes on
// without its log.
func (p *program) run(ctx context.Context) int {
	written := &diag.Watched{To: p.out}
	p.name, p.data = diag.Printable(p.name), written
	p.out, p.err = &diag.Screen{To: written, Colors: p.isColorful(p.out)}, p.screen(p.err)
	code := p.command(ctx)
	if err := written.Err(); err != nil && code == exitOK && !p.boots() {
		p.complain(p.name, fmt.Errorf("writing to standard output: %w", err))
		return exitFailed
	}
	return code
}

// boots: the program is a part of a machine's boot.
func (p *program) boots() bool {
	switch {
	case p.name == "ignition", p.name == "ignition-generator":
		return true
	case p.name == "ignition-apply", p.name == "ignition-validate", p.name == "butane", p.name == "ignition-rmcfg":
		return false
	}
	return len(p.args) > 0 && strings.HasPrefix(p.args[0], "-") && !slices.Contains([]string{"--version", "-version", "--help", "-help", "-h"}, p.args[0])
}

// command runs what the name of the program or its first argument asks for.
func (p *program) command(ctx context.Context) int {
	switch p.name {
	case "ignition-apply":
		return p.peerApply(ctx)
	case "ignition-validate":
		return check.Peer(build.Version(), p.args, p.streams())
	case "butane":
		return p.butane()
	case "ignition":
		return p.boot(ctx)
	case "ignition-generator":
		return p.generate(ctx)
	case "ignition-rmcfg":
		return p.removeConfig(ctx, p.name, p.args)
	}
	if len(p.args) == 0 {
		fmt.Fprint(p.err, help)
		return exitUsage
	}
	command, args := p.args[0], p.args[1:]
	switch command {
	case "validate":
		return check.Main("glowplug validate", args, p.streams())
	case "apply":
		return p.apply(ctx, args)
	case "convert":
		return p.convert(args)
	case "schema":
		return p.schema(args)
	case "platforms":
		return p.platforms(args)
	case "rmcfg":
		return p.removeConfig(ctx, "glowplug rmcfg", args)
	case "version", "--version", "-version":
		fmt.Fprintln(p.out, "glowplug", build.Version())
		return exitOK
	case "help", "--help", "-help", "-h":
		return p.help(ctx, args)
	}
	if strings.HasPrefix(command, "-") {
		return p.boot(ctx)
	}
	fmt.Fprintf(p.err, "glowplug: the command %q is not known\nTry 'glowplug help'.\n", command)
	return exitUsage
}

func (p *program) help(ctx context.Context, args []string) int {
	switch strings.Join(args, " ") {
	case "":
		fmt.Fprint(p.out, help)
	case "validate":
		return check.Main("glowplug validate", []string{"--help"}, p.streams())
	case "apply":
		return p.apply(ctx, []string{"--help"})
	case "convert":
		return p.convert([]string{"--help"})
	case "schema":
		return p.schema([]string{"--help"})
	case "boot":
		fmt.Fprint(p.out, bootHelp)
	case "platforms":
		return p.platforms([]string{"--help"})
	case "rmcfg":
		return p.removeConfig(ctx, "glowplug rmcfg", []string{"--help"})
	case "help":
		fmt.Fprintln(p.out, "Usage: glowplug help [COMMAND]\n\nExplains a command, or lists them all.")
	case "version":
		fmt.Fprintln(p.out, "Usage: glowplug version\n\nPrints the version.")
	default:
		fmt.Fprintf(p.err, "glowplug: there is no help on %q\nTry 'glowplug help'.\n", strings.Join(args, " "))
		return exitUsage
	}
	return exitOK
}

func (p *program) streams() check.Streams {
	return check.Streams{In: p.in, Out: p.out, Err: p.err, Color: showsColors(p.out)}
}

// screen keeps what no person is to see off a stream. It shows colours on a terminal where they are welcome (https://no-color.org).
func (p *program) screen(w io.Writer) *diag.Screen {
	return &diag.Screen{To: w, Colors: p.isColorful(w)}
}

func showsColors(w io.Writer) bool {
	s, ok := w.(*diag.Screen)
	return ok && s.Colors
}

// inColors has a stream show colours, terminal or not.
func inColors(w io.Writer) io.Writer {
	if s, ok := w.(*diag.Screen); ok {
		return &diag.Screen{To: s.To, Colors: true}
	}
	return w
}

// complain says what went wrong: in one line, whatever the error is.
func (p *program) complain(name string, err error) {
	fmt.Fprintf(p.err, "%s: %s\n", name, diag.OneLine(err.Error()))
}

// misuse says what was wrong in how a command was called, and where its help is.
func (p *program) misuse(name string, err error) int {
	p.complain(name, err)
	fmt.Fprintf(p.err, "Try '%s --help'.\n", name)
	return exitUsage
}

func (p *program) isColorful(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && check.ShowsColors(f, p.env)
}
