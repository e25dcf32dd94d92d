package block

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// area is a device with some bytes at some places.
func area(size int, pieces map[int]string) *bytes.Reader {
	data := make([]byte, size)
	for at, piece := range pieces {
		copy(data[at:], piece)
	}
	return bytes.NewReader(data)
}

const (
	swapHeader = "\x01\x00\x00\x00\xff\x00\x00\x00"
	testUUID   = "0123456789abcdef"
)

func bcachefsAt(at int, magic string) map[int]string {
	return map[int]string{at + 24: magic, at + 56: testUUID, at + 72: "cached", at + 104: "\x08"}
}

// The rest of the formats is compared with blkid's own answers in tests/gpt. Here is what blkid 2.38 does not know, or
// knows only of devices that nobody can make in a test.
func TestSignatures(t *testing.T) {
	const uuid = "30313233-3435-3637-3839-616263646566"
	for name, c := range map[string]struct {
		pieces map[int]string
		want   Signature
	}{
		"bcachefs":                          {bcachefsAt(4096, bcachefsMagic), Signature{"bcachefs", uuid, "cached"}},
		"bcachefs with the magic of bcache": {bcachefsAt(4096, bcacheMagic), Signature{"bcachefs", uuid, "cached"}},
		"bcachefs that is elsewhere":        {bcachefsAt(8192, bcachefsMagic), Signature{}},
		"a hibernated swap area": {map[int]string{1024: swapHeader, 4086: "S1SUSPEND\x00"},
			Signature{Type: "swsuspend"}},
		"swap of the old kind":       {map[int]string{4086: "SWAP-SPACE"}, Signature{Type: "swap"}},
		"swap of an unknown version": {map[int]string{4086: "SWAPSPACE2"}, Signature{}},
		"a verity tree":              {map[int]string{0: "verity\x00\x00"}, Signature{Type: "DM_verity_hash"}},
		"BitLocker":                  {map[int]string{3: "-FVE-FS-", 510: "\x55\xAA"}, Signature{Type: "BitLocker"}},
		"JFS": {map[int]string{32768: "JFS1", 32768 + 136: testUUID, 32768 + 152: "jay"},
			Signature{"jfs", uuid, "jay"}},
		"reiserfs": {map[int]string{65536 + 52: "ReIsEr2Fs", 65536 + 84: testUUID},
			Signature{Type: "reiserfs", UUID: uuid}},
		"LVM 1": {map[int]string{0: "HM\x01\x00"}, Signature{Type: "LVM1_member"}},
		"Intel's RAID": {map[int]string{2<<20 - 1024: "Intel Raid ISM Cfg Sig. 1.3"},
			Signature{Type: "isw_raid_member"}},
		"LUKS ends the search": {map[int]string{0: "LUKS\xba\xbe\x00\x01", 168: "some-id", 1024 + 56: "\x53\xef"},
			Signature{Type: "crypto_LUKS", UUID: "some-id"}},
		"LUKS of an unknown version":         {map[int]string{0: "LUKS\xba\xbe\x00\x03"}, Signature{}},
		"the label of md without its offset": {map[int]string{4096: "\xfc\x4e\x2b\xa9\x01"}, Signature{}},
		"a filesystem of an old squashfs":    {map[int]string{0: "sqsh", 28: "\x00\x03"}, Signature{Type: "squashfs3"}},
		"half a boot sector":                 {map[int]string{0: "\xeb\x58\x90", 510: "\x55\xAA"}, Signature{}},
	} {
		t.Run(name, func(t *testing.T) {
			content, err := Probe(area(2<<20, c.pieces), 2<<20)
			require.NoError(t, err)
			assert.Equal(t, c.want, content.First())
			assert.False(t, content.Ambivalent)
		})
	}
}

func TestTheLabelOfAFATIsNoFileAndNoLongName(t *testing.T) {
	entry := func(name string, kind byte, cluster string) string {
		return name + string(kind) + strings.Repeat("\x00", 8) + cluster + strings.Repeat("\x00", 10)
	}
	folder := entry("FILE    TXT", 0x20, "\x00\x00") + entry("longnamepar", 0x0F, "\x00\x00") +
		entry("\xe5ELETED    ", 0x08, "\x00\x00") +
		entry("DIR        ", 0x18, "\x00\x00") + entry("\x05LABEL     ", 0x08, "\x00\x00")
	label, done := fatLabel([]byte(folder))
	assert.Equal(t, "\xe5LABEL", label)
	assert.True(t, done)
	_, done = fatLabel([]byte(folder[:4*32]))
	assert.False(t, done, "it may be in the next cluster")
	label, done = fatLabel([]byte(folder[:4*32] + strings.Repeat("\x00", 32) + folder[4*32:]))
	assert.Equal(t, "", label)
	assert.True(t, done, "the folder ends there")
}

// Lists and records lead from one place to the next by sizes that they state. Each of these has one that leads nowhere.
func TestHostileListsEnd(t *testing.T) {
	pair := func(size, nameLength uint32, rest string) []byte {
		list := append(make([]byte, 12), be.AppendUint32(nil, size)...)
		list = be.AppendUint32(append(list, 0, 0, 0, 0), nameLength)
		return append(append(list, rest...), make([]byte, 64)...)
	}
	const poolName = "name\x00\x00\x00\x09\x00\x00\x00\x01"
	good := pair(36, 4, poolName+"\x00\x00\x00\x04tank")
	assert.Equal(t, "tank", zfsSignature(good).Label)
	for name, list := range map[string][]byte{
		"a pair of no size":      pair(0, 4, poolName),
		"a pair of 2^32 bytes":   pair(1<<32-1, 4, poolName),
		"a name of 2^32 bytes":   pair(36, 1<<32-1, poolName),
		"a name up to the end":   pair(24, 12, poolName),
		"a value of 2^32 bytes":  pair(36, 4, poolName+"\xff\xff\xff\xfftank"),
		"no list":                make([]byte, 12),
		"the half of a good one": good[:34],
	} {
		assert.Equal(t, Signature{Type: "zfs_member"}, zfsSignature(list), name)
	}

	attribute := func(size, length uint32, from uint16) []byte {
		record := append([]byte("FILE"), make([]byte, 508)...)
		le.PutUint16(record[20:], 56)
		le.PutUint32(record[56:], 0x60)
		le.PutUint32(record[60:], size)
		le.PutUint32(record[72:], length)
		le.PutUint16(record[76:], from)
		copy(record[80:], "l\x00b\x00")
		return record
	}
	assert.Equal(t, "lb", ntfsLabel(attribute(32, 4, 24)))
	for name, record := range map[string][]byte{
		"an attribute of no size":      attribute(0, 4, 24),
		"an attribute of 2^32 bytes":   attribute(1<<32-1, 4, 24),
		"a value of 2^32 bytes":        attribute(32, 1<<32-1, 24),
		"a value behind the attribute": attribute(32, 4, 65535),
	} {
		assert.Equal(t, "", ntfsLabel(record), name)
	}
}

func TestACircleOfClustersEnds(t *testing.T) {
	next := area(1<<20, map[int]string{4 * 2: "\x03\x00\x00\x00\x02\x00\x00\x00"})
	seen := 0
	chain{table: 0, heap: 4096, cluster: 512}.each(&device{r: next, size: 1 << 20}, 2, func([]byte) bool {
		seen++
		return false
	})
	assert.Equal(t, 100, seen)
}

func TestTwoSignaturesAreAmbivalent(t *testing.T) {
	both := map[int]string{1024 + 56: "\x53\xef", 65536 + 64: "_BHRfS_M"}
	content, err := Probe(area(2<<20, both), 2<<20)
	require.NoError(t, err)
	assert.True(t, content.Ambivalent)
	assert.Equal(t, []Signature{{Type: "ext2"}, {Type: "btrfs"}}, content.Signatures)

	both[0] = "LUKS\xba\xbe\x00\x01"
	content, err = Probe(area(2<<20, both), 2<<20)
	require.NoError(t, err)
	assert.False(t, content.Ambivalent)
	assert.Equal(t, "crypto_LUKS", content.First().Type)

	floppy, err := Probe(area(tinySize, map[int]string{1024 + 56: "\x53\xef", 1024: "\xe2\xe1\xf5\xe0"}), tinySize)
	require.NoError(t, err)
	assert.Equal(t, []Signature{{Type: "ext2"}}, floppy.Signatures)
}

const (
	xfsHead = "XFSB\x00\x00\x10\x00"
	fatHead = "\xeb\x58\x90mkfs.fat\x00\x02\x01\x20\x00\x02\x00\x00\x00\x08\xf8\x00\x00"
)

func TestWhatAMakerHasNotFinished(t *testing.T) {
	at, mark := MakingMark(2 << 20)
	fat := map[int]string{0: fatHead, 36: "\x10\x00\x00\x00", 82: "FAT32   "}
	with := func(pieces map[int]string, at int, piece string) map[int]string {
		all := map[int]string{at: piece}
		for k, v := range pieces {
			all[k] = v
		}
		return all
	}
	xfs := map[int]string{0: xfsHead, 102: "\x02\x00"}
	_, other := MakingMark(1 << 20)
	for name, c := range map[string]struct {
		pieces map[int]string
		want   bool
	}{
		"xfs":                            {xfs, false},
		"xfs in progress":                {with(xfs, 126, "\x01"), true},
		"vfat":                           {fat, false},
		"vfat with the mark":             {with(fat, int(at), string(mark)), true},
		"vfat with another device's":     {with(fat, int(at), string(other)), false},
		"xfs with the mark of a vfat":    {with(xfs, int(at), string(mark)), false},
		"nothing with the mark":          {map[int]string{int(at): string(mark)}, false},
		"vfat before an xfs in progress": {with(fat, 126, "\x01"), false},
	} {
		content, err := Probe(area(2<<20, c.pieces), 2<<20)
		require.NoError(t, err, name)
		assert.Equal(t, c.want, content.Unfinished, name)
	}
}

func TestThePlaceOfTheMarkIsOnTheDevice(t *testing.T) {
	for _, size := range []int64{0, 1, 4096, 8191, 8192, 12287, 1 << 20, 1<<40 + 512} {
		at, mark := MakingMark(size)
		if size < 8192 {
			assert.Empty(t, mark, size)
			continue
		}
		assert.Zero(t, at%4096)
		assert.LessOrEqual(t, at+4096, size)
		assert.Greater(t, at+8192, size)
		assert.LessOrEqual(t, len(mark), 512, "one sector, so it is there whole or not")
	}
}

func TestAPartitionThatIsYetToBeIsProbedInItsPlace(t *testing.T) {
	disk := area(4<<20, map[int]string{1<<20 + 1024 + 56: "\x53\xef"})
	content, err := Probe(io.NewSectionReader(disk, 1<<20, 2<<20), 2<<20)
	require.NoError(t, err)
	assert.Equal(t, "ext2", content.First().Type)
	content, err = Probe(disk, 4<<20)
	require.NoError(t, err)
	assert.Equal(t, Content{}, content)
}

type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) { return 0, errors.New("medium error") }

func TestADeviceThatCannotBeReadIsNotBlank(t *testing.T) {
	_, err := Probe(broken{}, 1<<20)
	assert.ErrorContains(t, err, "medium error")
	_, err = Probe(area(4096, nil), 1<<20)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	content, err := Probe(broken{}, 1024)
	require.NoError(t, err, "nothing is as small as that")
	assert.Equal(t, Content{}, content)
}

// FuzzProbe: no bytes make it panic or read past the end, whatever is recognised has a type, and only what can be told
// from what is whole is unfinished.
func FuzzProbe(f *testing.F) {
	f.Add([]byte("\x53\xef"), uint32(1024+56), []byte("NTFS    \x00\x02\x08"), uint32(3), uint32(1<<20))
	f.Add([]byte("CD001"), uint32(32769), []byte("BEA01"), uint32(34817), uint32(1<<21))
	f.Add([]byte("EXFAT   "), uint32(3), []byte("\x09\x0c"), uint32(108), uint32(1<<21))
	f.Add([]byte("\xeb\x58\x90mkfs.fat\x00\x02\x01\x20\x00\x02\x00\x00\x00\x08\xf8\x00\x00"), uint32(0),
		[]byte("\x10\x00\x00\x00"), uint32(36), uint32(1<<20))
	f.Add([]byte("LABELONE\x01\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\x20\x00\x00\x00LVM2 001"), uint32(512),
		[]byte{}, uint32(0), uint32(1<<16))
	_, mark := MakingMark(1 << 20)
	f.Add([]byte("XFSB\x00\x00\x10\x00"), uint32(0),
		[]byte("\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"),
		uint32(102), uint32(1<<20))
	f.Add(append([]byte(fatHead), "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00"...), uint32(0),
		mark, uint32(1<<20-4096), uint32(1<<20))
	f.Add([]byte("\x0c\xb1\xba\x00"), uint32(1<<17), []byte("\x01\x01"), uint32(1<<14), uint32(64<<20))
	f.Fuzz(func(t *testing.T, one []byte, oneAt uint32, two []byte, twoAt uint32, size uint32) {
		r := sparse{int64(size), [2][]byte{one, two}, [2]int64{int64(oneAt), int64(twoAt)}}
		content, err := Probe(r, int64(size))
		require.NoError(t, err)
		for _, s := range content.Signatures {
			assert.NotEmpty(t, s.Type)
		}
		if content.Unfinished {
			assert.Contains(t, []string{"xfs", "vfat"}, content.First().Type)
		}
		_, err = Inspect(r, int64(size), 512)
		require.NoError(t, err)
	})
}

// sparse is a device of zeros with two runs of bytes, the second over the first.
type sparse struct {
	size int64
	runs [2][]byte
	at   [2]int64
}

func (s sparse) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 || at+int64(len(p)) > s.size {
		return 0, errors.New("read past the end")
	}
	clear(p)
	for i, run := range s.runs {
		from, to := max(s.at[i], at), min(s.at[i]+int64(len(run)), at+int64(len(p)))
		if from < to {
			copy(p[from-at:], run[from-s.at[i]:to-s.at[i]])
		}
	}
	return len(p), nil
}
