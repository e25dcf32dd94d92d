package check_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAReportReplacesNoInput(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.ign"), filepath.Join(dir, "report")
	hard, link, nowhere := filepath.Join(dir, "hard"), filepath.Join(dir, "link"), filepath.Join(dir, "nowhere")
	require.NoError(t, os.WriteFile(in, []byte(good), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".glowplug.yaml"), nil, 0o600))
	require.NoError(t, os.Link(in, hard))
	require.NoError(t, os.Symlink(in, link))
	require.NoError(t, os.Symlink(filepath.Join(dir, "gone"), nowhere))
	for claim, args := range map[string][]string{
		"itself": {"--output", in, in}, "a hard link": {"--output", hard, in}, "a link": {"-o", link, in},
		"one of a folder": {"-o", in, dir}, "the project file": {"-o", filepath.Join(dir, ".glowplug.yaml"), in},
		"one that stands for a URL": {"--map", "https://example.com/a=" + in, "-o", in, "-"},
	} {
		got := validate(good, args...)
		assert.Equal(t, 2, got.code, claim)
		assert.Contains(t, got.err, "would write the report over", claim)
	}
	text, err := os.ReadFile(in)
	require.NoError(t, err)
	assert.Equal(t, good, string(text))
	assert.Contains(t, validate("", "-o", nowhere, in).err, "is a link that leads to no file")
	require.NoError(t, os.WriteFile(out, []byte("old"), 0o600))
	require.NoError(t, os.Remove(link))
	require.NoError(t, os.Symlink(out, link))
	assert.Equal(t, 0, validate("", "-o", link, "--format", "json", in).code)
	text, err = os.ReadFile(out)
	require.NoError(t, err)
	assert.Contains(t, string(text), `"valid": true`)
}

func TestFixesAreToldBesideAReportForTools(t *testing.T) {
	const text = `{"ignition": {"version": "3.6"}}`
	for _, format := range []string{"line", "json", "github"} {
		got := validate("", "--fix", "--format", format, files(t, text)[0])
		assert.Equal(t, 0, got.code)
		assert.Regexp(t, `^fixed \S+:1:26: "3\.6" → "3\.6\.0"\n$`, got.err)
		assert.NotContains(t, got.out, "fixed")
	}
}
