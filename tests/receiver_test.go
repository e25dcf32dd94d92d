package tests

import (
	"bufio"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The receiver of docs/reports.md keeps what a machine sends. It tells its port here, as another test may have its own.
func TestTheReceiverInTheDocsKeepsReports(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3")
	}
	text, err := os.ReadFile("../docs/reports.md")
	require.NoError(t, err)
	_, script, _ := strings.Cut(string(text), "<!-- receiver -->\n```python\n")
	script, _, found := strings.Cut(script, "```")
	require.True(t, found)
	last := "http.server.HTTPServer((\"127.0.0.1\", 8000), Reports).serve_forever()\n"
	require.Contains(t, script, last)
	script = strings.Replace(script, last, "s = http.server.HTTPServer((\"127.0.0.1\", 0), Reports)\n"+
		"print(s.server_port, flush=True)\ns.serve_forever()\n", 1)

	ctx, stop := context.WithCancel(t.Context())
	server := exec.CommandContext(ctx, python, "-c", script)
	server.Dir = t.TempDir()
	out, err := server.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	defer func() { stop(); _ = server.Wait() }()
	port, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)

	const report = `{"version": 1, "bootID": "b", "outcome": "done",
		"stages": [{"name": "files", "tookMicros": 1500000}]}`
	answer, err := http.Post("http://127.0.0.1:"+strings.TrimSpace(port), "application/json", strings.NewReader(report))
	require.NoError(t, err)
	_ = answer.Body.Close()
	assert.Equal(t, http.StatusNoContent, answer.StatusCode)
	kept, err := os.ReadFile(filepath.Join(server.Dir, "reports.jsonl"))
	require.NoError(t, err)
	assert.JSONEq(t, report, string(kept))

	jq, err := exec.LookPath("jq")
	if err != nil {
		return
	}
	_, command, _ := strings.Cut(string(text), "    jq -r '")
	filter, _, found := strings.Cut(command, "' reports.jsonl\n")
	require.True(t, found)
	shown := exec.Command(jq, "-r", filter, "reports.jsonl")
	shown.Dir = server.Dir
	lines, err := shown.Output()
	require.NoError(t, err)
	assert.Equal(t, "b done files 1.5\n", string(lines))
}
