package tree

import (
	"strings"
	"unicode/utf8"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// Unseen warns of the keys and the values of a YAML text, without quotes, that have a character which looks like a
// blank or like nothing: for YAML it is one like any other. It is for those who can still change the text; the engine
// does without.
func Unseen(root Node) []diag.Problem {
	doc := root.Document()
	if usual := usualLen(doc.Text); strings.IndexFunc(doc.Text[usual:], diag.IsBlank) < 0 {
		return nil
	}
	var l diag.List
	unseenBelow(doc, root, &l)
	return l.All()
}

// usualLen is how long a text is until a byte that may be, or begin, such a character. Most texts have none.
func usualLen(text string) int {
	for i := range len(text) {
		if c := text[i]; c >= utf8.RuneSelf || c == '\v' || c == '\f' {
			return i
		}
	}
	return len(text)
}

func unseenBelow(doc *diag.Document, n Node, l *diag.List) {
	if n.Aliased() || n.Inherited() {
		return
	}
	if n.IsMember() {
		unseenIn(doc, "a key", n.KeyPlace().Span, l)
	}
	if kind := n.Kind(); kind != List && kind != Object && !n.Quoted() {
		unseenIn(doc, "a value without quotes", n.Span(), l)
	}
	for c := range n.Children() {
		unseenBelow(doc, c, l)
	}
}

// unseenIn tells of the first such character of a key or a value that has no quotes.
func unseenIn(doc *diag.Document, what string, span diag.Span, l *diag.List) {
	text := doc.Text[span.Start:span.End]
	at := 0
	for at < len(text) {
		r, size := utf8.DecodeRuneInString(text[at:])
		if diag.IsBlank(r) && !joins(text, at) {
			break
		}
		at += size
	}
	if at == len(text) || text[0] == '"' || text[0] == '\'' {
		return
	}
	r, size := utf8.DecodeRuneInString(text[at:])
	l.Add(diag.Problem{
		Severity: diag.Warning, Stricter: true, Code: codes.InvisibleCharacter, Path: "$",
		Place:   diag.Place{Doc: doc, Span: diag.Span{Start: span.Start + at, End: span.Start + at + size}},
		Message: "the character " + diag.Character(r) + " is part of " + what,
		Hint:    "write a usual blank, or nothing, in its place; if it is meant, put all of it into quotes",
	})
}

// joins: the character changes how one beside it that is not of ASCII is written, as in many scripts and pictures.
func joins(text string, at int) bool {
	r, size := utf8.DecodeRuneInString(text[at:])
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	after, _ := utf8.DecodeRuneInString(text[at+size:])
	isJoiner := r == '\u200c' || r == '\u200d' || r >= '\ufe00' && r <= '\ufe0f' || r >= 0xe0100 && r <= 0xe01ef
	return isJoiner && (at > 0 && before > '~' || at+size < len(text) && after > '~')
}
