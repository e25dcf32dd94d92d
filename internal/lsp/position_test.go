package lsp

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPositionsInAText(t *testing.T) {
	const text = "aé😀b\r\nc\rd\n\n"
	for _, c := range []struct {
		claim           string
		offset          int
		line            uint32
		in8, in16, back uint32 // back is the column of UTF-16 past the end that leads to the same offset, 0 for none
	}{
		{"the beginning", 0, 0, 0, 0, 0},
		{"behind a character of two bytes", 3, 0, 3, 2, 0},
		{"behind a character beyond the basic plane", 7, 0, 7, 4, 0},
		{"the end of a line", 8, 0, 8, 5, 99},
		{"a line that ends with a carriage return", 10, 1, 0, 0, 0},
		{"its end", 11, 1, 1, 1, 7},
		{"the line after it", 12, 2, 0, 0, 0},
		{"an empty line", 14, 3, 0, 0, 3},
		{"the end", 15, 4, 0, 0, 1 << 31},
	} {
		for e, column := range map[encoding]uint32{utf8Bytes: c.in8, utf16Units: c.in16} {
			x := newIndex(text, e)
			assert.Equal(t, position{c.line, column}, x.position(c.offset), c.claim)
			assert.Equal(t, c.offset, x.offset(position{c.line, column}), c.claim)
			if c.back > 0 {
				assert.Equal(t, c.offset, x.offset(position{c.line, c.back}), c.claim)
			}
		}
	}
	x := newIndex(text, utf16Units)
	assert.Equal(t, 3, x.offset(position{0, 3}), "within a pair of surrogates it is the character's place")
	assert.Equal(t, len(text), x.offset(position{1 << 31, 0}), "below the text it is its end")
	assert.Equal(t, position{0, 0}, x.position(-5))
}

// Any offset at the beginning of a character is found again by its position, in a line of any length.
func TestPositionsAndOffsetsAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Repeat(rapid.StringOfN(rapid.RuneFrom([]rune("ab\n\ré😀")), 1, 40, -1).Draw(t, "text"),
			rapid.SampledFrom([]int{1, 200}).Draw(t, "times"))
		e := rapid.SampledFrom([]encoding{utf8Bytes, utf16Units}).Draw(t, "encoding")
		x, r := newIndex(text, e), newRope(text, e)
		for at := range text {
			if at > 0 && text[at] == '\n' && text[at-1] == '\r' {
				continue // it is within what ends a line
			}
			p := x.position(at)
			require.Equal(t, at, x.offset(p))
			require.Equal(t, at, r.offset(p, e))
		}
	})
}

// What a client and the server make of edits is the same text. The client has it as code units.
func TestEditsAreThoseOfTheClient(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.StringOf(rapid.RuneFrom([]rune("ab\n\ré😀")))
		drawn := func(what string) string {
			return strings.Repeat(letters.Draw(t, what), rapid.SampledFrom([]int{1, 1, 300}).Draw(t, what+" times"))
		}
		text := drawn("text")
		units := utf16.Encode([]rune(text))
		var changes []change
		for range rapid.IntRange(1, 12).Draw(t, "changes") {
			written := drawn("written")
			now := string(utf16.Decode(units))
			x := newIndex(now, utf16Units)
			a := boundary(now, rapid.IntRange(0, len(now)).Draw(t, "start"))
			b := boundary(now, rapid.IntRange(a, len(now)).Draw(t, "end"))
			changes = append(changes, change{Range: &textRange{x.position(a), x.position(b)}, Text: written})
			units = utf16.Encode([]rune(now[:a] + written + now[b:]))
		}
		require.Equal(t, string(utf16.Decode(units)), edited(text, changes, utf16Units))
	})
	whole, first := change{Text: "c"}, &textRange{position{0, 0}, position{0, 1}}
	assert.Equal(t, "c", edited("ab", []change{whole}, utf16Units), "all of it")
	assert.Equal(t, "xyz", edited("ab", []change{{Range: first, Text: "d"}, whole, {Range: first, Text: "xy"},
		{Range: &textRange{position{0, 2}, position{9, 9}}, Text: "z"}}, utf16Units), "all of it, and more")
	assert.Equal(t, "axb", edited("ab", []change{{Range: &textRange{position{0, 1}, position{0, 0}}, Text: "x"}},
		utf16Units), "an end before the start is at the start")
	assert.Empty(t, edited("ab", []change{{Range: &textRange{End: position{1, 0}}}}, utf16Units), "nothing is left")
}

// A place in a rope is found in as many steps as the text has doublings, wherever it has been edited.
func TestARopeIsAsHighOnAllSides(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	places := map[string]func(r *rope) int{
		"anywhere":         func(r *rope) int { return random.IntN(r.sum.bytes) },
		"at the beginning": func(*rope) int { return 0 },
		"at the end":       func(r *rope) int { return r.sum.bytes },
		"in the middle":    func(r *rope) int { return r.sum.bytes / 2 },
	}
	for claim, place := range places {
		for _, written := range []string{"", "a", strings.Repeat("a", 3*pieceMost/4)} {
			r := newRope(strings.Repeat("a", 4000*pieceMost), utf8Bytes)
			for range 3000 {
				at := uint32(place(r))
				r = r.replace(change{&textRange{position{0, at}, position{0, at + 9}}, written}, utf8Bytes)
				r = r.replace(change{&textRange{position{0, at / 2}, position{0, at / 2}}, "b"}, utf8Bytes)
			}
			pieces := isEven(t, r)
			assert.LessOrEqual(t, float64(r.height), 1.5*math.Log2(float64(pieces))+2, claim)
			assert.LessOrEqual(t, pieces, 4000*2+3000*5, claim)
		}
	}
}

// isEven holds that sides differ by one level at most, and counts the pieces.
func isEven(t *testing.T, r *rope) (pieces int) {
	t.Helper()
	if r.height == 0 {
		require.LessOrEqual(t, len(r.piece), pieceMost)
		return 1
	}
	require.LessOrEqual(t, max(r.left.height-r.right.height, r.right.height-r.left.height), 1)
	return isEven(t, r.left) + isEven(t, r.right)
}

// boundary is the beginning of the character that an offset is in, or of the end of the line.
func boundary(text string, at int) int {
	for at > 0 && at < len(text) && (text[at]&0xc0 == 0x80 || text[at-1:at+1] == "\r\n") {
		at--
	}
	return at
}

func TestNamesOfFiles(t *testing.T) {
	for uri, want := range map[string]string{
		"file:///a/b.ign": "/a/b.ign", "file:///a%20b": "/a b", "file://localhost/a": "/a", "file://host/a": "//host/a",
		"file:///C:/a": "C:/a", "untitled:Untitled-1": "untitled:Untitled-1", "file:///%zz": "file:///%zz", "": "",
		"http://a/b": "http://a/b", "file:": "file:", "\x00": "\x00", "git:/a?b": "git:/a?b",
	} {
		assert.Equal(t, want, nameOf(uri), uri)
	}
	assert.Equal(t, "file:///a%20b%25", uriOf("/a b%"))
	assert.Equal(t, "file:///C:/a", uriOf("C:/a"))
}
