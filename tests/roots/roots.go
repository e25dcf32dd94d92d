// Package roots plants directory trees for fuzz targets, once for all processes that fuzz: nothing changes the trees,
// and a busy disk takes long over each.
package roots

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
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

// Fill makes random directories, files and links of few names, so that they meet often. It works in an os.Root: the
// links planted before lead out of dir. ends are what the targets of links may end in.
func Fill(t testing.TB, dir string, rnd *rand.Rand, ends ...string) {
	t.Helper()
	in, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer in.Close()
	random := func() string {
		var parts []string
		for range 1 + rnd.IntN(4) {
			parts = append(parts, []string{"a", "b", "c", "..", "."}[rnd.IntN(5)])
		}
		return strings.Join(parts, "/")
	}
	for range 25 {
		at := strings.TrimPrefix(filepath.Clean("/"+random()), "/")
		switch kind := rnd.IntN(3); {
		case at == "":
		case kind == 0:
			_ = in.MkdirAll(at, 0o755)
		case kind == 1:
			_ = in.WriteFile(at, nil, 0o644)
		default:
			_ = in.Symlink([]string{"", "/"}[rnd.IntN(2)]+random()+ends[rnd.IntN(len(ends))], at)
		}
	}
}
