package chain

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// A Tally counts what came of faults, by calls and faults. Its zero value is ready.
type Tally struct {
	mu   sync.Mutex
	rows map[[2]string]*counts
}

type counts struct{ runs, told, tolerated, missed, differences int }

// Count notes one run. It differs where a test has found something.
func (y *Tally) Count(class, fault string, o Outcome, differs bool) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.rows == nil {
		y.rows = map[[2]string]*counts{}
	}
	c := y.rows[[2]string{class, fault}]
	if c == nil {
		c = &counts{}
		y.rows[[2]string{class, fault}] = c
	}
	c.runs++
	switch o {
	case Missed:
		c.missed++
	case Tolerated:
		c.tolerated++
	case Told:
		c.told++
	}
	if differs {
		c.differences++
	}
}

// Table is the counts as a table of Markdown.
func (y *Tally) Table() string {
	var b strings.Builder
	b.WriteString("| calls | fault | runs | told | tolerated | not reached | differences |\n" +
		"|---|---|---|---|---|---|---|\n")
	var all counts
	for _, key := range slices.SortedFunc(maps.Keys(y.rows), func(a, b [2]string) int {
		return slices.Compare(a[:], b[:])
	}) {
		c := y.rows[key]
		c.write(&b, key[0], key[1])
		all.runs, all.told, all.tolerated = all.runs+c.runs, all.told+c.told, all.tolerated+c.tolerated
		all.missed, all.differences = all.missed+c.missed, all.differences+c.differences
	}
	all.write(&b, "all", "")
	return b.String()
}

func (c *counts) write(b *strings.Builder, class, fault string) {
	fmt.Fprintf(b, "| %s | %s | %d | %d | %d | %d | %d |\n", class, fault, c.runs, c.told, c.tolerated, c.missed,
		c.differences)
}
