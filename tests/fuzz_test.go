package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/fuzz"
)

// docs/fuzzing.md says what reads bytes from outside, and names the targets that try it.
func TestTheTableOfFuzzTargetsHasAll(t *testing.T) {
	page, err := os.ReadFile("../docs/fuzzing.md")
	require.NoError(t, err)
	entry := regexp.MustCompile("`([a-z/]+)` (Fuzz\\w+(?:, Fuzz\\w+)*)")
	var listed []fuzz.Target
	for line := range strings.Lines(string(page)) {
		if !strings.HasPrefix(line, "| ") {
			continue
		}
		for _, found := range entry.FindAllStringSubmatch(line, -1) {
			for name := range strings.SplitSeq(found[2], ", ") {
				listed = append(listed, fuzz.Target{Folder: found[1], Name: name})
			}
		}
	}
	targets, err := fuzz.Targets(os.DirFS(".."))
	require.NoError(t, err)
	assert.ElementsMatch(t, targets, listed)
}

func TestDaysThatFollowEachOtherComeToAllTargets(t *testing.T) {
	all := make([]fuzz.Target, 98)
	for i := range all {
		all[i].Name = string(rune('A' + i))
	}
	var had []fuzz.Target
	for day := range 5 {
		share := fuzz.Share(all, 24, 20_000+day)
		assert.LessOrEqual(t, len(share), 24)
		had = append(had, share...)
	}
	assert.ElementsMatch(t, all, had)
	assert.Equal(t, all, fuzz.Share(all, 0, 3))
	assert.Equal(t, all, fuzz.Share(all, 98, 3))
}

// The script that OSS-Fuzz builds the targets with gives each to the program that its image has for that.
func TestOSSFuzzIsGivenEveryTarget(t *testing.T) {
	dir := t.TempDir()
	source, err := filepath.Abs("..")
	require.NoError(t, err)
	// In the place of the checkout stands a link to it, and in that of what changes it a program that does nothing.
	require.NoError(t, os.Symlink(source, filepath.Join(dir, "glowplug")))
	programs := filepath.Join(dir, "bin")
	require.NoError(t, os.Mkdir(programs, 0o700))
	goes, err := exec.LookPath("go")
	require.NoError(t, err)
	for name, text := range map[string]string{
		"compile_native_go_fuzzer": `echo "$@" >>"$SRC/given"`,
		"go":                       `[ "$1" != get ] || exit 0; exec ` + goes + ` "$@"`,
	} {
		script := "#!/bin/sh\n" + text + "\n"
		require.NoError(t, os.WriteFile(filepath.Join(programs, name), []byte(script), 0o700))
	}
	build := exec.Command("bash", "-eu", filepath.Join(source, "tests/fuzz/ossfuzz/build.sh"))
	build.Env = append(os.Environ(), "SRC="+dir, "PATH="+programs+":"+os.Getenv("PATH"))
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	given, err := os.ReadFile(filepath.Join(dir, "given"))
	require.NoError(t, err)
	targets, err := fuzz.Targets(os.DirFS(".."))
	require.NoError(t, err)
	want := ""
	for _, f := range targets {
		program := strings.ReplaceAll(f.Folder, "/", "_") + "_" + f.Name
		want += module + "/" + f.Folder + " " + f.Name + " " + program + "\n"
	}
	assert.Equal(t, want, string(given))
}
