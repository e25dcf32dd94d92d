//go:build disk

package editors

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/prepared"
)

const document = "variant: fcos\nversion: 1.6.0\nstorage:\n  files:\n" +
	"    - path: /a # 😀\n      mdoe: 0644\n    - path: /a\n"

// said is what the editor has seen.
type said struct {
	Failure  string
	Problems []struct {
		Line, Column, Ends, Severity int
		Code, Message, Source        string
	}
	Hover, Action, Text string
	Definition          int
	Offered             []string
	Ended               bool
}

// neovim runs Neovim without anybody's settings, in a folder with the document, and gives what it prints.
func neovim(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	prepared.By(t, "./prepare")
	bin, err := filepath.Abs("../../bin")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "web.bu"), []byte(document), 0o600))
	c := exec.Command("nvim", append([]string{"--headless"}, args...)...)
	c.Dir = dir
	c.Env = append(os.Environ(), append(env, "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+dir, "XDG_STATE_HOME="+dir,
		"XDG_CACHE_HOME="+dir)...)
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

func TestNeovimShowsFixesAndCompletes(t *testing.T) {
	dir := t.TempDir()
	script, err := filepath.Abs("neovim.lua")
	require.NoError(t, err)
	printed := neovim(t, dir, []string{"SERVER=glowplug", "FILE=web.bu", "OUT=out.json"}, "--clean", "+luafile "+script)
	text, err := os.ReadFile(filepath.Join(dir, "out.json"))
	require.NoError(t, err, printed)
	var got said
	require.NoError(t, json.Unmarshal(text, &got))
	require.Empty(t, got.Failure)
	got.holds(t)
}

// holds is what any client has to see.
func (got *said) holds(t *testing.T) {
	t.Helper()
	require.Len(t, got.Problems, 2)
	assert.Equal(t, "key-unknown", got.Problems[0].Code)
	assert.Equal(t, "duplicate", got.Problems[1].Code)
	assert.Equal(t, "glowplug", got.Problems[1].Source)
	assert.Equal(t, [4]int{6, 6, 14, 1}, [4]int{got.Problems[1].Line, got.Problems[1].Column, got.Problems[1].Ends,
		got.Problems[1].Severity})
	assert.Contains(t, got.Hover, "`storage.files.*.path`: text")
	assert.Equal(t, 4, got.Definition, "where the path is first defined")
	assert.Equal(t, "Write mode", got.Action)
	assert.Contains(t, got.Offered, "user")
	assert.NotContains(t, got.Offered, "mode", "it is there")
	assert.Equal(t, strings.TrimSpace(strings.Replace(document, "mdoe: 0644\n", "mode: 0644\n      us\n", 1)),
		strings.TrimSpace(got.Text))
	assert.True(t, got.Ended, "the server ends when it is asked to")
}

// The lines of docs/editors.md for Neovim do what they say. What they need of 0.8 is made of what 0.7 has.
func TestNeovimIsSetUpAsTheDocsSay(t *testing.T) {
	docs, err := os.ReadFile("../../docs/editors.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```lua\n(.*?)```").FindAllStringSubmatch(string(docs), -1)
	require.Len(t, blocks, 1)
	dir := t.TempDir()
	file := filepath.Join(dir, "init.lua")
	require.NoError(t, os.WriteFile(file, []byte("vim.g.do_filetype_lua = 1\n"+
		"vim.lsp.start = vim.lsp.start or function(c)\n"+
		"  vim.lsp.buf_attach_client(0, vim.lsp.start_client(c))\nend\n"+blocks[0][1]), 0o600))
	out := neovim(t, dir, nil, "-u", file, "web.bu", "+lua vim.wait(20000, function() return "+
		"#vim.diagnostic.get(0) == 2 end); print(#vim.diagnostic.get(0) .. ' problems')", "+qall!")
	assert.Contains(t, out, "2 problems")
}
