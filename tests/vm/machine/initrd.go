package machine

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	order, err := loadOrder(dependencies, initrdModules)
	if err != nil {
		return err
	}
	file, err := os.Create(parts.Initrd)
	if err != nil {
		return err
	}
	defer file.Close()
	archive := &cpio{to: bufio.NewWriter(file)}
	for _, dir := range []string{"bin", "dev", "modules", "proc", "root", "sys"} {
		archive.add(dir, fs.ModeDir|0o755, nil)
	}
	archive.add("init", 0o755, initrdScript)
	archive.add("payload.sh", 0o755, payloadScript)
	archive.add("witness.sh", 0o755, WitnessScript)
	archive.add("bin/busybox", 0o755, busybox)
	for i, module := range order {
		text, err := os.ReadFile(filepath.Join(modules, module))
		if err != nil {
			return err
		}
		archive.add(fmt.Sprintf("modules/%02d-%s", i, filepath.Base(module)), 0o644, text)
	}
	return archive.end()
}

// loadOrder gives the files of modules and of all that they need, what is needed first. dependencies is a
// modules.dep(5). A module that is not in it is built into the kernel.
func loadOrder(dependencies io.Reader, names []string) ([]string, error) {
	needs, files := map[string][]string{}, map[string]string{}
	for lines := bufio.NewScanner(dependencies); ; {
		if !lines.Scan() {
			if err := lines.Err(); err != nil {
				return nil, err
			}
			break
		}
		file, rest, _ := strings.Cut(lines.Text(), ":")
		needs[file] = strings.Fields(rest)
		name, _, _ := strings.Cut(filepath.Base(file), ".")
		files[name] = file
	}
	var order []string
	var load func(file string)
	load = func(file string) {
		if slices.Contains(order, file) {
			return
		}
		for _, need := range needs[file] {
			load(need)
		}
		order = append(order, file)
	}
	for _, name := range names {
		if file, isModule := files[name]; isModule {
			load(file)
		}
	}
	return order, nil
}

// cpio writes the archive that Linux takes as an initrd: "newc", as
// Documentation/driver-api/early-userspace/buffer-format.rst of the kernel describes it. Every number is of eight
// hexadecimal digits, and each part starts at a multiple of four bytes.
type cpio struct {
	to      *bufio.Writer
	written int
	files   int
}

func (c *cpio) add(name string, mode fs.FileMode, content []byte) {
	kind := uint32(0o100000) // a file
	if mode.IsDir() {
		kind = 0o040000
	}
	c.files++
	header := []uint32{uint32(c.files), kind | uint32(mode.Perm()), 0, 0, 1, 0, uint32(len(content)), 0, 0, 0, 0,
		uint32(len(name) + 1), 0}
	c.write([]byte("070701"))
	for _, number := range header {
		c.write(fmt.Appendf(nil, "%08X", number))
	}
	c.write([]byte(name + "\x00"))
	c.pad()
	c.write(content)
	c.pad()
}

// write leaves errors to the writer, which keeps the first for end.
func (c *cpio) write(content []byte) {
	n, _ := c.to.Write(content)
	c.written += n
}

func (c *cpio) pad() { c.write(bytes.Repeat([]byte{0}, -c.written&3)) }

func (c *cpio) end() error {
	c.add("TRAILER!!!", 0, nil)
	return c.to.Flush()
}
