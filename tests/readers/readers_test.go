//go:build disk

package readers_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/prepared"
)

// read is a problem as a reader understood it; level and rule are SARIF's, failed and told JUnit's.
type read struct {
	File, Level, Code, Rule, Message, Told string
	Line, Column                           int
	Failed                                 bool
}

// written is what validate says as JSON, which is what it knows.
type written struct {
	Problems []struct {
		File, Severity, Code, Message, Hint string
		Line, Column                        int
	}
}

// configs are files and what is wrong with them, with names and words that would break out of a form, if they could.
var configs = map[string]string{
	"good.ign": `{"ignition": {"version": "3.4.0"}}`,
	"web, 1:a%20 <&'.bu": "variant: fcos\nversion: 1.5.0\nsystemd:\n  unitz: []\n" +
		"  units:\n    - name: a\x00]]>.service\n",
	"é\x1b[2J\n::e.ign": "{\"ignition\": {\"version\": \"3.4.0\"},\n \"a\\n::error::b %0A,\": 1," +
		"\n \"storage\": {\"files\": [{\"path\": \"etc\"}, {\"path\": \"/run/x\"}]}}",
	"\xff.ign":   "{\"ignition\": {\"version\": \"3.4.0\"}, \"\xfe\": 1}",
	"binary.ign": "\x7fELF\x00\x00",
	"empty.ign":  "",
}

func TestOthersReadWhatIsWritten(t *testing.T) {
	program, err := filepath.Abs("../../bin/glowplug")
	require.NoError(t, err)
	folder := t.TempDir()
	for name, text := range configs {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	packages := prepared.By(t, "./prepare")
	validate := func(form string) []byte {
		cmd := exec.Command(program, "validate", "--format", form, ".")
		cmd.Dir = folder
		out, err := cmd.Output()
		require.ErrorContains(t, err, "exit status 1")
		return out
	}
	var want written
	require.NoError(t, json.Unmarshal(validate("json"), &want))
	require.Greater(t, len(want.Problems), 6)

	t.Run("SARIF", func(t *testing.T) {
		got := understood(t, packages, "sarif", validate("sarif"))
		require.Len(t, got, len(want.Problems))
		levels := map[string]string{"error": "error", "warning": "warning", "advice": "note"}
		for i, p := range want.Problems {
			file, err := url.PathUnescape(got[i].File)
			assert.NoError(t, err)
			assert.Equal(t, p.File, filepath.Clean(strings.ToValidUTF8(file, "\uFFFD")))
			assert.Equal(t, p.Code, got[i].Code)
			assert.Equal(t, p.Code, got[i].Rule, "the rule that a result points at is its own")
			assert.Equal(t, levels[p.Severity], got[i].Level)
			assert.Equal(t, p.Line, got[i].Line, p.Message)
			assert.Contains(t, got[i].Message, p.Hint)
		}
	})
	t.Run("JUnit", func(t *testing.T) {
		got := understood(t, packages, "junit", validate("junit"))
		require.Len(t, got, len(configs), "a case for each file")
		var told strings.Builder
		for _, c := range got {
			told.WriteString(c.Told + "\n")
			assert.Equal(t, !strings.HasSuffix(c.File, "good.ign"), c.Failed, c.File)
		}
		for _, p := range want.Problems {
			assert.Contains(t, told.String(), p.Severity+"["+p.Code+"]")
		}
	})
}

// understood gives what a reader makes of a report.
func understood(t *testing.T, packages, form string, report []byte) (all []read) {
	t.Helper()
	script, err := filepath.Abs("read.mjs")
	require.NoError(t, err)
	var failed bytes.Buffer
	cmd := exec.Command("node", script, form)
	cmd.Dir, cmd.Stdin, cmd.Stderr = packages, bytes.NewReader(report), &failed
	out, err := cmd.Output()
	require.NoError(t, err, failed.String())
	require.NoError(t, json.Unmarshal(out, &all))
	return all
}
