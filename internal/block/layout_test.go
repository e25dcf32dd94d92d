package block

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func decide(t *testing.T, table *Table, specs ...Spec) []Decision {
	t.Helper()
	_, decisions, err := Layout(table, specs)
	require.NoError(t, err)
	return decisions
}

func verdicts(decisions []Decision) (names []string) {
	for _, d := range decisions {
		names = append(names, d.Verdict.String())
	}
	return names
}

// documented reads the table of docs/disks.md under a heading: its rows, cell by cell.
func documented(t *testing.T, heading string) (rows [][]string) {
	t.Helper()
	doc, err := os.ReadFile("../../docs/disks.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(doc), "\n"+heading+"\n")
	require.True(t, found)
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "#") {
			break
		}
		if cells := strings.Split(strings.Trim(line, "| \n"), "|"); strings.HasPrefix(line, "| ") {
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, cells)
		}
	}
	require.NotEmpty(t, rows)
	return rows[1:] // without the names of the columns
}

func TestTheVerdictsAreThoseOfTheDocument(t *testing.T) {
	matches := map[string]match{}
	for found, name := range matchNames {
		matches[name] = match(found)
	}
	either := map[string][]bool{"yes": {true}, "no": {false}, "any": {true, false}}
	type input struct {
		found                      match
		wanted, mayWipe, mayResize bool
	}
	seen := map[input]bool{}
	for _, row := range documented(t, "## What becomes of a partition") {
		require.Len(t, row, 5)
		for _, name := range strings.Split(row[0], ", ") {
			found, known := matches[name]
			require.True(t, known, name)
			for _, wanted := range either[row[1]] {
				for _, mayWipe := range either[row[2]] {
					for _, mayResize := range either[row[3]] {
						in := input{found, wanted, mayWipe, mayResize}
						assert.False(t, seen[in], "%v is in two rows", in)
						seen[in] = true
						assert.Equal(t, row[4], judge(found, wanted, mayWipe, mayResize).String(), "%v", in)
					}
				}
			}
		}
	}
	assert.Len(t, seen, 32)
}

func TestDecisionsOnADisk(t *testing.T) {
	label := text("data")
	for name, c := range map[string]struct {
		spec Spec
		want Verdict
		says string
	}{
		"an absent one is created":           {Spec{Number: 2, SizeMiB: some(1), ShouldExist: true}, Create, ""},
		"nothing said about it is as wanted": {Spec{Number: 1, ShouldExist: true}, Keep, ""},
		"all said as it is": {Spec{Number: 1, StartMiB: some(1), SizeMiB: some(1), Label: label,
			GUID: "0B1F1F3E-0000-4000-8000-0123456789AB", TypeGUID: "0fc63DAF-8483-4772-8e79-3d69d8477de4",
			ShouldExist: true, WipePartitionEntry: true}, Keep, ""},
		"another label": {Spec{Number: 1, Label: text("other"), ShouldExist: true}, Refuse,
			`label is "data", want "other"`},
		"no label is another label": {Spec{Number: 1, Label: text(""), ShouldExist: true}, Refuse,
			`label is "data", want ""`},
		"another size": {Spec{Number: 1, SizeMiB: some(2), ShouldExist: true}, Refuse,
			"size in sectors is 2048, want 4096"},
		"another size with resize": {Spec{Number: 1, SizeMiB: some(2), ShouldExist: true, Resize: true}, Resize, ""},
		"another size with wipe and resize": {Spec{Number: 1, SizeMiB: some(2), ShouldExist: true, Resize: true,
			WipePartitionEntry: true}, Recreate, ""},
		"another type with resize": {Spec{Number: 1, SizeMiB: some(2), TypeGUID: "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
			ShouldExist: true, Resize: true}, Refuse, "type is 0FC63DAF"},
		"another GUID": {Spec{Number: 1, GUID: "c12a7328-f81f-11d2-ba4b-00a0c93ec93b", ShouldExist: true}, Refuse,
			"GUID is 0B1F1F3E"},
		"another start with wipe": {Spec{Number: 1, StartMiB: some(2), SizeMiB: some(1), ShouldExist: true,
			WipePartitionEntry: true}, Recreate, ""},
		"one that should be gone": {Spec{Number: 1}, Refuse,
			"exists and should not: wipePartitionEntry"},
		"one that should be gone and may be deleted": {Spec{Number: 1, WipePartitionEntry: true}, Delete, ""},
		"one that is gone":                           {Spec{Number: 9}, Keep, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, table := written(t, 512, Spec{Number: 1, StartMiB: some(1), SizeMiB: some(1), Label: label,
				GUID: "0b1f1f3e-0000-4000-8000-0123456789ab", ShouldExist: true})
			d := decide(t, table, c.spec)[0]
			assert.Equal(t, c.want.String(), d.Verdict.String())
			if c.says != "" {
				assert.ErrorContains(t, d.Err(), c.says)
				assert.ErrorContains(t, d.Err(), `what is there (label "data", type 0FC63DAF`)
				_, err := Apply(table, []Decision{d}, seeded())
				assert.Equal(t, d.Err(), err)
			}
		})
	}
}

func TestWhatCannotBeWantedIsRefused(t *testing.T) {
	_, table := written(t, 512, twoParts...)
	huge := 1 << 62
	for name, c := range map[string]struct {
		specs []Spec
		says  string
	}{
		"a number twice": {[]Spec{{Number: 2}, {Number: 2}}, "partition 2: listed twice"},
		"a number past the entries": {[]Spec{{Number: 129, ShouldExist: true}},
			"partition 129: the table has numbers 1 to 128"},
		"a number below zero": {[]Spec{{Number: -1}}, "the table has numbers 1 to 128"},
		"a size of 2^62 MiB":  {[]Spec{{Number: 3, SizeMiB: &huge, ShouldExist: true}}, "partition 3 does not fit"},
		"a start of 2^62 MiB": {[]Spec{{Number: 3, StartMiB: &huge, ShouldExist: true}}, "partition 3 does not fit"},
		"a size below zero":   {[]Spec{{Number: 3, SizeMiB: some(-1), ShouldExist: true}}, "-1 MiB: less than none"},
		"no room":             {[]Spec{{Number: 2, SizeMiB: some(1), ShouldExist: true}}, "partition 2 does not fit"},
		"36 emoji": {[]Spec{{Number: 3, Label: text(strings.Repeat("🦀", 36)), ShouldExist: true}},
			"72 UTF-16 units"},
		"a type of zeros": {[]Spec{{Number: 3, TypeGUID: "00000000-0000-0000-0000-000000000000", ShouldExist: true}},
			"unused entry"},
		"to the end of a block that is before the start": {[]Spec{{Number: 3, WipePartitionEntry: true},
			{Number: 2, StartMiB: some(3), SizeMiB: some(0), ShouldExist: true},
			{Number: 4, StartMiB: some(3), SizeMiB: some(0), ShouldExist: true}}, "nothing is left for partition 4"},
		"no GUID": {[]Spec{{Number: 3, GUID: "x", ShouldExist: true}}, "not five groups"},
		"the place of another": {[]Spec{{Number: 2, StartMiB: some(2), SizeMiB: some(1), ShouldExist: true}},
			`partition 1 "one 🦀" (at 1 MiB, 2 MiB) is in the way`},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Layout(table, c.specs)
			assert.ErrorContains(t, err, c.says)
		})
	}
}

func TestANumberThatIsGivenUpIsTakenByTheNextWithoutOne(t *testing.T) {
	_, table := written(t, 512, twoParts...)
	decisions := decide(t, table,
		Spec{SizeMiB: some(1), Label: text("new"), ShouldExist: true, WipePartitionEntry: true}, Spec{Number: 1})
	assert.Equal(t, []string{"keep", "recreate"}, verdicts(decisions))
	assert.Equal(t, []int{1, 0}, []int{decisions[0].Index, decisions[1].Index})
	after, err := Apply(table, decisions, seeded())
	require.NoError(t, err)
	p, _ := after.Partition(1)
	assert.Equal(t, "new", p.Label)
}

func TestAResizedPartitionKeepsAllButItsEnd(t *testing.T) {
	_, table := written(t, 512, Spec{Number: 1, SizeMiB: some(1), Label: text("root"), ShouldExist: true})
	le.PutUint64(table.entry(1)[48:], 1<<63|5) // attributes
	table.entry(1)[56+71] = 9                  // behind the name's end
	before := bytes.Clone(table.entry(1))
	after, err := Apply(table, decide(t, table, Spec{Number: 1, SizeMiB: some(0), ShouldExist: true, Resize: true}),
		seeded())
	require.NoError(t, err)
	le.PutUint64(before[40:], table.LastUsable())
	assert.Equal(t, before, after.entry(1))
}

func TestANewPartitionHasNothingOfAnUnusedEntry(t *testing.T) {
	_, table := written(t, 512)
	copy(table.entry(1)[16:], bytes.Repeat([]byte{0xFF}, entrySize-16))
	after, err := Apply(table, decide(t, table, Spec{Number: 1, ShouldExist: true}), seeded())
	require.NoError(t, err)
	p, _ := after.Partition(1)
	assert.Zero(t, p.Attributes)
	assert.Empty(t, p.Label)
}

func TestAnUnalignedPartitionOfALargeDiskIsNotMoved(t *testing.T) {
	table, err := NewTable(advancedFormatSectors, 512, seeded())
	require.NoError(t, err)
	table, err = Apply(table, []Decision{{Verdict: Create, Resolved: Resolved{Number: 1, Start: 34, Size: 1000}}},
		seeded())
	require.NoError(t, err)
	assert.Equal(t, []string{"keep"}, verdicts(decide(t, table, Spec{Number: 1, ShouldExist: true})))
}

// grownDisk is a disk twice the size that its table was made for, with partition 1 to the old end.
func grownDisk(t *testing.T) *Table {
	m, _ := written(t, 512, Spec{Number: 1, SizeMiB: some(0), ShouldExist: true})
	m.data = append(m.data, make([]byte, testBytes)...)
	table := inspected(t, m, 512)
	require.True(t, table.Grown())
	require.Empty(t, table.Damage)
	return table
}

func TestAGrownDiskIsUsedWhole(t *testing.T) {
	rest := Spec{Number: 1, SizeMiB: some(0), ShouldExist: true}
	for name, c := range map[string]struct {
		specs []Spec
		want  []string
		grows bool
	}{
		"by a new partition": {[]Spec{{SizeMiB: some(2), ShouldExist: true}}, []string{"create"}, true},
		"by a partition that may be resized": {[]Spec{{Number: 1, SizeMiB: some(0), ShouldExist: true, Resize: true}},
			[]string{"resize"}, true},
		"but not by one that is as wanted": {[]Spec{rest}, []string{"keep"}, false},
		"but not by one that is as wanted and may be wiped": {[]Spec{{Number: 1, SizeMiB: some(0), ShouldExist: true,
			WipePartitionEntry: true}}, []string{"keep"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			table := grownDisk(t)
			base, decisions, err := Layout(table, c.specs)
			require.NoError(t, err)
			assert.Equal(t, c.want, verdicts(decisions))
			assert.Equal(t, c.grows, !base.Grown())
			assert.Equal(t, c.want[0] != "keep", Changes(decisions))
		})
	}
	// With all of the disk the largest block is no more the one that the partition is in.
	m, _ := written(t, 512, Spec{Number: 1, SizeMiB: some(2), ShouldExist: true},
		Spec{Number: 5, StartMiB: some(3), SizeMiB: some(0), ShouldExist: true})
	m.data = append(m.data, make([]byte, testBytes)...)
	base, decisions, err := Layout(inspected(t, m, 512), []Spec{rest})
	require.NoError(t, err)
	assert.Equal(t, []string{"keep"}, verdicts(decisions))
	assert.True(t, base.Grown())
	_, _, err = Layout(grownDisk(t), []Spec{rest, {Number: 2, SizeMiB: some(1), ShouldExist: true}})
	assert.Error(t, err, "there is no room for both")
}

// hybrid is a disk with partitions 1 and 2, of 4096 sectors from 2048 on and of 2048 behind it, and boot code, whose
// MBR lists these extents.
func hybrid(t *testing.T, claims ...extent) (*image, *Table) {
	m, _ := writtenOn(t, 32<<20, 512, Spec{Number: 1, StartMiB: some(1), SizeMiB: some(2), ShouldExist: true},
		Spec{Number: 2, StartMiB: some(3), SizeMiB: some(1), ShouldExist: true})
	copy(m.data, "boot code")
	for i, e := range claims {
		slot := m.data[446+16*(i+1):]
		slot[4] = 0x83
		le.PutUint32(slot[8:], uint32(e.first))
		le.PutUint32(slot[12:], uint32(e.last-e.first+1))
	}
	table := inspected(t, m, 512)
	require.True(t, table.Hybrid())
	return m, table
}

var hybridFirst, hybridSecond = extent{2048, 2048 + 4095}, extent{2048 + 4096, 2048 + 4096 + 2047}

func TestTheMirrorsOfAHybridMBRFollowTheirPartitions(t *testing.T) {
	both := []extent{hybridFirst, hybridSecond}
	wiped := Spec{Number: 1, WipePartitionEntry: true}
	for name, c := range map[string]struct {
		claims []extent
		specs  []Spec
		want   []extent // nil: it is refused
	}{
		"one goes with its partition": {both, []Spec{wiped}, both[1:]},
		"the last one too":            {both[:1], []Spec{wiped}, []extent{}},
		"both at once":                {both, []Spec{wiped, {Number: 2, WipePartitionEntry: true}}, []extent{}},
		"one of a part of it":         {[]extent{{3000, 3100}}, []Spec{wiped}, []extent{}},
		"one of two that both go": {[]extent{{2048, 2048 + 6143}}, []Spec{wiped, {Number: 2, WipePartitionEntry: true}},
			[]extent{}},
		"one of two, one of which stays": {[]extent{{2048, 2048 + 6143}}, []Spec{wiped}, nil},
		"with one that is made anew": {both,
			[]Spec{{Number: 1, SizeMiB: some(1), WipePartitionEntry: true, ShouldExist: true}}, both[1:]},
		"with one whose number another takes": {both, []Spec{wiped, {SizeMiB: some(1), ShouldExist: true}},
			both[1:]},
		"one of a partition that is not given up": {both, []Spec{{Number: 1}}, nil},
		"one that is resized has its size": {both, []Spec{{Number: 1, SizeMiB: some(1), Resize: true,
			ShouldExist: true}}, []extent{{2048, 2048 + 2047}, both[1]}},
		"one that was, when the rest was cut off": {[]extent{{2048, 2048 + 2047}},
			[]Spec{{Number: 1, SizeMiB: some(1), Resize: true, ShouldExist: true}}, []extent{{2048, 2048 + 2047}}},
		"one of another part of what is resized": {[]extent{{3000, 3100}},
			[]Spec{{Number: 1, SizeMiB: some(1), Resize: true, ShouldExist: true}}, nil},
		"what stays agrees":   {both, []Spec{{Number: 1, ShouldExist: true}}, both},
		"a new one elsewhere": {both, []Spec{{Number: 3, ShouldExist: true}}, both},
		"a new one where nobody knows what it was": {[]extent{{2048 * 5, 2048*5 + 10}},
			[]Spec{{Number: 3, StartMiB: some(4), SizeMiB: some(2), ShouldExist: true}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			m, table := hybrid(t, c.claims...)
			before := bytes.Clone(m.data)
			after, err := Apply(table, decide(t, table, c.specs...), seeded())
			if c.want == nil {
				require.Error(t, err)
				require.Equal(t, before, m.data)
				return
			}
			require.NoError(t, err)
			require.NoError(t, after.WriteTo(m))
			is := []extent{}
			for _, slot := range mirrors(m.data[:512]) {
				is = append(is, claimed(slot))
			}
			assert.Equal(t, c.want, is)
			assert.Equal(t, before[:446], m.data[:446], "the code is not what it was")
			if len(is) == 0 {
				assert.Equal(t, protectiveMBR(512, table.Sectors)[446:], m.data[446:512], "is plain")
			} else {
				assert.Equal(t, before[446:462], m.data[446:462], "what protects is not what it was")
			}
			_, err = Apply(inspected(t, m, 512), decide(t, inspected(t, m, 512), c.specs...), seeded())
			assert.NoError(t, err, "not again")
		})
	}
}

// A run that is cut off between two writes leaves no mirror of a partition that is gone: nobody would look for it.
func TestAMirrorIsGoneBeforeItsPartition(t *testing.T) {
	m, table := hybrid(t, hybridFirst, hybridSecond)
	after, err := Apply(table, decide(t, table, Spec{Number: 1, WipePartitionEntry: true}), seeded())
	require.NoError(t, err)
	writes, err := after.writes()
	require.NoError(t, err)
	for cut := range writes {
		disk := &image{data: bytes.Clone(m.data)}
		for _, w := range writes[:cut] {
			copy(disk.data[w.offset:], w.data)
		}
		found := inspected(t, disk, 512)
		_, there := found.Partition(1)
		assert.True(t, there || !found.Mirrored(Partition{Start: 2048, Size: 4096}), "cut after %d writes", cut)
	}
}

func TestANumberThatIsFreedIsTakenByAnother(t *testing.T) {
	const old = "0B1F1F3E-0000-4000-8000-0123456789AB"
	m, _ := writtenOn(t, 32<<20, 512,
		Spec{Number: 1, StartMiB: some(1), SizeMiB: some(10), Label: text("old"), GUID: old, ShouldExist: true})
	freed := Spec{Number: 1, WipePartitionEntry: true}
	for name, c := range map[string]struct {
		free, take Spec
		want       string
	}{
		"by a larger one":     {freed, Spec{SizeMiB: some(20), ShouldExist: true}, "1 recreate"},
		"by one of its label": {freed, Spec{SizeMiB: some(20), Label: text("old"), ShouldExist: true}, "1 recreate"},
		"by one in its place": {freed, Spec{SizeMiB: some(10), ShouldExist: true}, "1 recreate"},
		"by one that may be resized": {freed,
			Spec{SizeMiB: some(12), Label: text("old"), Resize: true, ShouldExist: true}, "1 recreate"},
		"by one that is there from an earlier run": {freed,
			Spec{SizeMiB: some(10), Label: text("old"), ShouldExist: true}, "1 keep"},
		"that has the GUID of the old one": {freed, Spec{SizeMiB: some(5), GUID: old, ShouldExist: true}, "1 recreate"},
		"but nobody allows to delete the old": {Spec{Number: 1}, Spec{SizeMiB: some(20), ShouldExist: true},
			"1 refuse"},
		"the taker allows it, as it must elsewhere": {Spec{Number: 1},
			Spec{SizeMiB: some(20), WipePartitionEntry: true, ShouldExist: true}, "1 recreate"},
	} {
		t.Run(name, func(t *testing.T) {
			table := inspected(t, &image{data: bytes.Clone(m.data)}, 512)
			var all []string
			for _, d := range decide(t, table, c.free, c.take) {
				if d.ShouldExist {
					all = append(all, fmt.Sprintf("%d %s", d.Number, d.Verdict))
				}
			}
			assert.Equal(t, c.want, strings.Join(all, ", "))
		})
	}
}

// anySpecs draws what may be wanted of a disk of so many MiB.
func anySpecs(t *rapid.T, mib int, made bool) []Spec {
	count := rapid.IntRange(0, 6).Draw(t, "count")
	numbers := rapid.Permutation([]int{0, 0, 0, 1, 2, 3, 4, 5, 128}).Draw(t, "numbers")[:count]
	optional := func(name string, most int) *int {
		return rapid.Ptr(rapid.OneOf(rapid.Just(0), rapid.IntRange(0, most)), true).Draw(t, name)
	}
	var specs []Spec
	for _, n := range numbers {
		spec := Spec{Number: n, StartMiB: optional("start", mib), SizeMiB: optional("size", mib/3), ShouldExist: made ||
			n == 0 || rapid.Bool().Draw(t, "exist"), WipePartitionEntry: !made && rapid.Bool().Draw(t, "wipe"),
			Resize: rapid.Bool().Draw(t, "resize")}
		if !rapid.Bool().Draw(t, "start or not") {
			spec.StartMiB = nil
		}
		specs = append(specs, spec)
	}
	return specs
}

// What is laid out does not overlap (Apply refuses that), starts where it should, leaves all else byte by byte. A
// second run has nothing left to do, if all specs have numbers, none may be wiped and none has a start of 0: these
// follow from the rest of the disk, and a partition in the gap before the first aligned sector lowers the alignment of
// all that comes after.
func TestLayoutsKeepTheirPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sectorSize := rapid.SampledFrom([]int{512, 4096}).Draw(t, "sector size")
		mib := rapid.IntRange(4, 200).Draw(t, "MiB")
		table, err := NewTable(uint64(mib)<<20/uint64(sectorSize), sectorSize, seeded())
		require.NoError(t, err)
		for round := range 2 {
			specs := anySpecs(t, mib, round == 0)
			_, decisions, err := Layout(table, specs)
			if err != nil {
				continue
			}
			after, err := Apply(table, decisions, seeded())
			if err != nil {
				require.ErrorContains(t, err, "wipePartitionEntry") // nothing but a refusal
				continue
			}
			promises(t, table, after, decisions)
			table = after
		}
	})
}

func promises(t *rapid.T, before, after *Table, decisions []Decision) {
	alignment := newSpace(before, before.Partitions()).alignment
	touched := map[int]bool{}
	for _, d := range decisions {
		touched[d.Number] = touched[d.Number] || d.Verdict != Keep
		p, found := after.Partition(d.Number)
		switch d.Verdict {
		case Create, Recreate:
			require.True(t, found)
			require.Equal(t, []uint64{d.Start, d.Size}, []uint64{p.Start, p.Size})
			require.True(t, p.Start%alignment == 0 || p.Start/alignment == p.last()/alignment,
				"sectors %d to %d: not aligned, though one of them is", p.Start, p.last())
		case Resize:
			require.Equal(t, d.Found.Start, p.Start)
			require.Equal(t, d.Found.GUID, p.GUID)
		case Delete:
			require.False(t, found)
		}
	}
	for n := 1; n <= before.Slots(); n++ {
		if !touched[n] {
			require.Equal(t, before.entry(n), after.entry(n))
		}
	}
	var specs []Spec
	for _, d := range decisions {
		if d.Spec.Number == 0 || d.WipePartitionEntry || d.StartMiB != nil && *d.StartMiB == 0 {
			return
		}
		specs = append(specs, d.Spec)
	}
	_, repeated, err := Layout(after, specs)
	require.NoError(t, err)
	require.False(t, Changes(repeated), "the second run changes something")
}

// A config that gives GUIDs and no numbers can be run again.
func TestAPartitionWithoutANumberIsFoundByItsGUID(t *testing.T) {
	const id = "0B1F1F3E-0000-4000-8000-0123456789AB"
	_, table := written(t, 512,
		Spec{Number: 3, StartMiB: some(1), SizeMiB: some(1), GUID: id, Label: text("data"), ShouldExist: true})
	for name, c := range map[string]struct {
		specs []Spec
		want  string
	}{
		"nothing else is said": {[]Spec{{GUID: strings.ToLower(id), ShouldExist: true}}, "3 keep"},
		"it differs":           {[]Spec{{GUID: id, Label: text("other"), ShouldExist: true}}, "3 refuse"},
		"it differs and may go": {[]Spec{{GUID: id, SizeMiB: some(2), WipePartitionEntry: true, ShouldExist: true}},
			"3 recreate"},
		"beside one that has no GUID": {[]Spec{{SizeMiB: some(1), ShouldExist: true}, {GUID: id, ShouldExist: true}},
			"3 keep, 1 create"},
		"a second of the same GUID": {[]Spec{{GUID: id, ShouldExist: true},
			{GUID: id, SizeMiB: some(1), ShouldExist: true}}, "3 keep, 1 create"},
		"its number is listed as well": {[]Spec{{GUID: id, SizeMiB: some(1), ShouldExist: true},
			{Number: 3, ShouldExist: true}}, "3 keep, 1 create"},
		"another GUID is another number": {[]Spec{{GUID: "00000000-0000-4000-8000-0123456789AB", SizeMiB: some(1),
			ShouldExist: true}}, "1 create"},
	} {
		t.Run(name, func(t *testing.T) {
			var all []string
			for _, d := range decide(t, table, c.specs...) {
				all = append(all, fmt.Sprintf("%d %s", d.Number, d.Verdict))
			}
			assert.Equal(t, c.want, strings.Join(all, ", "))
		})
	}
}

// A spec without a number may get one that another spec wants gone, and is then there for the next run, whatever that
// may delete.
func TestAPartitionInANumberThatIsToBeFreeIsFoundByItsGUID(t *testing.T) {
	const a, b = "0B1F1F3E-0000-4000-8000-00000000000A", "0B1F1F3E-0000-4000-8000-00000000000B"
	z, y := Spec{GUID: a, Label: text("z"), SizeMiB: some(5), ShouldExist: true},
		Spec{GUID: b, Label: text("y"), SizeMiB: some(5), ShouldExist: true}
	gone := func(n int) Spec { return Spec{Number: n} }
	at := func(n, start, size int, guid, label string) Spec {
		return Spec{Number: n, StartMiB: some(start), SizeMiB: some(size), GUID: guid, Label: text(label),
			ShouldExist: true}
	}
	bare := Spec{GUID: a, ShouldExist: true}
	for name, c := range map[string]struct {
		disk, specs []Spec
		want        string // with none of the numbers to be free being one that may be deleted
		freed       string // with all of them
	}{
		"on a blank disk":      {nil, []Spec{z, y, gone(1)}, "1 z 1+5, 2 y 6+5", "1 z 1+5, 2 y 6+5"},
		"in the other order":   {nil, []Spec{gone(1), y, z}, "1 y 1+5, 2 z 6+5", "1 y 1+5, 2 z 6+5"},
		"in the second number": {nil, []Spec{y, z, gone(2)}, "1 y 1+5, 2 z 6+5", "1 y 1+5, 2 z 6+5"},
		"in both":              {nil, []Spec{z, gone(2), y, gone(1)}, "1 z 1+5, 2 y 6+5", "1 z 1+5, 2 y 6+5"},
		"to the end of the disk": {nil, []Spec{y, {GUID: a, SizeMiB: some(0), ShouldExist: true}, gone(1), gone(2)},
			"1 y 1+5, 2  6+25", "1 y 1+5, 2  6+25"},
		"beside one that has a number": {nil, []Spec{at(2, 8, 2, "", "n"), z, y, gone(1)},
			"1 z 10+5, 2 n 8+2, 3 y 15+5", "1 z 10+5, 2 n 8+2, 3 y 15+5"},
		"it is elsewhere":          {[]Spec{at(1, 24, 5, a, "z")}, []Spec{z, gone(1)}, "1 z 24+5", "1 z 24+5"},
		"nothing is said about it": {[]Spec{at(1, 24, 5, a, "old")}, []Spec{bare, gone(1)}, "1 old 24+5", "1 old 24+5"},
		"it was relabelled": {[]Spec{at(1, 24, 5, a, "old")}, []Spec{z, gone(1)}, "wipePartitionEntry",
			"1 z 24+5"},
		"it has another size": {[]Spec{at(1, 24, 3, a, "z"), at(2, 27, 4, "", "rest")}, []Spec{z, gone(1)},
			"partition 1 does not fit", "1 z 1+5, 2 rest 27+4"},
		"its place is another's": {[]Spec{at(1, 1, 5, a, "z")}, []Spec{at(2, 1, 9, "", "n"), z, gone(1)},
			"partition 1 does not fit", "1 z 10+5, 2 n 1+9"},
		"a lower number is free": {[]Spec{at(5, 24, 5, a, "z")}, []Spec{z, y, gone(5)}, "1 y 1+5, 5 z 24+5",
			"1 y 1+5, 5 z 24+5"},
		"another has the number": {[]Spec{at(1, 24, 5, "", "old")}, []Spec{z, y, gone(1)}, "wipePartitionEntry",
			"1 z 1+5, 2 y 6+5"},
		"a partition that stays has it": {[]Spec{at(1, 1, 5, a, "z"), at(2, 24, 5, b, "y")}, []Spec{y, gone(1)},
			"wipePartitionEntry", "2 y 24+5"},
	} {
		for _, freed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, freed %v", name, freed), func(t *testing.T) {
				m, _ := writtenOn(t, 32<<20, 512, c.disk...)
				specs, want := deleting(c.specs, freed), c.want
				if freed {
					want = c.freed
				}
				for run := range 3 {
					table := inspected(t, m, 512)
					after, err := applied(table, specs)
					if !strings.HasPrefix(want, "1 ") && !strings.HasPrefix(want, "2 ") {
						require.ErrorContains(t, err, want)
						return
					}
					require.NoError(t, err)
					require.Equal(t, want, listing(after))
					if run == 0 {
						cutAnywhere(t, m, after, specs, want)
					}
				}
				assert.False(t, Changes(decide(t, inspected(t, m, 512), specs...)))
			})
		}
	}
}

// deleting are specs of which those that want something gone may delete it, or not.
func deleting(specs []Spec, delete bool) []Spec {
	all := slices.Clone(specs)
	for i := range all {
		all[i].WipePartitionEntry = delete && !all[i].ShouldExist
	}
	return all
}

// listing is a table in words: number, label, start and size in MiB.
func listing(t *Table) string {
	var all []string
	for _, p := range t.Partitions() {
		all = append(all, fmt.Sprintf("%d %s %d+%d", p.Number, p.Label, p.Start/perMiB(t), p.Size/perMiB(t)))
	}
	return strings.Join(all, ", ")
}

// applied is the table that specs make of one.
func applied(t *Table, specs []Spec) (*Table, error) {
	table, decisions, err := Layout(t, specs)
	if err != nil {
		return nil, err
	}
	return Apply(table, decisions, seeded())
}

// cutAnywhere writes a table. Whatever of it is on the disk, the same specs lead to the same table.
func cutAnywhere(t *testing.T, disk *image, after *Table, specs []Spec, want string) {
	t.Helper()
	writes, err := after.writes()
	require.NoError(t, err)
	for i, w := range writes {
		copy(disk.data[w.offset:], w.data)
		again, err := applied(inspected(t, disk, 512), specs)
		require.NoError(t, err, "cut after write %d", i)
		require.Equal(t, want, listing(again), "cut after write %d", i)
	}
}

func TestAnErrorSaysWhichSpecItIsAbout(t *testing.T) {
	_, table := written(t, 512)
	for name, specs := range map[string][]Spec{
		"listed twice": {{Number: 1, ShouldExist: true}, {Number: 1, ShouldExist: true}},
		"no such slot": {{Number: 1, SizeMiB: some(1), ShouldExist: true}, {Number: 500, ShouldExist: true}},
		"no room":      {{SizeMiB: some(1), ShouldExist: true}, {SizeMiB: some(100000), ShouldExist: true}},
	} {
		_, _, err := Layout(table, specs)
		var about *SpecError
		require.ErrorAs(t, err, &about, name)
		assert.Equal(t, 1, about.Index, name)
	}
}

func TestTheKernelCountsInUnitsOf512Bytes(t *testing.T) {
	_, table := written(t, 4096, Spec{Number: 2, StartMiB: some(1), SizeMiB: some(2), ShouldExist: true})
	assert.Equal(t, []KernelPartition{{"nvme0n1p2", 2, 2048, 4096}}, table.KernelPartitions("nvme0n1"))
}
