package script

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// blocks are those of a page in a language.
func blocks(page, language string) (all []string) {
	for _, block := range strings.Split(page, "```"+language+"\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		all = append(all, block)
	}
	return all
}

// What the builders themselves do is in tests/disk, which runs them as root: here a config is applied that has no
// accounts, and nobody's owners.
func TestThePageOnImageBuildersIsTrue(t *testing.T) {
	t.Parallel()
	page := repositoryFile(t, "docs/images.md")
	configs, scripts := blocks(page, "yaml"), blocks(page, "sh")
	require.Len(t, configs, 1)
	require.Len(t, scripts, 2)
	hook := regexp.MustCompile(`--customize-hook='([^']*)'`).FindStringSubmatch(scripts[0])
	require.Len(t, hook, 2)

	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755))
	}
	write("web.bu", configs[0])
	require.NoError(t, os.Mkdir(filepath.Join(dir, "root"), 0o755))
	code, out := shell(t, dir, "glowplug validate --strict web.bu && glowplug plan --root root --no-owner web.bu")
	assert.Equal(t, 3, code, out)
	assert.Contains(t, out, "\n1 file; 1 user; 1 unit; 1 preset file\n")

	write("web.bu", strings.Replace(minimalButane, "hello", "Welcome.", 1))
	write("mkosi.postinst", scripts[1])
	for name, script := range map[string]string{
		"mmdebstrap": "sh -c '" + hook[1] + "' exec",
		"mkosi":      `b() { BUILDROOT=$1 ./mkosi.postinst final; }; b`,
	} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o755))
		code, out := shell(t, dir, script+" "+name)
		assert.Zero(t, code, out)
		assert.Equal(t, "Welcome.", repositoryText(t, filepath.Join(dir, name, "etc", "motd")))
		code, out = shell(t, dir, script+" "+name)
		assert.Zero(t, code, "it is run again: %s", out)
		assert.Contains(t, out, "1 unchanged")
	}
}
