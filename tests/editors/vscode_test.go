//go:build disk

package editors

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/prepared"
)

// The client of VS Code is the extension's: it is driven here by what vscode-languageclient is made of, with the text
// that VS Code would have.
func TestTheClientOfVSCodeShowsFixesAndCompletes(t *testing.T) {
	output := func(c *exec.Cmd) []byte {
		var failed bytes.Buffer
		c.Stderr = &failed
		out, err := c.Output()
		require.NoError(t, err, failed.String())
		return out
	}
	packages := prepared.By(t, "../readers/prepare", ".")
	script, err := filepath.Abs("vscode.mjs")
	require.NoError(t, err)
	server, err := filepath.Abs("../../bin/glowplug")
	require.NoError(t, err)
	c := exec.Command("timeout", "60", "node", script)
	c.Dir, c.Stdin, c.Env = packages, strings.NewReader(document), append(os.Environ(), "SERVER="+server)
	var got struct {
		said
		Left         int
		Edited, Copy json.RawMessage
	}
	require.NoError(t, json.Unmarshal(output(c), &got))
	got.holds(t)
	assert.Equal(t, 1, got.Left, "the fix is made")

	var problems []struct{ Code string }
	require.NoError(t, json.Unmarshal(got.Edited, &problems))
	assert.Greater(t, len(problems), 20)
	assert.Equal(t, string(got.Copy), strings.ReplaceAll(string(got.Edited), "edited.bu", "copy.bu"),
		"the server has the text that the client has")
}
