package disks

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/tests/machines"
)

// everyRound has for each round an entry about a device on which nothing is known.
var everyRound = map[string]struct{ config, given, setting string }{
	"disk": {`{'disks': [{'device': '$/a', 'partitions': [{'number': 1}]}]}`, `'wipeTable': true, 'partitions'`,
		"wipeTable"},
	"array": {`{'raid': [{'name': 'data', 'level': 'raid1', 'devices': ['$/a', '$/b']}]}`, "", "wipeTable of its disk"},
	"luks": {`{'luks': [{'name': 'data', 'device': '$/a', 'keyFile': {'source': 'data:,key'}}]}`,
		`'wipeVolume': true, 'device'`, "wipeVolume"},
	"filesystem": {`{'filesystems': [{'device': '$/a', 'format': 'ext4'}]}`, `'wipeFilesystem': true, 'device'`,
		"wipeFilesystem"},
	"empty device": {`{'filesystems': [{'device': '$/a', 'format': 'none'}]}`, `'wipeFilesystem': true, 'device'`,
		"wipeFilesystem"},
}

// vetted is a bench whose blkid prints and exits like this.
func vetted(t *testing.T, script string) *bench {
	b := newBench(t)
	b.image("a", "")
	b.image("b", "")
	b.tool("blkid", script)
	b.tool("mkfs.ext4", fakeExt4)
	return b
}

func TestWhatOnlyLibblkidKnowsIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	for name, c := range everyRound {
		for script, says := range map[string]string{
			"echo futurefs": "is not blank: blkid finds futurefs on it",
			"echo 'ambivalent result (probably more filesystems)' >&2; exit 8": "is not blank: blkid finds several " +
				"filesystems, volumes or members of arrays on it",
			"echo 'error: cannot open: Input/output error' >&2; exit 2": "blkid: exit status 2: error: cannot open: " +
				"Input/output error",
			"exit 4": "blkid: exit status 4",
		} {
			b := vetted(t, script)
			_, ran, err := b.run(c.config)
			require.ErrorContains(t, err, says, name)
			assert.Contains(t, err.Error(), "$.storage.", name)
			if strings.Contains(says, "blank") {
				assert.Contains(t, err.Error(), "/a", name)
				assert.Contains(t, strings.Join(diag.Hints(err), " "), c.setting, name)
			}
			assert.NotContains(t, strings.ReplaceAll(ran, "blkid", ""), "wipefs", name)
			for line := range strings.Lines(ran) {
				assert.True(t, strings.HasPrefix(line, "blkid -p "), "%s ran %s", name, line)
			}
			data, err := os.ReadFile(b.dir + "/a")
			require.NoError(t, err)
			assert.Empty(t, strings.Trim(string(data), "\x00"), name)
		}
	}
}

func TestLibblkidIsNotAskedWhereTheConfigGivesUpWhatIsThere(t *testing.T) {
	for name, c := range everyRound {
		if c.given == "" {
			continue
		}
		word := strings.TrimPrefix(c.given[strings.LastIndex(c.given, ","):], ", ")
		b := vetted(t, "echo futurefs")
		_, ran, err := b.run(strings.Replace(c.config, word, c.given, 1))
		if name != "luks" { // of which the fake tools make no more than a header
			require.NoError(t, err, name)
		}
		assert.NotContains(t, ran, "blkid", name)
	}
}

func TestTablesAndWhatIsUnfinishedAreNothingToLibblkid(t *testing.T) {
	b := vetted(t, "exit 0") // it has a type of a table only, which was not asked for
	_, _, err := b.run(everyRound["disk"].config)
	require.NoError(t, err)
	stopped := "XFSB\x00\x00\x10\x00" + strings.Repeat("\x00", 94) + "\x02\x00" + strings.Repeat("\x00", 22) + "\x01"
	b = vetted(t, "echo xfs")
	machines.Put(t, b.dir+"/a", 0, []byte(stopped))
	_, _, err = b.run(everyRound["filesystem"].config)
	require.NoError(t, err, "mkfs.xfs was stopped")
	b = vetted(t, "echo futurefs")
	machines.Put(t, b.dir+"/a", 0, []byte(stopped))
	_, _, err = b.run(everyRound["filesystem"].config)
	require.ErrorContains(t, err, "futurefs")
}

func TestAMissingBlkidIsNamedBeforeAnythingIsWritten(t *testing.T) {
	for name, c := range everyRound {
		b := vetted(t, "")
		b.names["blkid"] = b.dir + "/none"
		_, ran, err := b.run(c.config)
		require.ErrorIs(t, err, tool.ErrNotFound, name)
		assert.Empty(t, ran, name)
	}
}
