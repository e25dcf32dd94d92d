package block

import (
	"bytes"
	"fmt"
	"strings"
)

// Superblocks of filesystems and swap areas. Outside facts are those of the filesystems' own on-disk format documents.

// readSuspended: hibernation writes its own magic over that of the swap area. What is in it is somebody's running
// system.
func readSuspended(d *device) (Signature, bool) {
	for page := int64(4096); page <= 65536; page *= 2 {
		for _, magic := range []string{"S1SUSPEND\x00", "S2SUSPEND\x00", "ULSUSPEND\x00",
			"\xed\xc3\x02\xe9\x98\x56\xe5\x0c", "LINHIB0001"} {
			if s, found := d.named("swsuspend", magic, page-10); found {
				return s, true
			}
		}
	}
	return d.named("swsuspend", "\xed\xc3\x02\xe9\x98\x56\xe5\x0c", 0)
}

// readSwap: the magic ends the first page, whose size is that of the machine which made it.
func readSwap(d *device) (Signature, bool) {
	for page := int64(4096); page <= 65536; page *= 2 {
		if s, old := d.named("swap", "SWAP-SPACE", page-10); old {
			return s, true
		}
		if d.is(page-10, "SWAPSPACE2") {
			d.hit(page-10, 10)
			header := d.at(1024, 44)
			known := le.Uint32(header) == 1 || be.Uint32(header) == 1 // the version, in the byte order of its machine
			return Signature{"swap", uuidText(header[12:28]), labelText(header[28:44])}, known
		}
	}
	return Signature{}, false
}

// readXFS: the sizes of a block and a sector have to be ones that XFS can have.
func readXFS(d *device) (Signature, bool) {
	sb := d.at(0, 128)
	blockSize, sectorSize := be.Uint32(sb[4:]), be.Uint16(sb[102:])
	d.hit(0, 4)
	return Signature{"xfs", uuidText(sb[32:48]), labelText(sb[108:120])},
		string(sb[:4]) == "XFSB" && blockSize >= 512 && blockSize <= 65536 && sectorSize >= 512 && sectorSize <= 32768
}

// Features of ext filesystems that tell the kinds apart.
const (
	extHasJournal    = 0x4
	extJournalDevice = 0x8
	extTestFlag      = 0x4
	ext2ReadOnly     = 0x1 | 0x2 | 0x4 // sparse_super, large_file, btree_dir
	ext2Incompatible = 0x2 | 0x10      // filetype, meta_bg
	ext3Incompatible = ext2Incompatible | 0x4
)

// readExt: all of the family have one magic, and are told apart by the features that they need.
func readExt(d *device) (Signature, bool) {
	sb := d.at(1024, 1024)
	d.hit(1024+56, 2)
	return Signature{extKind(sb), uuidText(sb[104:120]), labelText(sb[120:136])}, le.Uint16(sb[56:]) == 0xEF53
}

func extKind(sb []byte) string {
	compatible, incompatible, readOnly := le.Uint32(sb[92:]), le.Uint32(sb[96:]), le.Uint32(sb[100:])
	switch {
	case incompatible&extJournalDevice != 0:
		return "jbd"
	case compatible&extHasJournal == 0 && incompatible&^ext2Incompatible == 0 && readOnly&^ext2ReadOnly == 0:
		return "ext2"
	case compatible&extHasJournal != 0 && incompatible&^ext3Incompatible == 0 && readOnly&^ext2ReadOnly == 0:
		return "ext3"
	case le.Uint32(sb[352:])&extTestFlag != 0:
		return "ext4dev"
	}
	return "ext4"
}

// readReiser: version 3 moved from 8 to 64 KiB when it learned to spare the boot loader's place.
func readReiser(d *device) (Signature, bool) {
	for _, at := range []int64{64 << 10, 8 << 10} {
		sb := d.at(at, 116)
		for _, magic := range []string{"ReIsErFs", "ReIsEr2Fs", "ReIsEr3Fs"} {
			if string(sb[52:52+len(magic)]) == magic {
				d.hit(at+52, int64(len(magic)))
				return Signature{"reiserfs", uuidText(sb[84:100]), labelText(sb[100:116])}, true
			}
		}
	}
	return d.named("reiser4", "ReIsEr4", 64<<10)
}

func readJFS(d *device) (Signature, bool) {
	sb := d.at(32768, 168)
	d.hit(32768, 4)
	return Signature{"jfs", uuidText(sb[136:152]), labelText(sb[152:168])}, string(sb[:4]) == "JFS1"
}

func readOCFS2(d *device) (Signature, bool) {
	return d.named("ocfs2", "OCFSV2", 1024, 2048, 4096, 8192)
}

// readSquashfs: until version 3 the byte order was that of the machine, and the magic with it.
func readSquashfs(d *device) (Signature, bool) {
	sb := d.at(0, 30)
	d.hit(0, 4)
	little, big := string(sb[:4]) == "hsqs", string(sb[:4]) == "sqsh"
	if little && le.Uint16(sb[28:]) >= 4 {
		return Signature{Type: "squashfs"}, true
	}
	return Signature{Type: "squashfs3"}, little || big
}

// readBtrfs reads the first of up to three superblocks.
func readBtrfs(d *device) (Signature, bool) {
	sb := d.at(64<<10, 1024)
	d.hit(64<<10+64, 8)
	return Signature{"btrfs", uuidText(sb[32:48]), labelText(sb[299:555])}, string(sb[64:72]) == "_BHRfS_M"
}

// readNilfs2: a magic of two bytes is not much, so revision and size of the superblock have to fit too. The second one
// is in the last whole block of 4 KiB.
func readNilfs2(d *device) (Signature, bool) {
	for _, at := range []int64{1024, d.size/4096*4096 - 4096} {
		sb := d.at(at, 256)
		if le.Uint16(sb[6:]) == 0x3434 && le.Uint32(sb) == 2 && le.Uint16(sb[8:]) <= 1024 {
			d.hit(at+6, 2)
			return Signature{"nilfs2", uuidText(sb[152:168]), labelText(sb[168:248])}, true
		}
	}
	return Signature{}, false
}

// readF2FS reads the first of two superblocks. The label is UTF-16.
func readF2FS(d *device) (Signature, bool) {
	sb := d.at(1024, 124+1024)
	d.hit(1024, 4)
	return Signature{"f2fs", uuidText(sb[108:124]), decodeUTF16(sb[124:], le)}, le.Uint32(sb) == 0xF2F52010
}

func readErofs(d *device) (Signature, bool) {
	sb := d.at(1024, 80)
	d.hit(1024, 4)
	return Signature{"erofs", uuidText(sb[48:64]), labelText(sb[64:80])}, le.Uint32(sb) == 0xE0F5E1E2
}

// readISO reads volume descriptors of 2048 bytes from sector 16 on.
func readISO(d *device) (Signature, bool) {
	const first, size, most = 16, 2048, 16
	var primary, joliet []byte
	for i := int64(first); i < first+most; i++ {
		volume := d.at(i*size, size)
		if string(volume[1:6]) != "CD001" || volume[0] == 255 {
			break
		}
		escape := string(volume[88:91])
		switch {
		case volume[0] == 1 && primary == nil:
			primary = volume
		case volume[0] == 2 && joliet == nil && (escape == "%/@" || escape == "%/C" || escape == "%/E"):
			joliet = volume
		}
	}
	if primary == nil {
		return d.named("iso9660", "CDROM", first*size+9) // High Sierra, its elder
	}
	d.hit(first*size+1, 5)
	s := Signature{"iso9660", isoTime(primary[830:847]), labelText(primary[40:72])}
	if s.UUID == "" {
		s.UUID = isoTime(primary[813:830])
	}
	if joliet != nil {
		s.Label = jolietLabel(s.Label, strings.TrimRight(decodeUTF16(joliet[40:72], be), " "))
	}
	return s, true
}

// isoTime makes a UUID of a time, the volume's only mark: year, month, day, hour, minute, second and hundredths.
func isoTime(raw []byte) string {
	if digits := strings.Trim(string(raw[:16]), "0"); digits == "" || digits[0] < ' ' {
		return ""
	}
	parts := []string{string(raw[:4])}
	for at := 4; at < 16; at += 2 {
		parts = append(parts, string(raw[at:at+2]))
	}
	return strings.Join(parts, "-")
}

// jolietLabel takes the letters of a Joliet label, which is short but not only of capitals, where it is the same label.
func jolietLabel(plain, joliet string) string {
	if joliet == "" {
		return plain
	}
	letters, rest := []rune(joliet), []rune(plain)
	for i, letter := range letters {
		if i >= len(rest) || rest[i] != '_' && !strings.EqualFold(string(letter), string(rest[i])) {
			return joliet
		}
	}
	if len(letters) < 16 {
		return joliet
	}
	return joliet + string(rest[len(letters):])
}

// readUDF: volume structure descriptors from 32 KiB on name the standard; the anchor at block 256 leads to the names.
// The size of a block is what makes both be where they should.
func readUDF(d *device) (Signature, bool) {
	for blockSize := int64(512); blockSize <= 32768; blockSize *= 2 {
		anchor := d.at(256*blockSize, 24)
		if le.Uint16(anchor) == 2 && le.Uint32(anchor[12:]) == 256 && udfStandard(d, max(blockSize, 2048)) {
			return udfNames(d, blockSize, int64(le.Uint32(anchor[20:])), int64(le.Uint32(anchor[16:]))/blockSize), true
		}
	}
	return Signature{}, false
}

const udfFirst = 32 << 10

func udfStandard(d *device, step int64) bool {
	const most = 64
	for at := int64(udfFirst); at < udfFirst+most*step; at += step {
		switch string(d.at(at+1, 5)) {
		case "NSR02", "NSR03":
			return true
		case "BEA01", "BOOT2", "CD001", "CDW02", "TEA01":
		default:
			return false
		}
	}
	return false
}

// udfNames reads the main volume descriptor sequence: the volume set of the primary descriptor, the logical volume's
// name.
func udfNames(d *device, blockSize, at, blocks int64) Signature {
	d.hit(udfFirst+1, 5)
	s := Signature{Type: "udf"}
	for end := at + min(blocks, 64); at < end; at++ {
		volume := d.at(at*blockSize, 512)
		switch le.Uint16(volume) {
		case 1:
			s.UUID = udfUUID(udfString(volume[72:200]))
		case 6:
			s.Label = strings.TrimRight(udfString(volume[84:212]), " ")
		case 8:
			return s
		}
	}
	return s
}

// udfString reads a field whose last byte is the length of what is used, whose first says how wide a letter is.
func udfString(field []byte) string {
	used := int(field[len(field)-1])
	if used == 0 || used >= len(field) {
		return ""
	}
	switch text := field[1:used]; field[0] {
	case 8:
		var letters []rune
		for _, b := range text {
			letters = append(letters, rune(b))
		}
		return strings.TrimRight(string(letters), "\x00")
	case 16:
		return decodeUTF16(text, be)
	}
	return ""
}

// udfUUID: the first 16 letters of the volume set are by convention a unique number in hexadecimal. Letters that are
// not are written as numbers: all of the first 8, or the 4 after them.
func udfUUID(set string) string {
	if len(set) < 16 {
		return ""
	}
	isDigit := func(r rune) bool { return strings.ContainsRune("0123456789abcdefABCDEF", r) }
	odd := strings.IndexFunc(set[:16], func(r rune) bool { return !isDigit(r) })
	switch {
	case odd < 0:
		return strings.ToLower(set[:16])
	case odd < 8:
		return fmt.Sprintf("%x", set[:8])
	}
	return strings.ToLower(set[:8]) + fmt.Sprintf("%x", set[8:12])
}

// readNTFS: the boot sector leads to the table of files, without which there is no NTFS; its fourth record is the
// volume's.
func readNTFS(d *device) (Signature, bool) {
	boot := d.at(0, 512)
	if string(boot[3:11]) != "NTFS    " {
		return Signature{}, false
	}
	d.hit(3, 8)
	s := Signature{Type: "ntfs", UUID: fmt.Sprintf("%016X", le.Uint64(boot[72:]))}
	cluster := int64(le.Uint16(boot[11:])) * int64(boot[13])
	if boot[13] > 128 {
		cluster = int64(le.Uint16(boot[11:])) << (-int8(boot[13]) & 31)
	}
	record := int64(int8(boot[64])) * cluster
	if record < 0 {
		record = 1 << (-int8(boot[64]) & 31)
	}
	table := int64(le.Uint64(boot[48:]))
	if record < 512 || record > 65536 || cluster <= 0 || table < 0 || table > d.size/cluster ||
		!d.is(table*cluster, "FILE") {
		return Signature{}, false
	}
	const volumeRecord = 3 // of the file table
	s.Label = ntfsLabel(d.at(table*cluster+volumeRecord*record, int(record)))
	return s, true
}

// ntfsLabel finds the attribute of a file record that holds the volume's name.
func ntfsLabel(record []byte) string {
	const volumeName, end = 0x60, 0xFFFFFFFF
	if string(record[:4]) != "FILE" {
		return ""
	}
	for at := int(le.Uint16(record[20:])); at+24 <= len(record); {
		attribute := record[at:]
		kind, size := le.Uint32(attribute), le.Uint32(attribute[4:])
		if kind == end || size < 24 || size > uint32(len(attribute)) {
			break
		}
		from, length := uint64(le.Uint16(attribute[20:])), uint64(le.Uint32(attribute[16:]))
		if kind == volumeName && from+length <= uint64(size) {
			return decodeUTF16(attribute[from:from+length], le)
		}
		at += int(size)
	}
	return ""
}

// A chain is a file or folder of a FAT filesystem: clusters that a table links.
type chain struct {
	table, heap, cluster int64 // offsets of the table and of cluster 2, size of a cluster
}

// each calls do with clusters until that has enough. Chains may be circular; none is followed further than a folder's
// start.
func (c chain) each(d *device, first uint32, do func(cluster []byte) bool) {
	const most, mask = 100, 0x0FFFFFFF
	const enough = 128 << 10 // of a cluster: exfat has them of up to 32 MiB
	for n := 0; first >= 2 && first < 0x0FFFFFF0 && n < most; n++ {
		at := c.heap + (int64(first)-2)*c.cluster
		if at > d.size || do(d.at(at, int(min(c.cluster, enough)))) {
			return
		}
		first = le.Uint32(d.at(c.table+4*int64(first), 4)) & mask
	}
}

// readExFAT: the label is an entry of the root folder, as in its older relatives.
func readExFAT(d *device) (Signature, bool) {
	boot := d.at(0, 512)
	if string(boot[3:11]) != "EXFAT   " {
		return Signature{}, false
	}
	d.hit(3, 8)
	s := Signature{Type: "exfat", UUID: volumeNumber(boot[100:])}
	sector, cluster := boot[108], boot[109]
	if sector < 9 || sector > 12 || cluster > 25-sector {
		return s, true
	}
	const labelEntry, nameUnits = 0x83, 11
	folder := chain{int64(le.Uint32(boot[80:])) << sector, int64(le.Uint32(boot[88:])) << sector,
		1 << (sector + cluster)}
	folder.each(d, le.Uint32(boot[96:]), func(entries []byte) bool {
		for ; len(entries) >= 32 && entries[0] != 0; entries = entries[32:] {
			if entries[0] == labelEntry {
				s.Label = decodeUTF16(entries[2:2+2*min(int(entries[1]), nameUnits)], le)
				return true
			}
		}
		return len(entries) >= 32
	})
	return s, true
}

// volumeNumber writes the serial number of a FAT filesystem.
func volumeNumber(raw []byte) string {
	return fmt.Sprintf("%04X-%04X", le.Uint16(raw[2:]), le.Uint16(raw))
}

// fatShape are the sizes that a FAT boot sector tells, in sectors but for the first.
type fatShape struct {
	sector, cluster, reserved, tables, rootEntries, all, perTable uint64
	wide                                                          bool // FAT32
}

func readShape(boot []byte) fatShape {
	f := fatShape{
		sector: uint64(le.Uint16(boot[11:])), cluster: uint64(boot[13]), reserved: uint64(le.Uint16(boot[14:])),
		tables: uint64(boot[16]), rootEntries: uint64(le.Uint16(boot[17:])), all: uint64(le.Uint16(boot[19:])),
		perTable: uint64(le.Uint16(boot[22:])),
	}
	if f.all == 0 {
		f.all = uint64(le.Uint32(boot[32:]))
	}
	if f.perTable == 0 {
		f.perTable, f.wide = uint64(le.Uint32(boot[36:])), true
	}
	return f
}

func (f fatShape) rootAt() uint64 { return f.reserved + f.tables*f.perTable }

func (f fatShape) heapAt() uint64 {
	return f.rootAt() + (f.rootEntries*32+f.sector-1)/f.sector
}

// plausible: a boot sector has no mark that only a FAT has, so its numbers have to fit together.
func (f fatShape) plausible(media byte) bool {
	power := func(n uint64) bool { return n != 0 && n&(n-1) == 0 }
	if !power(f.sector) || f.sector < 512 || f.sector > 4096 || !power(f.cluster) || f.reserved == 0 || f.tables == 0 ||
		f.perTable == 0 ||
		media < 0xF8 && media != 0xF0 || f.all < f.heapAt() {
		return false
	}
	clusters, most := (f.all-f.heapAt())/f.cluster, uint64(65524)
	if f.wide {
		most = 0x0FFFFFF6
	}
	return clusters <= most
}

// fatNamed: one of the texts that formatting tools leave. Without, a boot sector needs its own end mark, and must not
// be the pretended FAT of another filesystem.
func fatNamed(boot []byte) bool {
	for _, name := range []string{"FAT12   ", "FAT16   ", "FAT     ", "MSDOS"} {
		if bytes.HasPrefix(boot[54:], []byte(name)) {
			return true
		}
	}
	return bytes.HasPrefix(boot[82:], []byte("FAT32   ")) || bytes.HasPrefix(boot[82:], []byte("MSWIN"))
}

// readFAT: the label is the one in the root folder. The copy in the boot sector is older than any change, and blkid
// does not use it. FAT32 keeps its root folder in a chain of clusters, the others in a place of its own before them.
func readFAT(d *device) (Signature, bool) {
	boot := d.at(0, 512)
	shape := readShape(boot)
	foreign := bytes.HasPrefix(boot[54:], []byte("JFS     ")) || bytes.HasPrefix(boot[54:], []byte("HPFS"))
	if !shape.plausible(boot[21]) || !fatNamed(boot) && (foreign || !signed(boot)) {
		return Signature{}, false
	}
	d.hit(0, int64(len(boot))) // it has no mark of its own
	s := Signature{Type: "vfat"}
	look := func(entries []byte) (done bool) { s.Label, done = fatLabel(entries); return done }
	if !shape.wide {
		s.UUID = volumeNumber(boot[39:])
		look(d.at(int64(shape.rootAt()*shape.sector), int(shape.rootEntries*32)))
		return s, true
	}
	s.UUID = volumeNumber(boot[67:])
	folder := chain{int64(shape.reserved * shape.sector), int64(shape.heapAt() * shape.sector),
		int64(shape.cluster * shape.sector)}
	folder.each(d, le.Uint32(boot[44:]), look)
	return s, true
}

// fatLabel finds the root folder's entry that is the volume's label; done also where the folder ends.
func fatLabel(entries []byte) (label string, done bool) {
	const volume, folder, kinds, longName = 0x08, 0x10, 0x3F, 0x0F
	for ; len(entries) >= 32; entries = entries[32:] {
		kind := entries[11]
		switch {
		case entries[0] == 0:
			return "", true
		case entries[0] == 0xE5 || le.Uint16(entries[20:]) != 0 || kind&kinds == longName:
		case kind&(volume|folder) == volume:
			name := bytes.Clone(entries[:11])
			if name[0] == 0x05 {
				name[0] = 0xE5
			}
			return labelText(name), true
		}
	}
	return "", false
}
