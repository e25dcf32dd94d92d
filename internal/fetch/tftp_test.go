package fetch

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pin/tftp/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tftpServer serves files by name on an address of this machine.
func tftpServer(t *testing.T, address string, files map[string][]byte) string {
	t.Helper()
	server := tftp.NewServer(func(name string, to io.ReaderFrom) error {
		relative, rooted := strings.CutPrefix(name, "/")
		content, ok := files[relative]
		if !ok || !rooted {
			return os.ErrNotExist
		}
		to.(tftp.OutgoingTransfer).SetSize(int64(len(content)))
		_, err := to.ReadFrom(bytes.NewReader(content))
		return err
	}, nil)
	conn, err := net.ListenPacket("udp", address)
	require.NoError(t, err)
	go func() { _ = server.Serve(conn.(*net.UDPConn)) }()
	t.Cleanup(server.Shutdown)
	return conn.LocalAddr().String()
}

func TestFilesByTFTP(t *testing.T) {
	files := map[string][]byte{"a/b c": []byte("hello"), "empty": {}, "gzip": zipped("hello"),
		"large": noise(3*chunkSize + 7), "block": noise(2 * tftpBlock)}
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		server := tftpServer(t, address, files)
		for name, test := range map[string]struct {
			path, digest string
			gzip         bool
			want         []byte
			err          string
		}{
			"a file in a folder":            {"/a/b%20c", sha512Of("hello"), false, []byte("hello"), ""},
			"a file without a byte":         {"/empty", "", false, nil, ""},
			"a file of two whole blocks":    {"/block", digestOf(files["block"]), false, files["block"], ""},
			"a file of many blocks":         {"/large", digestOf(files["large"]), false, files["large"], ""},
			"a compressed file":             {"/gzip", "", true, []byte("hello"), ""},
			"a file with another digest":    {"/a/b%20c", sha512Of("x"), false, nil, "sha512 does not match"},
			"a file that is not compressed": {"/a/b%20c", "", true, nil, "gzip: "},
		} {
			t.Run(address+" "+name, func(t *testing.T) {
				c, log := quiet()
				got, err := c.Bytes(t.Context(),
					Resource{URL: "tftp://" + server + test.path, Gzip: test.gzip, Digest: test.digest}, 1<<30)
				assert.Contains(t, log.String(), "GET tftp://"+server+test.path+": attempt #1")
				if test.err != "" {
					require.ErrorContains(t, err, test.err)
					return
				}
				require.NoError(t, err)
				assert.True(t, bytes.Equal(test.want, got))
				assert.Contains(t, log.String(), "GET result: OK")
			})
		}
	}
}

// A datagram server answers the first packet of each attempt by a function of the attempt's number.
func datagrams(t *testing.T, answer func(attempt int32, conn net.PacketConn, to net.Addr)) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	var attempts atomic.Int32
	go func() {
		for in := make([]byte, 2048); ; {
			n, from, err := conn.ReadFrom(in)
			if err != nil {
				return
			}
			if n > 1 && in[1] == 1 {
				answer(attempts.Add(1), conn, from)
			}
		}
	}()
	return conn.LocalAddr().String()
}

func tftpSays(code byte, text string) []byte {
	return append([]byte{0, 5, 0, code}, text+"\x00"...)
}

func TestWhatTFTPServersRefuse(t *testing.T) {
	for name, test := range map[string]struct {
		code    byte
		err     string
		missing bool
	}{
		"a file that is not there":    {1, "not found", true},
		"a file that may not be read": {2, "the server does not give it out", false},
	} {
		t.Run(name, func(t *testing.T) {
			server := datagrams(t, func(_ int32, conn net.PacketConn, to net.Addr) {
				_, _ = conn.WriteTo(tftpSays(test.code, "no"), to)
			})
			c, log := quiet()
			_, err := c.Fetch(t.Context(), Resource{URL: "tftp://" + server + "/file?token=secret"}, io.Discard)
			require.ErrorContains(t, err, "tftp://"+server+"/file?token=…: "+test.err)
			assert.Equal(t, test.missing, KindOf(err) == KindMissing)
			assert.NotContains(t, log.String()+err.Error(), "attempt #2")
			assert.NotContains(t, log.String()+err.Error(), "secret")
		})
	}
}

func TestTFTPIsTriedAgain(t *testing.T) {
	t.Parallel()
	server := datagrams(t, func(attempt int32, conn net.PacketConn, to net.Addr) {
		if attempt == 1 {
			_, _ = conn.WriteTo(tftpSays(0, "bu\x1bsy"), to)
			return
		}
		_, _ = conn.WriteTo([]byte("\x00\x03\x00\x01hello"), to)
	})
	c, log := quiet()
	got, err := c.Bytes(t.Context(), Resource{URL: "tftp://" + server + "/file"}, 10)
	require.NoError(t, err)
	assert.Equal(t, "hello", string(got))
	assert.Contains(t, log.String(), "GET error: the server answered code: 0, message: bu\\\\x1bsy; next attempt in ")
}

func TestAFileThatEndsEarlyIsFetchedAgain(t *testing.T) {
	t.Parallel()
	server := datagrams(t, func(attempt int32, conn net.PacketConn, to net.Addr) {
		_, _ = conn.WriteTo([]byte("\x00\x06tsize\x005\x00"), to)
		text := "hello"
		if attempt == 1 {
			text = "hel"
		}
		time.Sleep(20 * time.Millisecond)
		_, _ = conn.WriteTo([]byte("\x00\x03\x00\x01"+text), to)
	})
	c, log := quiet()
	got, err := c.Bytes(t.Context(), Resource{URL: "tftp://" + server + "/file"}, 10)
	require.NoError(t, err)
	assert.Equal(t, "hello", string(got))
	assert.Contains(t, log.String(), "the file ended after 3 bytes of 5")
}

func TestTheTotalBoundsTFTP(t *testing.T) {
	t.Parallel()
	dead := datagrams(t, func(int32, net.PacketConn, net.Addr) {})
	hangs := datagrams(t, func(_ int32, conn net.PacketConn, to net.Addr) {
		_, _ = conn.WriteTo(append([]byte{0, 3, 0, 1}, make([]byte, 512)...), to) // and no block after it
	})
	for _, server := range []string{dead, hangs} {
		c, _ := quiet()
		require.NoError(t, c.Configure(t.Context(), Settings{Total: 200 * time.Millisecond}))
		_, err := c.Fetch(t.Context(), Resource{URL: "tftp://" + server + "/file"}, io.Discard)
		require.ErrorContains(t, err, "could not be fetched in time (200ms, attempts: 1)")
	}
	c, _ := quiet()
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := fmt.Errorf("enough")
	time.AfterFunc(100*time.Millisecond, func() { cancel(enough) })
	_, err := c.Fetch(ctx, Resource{URL: "tftp://" + dead + "/file"}, io.Discard)
	require.ErrorIs(t, err, enough)
}

func TestAFullDiskEndsTFTP(t *testing.T) {
	server := tftpServer(t, "127.0.0.1:0", map[string][]byte{"large": noise(4 << 20)})
	c, log := quiet()
	_, err := c.Fetch(t.Context(), Resource{URL: "tftp://" + server + "/large"}, &narrow{left: 1 << 20})
	require.ErrorIs(t, err, errFull)
	assert.NotContains(t, log.String(), "attempt #2")
}

func TestServersAreTriedAtAllTheirAddresses(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.1:69": "192.0.2.1:69", "[2001:db8::1]:69": "[2001:db8::1]:69",
		"[fe80::1%lo]:1069": "[fe80::1%lo]:1069",
	} {
		got, err := resolve(t.Context(), address, 5)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	_, err := resolve(t.Context(), strings.Repeat("x", 300)+":69", 1)
	assert.Error(t, err)
}
