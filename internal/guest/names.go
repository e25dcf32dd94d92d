package guest

import (
	"fmt"
	"strings"
)

// rules are udev's for the names of disks, and of their partitions, which are called as udev calls them: NAME-part1
// below /dev/disk, and else as the kernel would, a "p" behind a name that ends with a digit (block/partitions/core.c).
func rules(kernel string, names []string) string {
	var text strings.Builder
	for _, name := range names {
		link := strings.TrimPrefix(name, "/dev/")
		between := ""
		switch last := link[len(link)-1]; {
		case strings.HasPrefix(link, "disk/"):
			between = "-part"
		case '0' <= last && last <= '9':
			between = "p"
		}
		fmt.Fprintf(&text, "SUBSYSTEM==\"block\", ENV{DEVTYPE}==\"disk\", KERNEL==\"%s\", SYMLINK+=\"%s\"\n",
			kernel, link)
		fmt.Fprintf(&text, "SUBSYSTEM==\"block\", ENV{DEVTYPE}==\"partition\", KERNELS==\"%s\", SYMLINK+=\"%s%s%%n\"\n",
			kernel, link, between)
	}
	return text.String()
}

// Nameable says why a disk cannot be called by a name, in a rule of udev (udev(7)).
func Nameable(name string) error {
	rest, below := strings.CutPrefix(name, "/dev/")
	switch {
	case !below || rest == "":
		return fmt.Errorf("%q is not below /dev, where disks are", name)
	case strings.HasPrefix(rest, "mapper/"), strings.HasPrefix(rest, "md"), strings.HasPrefix(rest, "dm-"):
		return fmt.Errorf("%q is no name of a disk: what is called so is made of others", name)
	case strings.ContainsFunc(rest, func(r rune) bool { return !plain(r) }):
		return fmt.Errorf("%q has characters that udev's rules do not take", name)
	}
	return nil
}

func plain(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("#+-.:=@_/", r)
}
