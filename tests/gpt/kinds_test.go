package gpt

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// kindSize is the size of devices with one kind of content: what is at the end of one is counted from here.
const kindSize = 64 << 20

// fields are bytes at offsets.
type fields map[int64]string

// kinds are devices with no more than what makes libblkid name them: a magic and, where libblkid checks more, what goes
// with it. The name is libblkid's; a word behind it tells variants apart. What tools make is in makers.
func kinds() []content {
	var all []content
	for _, some := range []map[string]fields{controllerKinds(), volumeKinds(), filesystemKinds()} {
		for name, pieces := range some {
			c := content{Name: name, Size: kindSize}
			for at, text := range pieces {
				c.Pieces = append(c.Pieces, piece{at, []byte(text)})
			}
			c.Says.Type, _, _ = strings.Cut(name, " ")
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b content) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func controllerKinds() map[string]fields {
	const end = kindSize
	all := map[string]fields{
		"ddf_raid_member":           {end - 512: "\xde\x11\xde\x11"},
		"ddf_raid_member elsewhere": {end - 257*512: "\xde\x11\xde\x11"},
		"isw_raid_member":           {end - 1024: "Intel Raid ISM Cfg Sig. 1.3.00"},
		"lsi_mega_raid_member":      {end - 512: "$XIDE$"},
		// the sum of the 50 bytes before
		"via_raid_member": {end - 512: "\x55\xaa\x01", end - 512 + 50: "\x00"},
		"silicon_medley_raid_member": {end - 512 + 0x60: "\x00\x00\x00\x2f", end - 512 + 0x104: l16(1, 2, 0, 2),
			end - 512 + 0x13e: l16(1<<16 - 0x2f00 - 5)},
		"nvidia_raid_member":        {end - 1024: nvidia()},
		"hpt45x_raid_member":        {end - 11*512: "\xf3\x16\x78\x5a"},
		"hpt45x_raid_member broken": {end - 11*512: "\xfd\x16\x78\x5a"},
		"hpt37x_raid_member":        {4640: "\xf0\x16\x78\x5a"},
		"hpt37x_raid_member broken": {4640: "\xfd\x16\x78\x5a"},
		"adaptec_raid_member":       {end - 512: "\x37\xfc\x4d\x1e", end - 256: "DPTM"},
		"jmicron_raid_member":       {end - 512: "JM\x00\x01" + l16(1<<16-0x4d4a-0x0100)},
	}
	for _, sector := range []int64{16, 63, 255, 256, 399, 591, 675, 735, 911, 951, 974, 991, 3087} {
		all["promise_fasttrack_raid_member at sector -"+
			strconv.FormatInt(sector, 10)] = fields{end - sector*512: "Promise Technology, Inc."}
	}
	return all
}

// nvidia: the sum of all 30 words is none.
func nvidia() string {
	sb := []byte("NVIDIA  " + l32(30, 0) + strings.Repeat("\x00", 104))
	var sum uint32
	for at := 0; at < len(sb); at += 4 {
		sum += binary.LittleEndian.Uint32(sb[at:])
	}
	return string(sb[:12]) + l32(-sum) + string(sb[16:])
}

func volumeKinds() map[string]fields {
	const end = kindSize
	drbd := func(magic string) string {
		return padded(4096, fields{0: b64(0x20000), 60: magic + b32(72, 1<<32-8, 1237, 1<<32-72, 4096)})
	}
	const bitLockerKind, bitLockerAt = "\x3b\xd6\x67\x49\x29\x2e\xd8\x4a\x83\x99\xf6\xa3\x39\xe3\xd0\x01", 0x2100000
	return map[string]fields{
		"drbd":                      {end - 4096: drbd("\x83\x74\x02\x6b")},
		"drbd 8.4":                  {end - 4096: drbd("\x83\x74\x02\x6c")},
		"drbd 9":                    {end - 4096: drbd("\x83\x74\x02\x6d")},
		"drbdmanage_control_volume": {0: "$DRBDmgr=q\n0123456789abcdef0123456789abcdef\n"},
		"drbdproxy_datalog":         {0: "DRBDdlh*"},
		"ceph_bluestore":            {0: "bluestore block device"},
		"LVM1_member":               {0: "HM\x01\x00"},
		"DM_snapshot_cow":           {0: "SnAp"},
		"DM_verity_hash":            {0: "verity\x00\x00\x01"},
		"DM_integrity":              {0: "integrt\x00\x01"},
		"VMFS_volume_member":        {1 << 20: "\x0d\xd0\x01\xc0"},
		"ubi": {0: sealed(64, fields{0: "UBI#\x01"},
			func(sb []byte) { binary.BigEndian.PutUint32(sb[60:], ^crc32.ChecksumIEEE(sb[:60])) })},
		"vdo": {0: "dmvdo001"},
		"stratis": {512: sealed(512, fields{4: "!Stra0tis\x86\xff\x02^\x41rh" + l64(kindSize/512) + "\x01",
			32: id + id + id + id}, func(sb []byte) {
			binary.LittleEndian.PutUint32(sb, crc32.Checksum(sb[4:], castagnoli))
		})},
		"BitLocker": {0: "\xeb\x58\x90-FVE-FS-\x00\x02", 160: bitLockerKind + l64(bitLockerAt),
			bitLockerAt: "-FVE-FS-" + l16(64, 2)},
		"cs_fvault2":               {0: coreStorage()},
		"swsuspend":                {1024: "\x01\x00\x00\x00\xff\x0f", 4086: "S1SUSPEND\x00"},
		"swsuspend of large pages": {1024: "\x01\x00\x00\x00\xff\x0f", 65526: "LINHIB0001"},
		"xfs_external_log": {0: b32(0xfeedbabe, 1, 2, 512) + b64(1<<32, 1<<32) + strings.Repeat("\x00", 8) + b32(1),
			300: b32(1) + id + b32(32768)},
	}
}

// coreStorage is the first block of Apple's volumes, whose checksum is over all behind it.
func coreStorage() string {
	sb := fields{4: l32(1<<32 - 1), 8: l16(1, 0x10), 88: "CS" + l32(1), 96: l32(4096, 4<<20), 168: l32(16, 2), 304: id}
	return sealed(512, sb, func(sb []byte) { binary.LittleEndian.PutUint32(sb, ^crc32.Checksum(sb[8:], castagnoli)) })
}

func filesystemKinds() map[string]fields {
	const end = kindSize
	beMagics := l32(0x42465331, 0x42494745, 1024, 10) + l64(1000, 10)
	befs := fields{0: "name", 32: beMagics + l32(512, 0xdd121031, 1, 13, 1, 0) + l32(0) + l16(1, 1) + l64(0, 0) +
		l32(0x15b6830e) + l32(0) + l16(8, 1)}
	beInode := l32(0x3bbe0ad9, 0) + l16(8, 1) + strings.Repeat("\x00", 44) + l32(0, 1024)
	return map[string]fields{
		"exfs": {0: exfs()},
		"ext4dev": {1024: l32(1024, 65536), 1024 + 56: "\x53\xef", 1024 + 92: l32(4, 0x42),
			1024 + 352: l32(4)},
		"reiserfs":               {65536 + 12: l32(18), 65536 + 44: l16(4096), 65536 + 52: "ReIsEr2Fs"},
		"reiser4":                {65536: "ReIsEr4"},
		"jfs":                    {32768: "JFS1" + l32(1) + l64(1000) + l32(4096) + l16(12, 3) + l32(512) + l16(9, 0)},
		"iso9660 of High Sierra": {32768 + 8: "\x01CDROM\x01"},
		"hfsplus":                {1024: "H+" + b16(4), 1024 + 40: b32(4096, 16384)},
		"hfsplus X":              {1024: "HX" + b16(5), 1024 + 40: b32(4096, 16384)},
		"hfs":                    {1024: "BD", 1024 + 20: b32(4096)},
		"ufs":                    {8192 + 1372: l32(0x00011954)},
		"ufs 2, big-endian":      {65536 + 1372: b32(0x19540119)},
		"hpfs":                   {8192: "\x49\xe8\x95\xf9", 8704: "\x49\x18\x91\xf9"},
		"sysv":                   {1024 - 8: l32(0xfd187e20, 2)},
		"sysv big-endian":        {10*1024 - 8: b32(0xfd187e20, 2)},
		"xenix":                  {2048: "+UD"},
		"xenix little-endian":    {2048: "DU+"},
		"ReFS":                   {0: "\x00\x00\x00ReFS\x00"},
		"cramfs":                 {0: "\x45\x3d\xcd\x28" + l32(65536), 16: "Compressed ROMFS"},
		"romfs": {0: sealed(512, fields{0: "-rom1fs-" + b32(512), 16: "rom"}, func(sb []byte) {
			var sum uint32
			for at := 0; at < len(sb); at += 4 {
				sum += binary.BigEndian.Uint32(sb[at:])
			}
			binary.BigEndian.PutUint32(sb[12:], -sum)
		})},
		"minix":           {1024: l16(1024, 4096, 1, 1, 36, 0) + l32(1<<20) + l16(0x138f, 1)},
		"gfs":             {65536: b32(0x01161970, 1), 65536 + 24: b32(1309, 1401)},
		"gfs2":            {65536: b32(0x01161970, 1), 65536 + 24: b32(1801, 1900)},
		"ocfs":            {8192: "OracleCFS"},
		"ocfs2":           {4096: "OCFSV2"},
		"oracleasm":       {32: "ORCLDISKVOL1"},
		"vxfs":            {1024: l32(0xa501fcf5)},
		"vxfs big-endian": {8192: b32(0xa501fcf5)},
		"squashfs3":       {0: "sqsh", 28: b16(3)},
		"nss":             {4096: "SPB5"},
		"ubifs": {0: sealed(4096, fields{0: "\x31\x18\x10\x06", 8: l64(1) + l32(4096) + "\x06"}, func(sb []byte) {
			binary.LittleEndian.PutUint32(sb[4:], ^crc32.ChecksumIEEE(sb[8:]))
		})},
		"bfs":                             {0: l32(0x1badface)},
		"VMFS":                            {2 << 20: "\x5e\xf1\xab\x2f"},
		"befs":                            {512: padded(512, befs), 8192: beInode},
		"befs without boot block":         {0: padded(512, befs), 8192: beInode},
		"nilfs2":                          {1024: nilfs()},
		"nilfs2 by its second superblock": {end - 4096: nilfs()},
		"mpool": {0: sealed(4096, fields{0: "mpoolDev", 40: id, 56: l16(1) + l32(1)}, func(sb []byte) {
			binary.LittleEndian.PutUint32(sb[62:], crc32.Checksum(sb[:62], castagnoli))
		})},
		"bcachefs":             {4096: bcachefs(8)},
		"bcachefs by a copy":   {2 << 20: bcachefs(4096)},
		"bcachefs by the last": {end - 1<<20: bcachefs((end - 1<<20) / 512)},
		"apfs":                 {0: apfs()},
		"zonefs": {0: sealed(4096, fields{0: "SFOZ", 8: "zone", 72: id}, func(sb []byte) {
			binary.LittleEndian.PutUint32(sb[4:], ^crc32.ChecksumIEEE(sb))
		})},
	}
}

// exfs is like xfs but for its magic.
func exfs() string {
	const blockSize, blocks, groupBlocks, groups, logBlocks, version, sector, inode = 4096, 81920, 20480, 4, 16384,
		0xb4a5, 512, 512
	return padded(512, fields{
		0: "EXFS" + b32(blockSize) + b64(blocks),
		32: id + b64(65542, 128, 129, 130) + b32(1, groupBlocks, groups, 0, logBlocks) +
			b16(version, sector, inode, 8),
		120: "\x0c\x09\x09\x03\x0f\x00\x00\x19",
	})
}

// nilfs: the checksum is over 280 bytes and begins with the filesystem's own number.
func nilfs() string {
	const seed = 0x1234
	sb := fields{0: l32(2) + l16(0, 0x3434, 280, 0) + l32(seed), 20: l32(2), 32: l64(kindSize), 152: id}
	return sealed(1024, sb, func(sb []byte) {
		binary.LittleEndian.PutUint32(sb[16:], ^crc32.Update(^uint32(seed), crc32.IEEETable, sb[:280]))
	})
}

// bcachefs has a superblock that says at which sector it is.
func bcachefs(sector uint64) string {
	const magic, crc32c = "\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef", 1
	sb := fields{16: l16(1025, 1025), 24: magic + id + id, 104: l64(sector, 1) + l16(8) + "\x00\x01",
		144: l64(1 | crc32c<<2), 240: magic + "\x00\x0b\x01", 264: l64(8)}
	return sealed(4096, sb, func(sb []byte) {
		binary.LittleEndian.PutUint32(sb, crc32.Checksum(sb[16:752], castagnoli))
	})
}

// apfs: the checksum is Fletcher's, of 64 bits, over all behind it (Apple File System Reference, "Objects").
func apfs() string {
	sb := fields{8: l64(1, 1) + l16(1, 0x8000, 0, 0) + "NXSB" + l32(4096) + l64(1000), 72: id}
	return sealed(4096, sb, func(sb []byte) {
		const mod = 1<<32 - 1
		var low, high uint64
		for at := 8; at < len(sb); at += 4 {
			low = (low + uint64(binary.LittleEndian.Uint32(sb[at:]))) % mod
			high = (high + low) % mod
		}
		first := mod - (low+high)%mod
		binary.LittleEndian.PutUint64(sb, (mod-(low+first)%mod)<<32|first)
	})
}

const id = "0123456789abcdef"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// padded is so many bytes, zeros but for these.
func padded(size int, f fields) string {
	data := make([]byte, size)
	for at, text := range f {
		copy(data[at:], text)
	}
	return string(data)
}

// sealed adds a checksum.
func sealed(size int, f fields, seal func([]byte)) string {
	data := []byte(padded(size, f))
	seal(data)
	return string(data)
}

func l16(all ...uint16) string { return numbers(all, binary.LittleEndian.AppendUint16) }
func l32(all ...uint32) string { return numbers(all, binary.LittleEndian.AppendUint32) }
func l64(all ...uint64) string { return numbers(all, binary.LittleEndian.AppendUint64) }
func b16(all ...uint16) string { return numbers(all, binary.BigEndian.AppendUint16) }
func b32(all ...uint32) string { return numbers(all, binary.BigEndian.AppendUint32) }
func b64(all ...uint64) string { return numbers(all, binary.BigEndian.AppendUint64) }

func numbers[N any](all []N, add func([]byte, N) []byte) string {
	var data []byte
	for _, n := range all {
		data = add(data, n)
	}
	return string(data)
}

// What libblkid names we name, and by its magic alone: a plan sees it.
func TestKindsHaveTheirNames(t *testing.T) {
	for _, c := range kinds() {
		t.Run(c.Name, func(t *testing.T) {
			found, err := block.Probe(c.device(t), c.Size)
			require.NoError(t, err)
			assert.Equal(t, c.Says.Type, found.First().Type)
			assert.Len(t, found.Signatures, 1)
		})
	}
}
