//go:build disk

package disk

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/fleets"
)

// What docs/facts.md has for GNU parallel plans each machine, and the lines are those of one call.
func TestTheCommandForGNUParallelPlansEachMachineOnce(t *testing.T) {
	dir := t.TempDir()
	glowplug := program(t, "glowplug")
	fleets.Make(t, dir, glowplug)
	command := exec.Command("bash", "-euo", "pipefail", "-c", fleets.Block(t, "parallel"))
	command.Dir = dir
	command.Env = append(os.Environ(), "PATH="+filepath.Dir(glowplug)+":"+os.Getenv("PATH"), "LC_ALL=C")
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s", out)
	text, err := os.ReadFile(filepath.Join(dir, "plans.jsonl"))
	require.NoError(t, err)
	assert.Equal(t, fleets.Lines(t, dir, glowplug), fleets.Sorted(string(text)))
}
