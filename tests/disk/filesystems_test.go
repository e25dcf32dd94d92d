//go:build disk

package disk

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/stages/disks"
)

const fsMiB = 1 << 20

// formats are those that a filesystem can have, with the least room that all of their tools take, and what finds faults
// in one.
var formats = []struct {
	name  string
	size  int64
	check []string
}{
	{"ext4", 320 * fsMiB, []string{"e2fsck", "-fn"}},
	{"xfs", 320 * fsMiB, []string{"xfs_repair", "-n"}},
	{"vfat", 320 * fsMiB, []string{"fsck.fat", "-n"}},
	{"btrfs", 320 * fsMiB, []string{"btrfs", "check"}},
	{"swap", 320 * fsMiB, nil},
}

// fsDisk gives a loop device of so many bytes, and of sectors of that size.
func fsDisk(t *testing.T, size int64, sector int, more ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "disk")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.NoError(t, os.Truncate(file, size))
	return fsAttach(t, file, append(more, "-b", strconv.Itoa(sector))...)
}

func fsAttach(t *testing.T, file string, args ...string) string {
	t.Helper()
	dev := strings.TrimSpace(must(t, "losetup", append(append([]string{"-f", "--show"}, args...), file)...))
	t.Cleanup(func() { must(t, "losetup", "-d", dev) })
	if !slices.Contains(args, "-r") {
		must(t, "blockdev", "--setrw", dev) // a loop device stays read-only for its next image if something made it so
	}
	return dev
}

// A fsRun makes disks with what this machine has, but for some tools.
type fsRun struct {
	ctx   context.Context // nil for the test's
	width int
	tools map[string]string
	tell  func(round string, e plan.Event)
	log   bytes.Buffer
}

func (r *fsRun) run(t *testing.T, entries ...config.Filesystem) error {
	t.Helper()
	log := slog.New(slog.NewTextHandler(&r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	tools := tool.New(r.tools, log)
	if r.ctx == nil {
		r.ctx = t.Context()
	}
	_, err := asForetold(r.ctx, t, config.Storage{Filesystems: entries}, disks.Options{
		Devices: &device.Devices{Tools: tools, Aliases: filepath.Join(t.TempDir(), "aliases"),
			Patience: 300 * time.Millisecond, Log: log},
		Tools: tools, Log: log, Tell: r.tell, Width: r.width,
	})
	return err
}

// ran counts the tools that were run, without the one that only looks.
func (r *fsRun) ran() (tools int) {
	for line := range strings.Lines(r.log.String()) {
		if strings.Contains(line, "executing: ") && !strings.Contains(line, "/blkid") {
			tools++
		}
	}
	return tools
}

func fsMake(t *testing.T, entries ...config.Filesystem) {
	t.Helper()
	require.NoError(t, (&fsRun{}).run(t, entries...))
}

// One device by two names, as a btrfs is listed that is mounted at several places.
func TestAFilesystemByTwoNamesIsMadeOnceAndMountedTwice(t *testing.T) {
	ownMounts(t)
	const link = "/dev/disk/by-id/glowplug-twice"
	for _, format := range formats {
		if format.name == "swap" || format.name == "vfat" { // this kernel may not mount a vfat
			continue
		}
		dev := fsDisk(t, format.size, 512)
		require.NoError(t, os.RemoveAll(link))
		named(t, link, dev)
		first, second := fsWanted(dev, format.name), fsWanted(link, format.name)
		first.Label, first.Path, second.Path = new("TWICE"), new("/one"), new("/two")
		r := &fsRun{}
		require.NoError(t, r.run(t, first, second), format.name)
		assert.Equal(t, 2, r.ran(), "wipefs and one maker")
		assert.Equal(t, "TWICE", fsFound(t, dev).First().Label)
		dir := t.TempDir()
		_, err := mountAll(t, dir, first, second)
		require.NoError(t, err, format.name)
		require.NoError(t, os.WriteFile(dir+"/one/file", nil, 0o600))
		assert.FileExists(t, dir+"/two/file")
		require.NoError(t, unmountAll(t, dir, first, second))
		uuid := fsFound(t, dev).First().UUID
		fsMake(t, first, second)
		assert.Equal(t, uuid, fsFound(t, dev).First().UUID, "both keep it in another run")
		wipes := second
		wipes.WipeFilesystem = &yes
		require.ErrorContains(t, (&fsRun{}).run(t, first, wipes), "so one of the two would be lost")
		assert.Equal(t, uuid, fsFound(t, dev).First().UUID)
	}
}

// fsFound is what we find on a device, after blkid has found the same.
func fsFound(t *testing.T, dev string) block.Content {
	t.Helper()
	seen, err := (&device.Devices{}).Scene().Look(dev)
	require.NoError(t, err)
	out, err := exec.Command("blkid", "-p", "-o", "export", dev).Output()
	var exit *exec.ExitError
	const ambivalent, nothing = 8, 2
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == ambivalent:
		assert.True(t, seen.Content.Ambivalent)
		return seen.Content
	case errors.As(err, &exit) && exit.ExitCode() == nothing:
		assert.Empty(t, seen.Content.Signatures)
		return seen.Content
	}
	require.NoError(t, err)
	first := seen.Content.First()
	for key, value := range map[string]string{"TYPE": first.Type, "UUID": first.UUID, "LABEL": first.Label} {
		if value != "" {
			assert.Contains(t, strings.ReplaceAll(string(out), `\ `, " "), key+"="+value+"\n")
		}
	}
	return seen.Content
}

type fsOption func(*config.Filesystem)

func fsWanted(dev, format string, more ...fsOption) config.Filesystem {
	entry := config.Filesystem{Device: dev, Format: &format}
	for _, each := range more {
		each(&entry)
	}
	return entry
}

func fsLabel(label string) fsOption { return func(f *config.Filesystem) { f.Label = &label } }

func fsUUID(uuid string) fsOption { return func(f *config.Filesystem) { f.UUID = &uuid } }

func fsWipe(f *config.Filesystem) { yes := true; f.WipeFilesystem = &yes }

func fsOptions(options ...string) fsOption {
	return func(f *config.Filesystem) { f.Options = options }
}

const (
	fsExampleUUID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
	fsButterUUID  = "c0de28ba-2fa1-11d2-883f-0016d3cca427"
)

// fsNamed gives an entry a label and a UUID; of vfat the number. Of btrfs it is one of its own: mkfs.btrfs refuses one
// that another device has.
func fsNamed(format string) []fsOption {
	switch format {
	case "vfat":
		return []fsOption{fsLabel("DATA"), fsUUID("1B4E-28BA")}
	case "btrfs":
		return []fsOption{fsLabel("data"), fsUUID(fsButterUUID)}
	}
	return []fsOption{fsLabel("data"), fsUUID(fsExampleUUID)}
}

// fsStart is the start and the end of a device.
func fsStart(t *testing.T, dev string) string {
	t.Helper()
	f, err := os.Open(dev)
	require.NoError(t, err)
	defer f.Close()
	size, err := f.Seek(0, 2)
	require.NoError(t, err)
	data := make([]byte, 2*fsMiB)
	_, err = f.ReadAt(data[:fsMiB], 0)
	require.NoError(t, err)
	_, err = f.ReadAt(data[fsMiB:], size-fsMiB)
	require.NoError(t, err)
	return string(data)
}

func fsWrite(t *testing.T, dev string, at int64, data string) {
	t.Helper()
	f, err := os.OpenFile(dev, os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte(data), at)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

func fsSound(t *testing.T, check []string, dev string) {
	t.Helper()
	if check != nil {
		must(t, check[0], append(check[1:], dev)...)
	}
}

func TestEveryFormatIsMadeOnSectorsOfBothSizes(t *testing.T) {
	for _, sector := range []int{512, 4096} {
		for _, format := range formats {
			t.Run(fmt.Sprintf("%s, %d", format.name, sector), func(t *testing.T) {
				dev := fsDisk(t, format.size, sector)
				fsMake(t, fsWanted(dev, format.name, fsNamed(format.name)...))
				found := fsFound(t, dev)
				require.Len(t, found.Signatures, 1)
				assert.False(t, found.Unfinished)
				first := found.First()
				assert.Equal(t, format.name, first.Type)
				assert.Equal(t, "data", strings.ToLower(first.Label))
				assert.Contains(t, []string{fsExampleUUID, fsButterUUID, "1B4E-28BA"}, first.UUID)
				fsSound(t, format.check, dev)
			})
		}
	}
}

func TestAllFormatsBecomeEachOther(t *testing.T) {
	for _, sector := range []int{512, 4096} {
		for _, old := range formats {
			for _, format := range formats {
				t.Run(fmt.Sprintf("%s to %s, %d", old.name, format.name, sector), func(t *testing.T) {
					dev := fsDisk(t, format.size, sector)
					fsMake(t, fsWanted(dev, old.name))
					before := fsFound(t, dev)
					if old.name != format.name {
						err := (&fsRun{}).run(t, fsWanted(dev, format.name))
						require.ErrorContains(t, err, "is in the way: wanted is "+format.name)
						require.Contains(t, strings.Join(diag.Hints(err), "\n"), "set wipeFilesystem to true")
						require.Equal(t, before, fsFound(t, dev))
					}
					fsMake(t, fsWanted(dev, format.name, append(fsNamed(format.name), fsWipe)...))
					after := fsFound(t, dev)
					require.Len(t, after.Signatures, 1)
					assert.Equal(t, format.name, after.First().Type)
					assert.NotEqual(t, before, after)
				})
			}
		}
	}
}

func TestWhatIsAsAskedIsKept(t *testing.T) {
	for name, c := range map[string]struct{ made, asked []fsOption }{
		"ext4 whatever its label and UUID are": {[]fsOption{fsLabel("data")}, nil},
		"ext4 by its label":                    {[]fsOption{fsLabel("data")}, []fsOption{fsLabel("data")}},
		"ext4 by its UUID in capitals":         {fsNamed("ext4"), []fsOption{fsUUID(strings.ToUpper(fsExampleUUID))}},
		"ext4 by an empty label":               {nil, []fsOption{fsLabel("")}},
		"ext4 with other options":              {nil, []fsOption{fsOptions("-b", "1024")}},
		"xfs":                                  {fsNamed("xfs"), fsNamed("xfs")},
		"btrfs":                                {fsNamed("btrfs"), fsNamed("btrfs")},
		"swap":                                 {fsNamed("swap"), fsNamed("swap")},
		"vfat without the dash":                {fsNamed("vfat"), []fsOption{fsUUID("1b4e28ba")}},
		"vfat with the dash":                   {[]fsOption{fsUUID("1b4e28ba")}, []fsOption{fsUUID("1b4e-28BA")}},
	} {
		t.Run(name, func(t *testing.T) {
			format, _, _ := strings.Cut(name, " ")
			dev := fsDisk(t, 320*fsMiB, 512)
			fsMake(t, fsWanted(dev, format, c.made...))
			before := fsStart(t, dev)
			nothing := map[string]string{}
			for _, tool := range []string{"wipefs", "mkfs.ext4", "mkfs.xfs", "mkfs.btrfs", "mkfs.fat", "mkswap"} {
				nothing[tool] = "/nonexistent/" + tool
			}
			require.NoError(t, (&fsRun{tools: nothing}).run(t, fsWanted(dev, format, c.asked...)))
			assert.True(t, before == fsStart(t, dev))
		})
	}
}

func TestWipingIsDoneEachTime(t *testing.T) {
	for _, format := range formats {
		t.Run(format.name, func(t *testing.T) {
			dev := fsDisk(t, format.size, 512)
			entry := fsWanted(dev, format.name, append(fsNamed(format.name), fsWipe)...)
			for range 3 {
				r := &fsRun{}
				require.NoError(t, r.run(t, entry))
				assert.Equal(t, 2, r.ran())
			}
			assert.Equal(t, format.name, fsFound(t, dev).First().Type)
			fsSound(t, format.check, dev)
		})
	}
}

func TestOtherContentIsRefused(t *testing.T) {
	dev := fsDisk(t, 64*fsMiB, 512)
	fsMake(t, fsWanted(dev, "ext4", fsNamed("ext4")...))
	before := fsStart(t, dev)
	for name, c := range map[string]struct {
		entry config.Filesystem
		want  string
	}{
		"another type":  {fsWanted(dev, "vfat"), "wanted is vfat"},
		"another label": {fsWanted(dev, "ext4", fsLabel("Data")), `the label is "data", not "Data"`},
		"another UUID": {fsWanted(dev, "ext4", fsUUID(strings.Replace(fsExampleUUID, "1", "2", 1))),
			"the UUID is " + fsExampleUUID},
		"anything where nothing must": {fsWanted(dev, "none"), "wanted is an empty device"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &fsRun{}
			err := r.run(t, c.entry)
			require.ErrorContains(t, err, c.want)
			assert.Contains(t, err.Error(), fmt.Sprintf(`filesystem on %s ($.storage.filesystems.0): %[1]s (64 MiB, `+
				`ext4 "data", UUID %s) is in the way: `, dev, fsExampleUUID))
			assert.Contains(t, strings.Join(diag.Hints(err), "\n"), "set wipeFilesystem to true")
			assert.Zero(t, r.ran())
			assert.True(t, before == fsStart(t, dev))
		})
	}
}

func TestNothingOnADevice(t *testing.T) {
	dev := fsDisk(t, 64*fsMiB, 512)
	r := &fsRun{}
	require.NoError(t, r.run(t, fsWanted(dev, "none")))
	assert.Zero(t, r.ran())
	fsMake(t, fsWanted(dev, "ext4"))
	fsMake(t, fsWanted(dev, "none", fsWipe))
	assert.Empty(t, fsFound(t, dev).Signatures)
}

func TestADeviceThatIsNotThereIsNamed(t *testing.T) {
	for _, entry := range []config.Filesystem{fsWanted("/dev/no-such-disk", "ext4"), {Device: "/dev/no-such-disk"}} {
		err := (&fsRun{}).run(t, entry)
		require.ErrorContains(t, err,
			"filesystem on /dev/no-such-disk ($.storage.filesystems.0): device /dev/no-such-disk did not appear within")
	}
	require.NoError(t, (&fsRun{}).run(t, fsWanted("a-tag", "virtiofs")))
}

func TestSeveralDisks(t *testing.T) {
	var entries []config.Filesystem
	for _, format := range formats {
		entries = append(entries, fsWanted(fsDisk(t, format.size, 512), format.name))
	}
	fsMake(t, entries...)
	for i, format := range formats {
		assert.Equal(t, format.name, fsFound(t, entries[i].Device).First().Type)
	}
}

func TestTheFirstOfTwoSignaturesIsKeptWithAWarning(t *testing.T) {
	dev := fsDisk(t, 64*fsMiB, 512)
	fsMake(t, fsWanted(dev, "ext4", fsLabel("data")))
	fsWrite(t, dev, 4096-10, "SWAPSPACE2")
	// over the count of inodes: this ext4 is none any more, but it looks like one
	fsWrite(t, dev, 1024, "\x01\x00\x00\x00")
	require.True(t, fsFound(t, dev).Ambivalent)
	r := &fsRun{}
	require.NoError(t, r.run(t, fsWanted(dev, "swap")))
	assert.Zero(t, r.ran())
	assert.Contains(t, r.log.String(), "kept for the first of what is on it: swap")
	assert.Contains(t, r.log.String(), "; also ext4")
	require.ErrorContains(t, (&fsRun{}).run(t, fsWanted(dev, "ext4")), "wanted is ext4")
	fsMake(t, fsWanted(dev, "ext4", fsWipe))
	assert.False(t, fsFound(t, dev).Ambivalent)
}

// A member of a ZFS pool has labels at both ends; mkfs alone leaves those at the end, with which the device stays a
// member.
func TestAMemberOfAZFSPoolIsReformatted(t *testing.T) {
	const size = 128 * fsMiB
	dev := fsDisk(t, size, 512)
	ring := make([]byte, 128<<10)
	for at := 0; at < len(ring); at += 1024 {
		binary.LittleEndian.PutUint64(ring[at:], 0x00bab10c)
		binary.LittleEndian.PutUint64(ring[at+8:], 5000)
	}
	for _, label := range []int64{0, 256 << 10, size - 512<<10, size - 256<<10} {
		fsWrite(t, dev, label+128<<10, string(ring))
	}
	require.Equal(t, "zfs_member", fsFound(t, dev).First().Type)
	require.ErrorContains(t, (&fsRun{}).run(t, fsWanted(dev, "ext4")), "zfs_member")
	fsMake(t, fsWanted(dev, "ext4", fsWipe))
	assert.Len(t, fsFound(t, dev).Signatures, 1)
	assert.Equal(t, "ext4", fsFound(t, dev).First().Type)
}

func TestHostileSuperblocksAreRefusedOrWiped(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	for i := range 12 {
		format := formats[i%len(formats)]
		dev := fsDisk(t, format.size, 512)
		fsMake(t, fsWanted(dev, format.name))
		noise := make([]byte, 96)
		for _, base := range []int64{0, 1024, 65536, 65536 + 64} { // places of superblocks, without their magic
			for k := range noise {
				noise[k] = byte(random.Uint32())
			}
			if base+8 != 65536+72 {
				fsWrite(t, dev, base+8, string(noise[:random.IntN(40)]))
			}
		}
		before := fsStart(t, dev)
		_ = (&fsRun{}).run(t, fsWanted(dev, "ext4", fsLabel("no such label"), fsOptions("--no-such-option")))
		if seen, err := (&device.Devices{}).Scene().Look(dev); err == nil && len(seen.Content.Signatures) > 0 {
			assert.True(t, before == fsStart(t, dev), "%s: what looks like something is not written to", format.name)
		}
		fsMake(t, fsWanted(dev, "ext4", fsWipe))
		assert.Equal(t, "ext4", fsFound(t, dev).First().Type)
	}
}

func TestADeviceInUseIsRefused(t *testing.T) {
	dev := fsDisk(t, 64*fsMiB, 512)
	fsMake(t, fsWanted(dev, "ext4"))
	entry := fsWanted(dev, "vfat", fsWipe)
	t.Run("mounted", func(t *testing.T) {
		at := mount(t, dev)
		require.ErrorContains(t, (&fsRun{}).run(t, entry), "is in use: mounted at "+at)
		require.NoError(t, os.WriteFile(at+"/file", nil, 0o600))
	})
	t.Run("mounted where we cannot see it", func(t *testing.T) {
		at := t.TempDir()
		holder := exec.Command("unshare", "-m", "sh", "-c", "mount "+dev+" "+at+" && echo up && read end")
		in, err := holder.StdinPipe()
		require.NoError(t, err)
		out, err := holder.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, holder.Start())
		_, err = out.Read(make([]byte, 3))
		require.NoError(t, err)
		require.ErrorContains(t, (&fsRun{}).run(t, entry),
			"device or resource busy, it or one of its partitions, by a mount (also of another mount namespace)")
		require.NoError(t, in.Close())
		_ = holder.Wait() // read ends without a line
	})
	fsMake(t, entry)
	assert.Equal(t, "vfat", fsFound(t, dev).First().Type)

	t.Run("swap", func(t *testing.T) {
		fsMake(t, fsWanted(dev, "swap", fsWipe))
		must(t, "swapon", dev)
		defer must(t, "swapoff", dev)
		require.ErrorContains(t, (&fsRun{}).run(t, entry), "is in use: swap")
	})
	t.Run("a partition of it is mounted", func(t *testing.T) {
		sfdisk := exec.Command("sfdisk", "-q", "--no-reread", "--wipe", "always", dev)
		sfdisk.Stdin = strings.NewReader("label: gpt\nstart=2048, size=65536\n")
		out, err := sfdisk.CombinedOutput()
		require.NoError(t, err, "%s", out)
		must(t, "partx", "-a", dev)
		t.Cleanup(func() { must(t, "partx", "-d", dev) })
		fsMake(t, fsWanted(dev+"p1", "ext4"))
		mount(t, dev+"p1")
		r := &fsRun{}
		require.ErrorContains(t, r.run(t, entry), "is in use: mounted at ")
		assert.Zero(t, r.ran())
	})
}

func TestWhatStandsInTheWayIsNamed(t *testing.T) {
	t.Run("a read-only device", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "disk")
		require.NoError(t, os.WriteFile(file, make([]byte, 8*fsMiB), 0o600))
		dev := fsAttach(t, file, "-r")
		require.ErrorContains(t, (&fsRun{}).run(t, fsWanted(dev, "ext4")), "is read-only")
		must(t, "losetup", "-d", dev)
		require.Equal(t, dev, fsAttachAgain(t, dev, file))
		fsMake(t, fsWanted(dev, "ext4"))
	})
	t.Run("no room", func(t *testing.T) {
		room := mount(t, "-t", "tmpfs", "-o", "size=1m", "tmpfs")
		require.NoError(t, os.WriteFile(room+"/disk", nil, 0o600))
		require.NoError(t, os.Truncate(room+"/disk", 256*fsMiB))
		dev := fsAttach(t, room+"/disk")
		err := (&fsRun{}).run(t,
			fsWanted(dev, "ext4", fsOptions("-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard")))
		require.ErrorContains(t, err, "mkfs.ext4: exit status 1: ")
		must(t, "mount", "-o", "remount,size=300m", room)
		fsMake(t, fsWanted(dev, "ext4"))
		fsSound(t, []string{"e2fsck", "-fn"}, dev)
	})
	t.Run("a tool that is missing, then one that hangs", func(t *testing.T) {
		dev := fsDisk(t, 64*fsMiB, 512)
		err := (&fsRun{tools: map[string]string{"mkfs.ext4": "mkfs.nowhere"}}).run(t, fsWanted(dev, "ext4"))
		require.ErrorIs(t, err, tool.ErrNotFound)
		mark := filepath.Join(t.TempDir(), "hangs")
		hangs := fsTool(t, ": >"+mark+"; exec sleep 600")
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go func() {
			for ctx.Err() == nil {
				if _, err := os.Stat(mark); err == nil {
					stop()
				}
				time.Sleep(time.Millisecond)
			}
		}()
		err = (&fsRun{ctx: ctx, tools: map[string]string{"mkfs.ext4": hangs}}).run(t, fsWanted(dev, "ext4"))
		require.ErrorContains(t, err, "mkfs.ext4: context canceled")
		fsMake(t, fsWanted(dev, "ext4"))
	})
}

func fsAttachAgain(t *testing.T, dev, file string) string {
	must(t, "losetup", dev, file)
	return dev
}

// fsTool is a script in the place of a tool.
func fsTool(t *testing.T, script string) string {
	at := filepath.Join(t.TempDir(), "tool")
	require.NoError(t, os.WriteFile(at, []byte("#!/bin/sh\n"+script+"\n"), 0o700))
	return at
}

func TestWhatMakersMayDoOtherwise(t *testing.T) {
	dev := fsDisk(t, 64*fsMiB, 512)
	entry := fsWanted(dev, "ext4", fsOptions("-t", "ext2"))
	r := &fsRun{}
	require.NoError(t, r.run(t, entry))
	assert.Equal(t, "ext2", fsFound(t, dev).First().Type)
	assert.Contains(t, r.log.String(), "another run would not take it for ext4")
	require.ErrorContains(t, (&fsRun{}).run(t, entry), "wanted is ext4")

	fsMake(t, fsWanted(dev, "ext4", fsWipe, fsUUID("random"), fsLabel("spaces ")))
	assert.Equal(t, "spaces", fsFound(t, dev).First().Label)
	require.ErrorContains(t, (&fsRun{}).run(t, fsWanted(dev, "vfat", fsWipe, fsLabel("NO NAME"))), "leave no label")
	assert.Equal(t, "spaces", fsFound(t, dev).First().Label, "nothing has been written")
}

// Any number of filesystems may have been made when a run is cut off. The next makes what is left, and keeps the rest.
func TestARunThatIsCutOffConverges(t *testing.T) {
	for steps := range len(formats) + 1 {
		t.Run(fmt.Sprintf("after %d steps", steps), func(t *testing.T) {
			var entries []config.Filesystem
			for _, format := range formats {
				entries = append(entries, fsWanted(fsDisk(t, format.size, 512), format.name, fsNamed(format.name)...))
			}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			done := 0
			cut := &fsRun{ctx: ctx, width: 1, tell: func(_ string, e plan.Event) {
				if e.Turn != plan.Finished {
					return
				}
				if done++; done == steps {
					stop()
				}
			}}
			if steps == 0 {
				must(t, "wipefs", "-a", entries[0].Device) // all that a run does before its first step is over
			} else if err := cut.run(t, entries...); steps < len(entries) {
				require.ErrorIs(t, err, context.Canceled)
			}
			again := &fsRun{}
			require.NoError(t, again.run(t, entries...))
			assert.Equal(t, 2*(len(entries)-steps), again.ran(), again.log.String())
			for i, format := range formats {
				assert.Equal(t, format.name, fsFound(t, entries[i].Device).First().Type)
				fsSound(t, format.check, entries[i].Device)
			}
		})
	}
}

// Each mkfs is killed at seeded ones of its writes, on a device that is full of old bytes. Whatever is left then is
// made anew.
func TestMkfsThatIsKilledIsMadeAnew(t *testing.T) {
	require.NoError(t, exec.Command("strace", "-V").Run(), "strace counts writes and kills at one")
	random := rand.New(rand.NewPCG(9, 9))
	makers := map[string]string{"ext4": "mkfs.ext4", "xfs": "mkfs.xfs", "vfat": "mkfs.fat", "btrfs": "mkfs.btrfs",
		"swap": "mkswap"}
	for _, format := range formats {
		t.Run(format.name, func(t *testing.T) {
			size := format.size
			if format.name == "vfat" {
				size = 24 * fsMiB // so that all of it is old bytes
			}
			tool := makers[format.name]
			dev := fsDisk(t, size, 512)
			entry := fsWanted(dev, format.name, fsNamed(format.name)...)
			count := filepath.Join(t.TempDir(), "count")
			counting := fsTool(t,
				"exec strace -qq -f -o "+count+" -e trace=write,pwrite64,fallocate,fsync "+tool+` "$@"`)
			require.NoError(t, (&fsRun{tools: map[string]string{tool: counting}}).run(t, entry))
			lines, err := os.ReadFile(count)
			require.NoError(t, err)
			for _, call := range []string{"write", "pwrite64", "fsync"} {
				total := strings.Count(string(lines), " "+call+"(")
				var points []int
				for range min(8, total) {
					points = append(points, 1+random.IntN(total))
				}
				if total > 0 {
					points = append(points, 1, total)
				}
				killed := 0
				for _, point := range points {
					if fsKilledAt(t, entry, tool, call, point) {
						killed++
					}
					fsSound(t, format.check, dev)
				}
				assert.GreaterOrEqual(t, killed, len(points)/2, "%s: what it writes varies by a few", call)
			}
		})
	}
}

// fsKilledAt reports whether the maker did not come to its end; in either case there is then a whole filesystem.
func fsKilledAt(t *testing.T, entry config.Filesystem, tool, call string, point int) bool {
	t.Helper()
	fill := make([]byte, 24*fsMiB)
	for k := range fill {
		fill[k] = byte(k * 7)
	}
	fsWrite(t, entry.Device, 0, string(fill))
	inject := fmt.Sprintf("exec strace -qq -f -o /dev/null -e trace=%s -e inject=%[1]s:signal=KILL:when=%d %s \"$@\"",
		call, point, tool)
	err := (&fsRun{tools: map[string]string{tool: fsTool(t, inject)}}).run(t, entry)
	again := &fsRun{}
	require.NoError(t, again.run(t, entry), "%s %d", call, point)
	found := fsFound(t, entry.Device)
	assert.Equal(t, *entry.Format, found.First().Type)
	assert.False(t, found.Unfinished)
	return err != nil
}
