package fetch

import (
	"net"
	"net/netip"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhereMetadataServicesMayBe(t *testing.T) {
	for at, want := range map[string]bool{
		"169.254.169.254": true, "169.254.42.42": true, "169.254.0.23": true, "::ffff:169.254.169.254": true,
		"100.100.100.200": true, "fd00:ec2::254": true,
		"fd20:ce::254": true, "fd00:c1::a9fe:a9fe": true, "fd00:42::42": true, "fe80::a9fe:a9fe%eth0": true,
		"127.0.0.1": false, "::1": false, "10.0.0.1": false, "100.100.100.201": false, "192.0.2.1": false,
		"2001:db8::1": false,
	} {
		assert.Equal(t, want, servesMetadata(netip.MustParseAddr(at)), at)
	}
}

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
