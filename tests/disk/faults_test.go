//go:build disk

package disk

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/faults"
)

// What the other tests do to boots is what happens: a call of a child's is refused, done in part, or the last.
func TestACallIsRefusedOrDoneInPartOrTheLast(t *testing.T) {
	for claim, c := range map[string]struct {
		do   faults.Verdict
		says string
		code int
	}{
		"done": {faults.Verdict{}, "begin\n0123456789\nend\n", 0},
		"refused": {faults.Verdict{Errno: syscall.ENOSPC},
			"begin\nprintf: write error: No space left on device\nend\n", 0},
		"in part": {faults.Verdict{Short: true}, "begin\n0123456789\nend\n", 0}, // printf writes the rest
		"killed":  {faults.Verdict{Kill: true}, "begin\n", -1},
	} {
		t.Run(claim, func(t *testing.T) {
			out, err := os.Create(filepath.Join(t.TempDir(), "out"))
			require.NoError(t, err)
			defer out.Close()
			run := exec.Command("/bin/sh", "-c", `echo begin; env printf '0123456789\n'; echo end`)
			run.Stdout, run.Stderr = out, out
			w := &faults.Watch{Do: c.do, At: faults.Point{Part: "x", Program: "printf", Name: "write", Class: "write",
				About: out.Name(), Nth: 1}}
			_ = faults.Run(run, 0, w.Judge("x"))
			said, err := os.ReadFile(out.Name())
			require.NoError(t, err)
			assert.True(t, w.Reached())
			assert.Equal(t, c.says, string(said))
			assert.Equal(t, c.code, run.ProcessState.ExitCode())
			rest := slices.ContainsFunc(w.Points(), func(p faults.Point) bool {
				return p.Program == "printf" && p.Nth == 2 &&
					p.Name == "write"
			})
			assert.True(t, rest || !c.do.Short, "what was not written is written then")
		})
	}
}
