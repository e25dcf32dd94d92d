package lsp

import (
	"strings"
	"unicode/utf8"
)

// A rope is a text that is edited in many places: a tree of short pieces, as high on one side as on the other but for
// one level, so that any place is found in as many steps as the text has doublings. A nil rope is the empty text.
type rope struct {
	sum         sum
	height      int    // 0 for a piece
	piece       string // at least a byte; of pieces alone
	left, right *rope
}

// pieceMost is how many bytes a piece has at most.
const pieceMost = 256

// A sum is what a part of a text has.
type sum struct {
	bytes, units int
	breaks       int  // ends of lines: \n, \r\n or \r
	begins, ends byte // the first and the last byte
}

// split: an end of a line begins in one part and ends in the next one.
func (s sum) split(next sum) bool { return s.ends == '\r' && next.begins == '\n' }

func (s sum) plus(next sum) sum {
	breaks := s.breaks + next.breaks
	if s.split(next) {
		breaks--
	}
	return sum{s.bytes + next.bytes, s.units + next.units, breaks, s.begins, next.ends}
}

// summed is the sum of a piece.
func summed(piece string, e encoding) sum {
	breaks := strings.Count(piece, "\n") + strings.Count(piece, "\r") - strings.Count(piece, "\r\n")
	return sum{len(piece), e.count(piece), breaks, piece[0], piece[len(piece)-1]}
}

// newRope makes a rope of a text.
func newRope(text string, e encoding) *rope {
	if text == "" {
		return nil
	}
	if len(text) <= pieceMost {
		return &rope{sum: summed(text, e), piece: text}
	}
	half := len(text) / 2
	for range utf8.UTFMax - 1 { // no character is in two pieces
		if !utf8.RuneStart(text[half]) {
			half--
		}
	}
	return join(newRope(text[:half], e), newRope(text[half:], e), e)
}

// pair makes a rope of two that are about as high.
func pair(left, right *rope) *rope {
	return &rope{sum: left.sum.plus(right.sum), height: 1 + max(left.height, right.height), left: left, right: right}
}

// join makes a rope of two. What is higher takes the other in on its side.
func join(left, right *rope, e encoding) *rope {
	switch {
	case left == nil:
		return right
	case right == nil:
		return left
	case left.height == 0 && right.height == 0 && left.sum.bytes+right.sum.bytes <= pieceMost:
		return newRope(left.piece+right.piece, e)
	case left.height > right.height && (left.height > right.height+1 || right.height == 0):
		return leaning(left.left, join(left.right, right, e))
	case right.height > left.height && (right.height > left.height+1 || left.height == 0):
		return leaning(join(left, right.left, e), right.right)
	}
	return pair(left, right)
}

// leaning is pair of two of which one may be two levels higher, which is turned to the other side.
func leaning(left, right *rope) *rope {
	switch {
	case right.height > left.height+1 && right.left.height > right.right.height:
		return pair(pair(left, right.left.left), pair(right.left.right, right.right))
	case right.height > left.height+1:
		return pair(pair(left, right.left), right.right)
	case left.height > right.height+1 && left.right.height > left.left.height:
		return pair(pair(left.left, left.right.left), pair(left.right.right, right))
	case left.height > right.height+1:
		return pair(left.left, pair(left.right, right))
	}
	return pair(left, right)
}

// cut gives what is before an offset, and what is behind it.
func (r *rope) cut(at int, e encoding) (before, behind *rope) {
	switch {
	case r == nil || at <= 0:
		return nil, r
	case at >= r.sum.bytes:
		return r, nil
	case r.height == 0:
		return newRope(r.piece[:at], e), newRope(r.piece[at:], e)
	case at <= r.left.sum.bytes:
		before, behind = r.left.cut(at, e)
		return before, join(behind, r.right, e)
	}
	before, behind = r.right.cut(at-r.left.sum.bytes, e)
	return join(r.left, before, e), behind
}

// replace gives the rope with a change made.
func (r *rope) replace(c change, e encoding) *rope {
	start := r.offset(c.Range.Start, e)
	end := max(start, r.offset(c.Range.End, e))
	kept, behind := r.cut(end, e)
	kept, _ = kept.cut(start, e)
	return join(join(kept, newRope(c.Text, e), e), behind, e)
}

// offset is index.offset without an index, which would be made anew for each change.
func (r *rope) offset(p position, e encoding) int {
	if r == nil {
		return 0
	}
	start, is := r.line(int(p.Line))
	if !is {
		return r.sum.bytes
	}
	end, is := r.line(int(p.Line) + 1)
	switch {
	case !is:
		end = r.sum.bytes
	case r.at(end-1) == '\n' && r.at(end-2) == '\r':
		end -= 2
	default:
		end--
	}
	return max(start, min(end, r.column(r.units(start, e)+int(p.Character), e)))
}

// line is where the line of a number begins; is tells whether there is one.
func (r *rope) line(number int) (start int, is bool) {
	if number > r.sum.breaks {
		return 0, false
	}
	for r.height > 0 && number > 0 {
		whole := r.left.sum.breaks
		if r.left.sum.split(r.right.sum) {
			whole--
		}
		if number <= whole {
			r = r.left
			continue
		}
		number, start, r = number-whole, start+r.left.sum.bytes, r.right
	}
	if number == 0 {
		return start, true
	}
	l := newLines(r.piece)
	for range number {
		l.next()
	}
	return start + l.start, true
}

// at is the byte of an offset, 0 where there is none.
func (r *rope) at(offset int) byte {
	if offset < 0 {
		return 0
	}
	for r.height > 0 {
		if offset < r.left.sum.bytes {
			r = r.left
			continue
		}
		offset, r = offset-r.left.sum.bytes, r.right
	}
	return r.piece[offset]
}

// units is how many units begin before an offset.
func (r *rope) units(offset int, e encoding) (count int) {
	for r.height > 0 {
		if offset < r.left.sum.bytes {
			r = r.left
			continue
		}
		count, offset, r = count+r.left.sum.units, offset-r.left.sum.bytes, r.right
	}
	return count + e.count(r.piece[:offset])
}

// column is where a unit is, the lines being one.
func (r *rope) column(unit int, e encoding) (offset int) {
	for r.height > 0 {
		if unit < r.left.sum.units {
			r = r.left
			continue
		}
		unit, offset, r = unit-r.left.sum.units, offset+r.left.sum.bytes, r.right
	}
	return offset + columnOffset(r.piece, unit, e)
}

// write adds the text to what is written.
func (r *rope) write(b *strings.Builder) {
	switch {
	case r == nil:
	case r.height == 0:
		b.WriteString(r.piece)
	default:
		r.left.write(b)
		r.right.write(b)
	}
}
