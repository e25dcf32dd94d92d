package limits_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/limits"
	"github.com/glowplug-os/glowplug/providers"
)

func TestTextsFitUpToTheLimitAsThePlatformCounts(t *testing.T) {
	for _, c := range []struct {
		id     string
		length int
		want   limits.Fit
	}{
		{"aws", 16384, limits.Fits}, {"aws", 16385, limits.Never},
		{"openstack", 49149, limits.Fits}, {"openstack", 49152, limits.Never}, // 65532 and 65536 in base64
		{"virtualbox", 1024, limits.Fits}, {"virtualbox", 1025, limits.Might}, {"virtualbox", 131073, limits.Never},
		{"cloudstack", 24576, limits.Fits}, {"cloudstack", 24577, limits.Might},
	} {
		limit, known := limits.Find(c.id)
		require.True(t, known, c.id)
		assert.Equal(t, c.want, limit.Judge(c.length), "%s %d", c.id, c.length)
	}
	_, known := limits.Find("qemu")
	assert.False(t, known)
}

func TestPlatformsAreThoseOfTheEngine(t *testing.T) {
	assert.Subset(t, providers.IDs(), limits.IDs())
	assert.True(t, slices.IsSorted(limits.IDs()))
	for _, l := range limits.All() {
		assert.Equal(t, l.Safe > 0, l.Why != "", l.ID)
		assert.Less(t, l.Safe, l.Most, l.ID)
	}
	l, _ := limits.Find("openstack")
	assert.Equal(t, "openstack takes 65535 bytes of user data, counted in base64", l.String())
}
