// Package fleets has facts of a few machines, and what docs/facts.md tells people to run on them.
package fleets

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Make makes a config web.ign in a folder, and facts of machines, some of which are alike, in facts/; glowplug is the
// program.
func Make(t *testing.T, dir, glowplug string) {
	t.Helper()
	write := func(name, text string) {
		at := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
		require.NoError(t, os.WriteFile(at, []byte(text), 0o600))
	}
	config := filepath.Join(dir, "web.ign")
	write("web.ign", `{"ignition": {"version": "3.5.0"}, "storage": {"files": [
		{"path": "/etc/motd", "overwrite": true, "contents": {"source": "data:,hello"}}]}}`)
	for i := range 7 {
		name := fmt.Sprintf("web %d", i)
		write(filepath.Join("roots", name, "etc/issue"), "")
		switch i % 3 {
		case 1:
			write(filepath.Join("roots", name, "etc/motd"), "hello")
		case 2:
			write(filepath.Join("roots", name, "etc/motd/deep"), "")
		}
		out, err := exec.Command(glowplug, "facts", "--root", filepath.Join(dir, "roots", name), "--for",
			config).Output()
		require.NoError(t, err)
		write("facts/"+name+".json", string(out))
	}
}

// Lines are those of JSON that the program writes of all of these machines at once, sorted.
func Lines(t *testing.T, dir, glowplug string) []string {
	t.Helper()
	command := exec.Command(glowplug, "plan", "--fleet", "facts", "--format", "json", "web.ign")
	command.Dir = dir
	out, _ := command.Output() // its exit code is that of the worst machine
	lines := Sorted(string(out))
	require.Len(t, lines, 7)
	return lines
}

// Sorted are the lines of a text.
func Sorted(text string) []string {
	return slices.Sorted(slices.Values(strings.Split(strings.TrimSpace(text), "\n")))
}

// Block is a block of docs/facts.md, which stands behind a comment.
func Block(t *testing.T, kind string) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/facts.md")
	require.NoError(t, err)
	_, behind, found := strings.Cut(string(page), "<!-- fleet: "+kind+" -->\n```")
	require.True(t, found)
	block, _, _ := strings.Cut(behind, "\n```\n")
	_, block, _ = strings.Cut(block, "\n")
	return block
}
