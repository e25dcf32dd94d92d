//go:build vm

package guest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/tests/foretold"
)

const partitionGUID = "00000000-0000-4000-8000-00000000000"

// leadsTo checks links as they are at this moment: who waits for udev is the stage.
func leadsTo(t *testing.T, node string, links ...string) {
	t.Helper()
	for _, link := range links {
		is, err := filepath.EvalSymlinks(link)
		require.NoError(t, err)
		assert.Equal(t, node, is, link)
	}
}

// What udev and a kernel that reads GPTs make of a table is there when the stage is done, however often it changes.
func TestUdevFollowsPartitions(t *testing.T) {
	link := Disks(t, 1)[0]
	disk, err := filepath.EvalSymlinks(link)
	require.NoError(t, err)
	form := `{'disks':[{'device':'%0','partitions':[
		{'number':1,'startMiB':1,'sizeMiB':SIZE,'label':'LEFT','guid':'` + partitionGUID + `A','wipePartitionEntry':true},
		{'number':2,'startMiB':200,'sizeMiB':SIZE,'label':'RIGHT','guid':'` + partitionGUID + `B','wipePartitionEntry':true},
		{'number':3,'startMiB':400,'sizeMiB':10,'shouldExist':THIRD,'wipePartitionEntry':true}]}]}`
	for round := range 6 {
		a, b, odd := "1", "2", round%2 == 1
		left, right := "boxes of a", "data"
		if odd {
			a, b, left, right = b, a, right, left
		}
		newStage(t, strings.NewReplacer("SIZE", fmt.Sprint(100-round), "LEFT", left, "RIGHT", right, "THIRD",
			fmt.Sprint(odd), partitionGUID+"A", partitionGUID+a, partitionGUID+"B", partitionGUID+b).Replace(form),
			link).mustRun()
		leadsTo(t, disk+"1", link+"-part1", "/dev/disk/by-partuuid/"+partitionGUID+a,
			"/dev/disk/by-partlabel/"+strings.ReplaceAll(left, " ", `\x20`))
		leadsTo(t, disk+"2", link+"-part2", "/dev/disk/by-partuuid/"+partitionGUID+b,
			"/dev/disk/by-partlabel/"+strings.ReplaceAll(right, " ", `\x20`))
		assert.Equal(t, fmt.Sprint((100-round)*2048), Run(t, "blockdev", "--getsz", disk+"1"))
		_, err := os.Stat(disk + "3")
		assert.Equal(t, odd, err == nil, "partition 3: %v", err)
		assert.Contains(t, Run(t, "sfdisk", "--verify", disk), "No errors detected")
	}
}

// A filesystem is made on a partition of the same run, by the name that udev gives it; the second run finds all as it
// is.
func TestPartitionsAndTheirFilesystems(t *testing.T) {
	link := Disks(t, 1)[0]
	s := newStage(t, `{'disks':[{'device':'%0','wipeTable':false,'partitions':[{'number':1,'sizeMiB':300,'label':'srv'},{'label':'rest','number':2}]}],
		'filesystems':[{'device':'/dev/disk/by-partlabel/srv','format':'ext4','label':'srv'},{'device':'%0-part2','format':'swap'}]}`, link)
	s.mustRun()
	disk, err := filepath.EvalSymlinks(link)
	require.NoError(t, err)
	assert.Equal(t, "ext4", Run(t, "blkid", "-p", "-o", "value", "-s", "TYPE", disk+"1"))
	assert.Equal(t, "swap", Run(t, "blkid", "-p", "-o", "value", "-s", "TYPE", disk+"2"))
	Mount(t, disk+"1", "ext4")
	id := Run(t, "blkid", "-p", "-o", "value", "-s", "PART_ENTRY_UUID", disk+"2")
	s.mustRun()
	assert.Equal(t, id, Run(t, "blkid", "-p", "-o", "value", "-s", "PART_ENTRY_UUID", disk+"2"))
}

// kpartx stands for what udev has multipath's tools do: make and remove the partitions of the disk mpa.
const kpartx = `#!/bin/sh
if [ "$1" = trigger ]; then
	for name in $(dmsetup ls --target linear | cut -f1 | grep '^mpap'); do dmsetup remove --retry "$name"; done
	partx -rgo NR,START,SECTORS /dev/mapper/mpa | while read -r number start size; do
		dmsetup create "mpap$number" --table "0 $size linear /dev/mapper/mpa $start"
	done
fi
exec /usr/bin/udevadm settle
`

// The partitions of a multipath disk are devices of their own. They hold the disk, and are no use of it.
func TestPartitionsOfAMultipathDisk(t *testing.T) {
	disk := Disks(t, 1)[0]
	Run(t, "dmsetup", "create", "mpa", "--table", "0 2097152 linear "+disk+" 0")
	program := filepath.Join(t.TempDir(), "udevadm")
	require.NoError(t, os.WriteFile(program, []byte(kpartx), 0o755))
	t.Cleanup(func() {
		Run(t, "sh", "-c",
			"dmsetup ls --target linear | cut -f1 | grep '^mpa' | sort -r | xargs -n1 dmsetup remove --retry")
	})
	Run(t, "udevadm", "settle")
	run := func(partitions string) (string, error) {
		s := newStage(t, `{'disks':[{'device':'/dev/disk/by-id/dm-name-mpa','partitions':[`+partitions+`]}]}`)
		s.options.Devices.Patience = 5 * time.Second
		s.options.Devices.Tools = tool.New(map[string]string{"udevadm": program}, nil)
		_, err := s.run()
		return s.log.String(), err
	}
	_, err := run(`{'number':1,'startMiB':1,'sizeMiB':300},{'number':2,'startMiB':400,'sizeMiB':100}`)
	require.NoError(t, err)
	assert.Equal(t, "0 614400 linear", strings.Join(strings.Fields(Run(t, "dmsetup", "table", "mpap1"))[:3], " "))
	log, err := run(`{'number':1,'startMiB':1,'sizeMiB':310,'resize':true},` +
		`{'number':2,'shouldExist':false,'wipePartitionEntry':true},{'number':3,'startMiB':600}`)
	require.NoError(t, err, log)
	assert.Equal(t, "0 634880 linear", strings.Join(strings.Fields(Run(t, "dmsetup", "table", "mpap1"))[:3], " "))
	assert.NoFileExists(t, "/dev/disk/by-id/dm-name-mpap2")
	assert.FileExists(t, "/dev/disk/by-id/dm-name-mpap3")
	Run(t, "mkfs.ext4", "-q", "/dev/mapper/mpap1")
	at := Mount(t, "/dev/mapper/mpap1", "ext4")
	_, err = run(`{'number':1,'shouldExist':false,'wipePartitionEntry':true}`)
	require.ErrorContains(t, err, "is in use (mounted at "+at+"), and would be changed")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755))
	_, err = run(`{'number':7,'startMiB':500,'sizeMiB':1}`)
	require.ErrorContains(t, err, "partition 7 is not there for the kernel")
	require.NoError(t,
		os.WriteFile(program, []byte(strings.ReplaceAll(kpartx, "grep '^mpap'", "grep '^mpap[2-9]'")), 0o755))
	log, err = run(`{'number':7,'startMiB':500,'sizeMiB':1}`)
	require.NoError(t, err, log)
}

// vfat gives all files one mode and ignores chmod. So what a first run has written there is what the config asks for.
func TestFilesOnVFATAreDoneTheSecondTime(t *testing.T) {
	disk := Disks(t, 1)[0]
	Run(t, "mkfs.fat", disk)
	root := Mount(t, disk, "vfat")
	config := filepath.Join(t.TempDir(), "config.ign")
	require.NoError(t, os.WriteFile(config, []byte(`{"ignition": {"version": "3.4.0"}, "storage": {
		"directories": [{"path": "/a", "mode": 448}],
		"files": [{"path": "/a/inline", "contents": {"source": "data:,text"}}, {"path": "/a/secret", "mode": 384, "contents": {"source": "data:,s"}}]}}`), 0o600))
	args := []string{Program(t, "glowplug"), "apply", "--root", root, config}
	a, is := foretold.Applied(args)
	require.True(t, is)
	for _, summary := range []string{"2 files; 1 directory", "nothing to do; 3 unchanged"} {
		told, err := foretold.Ask(a.Command(""))
		require.NoError(t, err)
		assert.Equal(t, summary, told.Summary)
		var said bytes.Buffer
		command := exec.Command(args[0], args[1:]...)
		command.Stderr = &said
		require.NoError(t, command.Run(), &said)
		assert.Empty(t, a.Said(&told, said.String()))
		assert.Equal(t, "text", Run(t, "cat", root+"/a/inline"))
		again, err := foretold.Ask(a.Command(""))
		require.NoError(t, err)
		assert.Zero(t, again.Exit, again.Summary)
	}
	require.Error(t, exec.Command(Program(t, "glowplug"), "apply", "--root", root, other(t, config)).Run(),
		"other content is refused")
}

// other is the config with another content for a file.
func other(t *testing.T, config string) string {
	t.Helper()
	text, err := os.ReadFile(config)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "other.ign")
	require.NoError(t, os.WriteFile(path, bytes.Replace(text, []byte("data:,text"), []byte("data:,else"), 1), 0o600))
	return path
}
