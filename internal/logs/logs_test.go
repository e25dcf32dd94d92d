package logs

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
)

func TestLinesOnStandardOutput(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		log  func(*slog.Logger)
		want string
	}{
		"a message":            {func(l *slog.Logger) { l.Info("Stage: files") }, "INFO     : Stage: files\n"},
		"debug":                {func(l *slog.Logger) { l.Debug("x") }, "DEBUG    : x\n"},
		"notice":               {func(l *slog.Logger) { l.Log(context.Background(), Notice, "x") }, "NOTICE   : x\n"},
		"a warning":            {func(l *slog.Logger) { l.Warn("x") }, "WARNING  : x\n"},
		"an error":             {func(l *slog.Logger) { l.Error("x") }, "ERROR    : x\n"},
		"critical":             {func(l *slog.Logger) { l.Log(context.Background(), Critical, "x") }, "CRITICAL : x\n"},
		"levels between those": {func(l *slog.Logger) { l.Log(context.Background(), Notice+1, "x") }, "NOTICE   : x\n"},
		"groups are the prefix stack": {func(l *slog.Logger) {
			l.WithGroup("files").WithGroup("createFiles").Info("x")
		}, "INFO     : files: createFiles: x\n"},
		"a group without a name": {func(l *slog.Logger) { l.WithGroup("").Info("x") }, "INFO     : x\n"},
		"attributes": {func(l *slog.Logger) { l.Info("x", "path", "/etc/a b", "n", 3) },
			"INFO     : x path=\"/etc/a b\" n=\"3\"\n"},
		"attributes of the logger": {func(l *slog.Logger) {
			l.With("a", 1).WithGroup("g").With("b", 2).Info("x", "c", 3)
		}, "INFO     : g: x a=\"1\" b=\"2\" c=\"3\"\n"},
		"an empty attribute": {func(l *slog.Logger) { l.Info("x", slog.Attr{}) }, "INFO     : x\n"},
		"a secret": {func(l *slog.Logger) { l.Info("x", "key", diag.Secret("hunter2")) },
			"INFO     : x key=\"[redacted]\"\n"},
		"a secret of the logger": {func(l *slog.Logger) { l.With("key", diag.Secret("hunter2")).Info("x") },
			"INFO     : x key=\"[redacted]\"\n"},
		"a secret in a group": {func(l *slog.Logger) { l.Info("x", slog.Group("g", "key", diag.Secret("hunter2"))) },
			"INFO     : x g=\"[key=[redacted]]\"\n"},
		"a secret in a structure": {func(l *slog.Logger) { l.Info("x", "all", struct{ Key diag.Secret }{"hunter2"}) },
			"INFO     : x all=\"{[redacted]}\"\n"},
		"a line break cannot forge one": {func(l *slog.Logger) { l.Info("x\nCRITICAL : forged\r\n") },
			"INFO     : x; CRITICAL : forged\n"},
		"nor one in an attribute": {func(l *slog.Logger) { l.Info("x", "a", "b\nc") }, "INFO     : x a=\"b\\nc\"\n"},
		"nor one in an attribute's name": {func(l *slog.Logger) { l.Info("x", "a\nb", 1) },
			"INFO     : x a; b=\"1\"\n"},
		"nor one in a group's": {func(l *slog.Logger) { l.WithGroup("g\nh").Info("x") }, "INFO     : g; h: x\n"},
		"nor the separators of lines": {func(l *slog.Logger) { l.Info("a\u0085b\u2028c\u2029d\ve") },
			`INFO     : a\u0085b\u2028c\u2029d\ve` + "\n"},
		"a terminal is not moved": {func(l *slog.Logger) { l.Info("\x1b[2J\u009b1m\x9b\x07x\u202e\x7f") },
			`INFO     : \x1b[2J\u009b1m\x9b\ax\u202e\x7f` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			test.log(slog.New(Stdout(&out)))
			assert.Equal(t, test.want, out.String())
		})
	}
}

func TestLinesOfSeveralAtOnceStayWhole(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(Stdout(&out))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				log.WithGroup("g").Info("text")
			}
		})
	}
	all.Wait()
	assert.Equal(t, strings.Repeat("INFO     : g: text\n", 400), out.String())
}

// receiver is a syslog socket that takes datagrams.
func receiver(t *testing.T) (path string, next func() string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "log")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return path, func() string {
		t.Helper()
		buf := make([]byte, 256<<10)
		n, err := conn.Read(buf)
		require.NoError(t, err)
		return string(buf[:n])
	}
}

func firstBoot() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }

func TestSyslogTakesOneDatagramALine(t *testing.T) {
	t.Parallel()
	path, next := receiver(t)
	handler, err := Syslog([]string{filepath.Join(t.TempDir(), "absent"), path}, "ignition", 42, firstBoot)
	require.NoError(t, err)
	log := slog.New(handler)
	for level, number := range map[slog.Level]string{slog.LevelDebug: "7", slog.LevelInfo: "6", Notice: "5",
		slog.LevelWarn: "4", slog.LevelError: "3", Critical: "2"} {
		log.WithGroup("files").Log(t.Context(), level, "text\n<2>Mar  4 forged", "key", diag.Secret("hunter2"))
		assert.Equal(t, "<"+number+">Mar  4 05:06:07 ignition[42]: files: text; <2>Mar  4 forged key=\"[redacted]\"\n",
			next())
	}
}

func TestALongLineIsCutWhereTextMayBe(t *testing.T) {
	t.Parallel()
	path, next := receiver(t)
	handler, err := Syslog([]string{path}, "ignition", 42, firstBoot)
	require.NoError(t, err)
	for extra := range 3 {
		slog.New(handler).Info(strings.Repeat("x", extra) + strings.Repeat("€", datagramMax))
		line := next()
		assert.Less(t, len(line), datagramMax+100)
		assert.True(t, utf8.ValidString(line))
		assert.True(t, strings.HasSuffix(line, "…\n"))
	}
}

func TestAStreamWillDoForSyslog(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	listener, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer listener.Close()
	handler, err := Syslog([]string{path}, "ignition", 1, firstBoot)
	require.NoError(t, err)
	conn, err := listener.Accept()
	require.NoError(t, err)
	defer conn.Close()
	slog.New(handler).Info("text")
	buf := make([]byte, 200)
	n, err := conn.Read(buf)
	require.NoError(t, err)
	assert.Equal(t, "<6>Mar  4 05:06:07 ignition[1]: text\n", string(buf[:n]))
}

func TestWithoutASocketThereIsAnError(t *testing.T) {
	t.Parallel()
	_, err := Syslog([]string{"/nonexistent/log", "/nonexistent/syslog"}, "ignition", 1, firstBoot)
	require.EqualError(t, err, "no syslog socket at /nonexistent/log, /nonexistent/syslog")
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestAFailedWriteIsTold(t *testing.T) {
	t.Parallel()
	require.EqualError(t, Stdout(broken{}).Handle(t.Context(), slog.Record{Message: "x"}), "full")
}
