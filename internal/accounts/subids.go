package accounts

import (
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/order"
)

// A subRange is a line of subuid(5).
type subRange struct {
	raw          string
	owner        string
	start, count uint64
	entered      bool
	gone         bool
	next         *subRange // another one of the same owner
}

// subRanges is /etc/subuid or /etc/subgid. Looking for a free range, useradd sorts the file: ranges by where they
// start, then the other lines, turned around each time. Then it appends. So the file is kept in those parts.
type subRanges struct {
	path             string
	present, changed bool
	ranges, others   []*subRange
	turned           bool
	tail             []*subRange // lines since the last sorting
	nis              []*subRange // from the first "+" or "-" line on: not sorted
	owners           map[string]*subRange
	scanned          int        // ranges that end before low
	low              uint64     // the lowest number free beyond those
	spare            []subRange // for new ones, allocated together
}

func readSubRanges(have Files, path string, room int) *subRanges {
	text, present := have[path]
	s := &subRanges{path: path, present: present, owners: make(map[string]*subRange, room),
		ranges: make([]*subRange, 0, room), spare: make([]subRange, room)}
	for _, line := range splitLines(text) {
		r := &subRange{raw: line}
		isNIS := strings.HasPrefix(line, "+") || strings.HasPrefix(line, "-")
		if !isNIS {
			r.parse()
		}
		if r.entered {
			r.next, s.owners[r.owner] = s.owners[r.owner], r
		}
		if isNIS || len(s.nis) > 0 {
			s.nis = append(s.nis, r)
		} else {
			s.tail = append(s.tail, r)
		}
	}
	return s
}

// parse reads owner, first id and count. The owner may be a number.
func (r *subRange) parse() {
	f := strings.Split(r.raw, ":")
	if len(f) != 3 || f[0] == "" {
		return
	}
	var err1, err2 error
	r.owner = f[0]
	r.start, err1 = strconv.ParseUint(f[1], 10, 64)
	r.count, err2 = strconv.ParseUint(f[2], 10, 64)
	r.entered = err1 == nil && err2 == nil
}

// compareRanges is the order in which useradd has ranges.
func compareRanges(a, b *subRange) int {
	switch {
	case a.start != b.start && a.start < b.start, a.start == b.start && a.count < b.count:
		return -1
	case a.start != b.start || a.count != b.count:
		return 1
	}
	return strings.Compare(a.owner, b.owner)
}

// sort does what the tool does to a file of more than one line. New lines are few, so they are put where they belong;
// only the first sorting has more to do.
func (s *subRanges) sort() {
	if len(s.ranges)+len(s.others)+len(s.tail) <= 1 {
		return
	}
	fresh := s.tail[:0]
	for _, r := range s.tail {
		if r.entered {
			fresh = append(fresh, r)
		} else {
			s.others = append(s.others, r)
		}
	}
	s.tail, s.turned = s.tail[:0], !s.turned
	if len(fresh) > 1 {
		s.ranges = append(s.ranges, fresh...)
		order.Stably(s.ranges, compareRanges)
		s.scanned = 0
		return
	}
	for _, r := range fresh {
		// most: ids are given out from low to high
		if last := len(s.ranges) - 1; last < 0 || compareRanges(s.ranges[last], r) <= 0 {
			s.ranges = append(s.ranges, r)
			continue
		}
		i, _ := slices.BinarySearchFunc(s.ranges, r, func(a, b *subRange) int {
			if c := compareRanges(a, b); c != 0 {
				return c
			}
			return -1 // equal ones stay before it
		})
		s.ranges = slices.Insert(s.ranges, i, r)
		if i < s.scanned {
			s.scanned = 0
		}
	}
}

// free gives the start of the lowest range of count free numbers in from..to.
func (s *subRanges) free(from, to, count uint64) (uint64, bool) {
	if s.scanned == 0 {
		s.low = from
	}
	for ; s.scanned < len(s.ranges); s.scanned++ {
		if s.blocks(s.ranges[s.scanned], to, count) {
			return s.low, true
		}
	}
	for _, rest := range [][]*subRange{s.tail, s.nis} {
		for _, r := range rest {
			if r.entered && s.blocks(r, to, count) {
				return s.low, true
			}
		}
	}
	return s.low, s.low <= to && to-s.low+1 >= count
}

// blocks tells whether there is room before a range, and otherwise goes on behind it.
func (s *subRanges) blocks(r *subRange, to, count uint64) bool {
	if r.gone {
		return false
	}
	if high := min(r.start, to+1); high > s.low && high-s.low >= count {
		return true
	}
	s.low = max(s.low, r.start+r.count)
	return false
}

// grant gives a new user a range, as what ("SUB_UID", "SUB_GID") of login.defs(5) has it. One who has a range of that
// name keeps it, and by old tools gets another.
func (s *subRanges) grant(owner string, d loginDefs, what string, tools Tools) *Error {
	from, to := d.number(what+"_MIN", 100000), d.number(what+"_MAX", 600100000)
	count := d.number(what+"_COUNT", 65536)
	to = min(to, noID-1)
	if from > to || count >= to || from+count-1 > to {
		return &Error{File: LoginDefsFile, Message: what + "_MIN, _MAX and _COUNT fit no range"}
	}
	s.sort()
	start, ok := s.free(from, to, count)
	if !ok {
		return &Error{File: s.path, Message: "no range of " + strconv.FormatUint(count, 10) + " ids is free",
			Hint: "raise " + what + "_MAX in login.defs"}
	}
	s.changed = true // it was sorted, even if nothing is added
	if s.owners[owner] != nil && tools != OldTools {
		return nil
	}
	r := &subRange{}
	if len(s.spare) > 0 {
		r, s.spare = &s.spare[0], s.spare[1:]
	}
	*r = subRange{owner: owner, start: start, count: count, entered: true,
		raw: owner + ":" + strconv.FormatUint(start, 10) + ":" + strconv.FormatUint(count, 10)}
	r.next, s.owners[owner] = s.owners[owner], r
	if len(s.nis) > 0 {
		s.nis = append(s.nis, r)
	} else {
		s.tail = append(s.tail, r)
	}
	return nil
}

// revoke takes every range of a name.
func (s *subRanges) revoke(owner string) {
	for r := s.owners[owner]; r != nil; r = r.next {
		r.gone, s.changed = true, true
		s.scanned = 0
	}
	delete(s.owners, owner)
}

func (s *subRanges) text() diag.Secret {
	others := slices.Clone(s.others)
	if s.turned {
		slices.Reverse(others)
	}
	const line = 32 // bytes of a usual one
	var b strings.Builder
	b.Grow(line * (len(s.ranges) + len(s.others) + len(s.tail) + len(s.nis)))
	for _, part := range [][]*subRange{s.ranges, others, s.tail, s.nis} {
		for _, r := range part {
			if !r.gone {
				b.WriteString(r.raw)
				b.WriteByte('\n')
			}
		}
	}
	return diag.Secret(b.String())
}
