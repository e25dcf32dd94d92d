package machine

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// FirstBoot is a Debian that is provisioned at its first boot: with dracut, which makes its initrd, and what configs
// ask for.
func FirstBoot(suite string) Recipe {
	r := Bookworm()
	r.Suite = suite
	r.Packages = append(r.Packages, "dracut-core", "dracut-network", "cpio", "ca-certificates", "openssh-server",
		"sudo", "jq", "netbase")
	if suite != "bookworm" {
		// The first was a part of the package systemd until then. The others make unified kernel images.
		r.Packages = append(r.Packages, "systemd-cryptsetup", "systemd-boot-efi", "systemd-ukify")
	}
	return r
}

// SELinux is FirstBoot with Debian's SELinux policy, as it is packaged.
func SELinux(suite string) Recipe {
	r := FirstBoot(suite)
	r.Packages = append(r.Packages, "selinux-policy-default", "policycoreutils", "selinux-utils")
	r.Policy = "default"
	return r
}

//go:embed dracut.sh
var dracutScript []byte

// Dracut makes an initrd with the tree's own dracut, on top of which the folder layer lies for as long: dracut modules
// and what they install. modules are to be in it, beside those for the disks. The same layer gives the same initrd,
// from beside the parts in the cache. Only making it needs root.
func (p Parts) Dracut(ctx context.Context, layer string, modules []string, progress io.Writer) (string, error) {
	unlock, err := lock(filepath.Dir(filepath.Dir(p.Tree)))
	if err != nil {
		return "", err
	}
	defer unlock()
	sum := sha256.New()
	fmt.Fprintln(sum, string(dracutScript), modules)
	if err := digestFolder(sum, layer); err != nil {
		return "", err
	}
	initrd := filepath.Join(filepath.Dir(p.Tree), fmt.Sprintf("initrd-%x", sum.Sum(nil)[:6]))
	now := time.Now()
	if err := os.Chtimes(initrd, now, now); err == nil {
		return initrd, nil
	}
	if err := p.forgetInitrds(); err != nil {
		return "", err
	}
	layer, err = filepath.Abs(layer)
	if err != nil {
		return "", err
	}
	w := workshop{ctx: ctx, progress: progress}
	if err := w.run("unshare", "--mount", "sh", "-c", string(dracutScript), "dracut.sh",
		p.Tree, layer, initrd+".new", p.Release, strings.Join(modules, " ")); err != nil {
		return "", fmt.Errorf("dracut: %w", err)
	}
	return initrd, os.Rename(initrd+".new", initrd)
}

// keptInitrds is how many of one root are kept, beside a new one: each is about 90 MB, and most are of programs that
// are gone.
const keptInitrds = 3

// forgetInitrds removes those that have not been used for longest.
func (p Parts) forgetInitrds() error {
	paths, err := filepath.Glob(filepath.Join(filepath.Dir(p.Tree), "initrd-*"))
	if err != nil {
		return err
	}
	used := map[string]time.Time{}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		used[path] = info.ModTime()
	}
	slices.SortFunc(paths, func(a, b string) int { return used[b].Compare(used[a]) })
	for _, path := range paths[min(keptInitrds, len(paths)):] {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// digestFolder writes all that a folder holds, in the order of names.
func digestFolder(to io.Writer, folder string) error {
	return filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(to, "%s %s %d\n", strings.TrimPrefix(path, folder), info.Mode(), info.Size())
		switch {
		case info.Mode().IsRegular():
			file, err := os.Open(path)
			if err != nil {
				return err
			}
			defer file.Close()
			_, err = io.Copy(to, file)
			return err
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			fmt.Fprintln(to, target)
			return err
		}
		return nil
	})
}
