// Package tool runs programs, and is the only package that does: found by the names that they have in the image, with a
// limit of time, their secrets kept out of arguments, out of the log and out of what is told of their output. What a
// program gets of this process, and when it ends, is the same for all (child.go).
//
// A secret for a tool is its standard input, or a file in memory that it gets as a descriptor (SecretFile). What it
// prints is looked through for it before anybody sees it.
package tool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/logs"
)

// ErrNotFound is in the error about a program that is not installed.
var ErrNotFound = errors.New("program not found")

const (
	stdoutLimit = 16 << 20 // of a tool's output, kept
	// A tool that was told to stop may leave children that hold its pipes.
	pipeDelay = 2 * time.Second
)

// A Set is the programs that glowplug runs, by the name glowplug knows them under.
type Set struct {
	names map[string]string
	log   *slog.Logger
	limit time.Duration // for one run; 0 for none
	start *sync.Mutex   // while one starts, as the umask is that of the whole process
}

// DefaultLimit is how long one run of a program may take. It is time that passes, not time without progress: a program
// that is not getting on cannot be told from one that waits for a disk to discard all that it holds, which no counter
// shows.
const DefaultLimit = 30 * time.Minute

// New takes the distribution's own names or paths for programs; a program that names does not list keeps its usual
// name. Log gets each command line at debug level; nil for none. A run may take DefaultLimit.
func New(names map[string]string, log *slog.Logger) *Set {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Set{names, log, DefaultLimit, &sync.Mutex{}}
}

// Within gives the same tools with another limit to how long one run may take; 0 is no limit. Programs that only ask
// get less (Limit).
func (t *Set) Within(limit time.Duration) *Set { return &Set{t.names, t.log, limit, t.start} }

// Path finds a program. Its error wraps ErrNotFound, names the program, and says of what could not be looked at why.
func (t *Set) Path(tool string) (string, error) {
	name := t.names[tool]
	if name == "" {
		name = tool
	}
	places := []string{name}
	if !strings.Contains(name, "/") {
		places = nil
		for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
			if filepath.IsAbs(dir) {
				places = append(places, filepath.Join(dir, name))
			}
		}
	}
	err := fmt.Errorf("%s: %w", name, ErrNotFound)
	for _, place := range places {
		path, failed := exec.LookPath(place)
		if failed == nil {
			return path, nil
		}
		if about := (*exec.Error)(nil); errors.As(failed, &about) && !errors.Is(failed, fs.ErrNotExist) {
			err = fmt.Errorf("%w: %s: %w", err, place, about.Err)
		}
	}
	return "", diag.WithHint(err, "add "+name+" to the image's initramfs, or leave out of the config what needs it")
}

// A Command is one run of a tool. Args are visible to every user of the machine and go to the log, so they hold no
// secrets; Stdin and Secrets may. What the tool prints of these is not in errors.
type Command struct {
	Tool  string
	Args  []string
	Stdin diag.Secret
	// Input is a standard input that may be told, but for what is in Hidden; in place of Stdin.
	Input string
	// Secrets are files for the tool, and the programs that it runs, to read: the first is SecretFile(0). They are in
	// memory and end with the tool.
	Secrets []diag.Secret
	// Private keeps the arguments out of the log: where they are parts of a config that may hold a secret, and the tool
	// takes them in no other way.
	Private bool
	// Hidden are other texts that errors must not have: secrets among the arguments or in Input.
	Hidden []diag.Secret
	// Env is added to the environment: "NAME=value".
	Env []string
}

// SecretFile is the path under which a tool finds one of its Secrets. It may be opened any number of times.
func SecretFile(i int) string { return fmt.Sprintf("/proc/self/fd/%d", 3+i) }

// A Error is a tool that ran and did not succeed.
type Error struct {
	Tool   string
	Status int    // exit status, -1 where a signal ended it
	Said   string // the first and the last of its complaints and its output, on one line, without secrets
	Err    error
}

// Error gives `tool: exit status N: complaints`.
func (e *Error) Error() string {
	if e.Said == "" {
		return fmt.Sprintf("%s: %v", e.Tool, e.Err)
	}
	return fmt.Sprintf("%s: %v: %s", e.Tool, e.Err, e.Said)
}

// Unwrap gives the error of os/exec, or the reason why the context ended.
func (e *Error) Unwrap() error { return e.Err }

// An UnlikeError is about a tool that ended well and has made something else than it was to make.
type UnlikeError struct {
	Tool  string
	Wrong []string // what is not as wanted
}

func (e *UnlikeError) Error() string {
	return fmt.Sprintf("%s was run, but what is there now is not as wanted: %s", e.Tool, strings.Join(e.Wrong, ", "))
}

// Run runs a tool to its end and gives what it printed. The error is about a missing program (ErrNotFound), or a
// *Error. The tool ends when ctx does, or this process; one that fails takes along what it has started.
func (t *Set) Run(ctx context.Context, c Command) ([]byte, error) {
	path, err := t.Path(c.Tool)
	if err != nil {
		return nil, err
	}
	if limit := Limit(c.Tool, t.limit); limit > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, limit, fmt.Errorf("has not ended after %v", limit))
		defer stop()
	}
	shown := commandLine(path, c.Args)
	if c.Private {
		shown = commandLine(path, []string{"…"})
	}
	t.log.Debug("executing: " + shown)
	defer logs.Begin(t.log, logs.Activity{What: func() string { return "running " + c.Tool }})()
	stdout, printed, stderr := &head{limit: stdoutLimit}, &edges{}, &edges{}
	cmd := exec.CommandContext(ctx, path, c.Args...)
	cmd.Stdin = strings.NewReader(c.Stdin.Reveal() + c.Input)
	cmd.Stdout, cmd.Stderr = io.MultiWriter(stdout, printed), stderr
	cmd.WaitDelay = pipeDelay
	for _, secret := range c.Secrets {
		file, err := memory(secret)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Tool, err)
		}
		defer file.Close()
		cmd.ExtraFiles = append(cmd.ExtraFiles, file)
	}
	cmd.Env = append(environment(c.Tool, os.LookupEnv), c.Env...)
	// One that has ended well has done its work, also where it has left a child that holds on to its output.
	if err := t.runApart(cmd, c.isSecret()); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		status := -1
		if cmd.ProcessState != nil {
			status = cmd.ProcessState.ExitCode()
		}
		// "signal: killed" is how it ended; why is what the context knows.
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return stdout.kept,
			&Error{Tool: c.Tool, Status: status, Said: complaints(stderr, printed, c.scrubber()), Err: err}
	}
	return stdout.kept, nil
}

// memory puts a secret into a file that has no name and never reaches a disk (memfd_create(2)); pages of it may be
// swapped, as those of this process may.
func memory(secret diag.Secret) (*os.File, error) {
	fd, err := unix.MemfdCreate("secret", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("file in memory: %w", err)
	}
	file := os.NewFile(uintptr(fd), "secret")
	if _, err := file.WriteString(secret.Reveal()); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("file in memory: %w", err)
	}
	return file, nil
}

// commandLine gives a command line in the form that the peer logs (docs/peer/engine.md §16).
func commandLine(path string, args []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q", path)
	for _, a := range args {
		fmt.Fprintf(&b, " %q", a)
	}
	return b.String()
}

// head keeps the first bytes written to it.
type head struct {
	kept  []byte
	limit int
}

// Write never fails, and says that it took everything: a full pipe would stop the tool.
func (h *head) Write(p []byte) (int, error) {
	h.kept = append(h.kept, p[:min(len(p), h.limit-len(h.kept))]...)
	return len(p), nil
}
