package array

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
	"github.com/glowplug-os/glowplug/tests/machines"
	"github.com/glowplug-os/glowplug/tests/verdicts"
)

func TestVerdictsAreThoseOfTheDocument(t *testing.T) {
	table := verdicts.Of(t, "What becomes of an array")
	for _, found := range contents {
		for _, given := range []bool{true, false} {
			for _, by := range []use{free, idle, runs, taken} {
				want := table.On(string(found), verdicts.Yes(given), string(by))
				assert.Equal(t, want, string(judge(found, given, by)), "%s, %t, %s", found, given, by)
			}
		}
	}
	table.Used()
}

// member is number n of a mirror of two with a spare, that has run.
func member(n int) scene.Seen {
	role := []int{0, 1, block.NoRole}[n]
	seen := machines.Holds(block.Signature{Type: "linux_raid_member", Label: "any:data"})
	seen.Member = &scene.Member{Member: block.Member{Metadata: "1.2", UUID: "u", Name: "any:data", Level: 1, Disks: 2,
		Role: role, Events: 17, Sound: true}}
	return seen
}

// mirror is a machine with the array on a, b and c.
func mirror() machines.Told { return machines.Told{"a": member(0), "b": member(1), "c": member(2)} }

func blank() machines.Told {
	return machines.Told{"a": machines.Holds(), "b": machines.Holds(), "c": machines.Holds()}
}

func raid(name, level string, spares int, devices ...string) config.Raid {
	return config.Raid{Name: name, Level: &level, Spares: &spares, Devices: devices}
}

var data = raid("data", "raid1", 1, "a", "b", "c")

// planned is the plan of arrays as people read it, or its errors.
func planned(s config.Storage, view scene.Scene) string {
	p, err := planAll(s, view, nil)
	text := ""
	for _, lane := range p.Lanes {
		text += lane.Bind(nil).String()
	}
	if err != nil {
		text += err.Error()
	}
	return strings.TrimSpace(text)
}

func used(view machines.Told, users map[string][]scene.User) machines.Told {
	for name, by := range users {
		seen := view[name]
		seen.Users = by
		view[name] = seen
	}
	return view
}

func TestMembersInUse(t *testing.T) {
	md := func(runs bool) scene.User { return scene.User{Use: scene.Array, Name: "md127", Runs: runs} }
	dm, mounted := scene.User{Use: scene.Device, Name: "dm-0"}, scene.User{Use: scene.Mount, Name: "/var"}
	all := func(u scene.User, names string) map[string][]scene.User {
		users := map[string][]scene.User{}
		for _, name := range strings.Fields(names) {
			users[name] = []scene.User{u}
		}
		return users
	}
	for name, c := range map[string]struct {
		users map[string][]scene.User
		want  string
	}{
		"an array that runs is kept":                    {all(md(true), "a b c"), "= array data"},
		"one whose members wait is assembled":           {all(md(false), "a b"), "~ array data"},
		"one that runs without a member is not touched": {all(md(true), "a b"), "is in use: part of md127"},
		"a member that is part of something else is in use": {map[string][]scene.User{"a": {md(true)}, "b": {dm},
			"c": {md(true)}}, "is in use: part of md127"},
		"a mounted member is in use":                         {all(mounted, "c"), "c (20 GiB, "},
		"a member that is part of no array at all is in use": {all(dm, "a b c"), "is in use: part of dm-0"},
		"a member that is used twice is in use": {map[string][]scene.User{"a": {md(true), mounted}, "b": {md(true)},
			"c": {md(true)}}, "is in use: part of md127, mounted at /var"},
	} {
		assert.Contains(t, planned(config.Storage{Raid: []config.Raid{data}}, used(mirror(), c.users)), c.want, name)
	}
}

func TestAnArrayOfReadOnlyMembersIsRefused(t *testing.T) {
	view := blank()
	sealed := view["a"]
	sealed.ReadOnly = true
	view["a"] = sealed
	assert.Equal(t, "array data ($.storage.raid.0): a (20 GiB, nothing known on it) is read-only",
		planned(config.Storage{Raid: []config.Raid{data}}, view))
}

// Another array of that name would keep it, and later rounds would take it for ours.
func TestANameThatAnotherArrayHasIsRefused(t *testing.T) {
	is := scene.User{Use: scene.Array, Name: "md9", Runs: true}
	view := machines.Named{Told: blank(), Names: map[string]scene.User{"/dev/md/data": is}}
	s := config.Storage{Raid: []config.Raid{data}}
	assert.Equal(t, "array data ($.storage.raid.0): /dev/md/data is another array already, /dev/md9", planned(s, view))
	view.Told = used(mirror(), map[string][]scene.User{"a": {is}, "b": {is}, "c": {is}})
	assert.Contains(t, planned(s, view), "= array data", "it is this one")
	is.Runs = false
	view = machines.Named{Told: blank(), Names: map[string]scene.User{"/dev/md/data": is}}
	assert.Contains(t, planned(s, view), "+ array data", "one that does not run has no name to keep")
}

func TestAllConflictsAreToldAndTheRestIsPlanned(t *testing.T) {
	view := blank()
	view["b"] = machines.Holds(block.Signature{Type: "ext4"})
	s := config.Storage{Raid: []config.Raid{raid("one", "raid0", 0, "a"), raid("two", "raid0", 0, "b"),
		raid("three", "raid0", 0, "none"), raid("four", "raid0", 0, "c", "a")}}
	assert.Equal(t, `+ array one  level raid0 of a
array two ($.storage.raid.1): b (20 GiB, ext4) is not to be lost: it is no member of an array
array three ($.storage.raid.2): device none: file does not exist
array four ($.storage.raid.3): a is in $.storage.raid.0 already`, planned(s, view))
	_, err := planAll(s, view, nil)
	var step *plan.StepError
	require.ErrorAs(t, err, &step)
	assert.Equal(t, "$.storage.raid.1", step.Origin)
}

func TestArraysThatAreYetToBe(t *testing.T) {
	later := machines.Told{"/dev/md/later": {Unknown: "a new array may show what its members held before"}}
	s := config.Storage{Raid: []config.Raid{raid("x", "raid0", 0, "/dev/md/later")}}
	assert.Equal(t, "? array x  level raid0 of /dev/md/later: made if its members are blank or given up, "+
		"assembled if they hold it; a new array may show what its members held before", planned(s, later))
	p, err := planAll(s, later, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"/dev/md/x", "/dev/disk/by-id/md-name-any:x", "/dev/disk/by-id/md-name-x"},
		p.After[0].Names)
	assert.NotEmpty(t, p.After[0].Seen.Unknown)
	assert.Equal(t, []kind.Outcome{{Found: "nothing", Verdict: "create"}, {Found: "this array", Verdict: "assemble"},
		{Found: "this array (half made)", Verdict: "recreate"}, {Found: "anything else", Verdict: "refuse"}},
		p.Lanes[0][0].Outcomes)
}

// An array has the names that udev makes of its superblocks, as far as these are known.
func TestNamesThatWillLeadToArrays(t *testing.T) {
	const byID, uuid = "/dev/disk/by-id/md-", "6fc9b25a-3c9c-4f8b-9c0c-ABCDEF012345"
	own := []string{"/dev/md/data", byID + "name-any:data", byID + "name-data"}
	const colons = byID + "uuid-6fc9b25a:3c9c4f8b:9c0cabcd:ef012345"
	with := func(options ...string) config.Raid {
		r := data
		r.Options = append(r.Options, options...)
		return r
	}
	there := mirror()
	for name, seen := range there {
		seen.Member.UUID, seen.Member.Name = uuid, "box:data"
		there[name] = seen
	}
	for name, c := range map[string]struct {
		view machines.Told
		raid config.Raid
		want []string
	}{
		"a new one":             {blank(), data, own},
		"a new one with a UUID": {blank(), with("--uuid=" + uuid), append(own[:3:3], colons)},
		"a UUID behind its option": {blank(), with("-u", "6fc9b25a:3c9c4f8b:9c0cabcd:ef012345"),
			append(own[:3:3], colons)},
		"with a host": {blank(), with("--homehost=box"), append(own[:3:3], byID+"name-box:data")},
		"with another name": {blank(), with("--name=x"),
			[]string{own[0], byID + "name-any:x", byID + "name-x"}},
		"one that is there":            {there, data, append(own[:3:3], byID+"name-box:data", colons)},
		"what is no UUID says nothing": {blank(), with("--uuid=7"), own},
	} {
		p, err := planAll(config.Storage{Raid: []config.Raid{c.raid}}, c.view, nil)
		require.NoError(t, err, name)
		assert.Equal(t, c.want, p.Means[0].Names, name)
		assert.Equal(t, c.want, p.After[0].Names, name)
	}
}

func TestWhatIsLostIsListed(t *testing.T) {
	view := blank()
	view["b"] = machines.Holds(block.Signature{Type: "ext4", Label: "box"})
	s := config.Storage{Raid: []config.Raid{data}, Disks: []config.Disk{{Device: "b", WipeTable: machines.To(true)}}}
	p, err := planAll(s, view, nil)
	require.NoError(t, err)
	action := p.Lanes[0][0]
	assert.Equal(t, []kind.Loss{{Node: "b", What: `ext4 "box"`}}, action.Loses)
	assert.Equal(t, kind.UnlessKnown, action.Outcomes, "blkid has a word on the others")
	assert.Len(t, p.Blanks, 2)
	assert.Len(t, action.Seen, 3)
}

func TestWhereArraysAppear(t *testing.T) {
	assert.Equal(t, "/dev/md/data", rules.ArrayNode(&config.Raid{Name: "data"}))
	assert.Equal(t, "/dev/md0", rules.ArrayNode(&config.Raid{Name: "/dev/md0"}))
	for level, number := range map[string]int{"linear": -1, "raid0": 0, "0": 0, "stripe": 0, "mirror": 1, "1": 1,
		"raid4": 4, "5": 5, "raid6": 6, "raid10": 10, "10": 10} {
		assert.Equal(t, number, levelNumber(level), level)
	}
	assert.Less(t, levelNumber("container"), -1)
}

func TestNamesOfArrays(t *testing.T) {
	const long = "a-name-that-is-too-long-for-a-superblock"
	for name, c := range map[string]struct {
		config, stored, metadata string
		want                     bool
	}{
		"a name alone":                        {"data", "data", "1.2", true},
		"after a host":                        {"data", "any:data", "1.2", true},
		"after another host":                  {"data", "them:data", "1.2", true},
		"of a node":                           {"/dev/md/data", "any:data", "1.2", true},
		"of a numbered node":                  {"/dev/md5", "any:5", "1.2", true},
		"cut off":                             {long, long[:32], "1.2", true},
		"cut off after a host":                {long, "any:" + long[:28], "1.2", true},
		"another":                             {"data", "any:date", "1.2", false},
		"the start of one that is not full":   {"data", "any:da", "1.2", false},
		"none":                                {"data", "", "1.2", false},
		"none, which metadata 0.90 has never": {"data", "", "0.90", true},
	} {
		assert.Equal(t, c.want, named(&config.Raid{Name: c.config}, block.Member{Name: c.stored, Metadata: c.metadata}),
			name)
	}
}

func TestWhichMembersAreGivenUp(t *testing.T) {
	view := machines.Told{"/dev/vda": {}, "/dev/nvme0": {}}
	g := gone(config.Storage{Disks: []config.Disk{{Device: "/dev/vda", WipeTable: machines.To(true)},
		{Device: "/dev/none", WipeTable: machines.To(true)}, {Device: "/dev/nvme0", Partitions: []config.Partition{
			{Number: 1, WipePartitionEntry: machines.To(true)}, {Number: 2},
			{Label: machines.To("x"), WipePartitionEntry: machines.To(true)}}}}}, view)
	for node, want := range map[string]bool{"vda": true, "vda1": true, "vda12": true, "vdab": false, "vdab1": false,
		"nvme0": false, "nvme0p1": true, "nvme0p2": false, "nvme01": false} {
		assert.Equal(t, want, g.has("/dev/"+node), node)
	}
}

// What an action finds when it runs decides, by the same table.
func TestAnArrayIsNotMadeOverWhatWasNotPlannedFor(t *testing.T) {
	view := blank()
	view["a"] = machines.Holds(block.Signature{Type: "ext4", Label: "box"})
	s := config.Storage{Raid: []config.Raid{data}, Disks: []config.Disk{{Device: "a", WipeTable: machines.To(true)}}}
	p, err := planAll(s, view, nil)
	require.NoError(t, err)
	act := func() error { return p.Lanes[0][0].Act(t.Context(), &kind.Work{Scene: view}) }
	view["a"] = machines.Holds(block.Signature{Type: "ext4", Label: "other"})
	require.EqualError(t, act(), `a (20 GiB, ext4 "other") has changed since it was looked at`)
	view["c"] = machines.Partitioned()
	require.ErrorContains(t, act(), "it has a partition table")
	view["c"] = machines.Holds(block.Signature{Type: "ext4"})
	require.ErrorContains(t, act(), "is not to be lost")
	delete(view, "b")
	require.ErrorContains(t, act(), "device b: file does not exist")
}

// A later is a machine that is another one from some look on.
type later struct {
	machines.Told
	looks *int
	then  machines.Told
}

func (l later) Look(path string) (*scene.Seen, error) {
	if *l.looks--; *l.looks < 0 {
		return l.then.Look(path)
	}
	return l.Told.Look(path)
}

// udev's rules may put an array that runs under another name to use as soon as udev has seen it.
func TestAnArrayUnderAnotherNameIsLookedAtAgainOnceUdevHasSeenIt(t *testing.T) {
	held := func(u scene.User) machines.Told {
		view := mirror()
		for name, seen := range view {
			seen.Users = []scene.User{u}
			view[name] = seen
		}
		return view
	}
	md := scene.User{Use: scene.Array, Name: "md127", Runs: true}
	inUse, other, w := md, md, &kind.Work{Options: kind.Options{Devices: &device.Devices{Root: t.TempDir()}}}
	inUse.Users, other.Name = []scene.User{{Use: scene.Volume, Name: "dm-3"}}, "md126"
	for want, then := range map[string]machines.Told{"is in use: part of dm-3": held(inUse),
		"/dev/md127 has changed since it was looked at": held(other)} {
		looks := 3
		w.Scene = later{held(md), &looks, then}
		assert.ErrorContains(t, making{&array{config: &data}}.act(t.Context(), w), want)
	}
}

func TestWhatAKilledMdadmToldUdevIsTakenBack(t *testing.T) {
	dir := t.TempDir()
	w, is := &kind.Work{Options: kind.Options{Devices: &device.Devices{Root: dir}}}, scene.User{Name: "md127"}
	require.NoError(t, created(w, is), "there is nothing to take back")
	require.NoError(t, os.MkdirAll(dir+"/run/mdadm", 0o700))
	for _, name := range []string{"creating-md127", "creating-md126"} {
		require.NoError(t, os.WriteFile(dir+"/run/mdadm/"+name, nil, 0o600))
	}
	require.NoError(t, created(w, is))
	assert.NoFileExists(t, dir+"/run/mdadm/creating-md127")
	assert.FileExists(t, dir+"/run/mdadm/creating-md126", "another array's")
}
