package check

import (
	"fmt"
	"strings"
)

// around is how many equal lines a diff shows before and after lines that differ.
const around = 3

// diff is a unified diff of two texts with the same number of lines.
func diff(name, old, out string) string {
	before, after := strings.SplitAfter(old, "\n"), strings.SplitAfter(out, "\n")
	if before[len(before)-1] == "" {
		before, after = before[:len(before)-1], after[:len(after)-1]
	}
	var b strings.Builder
	fmt.Fprintf(&b, "--- %s\n+++ %s\n", name, name)
	for at := 0; ; {
		first := next(before, after, at)
		if first == len(before) {
			return b.String()
		}
		last := first
		for n := first + 1; n < len(before) && n-last <= 2*around; n++ {
			if before[n] != after[n] {
				last = n
			}
		}
		start, end := max(first-around, at), min(last+1+around, len(before))
		fmt.Fprintf(&b, "@@ -%d,%d +%[1]d,%[2]d @@\n", start+1, end-start)
		hunk(&b, before[start:end], after[start:end])
		at = end
	}
}

// next is the first line, from one on, that differs.
func next(before, after []string, at int) int {
	for at < len(before) && before[at] == after[at] {
		at++
	}
	return at
}

func hunk(b *strings.Builder, before, after []string) {
	line := func(sign byte, text string) {
		b.WriteByte(sign)
		b.WriteString(text)
		if !strings.HasSuffix(text, "\n") {
			b.WriteString("\n\\ No newline at end of file\n")
		}
	}
	for at := 0; at < len(before); {
		if before[at] == after[at] {
			line(' ', before[at])
			at++
			continue
		}
		end := at
		for end < len(before) && before[end] != after[end] {
			end++
		}
		for _, text := range before[at:end] {
			line('-', text)
		}
		for _, text := range after[at:end] {
			line('+', text)
		}
		at = end
	}
}
