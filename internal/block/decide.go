package block

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// A match says how the partition on the disk compares with the one that a spec wants.
type match uint8

const (
	matchAbsent match = iota // none of that number
	matchSame
	matchSize // its size differs and nothing else
	matchOther
)

var matchNames = [...]string{"none", "one as wanted", "one of another size", "another one"}

// A Verdict is what is to be done about one spec.
type Verdict uint8

// The verdicts. Recreate loses what is in the partition, Resize does not (a smaller size cuts off its end).
const (
	Keep Verdict = iota
	Create
	Delete
	Recreate
	Resize
	Refuse
)

var verdictNames = [...]string{"keep", "create", "delete", "recreate", "resize", "refuse"}

// String is the verdict's name in docs/disks.md.
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return fmt.Sprintf("verdict %d", uint8(v))
}

// judge is the table of docs/disks.md.
func judge(found match, wanted, mayWipe, mayResize bool) Verdict {
	switch {
	case found == matchAbsent && wanted:
		return Create
	case found == matchAbsent, wanted && found == matchSame:
		return Keep
	case !wanted && mayWipe:
		return Delete
	case !wanted:
		return Refuse
	case mayWipe:
		return Recreate
	case found == matchSize && mayResize:
		return Resize
	}
	return Refuse
}

// A Possibility is a row of that table, in its words.
type Possibility struct {
	Found   string
	Verdict Verdict
}

// Possible are the rows that a spec may meet on a disk of which nothing is known. On one without partitions it meets
// the first.
func (s Spec) Possible() (rows []Possibility) {
	for found, name := range matchNames {
		if s.ShouldExist || match(found) != matchSame && match(found) != matchSize {
			rows = append(rows, Possibility{name, judge(match(found), s.ShouldExist, s.WipePartitionEntry, s.Resize)})
		}
	}
	return rows
}

// A Decision is what is to be done about one spec, and what was found.
type Decision struct {
	Resolved
	Verdict     Verdict
	Found       *Partition // of that number, if there is one
	Differences []string   // between what was found and what is wanted; for people

	found match
}

// Err is nil unless the verdict is to refuse; then it says what is there, what differs and what would allow it.
func (d Decision) Err() error {
	switch {
	case d.Verdict != Refuse:
		return nil
	case !d.ShouldExist:
		return fmt.Errorf("what is there (%s) exists and should not: wipePartitionEntry would let it be deleted",
			d.Found.describe())
	}
	resize := ""
	if d.Resizable() {
		resize = "resize would let its size be changed, "
	}
	return fmt.Errorf("what is there (%s) is not as wanted: %s: %swipePartitionEntry would let it be made anew",
		d.Found.describe(), strings.Join(d.Differences, "; "), resize)
}

// Resizable: only the size of what is there is another one, and resize would let it be changed.
func (d Decision) Resizable() bool { return d.Verdict == Refuse && d.found == matchSize }

func (p Partition) describe() string {
	return fmt.Sprintf("label %q, type %s, GUID %s, sectors %d to %d", p.Label, p.Type, p.GUID, p.Start, p.last())
}

// Decide compares each resolved spec with the table.
func Decide(t *Table, resolved []Resolved) []Decision {
	made := map[int]bool{}
	for _, r := range resolved {
		made[r.Number] = made[r.Number] || r.ShouldExist
	}
	var all []Decision
	for _, r := range resolved {
		d := Decision{Resolved: r}
		if !r.ShouldExist && made[r.Number] {
			all = append(all, d) // another spec takes the number over, and is judged for both
			continue
		}
		if p, ok := t.Partition(r.Number); ok {
			d.Found = &p
			d.found = d.compare(r.freed && r.had == 0)
		}
		d.Verdict = judge(d.found, r.ShouldExist, r.WipePartitionEntry || r.freed, r.Resize)
		all = append(all, d)
	}
	return all
}

// compare finds the differences. What the spec does not say does not differ, unless the partition that was found is
// another's, which gave its number free: then it has to be as a new one would be.
func (d *Decision) compare(another bool) match {
	p, found := d.Found, matchSame
	differs := func(kind match, what string, is, want any) {
		d.Differences = append(d.Differences, fmt.Sprintf("%s is %v, want %v", what, is, want))
		found = max(found, kind)
	}
	if !d.ShouldExist {
		return matchOther
	}
	if p.Start != d.Start {
		differs(matchOther, "start sector", p.Start, d.Start)
	}
	if p.Size != d.Size {
		differs(matchSize, "size in sectors", p.Size, d.Size)
	}
	if d.TypeGUID != "" && !strings.EqualFold(p.Type.String(), d.TypeGUID) {
		differs(matchOther, "type", p.Type, d.TypeGUID)
	}
	if d.GUID != "" && !strings.EqualFold(p.GUID.String(), d.GUID) {
		differs(matchOther, "GUID", p.GUID, d.GUID)
	}
	if d.Label != nil && p.Label != *d.Label {
		differs(matchOther, "label", fmt.Sprintf("%q", p.Label), fmt.Sprintf("%q", *d.Label))
	}
	if another && found == matchSame && (d.Label == nil && p.Label != "" || d.TypeGUID == "" && p.Type != LinuxData ||
		p.Attributes != 0) {
		differs(matchOther, "it", "the one that goes", "a new one")
	}
	return found
}

// Layout resolves and decides. It also gives the table to apply the decisions to, which is the given one unless the
// disk has grown: then it has all of the disk, but not if a partition that is as wanted within the old end would not be
// so with the new one, and may not be resized. (sgdisk takes the old end, and moves it when it writes: a second run
// finds other sizes.)
func Layout(t *Table, specs []Spec) (*Table, []Decision, error) {
	resolved, err := Resolve(t, specs)
	if err == nil && !t.Grown() {
		return t, Decide(t, resolved), nil
	}
	if !t.Grown() {
		return nil, nil, err
	}
	grown := t.Grow()
	whole, errWhole := Resolve(grown, specs)
	if err != nil && errWhole != nil {
		return nil, nil, errWhole
	}
	within, all := Decide(t, resolved), Decide(grown, whole)
	if errWhole != nil || err == nil && losesMatch(within, all) {
		return t, within, nil
	}
	return grown, all, nil
}

func losesMatch(within, all []Decision) bool {
	for i, d := range within {
		if d.Verdict == Keep && all[i].Verdict != Keep && all[i].Verdict != Resize {
			return true
		}
	}
	return false
}

// Changes: any decision writes to the table.
func Changes(decisions []Decision) bool {
	return slices.ContainsFunc(decisions, func(d Decision) bool { return d.Verdict != Keep })
}

// Apply gives the table after the decisions; it is an error if one of them refuses. Entries that no decision names keep
// their bytes, a resized one keeps all but its end, and with it the attributes that sgdisk would drop. Random gives
// GUIDs.
func Apply(t *Table, decisions []Decision, random io.Reader) (*Table, error) {
	c := t.clone()
	for _, d := range decisions {
		if err := d.Err(); err != nil {
			return nil, err
		}
		if d.Gone() {
			clear(c.entry(d.Number))
		}
	}
	if err := c.unmirror(t, decisions); err != nil {
		return nil, err
	}
	for _, d := range decisions {
		var err error
		switch d.Verdict {
		case Resize:
			le.PutUint64(c.entry(d.Number)[40:], d.Start+d.Size-1)
		case Create, Recreate:
			err = c.create(d.Resolved, random)
		}
		if err != nil {
			return nil, d.fail("partition %d: %w", d.Number, err)
		}
	}
	if err := c.checkPartitions(); err != nil {
		return nil, err
	}
	c.seal()
	return c, nil
}

// create fills a free entry.
func (t *Table) create(r Resolved, random io.Reader) error {
	if _, used := t.Partition(r.Number); used || r.Number < 1 || r.Number > t.Slots() || r.Size == 0 {
		return fmt.Errorf("no free entry for sectors %d to %d", r.Start, r.Start+r.Size-1)
	}
	if slices.ContainsFunc(mirrors(t.MBR), func(slot []byte) bool {
		return claimed(slot).meets(extent{r.Start, r.Start + r.Size - 1})
	}) {
		return errMirrored
	}
	kind, err := r.typeGUID()
	if err != nil {
		return err
	}
	id, err := r.id(random)
	if err != nil {
		return err
	}
	name, err := r.name()
	if err != nil {
		return err
	}
	entry := t.entry(r.Number)
	clear(entry)
	copy(entry, kind[:])
	copy(entry[16:], id[:])
	le.PutUint64(entry[32:], r.Start)
	le.PutUint64(entry[40:], r.Start+r.Size-1)
	copy(entry[56:], name)
	return nil
}

// id is the partition's own GUID: the wanted one or a new one.
func (s Spec) id(random io.Reader) (GUID, error) {
	if s.GUID == "" {
		return newGUID(random)
	}
	return ParseGUID(s.GUID)
}
