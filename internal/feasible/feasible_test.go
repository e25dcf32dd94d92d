package feasible_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/feasible"
	"github.com/glowplug-os/glowplug/tests/configs"
)

// refusals are the places of what is refused of a config, whose text has single quotes.
func refusals(t *testing.T, members string) (all []string, problems []diag.Problem) {
	t.Helper()
	text := strings.ReplaceAll("{'ignition':{'version':'3.6.0'},"+members+"}", "'", `"`)
	doc, told := configs.Judge("x.ign", []byte(text))
	require.NotNil(t, doc, told)
	problems = feasible.Problems(doc)
	for _, p := range problems {
		all = append(all, p.Path)
	}
	return all, problems
}

func storage(members string) string { return "'storage':{" + members + "}" }

const (
	core = "'passwd':{'users':[{'name':'core','sshAuthorizedKeys':['ssh-ed25519 AAAA']}]},"
	unit = "'systemd':{'units':[{'name':'a.service','contents':'[Service]','enabled':true," +
		"'dropins':[{'name':'a.conf','contents':'[Unit]'}]}]},"
	wiped = "'disks':[{'device':'/dev/a','wipeTable':true,'partitions':[{'number':1,'label':'one'}]}],"
)

// mounted is storage with a filesystem that is not wiped.
func mounted(at, members string) string {
	return storage("'filesystems':[{'device':'/dev/a','format':'ext4','path':'" + at + "'}]," + members)
}

func TestWhatNothingSuitsIsRefused(t *testing.T) {
	for claim, c := range map[string]struct{ config, want string }{
		"a hard link that names itself": {storage("'links':[{'path':'/h','target':'/h'," +
			"'hard':true}]"), "$.storage.links.0"},
		"a hard link to nothing in a filesystem that is wiped": {storage("'filesystems':[{'device':'/dev/a'," +
			"'format':'ext4','path':'/var','wipeFilesystem':true}],'links':[{'path':'/var/h','target':'/var/f'," +
			"'hard':true}]"), "$.storage.links.0"},
		"a hard link to nothing on a volume that is wiped": {storage("'luks':[{'name':'v','device':'/dev/a'," +
			"'wipeVolume':true}],'filesystems':[{'device':'/dev/mapper/v','format':'ext4','path':'/var'}]," +
			"'links':[{'path':'/var/h','target':'/var/f','hard':true}]"), "$.storage.links.0"},
		"a hard link from one filesystem to another": {mounted("/var", "'links':[{'path':'/h','target':'/var/f',"+
			"'hard':true}]"), "$.storage.links.0"},
		"a hard link to what is below a file": {storage("'files':[{'path':'/f'}],'links':[{'path':'/h'," +
			"'target':'/f/x','hard':true}]"), "$.storage.links.0"},
		"a hard link to a directory made on a way": {storage("'files':[{'path':'/d/f'}],'links':[{'path':'/h'," +
			"'target':'/d','hard':true}]"), "$.storage.links.0"},
		"a file in the way of the account files": {core + storage("'directories':[{"+
			"'path':'/etc/passwd'}]"), "$.storage.directories.0"},
		"a home that is an account file": {"'passwd':{'users':[{'name':'a','homeDir':'/etc/passwd'," +
			"'sshAuthorizedKeys':['ssh-ed25519 AAAA']}]}", "$.passwd.users.0"},
		"a file in the place of account files, without the account": {core + storage("'files':[{'path':'/etc/passwd',"+
			"'contents':{'source':'data:,x'}}]"), "$.storage.files.0"},
		"a packed file in the place of account files, without the account": {core + storage("'files':[{"+
			"'path':'/etc/passwd','contents':{'compression':'gzip','source':'"+packed("root:x:0:0::/:/bin/sh\n")+"'}}]"),
			"$.storage.files.0"},
		"a file of hashes without one": {"'passwd':{'users':[{'name':'core','passwordHash':'*'}]}," +
			storage("'files':[{'path':'/etc/shadow','mode':384,'contents':{'source':'data:,root:*:1::::::%0A'}}]"),
			"$.storage.files.0"},
		"a volume that takes a disk from what is on its partitions": {storage(wiped + "'luks':[{'name':'v'," +
			"'device':'/dev/a','wipeVolume':true},{'name':'w','device':'/dev/a1'}]"), "$.storage.luks.0"},
		"a filesystem that takes a disk whose name ends in a digit": {storage("'disks':[{'device':'/dev/nvme0n1'," +
			"'partitions':[{'number':1}]}],'filesystems':[{'device':'/dev/nvme0n1','format':'xfs'," +
			"'wipeFilesystem':true},{'device':'/dev/nvme0n1p1','format':'ext4'}]"), "$.storage.filesystems.0"},
		"a volume that takes a disk from an array": {storage(wiped + "'raid':[{'name':'r','level':'raid1','devices':[" +
			"'/dev/disk/by-partlabel/one','/dev/b']}],'luks':[{'name':'v','device':'/dev/a','wipeVolume':true}]"),
			"$.storage.luks.0"},
		"an array of a disk that has partitions": {storage(wiped + "'raid':[{'name':'r','level':'raid1','devices':[" +
			"'/dev/a','/dev/b']}],'filesystems':[{'device':'/dev/a1','format':'ext4'}]"), "$.storage.raid.0"},
		"a filesystem on a partition that goes": {storage("'disks':[{'device':'/dev/a','partitions':[{'number':1," +
			"'shouldExist':false,'wipePartitionEntry':true}]}],'filesystems':[{'device':'/dev/a1','format':'ext4'}]"),
			"$.storage.filesystems.0"},
		"an array of a partition that goes": {storage("'disks':[{'device':'/dev/disk/by-id/a','partitions':[{" +
			"'number':5,'shouldExist':false}]}],'raid':[{'name':'r','level':'raid1','devices':[" +
			"'/dev/disk/by-id/a-part5','/dev/b']}]"), "$.storage.raid.0"},
		"a partition that has all before another one": {storage("'disks':[{'device':'/dev/a','partitions':[{" +
			"'number':1,'sizeMiB':0,'startMiB':0},{'number':2,'sizeMiB':5}]}]"), "$.storage.disks.0.partitions.0"},
		"a filesystem on a disk with partitions": {storage("'disks':[{'device':'/dev/a'," +
			"'partitions':[{'number':1}]}],'filesystems':[{'device':'/dev/a','format':'ext4'}]"), "$.storage.filesystems.0"},
		"a partition larger than any disk": {storage("'disks':[{'device':'/dev/a','partitions':[{'number':1," +
			"'sizeMiB':8796093022208}]}]"), "$.storage.disks.0.partitions.0"},
		"two partitions that begin at one place": {storage("'disks':[{'device':'/dev/a','partitions':[{'number':1," +
			"'startMiB':1},{'number':2,'startMiB':1}]}]"), "$.storage.disks.0.partitions.0"},
		"a directory for the presets": {unit + storage("'directories':[{'path':"+
			"'/etc/systemd/system-preset/20-ignition.preset'}]"), "$.storage.directories.0"},
		"a file below the presets": {unit + storage("'files':[{'path':"+
			"'/etc/systemd/system-preset/20-ignition.preset/a'}]"), "$.storage.files.0"},
		"a link in place of the presets to their directory": {unit + storage("'links':[{'path':"+
			"'/etc/systemd/system-preset/20-ignition.preset','target':'.'}]"), "$.storage.links.0"},
		"crypttab as a directory": {storage("'luks':[{'name':'v','device':'/dev/a'}],'directories':[{" +
			"'path':'/etc/crypttab'}]"), "$.storage.luks"},
		"two volumes on one device": {storage("'luks':[{'name':'v','device':'/dev/a'},{'name':'w'," +
			"'device':'/dev/a'}]"), "$.storage.luks.1"},
		"a device in two arrays": {storage("'raid':[{'name':'r','level':'raid1','devices':['/dev/a','/dev/b']},{" +
			"'name':'s','level':'raid1','devices':['/dev/b','/dev/c']}]"), "$.storage.raid.1"},
		"a filesystem under two names of one place": {storage(wiped + "'filesystems':[{'device':'/dev/a1'," +
			"'format':'ext4'},{'device':'/dev/disk/by-partlabel/one','format':'xfs'}]"), "$.storage.filesystems.1"},
		"more partitions than a new table has": {storage("'disks':[{'device':'/dev/a','wipeTable':true," +
			"'partitions':[{'number':129}]}]"), "$.storage.disks.0.partitions.0"},
		"filesystems of two formats under two names of one place that may hold any": {storage("'disks':[{" +
			"'device':'/dev/a','partitions':[{'number':1,'label':'one'}]}],'filesystems':[{'device':'/dev/a1'," +
			"'format':'ext4'},{'device':'/dev/disk/by-partlabel/one','format':'xfs'}]"), "$.storage.filesystems.1"},
		"or that begin on a new table": {storage(wiped + "'filesystems':[{'device':'/dev/a1','format':'ext4'},{" +
			"'device':'/dev/disk/by-partlabel/one','format':'ext4','wipeFilesystem':true}]"), "$.storage.filesystems.1"},
		"a second filesystem that wipes the first": {storage("'filesystems':[{'device':'/dev/a','format':'ext4'},{" +
			"'device':'/dev/./a','format':'ext4','wipeFilesystem':true}]"), "$.storage.filesystems.1"},
		"a name of 256 bytes": {storage("'files':[{'path':'/" + strings.Repeat("x", 256) + "'}]"),
			"$.storage.files.0.path"},
		"an owner with a colon": {storage("'files':[{'path':'/a'},{'path':'/b','user':{'name':'a:b'}}]"),
			"$.storage.files.1"},
	} {
		t.Run(claim, func(t *testing.T) {
			got, problems := refusals(t, c.config)
			assert.Equal(t, []string{c.want}, got, "%v", problems)
		})
	}
}

func TestWhatSomeRootOrDiskSuitsIsNotRefused(t *testing.T) {
	for claim, config := range map[string]string{
		"nothing": "'storage':{}",
		"owners that the root has": storage("'files':[{'path':'/f','user':{'name':'nobody'},'group':{" +
			"'name':'adm'}}]"),
		"groups of the root":             "'passwd':{'users':[{'name':'a','primaryGroup':'g','groups':['x','y,z','27']}]}",
		"a group of a user's name":       "'passwd':{'groups':[{'name':'a'}],'users':[{'name':'a'}]}",
		"names that only old tools take": "'passwd':{'users':[{'name':'12'}],'groups':[{'name':'ä'}]}",
		"a home that the root has": "'passwd':{'users':[{'name':'a','noCreateHome':true," +
			"'sshAuthorizedKeys':['ssh-ed25519 AAAA']}]}",
		"a system user with keys": "'passwd':{'users':[{'name':'a','system':true," +
			"'sshAuthorizedKeys':['ssh-ed25519 AAAA']}]}",
		"a home that two users have": "'passwd':{'users':[{'name':'a','homeDir':'/x'},{'name':'b'," +
			"'homeDir':'/x','sshAuthorizedKeys':['ssh-ed25519 AAAA']}]}",
		"many users":                         "'passwd':{'users':[" + accountsOf(2000) + "]}",
		"a file at a home that is elsewhere": core + storage("'files':[{'path':'/home/core'}]"),
		"links that the root has": core + storage("'links':[{'path':'/etc','target':'/x'},{'path':'/home',"+
			"'target':'/var/home'}]"),
		"a hard link to a file of the root": storage("'links':[{'path':'/h','target':'/usr/bin/x','hard':true}]"),
		"a hard link to one behind a link": storage("'links':[{'path':'/l','target':'/srv'},{'path':'/h'," +
			"'target':'/l/x','hard':true}]"),
		"a hard link to a link": storage("'links':[{'path':'/l','target':'/srv'},{'path':'/h','target':'/l'," +
			"'hard':true}]"),
		"a place that is elsewhere unless": unit + storage("'files':[{'path':'/etc/systemd/system/b.service'},{"+
			"'path':'/etc/other'}]"),
		"a unit in the place of a link": "'systemd':{'units':[{'name':'a.service','mask':true}]}," +
			"" + storage("'links':[{'path':'/etc/systemd/system/a.service','target':'/x'}]"),
		"a filesystem by two names": storage("'filesystems':[{'device':'/dev/a','format':'xfs'},{" +
			"'device':'/dev/./a','format':'xfs'}]"),
		"a label that only what is there has": storage("'filesystems':[{'device':'/dev/a','format':'xfs'},{" +
			"'device':'/dev/./a','format':'xfs','label':'x'}]"),
		"a label that only what is on a partition has": storage("'disks':[{'device':'/dev/a','partitions':[{" +
			"'number':1}]}],'filesystems':[{'device':'/dev/a1','format':'vfat','label':'a*b'}]"),
		"a label that only what begins on a new table has": storage(wiped + "'filesystems':[{'device':'/dev/a1'," +
			"'format':'vfat','label':'a*b'}]"),
		"a label that only what is in a volume has": storage("'luks':[{'name':'v','device':'/dev/a'}]," +
			"'filesystems':[{'device':'/dev/mapper/v','format':'vfat','label':'a*b'}]"),
		"a label that only what is in an array has": storage("'raid':[{'name':'r','level':'raid1','devices':[" +
			"'/dev/a','/dev/b']}],'filesystems':[{'device':'/dev/md/r','format':'vfat','label':'a*b'}]"),
		"partitions that are there": storage("'disks':[{'device':'/dev/a','partitions':[{'number':1," +
			"'label':'a'},{'number':2,'label':'b'},{'number':200}]}]"),
		"a partition that the disk has": storage(wiped + "'filesystems':[{'device':'/dev/a2','format':'ext4'}]"),
		"arrays, volumes and what is on them": storage("'raid':[{'name':'r','level':'raid1','devices':['/dev/a'," +
			"'/dev/b']}],'luks':[{'name':'v','device':'/dev/md/r'}],'filesystems':[{'device':'/dev/mapper/v'," +
			"'format':'ext4','path':'/srv'}],'files':[{'path':'/srv/f'}]"),
		"a volume on one that is there": storage("'luks':[{'name':'a','device':'/dev/mapper/b'},{'name':'b'," +
			"'device':'/dev/b'}]"),
		"an array on a volume that is there": storage("'luks':[{'name':'a','device':'/dev/a'}],'raid':[{" +
			"'name':'r','level':'raid1','devices':['/dev/mapper/a','/dev/b']}]"),
		"a hard link in a filesystem that may be kept": mounted("/var", "'links':[{'path':'/var/h',"+
			"'target':'/var/f','hard':true}]"),
		"a hard link in the root's": mounted("/", "'links':[{'path':'/h','target':'/f','hard':true}]"),
		"a hard link beside what is mounted in it": storage("'filesystems':[{'device':'/dev/a','format':'ext4'," +
			"'path':'/var'},{'device':'/dev/b','format':'ext4','path':'/var/a/b','wipeFilesystem':true}]," +
			"'links':[{'path':'/var/h','target':'/var/a/f','hard':true}]"),
		"a hard link in what is mounted in one that is wiped": storage("'filesystems':[{'device':'/dev/a'," +
			"'format':'ext4','path':'/var','wipeFilesystem':true},{'device':'/dev/b','format':'ext4'," +
			"'path':'/var/a'}],'links':[{'path':'/var/a/h','target':'/var/a/f','hard':true}]"),
		"a hard link in a new partition, which may have had the filesystem": storage("'disks':[{'device':'/dev/a'," +
			"'wipeTable':true,'partitions':[{'number':1}]}],'filesystems':[{'device':'/dev/a1','format':'ext4'," +
			"'path':'/var'}],'links':[{'path':'/var/h','target':'/var/f','hard':true}]"),
		"a hard link beside an account that is there": "'passwd':{'users':[{'name':'12'}]}," +
			mounted("/var", "'links':[{'path':'/var/h','target':'/var/f','hard':true}]"),
		"a home of a filesystem that may be kept": "'passwd':{'users':[{'name':'a','homeDir':'/home/x/a'," +
			"'noCreateHome':true,'sshAuthorizedKeys':['ssh-ed25519 AAAA']}]}," + mounted("/home", "'files':[]"),
		"owners whose accounts may be kept": mounted("/etc", "'files':[{'path':'/etc/a','user':{'name':'z'},"+
			"'group':{'name':'z'}}]"),
		"groups that may be kept": "'passwd':{'users':[{'name':'a','groups':['z'],'primaryGroup':'y'}]}," +
			mounted("/etc", "'files':[]"),
		"crypttab as a file": storage("'luks':[{'name':'v','device':'/dev/a'}],'files':[{'path':'/etc/crypttab'}]"),
		"account files that are packed": core + storage("'files':[{'path':'/etc/passwd','contents':{"+
			"'compression':'gzip','source':'"+packed("root:x:0:0::/root:/bin/sh\ncore:x:1:1::/c:/bin/sh\n")+"'}}]"),
		"files of hashes that accounts need not be in": core + storage("'files':[{'path':'/etc/shadow','mode':416,"+
			"'group':{'name':'shadow'},'contents':{'source':'data:,root:*:1::::::%0A'}},{'path':'/etc/gshadow',"+
			"'user':{'id':5},'mode':0,'contents':{'source':'data:,root:*::%0A'}}]"),
		"a partition in the place of one that goes": storage("'disks':[{'device':'/dev/a','partitions':[{'number':1," +
			"'shouldExist':false},{'label':'x'}]}],'filesystems':[{'device':'/dev/a1','format':'ext4'}]"),
		"partitions that go, and others": storage("'disks':[{'device':'/dev/a','partitions':[{'number':1," +
			"'shouldExist':false}]}],'filesystems':[{'device':'/dev/a2','format':'ext4'}]"),
		"a filesystem that takes a disk with partitions, and one on another disk of that name and a digit": storage(
			"'disks':[{'device':'/dev/disk/by-id/a','partitions':[{'number':1}]}],'filesystems':[{" +
				"'device':'/dev/disk/by-id/a','format':'ext4','wipeFilesystem':true},{'device':'/dev/disk/by-id/a2'," +
				"'format':'ext4'}]"),
		"a volume that takes a disk whose partitions nothing is on": storage(wiped + "'luks':[{'name':'v'," +
			"'device':'/dev/a','wipeVolume':true}],'filesystems':[{'device':'/dev/b1','format':'ext4'}]"),
		"an entry about a disk with partitions that makes nothing of it": storage(wiped +
			"'filesystems':[{'device':'/dev/a'}]"),
		"what only a boot has, in a directory": storage("'directories':[{'path':'/etc/.ignition-result.json'},{" +
			"'path':'/etc/crypttab'}]"),
	} {
		t.Run(claim, func(t *testing.T) {
			_, problems := refusals(t, config)
			assert.Empty(t, problems)
		})
	}
}

// packed is a source with a text as gzip.
func packed(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return "data:;base64," + base64.StdEncoding.EncodeToString(b.Bytes())
}

func accountsOf(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("{'name':'u%d'}", i)
	}
	return strings.Join(all, ",")
}

func TestARefusalNamesBothPlaces(t *testing.T) {
	const other = "'files':[{'path':'/opt/a'},{'path':'/opt/b'},{'path':'/etc/systemd/system/a.service.d'}]"
	_, problems := refusals(t, unit+storage(other))
	require.Len(t, problems, 1)
	p := problems[0]
	assert.Equal(t, "$.systemd.units.0.dropins.0", p.Path)
	assert.True(t, p.Stricter)
	require.Len(t, p.Related, 1)
	assert.Equal(t, "$.storage.files.2", p.Related[0].Path, "files that stand alone are not planned, and are counted")
	text := p.Related[0].Place.Doc.Text
	assert.Contains(t, text[p.Related[0].Place.Span.Start:], "{\"path\":\"/etc/systemd/system/a.service.d\"}")
	assert.NotContains(t, p.Message, "$.")
}

func TestMoreDisksThanAnyMachineHasAreNotPlanned(t *testing.T) {
	disks := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, ",{'device':'/dev/d%d'}", i)
		}
		return storage("'disks':[{'device':'/dev/a','wipeTable':true,'partitions':[{'number':129}]}" + b.String() + "]")
	}
	_, problems := refusals(t, disks(1999))
	assert.Len(t, problems, 1)
	_, problems = refusals(t, disks(2000))
	assert.Empty(t, problems, "which would take gigabytes")
}

// A disk is made up that is larger than any, so figures of it mean nothing.
func TestARefusalHasNoFiguresOfWhatIsMadeUp(t *testing.T) {
	_, problems := refusals(t, storage("'disks':[{'device':'/dev/a','partitions':[{'number':1,'startMiB':1},"+
		"{'number':2,'startMiB':1}]}]"))
	require.Len(t, problems, 1)
	assert.Contains(t, problems[0].Message, "it takes all that is free")
}
