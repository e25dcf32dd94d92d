package initramfs

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/machine"
)

// A Node is a file, or a link, of an initramfs.
type Node struct {
	From string // the file that it is of; "" for Text
	Text []byte
	Mode fs.FileMode
}

// A Tree is the nodes by their paths, which begin with no "/". Folders that they are in need no mention.
type Tree map[string]Node

// merged are the folders that are links, in every system that /usr is merged in, and what they lead to.
var merged = map[string]string{"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}

// place is where a path of a system is in an initramfs.
func place(at string) string {
	at = strings.TrimPrefix(path.Clean("/"+at), "/")
	first, rest, below := strings.Cut(at, "/")
	if to, is := merged[first]; is && below {
		return to + "/" + rest
	}
	return at
}

// Text adds a file that is made up.
func (t Tree) Text(at string, mode fs.FileMode, text string) {
	t[place(at)] = Node{Text: []byte(text), Mode: mode}
}

func (t Tree) file(at, from string, mode fs.FileMode) { t[place(at)] = Node{From: from, Mode: mode} }

// empty are the folders that a machine mounts something on.
var empty = []string{"dev", "proc", "root", "run", "sys", "sysroot", "tmp", "var", "etc"}

// Pack writes a tree.
func (t Tree) Pack(to *machine.Archive) error {
	made := map[string]bool{}
	var folder func(at string)
	folder = func(at string) {
		if at != "." && !made[at] {
			folder(path.Dir(at))
			made[at] = true
			to.Add(at, fs.ModeDir|0o755, nil)
		}
	}
	for _, at := range slices.Concat(empty, slices.Sorted(maps.Values(merged))) {
		folder(at)
	}
	for _, at := range slices.Sorted(maps.Keys(merged)) {
		to.Add(at, fs.ModeSymlink|0o777, []byte(merged[at]))
	}
	for _, at := range slices.Sorted(maps.Keys(t)) {
		n := t[at]
		folder(path.Dir(at))
		if n.From != "" {
			var err error
			if n.Text, err = os.ReadFile(n.From); err != nil {
				return fmt.Errorf("initramfs: %w", err)
			}
		}
		to.Add(at, n.Mode, n.Text)
	}
	return to.Close()
}
