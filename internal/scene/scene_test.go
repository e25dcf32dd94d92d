package scene

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// What stands on a disk may be meant for the terminal of whoever reads of it.
func TestWhatIsOnADeviceIsShownAsText(t *testing.T) {
	evil := "\x1b[2J\n"
	text := Describe(block.Content{Signatures: []block.Signature{{Type: "iso9660", Label: evil, UUID: evil}}})
	assert.Equal(t, `iso9660 "\x1b[2J\n", UUID "\x1b[2J\n"`, text)
}

// A place reads as the device would if the bytes were zeros.
func TestAPlaceReadsWithItsZeros(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		disk := make([]byte, 256)
		for i := range disk {
			disk[i] = byte(i)
		}
		var zeros []block.Span
		b := blanked{memory(disk), nil}
		want := append([]byte{}, disk...)
		for range rapid.IntRange(0, 4).Draw(t, "zeros") {
			at, n := rapid.IntRange(0, 255).Draw(t, "at"), rapid.IntRange(0, 80).Draw(t, "bytes")
			zeros = append(zeros, block.Span{Offset: int64(at), Size: int64(n)})
			clear(want[at:min(at+n, 256)])
		}
		b.zeros = zeros
		from, n := rapid.IntRange(0, 255).Draw(t, "from"), rapid.IntRange(0, 100).Draw(t, "length")
		got := make([]byte, min(n, 256-from))
		_, err := b.ReadAt(got, int64(from))
		require.NoError(t, err)
		require.Equal(t, want[from:from+len(got)], got)
	})
}

// What is on a disk that is wiped need not be whole, but it is never taken for less than it may be.
func TestDetailsThatCannotBeReadAreNoError(t *testing.T) {
	const data, size = 2 << 20, 8 << 20
	le, be := binary.LittleEndian, binary.BigEndian
	disk := make(memory, size)
	md := disk[4096:]
	le.PutUint32(md, 0xa92b4efc)
	le.PutUint32(md[4:], 1)
	le.PutUint64(md[128:], data/512)
	le.PutUint64(md[144:], 8)
	whole, err := Read(disk, size, 512)
	require.NoError(t, err)
	require.NotNil(t, whole.Member)
	assert.False(t, whole.Member.Filled)
	bad, err := Read(spotted{disk, data + 1024}, size, 512)
	require.NoError(t, err)
	assert.True(t, bad.Member.Filled)
	_, err = Read(spotted{disk, 0}, size, 512)
	require.Error(t, err, "what it is has to be known")

	disk = make(memory, size)
	copy(disk, "LUKS\xba\xbe")
	be.PutUint16(disk[6:], 2)
	be.PutUint64(disk[8:], 4<<20)
	bad, err = Read(spotted{disk, 4 << 20}, size, 512)
	require.NoError(t, err)
	require.NotNil(t, bad.LUKS)
	assert.True(t, bad.LUKS.Broken)
}

// spotted is a device with a byte that cannot be read.
type spotted struct {
	memory
	at int64
}

func (s spotted) ReadAt(p []byte, at int64) (int, error) {
	if at <= s.at && s.at < at+int64(len(p)) {
		return 0, errors.New("input/output error")
	}
	return s.memory.ReadAt(p, at)
}

type memory []byte

func (m memory) ReadAt(p []byte, at int64) (int, error) { return copy(p, m[at:]), nil }

// machine is what is said of it.
type machine map[string]Seen

func (m machine) Look(path string) (*Seen, error) {
	seen, is := m[path]
	if !is {
		return nil, fs.ErrNotExist
	}
	seen.Path = path
	return &seen, nil
}

func (m machine) Inside(p Place) (Filling, error) {
	if p.Node != "/dev/vda" {
		return Filling{}, errors.New("not read")
	}
	return Filling{Content: block.Content{Signatures: []block.Signature{{Type: "ext4"}}}}, nil
}

func (m machine) Find(path string) (string, User, error) {
	seen, err := m.Look(path)
	if err != nil {
		return "", User{}, err
	}
	return seen.Node, User{Use: Device, Name: seen.Name}, nil
}

func (m machine) Links() map[string][]string {
	return map[string][]string{"/dev/vda": {"/dev/disk/by-id/x"}}
}

func TestWhatIsPredictedCoversWhatIsThere(t *testing.T) {
	md := User{Use: Array, Name: "md0", Users: []User{{Use: Volume, Name: "dm-0"}}}
	mounted := User{Use: Mount, Name: "/"}
	now := machine{
		"/dev/vda": {Node: "/dev/vda", Name: "vda", Users: []User{md, mounted},
			Busy: map[int][]User{1: {md}, 2: {mounted}}},
		"/dev/disk/by-id/x": {Node: "/dev/vda", Name: "vda"}, "/dev/md0": {Node: "/dev/md0", Name: "md0"},
		"/dev/md0p1": {Node: "/dev/md0p1", Name: "md0p1"}, "/dev/md01": {Node: "/dev/md01", Name: "md01"},
	}
	a := NewAfter(now)
	seen, err := a.Look("/dev/vda")
	require.NoError(t, err)
	assert.Equal(t, now["/dev/vda"].Busy, seen.Busy, "nothing is predicted yet")
	a.Add([]Prediction{{Names: []string{"/dev/vda1", "/dev/disk/by-partlabel/root"}, Seen: &Seen{Node: "/dev/vda1"},
		Place: &Place{
			Node: "/dev/vda",
		}}, {Names: []string{"/dev/md/x"}, Seen: &Seen{Node: "/dev/md/x", Unknown: "later"}},
		{Names: []string{"/dev/vda9"}, Seen: &Seen{}, Place: &Place{Node: "/dev/vdb"}}},
		[]Departure{{"md0", "stopped"}})
	seen, err = a.Look("/dev/vda")
	require.NoError(t, err)
	assert.Equal(t, []User{mounted}, seen.Users)
	assert.Equal(t, map[int][]User{2: {mounted}}, seen.Busy)
	_, err = a.Look("/dev/md0")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, _, err = a.Find("/dev/md0")
	require.ErrorIs(t, err, fs.ErrNotExist, "what is stopped has no name")
	_, _, err = a.Find("/dev/md0p1")
	require.ErrorIs(t, err, fs.ErrNotExist, "nor have its partitions")
	_, _, err = a.Find("/dev/md01")
	require.NoError(t, err, "of another")
	for _, name := range []string{"/dev/vda1", "/dev/disk/by-partlabel/root", "/dev/../dev/vda1"} {
		seen, err = a.Look(name)
		require.NoError(t, err)
		assert.Equal(t, name, seen.Path)
		assert.Equal(t, "ext4", seen.Content.First().Type)
	}
	node, _, err := a.Find("/dev/disk/by-partlabel/root")
	require.NoError(t, err)
	assert.Equal(t, "/dev/vda1", node)
	seen, err = a.Look("/dev/md/x")
	require.NoError(t, err)
	assert.Equal(t, "later", seen.Unknown)
	_, err = a.Look("/dev/vda9")
	require.EqualError(t, err, "not read")
	a.Add([]Prediction{{Names: []string{"/dev/vda"}, Seen: &Seen{Node: "/dev/vda", Size: 7}}}, nil)
	seen, err = a.Look("/dev/disk/by-id/x")
	require.NoError(t, err)
	assert.EqualValues(t, 7, seen.Size, "by any name that leads there now")
	assert.Equal(t, now.Links(), a.Links())
	_, err = a.Look("/dev/none")
	require.ErrorIs(t, err, fs.ErrNotExist)
	var gone *GoneError
	require.NotErrorAs(t, err, &gone, "it never was there")
	a.Lack("it may depend on $.storage.disks.3, which cannot be done")
	seen, err = a.Look("/dev/none")
	require.NoError(t, err)
	assert.Equal(t, "it may depend on $.storage.disks.3, which cannot be done", seen.Unknown)
	_, err = a.Look("/dev/md0p1")
	require.ErrorAs(t, err, &gone, "whatever is not known, this is")
	require.EqualError(t, err, "device /dev/md0p1: will not be there: stopped")
	a.Add([]Prediction{{Names: []string{"/dev/md0"}, Seen: &Seen{Node: "/dev/md0", Size: 9}}}, nil)
	seen, err = a.Look("/dev/md0")
	require.NoError(t, err, "it is made again")
	assert.EqualValues(t, 9, seen.Size)
}

func TestImagesHaveTheNamesThatUdevWouldGive(t *testing.T) {
	disk := make(memory, 8<<20)
	copy(disk[1<<20:], "\x00")
	copy(disk[1<<20+0x438:], "\x53\xef")
	all := Images{"/dev/vda": {ReaderAt: disk, Size: int64(len(disk))}}.Scene()
	seen, err := all.Look("/dev/vda")
	require.NoError(t, err)
	assert.Equal(t, int64(8<<20), seen.Size)
	assert.Equal(t, 512, seen.SectorSize)
	for _, name := range []string{"/dev/vda1", "/dev/vdb", "/dev/disk/by-label/x"} {
		_, err = all.Look(name)
		require.ErrorIs(t, err, fs.ErrNotExist)
		_, _, err = all.Find(name)
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
	_, err = all.Inside(Place{Node: "/dev/vdb"})
	assert.ErrorIs(t, err, fs.ErrNotExist)
}

// What is seen can be written down and read again, with the bytes of a table.
func TestSeenIsData(t *testing.T) {
	table, err := block.NewTable(16384, 512, bytes.NewReader(make([]byte, 16)))
	require.NoError(t, err)
	found, err := table.Written(8 << 20)
	require.NoError(t, err)
	seen := Seen{Path: "/dev/x", Node: "/dev/vda", Size: 7, Busy: map[int][]User{1: {{Use: Swap}}},
		Filling: Filling{Found: found, Member: &Member{Filled: true}, LUKS: &block.LUKS{Version: 2}},
		Users:   []User{{Use: Array, Name: "md0", Users: []User{{Use: Mount, Name: "/"}}}}, Unknown: "later"}
	text, err := json.Marshal(seen)
	require.NoError(t, err)
	var again Seen
	require.NoError(t, json.Unmarshal(text, &again))
	assert.Equal(t, seen, again)
	assert.True(t, found.Table.Same(again.Found.Table))
}

// Names of partitions, and those by what is on them, lead to what images have; each image is read once for them all.
func TestImagesHaveAllNamesOfTheirPartitions(t *testing.T) {
	table, err := block.NewTable(16384, 512, bytes.NewReader(make([]byte, 16)))
	require.NoError(t, err)
	label, one := "root fs", 1
	_, decisions, err := block.Layout(table, []block.Spec{{Number: 3, Label: &label, StartMiB: &one, SizeMiB: &one,
		GUID: "6FC9B25A-3C9C-4F8B-9C0C-111111111111", ShouldExist: true}})
	require.NoError(t, err)
	table, err = block.Apply(table, decisions, bytes.NewReader(make([]byte, 64)))
	require.NoError(t, err)
	disk := make(memory, 8<<20)
	require.NoError(t, table.WriteTo(writable{disk}))
	copy(disk[1<<20:], swapNamed("old"))
	reads := &counting{memory: disk}
	links := []string{"/dev/disk/by-id/x", "/dev/disk/by-path/y"}
	all := Images{"/dev/vda": {ReaderAt: reads, Size: 8 << 20, Names: links},
		"/dev/vdb": {ReaderAt: spotted{disk, 0}, Size: 8 << 20}}.Scene()
	for _, name := range []string{"/dev/vda3", "/dev/disk/by-id/x-part3", "/dev/disk/by-path/y-part3",
		"/dev/disk/by-partlabel/root\\x20fs", "/dev/disk/by-partuuid/6fc9b25a-3c9c-4f8b-9c0c-111111111111",
		"/dev/disk/by-label/old"} {
		node, _, err := all.Find(name)
		require.NoError(t, err, name)
		assert.Equal(t, "/dev/vda3", node, name)
		seen, err := all.Look(name)
		require.NoError(t, err)
		assert.Equal(t, "old", seen.Content.First().Label)
		assert.Equal(t, name, seen.Path)
	}
	node, _, err := all.Find("/dev/disk/by-id/x")
	require.NoError(t, err)
	assert.Equal(t, "/dev/vda", node)
	before := reads.n
	for range 100 {
		_, _, err = all.Find("/dev/disk/by-label/old")
		require.NoError(t, err)
		_, _, err = all.Find("/dev/disk/by-label/none")
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
	assert.Equal(t, before, reads.n, "names are found out once")
	_, err = all.Look("/dev/vdb")
	require.EqualError(t, err, "device /dev/vdb: bytes 0 to 255: input/output error")
	copied := Images{"/dev/vda": {ReaderAt: disk, Size: 8 << 20}, "/dev/vdb": {ReaderAt: disk, Size: 8 << 20}}.Scene()
	for _, name := range []string{"/dev/disk/by-partlabel/root\\x20fs", "/dev/disk/by-label/old"} {
		_, err = copied.Look(name)
		require.EqualError(t, err, "device "+diag.Name(name)+": several images have it")
	}
	node, _, err = copied.Find("/dev/vdb3")
	require.NoError(t, err)
	assert.Equal(t, "/dev/vdb3", node)
	assert.Equal(t, links, all.Links()["/dev/vda"])
}

// Who uses a partition uses its disk, but for the partitions of a device-mapper disk, which are users themselves.
func TestUsersOfPartitionsUseTheDisk(t *testing.T) {
	volume := User{Use: Volume, Name: "dm-0"}
	mounted := map[int][]User{2: {{Use: Mount, Name: "/b"}}, 1: {{Use: Mount, Name: "/a"}}}
	seen := Seen{Users: []User{volume}, Busy: mounted}
	assert.Equal(t, "part of dm-0, mounted at /a, mounted at /b", Words(seen.UsedBy()))
	require.ErrorContains(t, seen.Free(), "is in use: part of dm-0, mounted at /a")
	_, alone := seen.Holder()
	assert.False(t, alone)
	seen.Mapper = "mpatha"
	_, alone = seen.Holder()
	assert.True(t, alone)
}

// Partitions of an MBR are there as those of a GPT.
func TestPartitionsOfAnMBRHaveTheNamesThatUdevWouldGive(t *testing.T) {
	disk := make(memory, 8<<20)
	put := func(at, slot int, kind byte, start, size uint32) {
		entry := disk[at+446+16*slot:]
		entry[4] = kind
		binary.LittleEndian.PutUint32(entry[8:], start)
		binary.LittleEndian.PutUint32(entry[12:], size)
		copy(disk[at+510:], "\x55\xAA")
	}
	binary.LittleEndian.PutUint32(disk[440:], 0xCAFE)
	put(0, 0, 0x83, 2048, 4096)
	put(0, 3, 0x05, 8192, 8192)
	put(8192*512, 0, 0x83, 2048, 1024)
	copy(disk[1<<20:], swapNamed("old"))
	all := Images{"/dev/nvme0n1": {ReaderAt: disk, Size: 8 << 20, Names: []string{"/dev/disk/by-id/x"}}}.Scene()
	for name, node := range map[string]string{"/dev/nvme0n1p1": "", "/dev/disk/by-id/x-part1": "",
		"/dev/disk/by-partuuid/0000cafe-01": "", "/dev/disk/by-label/old": "",
		"/dev/nvme0n1p5": "/dev/nvme0n1p5", "/dev/disk/by-partuuid/0000cafe-05": "/dev/nvme0n1p5"} {
		is, _, err := all.Find(name)
		require.NoError(t, err, name)
		assert.Equal(t, cmp.Or(node, "/dev/nvme0n1p1"), is, name)
	}
	seen, err := all.Look("/dev/nvme0n1p1")
	require.NoError(t, err)
	assert.EqualValues(t, 2<<20, seen.Size)
	assert.True(t, seen.Partition)
	assert.Equal(t, "old", seen.Content.First().Label)
	_, err = all.Look("/dev/nvme0n1p2")
	require.EqualError(t, err, "device /dev/nvme0n1p2: /dev/nvme0n1 has no partition 2")
	clear(disk[440:444])
	assert.Empty(t, block.MBRPartitionGUID(disk, 1), "the disk has no number")
}

func TestARememberedSceneLooksOnce(t *testing.T) {
	now := machine{"/dev/vda": {Node: "/dev/vda", Size: 7}}
	r := Remembered(now)
	for range 2 {
		seen, err := r.Look("/dev/vda")
		require.NoError(t, err)
		assert.EqualValues(t, 7, seen.Size)
		_, err = r.Look("/dev/vdb")
		require.ErrorIs(t, err, fs.ErrNotExist)
		now["/dev/vda"], now["/dev/vdb"] = Seen{Size: 8}, Seen{}
	}
}

// swapNamed is the first page of a swap area with a label (mm/swapfile.c, union swap_header).
func swapNamed(label string) []byte {
	page := make([]byte, 4096)
	binary.LittleEndian.PutUint32(page[1024:], 1)
	binary.LittleEndian.PutUint32(page[1028:], 255)
	copy(page[1052:], label)
	copy(page[4086:], "SWAPSPACE2")
	return page
}

type writable struct{ memory }

func (w writable) WriteAt(p []byte, at int64) (int, error) { return copy(w.memory[at:], p), nil }

func (w writable) Sync() error { return nil }

// counting counts reads.
type counting struct {
	memory
	n int
}

func (c *counting) ReadAt(p []byte, at int64) (int, error) {
	c.n++
	return c.memory.ReadAt(p, at)
}

func TestAnImageOfWhichNothingIsAskedIsKnown(t *testing.T) {
	filled, blank := make(memory, 8<<20), make(memory, 8<<20)
	copy(filled[0x438:], "\x53\xef")
	copy(filled[1024+120:], "data")
	for name, c := range map[string]struct {
		asks string
		want []string
	}{
		"none":           {"", []string{"/dev/vda", "/dev/vdb"}},
		"a disk":         {"/dev/vda", []string{"/dev/vdb"}},
		"a label":        {"/dev/disk/by-label/data", []string{"/dev/vdb"}},
		"what is not it": {"/dev/vdc", []string{"/dev/vda", "/dev/vdb"}},
	} {
		all := Images{"/dev/vda": {ReaderAt: filled, Size: 8 << 20},
			"/dev/vdb": {ReaderAt: blank, Size: 8 << 20}}.Scene()
		if c.asks != "" {
			_, _, _ = all.Find(c.asks)
		}
		assert.Equal(t, c.want, Unasked(all), name)
	}
	assert.Empty(t, Unasked(NewAfter(nil)))
}
