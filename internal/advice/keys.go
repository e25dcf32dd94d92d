package advice

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// few keys are named at once.
const few = 5

// folded names a key as it is written, and those below it that differ in case as well: nobody is told of these, because
// the peer does not look there.
func (w *wrong) folded() advice {
	m := foldedMember(w.s, w.n)
	if m == nil {
		return advice{}
	}
	below := foldedBelow(nil, m, w.n)
	if len(below) == 0 {
		return advice{}
	}
	if len(below) > few {
		below = append(below[:few], "…")
	}
	return advice{hint: fmt.Sprintf("write %q, and below it %s", m.Name, strings.Join(below, ", ")), keeps: true}
}

// foldedMember finds the member that a key is another spelling of, or the same.
func foldedMember(s *language.Shape, n tree.Node) *language.Shape {
	if s == nil {
		return nil
	}
	for _, m := range s.Members {
		if strings.EqualFold(m.Name, n.Key()) {
			return m
		}
	}
	return nil
}

// foldedBelow lists the keys below a value as they are to be written, where they differ in case, each once.
func foldedBelow(found []string, s *language.Shape, n tree.Node) []string {
	for c := range n.Children() {
		switch m := foldedMember(s, c); {
		case len(found) > few:
			return found
		case n.Kind() == tree.List && s.Item != nil:
			found = foldedBelow(found, s.Item, c)
		case m == nil || n.Kind() != tree.Object:
		default:
			if name := strconv.Quote(m.Name); m.Name != c.Key() && !slices.Contains(found, name) {
				found = append(found, name)
			}
			found = foldedBelow(found, m, c)
		}
	}
	return found
}
