package guest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/glowplug-os/glowplug/internal/cmdline"
)

// The mark of a first boot has three forms (docs/operations.md, "What makes a boot a first boot"), and a fourth thing
// goes with the first of them.
const mark = "ignition.firstboot"

// unmarked is an entry of the Boot Loader Specification without the mark in its options.
func unmarked(entry string) string {
	var out strings.Builder
	for line := range strings.Lines(entry) {
		key, _, _ := strings.Cut(strings.TrimLeft(line, " \t"), " ")
		key, _, _ = strings.Cut(key, "\t")
		if key == "options" {
			line = withoutMark(line)
		}
		out.WriteString(line)
	}
	return out.String()
}

// withoutMark takes the mark, and the blanks before it, out of a line of options.
func withoutMark(line string) string {
	var out strings.Builder
	rest := line
	for _, a := range cmdline.Arguments(line) {
		at := strings.Index(rest, a.Written)
		if a.Name != mark {
			out.WriteString(rest[:at+len(a.Written)])
		}
		rest = rest[at+len(a.Written):]
	}
	return out.String() + rest
}

// addons are patterns of the add-ons of unified kernel images that have the mark.
var addons = []string{"loader/addons/ignition.firstboot.addon.efi", "EFI/*/*.extra.d/ignition.firstboot.addon.efi"}

// marks are the files of a boot filesystem that have the mark: those that go, and those that get another text.
func marks(folder string) (gone []string, texts map[string]string, err error) {
	for _, pattern := range append([]string{mark}, addons...) {
		found, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			return nil, nil, err
		}
		gone = append(gone, found...)
	}
	if len(gone) > 0 && filepath.Base(gone[0]) == mark {
		gone = append(gone, filepath.Join(folder, "ignition"))
	}
	entries, err := filepath.Glob(filepath.Join(folder, "loader/entries/*.conf"))
	texts = map[string]string{}
	for _, entry := range entries {
		text, err := textOf(entry)
		if err != nil {
			return nil, nil, err
		}
		if without := unmarked(text); without != text {
			texts[entry] = without
		}
	}
	return gone, texts, err
}

// clear takes the mark away. Links on the way are the image's: it is the machine's only root.
func clearMarks(gone []string, texts map[string]string) error {
	var failed []error
	for _, each := range gone {
		failed = append(failed, os.RemoveAll(each))
	}
	for entry, text := range texts {
		info, err := os.Stat(entry)
		if err == nil {
			err = os.WriteFile(entry, []byte(text), info.Mode().Perm())
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// alike are files of a root that are to differ between machines, and what they are.
var alike = map[string]string{
	"etc/ssh/ssh_host_*_key":       "host keys of sshd",
	"var/lib/systemd/random-seed":  "a random seed",
	"boot/loader/random-seed":      "a random seed of the boot loader",
	"efi/loader/random-seed":       "a random seed of the boot loader",
	"boot/efi/loader/random-seed":  "a random seed of the boot loader",
	"var/lib/systemd/credential.*": "a key for credentials",
}

// clones says what of a root will be the same in every machine that the image is copied to.
func clones(root string) (warnings []string) {
	said := map[string]bool{}
	for pattern, what := range alike {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err == nil && len(found) > 0 && !said[what] {
			said[what] = true
			warnings = append(warnings, "the image has "+what+", which all machines made of it share")
		}
	}
	return warnings
}

// forget has systemd take the root for one that was never started, so that it applies presets (machine-id(5)). A root
// without systemd has no such file, and where it is missing on a root with SELinux it would be without a label; to be
// missing means the same.
func forget(root string) error {
	file := filepath.Join(root, "etc/machine-id")
	info, err := os.Lstat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if !exists(root, "usr/lib/systemd/systemd") || exists(root, "etc/selinux/config") {
			return nil
		}
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("etc/machine-id is no file")
	}
	const uninitialized = "uninitialized\n"
	if text, err := textOf(file); err == nil && text == uninitialized {
		return nil
	}
	return os.WriteFile(file, []byte(uninitialized), 0o444)
}

func exists(root, name string) bool {
	_, err := os.Lstat(filepath.Join(root, name))
	return err == nil
}
