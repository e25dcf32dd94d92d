package initramfs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/machine"
)

// A Wish is what an initramfs is to have.
type Wish struct {
	System  string // the folder of the system whose programs are taken
	Kernel  machine.Kernel
	Program string   // this program, which is static: the machine's first process
	Tools   []string // programs by their names, without which it is not made
	Perhaps []string // programs that are taken where they are
	Modules []string // names of kernel modules; those of which the kernel has no file are built in, or unknown to it
	Files   []string // paths of the system that are taken where they are
}

// programsIn are the folders of programs.
var programsIn = []string{"/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"}

// udevs are where systems have the server of udev (systemd-udevd.service(8)), which is found by its path.
var udevs = []string{"/usr/lib/systemd/systemd-udevd", "/lib/systemd/systemd-udevd"}

// Udev is where an initramfs has it.
const Udev = "/usr/lib/systemd/systemd-udevd"

// rulesIn are the folders of udev's rules, and helpersIn those of its programs.
var (
	rulesIn   = []string{"/usr/lib/udev/rules.d", "/lib/udev/rules.d"}
	helpersIn = []string{"/usr/lib/udev", "/lib/udev"}
)

// isRule: a file has rules that name disks, partitions, arrays and volumes.
func isRule(name string) bool {
	return regexp.MustCompile(`^\d\d-(udev-default|(persistent-storage-)?dm(-disk|-notify|-parts)?|block|` +
		`persistent-storage|md-raid-(creating|arrays|assembly)|md-incremental|btrfs(-dm|-zoned)?|drivers|` +
		`nvme.*)\.rules$`).MatchString(name)
}

// loaded are libraries that systemd's programs load by their names, in some of its versions, that kmod does for modules
// that are compressed, and that cryptsetup's threads do (pthread_cancel(3)).
var loaded = []string{"libkmod.so.2", "libblkid.so.1", "libgcc_s.so.1", "libacl.so.1", "libzstd.so.1", "liblzma.so.5",
	"libz.so.1"}

// Gather makes the tree. What it needs and does not find is told at once.
func Gather(w Wish) (Tree, error) {
	from, err := openSystem(w.System)
	if err != nil {
		return nil, fmt.Errorf("the system whose programs are taken: %w", err)
	}
	defer from.Close()
	g := &gathering{system: from, tree: Tree{}}
	g.folders = g.librariesIn()
	var missing []string
	add := func(needed bool, name string, paths []string) error {
		at, real := g.find(paths...)
		switch {
		case at != "":
			return g.program(at, real)
		case needed:
			missing = append(missing, name)
		}
		return nil
	}
	var failed []error
	for _, name := range w.Tools {
		failed = append(failed, add(true, name, below(programsIn, name)))
	}
	for _, name := range w.Perhaps {
		failed = append(failed, add(false, name, below(programsIn, name)))
	}
	failed = append(failed, add(true, "systemd-udevd", udevs))
	for _, name := range []string{"scsi_id", "ata_id"} {
		failed = append(failed, add(false, name, below(helpersIn, name)))
	}
	for _, name := range loaded {
		failed = append(failed, add(false, name, below(g.folders, name)))
	}
	if len(missing) > 0 {
		failed = append(failed, lacks(w.System, missing))
	}
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	g.tree.file("init", w.Program, 0o755)
	g.data(w.Files)
	return g.tree, g.modules(w.Kernel, w.Modules)
}

// packages say in which package of Debian a program is that not every system has. Others call many of them so too.
var packages = map[string]string{
	"mdadm": "mdadm", "cryptsetup": "cryptsetup", "dmsetup": "dmsetup", "mkfs.xfs": "xfsprogs",
	"mkfs.btrfs": "btrfs-progs", "mkfs.ext4": "e2fsprogs", "mkfs.fat": "dosfstools", "mkswap": "util-linux",
	"wipefs": "util-linux", "blkid": "util-linux", "mount": "mount", "umount": "mount", "modprobe": "kmod",
	"udevadm": "udev", "systemd-udevd": "udev", "ip": "iproute2", "awk": "mawk", "systemctl": "systemd",
}

func lacks(system string, missing []string) error {
	where := "this system"
	if system != "/" {
		where = diag.Name(system)
	}
	var install []string
	for _, name := range missing {
		pkg := packages[name]
		if pkg != "" && !strings.Contains(" "+strings.Join(install, " ")+" ", " "+pkg+" ") {
			install = append(install, pkg)
		}
	}
	err := fmt.Errorf("%s lacks what the machine needs for this config: %s", where, strings.Join(missing, ", "))
	hint := "--tools DIR names the root of another system that has them"
	if len(install) > 0 {
		hint = "install it; on Debian the packages are called " + strings.Join(install, " ") + "; or " + hint
	}
	return diag.WithHint(err, hint)
}

// data adds files that are no programs.
func (g *gathering) data(files []string) {
	for _, folder := range rulesIn {
		for _, name := range g.list(folder, isRule) {
			if at, real := g.find(folder + "/" + name); at != "" {
				g.tree.file(at, real, 0o644)
			}
		}
	}
	for _, name := range append([]string{"/etc/ld.so.cache", "/etc/mke2fs.conf"}, files...) {
		if at, real := g.find(name); at != "" {
			g.tree.file(at, real, 0o644)
		}
	}
	g.tree.Text("/etc/passwd", 0o644, "root:x:0:0:root:/root:/bin/false\n")
	g.tree.Text("/etc/group", 0o644, "root:x:0:\ndisk:x:6:\n")
	g.tree.Text("/etc/initrd-release", 0o644, "NAME=glowplug\nID=glowplug\n")
}

// modules adds the kernel's, and what modprobe(8) reads of them.
func (g *gathering) modules(k machine.Kernel, names []string) error {
	dependencies, err := os.ReadFile(filepath.Join(k.Modules, "modules.dep"))
	if errors.Is(err, fs.ErrNotExist) {
		err = diag.WithHint(err, "--modules DIR names the folder that has the kernel's modules.dep; `depmod` makes it")
	}
	if err != nil {
		return fmt.Errorf("the kernel's modules: %w", err)
	}
	order, err := machine.LoadOrder(bytes.NewReader(dependencies), names)
	if err != nil {
		return fmt.Errorf("the kernel's modules: %w", err)
	}
	to := "/usr/lib/modules/" + k.Release + "/"
	for _, file := range order {
		if filepath.IsAbs(file) {
			return fmt.Errorf("the kernel's modules: modules.dep has the absolute path %s", diag.Name(file))
		}
		g.tree.file(to+file, filepath.Join(k.Modules, file), 0o644)
	}
	all, err := os.ReadDir(k.Modules)
	if err != nil {
		return fmt.Errorf("the kernel's modules: %w", err)
	}
	for _, each := range all {
		if strings.HasPrefix(each.Name(), "modules.") && each.Type().IsRegular() {
			g.tree.file(to+each.Name(), filepath.Join(k.Modules, each.Name()), 0o644)
		}
	}
	return nil
}
