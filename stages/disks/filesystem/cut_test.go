package filesystem

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/tests/machines"
)

// What is cut off is not kept to be mounted, for that would fail; elsewhere it is told.
func TestAFilesystemThatIsCutOffIsNotKeptToBeMounted(t *testing.T) {
	at := func(f *config.Filesystem) { f.Path = machines.To("/srv") }
	none := func(*config.Filesystem) {}
	for name, c := range map[string]struct {
		format         string
		extent         int64
		with, also     func(*config.Filesystem)
		refused, warns bool
	}{
		"ext4":                         {"ext4", 40 << 30, at, none, true, false},
		"xfs":                          {"xfs", 40 << 30, at, none, true, false},
		"btrfs":                        {"btrfs", 40 << 30, at, none, true, false},
		"by one byte":                  {"ext4", 20<<30 + 1, at, none, true, false},
		"it fits":                      {"ext4", 20 << 30, at, none, false, false},
		"nobody knows":                 {"ext4", 0, at, none, false, false},
		"not mounted":                  {"ext4", 40 << 30, none, none, false, true},
		"swap":                         {"swap", 40 << 30, none, none, false, true},
		"a vfat, which can be mounted": {"vfat", 40 << 30, at, none, false, true},
		"made anew":                    {"ext4", 40 << 30, at, mayWipe, false, false},
		"not what is wanted":           {"ext4", 40 << 30, at, labelled("other"), true, false},
	} {
		seen := machines.Holds(block.Signature{Type: c.format, Label: "data"})
		seen.Extent = c.extent
		s := config.Storage{Filesystems: []config.Filesystem{fsOf("/dev/vdb", c.format, c.with, c.also)}}
		p, err := planAll(s, machines.Told{"/dev/vdb": seen}, nil)
		require.Equal(t, c.refused, err != nil, name)
		assert.Equal(t, c.warns, len(p.Warnings) == 1, name)
		if c.warns {
			assert.Contains(t, p.Warnings[0], "takes 40 GiB, and /dev/vdb has 20 GiB", name)
			assert.Contains(t, p.Lanes[0][0].Detail, ", cut off", name)
		}
		if c.refused && name != "not what is wanted" {
			assert.ErrorContains(t, err, "its end is cut off: ", name)
			assert.Contains(t, diag.Hints(err)[0], "make what it is on as large as it is again", name)
		}
	}
}
