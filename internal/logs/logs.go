// Package logs is how the engine's log lines look and where they go. What is logged is everyone else's business, except
// that a diag.Secret prints as redacted here too.
//
// The shape is that of Ignition, which images grep (docs/peer/engine.md §16): on syslog "<SEVERITY>Mmm dd hh:mm:ss
// ignition[PID]: text", on standard output "LEVEL    : text". Groups of slog become the prefix stack: "files:
// createFiles: text".
package logs

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// Levels beyond slog's own, as syslog knows them.
const (
	Notice   = slog.LevelInfo + 2
	Critical = slog.LevelError + 4
)

// severity gives a level's number and name in syslog (RFC 5424 §6.2.1).
func severity(l slog.Level) (number int, name string) {
	switch {
	case l >= Critical:
		return 2, "CRITICAL"
	case l >= slog.LevelError:
		return 3, "ERROR"
	case l >= slog.LevelWarn:
		return 4, "WARNING"
	case l >= Notice:
		return 5, "NOTICE"
	case l >= slog.LevelInfo:
		return 6, "INFO"
	}
	return 7, "DEBUG"
}

// A sink takes one finished line.
type sink interface {
	line(level slog.Level, text string) error
}

// A handler makes lines of records. Handlers made from it by WithGroup and WithAttrs share its sink.
type handler struct {
	to     sink
	prefix string
	attrs  string
}

// Stdout logs to a stream in the shape for standard output.
func Stdout(w io.Writer) slog.Handler { return &handler{to: &stream{w: w}} }

// Syslog logs to the first of the sockets that takes datagrams, or failing that a stream. The name and the process id
// stand before each text. It is an error if no socket answers.
func Syslog(sockets []string, name string, pid int, now func() time.Time) (slog.Handler, error) {
	for _, network := range []string{"unixgram", "unix"} {
		for _, path := range sockets {
			if conn, err := net.Dial(network, path); err == nil {
				return &handler{to: &socket{conn: conn, tag: fmt.Sprintf("%s[%d]", name, pid), now: now}}, nil
			}
		}
	}
	return nil, fmt.Errorf("no syslog socket at %s", strings.Join(sockets, ", "))
}

// Enabled is true for every level that is logged: what a first boot did is only ever logged once.
func (h *handler) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelDebug }

// Handle writes one line, whatever a config or a server has put into it.
func (h *handler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(h.prefix)
	b.WriteString(r.Message)
	b.WriteString(h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		writeAttr(&b, a)
		return true
	})
	return h.to.line(r.Level, diag.OneLine(b.String()))
}

// WithGroup adds a name to the prefix stack.
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &handler{h.to, h.prefix + name + ": ", h.attrs}
}

// WithAttrs adds attributes to every line.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	var b strings.Builder
	for _, a := range attrs {
		writeAttr(&b, a)
	}
	return &handler{h.to, h.prefix, h.attrs + b.String()}
}

func writeAttr(b *strings.Builder, a slog.Attr) {
	if a.Equal(slog.Attr{}) {
		return
	}
	fmt.Fprintf(b, " %s=%q", a.Key, a.Value.Resolve().String())
}

type stream struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *stream) line(level slog.Level, text string) error {
	_, name := severity(level)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := fmt.Fprintf(s.w, "%-9s: %s\n", name, text)
	return err
}

type socket struct {
	mu   sync.Mutex
	conn net.Conn
	tag  string
	now  func() time.Time
}

// datagramMax keeps a line below what every syslog socket takes; the kernel's default for unix datagrams is 208 KiB.
const datagramMax = 64 << 10

func (s *socket) line(level slog.Level, text string) error {
	number, _ := severity(level)
	if len(text) > datagramMax {
		text = strings.ToValidUTF8(text[:datagramMax], "") + "…"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := fmt.Fprintf(s.conn, "<%d>%s %s: %s\n", number, s.now().Format(time.Stamp), s.tag, text)
	return err
}
