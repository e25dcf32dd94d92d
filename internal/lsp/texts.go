package lsp

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/glowplug-os/glowplug/internal/check"
)

// A text is one that the client has open.
type text struct {
	uri, name string
	language  string // by the client
	version   int    // by the client
	count     int    // of what the text says, in the order of all that texts have said
	says      string
	found     *outcome // of the last check of what it says now; nil while that is not known
	waiting   []request
	config    *bool // it is a config; nil while nobody has asked
	indexed   *index
	outline   *outline
}

// A request that waits for a check.
type request struct {
	id     json.RawMessage
	answer func(*outcome) (any, error)
}

// An outcome is what a check has found.
type outcome struct {
	text        *text
	count       int // of the text when the check began
	found       check.Judged
	diagnostics []diagnostic // of each problem
	index       *index
}

func (s *server) opened(m *message) error {
	p, err := params[openParams](m)
	if err != nil {
		return err
	}
	d := p.TextDocument
	if old := s.texts[d.URI]; old != nil {
		s.forget(old)
	}
	t := &text{uri: d.URI, name: nameOf(d.URI), language: d.LanguageID}
	s.texts[d.URI] = t
	s.say(t, d.Version, d.Text)
	return nil
}

// say has a text say something else from now on.
func (s *server) say(t *text, version int, says string) {
	s.count++
	t.version, t.says, t.count = version, says, s.count
	t.found, t.config, t.indexed, t.outline = nil, nil, nil, nil
	s.enqueue(t)
}

func (s *server) enqueue(t *text) {
	if !slices.Contains(s.queue, t) {
		s.queue = append(s.queue, t)
	}
}

func (s *server) changed(m *message) error {
	p, t, err := about[changeParams](s, m)
	if err != nil {
		return err
	}
	s.say(t, p.TextDocument.Version, edited(t.says, p.ContentChanges, s.encoding))
	return nil
}

// open finds a text.
func (s *server) open(uri string) (*text, error) {
	t := s.texts[uri]
	if t == nil {
		return nil, fails(invalidParams, "the document %q is not open", uri)
	}
	return t, nil
}

func (s *server) closed(m *message) error {
	_, t, err := about[documentParams](s, m)
	if err != nil {
		return err
	}
	s.forget(t)
	s.notify("textDocument/publishDiagnostics", published{URI: t.uri, Version: t.version,
		Diagnostics: []diagnostic{}})
	return nil
}

// forget drops a text, and what still waits for its check.
func (s *server) forget(t *text) {
	delete(s.texts, t.uri)
	s.queue = slices.DeleteFunc(s.queue, func(other *text) bool { return other == t })
	for _, r := range t.waiting {
		s.respond(r.id, nil, nil)
	}
	t.waiting = nil
}

// later answers a request when the last check of a text is known, which may be now.
func (s *server) later(m *message, t *text, answer func(*outcome) (any, error)) (any, error) {
	if t.found != nil {
		return answer(t.found)
	}
	t.waiting = append(t.waiting, request{m.ID, answer})
	return nil, errLater
}

// cancel gives up a request that waits. Any other is answered already.
func (s *server) cancel(m *message) error {
	p, err := params[cancelParams](m)
	if err != nil {
		return err
	}
	for _, t := range s.texts {
		t.waiting = slices.DeleteFunc(t.waiting, func(r request) bool {
			if string(r.id) != string(p.ID) {
				return false
			}
			s.respond(r.id, nil, fails(cancelled, "cancelled"))
			return true
		})
	}
	return nil
}

// checkAll checks all texts anew: what they name may have changed.
func (s *server) checkAll() {
	for _, uri := range slices.Sorted(maps.Keys(s.texts)) {
		t := s.texts[uri]
		s.count++
		t.count, t.found = s.count, nil
		s.enqueue(t)
	}
}

// check begins the next check, unless one goes on. There is no clock in this: what is typed during a check is checked
// once, when that has ended.
func (s *server) check() {
	if s.busy || len(s.queue) == 0 {
		return
	}
	t := s.queue[0]
	s.queue = s.queue[1:]
	s.busy = true
	job := outcome{text: t, count: t.count}
	uri, name, language, says, judge, e := t.uri, t.name, t.language, t.says, s.judge, s.encoding
	go func() {
		job.found = judge.Judge(name, language, says)
		job.index = newIndex(says, e)
		job.diagnostics = diagnosed(&job, uri)
		s.checked <- job
	}()
}

// settle takes what a check has found, unless the text has changed since, or is closed.
func (s *server) settle(o outcome) {
	s.busy = false
	t := o.text
	if s.texts[t.uri] != t || t.count != o.count {
		return
	}
	t.found, t.indexed = &o, o.index
	s.notify("textDocument/publishDiagnostics", published{URI: t.uri, Version: t.version, Diagnostics: o.diagnostics})
	waiting := t.waiting
	t.waiting = nil
	for _, r := range waiting {
		result, err := r.answer(t.found)
		s.respond(r.id, result, err)
	}
}

// index is that of what the text says now.
func (s *server) index(t *text) *index {
	if t.indexed == nil {
		t.indexed = newIndex(t.says, s.encoding)
	}
	return t.indexed
}
