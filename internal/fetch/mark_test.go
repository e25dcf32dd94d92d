package fetch

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
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
