package disks

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/stages/disks/filesystem"
	"github.com/glowplug-os/glowplug/tests/machines"
)

func fsOf(dev, format string, more ...func(*config.Filesystem)) config.Filesystem {
	entry := config.Filesystem{Device: dev, Format: &format}
	for _, each := range more {
		each(&entry)
	}
	return entry
}

func mayWipe(f *config.Filesystem) { f.WipeFilesystem = machines.To(true) }

func labelled(label string) func(*config.Filesystem) {
	return func(f *config.Filesystem) { f.Label = &label }
}

// fakes is a machine of image files with tools that are scripts: $1 to $n are the arguments, $dev the last of them.
type fakes struct {
	dir   string
	names map[string]string
}

// An ext4 of fakes is its magic and a label.
const fakeExt4 = `printf '\123\357' | dd of="$dev" bs=1 seek=1080 conv=notrunc status=none
printf '\104' | dd of="$dev" bs=1 seek=1124 conv=notrunc status=none
printf '\100' | dd of="$dev" bs=1 seek=1120 conv=notrunc status=none
printf data | dd of="$dev" bs=1 seek=1144 conv=notrunc status=none
`

func newFakes(t *testing.T) *fakes {
	f := &fakes{t.TempDir(), map[string]string{}}
	f.tool(t, "wipefs", `dd if=/dev/zero of="$dev" bs=4096 count=1 conv=notrunc status=none`)
	f.tool(t, "mkfs.ext4", fakeExt4)
	return f
}

func (f *fakes) tool(t *testing.T, name, script string) {
	at := filepath.Join(f.dir, name)
	text := "#!/bin/sh\nfor dev; do :; done\necho \"" + name + " $*\" >>" + f.dir + "/log\n" + script + "\n"
	require.NoError(t, os.WriteFile(at, []byte(text), 0o700))
	f.names[name] = at
}

func (f *fakes) image(t *testing.T, name string) string {
	at := filepath.Join(f.dir, name)
	require.NoError(t, os.WriteFile(at, nil, 0o600))
	require.NoError(t, os.Truncate(at, 2<<20))
	return at
}

// run makes the filesystems, and gives the tools that ran, without the folder that all is in.
func (f *fakes) run(ctx context.Context, t *testing.T, entries ...config.Filesystem) (ran string, err error) {
	_ = os.Remove(f.dir + "/log")
	tools := tool.New(f.names, nil)
	o := Options{Tools: tools, Devices: &device.Devices{Tools: tools, Root: f.dir, Aliases: f.dir + "/aliases"},
		Width: 1}
	err = newRun(config.Storage{Filesystems: entries}, o).round(ctx, filesystem.Row())
	log, _ := os.ReadFile(f.dir + "/log")
	return strings.ReplaceAll(string(log), f.dir, ""), err
}

func TestToolsGetTheAliasAndAreNotRunAgain(t *testing.T) {
	f := newFakes(t)
	image := f.image(t, "disk")
	entry := fsOf(image, "ext4", labelled("data"))
	ran, err := f.run(t.Context(), t, entry)
	require.NoError(t, err)
	assert.Equal(t, "wipefs -a /aliases/disk\nmkfs.ext4 -F -L data /aliases/disk\n", ran)
	ran, err = f.run(t.Context(), t, entry)
	require.NoError(t, err)
	assert.Empty(t, ran)
	mayWipe(&entry)
	ran, err = f.run(t.Context(), t, entry)
	require.NoError(t, err)
	assert.Equal(t, 2, strings.Count(ran, "\n"), ran)
}

func TestUdevLooksAgainAfterAFilesystemIsMade(t *testing.T) {
	f := newFakes(t)
	image := f.image(t, "disk")
	f.tool(t, "udevadm", "")
	require.NoError(t, os.MkdirAll(f.dir+"/run/udev", 0o700))
	require.NoError(t, os.WriteFile(f.dir+"/run/udev/control", nil, 0o600))
	ran, err := f.run(t.Context(), t, fsOf(image, "ext4"))
	require.NoError(t, err)
	assert.Equal(t, "wipefs -a /aliases/disk\nmkfs.ext4 -F /aliases/disk\nudevadm trigger --settle /disk\n", ran)
	ran, err = f.run(t.Context(), t, fsOf(image, "none", mayWipe))
	require.NoError(t, err)
	assert.Equal(t, "wipefs -a /aliases/disk\n", ran)
}

func TestMissingToolsAreNamedBeforeAnythingIsLost(t *testing.T) {
	f := newFakes(t)
	one, two, three := f.image(t, "one"), f.image(t, "two"), f.image(t, "three")
	f.names["mkfs.xfs"], f.names["mkswap"] = f.dir+"/xfs-that-is-not-there", f.dir+"/swap-that-is-not-there"
	ran, err := f.run(t.Context(), t, fsOf(one, "ext4"), fsOf(two, "xfs"), fsOf(three, "swap"))
	require.ErrorIs(t, err, tool.ErrNotFound)
	assert.Contains(t, err.Error(),
		"filesystem on "+two+" ($.storage.filesystems.1): "+f.dir+"/xfs-that-is-not-there: program not found")
	assert.Contains(t, err.Error(),
		"filesystem on "+three+" ($.storage.filesystems.2): "+f.dir+"/swap-that-is-not-there: program not found")
	assert.Empty(t, ran)
}

func TestAToolThatFails(t *testing.T) {
	for name, c := range map[string]struct{ tool, script, want string }{
		"has its own words in the error": {"mkfs.ext4", "echo No space left on device >&2; exit 1",
			"mkfs.ext4: exit status 1: No space left on device"},
		"or is wipefs": {"wipefs", "echo Device or resource busy >&2; exit 1",
			"wipefs: exit status 1: Device or resource busy"},
		"or makes nothing": {"mkfs.ext4", "true",
			"mkfs.ext4 was run, but what is there now is not as wanted: nothing known on it"},
		"or makes something else": {"mkfs.ext4", `printf XFSB | dd of="$dev" bs=1 conv=notrunc status=none; printf ` +
			`'\20\0' | dd of="$dev" bs=1 seek=6 conv=notrunc status=none; printf '\2\0' | dd of="$dev" bs=1 seek=102 ` +
			`conv=notrunc status=none`, "mkfs.ext4 was run, but what is there now is not as wanted: xfs"},
		"or gives it another label": {"mkfs.ext4",
			fakeExt4 + `printf other | dd of="$dev" bs=1 seek=1144 conv=notrunc status=none`,
			`mkfs.ext4 was run, but what is there now is not as wanted: the label is "other"`},
		"or loses the device": {"mkfs.ext4", `rm "$(readlink "$dev")"`, "no such file or directory"},
		"or hangs, and is ended with the run": {"mkfs.ext4", `: >"$0.hangs"; exec sleep 600`,
			"mkfs.ext4: context canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakes(t)
			image := f.image(t, "disk")
			f.tool(t, c.tool, c.script)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			go func() {
				for ctx.Err() == nil {
					if _, err := os.Stat(f.dir + "/mkfs.ext4.hangs"); err == nil {
						stop()
					}
					time.Sleep(time.Millisecond)
				}
			}()
			_, err := f.run(ctx, t, fsOf(image, "ext4", labelled("data")))
			require.ErrorContains(t, err, c.want)
			assert.Contains(t, err.Error(), "filesystem on "+image+" ($.storage.filesystems.0): ")
		})
	}
}

func TestAFilesystemIsNotMadeOverWhatWasNotPlannedFor(t *testing.T) {
	f := newFakes(t)
	image := f.image(t, "disk")
	tools := tool.New(f.names, nil)
	o := Options{Tools: tools, Devices: &device.Devices{Tools: tools, Root: f.dir, Aliases: f.dir + "/aliases"}}
	err := o.Devices.Alias(image, image)
	require.NoError(t, err)
	s := config.Storage{Filesystems: []config.Filesystem{fsOf(image, "ext4", mayWipe)}}
	lane := lanesOf(t, filesystem.Row(), s, o)[0]

	data := make([]byte, 4096)
	copy(data[4086:], "SWAP-SPACE")
	require.NoError(t, os.WriteFile(image, append(data, make([]byte, 2<<20-4096)...), 0o600))
	err = lane.Run(t.Context(), plan.Options{})
	assert.ErrorContains(t, err, "swap) has changed since it was looked at: it was ")
	assert.NoFileExists(t, f.dir+"/log")

	table, err := os.ReadFile(machines.File(t, 2, machines.Part(1, 1, 0, "somebody's")))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(image, table, 0o600))
	err = lane.Run(t.Context(), plan.Options{})
	assert.ErrorContains(t, err, "has changed since it was looked at", "partitions are content as well")
	assert.NoFileExists(t, f.dir+"/log")

	other := f.image(t, "other")
	require.NoError(t, os.WriteFile(image, make([]byte, 2<<20), 0o600))
	require.NoError(t, os.Rename(o.Devices.AliasOf(image), f.dir+"/kept"))
	require.NoError(t, os.Symlink(other, o.Devices.AliasOf(image)))
	assert.ErrorContains(t, lane.Run(t.Context(), plan.Options{}), "has changed since it was looked at",
		"another blank device is not the one")
	require.NoError(t, os.Rename(f.dir+"/kept", o.Devices.AliasOf(image)))

	require.NoError(t, lane.Run(t.Context(), plan.Options{}))
	require.NoError(t, lane.Run(t.Context(), plan.Options{}), "the same plan again meets what it has made")
}

func TestTheMarkOfAVfatInTheMaking(t *testing.T) {
	f := newFakes(t)
	image := f.image(t, "disk")
	fat := `printf '\353\130\220mkfs.fat\0\2\1\40\0\2\0\0\0\10\370\0\0' | dd of="$dev" bs=1 conv=notrunc status=none
printf '\20\0\0\0' | dd of="$dev" bs=1 seek=36 conv=notrunc status=none; printf 'FAT32   ' | dd of="$dev" bs=1 seek=82 conv=notrunc status=none
`
	f.tool(t, "mkfs.fat", fat+"exit 1")
	_, err := f.run(t.Context(), t, fsOf(image, "vfat"))
	require.ErrorContains(t, err, "mkfs.fat: exit status 1")
	devices := &device.Devices{Root: f.dir}
	seen, err := devices.Scene().Look(image)
	require.NoError(t, err)
	assert.Equal(t, "vfat", seen.Content.First().Type)
	assert.True(t, seen.Content.Unfinished)

	f.tool(t, "mkfs.fat", fat)
	ran, err := f.run(t.Context(), t, fsOf(image, "vfat"))
	require.NoError(t, err)
	assert.Contains(t, ran, "mkfs.fat")
	seen, err = devices.Scene().Look(image)
	require.NoError(t, err)
	assert.False(t, seen.Content.Unfinished)
}

func TestPredictedContentIsWhatIsThenThere(t *testing.T) {
	f := newFakes(t)
	blank, old, half, kept := f.image(t, "blank"), f.image(t, "old"), f.image(t, "half"), f.image(t, "kept")
	_, err := f.run(t.Context(), t, fsOf(old, "ext4"), fsOf(kept, "ext4"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(half, halfXFS(), 0o600))
	s := config.Storage{Filesystems: []config.Filesystem{
		fsOf(blank, "ext4", labelled("data")), fsOf(old, "none", mayWipe), fsOf(half, "ext4", labelled("data")),
		fsOf(kept, "ext4"),
	}}
	devices := &device.Devices{Root: f.dir, Aliases: f.dir + "/aliases"}
	p, err := planRow(filesystem.Row(), s, devices.Scene(), nil)
	require.NoError(t, err)
	_, err = f.run(t.Context(), t, s.Filesystems...)
	require.NoError(t, err)
	for i, entry := range s.Filesystems {
		seen, err := devices.Scene().Look(entry.Device)
		require.NoError(t, err)
		assert.Equal(t, seen.Content, p.After[i].Seen.Content, entry.Device)
		assert.Equal(t, seen.Size, p.After[i].Seen.Size)
	}
}

func TestAPreviewNeedsNoToolsAndRunsNone(t *testing.T) {
	f := newFakes(t)
	image := f.image(t, "disk")
	tools := tool.New(map[string]string{"wipefs": "/nonexistent"}, nil)
	d := &device.Devices{Tools: tools, Root: f.dir}
	p, err := Preview(
		config.Storage{Filesystems: []config.Filesystem{fsOf(image, "xfs", labelled("data"))}},
		d.Scene(),
		nil,
	)
	require.NoError(t, err)
	assert.Equal(t, "+ filesystem on "+image+`  xfs "data"`, strings.TrimSpace(p.Actions().Bind(nil).String()))
}

// halfXFS is a device with the superblock of an xfs in progress.
func halfXFS() []byte {
	data := make([]byte, 2<<20)
	copy(data, "XFSB\x00\x00\x10\x00")
	data[102], data[126] = 2, 1 // sectors of 512 bytes; sb_inprogress
	return data
}
