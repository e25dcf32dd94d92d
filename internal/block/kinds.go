package block

// Kinds that are known by their magic alone: it says that somebody's data is there, and nothing more is asked of them.
// Offsets and sizes are those by which libblkid 2.41 finds them (libblkid(3), wipefs(8); file(1)'s magic has most of
// them as well).

// plain recognises a kind by bytes at any of some offsets, counted from the device's end where they are negative.
func plain(kind, magic string, offsets ...int64) prober {
	return prober{read: func(d *device) (Signature, bool) {
		for _, at := range offsets {
			if s, found := d.named(kind, magic, d.from(at)); found {
				return s, true
			}
		}
		return Signature{}, false
	}}
}

// from is an offset that may be counted from the end.
func (d *device) from(at int64) int64 {
	if at < 0 {
		return d.size/512*512 + at
	}
	return at
}

// anyOf recognises a kind by any of some bytes at one offset.
func anyOf(kind string, at int64, magics ...string) prober {
	return prober{read: func(d *device) (Signature, bool) {
		for _, magic := range magics {
			if s, found := d.named(kind, magic, d.from(at)); found {
				return s, true
			}
		}
		return Signature{}, false
	}}
}

// only gives a prober for devices from a size on.
func (p prober) only(minSize int64) prober {
	p.minSize = minSize
	return p
}

// member gives a prober whose kind ends the search.
func (p prober) member() prober {
	p.ends = true
	return p
}

const raidMinSize = 64 << 10

// biosRAIDs are what controllers and their drivers leave on members, most at the end (dmraid(8) has their names).
func biosRAIDs() []prober {
	promise := func() (places []int64) {
		for _, sector := range []int64{63, 255, 256, 16, 399, 591, 675, 735, 911, 974, 991, 951, 3087} {
			places = append(places, -sector*512)
		}
		return places
	}
	return []prober{
		plain("ddf_raid_member", "\xde\x11\xde\x11", -512, -257*512).member().only(192 << 10),
		plain("isw_raid_member", "Intel Raid ISM Cfg Sig. ", -1024).member(),
		plain("lsi_mega_raid_member", "$XIDE$", -512).member().only(raidMinSize),
		{read: readVIA, ends: true, minSize: raidMinSize},
		{read: readSilicon, ends: true, minSize: raidMinSize},
		plain("nvidia_raid_member", "NVIDIA", -1024).member().only(raidMinSize),
		plain("promise_fasttrack_raid_member", "Promise Technology, Inc.", promise()...).member().only(256 << 10),
		anyOf("hpt45x_raid_member", -11*512, "\xf3\x16\x78\x5a", "\xfd\x16\x78\x5a").member().only(raidMinSize),
		anyOf("hpt37x_raid_member", 4640, "\xf0\x16\x78\x5a", "\xfd\x16\x78\x5a").member(),
		{read: readAdaptec, ends: true, minSize: raidMinSize},
		{read: readJMicron, ends: true, minSize: raidMinSize},
	}
}

// readVIA: two bytes are no mark, so the sum of the first 50 has to be the one that follows.
func readVIA(d *device) (Signature, bool) {
	at := d.from(-512)
	sb, sum := d.at(at, 51), byte(0)
	for _, b := range sb[:50] {
		sum += b
	}
	return d.marked("via_raid_member", at, 2, le.Uint16(sb) == 0xAA55 && sb[2] <= 2 && sum == sb[50])
}

// sum16 adds little-endian numbers of 16 bits.
func sum16(data []byte) (sum uint16) {
	for ; len(data) >= 2; data = data[2:] {
		sum += le.Uint16(data)
	}
	return sum
}

func readSilicon(d *device) (Signature, bool) {
	at := d.from(-512)
	sb := d.at(at, 0x140)
	return d.marked("silicon_medley_raid_member", at+0x60, 4, le.Uint32(sb[0x60:]) == 0x2F000000 && sum16(sb) == 0)
}

func readAdaptec(d *device) (Signature, bool) {
	at := d.from(-512)
	return d.marked("adaptec_raid_member", at, 4, d.is(at, "\x37\xfc\x4d\x1e") && d.is(at+256, "DPTM"))
}

func readJMicron(d *device) (Signature, bool) {
	at := d.from(-512)
	sb := d.at(at, 128)
	return d.marked("jmicron_raid_member", at, 2, string(sb[:2]) == "JM" && sum16(sb) <= 1)
}

// readCoreStorage reads the first block of Apple's encrypted volumes: version 1, a volume's header, its mark.
func readCoreStorage(d *device) (Signature, bool) {
	sb := d.at(0, 90)
	return d.marked("cs_fvault2", 88, 2, le.Uint16(sb[8:]) == 1 && le.Uint16(sb[10:]) == 0x10 &&
		string(sb[88:]) == "CS")
}

// readXFSLog finds the header of a log record of XFS, of which a log on a device of its own is full (XFS Algorithms and
// Data Structures, "The Journaling Log"). The log may have begun anywhere in its first 256 KiB.
func readXFSLog(d *device) (Signature, bool) {
	const most = 256 << 10
	log := d.at(0, most)
	for at := int64(0); at < most; at += 512 {
		head := log[at:]
		version, format := be.Uint32(head[8:]), be.Uint32(head[300:])
		if be.Uint32(head) == 0xfeedbabe && (version == 1 || version == 2) && be.Uint32(head[12:]) > 0 && format >= 1 &&
			format <= 3 {
			return d.marked("xfs_external_log", at, 4, true)
		}
	}
	return Signature{}, false
}

// readHFSPlus: a volume may stand in one of its elder, so that old machines show something.
func readHFSPlus(d *device) (Signature, bool) {
	sb := d.at(1024, 128)
	version, wrapped := be.Uint16(sb[2:]), string(sb[124:126])
	is := (string(sb[:2]) == "H+" || string(sb[:2]) == "HX") && (version == 4 || version == 5)
	return d.marked("hfsplus", 1024, 2, is || string(sb[:2]) == "BD" && (wrapped == "H+" || wrapped == "HX"))
}

// readHFS: the size of a block is a multiple of a sector's.
func readHFS(d *device) (Signature, bool) {
	sb := d.at(1024, 128)
	blockSize, wrapped := be.Uint32(sb[20:]), string(sb[124:126])
	return d.marked("hfs", 1024, 2, string(sb[:2]) == "BD" && blockSize > 0 && blockSize%512 == 0 && wrapped != "H+" &&
		wrapped != "HX")
}

// readUFS: the place of the superblock, its magic and the order of its bytes depend on the system.
func readUFS(d *device) (Signature, bool) {
	const magicAt = 1372
	for _, at := range []int64{0, 8 << 10, 64 << 10, 256 << 10} {
		magic := d.at(at+magicAt, 4)
		for _, known := range []uint32{0x00011954, 0x7c269d38, 0x19540119, 0x00095014, 0x00195612, 0x05231994} {
			if le.Uint32(magic) == known || be.Uint32(magic) == known {
				return d.marked("ufs", at+magicAt, 4, true)
			}
		}
	}
	return Signature{}, false
}

// readHPFS: superblock and spare superblock are neighbours.
func readHPFS(d *device) (Signature, bool) {
	return d.marked("hpfs", 8192, 4, d.is(8192, "\x49\xe8\x95\xf9") && d.is(8704, "\x49\x18\x91\xf9"))
}

func readSysV(d *device) (Signature, bool) {
	for _, block := range []int64{0, 9, 15, 18} {
		at := block*1024 + 512 + 504
		if magic := d.at(at, 4); le.Uint32(magic) == 0xfd187e20 || be.Uint32(magic) == 0xfd187e20 {
			return d.marked("sysv", at, 4, true)
		}
	}
	return Signature{}, false
}

// readMinix: two bytes are no mark, so the maps have to be as large as inodes and zones take, and to come before the
// data (Linux, include/uapi/linux/minix_fs.h).
func readMinix(d *device) (Signature, bool) {
	sb := d.at(1024, 32)
	for _, order := range []binaryOrder{le, be} {
		word, long := func(at int) uint64 {
			return uint64(order.Uint16(sb[at:]))
		}, func(at int) uint64 { return uint64(order.Uint32(sb[at:])) }
		switch word(16) {
		case 0x137F, 0x138F:
			return d.marked("minix", 1024+16, 2, minixFits(word(0), word(2), word(4), word(6), word(8), 1024))
		case 0x2468, 0x2478:
			return d.marked("minix", 1024+16, 2, minixFits(word(0), long(20), word(4), word(6), word(8), 1024))
		}
		if word(24) == 0x4D5A {
			return d.marked("minix", 1024+24, 2, minixFits(long(0), long(20), word(6), word(8), word(10), word(28)))
		}
	}
	return Signature{}, false
}

func minixFits(inodes, zones, inodeMap, zoneMap, firstZone, blockSize uint64) bool {
	perBlock := blockSize * 8
	return inodes > 0 && zones > firstZone && inodeMap*perBlock > inodes && zoneMap*perBlock >= zones-firstZone &&
		firstZone >= 2+inodeMap+zoneMap
}

type binaryOrder interface {
	Uint16([]byte) uint16
	Uint32([]byte) uint32
}

// readGFS: both of the family have one magic, and differ in the format of the filesystem.
func readGFS(d *device) (Signature, bool) {
	sb := d.at(64<<10, 32)
	kind := "gfs2"
	if format := be.Uint32(sb[24:]); format >= 1300 && format < 1400 {
		kind = "gfs"
	}
	return d.marked(kind, 64<<10, 4, string(sb[:4]) == "\x01\x16\x19\x70")
}

// readToGo: BitLocker on removable devices looks like a FAT, and has the mark of its kind behind that.
func readToGo(d *device) (Signature, bool) {
	return d.marked("BitLocker", 424, 16, d.is(3, "MSWIN4.1") &&
		d.is(424, "\x3b\xd6\x67\x49\x29\x2e\xd8\x4a\x83\x99\xf6\xa3\x39\xe3\xd0\x01"))
}
