package image

import (
	"errors"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/form"
)

// A mark is how an image of another form begins, or ends.
type mark struct {
	at    int // from the beginning; below 0 from the end
	magic string
	what  string
	pack  bool // what is inside may be an image
}

// marks are the forms that disks of machines come in, by qemu's block drivers (qemu: block/*.c, docs/interop), and
// packed forms that internal/form does not know.
var marks = []mark{
	{0, "QFI\xfb", "a qcow2 image", false},
	{0, "QED\x00", "a QED image", false},
	{0, "KDMV", "a VMDK image", false},
	{0, "COWD", "a VMDK image", false},
	{0, "# Disk DescriptorFile", "the description of a VMDK image", false},
	{0, "vhdxfile", "a VHDX image", false},
	{0, "conectix", "a VHD image", false},
	{-512, "conectix", "a VHD image", false}, // one of fixed size is raw but for this
	{64, "\x7f\x10\xda\xbe", "a VDI image", false},
	{0, "WithoutFreeSpace", "a Parallels image", false},
	{0, "WithouFreSpacExt", "a Parallels image", false},
	{-512, "koly", "a DMG image", false},
	{0, "\x3a\xff\x26\xed", "a sparse image of Android", true},
	{0, "\x04\x22\x4d\x18", "lz4-compressed data", true},
	{0, "7z\xbc\xaf\x27\x1c", "a 7z archive", true},
}

// ends is how much of either end of a file is looked at.
const ends = 4096

// known refuses what is no image by how the file begins or ends. Listed: it has a partition table, so it is one unless
// a form of images says otherwise.
func known(name string, begin, end []byte, listed bool) error {
	for _, m := range marks {
		text, at := begin, m.at
		if at < 0 {
			text, at = end, len(end)+at
		}
		if at < 0 || len(text) < at || !strings.HasPrefix(string(text[at:]), m.magic) {
			continue
		}
		if m.pack {
			return packed(m.what)
		}
		return diag.WithHint(errors.New("is "+m.what+", not a raw image"),
			"convert it to raw: qemu-img convert -O raw "+diag.Name(name)+" disk.raw")
	}
	if f, is := form.Of(string(begin)); is && !listed {
		return packed(f.What)
	}
	return nil
}

func packed(what string) error {
	return diag.WithHint(errors.New("is "+what+", not an image of a disk"),
		"unpack it first, if there is an image in it: an image is the bytes of a disk, as dd writes them")
}
