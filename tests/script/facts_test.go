package script

import (
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/facts"
)

// Facts are sent by a process that has given up its rights to write, and what is sent are facts.
func TestFactsAreSent(t *testing.T) {
	t.Parallel()
	got := make(chan []byte, 1)
	server := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		got <- text
	}))
	defer server.Close()
	dir := t.TempDir()
	authority := filepath.Join(dir, "ca.pem")
	require.NoError(t, os.WriteFile(authority,
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	command := exec.Command(filepath.Join(programs, "glowplug"), "facts", "--root", dir, "--send",
		server.URL+"/?t=SECRET")
	command.Env = append(os.Environ(), "SSL_CERT_FILE="+authority)
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Empty(t, string(out))
	_, err = facts.Parse(<-got)
	require.NoError(t, err)
}
