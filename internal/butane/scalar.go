package butane

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/tree"
)

// integer reads a number as YAML spells it: decimal, octal with 0 or 0o, hexadecimal, binary, with underscores. The
// peer cuts off fractions, and so do we.
func integer(n tree.Node) (literal string, whole, ok bool) {
	if n.Kind() != tree.Number {
		return "", false, false
	}
	plain := strings.ReplaceAll(n.Text(), "_", "")
	if i, err := strconv.ParseInt(plain, 0, 64); err == nil {
		return strconv.FormatInt(i, 10), true, true
	} else if isRange(err) {
		return "", false, false
	}
	f, err := strconv.ParseFloat(plain, 64)
	if strings.HasSuffix(strings.ToLower(plain), ".inf") {
		f, err = math.Inf(1), nil
		if plain[0] == '-' {
			f = math.Inf(-1)
		}
	}
	switch {
	case err != nil || math.IsNaN(f) || f >= math.MaxInt64:
		return "", false, false
	case f <= math.MinInt64:
		return strconv.FormatInt(math.MinInt64, 10), true, true
	}
	return strconv.FormatInt(int64(f), 10), f == math.Trunc(f), true
}

// wrongDigit finds the first digit of a number that its base does not have: 8 in 0899, 2 in 0b12. A number that starts
// with 0 is octal, but YAML reads it as a decimal number where it cannot be octal. digit is 0 where nothing is wrong.
func wrongDigit(n tree.Node) (digit byte, base string) {
	plain := strings.TrimLeft(strings.ReplaceAll(n.Text(), "_", ""), "+-")
	for _, b := range []struct{ prefix, last, name string }{{"0o", "7", "octal"}, {"0b", "1", "binary"},
		{"0", "7", "octal"}} {
		rest, found := strings.CutPrefix(plain, b.prefix)
		if !found || n.Quoted() {
			continue
		}
		tail := strings.TrimLeft(rest, "0123456789")
		if tail != "" && n.Kind() != tree.Number || len(tail) == len(rest) {
			return 0, ""
		}
		for i := range len(rest) - len(tail) {
			if rest[i] > b.last[0] {
				return rest[i], b.name
			}
		}
		if tail != "" {
			return tail[0], b.name
		}
		return 0, ""
	}
	return 0, ""
}

func isRange(err error) bool {
	number, ok := err.(*strconv.NumError)
	return ok && number.Err == strconv.ErrRange
}

// boolean reads true, false and the words of YAML 1.1 for them, which are text in all fields of another kind; "" for
// any other text.
func boolean(n tree.Node) string {
	switch text := n.Text(); {
	case n.Kind() == tree.Bool && (strings.EqualFold(text, "true") || strings.EqualFold(text, "false")):
		return strings.ToLower(text)
	case n.Kind() != tree.Bool && n.Kind() != tree.String: // a tag may call anything a boolean
	case slices.Contains(yesWords(), text):
		return "true"
	case slices.Contains(noWords(), text):
		return "false"
	}
	return ""
}

func yesWords() []string { return []string{"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"} }

func noWords() []string { return []string{"n", "N", "no", "No", "NO", "off", "Off", "OFF"} }
