package language

import (
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Secrets lists the spans below a node that no excerpt may show, and those given. None lies within another.
func Secrets(root tree.Node, shape *Shape, others []diag.Span) []diag.Span {
	return Disjoint(Hidden(slices.Clone(others), shape, root))
}

// Hidden adds what of a value may be a secret: by the tag of its field; all of a value of a wrong kind where the field,
// or one below it, has a tag. What an alias stands for is hidden at its anchor.
func Hidden(spans []diag.Span, s *Shape, n tree.Node) []diag.Span {
	tag := s.Secret
	if strings.HasSuffix(s.Path, "eaders.*.name") { // a whole header may stand there
		tag = "header"
	}
	switch {
	case n.Kind() <= tree.Null || s.Labels:
	case n.Kind() == tree.Object && s.Kind == tree.Object:
		for c := range n.Children() {
			spans = HiddenMember(spans, s, c)
		}
	case n.Kind() == tree.List && s.Kind == tree.List:
		for c := range n.Children() {
			spans = Hidden(spans, s.Item, c)
		}
	case tag == "" && !s.HoldsSecrets() || n.Aliased():
	case tag != "" && s.Kind == tree.String && n.Kind() < tree.List:
		spans = append(spans, hiddenParts(tag, n)...)
	default:
		spans = append(spans, n.Span())
	}
	return spans
}

// HiddenMember does so for a member of an object, whichever version has it. Below a key that none has, all but true and
// false may be a misspelt secret; the key itself may be one if it is no word.
func HiddenMember(spans []diag.Span, s *Shape, n tree.Node) []diag.Span {
	newest := Edition{Version: config.Newest, Features: ^Features(0)}
	if m, _ := newest.FindFolded(s, n.Key()); m != nil {
		return Hidden(spans, m, n)
	}
	if tree.IsMerge(n) {
		return spans
	}
	if !diag.MayShow(n.Key()) {
		spans = append(spans, n.KeyPlace().Span)
	}
	if n.Kind() > tree.Null && n.Kind() != tree.Bool {
		spans = append(spans, n.Span())
	}
	return spans
}

// HiddenDropped does so for a member that an edition does not have: all of it, where a part may be a secret.
func HiddenDropped(spans []diag.Span, s *Shape, n tree.Node) []diag.Span {
	parts := HiddenMember(nil, s, n)
	if len(parts) > 0 && diag.MayShow(n.Key()) {
		parts = []diag.Span{n.Span()}
	}
	return append(spans, parts...)
}

// HoldsSecrets tells whether what stands here, or below, may be a secret.
func (s *Shape) HoldsSecrets() bool {
	return s.Secret != "" || s.Item != nil && s.Item.HoldsSecrets() ||
		slices.ContainsFunc(s.Members, (*Shape).HoldsSecrets)
}

// Keys lists the keys below a shape, in this notation and in that of configs, with whether what stands below any of the
// name may be a secret.
func Keys(shape *Shape) map[string]bool {
	all := map[string]bool{"variant": false, "version": false}
	shape.Walk(func(s *Shape) {
		for _, name := range []string{s.Name, s.Key} {
			if name != "" {
				all[name] = all[name] || s.HoldsSecrets()
			}
		}
	})
	return all
}
