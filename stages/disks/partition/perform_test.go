package partition

import (
	"bytes"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/tests/machines"
)

// What is predicted of a disk and its partitions is what is then seen, and a second plan has nothing to do.
func TestDisksBecomeWhatWasPredicted(t *testing.T) {
	root, data := machines.Part(1, 1, 10, "root"), machines.Part(2, 20, 10, "data")
	stale := func(d machines.Disk) machines.Disk {
		copy(d[20<<20+1024:], machines.Ext4("stale"))
		return d
	}
	full := func(d machines.Disk) machines.Disk {
		copy(d[1024:], machines.Ext4("whole"))
		return d
	}
	blank := func() machines.Disk { return machines.NewDisk(t, 64) }
	both := func() machines.Disk { return machines.NewDisk(t, 64, root, data) }
	for name, c := range map[string]struct {
		disk    machines.Disk
		storage func() config.Storage
	}{
		"made":                    {stale(blank()), func() config.Storage { return storageOf(false, root, data) }},
		"wiped":                   {stale(both()), func() config.Storage { return storageOf(true) }},
		"wiped and made":          {stale(both()), func() config.Storage { return storageOf(true, data) }},
		"wiped of what filled it": {full(stale(blank())), func() config.Storage { return storageOf(true, data) }},
		"in the first gap": {blank(), func() config.Storage {
			return storageOf(true, machines.With(root, func(p *config.Partition) { p.StartMiB, p.SizeMiB = nil, nil }))
		}},
		"for an array": {stale(blank()), func() config.Storage {
			s := storageOf(false, root, data)
			s.Raid = []config.Raid{{Name: "md", Devices: []string{"/dev/disk/by-partlabel/data"}}}
			return s
		}},
		"by three entries": {stale(machines.NewDisk(t, 64, root)), func() config.Storage {
			s := storageOf(true, data)
			s.Disks = append(s.Disks, config.Disk{Device: "/dev/../dev/vda", Partitions: []config.Partition{root}})
			s.Disks = append(s.Disks, config.Disk{Device: "/dev/vda",
				Partitions: []config.Partition{machines.Gone(1, true), machines.Part(7, 40, 2, "seven")}})
			return s
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s, was := c.storage(), on(c.disk)
			p := planner{view: was, random: machines.Dice(), members: members(s)}
			var changes []*change
			for i := range s.Disks {
				require.NoError(t, p.add(i, &s.Disks[i]))
				require.Len(t, p.disks, 1)
				changes = append(changes, p.disks[0].last)
			}
			predictions, predicted := p.disks[0].last.predictions(p.disks[0].names), map[string]*scene.Seen{}
			after := scene.NewAfter(was)
			after.Add(predictions, nil)
			for _, each := range predictions {
				seen, err := after.Look(each.Seen.Node)
				require.NoError(t, err)
				predicted[each.Seen.Node] = seen
			}
			for _, change := range changes {
				if change.write {
					require.NoError(t, change.perform(c.disk))
				}
			}
			names, view := map[string]bool{"/dev/vda": true}, on(c.disk) // which reads anew
			now, err := view.Look("/dev/vda")
			require.NoError(t, err)
			if now.Found.Table != nil {
				for _, part := range now.Found.Table.Partitions() {
					names[now.PartitionNode(part.Number)] = true
				}
			}
			assert.Len(t, predicted, len(names))
			for name := range names {
				is, err := view.Look(name)
				require.NoError(t, err)
				if d := cmp.Diff(predicted[name], is); d != "" {
					t.Error(d)
				}
				if name == "/dev/vda2" && len(s.Raid) > 0 {
					assert.Empty(t, is.Content.Signatures, "what was there by chance is blank")
				}
			}
		})
	}
}

// A power cut within a write, or between two, is made good by the next run: it mends what only the kernel would stumble
// over.
func TestCutWritesAreCompletedByTheNextRun(t *testing.T) {
	id := func(p config.Partition) config.Partition {
		return machines.With(p, func(p *config.Partition) {
			p.GUID = machines.To("00000000-0000-4000-8000-00000000000" + strconv.Itoa(p.Number))
		})
	}
	want := storageOf(false, id(machines.Part(1, 1, 3, "one")), id(machines.Part(2, 4, 3, "two")),
		machines.Gone(3, true)).Disks[0]
	run := func(d machines.Disk, to eraser) {
		c, err := planned(on(d), want)
		require.NoError(t, err)
		if c.write {
			require.NoError(t, c.perform(to))
		}
	}
	before := machines.NewDisk(t, 16, machines.Part(3, 8, 2, "three"))
	clear(before[:512]) // no protective MBR: it is written as well
	var writes recorder
	run(before, &writes)
	require.Len(t, writes, 5)
	whole := bytes.Clone(before)
	run(whole, machines.Disk(whole))
	for k, w := range writes {
		for _, n := range []int{0, len(w.data) / 3, len(w.data)} {
			cut := bytes.Clone(before)
			for _, done := range writes[:k] {
				copy(cut[done.at:], done.data)
			}
			copy(cut[w.at:], w.data[:n])
			run(cut, machines.Disk(cut))
			require.True(t, bytes.Equal(whole, cut), "cut %d bytes into write %d", n, k)
		}
	}
}

// A recorder keeps what is written.
type recorder []struct {
	at   int64
	data []byte
}

func (r *recorder) WriteAt(data []byte, at int64) (int, error) {
	*r = append(*r, struct {
		at   int64
		data []byte
	}{at, bytes.Clone(data)})
	return len(data), nil
}

func (r *recorder) Zero(at, n int64) error {
	_, err := r.WriteAt(make([]byte, n), at)
	return err
}

func (r *recorder) Sync() error { return nil }
