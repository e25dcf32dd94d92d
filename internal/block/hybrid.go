package block

import (
	"errors"
	"math"
	"slices"
)

// A hybrid MBR lists sectors of some partitions, for programs that know no GPT. What the config does to a partition is
// done to its mirror in the MBR: it goes with the partition, and gets its new size. Neither code nor other entries
// change.

var errMirrored = errors.New("the MBR of this disk lists its sectors too (a hybrid MBR); wipeTable would make " +
	"a plain GPT")

// Gone: nothing of the partition that was found will be left.
func (d Decision) Gone() bool { return d.Verdict == Delete || d.Verdict == Recreate }

// Mirrored: the MBR lists sectors of a partition.
func (t *Table) Mirrored(p Partition) bool {
	for _, slot := range mirrors(t.MBR) {
		if claimed(slot).meets(p.extent()) {
			return true
		}
	}
	return false
}

// unmirror has the MBR follow what becomes of the partitions of the table before. It is an error if an entry is about
// more than what the config gives up.
func (t *Table) unmirror(before *Table, decisions []Decision) error {
	changes := map[int]Decision{}
	for _, d := range decisions {
		if d.Found != nil && (d.Gone() || d.Verdict == Resize) {
			changes[d.Number] = d
		}
	}
	followed := false
	for _, slot := range mirrors(t.MBR) {
		var about []Decision
		for _, p := range before.Partitions() {
			if d, changed := changes[p.Number]; changed && claimed(slot).meets(p.extent()) {
				about = append(about, d)
			}
		}
		if len(about) == 0 {
			continue
		}
		if err := before.follow(slot, about); err != nil {
			return about[0].fail("partition %d: %w", about[0].Number, err)
		}
		followed = true
	}
	if followed {
		t.MBRStale, t.MBRFirst = true, !t.FromBackup // the way to the backup may be in the MBR
	}
	if followed && !t.Hybrid() {
		protect(t.MBR, t.Sectors)
	}
	return nil
}

// follow changes the entry of an MBR that is about some partitions that change. What is about one that stays as well is
// not the config's to give up.
func (t *Table) follow(slot []byte, about []Decision) error {
	claim := claimed(slot)
	for _, p := range t.Partitions() {
		changes := slices.ContainsFunc(about, func(d Decision) bool {
			return d.Number == p.Number && (d.Gone() || p.Start == claim.first)
		})
		if p.extent().meets(claim) && !changes {
			return errMirrored
		}
	}
	if d := about[0]; d.Gone() || d.Size > math.MaxUint32 { // which no MBR can count
		clear(slot)
	} else {
		le.PutUint32(slot[12:], uint32(d.Size))
		copy(slot[5:8], lastCHS(d.Start+d.Size-1))
	}
	return nil
}
