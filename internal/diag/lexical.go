package diag

import (
	"slices"
	"strconv"
	"strings"
)

// lexicalSecrets gives the spans of a line that may be secrets, in a text that could not be parsed: every word but
// keys, numbers, true, false, null, the value of a version or variant, and words and paths under a known key that has
// no secrets. A line of a block of text has no keys, as it may be the content of a file.
func (d *Document) lexicalSecrets(line Span) []Span {
	text, inBlock := d.Text, d.inBlock(line)
	var spans []Span
	starts, flow, key := true, false, ""
	for i := line.Start; i < line.End; {
		end := wordEnd(text[:line.End], i)
		if end == i {
			flow = flow || text[i] == '{'
			starts = starts && text[i] != ':' || text[i] == '{' || flow && text[i] == ','
			i++
			continue
		}
		word, after := text[i:end], strings.TrimLeft(text[end:line.End], " \t")
		bare := strings.Trim(word, `"'`)
		known, _ := d.key(bare)
		isKey := MayShow(bare) && (strings.HasPrefix(after, ":") && (word[0] == '"' || starts) || starts && known &&
			!flow)
		switch {
		case isKey && !inBlock:
			key = bare
		case isPlain(word), saysVersion(key, bare):
			key = ""
		default:
			if known, secret := d.key(key); inBlock || !known || secret || !MayShow(strings.TrimPrefix(bare, "/")) {
				spans = append(spans, Span{i, end})
			}
			key = ""
		}
		starts = starts && strings.Trim(word, "-") == ""
		i = end
	}
	return spans
}

// key says what is known of a key: see Keys.
func (d *Document) key(name string) (known, secret bool) {
	if d.Keys == nil || name == "" {
		return false, false
	}
	return d.Keys(name)
}

// inBlock: the line is one of a block of text in YAML, below a key whose line ends in | or >.
func (d *Document) inBlock(line Span) bool {
	indent := indentOf(d.Text[line.Start:line.End])
	for end := line.Start - 1; end > 0 && indent > 0; {
		start := strings.LastIndexByte(d.Text[:end], '\n') + 1
		above := d.Text[start:end]
		end = start - 1
		if bare := strings.TrimSpace(above); bare == "" || indentOf(above) >= indent {
			continue
		}
		indent = indentOf(above)
		if head := strings.TrimRight(above, " \t\r+-0123456789"); strings.HasSuffix(head, "|") ||
			strings.HasSuffix(head, ">") {
			return true
		}
	}
	return false
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }

func isPlain(word string) bool {
	_, err := strconv.ParseFloat(word, 64)
	return err == nil || slices.Contains([]string{"true", "false", "null"}, strings.ToLower(word)) ||
		strings.Trim(word, "-") == ""
}

// saysVersion: the value belongs to a version or a variant, and looks like one, so it is no secret.
func saysVersion(key, value string) bool {
	const longest = 24
	digits := strings.TrimSuffix(value, "-experimental")
	switch {
	case len(value) > longest:
		return false
	case key == "version":
		return strings.Trim(digits, "0123456789.") == ""
	}
	return key == "variant" && strings.Trim(value, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && MayShow(value)
}

// wordEnd finds the end of the word that starts at i, or i where there is none.
func wordEnd(text string, i int) int {
	const structure = " \t\r\n{}[],:"
	if text[i] != '"' {
		if n := strings.IndexAny(text[i:], structure+`"`); n >= 0 {
			return i + n
		}
		return len(text)
	}
	for j := i + 1; j < len(text); j++ {
		switch text[j] {
		case '\\':
			j++
		case '"':
			return j + 1
		}
	}
	return len(text)
}
