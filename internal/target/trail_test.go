package target

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/root"
)

// The work of places that are in each other is that of their number, and not of its square.
func TestADirectoryIsGoneOnceForAllThatIsBelowIt(t *testing.T) {
	for name, paths := range map[string]func(i int) string{
		"each in the one before":  func(i int) string { return strings.Repeat("/d", i+1) },
		"with others beside them": func(i int) string { return strings.Repeat("/d", i/2+1) + strings.Repeat("-", i%2) },
		"all in one":              func(i int) string { return fmt.Sprintf("%s/%d", strings.Repeat("/d", 50), i) },
	} {
		t.Run(name, func(t *testing.T) {
			var all []string
			for i := range 1000 {
				all = append(all, paths(i))
			}
			slices.Sort(all)
			looks := 0
			way := walker{look: func(string, bool) (root.Kind, string, error) {
				looks++
				return root.Absent, "", nil
			}, below: belowFile}.trail()
			for _, p := range all {
				at, _, err := way.walk(p)
				assert.NoError(t, err)
				assert.Equal(t, p, at)
			}
			assert.LessOrEqual(t, looks, 2*len(all))
		})
	}
}

// A trail leads where a walk of each path by itself does, whatever is on the way and whichever path was before.
func TestATrailLeadsWhereWalksDo(t *testing.T) {
	targets := []string{"", "/", "a", "../b", "/c/a", "..", "./a/../c", "nowhere/b", "/a/b/c"}
	names := []string{"a", "b", "c", "..", "", ".", "a-"}
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		what := map[string]int{}
		look := func(at string, missing bool) (root.Kind, string, error) {
			if missing {
				return root.Absent, "", nil
			}
			if _, known := what[at]; !known {
				what[at] = rnd.IntN(10)
			}
			switch n := what[at]; {
			case n < 5:
				return root.Directory, "", nil
			case n < 6:
				return root.File, "", nil
			case n < 7:
				return root.Absent, "", nil
			case n < 8 && strings.HasSuffix(at, "a-"):
				return root.Absent, "", assert.AnError
			}
			return root.Symlink, targets[(what[at]+len(at))%len(targets)], nil
		}
		w := walker{look: look, below: belowFile}
		way := w.trail()
		for range 50 {
			p := ""
			for range rnd.IntN(6) {
				p += "/" + names[rnd.IntN(len(names))]
			}
			at, missing, err := w.walk(p, false)
			gotAt, gotMissing, gotErr := way.walk(p)
			assert.Equal(t, at, gotAt, p)
			assert.Equal(t, missing, gotMissing, p)
			assert.Equal(t, err, gotErr, p)
		}
	}
}
