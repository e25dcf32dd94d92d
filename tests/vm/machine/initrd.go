package machine

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/glowplug-os/glowplug/internal/machine"
)

// initrdModules are those that the first process needs to find its disk, and what payload.sh writes to.
var initrdModules = []string{"virtio_pci", "virtio_blk", "virtio_console", "virtio_rng"}

// makeInitrd writes the small initrd: busybox, the two scripts and a handful of modules, named in the order to load
// them.
func makeInitrd(parts Parts) error {
	busybox, err := os.ReadFile(filepath.Join(parts.Tree, "usr/bin/busybox"))
	if err != nil {
		return err
	}
	modules := filepath.Join(parts.Tree, "usr/lib/modules", parts.Release)
	dependencies, err := os.Open(filepath.Join(modules, "modules.dep"))
	if err != nil {
		return err
	}
	defer dependencies.Close()
	order, err := machine.LoadOrder(dependencies, initrdModules)
	if err != nil {
		return err
	}
	file, err := os.Create(parts.Initrd)
	if err != nil {
		return err
	}
	defer file.Close()
	archive := machine.NewArchive(file)
	for _, dir := range []string{"bin", "dev", "modules", "proc", "root", "sys"} {
		archive.Add(dir, fs.ModeDir|0o755, nil)
	}
	addScripts(archive)
	archive.Add("bin/busybox", 0o755, busybox)
	for i, module := range order {
		text, err := os.ReadFile(filepath.Join(modules, module))
		if err != nil {
			return err
		}
		archive.Add(fmt.Sprintf("modules/%02d-%s", i, filepath.Base(module)), 0o644, text)
	}
	return archive.Close()
}

func addScripts(archive *machine.Archive) {
	archive.Add("init", 0o755, initrdScript)
	archive.Add("payload.sh", 0o755, payloadScript)
	archive.Add("witness.sh", 0o755, WitnessScript)
}
