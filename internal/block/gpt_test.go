package block

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// image is a disk in memory that counts its syncs, and that breaks after some writes if asked to.
type image struct {
	data   []byte
	writes int
	breaks int // after so many writes; 0: never
}

func (m *image) ReadAt(p []byte, at int64) (int, error) { return bytes.NewReader(m.data).ReadAt(p, at) }

func (m *image) WriteAt(p []byte, at int64) (int, error) {
	m.writes++
	if m.breaks > 0 && m.writes >= m.breaks {
		half := len(p) / 2
		copy(m.data[at:], p[:half])
		return half, io.ErrShortWrite
	}
	return copy(m.data[at:], p), nil
}

func (m *image) Sync() error { return nil }

func seeded() io.Reader { return rand.NewChaCha8([32]byte{1}) }

const testBytes = 4 << 20

// written is a disk with an empty table, or one with partitions 1 and 3.
func written(t testing.TB, sectorSize int, specs ...Spec) (*image, *Table) {
	t.Helper()
	return writtenOn(t, testBytes, sectorSize, specs...)
}

func writtenOn(t testing.TB, size, sectorSize int, specs ...Spec) (*image, *Table) {
	t.Helper()
	table, err := NewTable(uint64(size/sectorSize), sectorSize, seeded())
	require.NoError(t, err)
	_, decisions, err := Layout(table, specs)
	require.NoError(t, err)
	table, err = Apply(table, decisions, seeded())
	require.NoError(t, err)
	m := &image{data: make([]byte, size)}
	require.NoError(t, table.WriteTo(m))
	return m, inspected(t, m, sectorSize)
}

func inspect(t testing.TB, m *image, sectorSize int) Found {
	t.Helper()
	found, err := Inspect(m, int64(len(m.data)), sectorSize)
	require.NoError(t, err)
	return found
}

func inspected(t testing.TB, m *image, sectorSize int) *Table {
	t.Helper()
	found := inspect(t, m, sectorSize)
	require.NoError(t, found.Err())
	require.NotNil(t, found.Table)
	return found.Table
}

func some(n int) *int { return &n }

func text(s string) *string { return &s }

var twoParts = []Spec{
	{Number: 1, SizeMiB: some(2), Label: text("one 🦀"), ShouldExist: true,
		GUID: "0b1f1f3e-0000-4000-8000-0123456789ab"},
	{Number: 3, SizeMiB: some(0), ShouldExist: true, TypeGUID: "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"},
}

func TestATableIsReadAsItWasWritten(t *testing.T) {
	for _, sectorSize := range []int{512, 4096} {
		t.Run(fmt.Sprint(sectorSize), func(t *testing.T) {
			m, table := written(t, sectorSize, twoParts...)
			assert.Empty(t, table.Damage)
			assert.NotEqual(t, GUID{}, table.DiskGUID())
			perMiB, parts := uint64(mebibyte/sectorSize), table.Partitions()
			require.Len(t, parts, 2)
			assert.Equal(t, "one 🦀", parts[0].Label)
			assert.Equal(t, "0B1F1F3E-0000-4000-8000-0123456789AB", parts[0].GUID.String())
			assert.Equal(t, LinuxData, parts[0].Type)
			assert.Equal(t, []uint64{perMiB, 2 * perMiB}, []uint64{parts[0].Start, parts[0].Size})
			assert.Equal(t, "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", parts[1].Type.String())
			assert.Equal(t, table.LastUsable(), parts[1].last())
			before := bytes.Clone(m.data)
			require.NoError(t, table.WriteTo(m))
			assert.True(t, bytes.Equal(before, m.data))
			assert.True(t, table.Same(inspected(t, m, sectorSize)))
			assert.False(t, table.Same(nil))
		})
	}
}

func TestDamageToOneCopyIsMended(t *testing.T) {
	whole, _ := written(t, 512, twoParts...)
	end := len(whole.data)
	for name, at := range map[string]int{
		"primary header": 512 + 60, "primary entries": 1024 + 40, "primary magic": 512, "backup header": end - 512 + 60,
		"backup entries": end - 33*512 + 3, "backup magic": end - 512,
	} {
		t.Run(name, func(t *testing.T) {
			m := &image{data: bytes.Clone(whole.data)}
			m.data[at] ^= 0x55
			table := inspected(t, m, 512)
			require.Len(t, table.Damage, 1)
			assert.Contains(t, table.Damage[0], name[:6])
			require.NoError(t, table.WriteTo(m))
			assert.True(t, bytes.Equal(whole.data, m.data))
		})
	}
}

func TestBothCopiesDamagedIsRefused(t *testing.T) {
	m, _ := written(t, 512, twoParts...)
	m.data[512+60] ^= 1
	m.data[len(m.data)-512+60] ^= 1
	found := inspect(t, m, 512)
	assert.Equal(t, KindProtective, found.Kind)
	assert.EqualError(t, found.Err(), "has no good GPT, but an MBR that protects one: primary GPT: wrong checksum of "+
		"the header; no good backup either")
}

func TestTheBackupOfAGrownDiskIsFound(t *testing.T) {
	small, _ := written(t, 512, twoParts...)
	for name, spoil := range map[string]func(data []byte){
		"by the header":         func(data []byte) { data[1024] ^= 1; copy(data[446+12:], "\xff\xff\xff\xff") },
		"by the protective MBR": func(data []byte) { clear(data[512 : 34*512]) },
	} {
		t.Run(name, func(t *testing.T) {
			m := &image{data: append(bytes.Clone(small.data), make([]byte, 4<<20)...)}
			spoil(m.data)
			table := inspected(t, m, 512)
			assert.True(t, table.Grown())
			assert.Len(t, table.Partitions(), 2)
			grown := table.Grow()
			require.NoError(t, grown.WriteTo(m))
			again := inspected(t, m, 512)
			assert.Empty(t, again.Damage)
			assert.Equal(t, again.Sectors-34, again.LastUsable())
			assert.Equal(t, table.Partitions(), again.Partitions())
			if name == "by the protective MBR" {
				assert.Equal(t, protectiveMBR(512, again.Sectors), m.data[:512])
			}
		})
	}
}

// diary is a disk that remembers in which order it was written to.
type diary struct {
	image
	steps []string
}

func (d *diary) WriteAt(p []byte, at int64) (int, error) {
	d.steps = append(d.steps, fmt.Sprintf("%d bytes at sector %d", len(p), at/512))
	return d.image.WriteAt(p, at)
}

func (d *diary) Sync() error {
	d.steps = append(d.steps, "sync")
	return nil
}

func TestEachStepIsOnTheDiskBeforeTheNext(t *testing.T) {
	backup := []string{"16384 bytes at sector 8159", "sync", "512 bytes at sector 8191", "sync"}
	primary := []string{"16384 bytes at sector 2", "sync", "512 bytes at sector 1", "sync"}
	for name, c := range map[string]struct {
		spoil int // a byte to break
		want  []string
	}{
		"a sound table":           {0, slices.Concat(backup, primary)},
		"no backup":               {8191*512 + 1, slices.Concat(backup, primary)},
		"no primary":              {512, slices.Concat(primary, backup)},
		"no mark of a protection": {510, slices.Concat(backup, primary, []string{"512 bytes at sector 0", "sync"})},
	} {
		t.Run(name, func(t *testing.T) {
			m, _ := written(t, 512, twoParts...)
			if c.spoil != 0 {
				m.data[c.spoil] ^= 1
			}
			d := &diary{image: *m}
			require.NoError(t, inspected(t, m, 512).WriteTo(d))
			assert.Equal(t, c.want, d.steps)
			assert.Empty(t, inspected(t, &d.image, 512).Damage)
		})
	}
}

func TestABackupThatTellsAnotherTableIsDamage(t *testing.T) {
	m, _ := written(t, 512, twoParts...)
	older, _ := written(t, 512, twoParts[0])
	copy(m.data[len(m.data)-33*512:], older.data[len(m.data)-33*512:])
	assert.Equal(t, []string{"backup GPT at sector 8191: differs from the primary"}, inspected(t, m, 512).Damage)

	m, _ = written(t, 512, twoParts...)
	backup := m.data[len(m.data)-512:]
	le.PutUint64(backup[32:], 7) // where the other copy is
	le.PutUint32(backup[16:], headerSum(backup, headerSize))
	assert.Equal(t, []string{"backup GPT at sector 8191: differs from the primary"}, inspected(t, m, 512).Damage)
}

// A write that is cut off anywhere leaves the old partitions or the new ones, also if only one copy was good before.
func TestACutWriteLeavesOneOfTheTables(t *testing.T) {
	whole, old := written(t, 512, twoParts...)
	for name, spoil := range map[string]func(data []byte){
		"sound":          func([]byte) {},
		"primary broken": func(data []byte) { data[1024] ^= 1 },
		"backup broken":  func(data []byte) { data[len(data)-512] ^= 1 },
		"grown":          nil,
	} {
		for breaks := 1; ; breaks++ {
			m := &image{data: bytes.Clone(whole.data)}
			if spoil == nil {
				m.data = append(m.data, make([]byte, 1<<20)...)
			} else {
				spoil(m.data)
			}
			table, decisions, err := Layout(inspected(t, m, 512), []Spec{{Number: 3, WipePartitionEntry: true}})
			require.NoError(t, err)
			changed, err := Apply(table, decisions, seeded())
			require.NoError(t, err)
			m.breaks = breaks
			if changed.WriteTo(m) == nil {
				assert.Greater(t, breaks, 4)
				after := inspected(t, m, 512)
				assert.True(t, changed.Same(after), "what was predicted is there")
				assert.False(t, table.Same(after))
				break
			}
			parts := inspected(t, m, 512).Partitions()
			if len(parts) != 1 {
				assert.Equal(t, old.Partitions(), parts, "%s, write %d", name, breaks)
			}
		}
	}
}

// The first table of a disk, cut off: nothing yet, or all of it.
func TestACutFirstWriteCanBeRepeated(t *testing.T) {
	_, table := written(t, 512, twoParts...)
	table.MBRStale = true
	for breaks := 1; breaks <= 5; breaks++ {
		m := &image{data: make([]byte, testBytes), breaks: breaks}
		require.Error(t, table.WriteTo(m))
		found := inspect(t, m, 512)
		require.NoError(t, found.Err())
		if found.Table != nil {
			assert.Equal(t, table.Partitions(), found.Table.Partitions())
			assert.Contains(t, found.Table.Damage, "no protective MBR")
		}
	}
}

func TestKindsOfDisks(t *testing.T) {
	gpt, _ := written(t, 512, twoParts...)
	mbr := func(kinds ...byte) []byte {
		data := make([]byte, 1<<20)
		for i, kind := range kinds {
			data[446+16*i+4], data[446+16*i+8], data[446+16*i+12] = kind, 8, 8
		}
		data[510], data[511] = 0x55, 0xAA
		return data
	}
	with := func(data []byte, at int, text string) []byte {
		data = bytes.Clone(data)
		copy(data[at:], text)
		return data
	}
	for name, c := range map[string]struct {
		data []byte
		kind Kind
		why  string
	}{
		"nothing":                {make([]byte, 1<<20), KindNone, ""},
		"no bytes":               {nil, KindNone, ""},
		"an MBR":                 {mbr(0x83), KindMBR, "has an MBR partition table"},
		"an MBR without entries": {mbr(), KindMBR, "has an MBR"},
		"a FAT filesystem":       {with(mbr(), 54, "FAT16   "), KindBootSector, "boot sector of a filesystem"},
		"an NTFS filesystem":     {with(mbr(), 3, "NTFS    "), KindBootSector, "boot sector"},
		"boot code":              {with(mbr(), 446, "\x12"), KindBootSector, "boot sector"},
		"a GPT whose both headers are lost": {with(gpt.data[:len(gpt.data)-512], 512, "EFI TRAP"), KindProtective,
			"no good GPT"},
		"a protective MBR alone":               {mbr(0xEE), KindProtective, "no good GPT"},
		"a hybrid MBR alone":                   {mbr(0x83, 0xEE), KindProtective, "no good GPT"},
		"a GPT":                                {gpt.data, KindGPT, ""},
		"a GPT whose first sector was cleared": {with(gpt.data, 510, "\x00\x00"), KindGPT, ""},
		"a GPT under an MBR":                   {with(gpt.data, 450, "\x83"), KindMBR, "MBR"},
		"a backup alone":                       {with(gpt.data, 0, strings.Repeat("\x00", 34*512)), KindNone, ""},
		"a GPT for sectors of another size": {with(mbr(0xEE), 4096, gptMagic), KindProtective,
			"for sectors of 4096 bytes, this disk has 512"},
		"a whole-disk filesystem without boot magic": {with(make([]byte, 1<<20), 1024+56, "\x53\xef"), KindNone, ""},
	} {
		t.Run(name, func(t *testing.T) {
			found := inspect(t, &image{data: c.data}, 512)
			assert.Equal(t, c.kind, found.Kind)
			lists := c.kind == KindGPT || c.kind == KindMBR && name != "an MBR without entries" ||
				name == "a GPT whose both headers are lost"
			assert.Equal(t, lists, found.Lists())
			if c.why == "" {
				assert.NoError(t, found.Err())
			} else {
				assert.ErrorContains(t, found.Err(), c.why)
			}
		})
	}
}

// forge changes a field of both headers, or entries, and makes all checksums right again.
func forge(t *testing.T, change func(header, entries []byte)) Found {
	t.Helper()
	m, table := written(t, 512, twoParts...)
	for _, sector := range [][]byte{table.Primary, table.Backup} {
		change(sector, table.Entries)
		le.PutUint32(sector[88:], crc32.ChecksumIEEE(table.Entries))
		if size := le.Uint32(sector[12:]); size <= 512 {
			le.PutUint32(sector[16:], headerSum(sector, size))
		}
	}
	end := len(m.data)
	copy(m.data[512:], table.Primary)
	copy(m.data[1024:], table.Entries)
	copy(m.data[end-33*512:], table.Entries)
	copy(m.data[end-512:], table.Backup)
	return inspect(t, m, 512)
}

func TestHostileTablesAreRefused(t *testing.T) {
	put := func(at int, value uint64) func(header, _ []byte) {
		return func(header, _ []byte) { le.PutUint64(header[at:], value) }
	}
	put32 := func(at int, value uint32) func(header, _ []byte) {
		return func(header, _ []byte) { le.PutUint32(header[at:], value) }
	}
	entry := func(at int, value uint64) func(_, entries []byte) {
		return func(_, entries []byte) { le.PutUint64(entries[at:], value) }
	}
	for name, c := range map[string]struct {
		change func(header, entries []byte)
		why    string
	}{
		"2^32 entries":                  {put32(80, math.MaxUint32), "table of 4294967295 entries"},
		"no entries":                    {put32(80, 0), "table of 0 entries"},
		"entries of 2^32 bytes":         {put32(84, math.MaxUint32), "entries of 4294967295 bytes"},
		"entries of 256 bytes":          {put32(84, 256), "entries of 256 bytes"},
		"a header of 2^32 bytes":        {put32(12, math.MaxUint32), "header of 4294967295 bytes"},
		"a header of 91 bytes":          {put32(12, 91), "header of 91 bytes"},
		"another revision":              {put32(8, 0x20000), "unknown revision 0x20000"},
		"a usable range of 2^64":        {put(48, math.MaxUint64), "usable sectors are"},
		"a usable range upside down":    {put(40, 1<<40), "usable sectors are"},
		"entries at 2^64":               {put(72, math.MaxUint64), "entries at sector"},
		"entries among the partitions":  {put(72, 4096), "entries at sector 4096"},
		"entries in the first sector":   {put(72, 0), "entries at sector 0"},
		"a header that is elsewhere":    {put(24, 7), "header says it is at sector 7"},
		"a partition past the end":      {entry(40, 1<<40), "partition 1: sectors 2048 to 1099511627776"},
		"a partition of 2^64 sectors":   {entry(40, math.MaxUint64), "partition 1: sectors"},
		"a partition upside down":       {entry(40, 2046), "partition 1: sectors"},
		"a partition of no sectors":     {entry(40, 2047), "partition 1: sectors"},
		"a partition in the table":      {entry(32, 3), "partition 1: sectors 3"},
		"partitions that overlap":       {entry(256+32, 2048+5), "partitions 1 and 3 overlap"},
		"partitions in the same place":  {entry(256+32, 2048), "overlap"},
		"a partition around everything": {entry(256+32, 34), "overlap"},
	} {
		t.Run(name, func(t *testing.T) {
			found := forge(t, c.change)
			assert.Nil(t, found.Table)
			assert.True(t, found.Lists(), "nobody knows what")
			assert.ErrorContains(t, found.Err(), c.why)
		})
	}
}

func TestATruncatedDiskIsRefused(t *testing.T) {
	m, _ := written(t, 512, twoParts...)
	found := inspect(t, &image{data: m.data[:len(m.data)/2]}, 512)
	assert.ErrorContains(t, found.Err(), "usable sectors are 34 to")
}

func TestDisksThatCannotBeReadAreErrors(t *testing.T) {
	m, _ := written(t, 512)
	_, err := Inspect(bytes.NewReader(m.data[:4096]), int64(len(m.data)), 512)
	assert.ErrorContains(t, err, "unexpected EOF")
	_, err = Inspect(m, int64(len(m.data)), 520)
	assert.EqualError(t, err, "sectors of 520 bytes")
}

func TestProtectiveMBRCountsAsFarAsItCan(t *testing.T) {
	for sectors, want := range map[uint64]uint32{8192: 8191, 1<<32 - 1: math.MaxUint32 - 1, 1 << 32: math.MaxUint32,
		3 << 31: math.MaxUint32} {
		slot, found := protectiveSlot(protectiveMBR(512, sectors))
		require.True(t, found)
		assert.Equal(t, want, le.Uint32(slot[12:]), sectors)
		assert.Equal(t, uint32(1), le.Uint32(slot[8:]))
	}
}

func TestWipedDisksHaveNoTable(t *testing.T) {
	for _, sectorSize := range []int{512, 4096} {
		m, _ := written(t, sectorSize, twoParts...)
		m.data = append(m.data, make([]byte, 1<<20)...)
		m.data[len(m.data)/2] = 7
		found := inspect(t, m, sectorSize)
		require.NoError(t, WipeTable(m, found, int64(len(m.data)), sectorSize))
		assert.Equal(t, Found{}, inspect(t, m, sectorSize))
		assert.NotContains(t, string(m.data), gptMagic)
		assert.Equal(t, byte(7), m.data[len(m.data)/2])
	}
	tiny := &image{data: bytes.Repeat([]byte{1}, 5000)}
	require.NoError(t, WipeTable(tiny, Found{}, 5000, 512))
}

func TestLabelsFitOrAreRefused(t *testing.T) {
	for label, fits := range map[string]bool{
		"": true, strings.Repeat("a", 36): true, strings.Repeat("a", 37): false, strings.Repeat("🦀", 18): true,
		strings.Repeat("🦀", 36): false, "\xff": false, "a\x00b": false, "ä ö": true,
	} {
		raw, err := encodeName(label)
		if !fits {
			assert.Error(t, err, "%q", label)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, label, decodeName(raw))
	}
}

func TestGUIDs(t *testing.T) {
	id, err := ParseGUID("0fc63daf-8483-4772-8e79-3d69d8477de4")
	require.NoError(t, err)
	assert.Equal(t, LinuxData, id)
	assert.Equal(t, "0FC63DAF-8483-4772-8E79-3D69D8477DE4", id.String())
	for _, bad := range []string{"", "0fc63daf84834772-8e79-3d69d8477de4", "0fc63daf-8483-4772-8e79-3d69d8477de",
		"0fc63daf-8483-4772-8e79-3d69d8477dzz"} {
		_, err := ParseGUID(bad)
		assert.Error(t, err)
	}
	fresh, err := newGUID(seeded())
	require.NoError(t, err)
	assert.Equal(t, byte('4'), fresh.String()[14])
	_, err = newGUID(strings.NewReader("short"))
	assert.Error(t, err)
}

// smallDisk is as small as a disk with a GPT can sensibly be, and has two partitions.
func smallDisk(t testing.TB, sectorSize int) *image {
	t.Helper()
	m := &image{data: make([]byte, 64<<10)}
	table, err := NewTable(uint64(len(m.data)/sectorSize), sectorSize, seeded())
	require.NoError(t, err)
	table, err = Apply(table, []Decision{
		{Verdict: Create, Resolved: Resolved{Number: 1, Start: table.FirstUsable(), Size: 1}},
		{Verdict: Create, Resolved: Resolved{Number: 3, Start: table.FirstUsable() + 2, Size: 2}},
	}, seeded())
	require.NoError(t, err)
	require.NoError(t, table.WriteTo(m))
	return m
}

// FuzzGPT writes over parts of a good table. No bytes make it panic; a sound table writes the same bytes, a damaged one
// is sound afterwards and has the same partitions; what cannot be written is not begun.
func FuzzGPT(f *testing.F) {
	for _, wide := range []bool{false, true} {
		sectorSize := map[bool]int{false: 512, true: 4096}[wide]
		m := smallDisk(f, sectorSize)
		header, entries := m.data[sectorSize:sectorSize+headerSize], m.data[2*sectorSize:2*sectorSize+3*entrySize]
		backup := m.data[len(m.data)-sectorSize:][:headerSize]
		f.Add(m.data[446:512], header, entries, backup, wide, true)
		f.Add([]byte{}, []byte{1}, []byte{}, []byte{}, wide, false)
		f.Add([]byte{}, []byte{}, entries[:200], []byte{2}, wide, true)
		f.Add(bytes.Repeat([]byte{0}, 66), header, []byte{}, backup, wide, false)
	}
	f.Fuzz(func(t *testing.T, mbr, header, entries, backup []byte, wide, sums bool) {
		sectorSize := map[bool]int{false: 512, true: 4096}[wide]
		m := smallDisk(t, sectorSize)
		copy(m.data[446:512], mbr)
		copy(m.data[sectorSize:2*sectorSize], header)
		copy(m.data[2*sectorSize:], entries)
		copy(m.data[len(m.data)-sectorSize:], backup)
		if sums {
			fixSums(m.data, sectorSize)
		}
		rewritten(t, m, sectorSize)
	})
}

func rewritten(t *testing.T, m *image, sectorSize int) {
	found := inspect(t, m, sectorSize)
	if found.Table == nil {
		return
	}
	before, sound := bytes.Clone(m.data), len(found.Table.Damage) == 0
	if err := found.Table.WriteTo(m); err != nil {
		assert.True(t, bytes.Equal(before, m.data))
		return
	}
	if sound {
		assert.True(t, bytes.Equal(before, m.data))
		return
	}
	again := inspected(t, m, sectorSize)
	assert.Empty(t, again.Damage)
	assert.Equal(t, found.Table.Partitions(), again.Partitions())
}

// fixSums makes both headers' checksums right, so that what is behind them is tried too.
func fixSums(data []byte, sectorSize int) {
	for _, sector := range [][]byte{data[sectorSize : 2*sectorSize], data[len(data)-sectorSize:]} {
		h := parseHeader(sector)
		if h.entriesAt <= uint64(len(data)/sectorSize) && h.count <= maxEntries {
			from := h.entriesAt * uint64(sectorSize)
			le.PutUint32(sector[88:],
				crc32.ChecksumIEEE(data[from:min(from+uint64(h.count)*entrySize, uint64(len(data)))]))
		}
		if h.size >= 20 && h.size <= uint32(sectorSize) {
			le.PutUint32(sector[16:], headerSum(sector, h.size))
		}
	}
}
