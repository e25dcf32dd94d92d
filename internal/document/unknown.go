package document

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
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
		code := "key-unknown"
		newer, same := s.find(key, config.Newest)
		if m == nil && newer != nil && same {
			code = "key-too-new"
		} else if m != nil {
			code = "key-case"
		}
		p, kept := d.ignored.Next(diag.Problem{Severity: diag.Warning, Code: code})
		if !kept {
			continue
		}
		message, hint := fmt.Sprintf("the key %s is not known here; it is ignored", diag.QuoteKey(key)), ""
		if code == "key-too-new" {
			message = fmt.Sprintf("the key %q came with version %s; in a config of version %s it is ignored", key,
				newer.since, d.version)
			hint = fmt.Sprintf("set ignition.version to %s or newer", newer.since)
		} else if m != nil {
			message, hint = fmt.Sprintf("the key %q differs from %q in case; other programs may ignore it", key,
				m.name), fmt.Sprintf("write %q", m.name)
		} else if key == "variant" && s.path == "" {
			hint = "JSON with ignition.version is a config; leave ignition.version out if it is meant as a " +
				"Butane document"
		} else {
			hint = d.keyHint(s, key)
		}
		p.Place, p.Path, p.Message, p.Hint = c.KeyPlace(),
			(&diag.Trail{Up: at, Name: diag.ShowKey(key), Index: -1}).String(), message, hint
	}
}

// keyHint says what somebody may have meant by a key that is not known: that of a document, one of a mapping below, or
// one that is spelled alike.
func (d *decoder) keyHint(s *shape, key string) string {
	known := names(s, d.version)
	if m, _ := s.find("source", d.version); m != nil && (key == "inline" || key == "local") {
		return key +
			` is a key of Butane documents; in JSON write "source": "data:,…", with the text escaped as in a URL`
	}
	if m, _ := s.find("contents", d.version); m != nil && m.kind == tree.Object && (key == "inline" || key == "local") {
		return key + ` is a key of Butane documents; in JSON write "contents": {"source": "data:,…"}, ` +
			`with the text escaped as in a URL`
	}
	if home := s.nest("", d.version).Home(key); home != "" {
		return home
	}
	if near := diag.Nearest(key, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if home := s.nest("", d.version).NearHome(key); home != "" {
		return home
	}
	return "known keys are " + strings.Join(known, ", ")
}

// nest is what a version has at and below an object.
func (s *shape) nest(name string, v config.Version) diag.Nest {
	n := diag.Nest{Name: name, Keys: names(s, v)}
	for _, m := range s.members {
		if m.since > v {
			continue
		}
		if m.kind == tree.Object {
			n.Below = append(n.Below, m.nest(m.name, v))
		} else if m.kind == tree.List && m.item.kind == tree.Object {
			below := m.item.nest(m.name, v)
			below.Items = true
			n.Below = append(n.Below, below)
		}
	}
	return n
}

// names lists an object's keys.
func names(s *shape, v config.Version) (known []string) {
	for _, m := range s.members {
		if m.since <= v {
			known = append(known, m.name)
		}
	}
	return known
}

// secretSpans lists the values of a document that no excerpt may show: those of fields marked secret, and what was
// dropped from its tree.
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
			} else if m, _ := s.find(c.Key(), config.Newest); m != nil {
				walk(c, m.shape)
			}
		}
	}
	walk(root, language())
	slices.SortFunc(spans, func(a, b diag.Span) int { return cmp.Or(a.Start-b.Start, b.End-a.End) })
	return slices.CompactFunc(spans, func(next, before diag.Span) bool { return next.Start < before.End })
}
