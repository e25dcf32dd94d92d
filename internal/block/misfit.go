package block

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// A misfit is a layout that does not work out. The one that finds no place is the last that was looked at, which need
// not be the one that asks for too much.
type misfit struct {
	t     *Table
	parts []Partition
	laid
	second bool // another one is told of already
}

// blame says which spec asks for what, and what is left for it, in the unit of configs. Those that come after the last
// count if it can be with them.
func (m *misfit) blame() error {
	rest, large := m.suspects()
	for _, n := range slices.Compact([]int{len(m.all), m.stuck + 1}) {
		all := m.until(n)
		if rest >= 0 && lay(m.t, m.parts, all, rest).why == nil {
			return m.greedy(&m.all[rest])
		}
		for _, i := range large {
			if left, laid := m.most(all, i); left > 0 {
				return errors.Join(m.tooLarge(i, left, laid), m.next(i, left))
			}
		}
	}
	return m.nowhere(&m.all[m.stuck])
}

// until are the first ones. What goes makes room wherever it is listed.
func (m *misfit) until(n int) []Resolved {
	return append(m.all[:n:n], filter(m.all[n:], func(r Resolved) bool { return !r.ShouldExist })...)
}

// next is what does not fit even if one gets no more than is left for it: that is told at once. More than that is not,
// for it depends on what becomes of these.
func (m *misfit) next(i, left int) error {
	if m.second {
		return nil
	}
	sized := slices.Clone(m.all)
	sized[i].SizeMiB = &left
	l := lay(m.t, m.parts, sized, -1)
	if l.why == nil {
		return nil
	}
	return (&misfit{m.t, m.parts, l, true}).blame()
}

// suspects are the one that takes all that is free, -1 for none, and those that may be too large, the likeliest first:
// one that reaches into the place that the last has, the largest, the last. A partition that is on the disk as it is
// asked for is none.
func (m *misfit) suspects() (rest int, large []int) {
	last := &m.all[m.stuck]
	rest, over, largest := -1, -1, m.stuck
	for i := range m.all[:m.stuck] {
		r := &m.all[i]
		p, _ := m.t.Partition(r.had)
		switch place := (extent{r.Start, r.Start + r.Size - 1}); {
		case !r.ShouldExist || p.Start == r.Start && p.Size == r.Size:
		case r.need == 0:
			rest = i
		case last.from > 0 && place.meets(extent{last.from, last.from + max(last.need, 1) - 1}) && r.from < last.from:
			over = i
		case last.need > 0 && r.need > m.all[largest].need:
			largest = i
		}
	}
	return rest, slices.DeleteFunc(slices.Compact([]int{over, largest, m.stuck}), func(i int) bool {
		return i < 0 || m.all[i].SizeMiB == nil || *m.all[i].SizeMiB == 0
	})
}

// most is the largest size of one, in MiB, with which all find a place; 0 for none.
func (m *misfit) most(all []Resolved, i int) (mib int, l laid) {
	try := func(mib int) laid {
		sized := slices.Clone(all)
		sized[i].SizeMiB = &mib
		return lay(m.t, m.parts, sized, -1)
	}
	mib = sort.Search(min(*all[i].SizeMiB-1, int(m.t.Sectors/perMiB(m.t))), func(n int) bool {
		return try(n+1).why != nil
	})
	if mib > 0 {
		l = try(mib)
	}
	return mib, l
}

func (m *misfit) greedy(r *Resolved) error {
	takes := "all that is free"
	if r.Size>>50 == 0 { // who only checks a config makes up a disk that is larger than any
		takes = m.mib(r.Size) + ", " + takes
	}
	return m.tell(r, fmt.Sprintf("without a size it takes %s, and nothing is left for %s", takes, &m.all[m.stuck]),
		"give it a sizeMiB: only the last one that is laid out can take all that is left")
}

func (m *misfit) tooLarge(i, left int, l laid) error {
	r, at, hint := &m.all[i], "", fmt.Sprintf("set its sizeMiB to %d or less", left)
	if r.from > 0 {
		at = " at " + m.mib(r.from)
		hint += ", or give it another startMiB"
	}
	return m.tell(r, fmt.Sprintf("%d MiB are asked%s, and %d MiB are left %s", *r.SizeMiB, at, left,
		m.beside(l, l.all[i].Start)), hint)
}

// nowhere is about a spec for which no size would do.
func (m *misfit) nowhere(r *Resolved) error {
	free, some := m.largest()
	in := m.near(extent{r.from, r.from + max(r.need, 1) - 1})
	const elsewhere = "give it another startMiB"
	switch {
	case !errors.Is(m.why, errNoPlace):
		return m.tell(r, m.why.Error(), "ask for what the disk has")
	case r.from == 0 || !some:
		return m.tell(r, fmt.Sprintf("%s are asked, and nothing is left %s", m.mib(r.need), m.beside(m.laid, 0)),
			"make others smaller, or leave it out")
	case r.from < m.first:
		return m.tell(r, fmt.Sprintf("it is to start at %s, and partitions begin at %s", m.mib(r.from),
			m.mib(m.first)), elsewhere)
	case r.from > m.last:
		return m.tell(r, fmt.Sprintf("it is to start at %s, and partitions end at %s", m.mib(r.from), m.mib(m.last+1)),
			elsewhere)
	case len(in) > 0:
		return m.tell(r, fmt.Sprintf("it is to start at %s, where %s is in the way", m.mib(r.from),
			m.placed(in[0].first, m.laid)), elsewhere)
	case r.need > 0:
		return m.tell(r, fmt.Sprintf("%s are asked at %s, and partitions end at %s", m.mib(r.need), m.mib(r.from),
			m.mib(m.last+1)), elsewhere)
	}
	return m.tell(r, fmt.Sprintf("without a size it goes to the end of the largest free space, from %s to %s, "+
		"and it is to start at %s", m.mib(m.aligned(free)), m.mib(free.last+1), m.mib(r.from)), "give it a sizeMiB")
}

func (m *misfit) tell(r *Resolved, text, hint string) error {
	return r.fail("partition %d does not fit: %w", r.Number, diag.WithHint(errors.New(text), hint))
}

// besideMost is how many partitions are listed.
const besideMost = 4

// beside lists the others than the one that begins at a sector.
func (m *misfit) beside(l laid, but uint64) string {
	var all []string
	for _, e := range l.taken {
		if e.first != but {
			all = append(all, m.placed(e.first, l))
		}
	}
	switch n := len(all); {
	case n == 0:
		return "on the disk"
	case n > besideMost:
		return fmt.Sprintf("beside %d others", n)
	}
	return "beside " + strings.Join(all, ", ")
}

// placed is the partition that begins at a sector, with its place.
func (m *misfit) placed(start uint64, l laid) string {
	all := slices.Clone(l.all)
	for i := range m.parts {
		p := &m.parts[i]
		all = append(all, Resolved{Spec: Spec{Label: &p.Label}, Number: p.Number, Start: p.Start, Size: p.Size})
	}
	r := &all[slices.IndexFunc(all, func(r Resolved) bool { return r.Start == start && r.Size > 0 })]
	return fmt.Sprintf("%s (at %s, %s)", r, m.mib(r.Start), m.mib(r.Size))
}

// String is a partition as people call it.
func (r *Resolved) String() string {
	if r.Label != nil && *r.Label != "" {
		return fmt.Sprintf("partition %d %q", r.Number, *r.Label)
	}
	return fmt.Sprintf("partition %d", r.Number)
}

// mib is a number of sectors in MiB, to a tenth.
func (m *misfit) mib(sectors uint64) string {
	if sectors%perMiB(m.t) == 0 {
		return fmt.Sprintf("%d MiB", sectors/perMiB(m.t))
	}
	tenths := sectors * 10 / perMiB(m.t)
	return fmt.Sprintf("%d.%d MiB", tenths/10, tenths%10)
}
