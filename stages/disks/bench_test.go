package disks

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/partition"
	"github.com/glowplug-os/glowplug/tests/machines"
)

// manyDisks are image files of 1 GiB, a few partitions with filesystems on half of them, and what a config wants of
// all.
func manyDisks(b *testing.B, count, each int) (paths []string, s config.Storage) {
	b.Helper()
	for i := range count {
		var parts []config.Partition
		for n := range each {
			parts = append(parts, machines.Part(n+1, 1+n*8, 8, fmt.Sprintf("part-%d-%d", i, n)))
		}
		path := machines.File(b, 1024)
		if i%2 == 0 {
			path = machines.File(b, 1024, parts[:each/2]...)
			machines.Put(b, path, 1<<20+1024, machines.Ext4("data"))
		}
		paths = append(paths, path)
		s.Disks = append(s.Disks, config.Disk{Device: path, Partitions: parts})
	}
	return paths, s
}

// still is a machine that has been looked at.
type still struct {
	scene.Scene
	disks map[string]*scene.Seen
}

func (s still) Look(path string) (*scene.Seen, error) { return s.disks[path], nil }

func BenchmarkPlan1000PartitionsOn64Disks(b *testing.B) {
	paths, s := manyDisks(b, 64, 16)
	view := still{disks: map[string]*scene.Seen{}}
	view.Scene = new(device.Devices).Scene()
	for _, path := range paths {
		var err error
		view.disks[path], err = view.Scene.Look(path)
		require.NoError(b, err)
	}
	for b.Loop() {
		p, err := planRow(partition.Row(), s, view, machines.Dice())
		require.NoError(b, err)
		require.Len(b, p.Lanes, 64)
	}
}

// The same with looking, as a preview does.
func BenchmarkPreview1000PartitionsOn64Disks(b *testing.B) {
	_, s := manyDisks(b, 64, 16)
	for b.Loop() {
		_, err := Preview(s, new(device.Devices).Scene(), machines.Dice())
		require.NoError(b, err)
	}
}

func BenchmarkLookAt64Images(b *testing.B) {
	paths, _ := manyDisks(b, 64, 16)
	view := new(device.Devices).Scene()
	for b.Loop() {
		for _, path := range paths {
			_, err := view.Look(path)
			require.NoError(b, err)
		}
	}
}
