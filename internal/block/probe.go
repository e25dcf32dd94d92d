package block

import (
	"encoding/hex"
	"io"
	"slices"
	"strings"
)

// A Signature is what one kind of filesystem, RAID member, volume or swap area leaves on a device so that it is
// recognised.
type Signature struct {
	// Type is libblkid's name of the kind, as "ext4" or "crypto_LUKS".
	Type string
	// UUID is as libblkid writes it: lower case, but for vfat and exfat ("0A1B-2C3D"), ntfs (16 digits, in capitals),
	// LVM (in groups of its own) and zfs (decimal). Empty if there is none.
	UUID string
	// Label is without the spaces at its end; empty if there is none.
	Label string
}

// Content is what a device is filled with.
type Content struct {
	// Signatures are in libblkid's order: where it has to choose one, it takes the first.
	Signatures []Signature
	// Ambivalent: there are several, and not of kinds that go together by design (iso9660, udf, hfs).
	Ambivalent bool
	// Unfinished: the first signature is of a filesystem whose maker was stopped before it was done. There is nothing
	// in it yet. Only xfs and vfat look like anything before they are whole: of ext, btrfs and swap the magic is
	// written last.
	Unfinished bool
}

// First is the signature that counts; the zero value for a device without any.
func (c Content) First() Signature {
	if len(c.Signatures) == 0 {
		return Signature{}
	}
	return c.Signatures[0]
}

// A prober recognises one kind.
type prober struct {
	read func(*device) (Signature, bool)
	// ends: of a RAID member or an encrypted volume the rest is content, so nothing else is looked for.
	ends bool
	// tolerant: may be there beside others.
	tolerant bool
	minSize  int64
}

const ocfsMinSize = 14000 << 10

// Below this libblkid takes a device for a floppy disk and its first signature for the only one.
const tinySize = 1440 << 10

// probers are in the order of libblkid 2.41.
func probers() []prober {
	return slices.Concat([]prober{{read: readMD, ends: true}}, biosRAIDs(), []prober{
		{read: readBcache},
		{read: readBcachefs},
		plain("ceph_bluestore", "bluestore block device", 0),
		anyOf("drbd", -4096+60, "\x83\x74\x02\x6b", "\x83\x74\x02\x6c", "\x83\x74\x02\x6d").member().only(raidMinSize),
		plain("drbdmanage_control_volume", "$DRBDmgr=q", 0).only(raidMinSize),
		plain("drbdproxy_datalog", "DRBDdlh*", 0).only(16 << 10),
		{read: readLVM2, ends: true},
		{read: readLVM1, ends: true},
		plain("DM_snapshot_cow", "SnAp", 0).member(),
		plain("DM_verity_hash", "verity\x00\x00", 0).member(),
		plain("DM_integrity", "integrt\x00", 0).member(),
		{read: readLUKS, ends: true},
		plain("VMFS_volume_member", "\x0d\xd0\x01\xc0", 1<<20).member(),
		plain("ubi", "UBI#", 0).member(),
		plain("vdo", "dmvdo001", 0).member(),
		plain("stratis", "!Stra0tis\x86\xff\x02^\x41rh", 512+4, 9*512+4).member(),
		plain("BitLocker", "-FVE-FS-", 3).member(),
		{read: readToGo, ends: true},
		{read: readCoreStorage, ends: true},
		{read: readFAT},
		{read: readSuspended, minSize: 10 * 4096},
		{read: readSwap, minSize: 10 * 4096},
		{read: readXFS},
		{read: readXFSLog, minSize: 10 << 20},
		plain("exfs", "EXFS", 0),
		{read: readExt},
		{read: readReiser},
		{read: readJFS},
		{read: readUDF, tolerant: true},
		{read: readISO, tolerant: true},
		{read: readZFS, minSize: 64 << 20},
		{read: readHFSPlus},
		{read: readHFS, tolerant: true},
		{read: readUFS},
		{read: readHPFS},
		{read: readSysV},
		anyOf("xenix", 2048, "+UD", "DU+"),
		{read: readNTFS},
		plain("ReFS", "\x00\x00\x00ReFS\x00", 0),
		anyOf("cramfs", 0, "\x45\x3d\xcd\x28", "\x28\xcd\x3d\x45"),
		plain("romfs", "-rom1fs-", 0),
		{read: readMinix},
		{read: readGFS, minSize: 32 << 20},
		plain("ocfs", "OracleCFS", 8192).only(ocfsMinSize),
		{read: readOCFS2},
		plain("oracleasm", "ORCLDISK", 32),
		plain("vxfs", "\xf5\xfc\x01\xa5", 1024),
		plain("vxfs", "\xa5\x01\xfc\xf5", 8192),
		{read: readSquashfs},
		plain("nss", "SPB5", 4096),
		{read: readBtrfs, minSize: 1 << 20},
		plain("ubifs", "\x31\x18\x10\x06", 0),
		plain("bfs", "\xce\xfa\xad\x1b", 0),
		plain("VMFS", "\x5e\xf1\xab\x2f", 2<<20),
		anyOf("befs", 32, "BFS1", "1SFB").only(tinySize),
		anyOf("befs", 544, "BFS1", "1SFB").only(tinySize),
		{read: readNilfs2},
		{read: readExFAT},
		{read: readF2FS},
		plain("mpool", "mpoolDev", 0),
		plain("apfs", "NXSB", 32),
		plain("zonefs", "SFOZ", 0),
		{read: readErofs},
	})
}

// Probe reads what fills a device of so many bytes; of a partition that is yet to be, give an io.SectionReader. It
// looks at signatures only: a partition table is for Inspect. Checksums are not verified: what looks like something is
// taken for it, as the answer decides whether it may be overwritten.
func Probe(r io.ReaderAt, size int64) (Content, error) {
	var content Content
	if size <= 1024 {
		return content, nil
	}
	d := &device{r: r, size: size}
	tolerant := true
	for _, p := range probers() {
		if size < p.minSize {
			continue
		}
		d.hits = nil
		found, is := p.read(d)
		if d.err != nil {
			return Content{}, d.err
		}
		if !is {
			continue
		}
		content.Signatures = append(content.Signatures, found)
		tolerant = tolerant && p.tolerant
		if p.ends || size <= tinySize {
			break
		}
	}
	content.Ambivalent = len(content.Signatures) > 1 && !tolerant
	content.Unfinished = d.unfinished(content.First().Type)
	return content, d.err
}

// unfinished looks for what a maker takes away when it is done.
func (d *device) unfinished(kind string) bool {
	switch kind {
	case "xfs":
		// sb_inprogress: XFS refuses to mount a filesystem whose primary superblock has it, as a tool that makes or
		// copies one still owns it (Linux, fs/xfs/libxfs/xfs_sb.c; XFS Algorithms and Data Structures, "Superblocks").
		const inProgress = 126
		return d.at(inProgress, 1)[0] != 0
	case "vfat":
		at, mark := MakingMark(d.size)
		return len(mark) > 0 && d.is(at, string(mark))
	}
	return false
}

// MakingMark is what whoever makes a vfat filesystem on a device of so many bytes writes there beforehand, and takes
// away when it is done. mkfs.fat begins with the boot sector, and of what is then not yet written nothing tells whether
// it is old or in use. It leaves the end of the device alone, other tools clear it. No mark for a device that is too
// small for one.
func MakingMark(size int64) (at int64, mark []byte) {
	const block = 4096 // a sector of any device
	at = size/block*block - block
	if at < block {
		return 0, nil
	}
	return at, le.AppendUint64([]byte("glowplug is making a filesystem here, size "), uint64(size))
}

// A device is read with one error kept, so that probers read like tables.
type device struct {
	r    io.ReaderAt
	size int64
	err  error
	// hits are the bytes by which the last prober has recognised its kind.
	hits []Span
}

// A Span is a run of bytes.
type Span struct{ Offset, Size int64 }

// hit notes bytes without which the kind is not recognised any more.
func (d *device) hit(offset, size int64) { d.hits = append(d.hits, Span{offset, size}) }

// marked is a kind without label or UUID, whose mark is at a place.
func (d *device) marked(kind string, offset, size int64, is bool) (Signature, bool) {
	if !is {
		return Signature{}, false
	}
	d.hit(offset, size)
	return Signature{Type: kind}, true
}

// at gives n bytes, zeros where the device ends or cannot be read.
func (d *device) at(offset int64, n int) []byte {
	if d.err == nil {
		data, err := readAt(d.r, d.size, offset, n)
		if d.err = err; data != nil {
			return data
		}
	}
	return make([]byte, n)
}

// is compares bytes of the device.
func (d *device) is(offset int64, magic string) bool {
	return string(d.at(offset, len(magic))) == magic
}

// named recognises a kind by bytes at any of some places.
func (d *device) named(kind, magic string, offsets ...int64) (Signature, bool) {
	for _, at := range offsets {
		if d.is(at, magic) {
			return d.marked(kind, at, int64(len(magic)), true)
		}
	}
	return Signature{}, false
}

// uuidText writes a UUID with its bytes in order; one of zeros is none.
func uuidText(raw []byte) string {
	if strings.Trim(string(raw), "\x00") == "" {
		return ""
	}
	x := hex.EncodeToString(raw)
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}

// labelText is text up to its first NUL, without white space at its end.
func labelText(raw []byte) string {
	text, _, _ := strings.Cut(string(raw), "\x00")
	return strings.TrimRight(text, " \t\n\v\f\r")
}
