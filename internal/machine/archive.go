package machine

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
)

// An Archive is what Linux takes as an initramfs: "newc", as
// Documentation/driver-api/early-userspace/buffer-format.rst of the kernel describes it. Every number is of eight
// hexadecimal digits, and each part starts at a multiple of four bytes. All in it is root's.
type Archive struct {
	to      *bufio.Writer
	written int64
	files   int
}

// NewArchive writes to a writer, which keeps its first error for Close.
func NewArchive(to io.Writer) *Archive { return &Archive{to: bufio.NewWriter(to)} }

// kinds are the types of inodes (inode(7)).
var kinds = map[fs.FileMode]uint32{0: 0o100000, fs.ModeDir: 0o040000, fs.ModeSymlink: 0o120000}

// Add adds a file, a folder or a link, of which the content is what it leads to. Folders come before what is in them.
func (a *Archive) Add(name string, mode fs.FileMode, content []byte) {
	a.files++
	header := []uint32{uint32(a.files), kinds[mode.Type()] | uint32(mode.Perm()), 0, 0, 1, 0, uint32(len(content)), 0,
		0, 0, 0, uint32(len(name) + 1), 0}
	a.write([]byte("070701"))
	for _, number := range header {
		a.write(fmt.Appendf(nil, "%08X", number))
	}
	a.write([]byte(name + "\x00"))
	a.pad()
	a.write(content)
	a.pad()
}

func (a *Archive) write(content []byte) {
	n, _ := a.to.Write(content)
	a.written += int64(n)
}

func (a *Archive) pad() { a.write(make([]byte, -a.written&3)) }

// Close ends the archive.
func (a *Archive) Close() error {
	a.Add("TRAILER!!!", 0, nil)
	return a.to.Flush()
}
