// Package roots plants directory trees for fuzz targets, once for all processes that fuzz: nothing changes the trees,
// and a busy disk takes long over each.
package roots

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Count is how many trees there are, each in a directory that is called by its number from 0 on.
const Count = 50

// Plant gives the directory of the trees. stream has two targets plant different ones; plant fills one tree.
func Plant(f *testing.F, stream uint64, plant func(t testing.TB, dir string, rnd *rand.Rand)) (top string) {
	f.Helper()
	const handedOn = "GLOWPLUG_FUZZ_ROOTS" // those that fuzz inherit it
	if top = os.Getenv(handedOn); top != "" {
		return top
	}
	top = f.TempDir()
	for seed := range uint64(Count) {
		dir := filepath.Join(top, fmt.Sprint(seed))
		require.NoError(f, os.Mkdir(dir, 0o755))
		plant(f, dir, rand.New(rand.NewPCG(seed, stream)))
	}
	f.Setenv(handedOn, top)
	return top
}
