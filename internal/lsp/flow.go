package lsp

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// A bracket is an object or a list in brackets that is still open.
type bracket struct {
	owner  int32 // the entry whose value it is
	list   bool
	member int32 // the member of the object that has no value yet, -1 for none
}

// brackets are those that are open, the outermost first.
type brackets struct {
	all   []bracket
	lists int // how many of them are lists
}

func (b *brackets) top() *bracket { return &b.all[len(b.all)-1] }

// flow reads what is in brackets, which begin here and are the value of the entry. Commas and colons may be missing,
// and so may brackets: one that closes also closes those within, and in YAML all end with a line that is as far left as
// the entry.
func (s *scanner) flow(owner int32) {
	var b brackets
	s.open(&b, owner)
	for s.pos < len(s.text) && len(b.all) > 0 {
		switch c := s.text[s.pos]; c {
		case ' ', '\t':
			s.pos++
		case '\n', '\r':
			if !s.json && s.leaves(s.pos) {
				s.close(&b, 0)
				return
			}
			s.pos = nextLine(s.text, s.pos)
		case '{', '[':
			s.open(&b, s.place(&b, diag.Span{Start: s.pos, End: s.pos}))
		case '}', ']':
			s.shut(&b, c == ']')
		case ',':
			b.top().member = -1
			s.pos++
		case ':':
			s.colon(&b)
		case '#':
			if !s.json {
				s.pos = lineEnd(s.text, s.pos)
				continue
			}
			s.scalar(&b)
		default:
			s.scalar(&b)
		}
	}
	s.close(&b, 0)
}

// open begins a bracket that is the value of an entry.
func (s *scanner) open(b *brackets, owner int32) {
	e := &s.entries[owner]
	e.open, e.value = s.text[s.pos], diag.Span{Start: s.pos, End: len(s.text)}
	list := e.open == '['
	b.all = append(b.all, bracket{owner, list, -1})
	if list {
		b.lists++
	}
	s.pos++
}

// shut ends the innermost bracket of a kind, and those in it. One that nothing has begun is passed over.
func (s *scanner) shut(b *brackets, list bool) {
	s.pos++
	if list && b.lists == 0 || !list && b.lists == len(b.all) {
		return
	}
	for b.top().list != list {
		s.close(b, len(b.all)-1)
	}
	s.entries[b.top().owner].closed = true
	s.close(b, len(b.all)-1)
}

// close ends brackets here until so many are left.
func (s *scanner) close(b *brackets, left int) {
	for len(b.all) > left {
		if b.top().list {
			b.lists--
		}
		s.entries[b.top().owner].value.End = s.pos
		b.all = b.all[:len(b.all)-1]
	}
}

// colon: the value of the word before it follows.
func (s *scanner) colon(b *brackets) {
	s.pos++
	if m := b.top().member; m >= 0 {
		s.entries[m].bare = false
		s.entries[m].value = diag.Span{Start: s.pos, End: s.pos}
	}
}

// place gives the entry that a value belongs to: an item, or the member that waits for one.
func (s *scanner) place(b *brackets, at diag.Span) int32 {
	top := b.top()
	if top.list {
		return s.add(entry{parent: top.owner, column: -1, item: true, at: at.Start, value: at})
	}
	if m := top.member; m >= 0 && !s.entries[m].bare {
		top.member = -1
		s.entries[m].value = at
		return m
	}
	top.member = -1
	return s.add(entry{parent: top.owner, column: -1, bare: true, at: at.Start, key: diag.Span{Start: at.Start,
		End: at.Start}, value: at})
}

// scalar reads a text in quotes or a word: a key, a value or an item.
func (s *scanner) scalar(b *brackets) {
	word := diag.Span{Start: s.pos}
	if c := s.text[s.pos]; c == '"' || c == '\'' && !s.json {
		word.End = s.quotedEnd(s.pos, true)
	} else {
		word.End = s.wordEnd()
	}
	s.pos = word.End
	top := b.top()
	if m := top.member; top.list || m >= 0 && !s.entries[m].bare {
		s.place(b, word)
		return
	}
	top.member = s.add(entry{parent: top.owner, column: -1, bare: true, at: word.Start, key: word,
		value: diag.Span{Start: word.End, End: word.End}})
}

// wordEnd is where a word in brackets ends. In YAML a colon is part of it where no blank follows.
func (s *scanner) wordEnd() int {
	end := s.pos + 1
	for ; !ends(s.text, end); end++ {
		c := s.text[end]
		if strings.IndexByte(",[]{}", c) >= 0 || c == '"' && s.json || c == ':' && (s.json || parts(s.text, end+1) ||
			strings.IndexByte(",[]{}", s.text[end+1]) >= 0) || c == '#' && s.text[end-1] == ' ' && !s.json {
			break
		}
	}
	return s.pos + len(strings.TrimRight(s.text[s.pos:end], " \t"))
}
