package disks

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/tests/machines"
)

// A bench is a folder of image files and fake tools: each notes how it was called, and what it read from the file of
// its key.
type bench struct {
	t       *testing.T
	dir     string
	names   map[string]string
	options Options
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, dir: t.TempDir(), names: map[string]string{}}
	for _, tool := range []string{"mdadm", "cryptsetup", "wipefs", "clevis", "zkey", "zkey-cryptsetup"} {
		b.tool(tool, "")
	}
	b.tool("wipefs", `dd if=/dev/zero of="$dev" bs=4096 count=8 conv=notrunc status=none`)
	b.tool("cryptsetup",
		`case $1 in luksFormat) gzip -dc "`+b.header("marked")+`" | dd of="$dev" conv=notrunc status=none; esac`)
	tools := tool.New(b.names, nil)
	b.options = Options{
		Tools: tools, Devices: &device.Devices{Tools: tools, Root: b.dir, Aliases: filepath.Join(b.dir, "aliases"),
			Patience: 1}, Random: machines.Dice(),
		Fetch: func(_ context.Context, r config.Resource) (diag.Secret, error) {
			return diag.Secret(strings.TrimPrefix(*r.Source, "data:,")), nil
		},
		Reach: func(_ context.Context, url string) error {
			b.note("GET " + url)
			return nil
		},
	}
	return b
}

func (b *bench) header(name string) string {
	path, err := filepath.Abs("../../internal/block/testdata/luks/" + name + ".gz")
	require.NoError(b.t, err)
	return path
}

func (b *bench) note(line string) {
	f, err := os.OpenFile(b.dir+"/log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(b.t, err)
	defer f.Close()
	_, err = f.WriteString(line + "\n")
	require.NoError(b.t, err)
}

// tool makes a fake: $dev is the first argument that is an alias, or the last.
func (b *bench) tool(name, script string) {
	at := filepath.Join(b.dir, name)
	text := `#!/bin/sh
for dev; do case "$dev" in */aliases/*) break;; esac; done
{ printf '` + name + `'; for word; do printf ' %s' "${word:-''}"; done
case "$*" in */proc/self/fd/3*) printf ' <<'; head -c 12 /proc/self/fd/3;; esac
echo; } >>` + b.dir + `/log
` + script + "\n"
	require.NoError(b.t, os.WriteFile(at, []byte(text), 0o700))
	b.names[name] = at
}

// image makes a device of 8 MiB that starts with the header of a fixture, if one is named.
func (b *bench) image(name, header string) string {
	at := filepath.Join(b.dir, name)
	f, err := os.Create(at)
	require.NoError(b.t, err)
	defer f.Close()
	if header != "" {
		compressed, err := os.Open(b.header(header))
		require.NoError(b.t, err)
		defer compressed.Close()
		z, err := gzip.NewReader(compressed)
		require.NoError(b.t, err)
		_, err = io.Copy(f, z)
		require.NoError(b.t, err)
	}
	require.NoError(b.t, f.Truncate(8<<20))
	return at
}

// storage reads the storage part of a config; $ stands for the bench's folder and ' for ".
func (b *bench) storage(text string) (s config.Storage) {
	b.t.Helper()
	text = strings.NewReplacer("'", `"`, "$", b.dir).Replace(text)
	require.NoError(b.t, json.Unmarshal([]byte(text), &s), text)
	return s
}

// short takes out what differs from test to test.
func (b *bench) short(text string) string { return strings.ReplaceAll(text, b.dir, "$") }

// preview gives the plan as people see it, or why there is none.
func (b *bench) preview(text string) string {
	b.t.Helper()
	forecast, err := Preview(b.storage(text), b.options.Devices.Scene(), b.options.Random)
	if err != nil {
		return b.short(err.Error())
	}
	return b.short(forecast.Actions().Bind(nil).String())
}

// run runs the stage, and gives the tools that it ran.
func (b *bench) run(text string) (keys Keys, ran string, err error) {
	b.t.Helper()
	_ = os.Remove(b.dir + "/log")
	keys, err = Run(b.t.Context(), b.storage(text), b.options)
	log, _ := os.ReadFile(b.dir + "/log")
	return keys, b.short(string(log)), err
}

// withFlags gives a volume flags, with a good checksum, in its first header.
func withFlags(t *testing.T, image, flags string) {
	t.Helper()
	const size = 16 << 10
	f, err := os.OpenFile(image, os.O_RDWR, 0)
	require.NoError(t, err)
	defer f.Close()
	header := make([]byte, size)
	_, err = f.ReadAt(header, 0)
	require.NoError(t, err)
	text := strings.Replace(string(header[4096:]), `"config":{`, `"config":{"flags":[`+flags+`],`, 1)
	copy(header[4096:], text[:size-4096])
	clear(header[448:512])
	sum := sha256.Sum256(header)
	copy(header[448:], sum[:])
	_, err = f.WriteAt(header, 0)
	require.NoError(t, err)
}

func TestToolsOfArraysAndVolumesAreMissedBeforeAnythingIsDone(t *testing.T) {
	b := newBench(t)
	b.image("a", "")
	for _, tool := range []string{"mdadm", "cryptsetup", "wipefs", "clevis", "zkey", "zkey-cryptsetup"} {
		b.names[tool] = b.dir + "/no-" + tool
	}
	_, ran, err := b.run(`{'disks': [{'device': '$/a', 'wipeTable': true, 'partitions': [{'number': 1}]}],
		'raid': [{'name': 'md', 'level': 'raid1', 'devices': ['/dev/x']}],
		'luks': [{'name': 'l', 'device': '/dev/y', 'wipeVolume': true, 'clevis': {'tpm2': true}}, {'name': 'x', 'device': '/dev/z', 'cex': {'enabled': true}}]}`)
	require.ErrorIs(t, err, tool.ErrNotFound)
	for i, want := range []string{"array md ($.storage.raid.0): $/no-mdadm", "luks l ($.storage.luks.0): " +
		"$/no-cryptsetup", "luks l ($.storage.luks.0): $/no-wipefs", "luks l ($.storage.luks.0): $/no-clevis",
		"luks x ($.storage.luks.1): $/no-zkey", "luks x ($.storage.luks.1): $/no-zkey-cryptsetup"} {
		assert.Equal(t, want+": program not found", strings.Split(b.short(err.Error()), "\n")[i])
	}
	assert.Empty(t, ran)
	first := make([]byte, 4096)
	f, err := os.Open(b.dir + "/a")
	require.NoError(t, err)
	defer f.Close()
	_, err = f.ReadAt(first, 0)
	require.NoError(t, err)
	assert.Equal(t, make([]byte, 4096), first)
}

// A refusal says what would allow the loss, also to those who only see the hints.
func TestRefusalsHaveHints(t *testing.T) {
	b := newBench(t)
	machines.Put(t, b.image("a", ""), 1024, machines.Ext4("box"))
	b.image("b", "")
	for text, want := range map[string]string{
		"'raid': [{'name': 'r', 'level': 'raid1', 'devices': ['$/a', '$/b']}]": "set wipeTable of its disk, " +
			"or wipePartitionEntry of its partition, to true",
		"'luks': [{'name': 'v', 'device': '$/a'}]":            "set wipeVolume to true",
		"'filesystems': [{'device': '$/a', 'format': 'xfs'}]": "set wipeFilesystem to true",
	} {
		_, err := Preview(b.storage("{"+text+"}"), b.options.Devices.Scene(), nil)
		require.Len(t, diag.Hints(err), 1, text)
		assert.Contains(t, diag.Hints(err)[0], want)
	}
	busy := scene.Seen{Node: "/dev/vda", Users: []scene.User{{Use: scene.Swap}}}
	assert.Equal(t, []string{"end what uses the device, or name another one in the config"}, diag.Hints(busy.Free()))
	sealed := scene.Seen{Node: "/dev/vda", ReadOnly: true}
	assert.Len(t, diag.Hints(sealed.Free()), 1)
}

// A preview knows that what the first round wipes is blank for those after it, whatever name they have for the disk.
func TestAPreviewSeesAWipedDiskAsBlank(t *testing.T) {
	for _, device := range []string{"$/a", "$/link"} {
		b := newBench(t)
		machines.Put(t, b.image("a", ""), 1024, machines.Ext4("box"))
		require.NoError(t, os.Symlink(b.dir+"/a", b.dir+"/link"))
		got := b.preview("{'disks': [{'device': '$/a', 'wipeTable': true}], 'filesystems': [{'device': '" + device +
			"', 'format': 'xfs'}]}")
		assert.Contains(t, got, "- partition table of $/a  wiped, with ext4 \"box\" that fills the disk")
		assert.Regexp(t, `\+ filesystem on \`+device+` +xfs\n`, got)
		tableOn(b, "a")
		got = b.preview("{'disks': [{'device': '$/a', 'partitions': [{'number': 5}]}], 'filesystems': [{'device': '" +
			device + "', 'format': 'xfs'}]}")
		assert.Contains(t, got, "has partitions")
	}
}

func TestAPreviewGoesThroughAllRounds(t *testing.T) {
	b := newBench(t)
	for _, name := range []string{"x", "y"} {
		require.NoError(t, os.Truncate(b.image(name, ""), 64<<20))
	}
	got := b.preview(`{'disks': [{'device': '$/x', 'partitions': [{'number': 1, 'label': 'm0'}]}, {'device': '$/y', 'partitions': [{'number': 1, 'label': 'm1'}]}],
		'raid': [{'name': 'data', 'level': 'raid1', 'devices': ['/dev/disk/by-partlabel/m0', '/dev/disk/by-partlabel/m1']}],
		'luks': [{'name': 'v', 'device': '/dev/md/data'}, {'name': 'w', 'device': '/dev/md/data', 'wipeVolume': true}],
		'filesystems': [{'device': '/dev/mapper/v', 'format': 'xfs'}]}`)
	assert.Equal(t, "luks w ($.storage.luks.1): /dev/md/data is in $.storage.luks.0 already", got)
	got = b.preview(`{'disks': [{'device': '$/x', 'partitions': [{'number': 1, 'label': 'm0'}]}, {'device': '$/y', 'partitions': [{'number': 1, 'label': 'm1'}]}],
		'raid': [{'name': 'data', 'level': 'raid1', 'devices': ['/dev/disk/by-partlabel/m0', '/dev/disk/by-partlabel/m1']}],
		'luks': [{'name': 'v', 'device': '/dev/md/data', 'wipeVolume': true}],
		'filesystems': [{'device': '/dev/mapper/v', 'format': 'xfs'}]}`)
	assert.Contains(t, got, "+ array data")
	assert.Contains(t, got, "? luks v")
	assert.Contains(t, got, "? filesystem on /dev/mapper/v")
}
