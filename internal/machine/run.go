package machine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// PortName is that of the port of a machine that is thrown away: /dev/virtio-ports/NAME.
const PortName = "glowplug"

// A Talk is what is said over the port. It gets a line that comes, and gives what is to be written, which may be "".
// What it gives for a machine's first line shows that this is at work.
type Talk func(line []byte) string

// awakeWithin is how long a machine may take to say something where the processor runs it itself. It takes a second or
// two; where that is broken, as on some machines that are virtual themselves, it takes for ever.
const awakeWithin = 30 * time.Second

var errAsleep = errors.New("the machine has not begun to talk")

// A Runner starts machines.
type Runner struct {
	Tools   *tool.Set
	Dir     string // for what a run needs, nobody else's
	Emulate bool   // leave KVM alone
	Note    func(text string)
}

// emulator is qemu's program for the processors that this takes machines of.
const emulator = "qemu-system-x86_64"

// Available says whether there is a qemu, and what to install where there is none.
func (r Runner) Available() error {
	if runtime.GOARCH != "amd64" {
		return errors.New("a machine for disk images is made on x86-64 only")
	}
	if _, err := r.Tools.Path(emulator); err != nil {
		return diag.WithHint(errors.New("qemu, in whose machine images are provisioned, is not installed"),
			"install "+emulator+": on Debian and Ubuntu the packages qemu-system-x86 and seabios, on Fedora "+
				"qemu-system-x86-core, on Arch qemu-base, on openSUSE qemu-x86")
	}
	return nil
}

// Run runs a machine to its end. Where KVM is there and does not get it going, it is emulated.
func (r Runner) Run(ctx context.Context, s Spec, talk Talk) error {
	if !r.Emulate && mayOpen("/dev/kvm") {
		heard, err := r.run(ctx, s, talk, true)
		if heard || err == nil || ctx.Err() != nil {
			return err
		}
		r.Note("KVM does not get the machine going, so it is emulated, which takes longer: " +
			diag.OneLine(err.Error()))
	}
	heard, err := r.run(ctx, s, talk, false)
	if !heard && err == nil {
		err = errAsleep
	}
	return err
}

func mayOpen(file string) bool {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	return f.Close() == nil
}

// run tells whether the machine has said anything.
func (r Runner) run(ctx context.Context, s Spec, talk Talk, accelerated bool) (heard bool, err error) {
	dir, err := os.MkdirTemp(r.Dir, "run-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	c := &conversation{talk: talk, end: end}
	if accelerated {
		c.alarm = time.AfterFunc(awakeWithin, func() { end(errAsleep) })
		defer c.alarm.Stop()
	}
	writers := map[string]io.Writer{PortName: c}
	if c.ports, err = OpenPorts(writers, dir, func(int) {}); err != nil {
		return false, err
	}
	console := filepath.Join(dir, "console")
	args := append(s.Arguments(console, accelerated), PortArguments(writers, dir)...)
	_, err = r.Tools.Run(ctx, tool.Command{Tool: emulator, Args: args,
		Env: []string{"TMPDIR=" + dir}}) // for what is thrown away of disks
	err = errors.Join(err, c.ports.Close())
	if said := lastOf(console); err == nil && !c.heard || err != nil && !accelerated && said != "" {
		err = fmt.Errorf("%w; the machine's console ends with: %s", errors.Join(err, errIf(!c.heard, errAsleep)), said)
	}
	return c.heard, err
}

func errIf(is bool, err error) error {
	if is {
		return err
	}
	return nil
}

// A conversation takes what comes over the port apart into lines. It is used by one goroutine, and read when that has
// ended.
type conversation struct {
	talk  Talk
	ports *Ports
	end   context.CancelCauseFunc
	alarm *time.Timer
	line  bytes.Buffer
	heard bool
}

// longest bounds a line of a machine, which may have gone mad.
const longest = 4 << 20

func (c *conversation) Write(data []byte) (int, error) {
	for rest := data; len(rest) > 0; {
		part, after, whole := bytes.Cut(rest, []byte{'\n'})
		c.line.Write(part)
		if rest = after; c.line.Len() > longest {
			c.end(errors.New("the machine says more than it has to"))
			return len(data), nil
		}
		if whole {
			c.hear(c.line.Bytes())
			c.line.Reset()
		}
	}
	return len(data), nil
}

func (c *conversation) hear(line []byte) {
	c.heard = true
	if c.alarm != nil {
		c.alarm.Stop()
	}
	if reply := c.talk(line); reply != "" {
		if err := c.ports.Tell(PortName, reply); err != nil {
			c.end(err)
		}
	}
}

// lastOf is what a console has shown at last, on one line.
func lastOf(file string) string {
	const most = 1200
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	lines := strings.Fields(diag.OneLine(string(text[max(0, len(text)-most):])))
	return strings.Join(lines, " ")
}
