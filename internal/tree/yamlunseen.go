package tree

import (
	"strings"
	"unicode/utf8"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// unseen warns of the keys and the values without quotes that have a character which looks like a blank or like
// nothing: for YAML it is one like any other.
func (y *yamlReader) unseen(root Node) []diag.Problem {
	if strings.IndexFunc(y.doc.Text, diag.IsBlank) < 0 {
		return nil
	}
	var l diag.List
	y.unseenBelow(root, &l)
	return l.All()
}

func (y *yamlReader) unseenBelow(n Node, l *diag.List) {
	if n.Aliased() || n.Inherited() {
		return
	}
	if n.IsMember() {
		y.unseenIn("a key", n.KeyPlace().Span, l)
	}
	if kind := n.Kind(); kind != List && kind != Object && !n.Quoted() {
		y.unseenIn("a value without quotes", n.Span(), l)
	}
	for c := range n.Children() {
		y.unseenBelow(c, l)
	}
}

// unseenIn tells of the first such character of a key or a value that has no quotes.
func (y *yamlReader) unseenIn(what string, span diag.Span, l *diag.List) {
	text := y.doc.Text[span.Start:span.End]
	at := strings.IndexFunc(text, diag.IsBlank)
	for at >= 0 && joins(text, at) {
		_, size := utf8.DecodeRuneInString(text[at:])
		next := strings.IndexFunc(text[at+size:], diag.IsBlank)
		if next < 0 {
			return
		}
		at += size + next
	}
	if at < 0 || text[0] == '"' || text[0] == '\'' {
		return
	}
	p, kept := l.Next(diag.Problem{Severity: diag.Warning, Stricter: true, Code: codes.InvisibleCharacter, Path: "$"})
	if !kept {
		return
	}
	r, size := utf8.DecodeRuneInString(text[at:])
	p.Place = diag.Place{Doc: y.doc, Span: diag.Span{Start: span.Start + at, End: span.Start + at + size}}
	p.Message = "the character " + diag.Character(r) + " is part of " + what
	p.Hint = "write a usual blank, or nothing, in its place; if it is meant, put all of it into quotes"
}

// joins: the character changes how one beside it that is not of ASCII is written, as in many scripts and pictures.
func joins(text string, at int) bool {
	r, size := utf8.DecodeRuneInString(text[at:])
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	after, _ := utf8.DecodeRuneInString(text[at+size:])
	isJoiner := r == '\u200c' || r == '\u200d' || r >= '\ufe00' && r <= '\ufe0f' || r >= 0xe0100 && r <= 0xe01ef
	return isJoiner && (at > 0 && before > '~' || at+size < len(text) && after > '~')
}
