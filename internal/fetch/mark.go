package fetch

import (
	"net/netip"
	"syscall"
)

// imdsMark is what systemd-imdsd marks its packets with. Where it keeps a metadata service to itself
// (systemd.imds.network=locked), packets without the mark are not routed there (docs/peer/more-platforms.md §5.5).
const imdsMark = 0x7FFF0815

// mark puts the mark on a socket that is about to connect to where metadata services are. Without the right to do so
// there is none, and a service that is not locked away is reached all the same.
func mark(_, address string, socket syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !servesMetadata(at.Addr()) {
		return nil
	}
	return socket.Control(setMark)
}

// servesMetadata tells whether a metadata service may have an address: they are on the link, in a private network of
// IPv6, or Alibaba's.
func servesMetadata(at netip.Addr) bool {
	at = at.Unmap()
	return at.IsLinkLocalUnicast() || at.Is6() && at.IsPrivate() || at == netip.AddrFrom4([4]byte{100, 100, 100, 200})
}
