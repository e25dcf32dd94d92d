package disks

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
	"github.com/glowplug-os/glowplug/stages/disks/partition"
	"github.com/glowplug-os/glowplug/tests/machines"
)

// disksFor are what planning on image files needs.
func disksFor(t *testing.T) Options {
	t.Helper()
	return Options{Devices: &device.Devices{Tools: tool.New(nil, nil), Aliases: t.TempDir()}, Random: machines.Dice()}
}

// lanesOf plans one kind on a machine as it is, and gives the steps.
func lanesOf(t *testing.T, row kind.Row, s config.Storage, o Options) (lanes []plan.Plan) {
	t.Helper()
	p, err := planRow(row, s, o.Devices.Scene(), o.Random)
	require.NoError(t, err)
	for _, lane := range p.Lanes {
		lanes = append(lanes, lane.Bind(newRun(s, o).Work))
	}
	return lanes
}

// storageOf is a config of one disk.
func storageOf(path string, wipe bool, parts ...config.Partition) config.Storage {
	return config.Storage{Disks: []config.Disk{{Device: path, WipeTable: &wipe, Partitions: parts}}}
}

// A disk that changes after it was planned for is not written to.
func TestAPlanThatIsStaleWritesNothing(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, image string){
		"another table": func(t *testing.T, image string) {
			machines.Put(t, image, 0, read(t, machines.File(t, 64, machines.Part(1, 1, 1, "other"))))
		},
		"a filesystem":       func(t *testing.T, image string) { machines.Put(t, image, 1024, machines.Ext4("new")) },
		"a disk that shrank": func(t *testing.T, image string) { require.NoError(t, os.Truncate(image, 32<<20)) },
		"a disk that grew":   func(t *testing.T, image string) { require.NoError(t, os.Truncate(image, 65<<20)) },
		"an MBR":             func(t *testing.T, image string) { machines.Put(t, image, 510, []byte{0x55, 0xAA}) },
	} {
		t.Run(name, func(t *testing.T) {
			image := machines.File(t, 64)
			o := disksFor(t)
			lanes := lanesOf(t, partition.Row(), storageOf(image, false, machines.Part(1, 1, 10, "root")), o)
			change(t, image)
			before := read(t, image)
			err := runLanes(context.Background(), lanes, 1, nil)
			require.ErrorContains(t, err, "it was planned for as it was, and nothing was written")
			assert.ErrorContains(t, err, "$.storage.disks.0")
			assert.True(t, bytes.Equal(before, read(t, image)))
		})
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}

// A run that was stopped after any step, and done again, leaves what one run does: byte by byte, as all GUIDs are said.
func TestStoppedPartitioningIsCompletedByTheNextRun(t *testing.T) {
	guid := func(p config.Partition, id string) config.Partition {
		return machines.With(
			p,
			func(p *config.Partition) { p.GUID = machines.To("00000000-0000-4000-8000-0000000000" + id) },
		)
	}
	s := func(image string) config.Storage {
		five := config.Partition{SizeMiB: machines.To(5)}
		return storageOf(image, false, guid(machines.Part(1, 1, 10, "root"), "01"), guid(five, "02"),
			guid(config.Partition{}, "03"), machines.Gone(9, true))
	}
	stop := errors.New("cut off")
	run := func(image string, steps int) error {
		lanes := lanesOf(t, partition.Row(), s(image), disksFor(t))
		if steps > 0 {
			lanes[0] = slices.Insert(lanes[0], steps, plan.Step{Do: func(context.Context) error { return stop }})
		}
		return runLanes(context.Background(), lanes, 1, nil)
	}
	fresh := func() string { return machines.File(t, 64, machines.Part(9, 40, 2, "old")) }
	whole := fresh()
	require.NoError(t, run(whole, 0))
	for k := 1; k <= 5; k++ {
		image := fresh()
		require.ErrorIs(t, run(image, k), stop)
		require.NoError(t, run(image, 0))
		assert.True(t, bytes.Equal(read(t, whole), read(t, image)), "stopped after step %d", k)
	}
	now, err := disksFor(t).Devices.Scene().Look(whole)
	require.NoError(t, err)
	var numbers []int
	for _, p := range now.Found.Table.Partitions() {
		numbers = append(numbers, p.Number)
	}
	assert.Equal(t, []int{1, 2, 3}, numbers, "a partition without a number is found by its GUID")
}
