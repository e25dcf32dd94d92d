package machine

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tool"
)

func TestAnImageThatIsReadOnlyIsOpenedForReading(t *testing.T) {
	b, err := BusBeside(nil)
	require.NoError(t, err)
	for is, times := range map[bool]int{true: 1, false: 0} {
		args := strings.Join(b.arguments([]Disk{{Serial: "a", Path: "a.raw", ReadOnly: is}}), " ")
		assert.Equal(t, times, strings.Count(args, ",snapshot=on"), args)
	}
}

func TestDisksAreCalledByNoNameOfTheConfig(t *testing.T) {
	for names, want := range map[string]string{
		"/dev/disk/by-id/a":     "vd",
		"/dev/sda":              "vd",
		"/dev/vda":              "sd",
		"/dev/vdb /dev/sda":     "nvme",
		"/dev/vda /dev/nvme0n1": "sd",
	} {
		b, err := BusBeside(strings.Fields(names))
		require.NoError(t, err)
		assert.Equal(t, want, b.prefix, names)
	}
	_, err := BusBeside([]string{"/dev/vda", "/dev/sda", "/dev/nvme0n1"})
	assert.ErrorContains(t, err, "call one of them by a link below /dev/disk")
}

func TestArgumentsOfAMachineThatIsThrownAway(t *testing.T) {
	bus, err := BusBeside([]string{"/dev/vda"})
	require.NoError(t, err)
	spec := Spec{Kernel: "vmlinuz", Initramfs: "initramfs", Bus: bus, MemoryMiB: 512,
		Disks: []Disk{{Serial: "a", Path: "/x/a,b"}, {Serial: "b", Path: "/x/b", SectorBytes: 4096}}}
	all := strings.Join(spec.Arguments("/x/console", false), " ")
	for _, part := range []string{
		"-kernel vmlinuz -initrd initramfs -append console=ttyS0 ", "-nodefaults", " -m 512 ", "-accel tcg",
		"-device virtio-scsi-pci,id=scsi -drive if=none,id=disk-0,file=/x/a,,b,format=raw,", ",werror=report,",
		"scsi-hd,bus=scsi.0,drive=disk-0,serial=a,logical_block_size=512,physical_block_size=512",
		"scsi-hd,bus=scsi.0,drive=disk-1,serial=b,logical_block_size=4096,physical_block_size=4096",
	} {
		assert.Contains(t, all, part)
	}
	assert.NotContains(t, all, "net")
	spec.Network = true
	all = strings.Join(spec.Arguments("", true), " ")
	assert.Contains(t, all, "-netdev user,id=net -device virtio-net-pci,netdev=net")
	assert.Contains(t, all, "-accel kvm")
}

// kernelOf is the begin of a kernel that says which it is.
func kernelOf(release string) []byte {
	file := make([]byte, 0x400)
	copy(file[0x202:], "HdrS")
	binary.LittleEndian.PutUint16(file[0x20e:], 0x100)
	return append(append(file[:0x300], release...), 0)
}

func TestAKernelSaysWhichItIs(t *testing.T) {
	release, err := Release(bytes.NewReader(kernelOf("6.1.0-50-cloud-amd64 (debian-kernel@lists) #1")))
	require.NoError(t, err)
	assert.Equal(t, "6.1.0-50-cloud-amd64", release)
	for name, text := range map[string][]byte{"another file": []byte("\x7fELF"), "nothing": nil,
		"no name": kernelOf(""), "a path": kernelOf("../../etc x"), "cut off": kernelOf("x")[:0x210]} {
		_, err := Release(bytes.NewReader(text))
		assert.Error(t, err, name)
	}
}

func TestReleasesAreComparedByTheirNumbers(t *testing.T) {
	order := []string{"", "5.10.0-9-amd64", "5.10.0-10-amd64", "6.1.0-50-amd64", "6.1.0-50-cloud-amd64", "6.1.10",
		"6.9.1", "6.10.0-rc1", "6.10.1", "10.0.0"}
	for i := range order {
		for j := range order {
			got := compareReleases(order[i], order[j])
			assert.Equal(t, i < j, got < 0, "%s %s", order[i], order[j])
			assert.Equal(t, i == j, got == 0, "%s %s", order[i], order[j])
		}
	}
}

// write makes a file below a folder.
func write(t *testing.T, dir, name string, text []byte) {
	t.Helper()
	at := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
	require.NoError(t, os.WriteFile(at, text, 0o644))
}

func TestTheNewestKernelWithModulesIsTaken(t *testing.T) {
	dir := t.TempDir()
	_, err := Newest(dir)
	require.ErrorContains(t, err, "to start a machine with")
	for file, release := range map[string]string{"boot/vmlinuz-a": "6.9.1", "usr/lib/modules/b/vmlinuz": "6.10.1",
		"boot/vmlinuz-c": "6.11.0"} {
		write(t, dir, file, kernelOf(release))
	}
	_, err = Newest(dir)
	require.ErrorContains(t, err, "modules of 6.11.0 are not on this system")
	assert.NotEmpty(t, diag.Hints(err))
	for _, release := range []string{"6.9.1", "6.10.1"} {
		write(t, dir, "usr/lib/modules/"+release+"/modules.dep", nil)
	}
	k, err := Newest(dir)
	require.NoError(t, err)
	assert.Equal(t, Kernel{filepath.Join(dir, "usr/lib/modules/b/vmlinuz"), "6.10.1",
		filepath.Join(dir, "usr/lib/modules/6.10.1")}, k)
}

func TestWithoutQemuItIsSaidWhatToInstall(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := Runner{Tools: tool.New(nil, nil)}.Available()
	require.ErrorContains(t, err, "qemu, in whose machine images are provisioned, is not installed")
	assert.Contains(t, strings.Join(diag.Hints(err), " "),
		"on Debian and Ubuntu the packages qemu-system-x86 and seabios")
}

// emulated puts a script in the place of qemu.
func emulated(t *testing.T, script string) Runner {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, emulator), []byte("#!/bin/sh\n"+script), 0o755))
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return Runner{Tools: tool.New(nil, nil), Dir: t.TempDir(), Emulate: true}
}

func TestAMachineThatSaysNothingEndsWithItsConsole(t *testing.T) {
	r := emulated(t, `for a; do case $a in file,id=console,path=*) echo "Kernel panic" >"${a#*path=}";; esac; done`)
	err := r.Run(t.Context(), Spec{}, func([]byte) string { return "" })
	require.ErrorIs(t, err, errAsleep)
	assert.ErrorContains(t, err, "the machine's console ends with: Kernel panic")
}

func TestWhatQemuComplainsOfIsTold(t *testing.T) {
	err := emulated(t, "echo no such device >&2; exit 1").Run(t.Context(), Spec{}, func([]byte) string { return "" })
	assert.ErrorContains(t, err, "no such device")
}

func TestAConversationIsOfLines(t *testing.T) {
	var lines []string
	c := &conversation{talk: func(line []byte) string { lines = append(lines, string(line)); return "" }}
	for _, part := range []string{"one\ntw", "o\n", "\nthr", "ee"} {
		n, err := c.Write([]byte(part))
		require.NoError(t, err)
		assert.Equal(t, len(part), n)
	}
	assert.Equal(t, []string{"one", "two", ""}, lines)
}

func TestAMachineThatSaysTooMuchIsEnded(t *testing.T) {
	ctx, end := context.WithCancelCause(t.Context())
	c := &conversation{end: end, talk: func([]byte) string { return "" }}
	_, err := c.Write(bytes.Repeat([]byte{'x'}, longest+1))
	require.NoError(t, err)
	assert.ErrorContains(t, context.Cause(ctx), "says more than it has to")
}
