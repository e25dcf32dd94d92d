package applies

import (
	"cmp"
	"context"
	"encoding/gob"
	"os"
	"slices"

	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A Room is what disks the machine of tests/vm/guest has.
type Room struct {
	Disks int
	MiB   int64 // of each
}

// WriteGuest writes a file for ReadGuest: the named share of the cases that are booted there, or all of them.
func WriteGuest(ctx context.Context, path string, room Room, all bool) error {
	judged, err := os.MkdirTemp("", "")
	if err != nil {
		return err
	}
	defer os.RemoveAll(judged)
	valid, err := valid(ctx, judged)
	if err != nil {
		return err
	}
	cases := slices.DeleteFunc(valid, func(c Case) bool { return c.Place() != Guest || !room.suits(c) })
	if !all {
		cases = guestShare(cases)
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return gob.NewEncoder(file).Encode(cases) // JSON has no place for bytes that are no text
}

// ReadGuest reads what WriteGuest has written.
func ReadGuest(path string) (cases []Case, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return cases, gob.NewDecoder(file).Decode(&cases)
}

// suits tells whether the disks that a case wants are there.
func (r Room) suits(c Case) bool {
	read := load.ReadWith(tree.NewArena(), c.Name, c.Text, load.Options{})
	if read.Config == nil {
		return false
	}
	disks := Disks(read.Config.Config())
	return len(disks) <= r.Disks && !slices.ContainsFunc(disks, func(d Disk) bool { return d.MiB > r.MiB })
}

// guestShare is the named share of cases, as the machine is emulated and takes seconds for each: of each field that is
// varied two values, drawn by their sums, and of the cases in which several entries touch each other one of so many.
// The first of each field come first.
func guestShare(cases []Case) []Case {
	const of = 30
	drawn := slices.SortedFunc(slices.Values(cases), func(a, b Case) int { return cmp.Compare(a.sum(of), b.sum(of)) })
	var turns [2][]Case
	seen := map[string]int{}
	for _, c := range drawn {
		turn := seen[c.Field]
		seen[c.Field]++
		if c.Field != "" && turn < len(turns) {
			turns[turn] = append(turns[turn], c)
		}
	}
	others := slices.DeleteFunc(drawn, func(c Case) bool { return c.Field != "" })
	return slices.Concat(turns[0], turns[1], Share(others, of))
}
