//go:build linear

package linear

import (
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/fetch"
)

const (
	largeFile   = 1 << 30
	largeResets = 100
	// sendBuffer is what a relay may have taken from the server and not brought to the client when it resets a
	// connection. The kernel doubles it (socket(7)).
	sendBuffer = 64 << 10
)

// large is a file that is nowhere: a block of noise over and over, each with its number.
type large struct{ block []byte }

func (l large) ReadAt(p []byte, at int64) (n int, err error) {
	for n < len(p) {
		number, within := (at+int64(n))/int64(len(l.block)), (at+int64(n))%int64(len(l.block))
		some := copy(p[n:], l.block[within:])
		if within == 0 && some >= 8 {
			binary.LittleEndian.PutUint64(p[n:], uint64(number))
		}
		n += some
	}
	return n, nil
}

// A relay stands between a client and a server, and resets connections in the middle of what the server sends.
type relay struct {
	listener net.Listener
	server   string
	relayed  atomic.Int64
}

// pass lets so many bytes of an answer through; with -1 all of them.
func (r *relay) pass(client *net.TCPConn, bytes int64) {
	defer client.Close()
	server, err := net.Dial("tcp", r.server)
	if err != nil {
		return
	}
	defer server.Close()
	_ = client.SetWriteBuffer(sendBuffer)
	go func() { _, _ = io.Copy(server, client) }()
	counted := io.TeeReader(server, (*count)(&r.relayed))
	if bytes < 0 {
		_, _ = io.Copy(client, counted)
		return
	}
	_, _ = io.CopyN(client, counted, bytes)
	_ = client.SetLinger(0) // the end of it is a reset (socket(7))
}

// A count is of what is written to it.
type count atomic.Int64

func (c *count) Write(p []byte) (int, error) {
	(*atomic.Int64)(c).Add(int64(len(p)))
	return len(p), nil
}

func (r *relay) run() {
	for i := 0; ; i++ {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		most := int64(largeFile / (largeResets + 1))
		if i >= largeResets {
			most = -1
		}
		r.pass(conn.(*net.TCPConn), most)
	}
}

// A file of 1 GiB whose connection is reset 100 times comes over the network once.
func TestALargeFileOverManyResetsIsFetchedOnce(t *testing.T) {
	file := large{make([]byte, 1<<20)}
	_, _ = rand.NewChaCha8([32]byte{18}).Read(file.block)
	sum := sha512.New()
	_, err := io.Copy(sum, io.NewSectionReader(file, 0, largeFile))
	require.NoError(t, err)
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		w.Header().Set("ETag", `"1"`)
		http.ServeContent(w, r, "", time.Time{}, io.NewSectionReader(file, 0, largeFile))
	}))
	defer server.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	r := &relay{listener: listener, server: server.Listener.Addr().String()}
	go r.run()
	n, err := fetch.New(slog.New(slog.DiscardHandler), "1").Fetch(t.Context(), fetch.Resource{
		URL:    "http://" + listener.Addr().String() + "/large",
		Digest: "sha512-" + hex.EncodeToString(sum.Sum(nil))}, io.Discard)
	require.NoError(t, err)
	assert.EqualValues(t, largeFile, n)
	assert.EqualValues(t, largeResets+1, requests.Load())
	over := r.relayed.Load() - largeFile
	t.Logf("relayed beside the file: %d bytes", over)
	assert.Less(t, over, int64(largeResets*(2*sendBuffer+4096)))
}
