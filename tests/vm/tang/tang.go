// Package tang runs Debian's Tang server for a test, on the loopback of the machine that the test runs in: inside a
// virtual machine, or on the host of one, which reaches it through a machine.Forward. It is not a Tang server of its
// own.
package tang

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A Server has keys of its own.
type Server struct {
	Address    string // "127.0.0.1:40001"
	URL        string // "http://127.0.0.1:40001"
	Thumbprint string // of the key that signs its advertisement
	Keys       string // the folder that holds the keys
}

// Start serves until the test is done. It needs Debian's tang-common.
func Start(t testing.TB) *Server {
	t.Helper()
	keys := t.TempDir()
	out, err := exec.Command("/usr/libexec/tangd-keygen", keys).CombinedOutput()
	require.NoError(t, err, "tangd-keygen: %s", out)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go serve(listener, keys)
	address := listener.Addr().String()
	return &Server{Address: address, URL: "http://" + address, Thumbprint: thumbprint(t, keys), Keys: keys}
}

// serve gives each connection a tangd: as under inetd, its standard input and output are the connection (tang(8)).
func serve(listener net.Listener, keys string) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer connection.Close()
			file, err := connection.(*net.TCPConn).File()
			if err != nil {
				return
			}
			defer file.Close()
			tangd := exec.Command("/usr/libexec/tangd", keys)
			tangd.Stdin, tangd.Stdout = file, file
			tangd.Run() // a client sees by itself how it ends
		}()
	}
}

// thumbprint finds the signing key: tangd-keygen names the file of a key by its thumbprint.
func thumbprint(t testing.TB, keys string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(keys, "*.jwk"))
	require.NoError(t, err)
	for _, file := range files {
		var key struct {
			Operations []string `json:"key_ops"`
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &key))
		if slices.Contains(key.Operations, "sign") {
			return strings.TrimSuffix(filepath.Base(file), ".jwk")
		}
	}
	t.Fatal("tangd-keygen made no key that signs")
	return ""
}
