// Package console is what a person at the machine's consoles sees of a boot: what is being waited for and, when a stage
// has failed, one card that says why and what to try. The log is not its business, and secrets must not come this far.
package console

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// A screen is one console.
type screen struct {
	to io.WriteCloser
	// overwrites: a line can be written over, as on the screen of a machine. A serial line is often a log file at its
	// other end.
	overwrites bool
	// stuck: it has not taken what was written last.
	stuck bool
}

// Consoles are all consoles of the machine. The zero value is none.
type Consoles struct {
	mu      sync.Mutex
	screens []*screen
	// for a console that takes nothing, as a serial line does whose other end has told it to stop
	patience time.Duration
	dirty    bool // a line that is to be written over is on the screens
}

// A card has this long to get out. At 9600 baud it takes two seconds, and the driver's buffer holds it.
const cardPatience = 5 * time.Second

// Open opens the consoles that the kernel writes to: active has their names (/sys/class/tty/console/active, "tty0
// ttyS0"), and folder has them. One that cannot be opened is left out.
func Open(active, folder string) *Consoles {
	names, err := os.ReadFile(active)
	if err != nil {
		return &Consoles{}
	}
	c := &Consoles{patience: cardPatience}
	for name := range strings.FieldsSeq(string(names)) {
		f, err := os.OpenFile(filepath.Join(folder, name), os.O_WRONLY|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
		if err == nil {
			c.screens = append(c.screens, &screen{to: f, overwrites: virtual(name)})
		}
	}
	return c
}

// virtual: tty0, tty1 and so on are screens (console(4)); the others lead elsewhere.
func virtual(name string) bool {
	number := strings.TrimPrefix(name, "tty")
	return number != name && number != "" && strings.Trim(number, "0123456789") == ""
}

// Close lets go of the consoles.
func (c *Consoles) Close() {
	for _, s := range c.screens {
		_ = s.to.Close()
	}
}

// write writes to one console. Opened without blocking it is still waited for, by Go's runtime, until it takes more.
// Clocks are none of this package's business, so the deadline is one that is long past when it is set.
func (s *screen) write(text string, patience time.Duration) {
	if file, ok := s.to.(interface{ SetWriteDeadline(time.Time) error }); ok {
		_ = file.SetWriteDeadline(time.Time{})
		late := time.AfterFunc(patience, func() { _ = file.SetWriteDeadline(time.Unix(1, 0)) })
		defer late.Stop()
	}
	_, err := io.WriteString(s.to, text)
	s.stuck = errors.Is(err, os.ErrDeadlineExceeded)
}

// say writes lines to all consoles. A console that does not take them is no reason to stop a boot, nor to keep it.
func (c *Consoles) say(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	lines := strings.ReplaceAll(diag.Lines(text), "\n", "\r\n")
	for _, s := range c.screens {
		if c.dirty && s.overwrites {
			s.write(diag.EraseLine+lines, c.patience)
		} else {
			s.write(lines, c.patience)
		}
	}
	c.dirty = false
}

// Tell writes one line, which stays, to all consoles.
func (c *Consoles) Tell(line string) { c.say(diag.OneLine(line) + "\n") }

// update writes a line that the next one takes the place of, where that can be done; where it cannot, fresh says
// whether the line is due all the same. A console that is stuck is left alone, so that the others are not late every
// time.
func (c *Consoles) update(line string, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.screens {
		switch {
		case s.stuck:
		case s.overwrites:
			s.write(diag.EraseLine+line, c.patience)
			c.dirty = true
		case fresh:
			s.write(line+"\r\n", c.patience)
		}
	}
}

// clear takes the line away that update has left.
func (c *Consoles) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.screens {
		if c.dirty && s.overwrites && !s.stuck {
			s.write(diag.EraseLine, c.patience)
		}
	}
	c.dirty = false
}
