package stages

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/drift"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/tests/machines"
	"github.com/glowplug-os/glowplug/tests/trees"
)

// Both entries that a boot does again each time and those that it keeps are in it.
const partitioned = `{'ignition': {'version': '3.4.0'}, 'storage': {
	'disks': [{'device': '/dev/vda', 'wipeTable': true, 'partitions': [
		{'number': 1, 'label': 'boot', 'startMiB': 1, 'sizeMiB': 16, 'wipePartitionEntry': true},
		{'label': 'data', 'sizeMiB': 20}, {'number': 4, 'label': 'more', 'sizeMiB': 8},
		{'number': 9, 'shouldExist': false, 'wipePartitionEntry': true}]},
		{'device': '/dev/vdb', 'wipeTable': true}],
	'filesystems': [{'device': '/dev/vda1', 'format': 'ext4', 'label': 'b', 'wipeFilesystem': true},
		{'device': '/dev/disk/by-partlabel/data', 'format': 'ext4', 'uuid': 'UUID'},
		{'device': '/dev/vdb', 'format': 'ext4', 'label': 'whole', 'wipeFilesystem': true},
		{'device': '/dev/disk/by-partlabel/more', 'format': 'ext4', 'options': ['-O', '^has_journal,^extent'],
			'wipeFilesystem': true}]}}`

const uuid = "00112233-4455-6677-8899-aabbccddeeff"

// parts are the partitions as a boot makes them.
func parts() []config.Partition {
	return []config.Partition{machines.Part(1, 1, 16, "boot"), machines.Part(2, 17, 20, "data"),
		machines.Part(4, 37, 8, "more")}
}

// ext4 writes a superblock with a UUID (fs/ext4/ext4.h, struct ext4_super_block).
func ext4(d machines.Disk, mib int, label, id string) {
	super := machines.Ext4(label)
	raw, _ := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	copy(super[104:], raw)
	copy(d[mib<<20+1024:], super)
}

// ext2 is the same without a journal and extents.
func ext2(d machines.Disk, mib int) {
	super := machines.Ext4("")
	super[92], super[96] = 0, 2
	copy(d[mib<<20+1024:], super)
}

// disksOf are the disks as a boot leaves them, with partitions of this table.
func disksOf(t *testing.T, all ...config.Partition) (vda, vdb machines.Disk) {
	vda, vdb = machines.NewDisk(t, 64, all...), machines.NewDisk(t, 16)
	ext4(vda, 1, "b", "")
	ext4(vda, 17, "", uuid)
	ext2(vda, 37)
	ext4(vdb, 0, "whole", "")
	return vda, vdb
}

func verifiedDisks(t *testing.T, vda, vdb machines.Disk) *drift.Report {
	t.Helper()
	return verified(t, strings.ReplaceAll(partitioned, "UUID", uuid), Question{
		Machine: Machine{Devices: func(config.Storage) (scene.Scene, error) {
			return scene.Images{"/dev/vda": vda.Image(), "/dev/vdb": vdb.Image()}.Scene(), nil
		}}})
}

func TestDisksThatAConfigWasAppliedToAreAsDescribed(t *testing.T) {
	t.Parallel()
	vda, vdb := disksOf(t, parts()...)
	r := verifiedDisks(t, vda, vdb)
	assert.Empty(t, findings(r, drift.Differs))
	assert.Equal(t, "all as described: 10", r.Summary())
}

func TestEachChangeOfADiskIsFoundAndNothingElse(t *testing.T) {
	t.Parallel()
	table := func(change func([]config.Partition) []config.Partition) func(*testing.T) (vda, vdb machines.Disk) {
		return func(t *testing.T) (vda, vdb machines.Disk) { return disksOf(t, change(parts())...) }
	}
	disk := func(change func(vda, vdb machines.Disk)) func(*testing.T) (vda, vdb machines.Disk) {
		return func(t *testing.T) (vda, vdb machines.Disk) {
			vda, vdb = disksOf(t, parts()...)
			change(vda, vdb)
			return vda, vdb
		}
	}
	for name, each := range map[string]struct {
		disks   func(*testing.T) (vda, vdb machines.Disk)
		found   string
		unknown []string
	}{
		"a partition grown": {table(func(p []config.Partition) []config.Partition {
			p[2].SizeMiB = machines.To(12)
			return p
		}), "partition 4 of /dev/vda: size in sectors is 24576, not 16384", nil},
		"a partition's label": {table(func(p []config.Partition) []config.Partition {
			p[0].Label = machines.To("root")
			return p
		}), `partition 1 of /dev/vda: label is "root", not "boot"`, nil},
		"a partition more": {table(func(p []config.Partition) []config.Partition {
			return append(p, machines.Part(5, 50, 4, "new"))
		}), `disk /dev/vda: has partition 5 "new", which the config does not have`, nil},
		"a partition that is to be gone": {table(func(p []config.Partition) []config.Partition {
			return append(p, machines.Part(9, 50, 4, "nine"))
		}), "partition 9 of /dev/vda: is there", nil},
		"a partition removed": {table(func(p []config.Partition) []config.Partition { return p[:2] }),
			"partition 4 of /dev/vda: is not there",
			[]string{"filesystem on /dev/disk/by-partlabel/more: it depends on what differs, or is not known"}},
		"the primary table damaged": {disk(func(vda, _ machines.Disk) { clear(vda[512:1024]) }),
			"disk /dev/vda: its partition table is damaged: primary GPT", nil},
		"a filesystem's label": {disk(func(vda, _ machines.Disk) { ext4(vda, 1, "c", "") }),
			`filesystem on /dev/vda1: it holds ext4 "c": the label is "c", not "b"`, nil},
		"a filesystem made anew": {disk(func(vda, _ machines.Disk) { ext4(vda, 17, "", uuid[:30]+"000000") }),
			"filesystem on /dev/disk/by-partlabel/data: it holds ext4, UUID 00112233-4455-6677-8899-aabbcc000000: the",
			nil},
		"another format": {disk(func(_, vdb machines.Disk) {
			clear(vdb[:4096])
			ext2(vdb, 0)
		}), `filesystem on /dev/vdb: it holds ext2: wanted is ext4 "whole"`, nil},
		"a filesystem wiped": {disk(func(_, vdb machines.Disk) { clear(vdb[:4096]) }),
			"filesystem on /dev/vdb: is not there: /dev/vdb has nothing known on it", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vda, vdb := each.disks(t)
			r := verifiedDisks(t, vda, vdb)
			found := findings(r, drift.Differs)
			require.Len(t, found, 1)
			assert.True(t, strings.HasPrefix(found[0], each.found), found[0])
			assert.Equal(t, each.unknown, findings(r, drift.NotKnown))
		})
	}
}

const layered = `{'ignition': {'version': '3.4.0'}, 'kernelArguments': {'shouldExist': ['quiet', 'token=SECRET'],
		'shouldNotExist': ['debug']},
	'storage': {'raid': [{'name': 'data', 'level': 'raid1', 'devices': ['/dev/a', '/dev/b']}],
		'luks': [{'name': 'tang', 'device': '/dev/c', 'label': 'sealed', 'wipeVolume': true,
			'clevis': {'tang': [{'url': 'http://127.0.0.1', 'thumbprint': 't'}]}},
			{'name': 'rand', 'device': '/dev/e'}],
		'filesystems': [{'device': '/dev/mapper/tang', 'format': 'xfs', 'path': '/srv', 'wipeFilesystem': true},
			{'device': '/dev/d', 'format': 'xfs', 'path': '/opt'}],
		'files': [{'path': '/srv/f', 'contents': {'source': 'data:,f'}}, {'path': '/opt/f'}]},
	'systemd': {'units': [{'name': 'srv.mount', 'enabled': true,
		'contents': '[Mount]\nWhat=/dev/mapper/tang\nWhere=/srv\n[Install]\nRequiredBy=local-fs.target\n'}]}}`

// member is number n of the array, which runs.
func member(n int) scene.Seen {
	seen := machines.Holds(block.Signature{Type: "linux_raid_member", Label: "any:data"})
	seen.Member = &scene.Member{Member: block.Member{Metadata: "1.2", UUID: "u", Name: "any:data", Level: 1, Disks: 2,
		Role: n, Events: 17, Sound: true}}
	seen.Users = []scene.User{{Use: scene.Array, Name: "md127", Runs: true}}
	return seen
}

func volume(name string, tokens ...string) scene.Seen {
	seen := machines.Holds(block.Signature{Type: "crypto_LUKS", Label: "sealed"})
	seen.LUKS = &block.LUKS{Version: 2, Label: "sealed", Tokens: tokens, Keyslots: 1}
	seen.Users = []scene.User{{Use: scene.Volume, Name: "dm-0", Volume: name}}
	return seen
}

func xfsAt(places ...string) scene.Seen {
	seen := machines.Holds(block.Signature{Type: "xfs"})
	for _, at := range places {
		seen.Users = append(seen.Users, scene.User{Use: scene.Mount, Name: at})
	}
	return seen
}

// running is a machine as it runs after its first boot, and its root.
func running() (machines.Told, trees.Fake) {
	return machines.Told{"/dev/a": member(0), "/dev/b": member(1), "/dev/c": volume("tang", "clevis"),
			"/dev/e": volume("rand"), "/dev/mapper/tang": xfsAt("/srv"), "/dev/d": xfsAt("/opt")},
		trees.Fake{"/srv/": "mounted", "/opt/": "mounted", "/srv/f": "f", "/opt/f": "old", "/etc/machine-id": "0",
			"/etc/systemd/system/local-fs.target.requires/srv.mount": "-> ../srv.mount",
			"/etc/systemd/system/srv.mount": "[Mount]\nWhat=/dev/mapper/tang\nWhere=/srv\n[Install]\n" +
				"RequiredBy=local-fs.target\n",
			"/etc/systemd/system-preset/20-ignition.preset": "enable srv.mount\n"}
}

func verifiedMachine(t *testing.T, devices machines.Told, view trees.Fake, line string) *drift.Report {
	t.Helper()
	return verified(t, layered, Question{Machine: Machine{Root: view, CommandLine: &line,
		Devices: func(config.Storage) (scene.Scene, error) { return devices, nil }}})
}

const bootLine = "quiet token=SECRET root=/dev/vda"

func TestAMachineThatRunsIsAsDescribed(t *testing.T) {
	t.Parallel()
	devices, view := running()
	r := verifiedMachine(t, devices, view, bootLine)
	assert.Empty(t, findings(r, drift.Differs))
	assert.Empty(t, findings(r, drift.NotKnown))
	assert.Equal(t, "all as described: 12", r.Summary())
}

func TestEachChangeOfAMachineIsFound(t *testing.T) {
	t.Parallel()
	mountOf := func(seen scene.Seen, at string) scene.Seen {
		seen.Users = []scene.User{{Use: scene.Mount, Name: at}}
		return seen
	}
	for name, each := range map[string]struct {
		change  func(machines.Told, trees.Fake)
		line    string
		found   string
		unknown []string
	}{
		"an array that does not run": {func(m machines.Told, _ trees.Fake) {
			for n, at := range []string{"/dev/a", "/dev/b"} {
				seen := member(n)
				seen.Users = nil
				m[at] = seen
			}
		}, "", "array data: does not run", nil},
		"an array of another level": {func(m machines.Told, _ trees.Fake) {
			for n, at := range []string{"/dev/a", "/dev/b"} {
				seen := member(n)
				seen.Member.Level, seen.Users = 0, nil
				m[at] = seen
			}
		}, "", "array data: /dev/a is a member of another array: level 0", nil},
		"a member that is gone": {func(m machines.Told, _ trees.Fake) { delete(m, "/dev/b") }, "",
			"array data: device /dev/b: file does not exist", nil},
		"a volume's label": {func(m machines.Told, _ trees.Fake) {
			m["/dev/c"].LUKS.Label = "other"
		}, "", `luks tang: its label is "other", not "sealed"`, nil},
		"a volume that clevis is not bound to": {func(m machines.Told, _ trees.Fake) {
			m["/dev/c"] = volume("tang")
		}, "", "luks tang: is not bound by clevis", nil},
		"a volume that is closed": {func(m machines.Told, _ trees.Fake) {
			seen := volume("rand")
			seen.Users = nil
			m["/dev/e"] = seen
		}, "", "luks rand: is not open", nil},
		"a volume that is gone": {func(m machines.Told, _ trees.Fake) { m["/dev/e"] = machines.Holds() }, "",
			"luks rand: is not there: /dev/e has nothing known on it", nil},
		"a filesystem that is not mounted": {func(m machines.Told, f trees.Fake) {
			m["/dev/mapper/tang"], f["/srv/"] = xfsAt(), ""
		}, "", "filesystem on /dev/mapper/tang: is not mounted at /srv",
			[]string{"file /srv/f: /srv/f is on a filesystem that is not mounted"}},
		"another mounted there": {func(m machines.Told, _ trees.Fake) {
			m["/dev/d"] = mountOf(m["/dev/d"], "/mnt")
		}, "", "filesystem on /dev/d: something else is mounted at /opt", nil},
		"a filesystem with no unit that is not mounted": {func(m machines.Told, f trees.Fake) {
			m["/dev/d"], f["/opt/"] = xfsAt(), ""
		}, "", "", []string{"file /opt/f: /opt/f is on a filesystem that is not mounted"}},
		"a kernel argument that is gone": {nil, "token=SECRET", "kernel argument quiet: is not there", nil},
		"a kernel argument's value":      {nil, "quiet token=X", "kernel argument token=…: is not there", nil},
		"a kernel argument that is back": {nil, bootLine + " debug", "kernel argument debug: is there", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			devices, view := running()
			line := bootLine
			if each.change == nil {
				line = each.line
			} else {
				each.change(devices, view)
			}
			r := verifiedMachine(t, devices, view, line)
			if found := findings(r, drift.Differs); each.found == "" {
				assert.Empty(t, found)
			} else {
				require.Len(t, found, 1)
				assert.True(t, strings.HasPrefix(found[0], each.found), found[0])
			}
			assert.Equal(t, each.unknown, findings(r, drift.NotKnown))
			var b strings.Builder
			require.NoError(t, r.WriteText(&b))
			assert.NotContains(t, b.String(), "SECRET")
		})
	}
}

// Of images nobody has opened volumes or mounted filesystems: what is on them is not known, and nothing differs.
func TestAMachineAtRestHasNothingOpenOrMounted(t *testing.T) {
	t.Parallel()
	devices, view := running()
	closed := volume("tang", "clevis")
	closed.Users = nil
	devices["/dev/c"], devices["/dev/d"], view["/srv/"], view["/opt/"] = closed, xfsAt(), "", ""
	delete(devices, "/dev/mapper/tang")
	r := verified(t, layered, Question{Machine: Machine{Root: view, AtRest: true,
		Devices: func(config.Storage) (scene.Scene, error) { return devices, nil }}})
	assert.Empty(t, findings(r, drift.Differs))
	assert.Equal(t, []string{"luks tang: is not open, as its key is not in the image's root",
		"filesystem on /dev/mapper/tang: xfs: made if nothing is on it then, kept if it is this, else refused (what " +
			"the volume holds shows once it is open)",
		"file /srv/f: /srv/f is on a filesystem that is not mounted",
		"file /opt/f: /opt/f is on a filesystem that is not mounted"}, findings(r, drift.NotKnown))
}

// A boot empties the device after it has made partitions on it, and whatever becomes of these is as described.
func TestADeviceThatIsEmptiedOverItsPartitionsIsNotKnown(t *testing.T) {
	t.Parallel()
	for name, disk := range map[string]machines.Disk{"emptied": machines.NewDisk(t, 64),
		"still with a table": machines.NewDisk(t, 64, parts()[:1]...)} {
		r := verified(t, `{'ignition': {'version': '3.4.0'}, 'storage': {
			'disks': [{'device': '/dev/vda', 'wipeTable': true, 'partitions': [{'number': 1, 'sizeMiB': 16}]}],
			'filesystems': [{'device': '/dev/vda', 'format': 'none', 'wipeFilesystem': true}]}}`, Question{
			Machine: Machine{Devices: func(config.Storage) (scene.Scene, error) {
				return scene.Images{"/dev/vda": disk.Image()}.Scene(), nil
			}}})
		assert.Empty(t, findings(r, drift.Differs), name)
		assert.Equal(t, []string{"filesystem on /dev/vda: the config makes partitions on the same device",
			"partition 1 of /dev/vda: another entry is made over the whole disk"},
			slices.Sorted(slices.Values(findings(r, drift.NotKnown))), name)
	}
}

func TestAccountsOnAFilesystemThatIsNotMountedAreNotKnown(t *testing.T) {
	t.Parallel()
	_, vdb := disksOf(t)
	r := verified(t, `{'ignition': {'version': '3.4.0'}, 'passwd': {'users': [{'name': 'core'}],
		'groups': [{'name': 'more'}]},
		'storage': {'filesystems': [{'device': '/dev/vdb', 'format': 'ext4', 'label': 'whole',
			'path': '/etc'}]}}`, Question{Machine: Machine{Root: trees.Fake{"/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n"},
		Devices: func(config.Storage) (scene.Scene, error) {
			return scene.Images{"/dev/vdb": vdb.Image()}.Scene(), nil
		}}})
	const unseen = ": /etc/passwd is on a filesystem that is not mounted"
	assert.Subset(t, findings(r, drift.NotKnown), []string{"user core" + unseen, "group more" + unseen})
	for _, what := range findings(r, drift.Differs) {
		assert.NotContains(t, what, "core")
		assert.NotContains(t, what, "more")
	}
}
