package rules_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/tests/configs"
)

const (
	wiped  = "'disks':[{'device':'/dev/a','wipeTable':true,'partitions':[{'number':1,'label':'one'}]}],"
	kept   = "'disks':[{'device':'/dev/a','partitions':[{'number':1,'label':'one'}]}],"
	volume = "'luks':[{'name':'v','device':'/dev/b'}],"
)

// impossible are configs that no machine can have, and their neighbours, below "storage" or as a whole.
var impossible = []struct{ claim, breaks, passes, want string }{
	{"a file at the root", "storage files: [{'path':'/'}]", "storage directories: [{'path':'/'}]",
		"path-root $.storage.files.0.path"},
	{"a directory that replaces the root", "storage directories: [{'path':'/','overwrite':true}]",
		"storage directories: [{'path':'/','overwrite':false}]", "path-root $.storage.directories.0.path"},
	{"a hard link to itself", "storage links: [{'path':'/h','target':'h','hard':true}]",
		"storage links: [{'path':'/h','target':'i','hard':true}]", "hard-link-target $.storage.links.0.target"},
	{"a hard link to a directory, from the root on",
		"storage: {'directories':[{'path':'/d'}],'links':[{'path':'/x/h','target':'d','hard':true}]}",
		"storage: {'directories':[{'path':'/x/d'}],'links':[{'path':'/x/h','target':'d','hard':true}]}",
		"hard-link-target $.storage.links.0.target"},
	{"a hard link to what is below a file",
		"storage: {'files':[{'path':'/f'}],'links':[{'path':'/h','target':'/f/x','hard':true}]}",
		"storage: {'files':[{'path':'/f'}],'links':[{'path':'/h','target':'/fx','hard':true}]}",
		"hard-link-target $.storage.links.0.target"},
	{"an owner with a colon", "storage files: [{'path':'/f','user':{'name':'a:b'}}]",
		"storage files: [{'path':'/f','user':{'name':'a b'}}]", "owner-name $.storage.files.0.user.name"},
	{"an owner with a NUL", "storage links: [{'path':'/f','target':'g','user':{'name':'a\\u0000b'}}]",
		"storage links: [{'path':'/f','target':'g','user':{'name':'a\\tb'}}]",
		"owner-name $.storage.links.0.user.name"},
	{"a group that looks like a comment", "storage directories: [{'path':'/f','group':{'name':'#a'}}]",
		"storage directories: [{'path':'/f','group':{'name':'a#'}}]", "owner-name $.storage.directories.0.group.name"},
	{"a unit below a file", ": {'storage':{'files':[{'path':'/etc/systemd'}]}," +
		"'systemd':{'units':[{'name':'a.service','contents':'[Service]'}]}}",
		": {'storage':{'files':[{'path':'/etc/systemd'}]},'systemd':{'units':[{'name':'a.service'}]}}",
		"below-file $.systemd.units.0"},
	{"a drop-in below a file", ": {'storage':{'files':[{'path':'/etc/systemd/system/a.service.d'}]}," +
		"'systemd':{'units':[{'name':'a.service','dropins':[{'name':'a.conf','contents':'[Service]'}]}]}}",
		": {'storage':{'files':[{'path':'/etc/systemd/system/a.service.d'}]}," +
			"'systemd':{'units':[{'name':'a.service','dropins':[{'name':'a.conf'}]}]}}",
		"below-file $.systemd.units.0.dropins.0"},
	{"presets below a file", ": {'storage':{'files':[{'path':'/etc/systemd/system-preset'}]}," +
		"'systemd':{'units':[{'name':'a.service','enabled':false}]}}",
		": {'storage':{'files':[{'path':'/etc/systemd/system-preset'}]},'systemd':{'units':[{'name':'a.service'}]}}",
		"below-file $.systemd.units.0.enabled"},
	{"a file below a unit", ": {'storage':{'files':[{'path':'/etc/systemd/system/a.service/x'}]}," +
		"'systemd':{'units':[{'name':'a.service','mask':false}]}}",
		": {'storage':{'files':[{'path':'/etc/systemd/system/a.service/x'}]}," +
			"'systemd':{'units':[{'name':'b.service','mask':false}]}}", "unit-path $.systemd.units.0"},
	{"a second partition where the first takes all",
		"storage disks: [{'device':'/dev/a','wipeTable':true,'partitions':[{'label':'b','sizeMiB':1},{'number':1}]}]",
		"storage disks: [{'device':'/dev/a','partitions':[{'label':'b','sizeMiB':1},{'number':1}]}]",
		"partition-fit $.storage.disks.0.partitions.0"},
	{"a third partition where the second takes what the first has left",
		"storage disks: [{'device':'/dev/a','wipeTable':true,'partitions':[{'number':1},{'label':'b'},{'label':'c'}]}]",
		"storage disks: [{'device':'/dev/a','wipeTable':true,'partitions':[{'number':1},{'label':'b'}]}]",
		"partition-fit $.storage.disks.0.partitions.2"},
	{"a partition at a place that is taken by then",
		"storage disks: [{'device':'/dev/a','wipeTable':true,'partitions':[{'number':1},{'number':2,'startMiB':9}]}]",
		"storage disks: [{'device':'/dev/a','wipeTable':true,'partitions':[{'number':1,'startMiB':9},{'number':2}]}]",
		"partition-fit $.storage.disks.0.partitions.1"},
	{"a number that a new table has not",
		"storage disks: [{'device':'/dev/a','wipeTable':true,'partitions':[{'number':129}]}]",
		"storage disks: [{'device':'/dev/a','partitions':[{'number':129}]}]",
		"partition-fit $.storage.disks.0.partitions.0"},
	{"a number that Linux has not",
		"storage disks: [{'device':'/dev/a','partitions':[{'number':1},{'number':256}]}]",
		"storage disks: [{'device':'/dev/a','partitions':[{'number':255},{'number':256,'shouldExist':false}]}]",
		"partition-fit $.storage.disks.0.partitions.1"},
	{"the type of an unused entry",
		"storage disks: [{'device':'/dev/a','wipeTable':true,'partitions':[{'number':1," +
			"'typeGuid':'00000000-0000-0000-0000-000000000000'}]}]",
		"storage disks: [{'device':'/dev/a','wipeTable':true,'partitions':[{'number':1," +
			"'typeGuid':'00000000-0000-0000-0000-000000000001'}]}]",
		"partition-fit $.storage.disks.0.partitions.0.typeGuid"},
	{"a filesystem on a volume's device", "storage: {" + volume + "'filesystems':[{'device':'/dev/b','format':'xfs'}]}",
		"storage: {" + volume + "'filesystems':[{'device':'/dev/mapper/v','format':'xfs'}]}",
		"device-twice $.storage.filesystems.0.device"},
	{"a device in two arrays", "storage raid: [{'name':'r','level':'raid1','devices':['/dev/a','/dev/b']}," +
		"{'name':'s','level':'raid1','devices':['/dev/c','/dev/b']}]",
		"storage raid: [{'name':'r','level':'raid1','devices':['/dev/a','/dev/b']}," +
			"{'name':'s','level':'raid1','devices':['/dev/c','/dev/d']}]", "device-twice $.storage.raid.1.devices.1"},
	{"two volumes on one partition, by its disk and by its label", "storage: {" + wiped +
		"'luks':[{'name':'v','device':'/dev/a1'},{'name':'w','device':'/dev/disk/by-partlabel/one'}]}",
		"storage: {" + wiped + "'luks':[{'name':'v','device':'/dev/a1'},{'name':'w'," +
			"'device':'/dev/disk/by-partlabel/two'}]}", "device-twice $.storage.luks.1.device"},
	{"a volume by two of its names", "storage: {" + volume +
		"'filesystems':[{'device':'/dev/mapper/v','format':'xfs'}," +
		"{'device':'/dev/disk/by-id/dm-name-v','format':'ext4'}]}",
		"storage: {" + volume + "'filesystems':[{'device':'/dev/mapper/v','format':'xfs'}," +
			"{'device':'/dev/disk/by-id/dm-name-w','format':'ext4'}]}",
		"device-twice $.storage.filesystems.1.device"},
	{"two arrays of one number", "storage raid: [{'name':'7','level':'raid1','devices':['/dev/a','/dev/b']}," +
		"{'name':'/dev/md7','level':'raid1','devices':['/dev/c','/dev/d']}]",
		"storage raid: [{'name':'md7','level':'raid1','devices':['/dev/a','/dev/b']}," +
			"{'name':'/dev/md7','level':'raid1','devices':['/dev/c','/dev/d']}]", "device-twice $.storage.raid.1.name"},
	{"two arrays at one node", "storage raid: [{'name':'r','level':'raid1','devices':['/dev/a','/dev/b']}," +
		"{'name':'/dev/md/r','level':'raid1','devices':['/dev/c','/dev/d']}]",
		"storage raid: [{'name':'r','level':'raid1','devices':['/dev/a','/dev/b']}," +
			"{'name':'/dev/md0','level':'raid1','devices':['/dev/c','/dev/d']}]", "device-twice $.storage.raid.1.name"},
	{"an array by the link of its name", onArray("/dev/disk/by-id/md-name-any:r"),
		onArray("/dev/disk/by-id/md-name-any:s"), "device-twice $.storage.filesystems.0.device"},
	{"an array by the link of its UUID", onArray("/dev/disk/by-id/md-uuid-6fc9b25a:3c9c4f8b:9c0cabcd:ef012345"),
		onArray("/dev/disk/by-id/md-uuid-6fc9b25a:3c9c4f8b:9c0cabcd:ef012346"),
		"device-twice $.storage.filesystems.0.device"},
	{"a volume by the link of its UUID", "storage: {'luks':[{'name':'v','device':'/dev/b','uuid':'" + guid + "'}]," +
		"'filesystems':[{'device':'/dev/mapper/v','format':'xfs'},{'device':'/dev/disk/by-id/dm-uuid-CRYPT-LUKS2-" +
		"0fc63daf848347728e793d69d8477de4-v','format':'ext4'}]}", "storage: {'luks':[{'name':'v','device':'/dev/b'," +
		"'uuid':'" + guid + "'}],'filesystems':[{'device':'/dev/mapper/v','format':'xfs'},{'device':" +
		"'/dev/disk/by-id/dm-uuid-CRYPT-LUKS2-0fc63daf848347728e793d69d8477de4-w','format':'ext4'}]}",
		"device-twice $.storage.filesystems.1.device"},
	{"a partition of an array that takes all of it", "storage: {'disks':[{'device':'/dev/disk/by-id/md-name-r'," +
		"'partitions':[{'number':1}]}],'raid':[{'name':'r','level':'raid0','devices':['/dev/a']}]," +
		"'luks':[{'name':'v','device':'/dev/md/r'}]}", "storage: {'disks':[{'device':'/dev/disk/by-id/md-name-s'," +
		"'partitions':[{'number':1}]}],'raid':[{'name':'r','level':'raid0','devices':['/dev/a']}]," +
		"'luks':[{'name':'v','device':'/dev/md/r'}]}", "device-twice $.storage.luks.0.device"},
	{"a member by two of its names", "storage: {" + wiped + "'raid':[{'name':'r','level':'raid1','devices':[" +
		"'/dev/a1','/dev/disk/by-partlabel/one']}]}", "storage: {" + wiped + "'raid':[{'name':'r','level':'raid1'," +
		"'devices':['/dev/a1','/dev/disk/by-partlabel/two']}]}", "device-twice $.storage.raid.0.devices.1"},
	{"an array on a volume on itself", "storage: {'raid':[{'name':'r','level':'raid1','devices':['/dev/a'," +
		"'/dev/mapper/v']}],'luks':[{'name':'v','device':'/dev/md/r'}]}", "storage: {'raid':[{'name':'r'," +
		"'level':'raid1','devices':['/dev/a','/dev/mapper/v']}],'luks':[{'name':'v','device':'/dev/md/s'}]}",
		"device-twice $.storage.luks.0.device"},
	{"an array on itself", "storage raid: [{'name':'r','level':'raid0','devices':['/dev/disk/by-id/md-name-r']}]",
		"storage raid: [{'name':'r','level':'raid0','devices':['/dev/disk/by-id/md-name-s']}]",
		"device-twice $.storage.raid.0.devices.0"},
	{"a volume on itself", "storage luks: [{'name':'v','device':'/dev/disk/by-id/dm-name-v'}]",
		"storage luks: [{'name':'v','device':'/dev/disk/by-id/dm-name-w'}]", "device-twice $.storage.luks.0.device"},
	{"three volumes on each other", "storage luks: [{'name':'u','device':'/dev/mapper/v'}," +
		"{'name':'v','device':'/dev/mapper/w'},{'name':'w','device':'/dev/mapper/u'}]",
		"storage luks: [{'name':'u','device':'/dev/mapper/v'},{'name':'v','device':'/dev/mapper/w'}," +
			"{'name':'w','device':'/dev/a'}]", "device-twice $.storage.luks.2.device"},
	{"two filesystems of two formats", twoOf("'format':'xfs'", "'format':'ext4'"),
		twoOf("'format':'xfs'", "'format':'xfs'"), "device-twice $.storage.filesystems.1.device"},
	{"a second that wipes the first", twoOf("'format':'xfs'", "'format':'xfs','wipeFilesystem':true"),
		twoOf("'format':'xfs','wipeFilesystem':true", "'format':'xfs'"),
		"device-twice $.storage.filesystems.1.device"},
	{"two labels", twoOf("'format':'xfs','label':'a'", "'format':'xfs','label':'b'"),
		twoOf("'format':'xfs','label':'a'", "'format':'xfs','label':'a'"),
		"device-twice $.storage.filesystems.1.device"},
	{"a label that only what is there may have, and that is wiped",
		twoOf("'format':'swap','wipeFilesystem':true", "'format':'swap','label':'a'"),
		twoOf("'format':'swap'", "'format':'swap','label':'a'"), "device-twice $.storage.filesystems.1.device"},
	{"two UUIDs", twoOf("'format':'vfat','uuid':'1234-abcd'", "'format':'vfat','uuid':'1234ABCE'"),
		twoOf("'format':'vfat','uuid':'1234-abcd'", "'format':'vfat','uuid':'1234ABCD'"),
		"device-twice $.storage.filesystems.1.device"},
	{"a third that the first does not agree with",
		twoOf("'format':'btrfs','label':'a'", "'format':'btrfs'},{'device':'/dev//b','format':'btrfs','label':'b'"),
		twoOf("'format':'btrfs','label':'a'", "'format':'btrfs'},{'device':'/dev//b','format':'btrfs','label':'a'"),
		"device-twice $.storage.filesystems.2.device"},
	{"a third that the second does not agree with",
		twoOf("'format':'btrfs'", "'format':'btrfs','label':'a'},{'device':'/dev//b','format':'btrfs','label':'b'"),
		twoOf("'format':'btrfs'", "'format':'btrfs','label':'a'},{'device':'/dev//b','format':'btrfs'"),
		"device-twice $.storage.filesystems.2.device"},
	{"an empty device with a filesystem", twoOf("'format':'none'", "'format':'xfs'"),
		twoOf("'format':'none'", "'format':'none'"), "device-twice $.storage.filesystems.1.device"},
	{"an empty device with a volume", "storage: {" + volume + "'filesystems':[{'device':'/dev/b','format':'none'}]}",
		"storage: {" + volume + "'filesystems':[{'device':'/dev/mapper/v','format':'none'}]}",
		"device-twice $.storage.filesystems.0.device"},
	{"a volume on a disk with partitions", "storage: {" + kept + "'luks':[{'name':'v','device':'/dev/a'}]}",
		"storage: {" + kept + "'luks':[{'name':'v','device':'/dev/a','wipeVolume':true}]}",
		"device-twice $.storage.luks.0.device"},
	{"a partition that is not to exist, on a disk that is wiped", "storage: {'disks':[{'device':'/dev/a'," +
		"'wipeTable':true,'partitions':[{'number':5,'shouldExist':false}]}],'luks':[{'name':'v','device':'/dev/a5'}]}",
		"storage: {'disks':[{'device':'/dev/disk/by-id/a','wipeTable':true,'partitions':[{'number':1}]}]," +
			"'luks':[{'name':'v','device':'/dev/disk/by-id/a2'}]}", "device-missing $.storage.luks.0.device"},
	{"a partition that goes with the table", "storage: {" + wiped + "'luks':[{'name':'v','device':'/dev/a2'}]}",
		"storage: {" + kept + "'luks':[{'name':'v','device':'/dev/a2'}]}", "device-missing $.storage.luks.0.device"},
}

// onArray has a volume on an array, and a filesystem on a device.
func onArray(device string) string {
	return "storage: {'raid':[{'name':'r','level':'raid1','devices':['/dev/a','/dev/c'],'options':['--uuid=" +
		"6FC9B25A-3C9C-4F8B-9C0C-ABCDEF012345']}],'luks':[{'name':'v','device':'/dev/md/r'}]," +
		"'filesystems':[{'device':'" + device + "','format':'xfs'}]}"
}

// twoOf are filesystems on one device that goes by two names.
func twoOf(first, second string) string {
	return "storage filesystems: [{'device':'/dev/b'," + first + "},{'device':'/dev/./b'," + second + "}]"
}

func TestWhatNoMachineCanHaveIsAnError(t *testing.T) {
	judge := func(short string) (string, []diag.Problem) {
		doc, told := configs.Judge("x.ign", []byte(write("3.6.0 "+short)))
		require.NotNil(t, doc, "%s: %v", short, told)
		problems := rules.Further(doc)
		for _, p := range problems {
			assert.True(t, p.Stricter)
			assert.NotZero(t, p.Place)
		}
		return strings.Join(found(problems), "; "), problems
	}
	for _, c := range impossible {
		t.Run(c.claim, func(t *testing.T) {
			got, problems := judge(c.breaks)
			assert.Equal(t, "error "+c.want, got)
			assert.Empty(t, diag.For(diag.Peer, problems))
			got, _ = judge(c.passes)
			assert.Empty(t, got, "the neighbour")
		})
	}
}

func TestNothingIsImpossibleInWhatIsSpoilt(t *testing.T) {
	doc, told := configs.Judge("x.ign", []byte(write("3.6.0 storage: {"+wiped+
		"'luks':[{'name':'v','device':'/dev/a2','label':{}}]}")))
	require.NotNil(t, doc)
	assert.Len(t, told, 1, "of a wrong type")
	assert.Empty(t, rules.Further(doc))
}

func TestNothingIsImpossibleInWhatIsReplaced(t *testing.T) {
	doc, _ := configs.Judge("x.ign", []byte(write("3.6.0 : {'ignition':{'version':'3.6.0','config':{'replace':"+
		"{'source':'https://h/x'}}},'storage':{'files':[{'path':'/'}]}}")))
	require.NotNil(t, doc)
	assert.Empty(t, found(rules.Further(doc)))
}

func TestALinkNeedsATargetInOldVersionsToo(t *testing.T) {
	doc, _ := configs.Judge("x.ign", []byte(write("3.0.0 storage links: [{'path':'/l','target':''}]")))
	require.NotNil(t, doc)
	assert.Contains(t, strings.Join(found(rules.Further(doc)), "; "), "error target-missing $.storage.links.0.target")
}

// What a config shows must not be taken for impossible where a machine may be otherwise.
func TestWhatSomeMachineHasIsNotImpossible(t *testing.T) {
	for claim, short := range map[string]string{
		"a partition that what is merged may add": ": {'ignition':{'version':'3.6.0','config':{'merge':[" +
			"{'source':'https://h/x'}]}},'storage':{'disks':[{'device':'/dev/a','wipeTable':true}]," +
			"'luks':[{'name':'v','device':'/dev/a2'}]}}",
		"a partition that the disk gets by another of its names": "storage: {'disks':[{'device':'/dev/a'," +
			"'wipeTable':true},{'device':'/dev/disk/by-id/b','partitions':[{'number':2}]}]," +
			"'luks':[{'name':'v','device':'/dev/a2'}]}",
		"a disk that is called like a partition of another": "storage: {'disks':[{'device':'/dev/disk/by-id/d'," +
			"'wipeTable':true,'partitions':[{'number':2,'label':'x'}]}],'luks':[{'name':'v'," +
			"'device':'/dev/disk/by-id/d2'},{'name':'w','device':'/dev/disk/by-partlabel/x'}]}",
		"an array that is called like a partition of one": "storage: {'disks':[{'device':'/dev/md/d'," +
			"'wipeTable':true}],'luks':[{'name':'v','device':'/dev/md/d1'}]}",
		"a hard link to what may be a link to a directory": "storage: {'files':[{'path':'/d/f'}],'links':[" +
			"{'path':'/h','target':'/d','hard':true}]}",
	} {
		doc, told := configs.Judge("x.ign", []byte(write("3.6.0 "+short)))
		require.NotNil(t, doc, "%s: %v", short, told)
		assert.Empty(t, found(rules.Further(doc)), claim)
	}
}
