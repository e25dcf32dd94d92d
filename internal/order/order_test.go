package order_test

import (
	"cmp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/order"
)

type pair struct{ key, place int }

func TestBothSortAsTheLibraryDoes(t *testing.T) {
	t.Parallel()
	for n := range 200 {
		var all []pair
		for i := range n {
			all = append(all, pair{i * 7919 % 13, i})
		}
		byKey := func(a, b pair) int { return cmp.Compare(a.key, b.key) }
		want, stable, sorted := slices.Clone(all), slices.Clone(all), slices.Clone(all)
		slices.SortStableFunc(want, byKey)
		order.Stably(stable, byKey)
		assert.Equal(t, want, stable)
		order.By(sorted, byKey)
		assert.True(t, slices.IsSortedFunc(sorted, byKey))
		assert.ElementsMatch(t, all, sorted)
	}
}
