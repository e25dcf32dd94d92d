package release

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
	"github.com/glowplug-os/glowplug/tests/machines"
	"github.com/glowplug-os/glowplug/tests/verdicts"
)

func TestVerdictsAreThoseOfTheDocument(t *testing.T) {
	table := verdicts.Of(t, "What is stopped first")
	words := map[scene.Use]string{scene.Array: "an array", scene.Volume: "a volume", scene.Device: "anything else",
		scene.Mount: "anything else", scene.Swap: "anything else"}
	for what, word := range words {
		for _, givenUp := range []bool{true, false} {
			for _, used := range []bool{true, false} {
				want := table.On(word, verdicts.Yes(givenUp), verdicts.Yes(used))
				assert.Equal(t, want, string(judge(what, givenUp, used)), "%s, %t, %t", what, givenUp, used)
			}
		}
	}
	table.Used()
}

func array(name, under string, users ...scene.User) scene.User {
	return scene.User{Use: scene.Array, Name: name, Under: strings.Fields(under), Users: users, Runs: true}
}

func volume(name, under string, users ...scene.User) scene.User {
	return scene.User{Use: scene.Volume, Name: name, Volume: "the-" + name, Under: strings.Fields(under), Users: users}
}

func logical(name, under string) scene.User {
	return scene.User{Use: scene.Device, Name: name, Under: strings.Fields(under)}
}

// disk is one whose partitions have these users.
func disk(name string, users ...[]scene.User) scene.Seen {
	seen := scene.Seen{Name: name, Node: "/dev/" + name, Busy: map[int][]scene.User{}}
	for i, by := range users {
		p := block.PartitionNode(name, i+1)
		seen.Partitions = append(seen.Partitions, block.KernelPartition{Name: p, Number: i + 1})
		if len(by) > 0 {
			seen.Busy[i+1] = by
		}
	}
	return seen
}

// stopped are the devices that are stopped where wipeTable gives all disks up.
func stopped(t *testing.T, disks ...scene.Seen) string {
	t.Helper()
	view, s := machines.Told{}, config.Storage{}
	for _, d := range disks {
		view[d.Node] = d
		s.Disks = append(s.Disks, config.Disk{Device: d.Node, WipeTable: machines.To(true)})
	}
	p, err := planAll(s, view, nil)
	require.NoError(t, err)
	var all []string
	for _, lane := range p.Lanes {
		for _, a := range lane {
			all = append(all, a.Subject)
		}
	}
	var gone []string
	for _, each := range p.Gone {
		gone = append(gone, each.Name)
	}
	assert.Equal(t, all, gone)
	return strings.Join(all, " ")
}

// What lies on disks that are given up is stopped, the topmost first, unless anything else would go with it.
func TestOnlyWhatLiesOnDisksThatAreGivenUpIsStopped(t *testing.T) {
	mounted := scene.User{Use: scene.Mount, Name: "/var"}
	both := array("md127", "vda1 vdb1", volume("dm-0", "md127"))
	elsewhere := array("md126", "vda2 vdz1")
	lvm := array("md125", "vda3", logical("dm-1", "md125"))
	partly := array("md124", "vda1", volume("dm-2", "md124"), logical("dm-3", "md124"))
	on := func(users ...scene.User) []scene.User { return users }
	assert.Equal(t, "dm-0 md127", stopped(t, disk("vda", on(both), on(elsewhere), on(lvm)), disk("vdb", on(both))))
	assert.Empty(t, stopped(t, disk("vda", on(both))), "the other disk of the array is not given up")
	assert.Empty(t, stopped(t, disk("vda", on(partly))), "the array stays, so its volume does")
	assert.Empty(t, stopped(t, disk("vda", nil)))
	assert.Empty(t, stopped(t, disk("vda", on(array("md1", "vda1", mounted)))))
	assert.Empty(t, stopped(t, disk("vda", on(array("md1", "vda1", volume("dm-1", "md1", mounted))))))
	assert.Empty(t, stopped(t, disk("vda", on(array("md1", "vda1"), mounted))), "the partition stays in use")
	assert.Equal(t, "md1", stopped(t, disk("vda", on(array("md1", "vda1")), on(mounted))))
	top := array("md9", "dm-8 dm-9")
	assert.Equal(t, "md9 dm-8 dm-9",
		stopped(t, disk("vda", on(volume("dm-8", "vda1", top)), on(volume("dm-9", "vda2", top)))),
		"an array of volumes lies on all of them")
	below := volume("dm-9", "vda2", top)
	assert.Empty(t, stopped(t, disk("vda", on(volume("dm-8", "vda1", top)), on(below, logical("dm-7", "vda2")))),
		"a volume under the array stays, so the array does, and with it the other volume")
	assert.Empty(t, stopped(t, disk("vda", on(below, mounted), on(volume("dm-8", "vda1", top)))), "in any order")
	half := array("md127", "dm-3 vdb1")
	lv := logical("dm-3", "vda1")
	lv.Users = on(half)
	assert.Empty(t, stopped(t, disk("vda", on(lv)), disk("vdb", on(half))), "a logical volume is not stopped")
	assert.Empty(t, stopped(t, disk("vda", on(array("md1", "")))), "nobody knows what it lies on")
	whole := scene.Seen{Name: "vda", Node: "/dev/vda", Users: on(volume("dm-0", "vda"))}
	assert.Equal(t, "dm-0", stopped(t, whole))
}

func TestOnlyDisksWhoseTableIsWipedAreGivenUp(t *testing.T) {
	d := disk("vda", []scene.User{array("md1", "vda1")})
	p, err := planAll(config.Storage{Disks: []config.Disk{{Device: "/dev/vda"}}}, machines.Told{"/dev/vda": d}, nil)
	require.NoError(t, err)
	assert.Empty(t, p.Lanes)
	p, err = planAll(config.Storage{Disks: []config.Disk{{Device: "/dev/none", WipeTable: machines.To(true)}}},
		machines.Told{}, nil)
	require.NoError(t, err, "the next round says so")
	assert.Empty(t, p.Lanes)
}

// A name of the kernel's may be another device's by the time that it is to be stopped.
func TestADeviceIsLookedAtAgainBeforeItIsStopped(t *testing.T) {
	is := volume("dm-0", "vda1")
	a := step(is)
	look := func(names map[string]scene.User) (plan.State, error) {
		return a.Look(t.Context(), &kind.Work{Scene: machines.Named{Names: names}})
	}
	state, err := look(map[string]scene.User{"/dev/dm-0": is})
	require.NoError(t, err)
	assert.Equal(t, plan.Pending, state)
	state, err = look(nil)
	require.NoError(t, err)
	assert.Equal(t, plan.Done, state, "it is gone")
	for _, other := range []scene.User{{Use: scene.Device, Name: "dm-0"}, {Use: scene.Volume, Volume: "w"}} {
		_, err = look(map[string]scene.User{"/dev/dm-0": other})
		assert.EqualError(t, err, "/dev/dm-0 is another device by now")
	}
}
