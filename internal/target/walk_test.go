package target_test

import (
	"fmt"
	"math/rand/v2"
	"path"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/tests/roots"
)

// plant fills a tree.
func plant(t testing.TB, dir string, rnd *rand.Rand) { roots.Fill(t, dir, rnd, "") }

// FuzzPlacesAreThoseOfTheKernel holds the planner's idea of where a path is equal to what the kernel opens in the root.
func FuzzPlacesAreThoseOfTheKernel(f *testing.F) {
	top := roots.Plant(f, 2, plant)
	for seed := range uint64(30) {
		f.Add(seed, "/a/b/c")
		f.Add(seed, "/b/a/../c/b")
	}
	f.Fuzz(func(t *testing.T, seed uint64, p string) {
		p = path.Clean("/" + p)
		if target.CheckPath(p) != nil {
			return
		}
		dir := filepath.Join(top, fmt.Sprint(seed%roots.Count))
		in, err := root.Open(dir)
		require.NoError(t, err)
		defer in.Close()
		kernel, err := in.Lstat(p)
		if err != nil || kernel.Kind == root.Absent {
			return // a loop, or a place yet to be made
		}
		at, err := target.Resolve(target.Of(in), p)
		require.NoError(t, err)
		planned, err := in.Lstat(at)
		require.NoError(t, err)
		assert.Equal(t, kernel, planned, "%s is planned at %s", p, at)
		for d := filepath.Dir(at); d != "/"; d = filepath.Dir(d) {
			way, err := in.Lstat(d)
			require.NoError(t, err)
			assert.Equal(t, root.Directory, way.Kind, "%s on the way to %s", d, at)
		}
	})
}
