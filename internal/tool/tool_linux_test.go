package tool

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// child is what a process of its own is asked to be, in the test below.
const child = "GLOWPLUG_TEST_CHILD"

// A process that is killed cannot end its tools itself.
func TestATiedToolEndsWithItsProcess(t *testing.T) {
	if os.Getenv(child) != "" {
		_, _ = script(t, "echo $$ >/proc/$PPID/fd/2\nexec sleep 600").Run(t.Context(),
			Command{Tool: "tool", Tied: true})
		return
	}
	process := exec.Command(os.Args[0], "-test.run=^TestATiedToolEndsWithItsProcess$")
	process.Env = append(os.Environ(), child+"=1")
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
	// Whoever takes it over may not have waited for it yet; then it is a zombie.
	require.Eventually(t, func() bool {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(tool) + "/stat")
		return err != nil || strings.Contains(string(stat), ") Z ")
	}, 30*time.Second, 20*time.Millisecond)
}
