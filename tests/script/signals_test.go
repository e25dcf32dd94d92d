package script

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Whoever types a command that waits for standard input must be able to leave it.
func TestASignalEndsACommandThatWaitsForItsInput(t *testing.T) {
	for _, line := range []string{
		"glowplug validate -", "glowplug convert -", "glowplug apply --root ROOT -", "butane", "glowplug-validate -",
		"ignition-apply --root ROOT -", "glowplug render -", "glowplug diff - /dev/null",
	} {
		for _, sign := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			t.Run(line+", "+sign.String(), func(t *testing.T) {
				t.Parallel()
				args := strings.Fields(strings.ReplaceAll(line, "ROOT", t.TempDir()))
				c := exec.CommandContext(t.Context(), filepath.Join(programs, args[0]), args[1:]...)
				in, err := c.StdinPipe()
				require.NoError(t, err)
				require.NoError(t, c.Start())
				waitUntilRead(t, in)
				require.NoError(t, c.Process.Signal(sign))
				assert.Error(t, c.Wait(), "it has not done what it was asked for")
			})
		}
	}
}

// endings are signals that end apply, by their names.
var endings = map[string]syscall.Signal{"SIGINT": syscall.SIGINT, "SIGTERM": syscall.SIGTERM,
	"SIGHUP": syscall.SIGHUP, "SIGQUIT": syscall.SIGQUIT, "SIGPIPE": syscall.SIGPIPE}

// A program inherits it if these tests ignore a signal, as where nohup(1) runs them; it does not if they listen to it.
func listen(t *testing.T) {
	t.Helper()
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP, syscall.SIGPIPE)
	t.Cleanup(func() { signal.Stop(c) })
}

func TestASignalEndsApplyInOrderAndSaysWhatItWaitedFor(t *testing.T) {
	listen(t)
	asked := make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			fmt.Fprint(w, "begun")
			w.(http.Flusher).Flush()
		}
		asked <- r.URL.Path
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	for claim, test := range map[string]struct{ config, want string }{
		"a merged config": {`"ignition": {"version": "3.4.0", "config": {"merge": [{"source": "URL/child"}]}}`,
			"merge 0: URL/child: interrupted (SIGNAL) while waiting for an answer to attempt #1"},
		"files": {`"ignition": {"version": "3.4.0"}, "storage": {"files": [
				{"path": "/etc/first", "contents": {"source": "data:,x"}},
				{"path": "/etc/a", "contents": {"source": "URL/none"}},
				{"path": "/etc/b", "contents": {"source": "URL/none?2"}}]}`,
			"URL/none: interrupted (SIGNAL) while waiting for an answer to attempt #1"},
		"a content": {`"ignition": {"version": "3.4.0"}, "storage": {"files": [
				{"path": "/etc/a", "contents": {"source": "URL/body"}}]}`,
			"URL/body: interrupted (SIGNAL) while waiting for "},
	} {
		for name, sign := range endings {
			t.Run(claim+", "+name, func(t *testing.T) {
				root, said := t.TempDir(), &bytes.Buffer{}
				c := exec.CommandContext(t.Context(), filepath.Join(programs, "glowplug"), "apply", "--root", root, "-")
				c.Stdin = strings.NewReader(strings.ReplaceAll("{"+test.config+"}", "URL", server.URL))
				c.Stderr = said
				require.NoError(t, c.Start())
				for range strings.Count(test.config, "URL") { // what has not been asked for is not waited for
					<-asked
				}
				require.NoError(t, c.Process.Signal(sign))
				assert.Error(t, c.Wait())
				assert.Equal(t, 1, c.ProcessState.ExitCode(), "it has ended by itself")
				want := strings.NewReplacer("URL", server.URL, "SIGNAL", name).Replace(test.want)
				assert.Contains(t, said.String(), want)
				assert.NotContains(t, said.String(), "context canceled")
				require.NoError(t, filepath.WalkDir(root, func(at string, _ fs.DirEntry, err error) error {
					assert.NotContains(t, filepath.Base(at), ".glowplug-", "a temporary file is left")
					return err
				}))
				for len(asked) > 0 {
					<-asked
				}
			})
		}
	}
}

func TestASignalThatIsIgnoredDoesNotEndApply(t *testing.T) {
	root := t.TempDir()
	c := exec.CommandContext(t.Context(), "nohup", filepath.Join(programs, "glowplug"), "apply", "--root", root, "-")
	in, err := c.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	waitUntilRead(t, in)
	require.NoError(t, c.Process.Signal(syscall.SIGHUP))
	_, err = io.WriteString(in, `"ignition": {"version": "3.4.0"}, "storage": {"files": [{"path": "/a"}]}}`)
	require.NoError(t, err)
	require.NoError(t, in.Close())
	require.NoError(t, c.Wait())
	assert.FileExists(t, filepath.Join(root, "a"))
}

// waitUntilRead gives a process a byte, and waits until it has taken it.
func waitUntilRead(t *testing.T, in io.WriteCloser) {
	t.Helper()
	_, err := in.Write([]byte("{"))
	require.NoError(t, err)
	for {
		left, err := unix.IoctlGetInt(int(in.(interface{ Fd() uintptr }).Fd()), unix.TIOCINQ)
		require.NoError(t, err)
		if left == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
