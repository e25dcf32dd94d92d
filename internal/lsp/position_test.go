package lsp

import (
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
		x := newIndex(text, e)
		for at := range text {
			if at > 0 && text[at] == '\n' && text[at-1] == '\r' {
				continue // it is within what ends a line
			}
			p := x.position(at)
			require.Equal(t, at, x.offset(p))
			require.Equal(t, at, seek([]byte(text), p, e))
		}
	})
}

// What a client and the server make of edits is the same text. The client has it as code units.
func TestEditsAreThoseOfTheClient(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		alphabet := rapid.StringOf(rapid.RuneFrom([]rune("ab\né😀")))
		text := alphabet.Draw(t, "text")
		units := utf16.Encode([]rune(text))
		var changes []change
		for range rapid.IntRange(1, 5).Draw(t, "changes") {
			written := alphabet.Draw(t, "written")
			now := string(utf16.Decode(units))
			x := newIndex(now, utf16Units)
			a := boundary(now, rapid.IntRange(0, len(now)).Draw(t, "start"))
			b := boundary(now, rapid.IntRange(a, len(now)).Draw(t, "end"))
			changes = append(changes, change{Range: &textRange{x.position(a), x.position(b)}, Text: written})
			units = utf16.Encode([]rune(now[:a] + written + now[b:]))
		}
		require.Equal(t, string(utf16.Decode(units)), edited(text, changes, utf16Units))
	})
	assert.Equal(t, "c", edited("ab", []change{{Text: "c"}}, utf16Units), "all of it")
	assert.Equal(t, "axb", edited("ab", []change{{Range: &textRange{position{0, 1}, position{0, 0}}, Text: "x"}},
		utf16Units), "an end before the start is at the start")
}

// boundary is the beginning of the character that an offset is in.
func boundary(text string, at int) int {
	for at > 0 && at < len(text) && text[at]&0xc0 == 0x80 {
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
