package check_test

import (
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/check"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
)

// sparse makes a file of 3 GiB that begins with a text and takes no room.
func sparse(t *testing.T, name, text string) string {
	t.Helper()
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	require.NoError(t, os.Truncate(name, 3<<30))
	return name
}

// allocated tells how many MiB a piece of work takes altogether.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) >> 20
}

func TestLargeFilesOfAFolderAreNotReadWhole(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.ign"), []byte(good), 0o600))
	sparse(t, filepath.Join(dir, "data.json"), "{")
	sparse(t, filepath.Join(dir, "data.yaml"), "a: 1\n")
	used := allocated(func() {
		assert.Contains(t, validate("", dir).out, "valid: 1 file,", "what shows no config is none")
	})
	assert.Less(t, used, uint64(200))
}

func TestLargeContentAtHandIsNotKept(t *testing.T) {
	const bundle = `{"ignition": {"version": "3.4.0", "security": {"tls": {"certificateAuthorities": [{"source": ` +
		`"https://example.com/a"}]}}}}`
	const merge = `{"ignition": {"version": "3.4.0", "config": {"merge": [{"source": "https://example.com/a"}]}}}`
	large := sparse(t, filepath.Join(t.TempDir(), "large"), "{")
	used := allocated(func() {
		got := validate(merge, "--map", "https://example.com/a="+large, "-")
		assert.Contains(t, got.out, "larger than 268435456 bytes, which no config is")
		assert.Equal(t, 1, got.code)
	})
	assert.Less(t, used, uint64(100))
	require.NoError(t, os.Truncate(large, 300<<20))
	used = allocated(func() { validate(bundle, "--map", "https://example.com/a="+large, "-") })
	assert.Less(t, used, uint64(100))
}

// A plan is larger than the text: below what is in use nearly all work would be collecting.
func TestPlansAreNotHeldToTheMemoryOfTheirTexts(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(math.MaxInt64))
	limits := []int64{}
	row := check.ValidateBy("glowplug validate", check.Means{Plan: func(*document.Document) []diag.Problem {
		limits = append(limits, debug.SetMemoryLimit(-1))
		return nil
	}})
	text := strings.TrimSuffix(good, "}") + strings.Repeat(" ", 1<<20) + "}"
	require.Equal(t, 0, runs(row, strings.NewReader(text), false, "-").code)
	assert.Equal(t, []int64{math.MaxInt64}, limits)
	assert.Less(t, debug.SetMemoryLimit(-1), int64(math.MaxInt64), "the report belongs to the text again")
}
