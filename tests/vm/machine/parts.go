package machine

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/glowplug-os/glowplug/internal/machine"
)

// A Recipe says which Debian root a machine gets.
type Recipe struct {
	Suite    string
	Packages []string
	RootMiB  int64  // of the root's filesystem
	FreeMiB  int64  // of the disk behind it, not partitioned
	Policy   string // of SELinux, by which all of the root is labelled; empty: nothing is
}

// Bookworm is Debian 12 with the tools that make disks, and those that unlock them.
func Bookworm() Recipe {
	return Recipe{
		Suite: "bookworm",
		Packages: []string{
			"systemd", "systemd-sysv", "dbus", "udev", "kmod", "util-linux", "mount", "iproute2", "passwd",
			"busybox-static",
			"e2fsprogs", "xfsprogs", "btrfs-progs", "dosfstools", "gdisk", "fdisk", "mdadm", "cryptsetup",
			"cryptsetup-bin", "dmsetup",
			"clevis", "clevis-luks", "clevis-tpm2", "clevis-systemd", "tpm2-tools", "libtss2-tcti-device0",
			"tang-common", "jose", "curl",
		},
		RootMiB: 1536,
		FreeMiB: 512,
	}
}

// Parts are what Prepare made: files that machines share and do not change.
type Parts struct {
	Kernel  string // Debian's for clouds: ext4, TPM and NVMe built in
	Initrd  string // a small one that mounts the root and goes on there: payload.sh, or with init=/sbin/init systemd
	Root    string // a raw image with a GPT, whose first partition is the root: the Base of a Disk named root
	Tree    string // the same root as a folder, kernel modules included
	Release string // the kernel's: 6.1.0-1-cloud-amd64
}

var (
	//go:embed customize.sh
	customizeScript []byte
	//go:embed initrd.sh
	initrdScript []byte
	//go:embed payload.sh
	payloadScript []byte
	//go:embed parts.go
	thisFile []byte
	//go:embed initrd.go
	initrdFile []byte
)

// folder names the place of a recipe's parts in the cache. All that decides what they hold is in the name, so that a
// changed recipe has a folder of its own.
func (r Recipe) folder() (string, error) {
	recipe, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	scripts, err := packed()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(bytes.Join([][]byte{recipe, customizeScript, scripts, thisFile, initrdFile}, []byte{0}))
	return fmt.Sprintf("vm-%s-%x", r.Suite, sum[:6]), nil
}

// packed is what of the initrd is of no Debian, in the form that it has there.
func packed() ([]byte, error) {
	var packed bytes.Buffer
	archive := machine.NewArchive(&packed)
	addScripts(archive)
	err := archive.Close()
	return packed.Bytes(), err
}

// Prepare installs what is missing on this host, a Debian with its own apt sources, and makes the parts of a recipe or
// finds them in the cache: GLOWPLUG_CACHE or /var/cache/glowplug. One process prepares at a time. Only making them
// needs root. What it runs writes to progress.
func Prepare(ctx context.Context, recipe Recipe, progress io.Writer) (Parts, error) {
	name, err := recipe.folder()
	if err != nil {
		return Parts{}, err
	}
	cache := cacheFolder()
	unlock, err := lock(cache)
	if err != nil {
		return Parts{}, err
	}
	defer unlock()
	w := workshop{ctx: ctx, progress: progress}
	if err := w.installTools(hostTools); err != nil {
		return Parts{}, err
	}
	folder := filepath.Join(cache, name)
	if _, err := os.Stat(folder); err == nil {
		return partsIn(folder)
	}
	// What others began and did not finish is of no use: nobody else prepares now.
	left, err := filepath.Glob(filepath.Join(cache, "vm-*.new"))
	if err != nil {
		return Parts{}, err
	}
	for _, unfinished := range left {
		if err := os.RemoveAll(unfinished); err != nil {
			return Parts{}, err
		}
	}
	unfinished := folder + ".new"
	if err := w.makeParts(recipe, unfinished); err != nil {
		return Parts{}, fmt.Errorf("parts of a machine: %w", err)
	}
	if err := os.Rename(unfinished, folder); err != nil {
		return Parts{}, err
	}
	return partsIn(folder)
}

func cacheFolder() string { return cmp.Or(os.Getenv("GLOWPLUG_CACHE"), "/var/cache/glowplug") }

func partsIn(folder string) (Parts, error) {
	p := Parts{
		Kernel: filepath.Join(folder, "vmlinuz"),
		Initrd: filepath.Join(folder, "initrd"),
		Root:   filepath.Join(folder, "root.raw"),
		Tree:   filepath.Join(folder, "tree"),
	}
	releases, err := os.ReadDir(filepath.Join(p.Tree, "usr/lib/modules"))
	if err != nil {
		return Parts{}, err
	}
	if len(releases) != 1 {
		return Parts{}, fmt.Errorf("%s: %d kernels have modules in it, not one", p.Tree, len(releases))
	}
	p.Release = releases[0].Name()
	return p, nil
}

// lock waits until no other process prepares.
func lock(cache string) (unlock func() error, err error) {
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(cache, "vm-lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file.Close, nil
}

// A workshop runs the tools that make parts.
type workshop struct {
	ctx      context.Context
	progress io.Writer
}

func (w workshop) run(name string, args ...string) error {
	c := command(w.ctx, name, args...)
	c.Stdout, c.Stderr = w.progress, w.progress
	c.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if err := c.Run(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// makeParts fills a folder.
func (w workshop) makeParts(recipe Recipe, folder string) error {
	if os.Geteuid() != 0 {
		return errors.New("a Debian root has files of several owners: run this once as root")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := w.makeTree(recipe, folder); err != nil {
		return err
	}
	parts, err := partsIn(folder)
	if err != nil {
		return err
	}
	if recipe.Policy != "" {
		if err := w.labelTree(parts.Tree, recipe.Policy); err != nil {
			return err
		}
	}
	if err := makeInitrd(parts); err != nil {
		return fmt.Errorf("initrd: %w", err)
	}
	return w.makeRoot(recipe, parts)
}

// makeTree bootstraps the root and, in its hook, fetches the kernel.
func (w workshop) makeTree(recipe Recipe, folder string) error {
	mirror, err := w.mirror(recipe.Suite)
	if err != nil {
		return err
	}
	hook := filepath.Join(folder, "customize.sh")
	if err := os.WriteFile(hook, customizeScript, 0o755); err != nil {
		return err
	}
	args := []string{"--quiet", "--variant=minbase", "--include=" + strings.Join(recipe.Packages, ","),
		"--customize-hook=" + hook}
	for _, left := range []string{"/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*"} {
		args = append(args, "--dpkgopt=path-exclude="+left)
	}
	args = append(args, recipe.Suite, filepath.Join(folder, "tree"),
		fmt.Sprintf("deb %s %s main", mirror, recipe.Suite))
	if err := w.run("mmdebstrap", args...); err != nil {
		return err
	}
	// systemd applies presets, by which units get enabled, only while the machine has no id yet. mmdebstrap leaves the
	// file empty in the end, which stands for an id that is only to be chosen.
	return os.WriteFile(filepath.Join(folder, "tree/etc/machine-id"), []byte("uninitialized\n"), 0o444)
}

// mirror is where this host's own apt gets Debian from: a source of this suite, or else of the host's own.
func (w workshop) mirror(suite string) (string, error) {
	ask := command(w.ctx, "apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages",
		"Origin: Debian", "Component: main")
	ask.Stderr = w.progress
	out, err := ask.Output()
	if err != nil {
		return "", fmt.Errorf("apt-get indextargets: %w", err)
	}
	hosts := ""
	for line := range strings.Lines(string(out)) {
		release, uri, _ := strings.Cut(strings.TrimSpace(line), " ")
		if release == suite {
			return uri, nil
		}
		// bookworm-updates and bookworm-security are no whole Debian.
		if hosts == "" && !strings.Contains(release, "-") {
			hosts = uri
		}
	}
	if hosts == "" {
		return "", errors.New("this host's apt has no source for Debian")
	}
	return hosts, nil
}

// labelTree gives all files of a root the labels of its policy, also the folder that mke2fs would make without one. The
// host needs no SELinux for that: labels are extended attributes, which mke2fs takes along.
func (w workshop) labelTree(tree, policy string) error {
	if err := w.installTools(map[string]string{"setfiles": "policycoreutils"}); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(tree, "lost+found"), 0o700); err != nil {
		return err
	}
	contexts := filepath.Join("/etc/selinux", policy, "contexts/files/file_contexts")
	// Debian leaves the thousands of patterns for each program to compile that asks for a label, the first process
	// among them: under emulation half a minute of each boot.
	for _, patterns := range []string{contexts, contexts + ".homedirs"} {
		if err := w.run("chroot", tree, "sefcontext_compile", "-r", patterns); err != nil {
			return err
		}
	}
	return w.run("setfiles", "-F", "-r", tree, filepath.Join(tree, contexts), tree)
}

// makeRoot makes the disk. mke2fs fills a filesystem from a folder, so no loop device is mounted; it also writes over
// the first sectors of the file, so the partition table comes after it.
func (w workshop) makeRoot(recipe Recipe, parts Parts) error {
	const startBytes = 1 << 20
	if err := os.WriteFile(parts.Root, nil, 0o644); err != nil {
		return err
	}
	if err := os.Truncate(parts.Root, startBytes+(recipe.RootMiB+recipe.FreeMiB+1)<<20); err != nil {
		return err
	}
	if err := w.run("mke2fs", "-q", "-F", "-t", "ext4", "-L", "root", "-d", parts.Tree,
		"-E", fmt.Sprintf("offset=%d,lazy_itable_init=1,lazy_journal_init=1", startBytes), parts.Root,
		fmt.Sprintf("%dM", recipe.RootMiB)); err != nil {
		return err
	}
	const linuxRootAMD64 = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"
	sfdisk := command(w.ctx, "sfdisk", "-q", "--wipe", "never", "--wipe-partitions", "never", parts.Root)
	sfdisk.Stdin = strings.NewReader(fmt.Sprintf("label: gpt\nstart=%d, size=%d, type=%s, name=root\n", startBytes/512,
		recipe.RootMiB<<20/512, linuxRootAMD64))
	sfdisk.Stdout, sfdisk.Stderr = w.progress, w.progress
	if err := sfdisk.Run(); err != nil {
		return fmt.Errorf("sfdisk: %w", err)
	}
	return nil
}
