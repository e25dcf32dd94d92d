package tree

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v4"
)

// The library says where it could not go on. What is wrong is often lines above: a line that has slipped out of a block
// of text, a quote or a bracket that is not closed, a key without its colon. A blamer takes the text apart, block by
// block, and has the library read each part by itself: the first part that cannot be read, and cannot be read together
// with what follows, has the mistake.
type blamer struct {
	lines  []string // without their line breaks; the dashes of items that have been gone into are blanks
	budget int      // how many bytes may still be read
}

// A blame is the line that most likely has the mistake, counted from 0.
type blame struct {
	line  int
	block int // where a block of text starts that the line may have slipped out of, else -1
}

var nowhere = blame{-1, -1}

// blameYAML finds the line of a text that cannot be read. It reads each line a few dozen times at most.
func blameYAML(text string) blame {
	lines := strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	b := &blamer{lines, 32*len(text) + 1<<16}
	return b.find(0, b.document())
}

// document is the first line of the first document. The line --- becomes blank.
func (b *blamer) document() int {
	begun := false
	for i, line := range b.lines {
		switch {
		case line == "---" && !begun, strings.HasPrefix(line, "%") && !begun:
			b.lines[i] = ""
		case begun && (line == "---" || line == "..." || strings.HasPrefix(line, "--- ")):
			return i
		}
		begun = begun || line == "---" || says(line) && !strings.HasPrefix(line, "%")
	}
	return len(b.lines)
}

// says: the line is neither blank nor a comment.
func says(line string) bool {
	bare := strings.TrimLeft(line, " \t")
	return bare != "" && bare[0] != '#'
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

func isItem(line string) bool {
	bare := strings.TrimLeft(line, " ")
	return bare == "-" || strings.HasPrefix(bare, "- ")
}

// isTemplate: the line is for a program that makes YAML of the text.
func isTemplate(line string) bool {
	bare := strings.TrimLeft(line, " -")
	return strings.HasPrefix(bare, "{{") || strings.HasPrefix(bare, "{%")
}

// lacksBlank: a dash that was meant to start an item is part of a key, because no blank follows it.
func lacksBlank(line string) bool {
	bare := strings.TrimLeft(line, " ")
	return len(bare) > 1 && bare[0] == '-' && bare[1] != ' ' && bare[1] != '-'
}

// next is the first line, from one on, that is neither blank nor a comment; to where there is none.
func (b *blamer) next(from, to int) int {
	for from < to && !says(b.lines[from]) {
		from++
	}
	return from
}

// find looks for the mistake in the lines of one block: a mapping or a list.
func (b *blamer) find(from, to int) blame {
	from = b.next(from, to)
	switch {
	case from == to:
		return nowhere
	case isTemplate(b.lines[from]):
		return blame{from, -1}
	case strings.IndexByte("\"'", strings.TrimLeft(b.lines[from], " ")[0]) >= 0:
		if !isQuotedKey(b.lines[from]) {
			return blame{from, -1}
		}
	case strings.IndexByte("{[?&!|>", strings.TrimLeft(b.lines[from], " ")[0]) >= 0:
		return nowhere // a value of another form, of which the library knows best
	}
	margin, list := indentOf(b.lines[from]), isItem(b.lines[from])
	if found := b.mixed(from, to, margin); found >= 0 && !list {
		return blame{found, -1}
	}
	starts := b.parts(from, to, margin, list)
	for i, before := 0, -1; i+1 < len(starts) && b.budget > 0; {
		part := starts[i]
		if indentOf(b.lines[part]) < margin {
			return blame{part, b.textBlock(before, part)}
		}
		item := isItem(b.lines[part])
		end := b.readable(starts[i:], list)
		if end == 0 && list && !item {
			return blame{part, b.textBlock(before, part)}
		}
		if end == 0 {
			found := b.within(part, starts[i+1], list)
			if found.line == part && !item {
				found.block = b.textBlock(before, part)
			}
			return found
		}
		before, i = part, i+end
	}
	return nowhere
}

// isQuotedKey: the line starts with a text in quotes that is a key.
func isQuotedKey(line string) bool {
	at := indentOf(line)
	return strings.HasPrefix(strings.TrimLeft(line[quotedEnd(line, at, line[at]):], " "), ":")
}

// mixed finds a line that is no item in a block of items, or the other way round: whichever the block has less of. An
// item below a key without a value belongs to that key. The block starts with a key.
func (b *blamer) mixed(from, to, margin int) int {
	key, item, more := -1, -1, 0
	takes := false // the line above may have a list for its value
	for i := from; i < to; i++ {
		switch {
		case !says(b.lines[i]) || indentOf(b.lines[i]) != margin:
			continue
		case !isItem(b.lines[i]):
			value, isKey := valueOf(b.lines[i])
			value = strings.TrimSpace(value)
			if takes = isKey && (value == "" || strings.IndexByte("#&!|>", value[0]) >= 0); !takes && key < 0 {
				key = i
			}
			more--
		case !takes:
			if more++; item < 0 {
				item = i
			}
		}
	}
	switch {
	case item < 0:
		return -1
	case more < 0:
		return item
	}
	return from
}

// parts gives the lines at which the keys or the items of a block start, and the end of the block. A list may stand
// below its key without being indented.
func (b *blamer) parts(from, to, margin int, list bool) []int {
	var starts []int
	for i := from; i < to; i++ {
		line := b.lines[i]
		if says(line) && indentOf(line) <= margin && (list || indentOf(line) < margin || !isItem(line) || i == from) {
			starts = append(starts, i)
		}
	}
	return append(starts, to)
}

// readable gives how many parts, together, can be read, 0 for none: quotes and brackets may go on in what looks like
// the next parts.
func (b *blamer) readable(starts []int, list bool) int {
	const most = 8
	for n := 1; n < len(starts) && n <= most; n++ {
		if ok, _ := b.read(starts[0], starts[n], list); ok {
			return n
		}
	}
	return 0
}

// read has the library read lines as a mapping or a list. at is the line at which it could not go on.
func (b *blamer) read(from, to int, list bool) (ok bool, at int) {
	text := strings.Join(b.lines[from:to], "\n") + "\n"
	b.budget -= len(text)
	var root [1]yaml.Node
	count, err := loadYAML(text, root[:], anchors{anyAnchor: nil})
	var found *yaml.LoadError
	switch {
	case err != nil && errors.As(err, &found):
		return false, min(from+max(found.Mark.Line-1, 0), to)
	case err != nil || count == 0 || len(root[0].Content) == 0:
		return err == nil, to
	}
	want := yaml.MappingNode
	if list {
		want = yaml.SequenceNode
	}
	return root[0].Content[0].Kind == want, from
}

// within looks for the mistake in one part that cannot be read: a key with its value, or an item.
func (b *blamer) within(from, to int, list bool) blame {
	if list {
		dash := indentOf(b.lines[from])
		b.lines[from] = b.lines[from][:dash] + " " + b.lines[from][dash+1:]
		found := b.find(from, to)
		if found.line < 0 {
			found.line = b.ends(from, to, false)
		}
		return found
	}
	value, isKey := valueOf(b.lines[from])
	switch ok, _ := b.read(from, from+1, false); {
	case lacksBlank(b.lines[from]), b.next(from+1, to) == to, !isKey:
		return blame{from, -1}
	case !ok:
		return blame{b.ends(from, to, true), -1}
	case value == "":
		if found := b.find(from+1, to); found.line >= 0 {
			return found
		}
	case value[0] == '|' || value[0] == '>':
		if slipped := b.slipped(from+1, to, b.leastIndent(from, value)); slipped < to {
			return blame{slipped, from}
		}
	}
	return blame{b.ends(from, to, false), -1}
}

// ends is the line at which the library cannot go on. Where a quote or the like runs to the end of the lines, it is the
// first line.
func (b *blamer) ends(from, to int, open bool) int {
	if _, at := b.read(from, to, false); at < to && (!open || at > from) && says(b.lines[at]) {
		return at
	}
	return from
}

// leastIndent is how far the lines of a block of text are indented, 0 where its first line shows it.
func (b *blamer) leastIndent(key int, sign string) int {
	if digit := strings.IndexAny(sign, "123456789"); digit > 0 && digit < 3 {
		return indentOf(b.lines[key]) + int(sign[digit]-'0')
	}
	return 0
}

// slipped is the first line of a block of text that stands left of the margin of its lines, or a blank line before the
// first line that stands right of it; to where there is none.
func (b *blamer) slipped(from, to, least int) int {
	first := from
	for first < to && strings.Trim(b.lines[first], " ") == "" {
		first++
	}
	if first == to {
		return to
	}
	if least == 0 {
		least = indentOf(b.lines[first])
		for i := from; i < first; i++ {
			if len(b.lines[i]) > least {
				return i
			}
		}
	}
	for i := first; i < to; i++ {
		if strings.Trim(b.lines[i], " ") != "" && indentOf(b.lines[i]) < least {
			return i
		}
	}
	return to
}

// textBlock finds the block of text that the part before a line ends in, or -1.
func (b *blamer) textBlock(part, line int) int {
	for i := line - 1; part >= 0 && i >= part; i-- {
		if value, isKey := valueOf(b.lines[i]); isKey && value != "" && (value[0] == '|' || value[0] == '>') {
			return i
		} else if isKey && indentOf(b.lines[i]) <= indentOf(b.lines[line]) {
			return -1
		}
	}
	return -1
}

// valueOf divides a line at the colon after its key.
func valueOf(line string) (value string, isKey bool) {
	_, value, isKey = strings.Cut(line, ": ")
	if !isKey {
		_, value, isKey = strings.Cut(strings.TrimRight(line, " \t"), ":")
		isKey = isKey && value == ""
	}
	return strings.TrimLeft(value, " "), isKey
}
