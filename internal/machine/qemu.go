package machine

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Disk is a file that is a disk of a machine.
type Disk struct {
	Serial      string // by which the machine tells it from others; at most 20 characters
	Path        string // a raw image
	ReadOnly    bool   // what the machine writes is thrown away with it
	SectorBytes int
}

// A Bus is how disks are connected, which decides what the kernel calls them.
type Bus struct {
	Modules []string // that find disks of it
	prefix  string   // of the kernel's names
	device  string
	before  []string // arguments that the first disk of it needs
}

// buses are those that every qemu has and every kernel for servers knows, the plainest first.
var buses = []Bus{
	{[]string{"virtio_blk"}, "vd", "virtio-blk-pci", nil},
	{[]string{"virtio_scsi", "sd_mod"}, "sd", "scsi-hd,bus=scsi.0", []string{"-device", "virtio-scsi-pci,id=scsi"}},
	{[]string{"nvme"}, "nvme", "nvme", nil},
}

// BusBeside gives a bus on which no disk gets a name that somebody has given to another one.
func BusBeside(names []string) (Bus, error) {
	for _, b := range buses {
		if !slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "/dev/"+b.prefix) }) {
			return b, nil
		}
	}
	return Bus{}, errors.New("disks are called /dev/vd…, /dev/sd… and /dev/nvme…, which leaves no names for those of " +
		"the machine: call one of them by a link below /dev/disk")
}

func (b Bus) arguments(disks []Disk) (args []string) {
	if len(disks) > 0 {
		args = append(args, b.before...)
	}
	for i, d := range disks {
		sector := cmp.Or(d.SectorBytes, 512)
		// Who starts the machine brings to the disk what it has written, once, at its end. Where no room is left the
		// machine is told, which else would stand still.
		args = append(args, "-drive", fmt.Sprintf("if=none,id=disk-%d,file=%s,format=raw,cache=unsafe,discard=unmap,"+
			"detect-zeroes=unmap,werror=report,rerror=report%s", i, Quote(d.Path), readOnly[d.ReadOnly]),
			"-device", fmt.Sprintf("%s,drive=disk-%d,serial=%s,logical_block_size=%d,physical_block_size=%[4]d",
				b.device, i, d.Serial, sector))
	}
	return args
}

// readOnly has qemu open an image for reading only (qemu(1), -snapshot). To read a filesystem that was not unmounted
// its journal has to be played back, which takes a disk that can be written to.
var readOnly = map[bool]string{true: ",snapshot=on"}

// A Spec is a machine that is thrown away.
type Spec struct {
	Kernel, Initramfs string
	Args              []string // of the kernel, beside the serial console and the end at a panic
	Disks             []Disk
	Bus               Bus
	Network           bool // a card behind which qemu answers for the network of this host
	MemoryMiB         int
}

// accelerators are the processor and how fast it is, the fastest first.
var accelerators = map[bool][]string{
	true:  {"-accel", "kvm", "-cpu", "host"},
	false: {"-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max"},
}

// Arguments are qemu's, but for the ports. The serial console goes to a file.
func (s Spec) Arguments(console string, accelerated bool) []string {
	args := []string{"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-machine", "pc", "-smp", "1",
		"-m", strconv.Itoa(s.MemoryMiB), "-device", "virtio-rng-pci",
		"-chardev", "file,id=console,path=" + Quote(console), "-serial", "chardev:console"}
	args = append(args, accelerators[accelerated]...)
	line := append([]string{"console=ttyS0", "panic=-1", "quiet", "no_timer_check"}, s.Args...)
	args = append(args, "-kernel", s.Kernel, "-initrd", s.Initramfs, "-append", strings.Join(line, " "))
	args = append(args, s.Bus.arguments(s.Disks)...)
	if s.Network {
		args = append(args, "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net")
	}
	return args
}
