package guest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/cmdline"
)

var (
	errNoFile   = errors.New("is no file")
	errTooLarge = errors.New("is too large for a text")
)

// opened opens a file of an image, for reading. Whatever else has its name is not opened: a pipe would be waited for
// without end, and devices are the machine's.
func opened(file string) (*os.File, error) {
	info, err := os.Stat(file)
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: file, Err: errNoFile}
	}
	if err != nil {
		return nil, err
	}
	return os.Open(file)
}

// textOf is the content of a file of an image.
func textOf(file string) (string, error) {
	const most = 16 << 20 // a grub.cfg has some 10 kB
	f, err := opened(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && len(text) > most {
		err = &fs.PathError{Op: "read", Path: file, Err: errTooLarge}
	}
	return string(text), err
}

// bootFolders are where a root has the filesystems that boot loaders read, or their files.
var bootFolders = []string{"boot", "efi", "boot/efi"}

// entryFiles are patterns of the files with command lines that the helper for kernel arguments changes.
var entryFiles = []string{"loader/entries/*.conf", "grub/grub.cfg", "grub2/grub.cfg"}

// Entries are what starts kernels from a folder that a boot loader reads.
type entries struct {
	lines   []string // command lines in files
	unified []string // images of kernels that have theirs inside
}

// entriesIn looks for them. What cannot be read has none.
func entriesIn(folder string) (e entries) {
	for _, pattern := range entryFiles {
		found, _ := filepath.Glob(filepath.Join(folder, pattern))
		for _, file := range found {
			e.lines = append(e.lines, commandLines(file)...)
		}
	}
	for _, pattern := range []string{"EFI/Linux/*.[eE][fF][iI]", "EFI/BOOT/*.[eE][fF][iI]"} {
		found, _ := filepath.Glob(filepath.Join(folder, pattern))
		for _, file := range found {
			if isUnified(file) {
				e.unified = append(e.unified, file)
			}
		}
	}
	return e
}

// startsKernel are the keys of lines that start a kernel; what follows them in a grub.cfg is its command line.
var startsKernel = []string{"linux", "linux16", "linuxefi", "uki"}

// commandLines are those in an entry of the Boot Loader Specification, which may be "", or in a grub.cfg.
func commandLines(file string) (all []string) {
	text, err := textOf(file)
	if err != nil {
		return nil
	}
	starts, options := false, []string(nil)
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case filepath.Ext(file) == ".conf":
			starts = starts || words[0] == "linux" || words[0] == "uki"
			if words[0] == "options" {
				options = append(options, words[1:]...)
			}
		case slices.Contains(startsKernel, words[0]):
			all = append(all, strings.Join(words[1:], " "))
		}
	}
	if starts {
		all = append(all, strings.Join(options, " "))
	}
	return all
}

// isUnified: a program of EFI has a section with a kernel's command line or a kernel (the UAPI group's specification of
// unified kernel images). The table of sections is in the first part of the file.
func isUnified(file string) bool {
	const part = 8 << 10
	f, err := opened(file)
	if err != nil {
		return false
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(bufio.NewReader(f), part))
	return err == nil && bytes.HasPrefix(text, []byte("MZ")) &&
		(bytes.Contains(text, []byte(".linux\x00\x00")) || bytes.Contains(text, []byte(".cmdline")))
}

// subvolumeOf is the subvolume that a command line has the kernel take for the root; "" where it names none.
func subvolumeOf(line string) string {
	for option := range strings.SplitSeq(cmdline.Last(line, "rootflags"), ",") {
		if name, is := strings.CutPrefix(option, "subvol="); is {
			return strings.Trim(name, "/")
		}
	}
	return ""
}

// AsksArguments tells whether a config has kernel arguments.
func AsksArguments(cfg config.Config) bool {
	return len(cfg.KernelArguments.ShouldExist)+len(cfg.KernelArguments.ShouldNotExist) > 0
}

// argumentFolders is the file that says where kernel arguments belong: a line NAME=FOLDER each, as the helper for boot
// entries takes it in its environment.
const argumentFolders = "/run/glowplug-argument-folders"

// Where the machine has the program that a boot calls for kernel arguments, and the helper that this calls.
const (
	ArgumentsHelper = "/usr/sbin/ignition-kargs-helper"
	EntriesHelper   = "/usr/lib/glowplug/kargs-entries"
)

// ArgumentsScript has the helper change the entries in each folder.
const ArgumentsScript = `#!/bin/sh
while read -r folder; do
	(export "$folder" && exec sh ` + EntriesHelper + ` "$@" </dev/null) || exit
done <` + argumentFolders + `
`
