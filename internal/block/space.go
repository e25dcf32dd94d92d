package block

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/glowplug-os/glowplug/internal/order"
)

// An extent is a run of sectors, both ends included.
type extent struct{ first, last uint64 }

// meets: they have a sector in common.
func (e extent) meets(other extent) bool { return e.first <= other.last && other.first <= e.last }

// space is the usable range of a table: what is taken of it, in order and without overlaps, the rest is free.
type space struct {
	extent
	taken     []extent
	alignment uint64
}

const (
	mebibyte = 1 << 20
	// From this many sectors on sgdisk takes every disk for one with physical sectors of 4096 bytes.
	advancedFormatSectors = 585_937_500
	advancedFormatAlign   = 8
)

// newSpace takes all partitions of a table off its usable range.
func newSpace(t *Table, parts []Partition) *space {
	s := &space{extent: extent{t.FirstUsable(), t.LastUsable()}, alignment: uint64(max(mebibyte/t.SectorSize, 1))}
	for _, p := range parts {
		s.taken = append(s.taken, extent{p.Start, p.last()})
		if p.Start > 0 {
			s.alignment = min(s.alignment, uint64(1)<<bits.TrailingZeros64(p.Start))
		}
	}
	order.By(s.taken, func(a, b extent) int { return cmp.Compare(a.first, b.first) })
	if s.alignment < advancedFormatAlign && t.Sectors >= advancedFormatSectors {
		s.alignment = advancedFormatAlign
	}
	return s
}

func (s *space) at(first uint64) (int, bool) {
	return slices.BinarySearchFunc(s.taken, first, func(e extent, first uint64) int {
		return cmp.Compare(e.first, first)
	})
}

// free gives back what starts at a sector.
func (s *space) free(first uint64) {
	if i, found := s.at(first); found {
		s.taken = slices.Delete(s.taken, i, i+1)
	}
}

// fits: an extent is in the usable range, and nothing is in its way.
func (s *space) fits(e extent) bool {
	return s.first <= e.first && e.first <= e.last && e.last <= s.last && len(s.near(e)) == 0
}

// near are those that are taken and have a sector of an extent: of its first that begins before it, and of the first
// that begins in it.
func (s *space) near(e extent) (all []extent) {
	i, _ := s.at(e.first)
	for _, each := range s.taken[max(i-1, 0):min(i+1, len(s.taken))] {
		if each.meets(e) {
			all = append(all, each)
		}
	}
	return all
}

// take claims an extent, if it fits.
func (s *space) take(e extent) bool {
	fits := s.fits(e)
	if fits {
		i, _ := s.at(e.first)
		s.taken = slices.Insert(s.taken, i, e)
	}
	return fits
}

// largest is the largest free run before any alignment, the first of equal ones.
func (s *space) largest() (best extent, found bool) {
	from := s.first
	consider := func(end uint64) { // up to the sector before end
		if end > from && (!found || end-from > best.last-best.first+1) {
			best, found = extent{from, end - 1}, true
		}
	}
	for _, e := range s.taken {
		consider(e.first)
		from = max(from, e.last+1)
	}
	consider(s.last + 1)
	return best, found
}

// aligned is where a partition starts in a free run: at its first aligned sector, or at its first if there is none.
func (s *space) aligned(run extent) uint64 {
	over := run.first % s.alignment
	if over == 0 || run.last-run.first < s.alignment-over {
		return run.first
	}
	return run.first + s.alignment - over
}
