package tool

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// child is what a process of its own is asked to be, in the tests below.
const child = "GLOWPLUG_TEST_CHILD"

// anew gives the process in which the test runs once more, as the child.
func anew(t *testing.T, name string) *exec.Cmd {
	t.Helper()
	process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+name+"$", "-test.v")
	process.Env = append(os.Environ(), child+"=1")
	return process
}

// ended waits for the end of a process.
func ended(t *testing.T, pid int) {
	t.Helper()
	// Whoever takes it over may not have waited for it yet; then it is a zombie.
	require.Eventually(t, func() bool {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		return err != nil || strings.Contains(string(stat), ") Z ")
	}, 30*time.Second, 20*time.Millisecond)
}

// A process that is killed cannot end its tools itself.
func TestEveryToolEndsWithItsProcess(t *testing.T) {
	if os.Getenv(child) != "" {
		_, _ = script(t, "echo $$ >/proc/$PPID/fd/2\nexec sleep 600").Run(t.Context(), Command{Tool: "tool"})
		return
	}
	process := anew(t, t.Name())
	said, err := process.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, process.Start())
	line, err := bufio.NewReader(said).ReadString('\n')
	require.NoError(t, err)
	tool, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	require.NoError(t, unix.Kill(tool, 0))
	require.NoError(t, process.Process.Kill())
	_ = process.Wait()
	ended(t, tool)
}

// What it is to have of its process is all that it has; the process was started with more.
func TestAToolGetsNothingThatItIsNotGiven(t *testing.T) {
	if os.Getenv(child) == "" {
		secret, err := os.Open("/dev/zero")
		require.NoError(t, err)
		defer secret.Close()
		process := anew(t, t.Name())
		process.ExtraFiles = []*os.File{secret, secret}
		process.Env = append(process.Env, "TOKEN=s3cr3t", "TPM2TOOLS_TCTI=device:/dev/tpm7", "SOURCE_DATE_EPOCH=7")
		out, err := process.CombinedOutput()
		require.NoError(t, err, string(out))
		return
	}
	var stat unix.Stat_t
	require.NoError(t, unix.Fstat(3, &stat), "the process has what it was started with")
	look := func(c Command) (open []string, env map[string]bool) {
		// The shell adds to its own environment, but not to what is below /proc.
		c.Args = []string{"-c", `for f in /proc/$$/fd/*; do [ -e "$f" ] && echo "${f##*/}"; done; ` +
			`tr '\0' '\n' </proc/$$/environ`}
		out, err := New(map[string]string{"clevis": "sh"}, nil).Run(t.Context(), c)
		require.NoError(t, err)
		env = map[string]bool{}
		for line := range strings.Lines(string(out)) {
			if line = strings.TrimSpace(line); strings.Contains(line, "=") {
				env[line] = true
			} else {
				open = append(open, line)
			}
		}
		return open, env
	}
	path := "PATH=" + os.Getenv("PATH")
	want := map[string]bool{"LC_ALL=C": true, path: true, "SOURCE_DATE_EPOCH=7": true}
	if dir, set := os.LookupEnv("TMPDIR"); set {
		want["TMPDIR="+dir] = true
	}
	open, env := look(Command{Tool: "sh"})
	assert.Equal(t, []string{"0", "1", "2"}, open)
	assert.Equal(t, want, env)
	open, env = look(Command{Tool: "sh", Secrets: []diag.Secret{"a"}, Env: []string{"A=b"}})
	want["A=b"] = true
	assert.Equal(t, []string{"0", "1", "2", "3"}, open)
	assert.Equal(t, want, env)
	_, env = look(Command{Tool: "clevis"})
	assert.True(t, env["TPM2TOOLS_TCTI=device:/dev/tpm7"])
	assert.False(t, env["TOKEN=s3cr3t"])
}

func TestWhatIsGivenSecretsWritesForItselfAlone(t *testing.T) {
	old := unix.Umask(0o022)
	defer unix.Umask(old)
	for name, c := range map[string]struct {
		command Command
		want    string
	}{
		"no secret":               {Command{Tool: "sh", Input: "a"}, "0022\n"},
		"standard input":          {Command{Tool: "sh", Stdin: "a"}, "0077\n"},
		"a file":                  {Command{Tool: "sh", Secrets: []diag.Secret{"a"}}, "0077\n"},
		"a secret argument":       {Command{Tool: "sh", Hidden: []diag.Secret{"a"}}, "0077\n"},
		"arguments of the kernel": {Command{Tool: kernelArguments, Hidden: []diag.Secret{"a"}}, "0022\n"},
	} {
		c.command.Args = []string{"-c", "umask"}
		out, err := New(map[string]string{kernelArguments: "sh"}, nil).Run(t.Context(), c.command)
		require.NoError(t, err, name)
		assert.Equal(t, c.want, string(out), name)
		assert.Equal(t, 0o022, unix.Umask(0o022), "%s: that of this process is as before", name)
	}
}

func TestWhatAToolHasStartedEndsWithIt(t *testing.T) {
	for name, end := range map[string]string{"it fails": "exit 1", "it is ended": "wait"} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			noted := filepath.Join(t.TempDir(), "pid")
			pid := func() int {
				text, _ := os.ReadFile(noted)
				n, _ := strconv.Atoi(strings.TrimSpace(string(text)))
				return n
			}
			go func() {
				for pid() == 0 && ctx.Err() == nil {
					time.Sleep(5 * time.Millisecond)
				}
				if end == "wait" {
					cancel()
				}
			}()
			defer cancel()
			_, err := script(t, "sleep 600 >/dev/null 2>&1 & echo $! >$1.new; mv $1.new $1; "+end).
				Run(ctx, Command{Tool: "tool", Args: []string{noted}})
			require.Error(t, err)
			ended(t, pid())
		})
	}
}

// A program that opens /dev/tty gets no terminal, and fails where it would stop for ever.
func TestAToolHasASessionOfItsOwn(t *testing.T) {
	out, err := New(nil, nil).Run(t.Context(),
		Command{Tool: "sh", Args: []string{"-c", "read -r pid _ _ _ group session _ </proc/$$/stat; " +
			`[ "$pid $pid" = "$group $session" ] && echo leads`}})
	require.NoError(t, err)
	assert.Equal(t, "leads\n", string(out))
}

func TestHowLongAToolMayTake(t *testing.T) {
	for _, c := range []struct {
		tool      string
		all, want time.Duration
	}{
		{"mkfs.ext4", DefaultLimit, 30 * time.Minute},
		{"udevadm", DefaultLimit, 3 * time.Minute},
		{"udevadm", 5 * time.Second, 5 * time.Second},
		{"blkid", 10 * time.Hour, time.Hour},
		{"blkid", 0, 0},
		{"cryptsetup", 0, 0},
	} {
		assert.Equal(t, c.want, Limit(c.tool, c.all), "%s of %s", c.tool, c.all)
	}
}
