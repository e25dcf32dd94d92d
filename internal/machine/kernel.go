package machine

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// A Kernel is a file that qemu starts, and the folder of its modules.
type Kernel struct{ File, Release, Modules string }

// Release reads of an x86 kernel which it is (Documentation/arch/x86/boot.rst, header and kernel_version).
func Release(kernel io.ReaderAt) (string, error) {
	const mark, version, base, most = 0x202, 0x20e, 0x200, 256
	header := make([]byte, version+2)
	if _, err := kernel.ReadAt(header, 0); err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if string(header[mark:mark+4]) != "HdrS" {
		return "", errors.New("is no kernel for x86")
	}
	text := make([]byte, most)
	n, err := kernel.ReadAt(text, base+int64(binary.LittleEndian.Uint16(header[version:])))
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	text, _, _ = bytes.Cut(text[:n], []byte{0})
	name, _, _ := strings.Cut(string(text), " ")
	if name == "" || strings.ContainsAny(name, "/\n") || name[0] == '.' {
		return "", errors.New("does not say which kernel it is")
	}
	return name, nil
}

// modulesBelow are the folders of a system that have a folder for each kernel.
var modulesBelow = []string{"usr/lib/modules", "lib/modules"}

// KernelAt is the kernel in a file. Modules may be "", for those of a system.
func KernelAt(file, modules, system string) (Kernel, error) {
	f, err := openFile(file)
	if err != nil {
		return Kernel{}, fmt.Errorf("the kernel: %w", err)
	}
	defer f.Close()
	k := Kernel{File: file, Modules: modules}
	if k.Release, err = Release(f); err != nil {
		return Kernel{}, diag.WithHint(fmt.Errorf("the kernel %s: %w", diag.Name(file), err),
			"--kernel FILE is a vmlinuz, as /boot has them")
	}
	for _, below := range modulesBelow {
		if at := filepath.Join(system, below, k.Release); k.Modules == "" && exists(filepath.Join(at, "modules.dep")) {
			k.Modules = at
		}
	}
	if k.Modules == "" {
		return Kernel{}, diag.WithHint(fmt.Errorf("the kernel %s: modules of %s are not on this system",
			diag.Name(file), diag.Name(k.Release)), "--modules DIR names the folder that has its modules.dep")
	}
	return k, nil
}

// openFile opens files only: for who writes into a pipe it would wait, and heed no signal.
func openFile(name string) (*os.File, error) {
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = diag.WithHint(fmt.Errorf("%s is no file", diag.Name(name)),
			"--kernel FILE is a vmlinuz, as /boot has them")
	}
	if err != nil {
		return nil, err
	}
	return os.Open(name)
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// kernelsIn are the places of kernels in a system: of Debian and its like, of Fedora and its like, and of what keeps
// them beside their modules.
var kernelsIn = []string{"boot/vmlinuz-*", "boot/vmlinuz", "usr/lib/modules/*/vmlinuz", "lib/modules/*/vmlinuz"}

// Newest is the newest kernel of a system that has its modules.
func Newest(system string) (Kernel, error) {
	var newest Kernel
	var failed []error
	for _, pattern := range kernelsIn {
		files, err := filepath.Glob(filepath.Join(system, pattern))
		if err != nil {
			return Kernel{}, err
		}
		for _, file := range files {
			k, err := KernelAt(file, "", system)
			if failed = append(failed, err); err == nil && compareReleases(k.Release, newest.Release) > 0 {
				newest = k
			}
		}
	}
	if newest.File != "" {
		return newest, nil
	}
	if err := errors.Join(failed...); err != nil {
		return Kernel{}, diag.WithHint(err, "--kernel FILE names a kernel that you may read, --modules DIR its modules")
	}
	where := "this system"
	if system != "/" {
		where = diag.Name(system)
	}
	return Kernel{}, diag.WithHint(errors.New("no kernel is on "+where+" to start a machine with"),
		"install one, on Debian linux-image-cloud-amd64, or name one: --kernel FILE --modules DIR")
}

// compareReleases compares numbers as such, and else texts: 6.9.1 is before 6.10.0.
func compareReleases(a, b string) int {
	for a != "" && b != "" {
		one, two := leading(a), leading(b)
		a, b = a[len(one):], b[len(two):]
		order := strings.Compare(one, two)
		if isDigit(one[0]) && isDigit(two[0]) {
			one, two = strings.TrimLeft(one, "0"), strings.TrimLeft(two, "0")
			order = cmp.Or(cmp.Compare(len(one), len(two)), strings.Compare(one, two))
		}
		if order != 0 {
			return order
		}
	}
	return cmp.Compare(len(a), len(b))
}

// leading is the number, or what is no number, that a text begins with.
func leading(text string) string {
	end := 1
	for end < len(text) && isDigit(text[end]) == isDigit(text[0]) {
		end++
	}
	return text[:end]
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
