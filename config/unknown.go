package config

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// unknownKeys reports the members of an object that its version does not have.
func (d *decoder) unknownKeys(n tree.Node, s *shape, at *diag.Trail) {
	for c := range n.Children() {
		key := c.Key()
		m, exact := s.find(key, d.version)
		if exact {
			continue
		}
		message, hint := fmt.Sprintf("the key %q is not known here; it is ignored", key), ""
		code := "key-unknown"
		if newer, same := s.find(key, Newest); m == nil && newer != nil && same {
			code = "key-too-new"
			message = fmt.Sprintf("the key %q came with version %s; in a config of version %s it is ignored", key, newer.since, d.version)
			hint = fmt.Sprintf("set ignition.version to %s or newer", newer.since)
		} else if m != nil {
			code = "key-case"
			message, hint = fmt.Sprintf("the key %q differs from %q in case; other programs may ignore it", key, m.name), fmt.Sprintf("write %q", m.name)
		} else if key == "variant" && s.path == "" {
			hint = "JSON with ignition.version is a config; leave ignition.version out if it is meant as a Butane document"
		} else if near := nearest(key, s, d.version); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		} else {
			hint = "known keys are " + names(s, d.version)
		}
		d.ignored = append(d.ignored, diag.Problem{Severity: diag.Warning, Code: code, Place: c.KeyPlace(), Path: (&diag.Trail{Up: at, Name: key, Index: -1}).String(), Message: message, Hint: hint})
	}
}

// names lists an object's keys for a hint.
func names(s *shape, v Version) string {
	var b []byte
	for _, m := range s.members {
		if m.since <= v {
			if b != nil {
				b = append(b, ", "...)
			}
			b = append(b, m.name...)
		}
	}
	return string(b)
}

// nearest finds the key that somebody may have meant: at most a third of its letters wrong, and not more than three.
func nearest(key string, s *shape, v Version) string {
	best, found := min(3, (len(key)+2)/3)+1, ""
	if len(key) > 40 {
		return ""
	}
	for _, m := range s.members {
		if m.since > v || max(len(key)-len(m.name), len(m.name)-len(key)) >= best {
			continue
		}
		if d := distance(key, m.name); d < best {
			best, found = d, m.name
		}
	}
	return found
}

// distance counts the letters to insert, delete, replace or swap with their neighbour to turn a into b (optimal string
// alignment), case not counted.
func distance(a, b string) int {
	lower := func(c byte) byte {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		return c
	}
	var before, row []int
	next := make([]int, len(b)+1)
	for j := range next {
		next[j] = j
	}
	for i := range len(a) {
		before, row, next = row, next, make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if lower(a[i]) == lower(b[j]) {
				cost = 0
			}
			next[j+1] = min(row[j+1]+1, next[j]+1, row[j]+cost)
			if i > 0 && j > 0 && lower(a[i]) == lower(b[j-1]) && lower(a[i-1]) == lower(b[j]) {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
	}
	return next[len(b)]
}

// secretSpans lists the values of a document that no excerpt may show: those of fields marked secret, and what was dropped
// from its tree.
func secretSpans(root tree.Node, dropped []diag.Span) []diag.Span {
	spans := slices.Clone(dropped)
	var walk func(n tree.Node, s *shape)
	walk = func(n tree.Node, s *shape) {
		if s == nil {
			return
		}
		if n.Kind() == tree.String && s.secret != "" {
			spans = append(spans, n.Span())
		}
		for c := range n.Children() {
			if s.item != nil {
				walk(c, s.item)
			} else if m, _ := s.find(c.Key(), Newest); m != nil {
				walk(c, m.shape)
			}
		}
	}
	walk(root, language())
	slices.SortFunc(spans, func(a, b diag.Span) int { return cmp.Or(a.Start-b.Start, b.End-a.End) })
	return slices.CompactFunc(spans, func(next, before diag.Span) bool { return next.Start < before.End })
}
