package image

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/tests/machines"
)

// idle is a machine that uses nothing.
func idle(t *testing.T) *device.Devices { return &device.Devices{Root: t.TempDir()} }

// file makes one of so many bytes, with some at a place; -n is so far from the end.
func file(t *testing.T, size, at int64, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "disk.img")
	f, err := os.Create(name)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, f.Truncate(size))
	if at < 0 {
		at += size
	}
	_, err = f.WriteAt([]byte(text), at)
	require.NoError(t, err)
	return name
}

// with4096 is an image of 64 MiB with a GPT of sectors of 4,096 bytes.
func with4096(t *testing.T) string {
	t.Helper()
	name := file(t, 64<<20, 0, "")
	table, err := block.NewTable(64<<20/4096, 4096, machines.Dice())
	require.NoError(t, err)
	one := 1
	_, decisions, err := block.Layout(table, []block.Spec{{Number: 1, StartMiB: &one, ShouldExist: true}})
	require.NoError(t, err)
	table, err = block.Apply(table, decisions, machines.Dice())
	require.NoError(t, err)
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, table.WriteTo(f))
	return name
}

// mbr is a first sector with a partition of so many sectors from the 2048th on.
func mbr(sectors uint32) string {
	sector := make([]byte, 512)
	sector[450] = 0x83
	binary.LittleEndian.PutUint32(sector[454:], 2048)
	binary.LittleEndian.PutUint32(sector[458:], sectors)
	return string(append(sector[:510], 0x55, 0xAA))
}

func TestRawImagesAreOpenedWithTheirSectors(t *testing.T) {
	for name, c := range map[string]struct {
		path         string
		bytes        int64
		sector, seen int
	}{
		"sparse, without a table":        {file(t, 64<<20, 0, ""), 64 << 20, 512, 0},
		"with a GPT":                     {machines.File(t, 64, machines.Part(1, 1, 10, "root")), 64 << 20, 512, 1},
		"with a GPT of large sectors":    {with4096(t), 64 << 20, 4096, 1},
		"with an MBR that fills it":      {file(t, 2<<20, 0, mbr(2048)), 2 << 20, 512, 0},
		"with a filesystem on all of it": {file(t, 2<<20, 1024, string(machines.Ext4("data"))), 2 << 20, 512, 0},
		"of one sector":                  {file(t, 512, 0, "x"), 512, 512, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Open(c.path, idle(t))
			require.NoError(t, err)
			defer f.Close()
			assert.Equal(t, c.bytes, f.Size)
			assert.Equal(t, c.sector, f.SectorSize)
			found, err := block.Inspect(f, f.Size, f.SectorSize)
			require.NoError(t, err)
			partitions := 0
			if found.Table != nil {
				partitions = len(found.Table.Partitions())
			}
			assert.Equal(t, c.seen, partitions)
		})
	}
}

// shortened is a file without its last bytes.
func shortened(t *testing.T, name string, by int64) string {
	t.Helper()
	info, err := os.Stat(name)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(name, info.Size()-by))
	return name
}

func TestWhatIsNoImageIsRefusedWithItsReason(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, unix.Mkfifo(pipe, 0o600))
	gpt := func() string { return machines.File(t, 64, machines.Part(1, 1, 10, "root")) }
	for name, c := range map[string]struct{ path, want, hint string }{
		"nothing":           {"/no/such/file", "no such file or directory", ""},
		"a directory":       {t.TempDir(), "is a directory; only a file or a block device stands for a disk", ""},
		"a pipe":            {pipe, "is a pipe; only a file", ""},
		"a device of bytes": {"/dev/null", "is a character device; only a file", ""},
		"empty":             {file(t, 0, 0, ""), "is empty, and so no image of a disk", ""},
		"half a sector": {file(t, 1<<20+100, 0, ""), "has 1048676 bytes, which is no whole number of sectors of 512",
			"copy it again"},
		"half a large sector": {shortened(t, with4096(t), 512), "no whole number of sectors of 4096 bytes",
			"copy it again"},
		"a GPT cut off": {shortened(t, gpt(), 1<<20), "has 129024 sectors of 512 bytes, and its partition " +
			"table is for a disk of 131072", "copy it again"},
		"a GPT cut off at its end": {shortened(t, gpt(), 512), "has 131071 sectors of 512 bytes, and its",
			"copy it again"},
		"a GPT of large sectors cut off": {shortened(t, with4096(t), 4096), "has 16383 sectors of 4096 bytes, and " +
			"its partition table is for a disk of 16384", "copy it again"},
		"an MBR cut off": {file(t, 2<<20, 0, mbr(2049)), "has 4096 sectors of 512 bytes, and its partition " +
			"table is for a disk of 4097", "copy it again"},
		"qcow2": {file(t, 1<<20, 0, "QFI\xfb\x00\x00\x00\x03"), "is a qcow2 image, not a raw image",
			"qemu-img convert -O raw "},
		"vmdk": {file(t, 1<<20, 0, "KDMV\x01"), "is a VMDK image", "qemu-img convert -O raw "},
		"vmdk in words": {file(t, 400, 0, "# Disk DescriptorFile\nversion=1\n"), "is the description of a VMDK image",
			"qemu-img"},
		"vhdx":              {file(t, 1<<20, 0, "vhdxfile"), "is a VHDX image", "qemu-img"},
		"vhd of fixed size": {file(t, 1<<20+512, -512, "conectix"), "is a VHD image", "qemu-img"},
		"vdi":               {file(t, 1<<20, 64, "\x7f\x10\xda\xbe"), "is a VDI image", "qemu-img"},
		"dmg":               {file(t, 1<<20, -512, "koly"), "is a DMG image", "qemu-img"},
		"gzip": {file(t, 1000, 0, "\x1f\x8b\x08"), "is gzip-compressed data, not an image of a disk",
			"unpack it first"},
		"xz":                 {file(t, 1000, 0, "\xfd7zXZ\x00"), "is xz-compressed data", "unpack it first"},
		"zstd":               {file(t, 1024, 0, "\x28\xb5\x2f\xfd"), "is zstd-compressed data", "unpack it first"},
		"lz4":                {file(t, 1024, 0, "\x04\x22\x4d\x18"), "is lz4-compressed data", "unpack it first"},
		"tar":                {file(t, 10240, 257, "ustar\x0000"), "is a tar archive", "unpack it first"},
		"zip":                {file(t, 1024, 0, "PK\x03\x04"), "is a zip archive", "unpack it first"},
		"a page of a server": {file(t, 1024, 0, "<!DOCTYPE html>"), "is an HTML page", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(c.path, idle(t))
			require.ErrorContains(t, err, "image "+diag.Name(c.path)+": ")
			require.ErrorContains(t, err, c.want)
			assert.Contains(t, strings.Join(diag.Hints(err), ";"), c.hint)
		})
	}
}

// A GPT that a disk of VHD's fixed form has is not where it belongs: the form comes first.
func TestAFormOfImagesCountsAlsoWithATable(t *testing.T) {
	name := machines.File(t, 64, machines.Part(1, 1, 10, "root"))
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	_, err = f.Write(append([]byte("conectix"), make([]byte, 504)...))
	require.NoError(t, errors.Join(err, f.Close()))
	_, err = Open(name, idle(t))
	require.ErrorContains(t, err, "is a VHD image")
}

func TestAnImageThatAProgramHasLockedIsRefused(t *testing.T) {
	name := machines.File(t, 64)
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	// what qemu sets for an image that a machine may write to (qemu: block/file-posix.c)
	lock := unix.Flock_t{Type: unix.F_RDLCK, Whence: io.SeekStart, Start: 101, Len: 1}
	require.NoError(t, unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &lock))
	_, err = Open(name, idle(t))
	require.ErrorContains(t, err, "is in use: a program has a lock on it")
}

// Not all programs lock what they write to, such as dd.
func TestAnImageThatAProgramWritesToIsRefused(t *testing.T) {
	name := machines.File(t, 64)
	reader, err := os.Open(name)
	require.NoError(t, err)
	defer reader.Close()
	writer, err := os.OpenFile(name, os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = Open(name, idle(t))
	require.ErrorContains(t, err, fmt.Sprintf("is in use: process %d (", os.Getpid()))
	require.ErrorContains(t, err, ") has it open for writing")
	require.NoError(t, writer.Close())
	f, err := Open(name, idle(t))
	require.NoError(t, err, "who reads it is not in the way")
	require.NoError(t, f.Close())
}

// The file that an image is may have other names, and be behind a loop device that is mounted.
func TestAnImageThatIsMountedIsRefused(t *testing.T) {
	name, other := machines.File(t, 64), filepath.Join(t.TempDir(), "other")
	require.NoError(t, os.Symlink(name, other))
	root := t.TempDir()
	for at, text := range map[string]string{
		"sys/class/block/null/loop/backing_file": other + "\n", "sys/class/block/null/dev": "1:3",
		"sys/class/block/null/nullp1/partition": "1", "sys/class/block/null/nullp1/start": "8",
		"sys/class/block/null/nullp1/size": "8", "sys/class/block/null/nullp1/dev": "259:7",
		"sys/class/block/null/nullp1/holders/none": "", "sys/class/block/null/holders/none": "",
		"sys/class/block/zero/loop/backing_file": "/gone (deleted)\n",
		"proc/thread-self/mountinfo":             "22 1 259:7 / /mnt rw - ext4 /dev/loop0p1 rw\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, at)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, at), []byte(text), 0o644))
	}
	for _, held := range []string{"null", "null/nullp1"} {
		require.NoError(t, os.Remove(filepath.Join(root, "sys/class/block", held, "holders/none")))
	}
	_, err := Open(name, &device.Devices{Root: root})
	require.ErrorContains(t, err, "is in use, as /dev/null: mounted at /mnt")
	f, err := Open(machines.File(t, 64), &device.Devices{Root: root})
	require.NoError(t, err, "another file")
	require.NoError(t, f.Close())
}

func TestOneFileIsTheSameByAllItsNames(t *testing.T) {
	name, link := machines.File(t, 64), filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Link(name, link))
	var files []*File
	for _, each := range []string{name, link, machines.File(t, 64)} {
		f, err := Open(each, idle(t))
		require.NoError(t, err)
		defer f.Close()
		files = append(files, f)
	}
	assert.True(t, files[0].Same(files[1]))
	assert.False(t, files[0].Same(files[2]))
}

// Whatever the bytes, there is an answer and no more is read than a disk's ends and its table.
func FuzzOpen(f *testing.F) {
	f.Add([]byte(mbr(9)), 4096)
	f.Add([]byte("QFI\xfb"), 100)
	f.Fuzz(func(t *testing.T, begin []byte, size int) {
		data := make([]byte, max(len(begin), size%(1<<20)))
		copy(data, begin)
		if len(data) == 0 {
			return
		}
		i := &File{}
		i.ReaderAt, i.Size = bytes.NewReader(data), int64(len(data))
		if err := i.whole("x"); err == nil {
			assert.Zero(t, i.Size%int64(i.SectorSize))
		}
	})
}
