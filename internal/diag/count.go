package diag

import (
	"strconv"
	"strings"
)

// Count is a number of things in words: "1 file", "2 files", "3 entries". What they are is given as the word for one.
func Count[N int | int64 | uint64](n N, one string) string { return counted(int64(n), one) }

func counted(n int64, one string) string {
	text := strconv.FormatInt(n, 10) + " " + one
	short, isY := strings.CutSuffix(text, "y")
	switch {
	case n == 1:
		return text
	case isY:
		return short + "ies"
	case strings.HasSuffix(text, "x"):
		return text + "es"
	}
	return text + "s"
}
