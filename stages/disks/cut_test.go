package disks

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/tests/machines"
)

// A partition is not made smaller than the filesystem on it that the config has mounted; the disk stays as it is. One
// that was cut off can be given its end back.
func TestAFilesystemIsNotCutOffAndThenKept(t *testing.T) {
	for name, c := range map[string]struct {
		was, becomes int
		path         string
		refused      bool
	}{
		"cut":                    {40, 20, "/srv", true},
		"cut, and not mounted":   {40, 20, "", false},
		"smaller, and it fits":   {60, 40, "/srv", false},
		"it gets its end back":   {20, 40, "/srv", false},
		"it gets some of it":     {20, 30, "/srv", true},
		"it was so, and is kept": {20, 20, "/srv", true},
	} {
		image := machines.File(t, 64, machines.Part(1, 1, c.was, "a"))
		superblock := machines.Ext4("data")
		binary.LittleEndian.PutUint32(superblock[4:], 40<<20/1024)
		machines.Put(t, image, 1<<20+1024, superblock)
		before := read(t, image)
		s := storageOf(image, false, machines.With(machines.Part(1, 1, c.becomes, "a"), func(p *config.Partition) {
			p.Resize = machines.To(true)
		}))
		s.Filesystems = []config.Filesystem{fsOf(image+"1", "ext4")}
		if c.path != "" {
			s.Filesystems[0].Path = &c.path
		}
		o := disksFor(t)
		_, err := Preview(s, o.Devices.Scene(), machines.Dice())
		require.Equal(t, c.refused, err != nil, "%s: %v", name, err)
		if !c.refused {
			continue
		}
		assert.ErrorContains(t, err, "its end is cut off: ext4 \"data\"", name)
		_, err = Run(t.Context(), s, o)
		assert.ErrorContains(t, err, "takes 40 MiB, and ", name)
		assert.True(t, bytes.Equal(before, read(t, image)), name)
	}
}
