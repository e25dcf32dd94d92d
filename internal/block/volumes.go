package block

import (
	"strconv"
	"strings"
)

// Superblocks of what others build upon: volumes, encrypted devices, caches (md is in raid.go, LUKS in luks.go).
// Outside facts are those of the projects' own on-disk format documents.

const (
	bcacheMagic   = "\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81"
	bcachefsMagic = "\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef"
)

// readBcache: a bcache superblock says early on that it is at sector 8; one of bcachefs, which had the same magic, does
// later.
func readBcache(d *device) (Signature, bool) {
	sb := d.at(4096, 104)
	d.hit(4096+24, 16)
	return Signature{"bcache", uuidText(sb[40:56]), labelText(sb[72:104])}, string(sb[24:40]) == bcacheMagic &&
		le.Uint64(sb[8:]) == 8
}

// readBcachefs: copies of the superblock, of those with their own magic, are at 2 MiB and 1 MiB before the end.
func readBcachefs(d *device) (Signature, bool) {
	for i, at := range []int64{4096, 2 << 20, d.from(-1 << 20)} {
		sb := d.at(at, 112)
		magic := string(sb[24:40])
		if magic == bcachefsMagic && (i > 0 || le.Uint64(sb[104:]) == 8) || magic == bcacheMagic && i == 0 &&
			le.Uint64(sb[104:]) == 8 {
			d.hit(at+24, 16)
			return Signature{"bcachefs", uuidText(sb[56:72]), labelText(sb[72:104])}, true
		}
	}
	return Signature{}, false
}

// readLVM2: the label is in one of the first four sectors and says where the volume's UUID is.
func readLVM2(d *device) (Signature, bool) {
	for at := int64(0); at < 4*512; at += 512 {
		label := d.at(at, 512)
		if string(label[:8]) != "LABELONE" || string(label[24:32]) != "LVM2 001" {
			continue
		}
		id := labelText(d.at(at+int64(le.Uint32(label[20:])), 32))
		if len(id) == 32 {
			id = strings.Join([]string{id[:6], id[6:10], id[10:14], id[14:18], id[18:22], id[22:26], id[26:]}, "-")
		}
		d.hit(at+24, 8)
		return Signature{Type: "LVM2_member", UUID: id}, true
	}
	return Signature{}, false
}

func readLVM1(d *device) (Signature, bool) {
	version := d.at(2, 2)
	return d.marked("LVM1_member", 0, 2, d.is(0, "HM") && (version[0] == 1 || version[0] == 2) && version[1] == 0)
}

const (
	zfsLabel       = 256 << 10
	zfsNames       = 16 << 10  // in a label: what the pool is called
	zfsUberblocks  = 128 << 10 // in a label
	zfsMagic       = 0x00bab10c
	zfsEnough      = 4 // uberblocks to be sure, as for libblkid
	zfsMaxNameSize = 112 << 10
)

// readZFS counts uberblocks in the four labels, two at either end.
func readZFS(d *device) (Signature, bool) {
	end := d.size &^ (zfsLabel - 1)
	count := 0
	for _, at := range []int64{0, zfsLabel, end - 2*zfsLabel, end - zfsLabel} {
		ring := d.at(at+zfsUberblocks, zfsLabel-zfsUberblocks)
		for i := int64(0); i < int64(len(ring)); i += 1024 {
			if magic := ring[i : i+8]; le.Uint64(magic) == zfsMagic || be.Uint64(magic) == zfsMagic {
				d.hit(at+zfsUberblocks+i, 8)
				count++
			}
		}
		if count >= zfsEnough {
			return zfsSignature(d.at(at+zfsNames, zfsMaxNameSize)), true
		}
	}
	return Signature{}, false
}

// zfsSignature reads a pool's name and id from a list of pairs in XDR: size, decoded size, name, type, count, value.
func zfsSignature(list []byte) Signature {
	s := Signature{Type: "zfs_member"}
	for list = list[12:]; len(list) > 24; {
		size, length := uint64(be.Uint32(list)), uint64(be.Uint32(list[8:]))
		value := 12 + (length+3)&^3
		if size < 24 || size > uint64(len(list)) || value+12 > size {
			break
		}
		name, kind, data := string(list[12:12+length]), be.Uint32(list[value:]), list[value+8:size]
		switch {
		case name == "pool_guid" && kind == 8 && len(data) >= 8:
			s.UUID = strconv.FormatUint(be.Uint64(data), 10)
		case name == "name" && kind == 9 && uint64(be.Uint32(data)) <= uint64(len(data)-4):
			s.Label = labelText(data[4 : 4+be.Uint32(data)])
		}
		list = list[size:]
	}
	return s
}
