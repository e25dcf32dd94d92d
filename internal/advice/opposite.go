package advice

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// opposite says how to write what a key says of which there is only the opposite, as noCreateHome is of createHome.
// Written under that name the value would mean what it does not.
func (w *wrong) opposite() advice {
	m := w.opposed(w.n.Key())
	if m == nil {
		return advice{}
	}
	is, known := truthOf(w.n)
	name := m.Name
	if w.json {
		name = `"` + name + `"`
	}
	if !known {
		return say("%s says the opposite; write that", name)
	}
	return say("%s says the opposite; write %s: %t", name, name, !is)
}

// opposed finds the truth value that says the opposite of a key; nil for none.
func (w *wrong) opposed(key string) *language.Shape {
	if w.s == nil || !w.n.IsMember() {
		return nil
	}
	var names []string
	for _, m := range w.s.Members {
		if m.Since <= w.spec {
			names = append(names, m.Name)
		}
	}
	bare, denied := denial(key)
	near := diag.Nearest(key, names)
	denies := denied || strings.HasPrefix(strings.ToLower(key), "no")
	for _, m := range w.s.Members {
		if m.Kind != tree.Bool || m.Since > w.spec {
			continue
		}
		own, ownDenied := denial(m.Name)
		if own == bare && denied != ownDenied && denies != ownDenied || m.Name == near && denies != ownDenied {
			return m
		}
	}
	return nil
}

// denial takes the words that deny from a key, and tells whether there was one.
func denial(key string) (bare string, denied bool) {
	words := strings.Split(strings.ReplaceAll(language.Snake(key), "-", "_"), "_")
	kept := words[:0]
	for _, word := range words {
		switch word {
		case "no", "not", "non", "dont", "never", "without", "skip":
			denied = !denied
			continue
		case "disabled", "disable":
			word, denied = "enabled", !denied
		case "unmask", "unmasked":
			word, denied = "mask", !denied
		case "rootless":
			word, denied = "rootful", !denied
		case "absent":
			word, denied = "shouldexist", !denied
		}
		kept = append(kept, word)
	}
	return strings.Join(kept, ""), denied
}
