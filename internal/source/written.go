package source

import (
	"net/url"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// A Spelling finds parts of a content in the data: URL that has it. It reads the URL once.
type Spelling struct {
	raw     string
	start   int   // of the content in the URL
	escaped bool  // a % begins an escape
	marks   []int // where in the URL each markStep-th byte of the content stands
}

const markStep = 256

// Spell prepares the search for parts of a content; it finds none where that is packed in base64.
func Spell(raw string) *Spelling {
	h := header{raw: raw, pos: len(dataPrefix)}
	if !isData(raw) || h.read() != nil || h.base64 {
		return &Spelling{}
	}
	s := &Spelling{raw: raw, start: h.pos + 1}
	_, err := url.PathUnescape(raw[s.start:])
	s.escaped = err == nil
	n := 0
	for at := s.start; at < len(raw); at = s.next(at) {
		if n%markStep == 0 {
			s.marks = append(s.marks, at)
		}
		n++
	}
	return s
}

// next goes over one byte of the content.
func (s *Spelling) next(at int) int {
	if s.raw[at] == '%' && s.escaped {
		return at + 3
	}
	return at + 1
}

// offset gives the place in the URL of a byte of the content.
func (s *Spelling) offset(n int) int {
	mark := min(n/markStep, len(s.marks)-1)
	at := s.marks[mark]
	for i := mark * markStep; i < n && at < len(s.raw); i++ {
		at = s.next(at)
	}
	return min(at, len(s.raw))
}

// Find gives a part of the content as it stands in the URL; ok is false where it does not.
func (s *Spelling) Find(part diag.Span) (written diag.Span, ok bool) {
	if len(s.marks) == 0 {
		return diag.Span{}, false
	}
	written = diag.Span{Start: s.offset(part.Start), End: s.offset(part.End)}
	return written, written.Start < written.End
}
