package block

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

// A Spec is what is wanted of one partition, as a config says it: nil and "" are what it does not say.
type Spec struct {
	Number             int // 0: any free one
	Label              *string
	StartMiB, SizeMiB  *int   // 0: as sgdisk chooses
	TypeGUID, GUID     string // in either case
	ShouldExist        bool
	WipePartitionEntry bool
	Resize             bool
}

// A Resolved spec has a number and, if it should exist, a place in sectors.
type Resolved struct {
	Spec
	Index       int // among the specs
	Number      int
	Start, Size uint64

	had   int  // the number of the partition on the disk that it is about, 0 if there is none yet
	freed bool // another spec lets the partition of this number go

	from, need uint64 // the start and size that are asked for, in sectors; 0 for any
}

// A SpecError is about one spec.
type SpecError struct {
	Index int // among the specs
	Err   error
}

func (e *SpecError) Error() string { return e.Err.Error() }

func (e *SpecError) Unwrap() error { return e.Err }

// fail says which spec an error is about.
func (r *Resolved) fail(format string, args ...any) error {
	return &SpecError{r.Index, fmt.Errorf(format, args...)}
}

// Resolve gives every spec its number and place: those that it would have if all listed partitions were removed and
// made again in order, numbered ones first, around the partitions that are not listed. It follows sgdisk's rules
// (docs/disks.md), but for one: a partition that is there and keeps its start keeps it whatever the alignment is. The
// result is in the order of making.
func Resolve(t *Table, specs []Spec) ([]Resolved, error) {
	parts := t.Partitions()
	all, err := number(t, parts, specs)
	if err != nil {
		return nil, err
	}
	l := lay(t, parts, all, -1)
	if l.why != nil {
		return nil, (&misfit{t, parts, l, false}).blame()
	}
	return l.all, nil
}

// laid is what partitions make of the space of a table.
type laid struct {
	*space
	all []Resolved
	// stuck is the first that finds no place, and why says so; nil if all find one.
	stuck int
	why   error
}

// lay gives each its place but for one, one after the other. All that are on the disk make room first.
func lay(t *Table, parts []Partition, all []Resolved, but int) laid {
	l := laid{space: newSpace(t, parts), all: slices.Clone(all)}
	for _, r := range all {
		if p, found := t.Partition(r.had); found {
			l.free(p.Start)
		}
	}
	for i := range l.all {
		r := &l.all[i]
		r.Start, r.Size = 0, 0
		if r.ShouldExist && i != but {
			if l.why = r.place(t, l.space); l.why != nil {
				l.stuck = i
				break
			}
		}
	}
	return l
}

// number sorts the specs and gives those without a number the lowest that is neither on the disk nor listed. One with a
// GUID that a partition on the disk has is about that one: a second of the same GUID is nothing that anyone can want.
func number(t *Table, parts []Partition, specs []Spec) ([]Resolved, error) {
	used, listed := map[int]bool{}, map[int]Spec{}
	for _, p := range parts {
		used[p.Number] = true
	}
	all := make([]Resolved, len(specs))
	for i, spec := range specs {
		all[i] = Resolved{Spec: spec, Index: i, Number: spec.Number, had: spec.Number}
		if spec.Number == 0 {
			continue
		}
		if _, twice := listed[spec.Number]; twice {
			return nil, all[i].fail("partition %d: listed twice", spec.Number)
		}
		listed[spec.Number], used[spec.Number] = spec, spec.ShouldExist
	}
	numbered := func(r Resolved) bool { return r.Spec.Number != 0 }
	all = slices.Concat(filter(all, numbered), filter(all, func(r Resolved) bool { return !numbered(r) }))
	recognise(all, parts, listed)
	for _, r := range all {
		used[r.Number] = used[r.Number] || r.ShouldExist
	}
	there := func(r Resolved) bool { return r.had != 0 }
	all = slices.Concat(filter(all, there), filter(all, func(r Resolved) bool { return !there(r) }))
	next := 1
	for i := range all {
		r := &all[i]
		if r.Number == 0 {
			for used[next] {
				next++
			}
			r.Number, used[next] = next, true
		}
		by, named := listed[r.Number]
		r.freed = named && !by.ShouldExist && by.WipePartitionEntry
		if err := r.check(t); err != nil {
			return nil, r.fail("partition %d: %w", r.Number, err)
		}
	}
	return all, nil
}

// recognise gives specs without a number that of the partition with their GUID, unless a spec with that number keeps
// it. One that a spec would have gone is theirs as well, if no other has the GUID: an earlier run may have made it in a
// number that was free.
func recognise(all []Resolved, parts []Partition, listed map[int]Spec) {
	byGUID := map[string]int{}
	for _, p := range parts {
		by, named := listed[p.Number]
		if id := p.GUID.String(); !named || !by.ShouldExist && byGUID[id] == 0 {
			byGUID[id] = p.Number
		}
	}
	for i := range all {
		r := &all[i]
		if id := strings.ToUpper(r.GUID); r.Number == 0 && r.ShouldExist && byGUID[id] != 0 {
			r.Number, r.had = byGUID[id], byGUID[id]
			delete(byGUID, id)
		}
	}
}

func filter(all []Resolved, keep func(Resolved) bool) (some []Resolved) {
	for _, r := range all {
		if keep(r) {
			some = append(some, r)
		}
	}
	return some
}

// check refuses what no table can hold, before anything is placed.
func (r *Resolved) check(t *Table) error {
	if r.Number < 0 || r.Number > t.Slots() && r.ShouldExist {
		return fmt.Errorf("the table has numbers 1 to %d", t.Slots())
	}
	for _, n := range []*int{r.StartMiB, r.SizeMiB} {
		if n != nil && *n < 0 {
			return fmt.Errorf("%d MiB: less than none", *n)
		}
	}
	if _, err := r.typeGUID(); err != nil {
		return err
	}
	if r.GUID != "" {
		if _, err := ParseGUID(r.GUID); err != nil {
			return err
		}
	}
	_, err := r.name()
	return err
}

// typeGUID is the type to make the partition with.
func (s Spec) typeGUID() (GUID, error) {
	if s.TypeGUID == "" {
		return LinuxData, nil
	}
	id, err := ParseGUID(s.TypeGUID)
	if err == nil && id == (GUID{}) {
		err = fmt.Errorf("type %s: that of an unused entry", id)
	}
	return id, err
}

// name is the label as an entry has it.
func (s Spec) name() ([]byte, error) {
	if s.Label == nil {
		return encodeName("")
	}
	return encodeName(*s.Label)
}

// keeps: the partition that is there keeps what the spec does not say. Not if the spec lets it go, nor if another does
// and it cannot be what this one says: then its place is as little its own as that of any that goes.
func (r *Resolved) keeps(t *Table, free *space) bool {
	p, found := t.Partition(r.had)
	if !found || r.WipePartitionEntry {
		return false
	}
	is := func(mib *int, sectors uint64) bool {
		return mib == nil || *mib >= 0 && uint64(*mib) == sectors/perMiB(t) && sectors%perMiB(t) == 0
	}
	return !r.freed || is(r.StartMiB, p.Start) && is(r.SizeMiB, p.Size) && free.fits(p.extent())
}

func perMiB(t *Table) uint64 { return uint64(max(mebibyte/t.SectorSize, 1)) }

// ask finds out the start and size to ask for.
func (r *Resolved) ask(t *Table, free *space) error {
	p, _ := t.Partition(r.had)
	keep := r.keeps(t, free)
	sectors := func(mib *int, existing uint64, words string) (uint64, error) {
		if mib == nil && keep {
			return existing, nil
		} else if mib == nil {
			return 0, nil
		}
		over, n := bits.Mul64(uint64(*mib), perMiB(t))
		if over != 0 || n > t.Sectors {
			return 0, fmt.Errorf(words+", and the disk has %d MiB", *mib, t.Sectors/perMiB(t))
		}
		return n, nil
	}
	var errs [2]error
	r.from, errs[0] = sectors(r.StartMiB, p.Start, "it is to start at %d MiB")
	r.need, errs[1] = sectors(r.SizeMiB, p.Size, "%d MiB are asked")
	return cmp.Or(errs[0], errs[1])
}

var errNoPlace = errors.New("no place for it")

// place finds and takes the place of one partition.
func (r *Resolved) place(t *Table, free *space) error {
	if err := r.ask(t, free); err != nil {
		return err
	}
	start, size := r.from, r.need
	largest, some := free.largest()
	if (start == 0 || size == 0) && !some {
		return errNoPlace
	}
	if start == 0 {
		start = free.aligned(largest)
	}
	end := start + size - 1 // neither is more than the disk has
	if size == 0 {
		end = largest.last
	}
	if end < start || !free.take(extent{start, end}) {
		return errNoPlace
	}
	r.Start, r.Size = start, end-start+1
	return nil
}
