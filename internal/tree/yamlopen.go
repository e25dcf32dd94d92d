package tree

import "strings"

// unclosed finds the innermost quote or bracket that is not closed, in a value that starts with a bracket at an offset.
// margin is the column of the key or the dash before the value, negative where the whole text is in brackets.
func unclosed(text string, from, margin int) (fault, bool) {
	var open []int // the offsets of the open brackets
	starts := true // a value may start here
	for at := from; at < len(text); at++ {
		c := text[at]
		switch {
		case c == '\n' && isOutside(text[at+1:], margin):
			return fault{open[len(open)-1], bracketMessage, bracketHint}, true
		case starts && (c == '"' || c == '\''):
			end := quotedEnd(text, at, c)
			if swallows(text, at, end) {
				return fault{at, quoteMessage, quoteHint}, true
			}
			at, starts = end-1, false
			continue
		case c == '#' && isYAMLSpace(text[at-1]):
			line, _, _ := strings.Cut(text[at:], "\n")
			at += len(line) - 1
			continue
		case c == '[' || c == '{':
			open = append(open, at)
		case c == ']' || c == '}':
			last := len(open) - 1
			if text[open[last]] != c-2 { // [\] and {|} are neighbours
				return fault{open[last], bracketMessage, bracketHint}, true
			}
			if open = open[:last]; last == 0 {
				return fault{}, false
			}
		}
		starts = strings.IndexByte("[{,:", c) >= 0 || starts && isYAMLSpace(c)
	}
	return fault{open[len(open)-1], bracketMessage, bracketHint}, true
}

// isOutside: a line begins that belongs outside of the brackets: one with a key of these documents, or an item, that
// starts no further right than the key of the value.
func isOutside(text string, margin int) bool {
	line, _, _ := strings.Cut(text, "\n")
	bare := strings.TrimLeft(line, " ")
	rest := strings.TrimRight(bare[keyEnd(bare):], " \r") + " "
	return len(line)-len(bare) <= margin && (len(rest) <= len(bare) && strings.HasPrefix(rest, ": ") || isItem(line))
}

// swallows: a text in quotes goes on to the end of the text, or to where another one begins.
func swallows(text string, from, to int) bool {
	if to == len(text) && (to == from+1 || text[to-1] != text[from]) {
		return true
	}
	rest := strings.TrimLeft(text[to:], " \t")
	before := strings.TrimRight(text[from+1:to-1], " \t\n")
	return rest != "" && strings.IndexByte(",]}:#\r\n", rest[0]) < 0 && before != "" &&
		strings.IndexByte(",[{:", before[len(before)-1]) >= 0
}
