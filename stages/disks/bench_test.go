package disks

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/device"
)

// manyDisks are image files of 1 GiB, a few partitions with filesystems on half of them, and what a config wants of
// all.
func manyDisks(b *testing.B, count, each int) (paths []string, s config.Storage) {
	b.Helper()
	for i := range count {
		var parts []config.Partition
		for n := range each {
			parts = append(parts, part(n+1, 1+n*8, 8, fmt.Sprintf("part-%d-%d", i, n)))
		}
		path := imageDisk(b, 1024)
		if i%2 == 0 {
			path = imageDisk(b, 1024, parts[:each/2]...)
			put(b, path, 1<<20+1024, ext4Block("data"))
		}
		paths = append(paths, path)
		s.Disks = append(s.Disks, config.Disk{Device: path, Partitions: parts})
	}
	return paths, s
}

// still is a machine that has been looked at.
type still struct {
	View
	disks map[string]device.Disk
}

func (s still) Disk(path string) (device.Disk, error) { return s.disks[path], nil }

func BenchmarkPlan1000PartitionsOn64Disks(b *testing.B) {
	paths, s := manyDisks(b, 64, 16)
	view := still{disks: map[string]device.Disk{}}
	for _, path := range paths {
		view.disks[path] = lookImage(b, path)
	}
	w := &work{Options: Options{Devices: &device.Devices{}, Random: dice()}}
	for b.Loop() {
		p, err := planPartitions(s, view, w)
		require.NoError(b, err)
		require.Len(b, p.lanes, 64)
	}
}

// The same with looking, and with what a preview tells: the content of all partitions that will be.
func BenchmarkPreview1000PartitionsOn64Disks(b *testing.B) {
	_, s := manyDisks(b, 64, 16)
	w := &work{Options: Options{Devices: &device.Devices{}, Random: dice()}}
	for b.Loop() {
		_, err := planPartitions(s, &expected{now: live{w.Devices}, then: map[string]Seen{}}, w)
		require.NoError(b, err)
	}
}

func BenchmarkLookAt64Images(b *testing.B) {
	paths, _ := manyDisks(b, 64, 16)
	d := &device.Devices{}
	for b.Loop() {
		for _, path := range paths {
			_, err := d.LookDisk(path)
			require.NoError(b, err)
		}
	}
}
