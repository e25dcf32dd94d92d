package diag_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
)

func TestPositionCountsFromOneInBytes(t *testing.T) {
	for _, c := range []struct {
		claim, text       string
		offset, line, col int
	}{
		{"an empty text", "", 0, 1, 1},
		{"past an empty text", "", 5, 1, 1},
		{"the first byte", "ab", 0, 1, 1},
		{"after the last byte", "ab", 2, 1, 3},
		{"past the end is after the last byte", "ab", 99, 1, 3},
		{"before the start is the start", "ab", -1, 1, 1},
		{"a line break belongs to its line", "ab\ncd", 2, 1, 3},
		{"the line after it", "ab\ncd", 3, 2, 1},
		{"the carriage return is a byte of its line", "ab\r\ncd", 3, 1, 4},
		{"the line after CR LF", "ab\r\ncd", 4, 2, 1},
		{"after a final line break", "ab\n", 3, 2, 1},
		{"an empty line", "\n\n\n", 1, 2, 1},
		{"a lone CR ends no line", "a\rb", 2, 1, 3},
		{"columns are bytes", "äb", 2, 1, 3},
	} {
		doc := &diag.Document{Text: c.text}
		line, col := doc.Position(c.offset)
		assert.Equal(t, [2]int{c.line, c.col}, [2]int{line, col}, c.claim)
	}
}

// Wherever a character stands, those before it on its line count, as when the line is counted by itself.
func TestCharactersOfALineCountFromOne(t *testing.T) {
	text := "\ufeffa\n\n" + strings.Repeat("aä€😀\xff", 300) + "\r\n" + strings.Repeat("ä", 700) + "\n"
	doc := &diag.Document{Text: text}
	for offset := range len(text) + 1 {
		start := strings.LastIndexByte(text[:offset], '\n') + 1
		line, col := doc.Characters(offset)
		want := [2]int{strings.Count(text[:offset], "\n") + 1, len([]rune(text[start:offset])) + 1}
		require.Equal(t, want, [2]int{line, col}, offset)
	}
	for offset, want := range map[int][2]int{-1: {1, 1}, len(text) + 9: {5, 1}} {
		line, col := doc.Characters(offset)
		assert.Equal(t, want, [2]int{line, col}, offset)
	}
	line, col := (&diag.Document{}).Characters(1)
	assert.Equal(t, [2]int{1, 1}, [2]int{line, col})
}

func TestPlacesAndProblemsAsText(t *testing.T) {
	doc := &diag.Document{Name: "a.ign", Text: "x\ny"}
	place := diag.Place{Doc: doc, Span: diag.Span{Start: 2, End: 3}}
	assert.Empty(t, diag.Place{}.String())
	assert.Equal(t, "a.ign:2:1", place.String())
	assert.Equal(t, "a.ign:2:1: $.y: m", diag.Problem{Place: place, Path: "$.y", Message: "m"}.Error())
	assert.Equal(t, "a.ign:2:1: m", diag.Problem{Place: place, Message: "m"}.Error())
	assert.Equal(t, "$.y: m", diag.Problem{Path: "$.y", Message: "m"}.Error())
	assert.Equal(t, "m", diag.Problem{Message: "m"}.Error())
	assert.EqualError(t, &diag.Fault{Message: "m"}, "m")
}

func TestAudiencesAreToldDifferentThings(t *testing.T) {
	all := []diag.Problem{
		{Severity: diag.Error, Code: "plain"}, {Severity: diag.Error, Code: "stricter", Stricter: true},
		{Severity: diag.Warning, Code: "stricter-warning", Stricter: true},
		{Severity: diag.Advice, Code: "advice", Stricter: true},
		{Severity: diag.Warning, Code: "laxer", Laxer: true},
	}
	told := func(audience diag.Audience) string {
		var codes []string
		for _, p := range diag.For(audience, all) {
			codes = append(codes, fmt.Sprintf("%s %s", p.Severity, p.Code))
		}
		return strings.Join(codes, ", ")
	}
	assert.Equal(t, "error plain, error stricter, warning stricter-warning, advice advice, warning laxer",
		told(diag.Workstation))
	assert.Equal(t, "error plain, warning stricter, warning stricter-warning, warning laxer",
		told(diag.Boot))
	assert.Equal(t, "error plain, error laxer", told(diag.Peer))
	assert.Equal(t, diag.Error, all[1].Severity, "the problems themselves stay")
}

func TestFatalIsAnyError(t *testing.T) {
	assert.False(t, diag.Fatal(nil))
	assert.False(t, diag.Fatal([]diag.Problem{{Severity: diag.Advice}, {Severity: diag.Warning}}))
	assert.True(t, diag.Fatal([]diag.Problem{{Severity: diag.Warning}, {Severity: diag.Error}}))
}

func TestSortIsByDocumentAndPlaceAndStable(t *testing.T) {
	a, b := &diag.Document{Name: "a"}, &diag.Document{Name: "b"}
	at := func(doc *diag.Document, start int, message string) diag.Problem {
		return diag.Problem{Place: diag.Place{Doc: doc, Span: diag.Span{Start: start}}, Message: message}
	}
	problems := []diag.Problem{at(b, 1, "6"), at(a, 5, "3"), at(a, 2, "2"), at(a, 5, "4"), at(b, 0, "5"),
		at(nil, 9, "1")}
	diag.Sort(problems)
	var order string
	for _, p := range problems {
		order += p.Message
	}
	assert.Equal(t, "123456", order)
}
