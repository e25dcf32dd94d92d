package block

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// The disk has 64 MiB, of which partitions may have 62 whole ones.
func TestWhatDoesNotFitIsToldOfTheOneThatAsksForTooMuch(t *testing.T) {
	p := func(number, start, size int) Spec {
		s := Spec{Number: number, ShouldExist: true}
		if start > 0 {
			s.StartMiB = some(start)
		}
		if size >= 0 {
			s.SizeMiB = some(size)
		}
		return s
	}
	const smaller = "set its sizeMiB to "
	const elsewhere = ", or give it another startMiB"
	const only = "give it a sizeMiB: only the last one that is laid out can take all that is left"
	for name, c := range map[string]struct {
		disk, specs []Spec
		index       int
		says, hint  string
	}{
		"alone": {nil, []Spec{p(1, 0, 64)}, 0,
			"64 MiB are asked, and 62 MiB are left on the disk", smaller + "62 or less"},
		"more than the disk has": {nil, []Spec{p(1, 0, 20), p(2, 0, 100)}, 1,
			"100 MiB are asked, and 42 MiB are left beside partition 1 (at 1 MiB, 20 MiB)", smaller + "42 or less"},
		"the largest, and not the last": {nil, []Spec{p(1, 0, 2), p(2, 0, 60), p(3, 0, 10)}, 1,
			"60 MiB are asked, and 50 MiB are left beside partition 1 (at 1 MiB, 2 MiB), " +
				"partition 3 (at 53 MiB, 10 MiB)",
			smaller + "50 or less"},
		"those after it count": {nil, []Spec{p(1, 0, 60), p(2, 0, 5), p(3, 0, 20)}, 0,
			"60 MiB are asked, and 37 MiB are left beside", smaller + "37 or less"},
		"the last of equal ones": {nil, []Spec{p(1, 0, 40), p(2, 0, 40)}, 1,
			"40 MiB are asked, and 22 MiB are left beside partition 1 (at 1 MiB, 40 MiB)", smaller + "22 or less"},
		"listed last, laid out first": {nil, []Spec{p(0, 0, 20), p(1, 0, 50)}, 1,
			"50 MiB are asked, and 42 MiB are left beside partition 2", smaller + "42 or less"},
		"nothing is left": {nil, []Spec{p(1, 1, 62), p(2, 0, 62)}, 1, "62 MiB are asked, and nothing is left beside " +
			"partition 1 (at 1 MiB, 62 MiB)", "make others smaller, or leave it out"},
		"it takes all": {nil, []Spec{p(1, 0, 20), p(2, 0, -1), p(3, 0, 10)}, 1,
			"without a size it takes 42.9 MiB, all that is free, and nothing is left for partition 3", only},
		"it takes all, with a size of 0, first": {nil, []Spec{p(1, 0, 0), p(2, 0, 10), p(3, 5, 3)}, 0,
			"without a size it takes 62.9 MiB, all that is free, and nothing is left for partition 2", only},
		"a free place over a fixed one": {nil, []Spec{p(1, 0, 30), p(2, 20, 10)}, 0,
			"30 MiB are asked, and 19 MiB are left beside partition 2 (at 20 MiB, 10 MiB)", smaller + "19 or less"},
		"a fixed one into the next": {nil, []Spec{p(1, 1, 50), p(2, 20, 5)}, 0,
			"50 MiB are asked at 1 MiB, and 19 MiB are left beside partition 2 (at 20 MiB, 5 MiB)",
			smaller + "19 or less" + elsewhere},
		"the same, the other way round": {nil, []Spec{p(2, 20, 5), p(1, 1, 50)}, 1,
			"50 MiB are asked at 1 MiB, and 19 MiB are left", smaller + "19 or less" + elsewhere},
		"a fixed one leaves too little beside it": {nil, []Spec{p(1, 30, 10), p(2, 0, 40)}, 1,
			"40 MiB are asked, and 29 MiB are left beside partition 1 (at 30 MiB, 10 MiB)", smaller + "29 or less"},
		"a fixed one is too large": {nil, []Spec{p(1, 1, 60), p(2, 0, 5)}, 0,
			"60 MiB are asked at 1 MiB, and 57 MiB are left beside partition 2 (at 58 MiB, 5 MiB)",
			smaller + "57 or less" + elsewhere},
		"two at one place": {nil, []Spec{p(1, 10, 10), p(2, 10, 5)}, 1,
			"it is to start at 10 MiB, where partition 1 (at 10 MiB, 10 MiB) is in the way",
			"give it another startMiB"},
		"behind the end": {nil, []Spec{p(1, 64, 1)}, 0,
			"it is to start at 64 MiB, and partitions end at 63.9 MiB",
			"give it another startMiB"},
		"far behind the end": {nil, []Spec{p(1, 70, 1)}, 0, "it is to start at 70 MiB, and the disk has 64 MiB",
			"ask for what the disk has"},
		"to an end that is elsewhere": {nil, []Spec{p(1, 40, 10), p(2, 50, -1)}, 1,
			"without a size it goes to the end of the largest free space, from 1 MiB to 40 MiB, and it " +
				"is to start at 50 MiB", "give it a sizeMiB"},
		"one that is not listed": {[]Spec{p(1, 1, 10)}, []Spec{p(2, 5, 2)}, 0,
			"it is to start at 5 MiB, where partition 1 (at 1 MiB, 10 MiB) is in the way", "give it another startMiB"},
		"before one that is not listed": {[]Spec{p(1, 20, 10)}, []Spec{p(2, 5, 20)}, 0,
			"20 MiB are asked at 5 MiB, and 15 MiB are left beside partition 1 (at 20 MiB, 10 MiB)",
			smaller + "15 or less" + elsewhere},
		"one that is there as asked is not to blame": {[]Spec{p(1, 1, 50)}, []Spec{p(1, 1, 50), p(2, 0, 20)}, 1,
			"20 MiB are asked, and 12 MiB are left beside partition 1 (at 1 MiB, 50 MiB)", smaller + "12 or less"},
		"among many": {nil, []Spec{p(1, 0, 1), p(2, 0, 1), p(3, 0, 1), p(4, 0, 1), p(5, 0, 1), p(6, 0, 62)}, 5,
			"62 MiB are asked, and 57 MiB are left beside 5 others", smaller + "57 or less"},
	} {
		t.Run(name, func(t *testing.T) {
			_, table := writtenOn(t, 64<<20, 512, c.disk...)
			_, _, err := Layout(table, c.specs)
			var at *SpecError
			require.ErrorAs(t, err, &at)
			assert.Equal(t, c.index, at.Index)
			assert.ErrorContains(t, err, "does not fit: "+c.says)
			assert.Equal(t, []string{c.hint}, diag.Hints(err))
		})
	}
}

// Of two that do not fit, one is measured without the other, and both are told. What the config deletes is in nobody's
// way, wherever it is listed.
func TestTwoThatDoNotFitAreToldAtOnce(t *testing.T) {
	_, table := writtenOn(t, 64<<20, 512, Spec{Number: 1, StartMiB: some(1), SizeMiB: some(10), ShouldExist: true},
		Spec{Number: 2, StartMiB: some(11), SizeMiB: some(5), ShouldExist: true},
		Spec{Number: 3, StartMiB: some(16), SizeMiB: some(10), ShouldExist: true})
	grown := Spec{Number: 1, SizeMiB: some(20), ShouldExist: true, Resize: true}
	kept, gone := Spec{Number: 2, ShouldExist: true}, Spec{Number: 2, WipePartitionEntry: true}
	large := Spec{Number: 5, SizeMiB: some(63), ShouldExist: true}
	for name, c := range map[string]struct {
		specs  []Spec
		counts bool // partition 2 does
		hints  []string
	}{
		"deleted": {[]Spec{grown, gone, large}, false,
			[]string{"set its sizeMiB to 15 or less, or give it another startMiB", "set its sizeMiB to 37 or less"}},
		"kept": {[]Spec{grown, kept, large}, true,
			[]string{"set its sizeMiB to 10 or less, or give it another startMiB", "set its sizeMiB to 37 or less"}},
		"only one": {[]Spec{grown, gone}, false,
			[]string{"set its sizeMiB to 15 or less, or give it another startMiB"}},
	} {
		_, _, err := Layout(table, c.specs)
		require.Error(t, err, name)
		var hints []string
		for _, each := range diag.Errors(err) {
			hints = append(hints, diag.Hints(each)...)
			assert.Equal(t, c.counts, strings.Contains(each.Error(), "partition 2 ("), name)
		}
		assert.Equal(t, c.hints, hints, name)
	}
}

// Whoever follows the hints gets to a layout that works: with the size that is said to be left another one does not
// fit, if any.
func TestASizeThatIsSaidToBeLeftFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table, err := NewTable(64<<20/512, 512, seeded())
		require.NoError(t, err)
		specs := anySpecs(t, 64, true)
		for range 10 * len(specs) {
			_, _, err := Layout(table, specs)
			var at *SpecError
			if !errors.As(err, &at) || len(diag.Hints(err)) == 0 {
				return
			}
			var size int
			if _, err := fmt.Sscanf(diag.Hints(err)[0], "set its sizeMiB to %d or less", &size); err != nil {
				return
			}
			require.Less(t, size, *specs[at.Index].SizeMiB)
			require.Positive(t, size)
			specs[at.Index].SizeMiB = &size
			_, _, again := Layout(table, specs)
			var then *SpecError
			require.False(t, errors.As(again, &then) && then.Index == at.Index && then.Error() == at.Error())
		}
		require.Empty(t, specs, "the hints come to no end")
	})
}
