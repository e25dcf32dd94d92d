//go:build disk

package disks

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// loopOf makes a loop device of an image.
func loopOf(t *testing.T, image string) string {
	t.Helper()
	run := func(program string, args ...string) (string, error) {
		out, err := tool.New(nil, nil).Run(context.Background(), tool.Command{Tool: program, Args: args})
		return strings.TrimSpace(string(out)), err
	}
	node, err := run("losetup", "--find", "--show", "--partscan", image)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, _ = run("partx", "-d", node)
		_, _ = run("losetup", "-d", node)
	})
	_, err = run("blockdev", "--setrw", node) // a loop device stays read-only if its last user left it so
	require.NoError(t, err)
	_, _ = run("partx", "-u", node) // fails if there are no partitions
	return node
}

// The kernel's partitions and what is in them are predicted as well.
func TestDevicesBecomeWhatWasPredicted(t *testing.T) {
	root, data := part(1, 1, 10, "root"), part(2, 20, 10, "data")
	old := with(part(2, 18, 10, "data"), func(p *config.Partition) { p.WipePartitionEntry = made(true) })
	for name, c := range map[string]struct {
		have []config.Partition
		wipe bool
		want []config.Partition
	}{
		"made": {nil, false, []config.Partition{root, data}},
		"kept, deleted, added": {[]config.Partition{root, data}, false,
			[]config.Partition{root, gonePart(2, true), part(5, 40, 3, "five")}},
		"moved":               {[]config.Partition{root, data}, false, []config.Partition{old}},
		"wiped":               {[]config.Partition{root, data}, true, nil},
		"wiped and made anew": {[]config.Partition{root, data}, true, []config.Partition{data, part(4, 1, 4, "four")}},
		"grown over what was": {[]config.Partition{root, data}, false, []config.Partition{with(part(1, 1, 25, "root"),
			func(p *config.Partition) { p.Resize = made(true) }), gonePart(2, true)}},
		"nothing is to be done": {[]config.Partition{root, data}, false, []config.Partition{data}},
	} {
		t.Run(name, func(t *testing.T) {
			image := imageDisk(t, 64, c.have...)
			put(t, image, 20<<20+1024, ext4Block("stale"))
			put(t, image, 1<<20+1024, ext4Block("root"))
			node, o := loopOf(t, image), disksFor(t)
			p := partitioner{devices: o.Devices, random: o.Random, members: map[string]bool{}, lanes: map[string]int{}}
			require.NoError(t, p.add(0, storageOf(node, c.wipe, c.want...).Disks[0], live{o.Devices}))
			require.NoError(t, p.predict())
			require.NoError(t, runLanes(context.Background(), p.plans, 1, nil))
			now, err := o.Devices.LookDisk(node)
			require.NoError(t, err)
			if d := cmp.Diff(p.last[0].after, now, tables); d != "" {
				t.Error(d)
			}
			require.Len(t, now.Partitions, len(p.after)-1, "all but the disk itself")
			for _, each := range p.after {
				is, err := live{o.Devices}.Device(each.seen.Node)
				require.NoError(t, err)
				if d := cmp.Diff(each.seen, is); d != "" {
					t.Error(d)
				}
			}
		})
	}
}
