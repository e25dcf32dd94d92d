// Package machines is disks and machines that tests make up.
package machines

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/scene"
)

// Told is a machine of which all is said: devices by path. A device's node is its path if none is said.
type Told map[string]scene.Seen

// Look gives what is said.
func (m Told) Look(path string) (*scene.Seen, error) {
	seen, is := m[path]
	if !is {
		return nil, fmt.Errorf("device %s: %w", path, fs.ErrNotExist)
	}
	if seen.Node == "" {
		seen.Node = path
	}
	seen.Path = path
	return &seen, nil
}

// Inside tells nothing.
func (m Told) Inside(scene.Place) (scene.Filling, error) { return scene.Filling{}, nil }

// Find knows a device's node.
func (m Told) Find(path string) (string, scene.User, error) {
	seen, err := m.Look(path)
	if err != nil {
		return "", scene.User{}, err
	}
	return seen.Node, scene.User{Use: scene.Device, Name: block.DeviceName(seen.Node)}, nil
}

// Links are none.
func (m Told) Links() map[string][]string { return nil }

// Named is a machine on which the kernel has devices of which nothing else is said, by their names.
type Named struct {
	Told
	Names map[string]scene.User
}

// Find knows these too.
func (m Named) Find(path string) (string, scene.User, error) {
	if is, known := m.Names[path]; known {
		return is.Node(), is, nil
	}
	return m.Told.Find(path)
}

// Holds is a device of 20 GiB with signatures on it.
func Holds(signatures ...block.Signature) scene.Seen {
	return scene.Seen{Size: 20 << 30, SectorSize: 512, Filling: scene.Filling{
		Content: block.Content{Signatures: signatures, Ambivalent: len(signatures) > 1}}}
}

// Partitioned is a device of 20 GiB with partitions.
func Partitioned() scene.Seen {
	seen := Holds()
	seen.Found = block.Found{Kind: block.KindMBR, MBRLists: true}
	return seen
}

// A Disk is one in memory, in sectors of 512 bytes.
type Disk []byte

// Dice are GUIDs that are the same in each run.
func Dice() *rand.Rand { return rand.New(rand.NewSource(4)) }

// Table makes the table of a disk of so many MiB, with partitions, and with entries for all of their numbers.
func Table(t testing.TB, mib int64, parts ...config.Partition) *block.Table {
	t.Helper()
	table, err := block.NewTable(uint64(mib)<<20/512, 512, Dice())
	require.NoError(t, err)
	var specs []block.Spec
	for _, p := range parts {
		if p.Number > table.Slots() {
			enlarge(table, p.Number)
		}
		specs = append(specs, block.Spec{Number: p.Number, Label: p.Label, StartMiB: p.StartMiB, SizeMiB: p.SizeMiB,
			ShouldExist: true})
	}
	base, decisions, err := block.Layout(table, specs)
	require.NoError(t, err)
	table, err = block.Apply(base, decisions, Dice())
	require.NoError(t, err)
	return table
}

// enlarge gives a table, which is blank, more entries (UEFI 5.3.2): how many they are, and the sectors between both
// copies of them, are in its header.
func enlarge(t *block.Table, entries int) {
	const size = 128
	t.Entries = make([]byte, entries*size)
	first := 2 + uint64(len(t.Entries)+t.SectorSize-1)/uint64(t.SectorSize)
	binary.LittleEndian.PutUint64(t.Primary[40:], first)
	binary.LittleEndian.PutUint64(t.Primary[48:], t.Sectors-first)
	binary.LittleEndian.PutUint32(t.Primary[80:], uint32(entries))
}

// NewDisk makes a disk of so many MiB, with partitions; without a table if there are none.
func NewDisk(t testing.TB, mib int64, parts ...config.Partition) Disk {
	t.Helper()
	d := make(Disk, mib<<20)
	if len(parts) > 0 {
		require.NoError(t, Table(t, mib, parts...).WriteTo(d))
	}
	return d
}

// File makes the same as a file.
func File(t testing.TB, mib int64, parts ...config.Partition) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk")
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, f.Truncate(mib<<20))
	if len(parts) > 0 {
		require.NoError(t, Table(t, mib, parts...).WriteTo(f))
	}
	return path
}

// ReadAt reads the disk.
func (d Disk) ReadAt(p []byte, at int64) (int, error) { return copy(p, d[at:]), nil }

// WriteAt writes to it.
func (d Disk) WriteAt(p []byte, at int64) (int, error) { return copy(d[at:], p), nil }

// Zero writes zeros.
func (d Disk) Zero(at, n int64) error {
	clear(d[at : at+n])
	return nil
}

// Sync has nothing to do.
func (d Disk) Sync() error { return nil }

// Image is the disk as a Scene has it.
func (d Disk) Image() scene.Image { return scene.Image{ReaderAt: d, Size: int64(len(d))} }

// Put writes bytes into an image.
func Put(t testing.TB, path string, at int64, data []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt(data, at)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

// Ext4 is the superblock of an ext4 of that label, which begins at byte 1024: where libblkid's documentation and the
// kernel's have its fields.
func Ext4(label string) []byte {
	super := make([]byte, 1024)
	binary.LittleEndian.PutUint16(super[56:], 0xEF53)
	binary.LittleEndian.PutUint32(super[76:], 1)
	binary.LittleEndian.PutUint32(super[92:], 4)      // has a journal
	binary.LittleEndian.PutUint32(super[96:], 2|0x40) // file types, extents
	copy(super[120:], label)
	return super
}

// To gives a new value to point at.
func To[T any](v T) *T { return &v }

// Part is an entry of a partition.
func Part(number, startMiB, sizeMiB int, label string) config.Partition {
	return config.Partition{Number: number, StartMiB: &startMiB, SizeMiB: &sizeMiB, Label: &label}
}

// With is the entry, changed.
func With(p config.Partition, change func(*config.Partition)) config.Partition {
	change(&p)
	return p
}

// Gone is an entry of a partition that should not be there.
func Gone(number int, wipe bool) config.Partition {
	return config.Partition{Number: number, ShouldExist: To(false), WipePartitionEntry: &wipe}
}
