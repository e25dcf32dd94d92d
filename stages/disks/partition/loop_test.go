//go:build disk

package partition

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
	"github.com/glowplug-os/glowplug/tests/machines"
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
	root, data := machines.Part(1, 1, 10, "root"), machines.Part(2, 20, 10, "data")
	old := machines.With(machines.Part(2, 18, 10, "data"), mayWipe)
	for name, c := range map[string]struct {
		have []config.Partition
		wipe bool
		want []config.Partition
	}{
		"made": {nil, false, []config.Partition{root, data}},
		"kept, deleted, added": {[]config.Partition{root, data}, false,
			[]config.Partition{root, machines.Gone(2, true), machines.Part(5, 40, 3, "five")}},
		"moved": {[]config.Partition{root, data}, false, []config.Partition{old}},
		"wiped": {[]config.Partition{root, data}, true, nil},
		"wiped and made anew": {[]config.Partition{root, data}, true,
			[]config.Partition{data, machines.Part(4, 1, 4, "four")}},
		"grown over what was": {[]config.Partition{root, data}, false,
			[]config.Partition{machines.With(machines.Part(1, 1, 25, "root"), mayResize), machines.Gone(2, true)}},
		"the highest number that Linux has": {[]config.Partition{machines.Part(255, 20, 10, "data")}, false,
			[]config.Partition{machines.With(machines.Part(255, 18, 10, "data"), mayWipe)}},
		"a number that Linux has not, given up": {[]config.Partition{root, machines.Part(256, 20, 10, "data")}, false,
			[]config.Partition{root, machines.Gone(256, true)}},
		"nothing is to be done": {[]config.Partition{root, data}, false, []config.Partition{data}},
	} {
		t.Run(name, func(t *testing.T) {
			image := machines.File(t, 64, c.have...)
			machines.Put(t, image, 20<<20+1024, machines.Ext4("stale"))
			machines.Put(t, image, 1<<20+1024, machines.Ext4("root"))
			node := loopOf(t, image)
			d := &device.Devices{Tools: tool.New(nil, nil), Aliases: t.TempDir()}
			s := storageOf(c.wipe, c.want...)
			s.Disks[0].Device = node
			view := scene.NewAfter(d.Scene())
			p, err := planAll(s, view, machines.Dice())
			require.NoError(t, err)
			view.Add(p.After, p.Gone)
			want := map[string]*scene.Seen{}
			for _, each := range p.After {
				if each.Seen.Node == "" {
					continue // a GUID of these dice, which another partition has
				}
				want[each.Seen.Node], err = view.Look(each.Seen.Node)
				require.NoError(t, err)
			}
			w := &kind.Work{Options: kind.Options{Devices: d, Tools: d.Tools}, Scene: d.Scene()}
			require.NoError(t, p.Lanes[0].Bind(w).Run(t.Context(), plan.Options{}))
			for node, want := range want {
				is, err := d.Scene().Look(node)
				require.NoError(t, err)
				if d := cmp.Diff(want, is); d != "" {
					t.Error(d)
				}
			}
			now, err := d.Scene().Look(node)
			require.NoError(t, err)
			require.Len(t, now.Partitions, len(want)-1, "all but the disk itself")
		})
	}
}
