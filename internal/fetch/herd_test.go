package fetch

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write what tests have counted into the docs")

const (
	machines = 2000
	outage   = 10 * time.Second
	// From here on the herd is watched, until the last machine must have asked after the outage.
	settled = 3
	over    = int((outage + longestPause) / time.Second)
)

// herd has many machines start in the same instant and fetch from a server that answers 503 at first. It gives the
// requests that come in each second; the fourth is of the time from 3 s to 4 s, without its beginning.
func herd(t *testing.T, jitter func(machine int) func(time.Duration) time.Duration) []int {
	seconds := make([]int, over+1)
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var mu sync.Mutex
		var all sync.WaitGroup
		answer := func(w http.ResponseWriter, _ *http.Request) {
			since := time.Since(start)
			mu.Lock()
			seconds[max(0, int((since-1)/time.Second))]++
			mu.Unlock()
			if since < outage {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}
		for i := range machines {
			c := New(silent, "1")
			c.jitter = jitter(i)
			stop := inMemory(c, answer)
			all.Go(func() {
				defer stop()
				_, err := c.Fetch(context.Background(), Resource{URL: "http://config.test/"}, io.Discard)
				assert.NoError(t, err)
			})
		}
		all.Wait()
	})
	return seconds
}

// peak is how many times the mean the busiest second sees, once the herd has settled.
func peak(seconds []int) float64 {
	sum, most := 0, 0
	for _, n := range seconds[settled:over] {
		sum += n
		most = max(most, n)
	}
	return float64(most) * float64(over-settled) / float64(sum)
}

func TestAHerdSpreadsOut(t *testing.T) {
	t.Parallel()
	seeded := func(machine int) func(time.Duration) time.Duration {
		random := rand.New(rand.NewPCG(1, uint64(machine)))
		return func(most time.Duration) time.Duration { return time.Duration(random.Int64N(int64(most) + 1)) }
	}
	with := herd(t, seeded)
	without := herd(t, func(int) func(time.Duration) time.Duration {
		return func(most time.Duration) time.Duration { return most }
	})
	assert.LessOrEqual(t, peak(with), 2.5)
	assert.Greater(t, peak(without), 5.0)
	inPage(t, "../../docs/performance.md", "herd", curve(with, without))
}

// curve is a table of both runs.
func curve(with, without []int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| second | requests | | without jitter |\n|---|---|---|---|\n")
	for i := range over {
		fmt.Fprintf(&b, "| %d | %d | %s | %d |\n", i, with[i], strings.Repeat("▇", (with[i]+50)/100), without[i])
	}
	fmt.Fprintf(&b, "| busiest of %d to %d, beside their mean | %.2f | | %.2f |\n", settled, over-1, peak(with),
		peak(without))
	return b.String()
}

// inPage holds a text against a page of the docs, between two marks.
func inPage(t *testing.T, file, name, want string) {
	t.Helper()
	from, to := "<!-- "+name+" -->\n", "<!-- end of "+strings.Split(name, ":")[0]+" -->"
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(text), from)
	require.True(t, ok)
	was, after, ok := strings.Cut(rest, to)
	require.True(t, ok)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(before+from+want+to+after), 0o644))
		return
	}
	assert.Equal(t, want, was, "go test ./internal/fetch -run "+t.Name()+" -update writes it")
}
