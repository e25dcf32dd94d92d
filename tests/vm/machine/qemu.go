package machine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/machine"
)

// A Disk is a virtio disk; in the machine it is /dev/disk/by-id/virtio-NAME. Its file is made when it is not there, so
// the same Path in two Specs is the same disk booted twice, cold.
type Disk struct {
	Name        string // its serial number, at most 20 characters
	Path        string // a raw or qcow2 image; empty: a disk that is thrown away after the run
	Base        string // a raw image that a new disk starts as; it is not changed
	SizeMiB     int64  // of a new disk without a Base: blank, and sparse
	SectorBytes int    // 0: 512
}

// A WriteLog has virtio disks of which every write is noted in a file, with the order over all of them: they are parts
// of one file, one after the other. Package writelog reads it.
type WriteLog struct {
	File  string // of the disks
	Log   string // of what is written; "" for no such disks
	Disks []Disk // their Name and SizeMiB
}

// arguments are qemu's for them. Flushes are noted, and not waited for.
func (w WriteLog) arguments() (args []string, err error) {
	if w.Log == "" {
		return nil, nil
	}
	size := int64(0)
	for _, disk := range w.Disks {
		size += disk.SizeMiB << 20
	}
	err = errors.Join(os.WriteFile(w.File, nil, 0o600), os.Truncate(w.File, size), os.WriteFile(w.Log, nil, 0o600))
	if err != nil {
		return nil, err
	}
	for _, node := range []string{
		"driver=file,node-name=written,discard=unmap,cache.no-flush=on,filename=" + machine.Quote(w.File),
		"driver=file,node-name=log,cache.no-flush=on,filename=" + machine.Quote(w.Log),
		"driver=blklogwrites,node-name=logged,file=written,log=log,log-super-update-interval=1,discard=unmap",
	} {
		args = append(args, "-blockdev", node)
	}
	at := int64(0)
	for _, disk := range w.Disks {
		args = append(args, "-blockdev", fmt.Sprintf("driver=raw,node-name=part-%s,file=logged,discard=unmap,"+
			"offset=%d,size=%d", disk.Name, at, disk.SizeMiB<<20),
			"-device", fmt.Sprintf("virtio-blk-pci,drive=part-%s,serial=%[1]s,share-rw=on", disk.Name))
		at += disk.SizeMiB << 20
	}
	return args, nil
}

// Create makes the disk's image if it is not there, as a run does.
func (d Disk) Create(ctx context.Context) error {
	if _, err := os.Stat(d.Path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := d.make(ctx, d.Path); err != nil {
		return fmt.Errorf("disk %s: %w", d.Name, err)
	}
	return nil
}

// file gives the path and the format of the disk's image.
func (d Disk) file(ctx context.Context, dir string) (path, format string, err error) {
	d.Path = cmp.Or(d.Path, filepath.Join(dir, "disk-"+d.Name))
	path = d.Path
	if err := d.Create(ctx); err != nil {
		return "", "", err
	}
	image, err := os.Open(path)
	if err != nil {
		return "", "", err
	}
	defer image.Close()
	magic := make([]byte, 4)
	if n, _ := image.Read(magic); n == 4 && string(magic) == "QFI\xfb" {
		return path, "qcow2", nil
	}
	return path, "raw", nil
}

func (d Disk) make(ctx context.Context, path string) error {
	if d.Base == "" {
		return errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, d.SizeMiB<<20))
	}
	base, err := filepath.Abs(d.Base)
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", base,
		path).CombinedOutput()
	if err != nil {
		return fmt.Errorf("qemu-img: %w: %s", err, out)
	}
	return nil
}

// arguments are qemu's. The files that they name are made in dir.
func arguments(ctx context.Context, spec Spec, dir string) ([]string, error) {
	args := []string{"-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio",
		"-machine", "pc", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "Nehalem",
		"-smp", cpus(spec), "-m", strconv.Itoa(cmp.Or(spec.MemoryMiB, 2048)), "-device", "virtio-rng-pci"}
	if spec.UEFI {
		args = append(args, "-bios", firmware)
	}
	if !spec.Reboots {
		args = append(args, "-no-reboot")
	}
	if spec.Kernel != "" {
		args = append(args, "-kernel", spec.Kernel, "-append", strings.Join(append(KernelArgs(), spec.Args...), " "))
	}
	if spec.Initrd != "" {
		args = append(args, "-initrd", spec.Initrd)
	}
	for _, disk := range spec.Disks {
		path, format, err := disk.file(ctx, dir)
		if err != nil {
			return nil, err
		}
		sector := cmp.Or(disk.SectorBytes, 512)
		args = append(args,
			"-drive", fmt.Sprintf("if=none,id=disk-%s,file=%s,format=%s,cache=unsafe,discard=unmap", disk.Name,
				machine.Quote(path), format),
			"-device", fmt.Sprintf("virtio-blk-pci,drive=disk-%s,serial=%s,logical_block_size=%d,"+
				"physical_block_size=%[3]d", disk.Name, disk.Name, sector))
	}
	logged, err := spec.Logged.arguments()
	if err != nil {
		return nil, err
	}
	args = append(append(args, logged...), cdroms(spec.Cdroms)...)
	for i, name := range slices.Sorted(maps.Keys(spec.FwCfg)) {
		path := filepath.Join(dir, fmt.Sprintf("fw_cfg-%d", i))
		if err := os.WriteFile(path, spec.FwCfg[name], 0o600); err != nil {
			return nil, err
		}
		args = append(args, "-fw_cfg", fmt.Sprintf("name=%s,file=%s", name, machine.Quote(path)))
	}
	for _, table := range spec.SMBIOS {
		args = append(args, "-smbios", table)
	}
	if spec.TPM != "" {
		args = append(args, "-chardev", "socket,id=tpm,path="+machine.Quote(filepath.Join(dir, "tpm")),
			"-tpmdev", "emulator,id=tpm0,chardev=tpm", "-device", "tpm-tis,tpmdev=tpm0")
	}
	for i, net := range spec.Nets {
		more, err := netArguments(i, net)
		if err != nil {
			return nil, err
		}
		args = append(args, more...)
	}
	return append(args, machine.PortArguments(spec.Ports, dir)...), nil
}

// KernelArgs are the kernel arguments of every machine: the serial console, the end at a panic, and nothing that ends a
// wait because the host is slow. Where firmware boots, they are to be in its command line.
func KernelArgs() []string {
	return []string{
		"console=ttyS0", "panic=-1",
		"sysrq_always_enabled",                            // for a machine that a limit ends
		"nowatchdog", "rcupdate.rcu_cpu_stall_suppress=1", // what they would say again and again looks like progress
		"no_timer_check", // a busy host shows too few ticks of the timer while the kernel counts them, which is a panic
		"systemd.service_watchdogs=0", "udev.event_timeout=1d",
		"rd.retry=86400", // dracut waits for the root that long, in seconds
	}
}

// cpus: one is nearly as fast as two, as most of what runs is one process after the other, and with two the emulation
// has been seen to end in a soft lockup.
func cpus(spec Spec) string {
	if spec.CPUs != 0 {
		return strconv.Itoa(spec.CPUs)
	}
	return cmp.Or(os.Getenv("VM_SMP"), "1")
}

func cdroms(images []string) (args []string) {
	for i, path := range images {
		if i == 0 {
			args = append(args, "-device", "virtio-scsi-pci,id=scsi")
		}
		args = append(args, "-drive", fmt.Sprintf("if=none,id=cd%d,media=cdrom,readonly=on,format=raw,file=%s", i,
			machine.Quote(path)), "-device", fmt.Sprintf("scsi-cd,bus=scsi.0,drive=cd%d", i))
	}
	return args
}

// netArguments: restrict=on lets nothing out but the forwards.
func netArguments(i int, n Net) ([]string, error) {
	network, err := netip.ParsePrefix(cmp.Or(n.Network, "10.0.2.0/24"))
	if err != nil {
		return nil, fmt.Errorf("network: %w", err)
	}
	network = network.Masked()
	option := fmt.Sprintf("user,id=net%d,restrict=on,ipv6=off,net=%s,host=%s,dhcpstart=%s", i, network, nth(network, 2),
		nth(network, 15))
	if n.TFTP != "" {
		option += ",tftp=" + machine.Quote(n.TFTP)
	}
	if n.Bootfile != "" {
		option += ",bootfile=" + machine.Quote(n.Bootfile)
	}
	for _, forward := range n.Forwards {
		option += fmt.Sprintf(",guestfwd=tcp:%s-cmd:socat STDIO TCP:%s", forward.At, forward.To)
	}
	device := fmt.Sprintf("virtio-net-pci,netdev=net%d", i)
	if n.Bootfile != "" {
		device += ",bootindex=0" // before disks, even if the firmware takes one of them for bootable
	}
	return []string{"-netdev", option, "-device", device}, nil
}

// nth is an address of a network, counted from its own.
func nth(network netip.Prefix, n int) netip.Addr {
	address := network.Addr()
	for range n {
		address = address.Next()
	}
	return address
}
