package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// hostile begins a line of its own, clears the screen, and turns the direction, where it gets the chance.
const hostile = "a\nforged: line\r\x1b[2J\u0085\u009b31m\u202e\u2028\ufeff\x7f"

// onScreen are the streams of a run by a name, with hostile configs in the folder.
func onScreen(t *testing.T, env map[string]string, name string, args ...string) (stdout, stderr string) {
	t.Helper()
	_, stdout, stderr = callWith(context.Background(), strings.NewReader(""), env, diag.Printable(name), args...)
	return stdout, stderr
}

func assertHarmless(t *testing.T, text string) {
	t.Helper()
	for line := range strings.SplitSeq(text, "\n") {
		assert.False(t, strings.HasPrefix(line, "forged"), "%q", text)
		for _, r := range line {
			assert.True(t, strconv.IsPrint(r), "%q", line)
		}
	}
}

func hostileConfig(t *testing.T) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{
		"ignition": map[string]any{"version": "3.4.0"}, hostile: 1,
		"passwd": map[string]any{"users": []any{map[string]any{"name": hostile}}},
		"storage": map[string]any{"files": []any{map[string]any{"path": "/" + hostile},
			map[string]any{"path": hostile}}},
	})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), hostile+".ign")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	return file
}

func TestNoCommandLetsAnythingButTextOntoATerminal(t *testing.T) {
	config := hostileConfig(t)
	bu := filepath.Join(t.TempDir(), hostile+".bu")
	require.NoError(t, os.WriteFile(bu, fmt.Appendf(nil, "variant: fcos\nversion: 1.5.0\n"+
		"storage: {files: [{path: %s, mode: x, %[1]s: 1}]}\n", strconv.Quote("\x1b\n\x7f")), 0o600))
	ok := filepath.Join(t.TempDir(), hostile)
	require.NoError(t, os.WriteFile(ok, []byte(`{"ignition": {"version": "3.4.0"}, `+
		`"storage": {"files": [{"path": "/a\u001b\nforged: b\u202e"}]}}`), 0o600))
	plain := filepath.Join(t.TempDir(), "plain.ign")
	require.NoError(t, os.WriteFile(plain, []byte(`{"ignition": {"version": "3.4.0"}}`), 0o600))
	root := t.TempDir()
	for _, args := range [][]string{
		{"glowplug", hostile}, {"glowplug", "help", hostile}, {"a" + hostile, "--" + hostile},
		{"glowplug", "validate", config, bu, hostile}, {"glowplug", "validate", "--format=line", config, bu},
		{"glowplug", "validate", "--format=json", config, bu},
		{"glowplug", "validate", "--" + hostile}, {"glowplug", "validate", "-d", hostile, bu},
		{"ignition-validate", config}, {"ignition-validate", hostile}, {"ignition-validate", "--" + hostile},
		{"glowplug", "apply", "--root", root, config}, {"glowplug", "apply", "--root", root, "--dry-run", "--no-owner",
			ok}, {"glowplug", "apply", "--root", hostile, ok},
		{"glowplug", "apply", "--" + hostile}, {"glowplug", "apply", "--root", root, hostile},
		{"ignition-apply", "--root", root, hostile}, {"ignition-apply", "--" + hostile},
		{"glowplug", "convert", config}, {"glowplug", "convert", bu}, {"glowplug", "convert", hostile},
		{"glowplug", "convert", "--" + hostile}, {"glowplug", "convert", "--to", hostile, ok},
		{"glowplug", "diff", ok, plain}, {"glowplug", "diff", plain, ok}, {"glowplug", "diff", hostile, ok},
		{"glowplug", "diff", "--plan", "--root", hostile, ok, plain},
		{"glowplug", "why", ok, "$"}, {"glowplug", "why", ok, hostile},
		{"butane", bu}, {"butane", "-D", bu}, {"butane", "--raw-errors", bu}, {"butane", hostile},
		{"butane", "--" + hostile},
		{"glowplug", "platforms", hostile}, {"glowplug", "platforms", "--format", hostile},
		{"glowplug", "schema", hostile}, {"glowplug", "schema", "-o", hostile + "/x"},
		{"glowplug", "rmcfg", "--platform", hostile}, {"ignition-rmcfg", hostile}, {"ignition-rmcfg", "--" + hostile},
		{"ignition", "--stage", hostile}, {"ignition", "--stage=fetch", "--platform", hostile},
		{"ignition", "--" + hostile},
	} {
		stdout, stderr := onScreen(t, nil, args[0], args[1:]...)
		require.NotEmpty(t, stdout+stderr, "%q", args)
		assertHarmless(t, stdout)
		assertHarmless(t, stderr)
	}
	stdout, _ := onScreen(t, nil, "glowplug", "apply", "--root", root, "--dry-run", "--no-owner", ok)
	assert.Equal(t, 1, strings.Count(stdout, "+ file "), stdout)
	assert.Equal(t, 6, strings.Count(stdout, "\n"), stdout)
}

func TestForcedColoursAreAllThatIsNoText(t *testing.T) {
	bu := filepath.Join(t.TempDir(), "x.bu")
	require.NoError(t, os.WriteFile(bu, []byte("variant: fcos\nversion: 1.5.0\n\"\\x1b[2J\\x1b[1m\": 1\n"), 0o600))
	_, stderr := onScreen(t, nil, "butane", "--color", bu)
	assert.Contains(t, stderr, "\x1b[1;33m")
	for _, code := range []string{"1;31", "1;33", "1;36", "1", "0"} {
		stderr = strings.ReplaceAll(stderr, "\x1b["+code+"m", "")
	}
	assertHarmless(t, stderr)
}

// stageOf runs the fetch stage on a config that merges another one.
func stageOf(t *testing.T, source string, authority []byte) (stdout, stderr string) {
	t.Helper()
	dir := t.TempDir()
	text := fmt.Sprintf(`{"ignition": {"version": "3.4.0", "timeouts": {"httpTotal": 1}, "config": `+
		`{"merge": [{"source": %q}]}, "security": {"tls": {"certificateAuthorities": [{"source": "data:,%s"}]}}}}`,
		source, url.PathEscape(string(authority)))
	if authority == nil {
		text = fmt.Sprintf(`{"ignition": {"version": "3.4.0", "timeouts": {"httpTotal": 1}, `+
			`"config": {"merge": [{"source": %q}]}}}`, source)
	}
	config, cmdline := filepath.Join(dir, "config.ign"), filepath.Join(dir, "cmdline")
	require.NoError(t, os.WriteFile(config, []byte(text), 0o600))
	require.NoError(t, os.WriteFile(cmdline, nil, 0o600))
	env := map[string]string{
		"IGNITION_CONFIG_FILE": config, "IGNITION_KERNEL_CMDLINE_PATH": cmdline, "IGNITION_SYSTEM_CONFIG_DIR": dir,
		"IGNITION_LOCAL_CONFIG_DIR": dir, "IGNITION_SYSTEM_RUNTIME_CONFIG_DIR": dir,
	}
	stdout, stderr = onScreen(t, env, "ignition", "--stage=fetch", "--platform=file", "--config-cache="+dir+"/c.json",
		"--state-file="+dir+"/state", "--neednet="+dir+"/neednet", "--log-to-stdout")
	require.Contains(t, stderr, "Ignition failed: fetch: ")
	return stdout, stderr
}

// answers is a server whose every answer is the same bytes.
func answers(t *testing.T, raw string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = io.WriteString(conn, raw)
			_ = conn.Close()
		}
	}()
	return "http://" + listener.Addr().String() + "/"
}

func TestWhatAServerSaysStaysInItsLine(t *testing.T) {
	for claim, raw := range map[string]string{
		"a status line":        "HTTP/1.1 404 \x1b[2J\u009b\u202e\r\n\r\n",
		"no status":            "HTTP/1.1 \x1b[2J\u202e 1\r\n\r\n",
		"no HTTP":              "\x1b[2J\u009b\u202e\n\n",
		"a redirect":           "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\u009b\u202e?\u2028\r\n\r\n",
		"a redirect elsewhere": "HTTP/1.1 302 Found\r\nLocation: x\u202e\u009b://\x1b\r\n\r\n",
		"a config":             "HTTP/1.1 200 OK\r\n\r\n{\"ignition\": {\"version\": \"3.4.0\u202e\"}, \"\x1b[2J\": 1}",
	} {
		t.Run(claim, func(t *testing.T) {
			t.Parallel()
			stdout, stderr := stageOf(t, answers(t, raw), nil)
			assertHarmless(t, stdout)
			assertHarmless(t, stderr)
			assert.Equal(t, 1, strings.Count(stderr, "\n"))
		})
	}
}

func TestACertificatesNameStaysInItsLine(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	odd := "x\x1b[2J\nforged: line"
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, DNSNames: []string{odd}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.StartTLS()
	defer server.Close()
	source := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	stdout, stderr := stageOf(t, source, authority)
	assert.Contains(t, stdout+stderr, `x\x1b[2J`)
	assertHarmless(t, stdout)
	assertHarmless(t, stderr)
}
