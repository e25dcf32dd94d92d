//go:build disk

package gpt

import (
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	record = flag.Bool("record", false, "write testdata anew")
	cases  = flag.Int("cases", 300, "how many random disks the live comparison makes")
	seed   = flag.Uint64("seed", 1, "of the random disks")
)

var installed = sync.OnceValues(func() ([]byte, error) { return exec.Command("./prepare").CombinedOutput() })

// prepared: the tools are there.
func prepared(t *testing.T) {
	out, err := installed()
	require.NoError(t, err, "%s", out)
}

// TestLiveAllocation makes random disks and compares what sgdisk and we make of them.
func TestLiveAllocation(t *testing.T) {
	prepared(t)
	r := rand.New(rand.NewPCG(*seed, 7))
	dir := t.TempDir()
	var all []allocation
	for range *cases {
		a := randomAllocation(r)
		a.sgdisk(t, dir)
		a.check(t)
		all = append(all, a)
	}
	if *record {
		write(t, allocations, all)
	}
}

func write[T any](t *testing.T, name string, all []T) {
	f, err := os.Create(name)
	require.NoError(t, err)
	packed, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	require.NoError(t, err)
	records := json.NewEncoder(packed)
	for _, one := range all {
		require.NoError(t, records.Encode(one))
	}
	require.NoError(t, packed.Close())
	require.NoError(t, f.Close())
}

func randomAllocation(r *rand.Rand) allocation {
	a := allocation{SectorSize: 512}
	mib := 3 + r.Uint64N(1<<(2+r.UintN(11)))
	if r.UintN(4) == 0 {
		a.SectorSize = 4096
	}
	if a.SectorSize == 512 && r.UintN(8) == 0 {
		mib = 286102 + r.Uint64N(5000) // about where sgdisk begins to take sectors for larger than they say they are
	}
	a.Sectors = mib<<20/uint64(a.SectorSize) + r.Uint64N(3)*r.Uint64N(3000)
	if r.UintN(6) == 0 {
		a.addWants(r, mib)
		return a
	}
	a.Was = a.Sectors
	if r.UintN(6) == 0 {
		a.Sectors += 1 + r.Uint64N(a.Sectors)
		a.Moved = r.UintN(2) == 0
	}
	a.addParts(r)
	a.addWants(r, mib)
	return a
}

// addParts puts partitions anywhere, with numbers in any order.
func (a *allocation) addParts(r *rand.Rand) {
	first := 2 + 16384/uint64(a.SectorSize)
	last := a.Was - first
	align := []uint64{1 << 20 / uint64(a.SectorSize), 1 << 20 / uint64(a.SectorSize), 8, 16, 1}[r.UintN(5)]
	top := []int{6, 12, 128}[r.UintN(3)]
	numbers := r.Perm(top)
	average := (last - first) / uint64(1+r.UintN(10))
	for at := first; len(a.Parts) < len(numbers); {
		if r.UintN(2) == 0 {
			at += r.Uint64N(average + 1)
		}
		at = (at + align - 1) / align * align
		end := at + r.Uint64N(average+1)
		if r.UintN(2) == 0 {
			end = (end+align)/align*align - 1
		}
		if r.UintN(6) == 0 {
			end = last
		}
		if at > last || end > last {
			break
		}
		a.Parts = append(a.Parts, part{uint64(numbers[len(a.Parts)] + 1), at, end})
		at = end + 1
	}
	slices.SortFunc(a.Parts, func(p, q part) int { return int(p[0]) - int(q[0]) })
}

func (a *allocation) addWants(r *rand.Rand, mib uint64) {
	number := func() *int {
		switch r.UintN(5) {
		case 0, 1:
			return nil
		case 2:
			return new(int)
		}
		n := int(r.Uint64N(mib/uint64(1+r.UintN(25)) + 1))
		return &n
	}
	listed := map[int]bool{0: true}
	for _, p := range a.Parts {
		if a.Sectors >= 585_937_500 && p[1]%8 != 0 {
			listed[int(p[0])] = true // ours keeps the start, sgdisk moves it
		}
	}
	for range 1 + r.UintN(4) {
		w := want{Start: number(), Size: number(), Wipe: r.UintN(3) == 0}
		if r.UintN(3) != 0 {
			w.Start = nil
		}
		if r.UintN(3) != 0 {
			w.N = 1 + r.IntN([]int{5, 9, 130}[r.UintN(3)])
		}
		if len(a.Parts) > 0 && r.UintN(2) == 0 {
			w.N = int(a.Parts[r.IntN(len(a.Parts))][0])
		}
		w.Gone = w.N != 0 && r.UintN(5) == 0
		if w.N == 0 || !listed[w.N] {
			a.Wants = append(a.Wants, w)
		}
		listed[w.N] = true
	}
}

// argv is the pretend run of docs/peer/engine.md §9.1.1.
func (a *allocation) argv() []string {
	args := []string{"--pretend"}
	if a.Moved {
		args = append(args, "--move-second-header")
	}
	has := map[int]part{}
	for _, p := range a.Parts {
		has[int(p[0])] = p
	}
	sorted := slices.Clone(a.Wants)
	slices.SortStableFunc(sorted, func(v, w want) int {
		return map[bool]int{true: 1}[v.N == 0] - map[bool]int{true: 1}[w.N == 0]
	})
	for _, w := range sorted {
		if _, found := has[w.N]; found {
			args = append(args, fmt.Sprintf("--delete=%d", w.N))
		}
	}
	perMiB := 1 << 20 / a.SectorSize
	for _, w := range sorted {
		start, size := uint64(0), uint64(0)
		if p, found := has[w.N]; found && !w.Wipe {
			start, size = p[1], p[2]-p[1]+1
		}
		if w.Start != nil {
			start = uint64(*w.Start * perMiB)
		}
		if w.Size != nil {
			size = uint64(*w.Size * perMiB)
		}
		if !w.Gone {
			args = append(args, fmt.Sprintf("--new=%d:%d:+%d", w.N, start, size))
		}
	}
	return append(args, "--print")
}

var printed = regexp.MustCompile(`(?m)^ +(\d+) +(\d+) +(\d+) `)

// sgdisk asks the real one.
func (a *allocation) sgdisk(t *testing.T, dir string) {
	image := filepath.Join(dir, "disk")
	f, err := os.Create(image)
	require.NoError(t, err)
	require.NoError(t, f.Truncate(int64(a.Sectors)*int64(a.SectorSize)))
	if a.Was != 0 {
		require.NoError(t, a.made(t).WriteTo(unsynced{f}))
	}
	require.NoError(t, f.Close())
	if a.SectorSize != 512 {
		image = loop(t, image, a.SectorSize)
		defer func() { require.NoError(t, exec.Command("losetup", "-d", image).Run()) }()
	}
	out, err := exec.Command("sgdisk", append(a.argv(), image)...).CombinedOutput()
	if a.Fails = err != nil; a.Fails {
		return
	}
	for _, line := range printed.FindAllStringSubmatch(string(out), -1) {
		var p part
		for i := range p {
			p[i], err = strconv.ParseUint(line[i+1], 10, 64)
			require.NoError(t, err)
		}
		a.Gives = append(a.Gives, p)
	}
}

// unsynced leaves it to the machine when the bytes of a disk that is thrown away are written.
type unsynced struct{ *os.File }

func (unsynced) Sync() error { return nil }

func loop(t *testing.T, image string, sectorSize int) string {
	out, err := exec.Command("losetup", "-f", "--show", "-b", strconv.Itoa(sectorSize), image).Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}
