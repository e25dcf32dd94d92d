package fetch

import (
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Who may mark a socket is up to the kernel, so what it lets the test do is what is expected.
func TestConnectionsToMetadataServicesAreMarked(t *testing.T) {
	marked := func(set func(syscall.RawConn) error) (value int) {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		require.NoError(t, err)
		defer conn.Close()
		socket, err := conn.(*net.UDPConn).SyscallConn()
		require.NoError(t, err)
		require.NoError(t, set(socket))
		require.NoError(t, socket.Control(func(fd uintptr) {
			value, err = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_MARK)
		}))
		require.NoError(t, err)
		return value
	}
	allowed := marked(func(socket syscall.RawConn) error {
		return socket.Control(func(fd uintptr) {
			_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_MARK, imdsMark)
		})
	})
	for address, want := range map[string]int{
		"169.254.169.254:80": allowed, "[fe80::a9fe:a9fe%lo]:80": allowed, "192.0.2.1:80": 0, "/run/socket": 0,
	} {
		assert.Equal(t, want, marked(func(socket syscall.RawConn) error { return mark("tcp", address, socket) }),
			address)
	}
}
