package tests

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const exampleFiles = "../examples/files"

func TestButaneExamplesConvertWithoutWarnings(t *testing.T) {
	examples, err := filepath.Glob("../examples/*.bu")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(examples), 4)
	for _, example := range examples {
		t.Run(filepath.Base(example), func(t *testing.T) {
			made := filepath.Join(t.TempDir(), "made.ign")
			require.Empty(t, run(t, "glowplug", "convert", "--strict", "--raw", "--files-dir", exampleFiles, "-o", made, withoutOpenShift(t, example)))
			assert.Equal(t, "valid: 1 file, 0 errors, 0 warnings\n", run(t, "glowplug-validate", "--strict", made))
		})
	}
}

// withoutOpenShift: a raw config cannot say what the section openshift does, and says so.
func withoutOpenShift(t *testing.T, example string) string {
	text, err := os.ReadFile(example)
	require.NoError(t, err)
	before, section, found := strings.Cut(string(text), "\nopenshift:\n")
	if !found {
		return example
	}
	_, after, _ := strings.Cut(section, "\nstorage:\n")
	plain := filepath.Join(t.TempDir(), filepath.Base(example))
	require.NoError(t, os.WriteFile(plain, []byte(before+"\nstorage:\n"+after), 0o600))
	return plain
}

func TestTheWebExampleIsTheSameInYAML(t *testing.T) {
	made, root := filepath.Join(t.TempDir(), "web.ign"), t.TempDir()
	run(t, "glowplug", "convert", "--files-dir", exampleFiles, "-o", made, "../examples/web.bu")
	run(t, "glowplug", "apply", "--root", root, "--no-owner", "--no-preset", "--offline", made)
	assert.Empty(t, cmp.Diff(webRoot, listing(t, root, webRoot)))
}

// The examples of docs/config.md are converted where they are generated. Here they do what they can to a directory.
func TestTheExamplesOfTheLanguageApply(t *testing.T) {
	text, err := os.ReadFile("../docs/config.md")
	require.NoError(t, err)
	applied := 0
	for i, part := range strings.Split(string(text), "```yaml\nvariant")[1:] {
		document := "variant" + part[:strings.Index(part, "```")]
		file := filepath.Join(t.TempDir(), fmt.Sprintf("%d.bu", i))
		require.NoError(t, os.WriteFile(file, []byte(document), 0o600))
		// Local files and configs to fetch are what a directory without a network cannot have.
		if strings.Contains(document, "local:") || strings.Contains(document, "merge:") {
			continue
		}
		applied++
		out, err := exec.Command(binary(t, "glowplug"), "apply", "--root", t.TempDir(), "--no-owner", "--no-preset", "--offline", "--ignore-unsupported", file).CombinedOutput()
		assert.NoError(t, err, "%s\n%s", document, out)
	}
	assert.Greater(t, applied, 8)
}
