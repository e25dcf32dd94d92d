package advice

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/butane"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// opposite says how to write what a key says of which there is only the opposite, as noCreateHome is of createHome.
// Written under that name the value would mean what it does not.
func (w *wrong) opposite() advice {
	m := w.opposed(w.n.Key())
	switch {
	case m == nil:
		return w.elsewhere()
	case w.n.Kind() >= tree.List:
		return say("known keys are %s", strings.Join(w.keys(), ", "))
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
	bare, denied := denial(key)
	near := diag.Nearest(key, w.keys())
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

// keys lists those of the object.
func (w *wrong) keys() (names []string) {
	for _, m := range w.s.Members {
		if m.Since <= w.spec {
			names = append(names, m.Name)
		}
	}
	return names
}

// elsewhere names the section of a key that stands in another one.
func (w *wrong) elsewhere() advice {
	root := butane.Shape()
	if w.config {
		root = language.Config()
	}
	key := w.n.Key()
	if _, near, _ := strings.Cut(w.p.Hint, `did you mean "`); w.s != nil && near != "" {
		if near, _, _ = strings.Cut(near, `"`); isFar(key, near) {
			return say("known keys are %s", strings.Join(w.keys(), ", "))
		}
	}
	if w.s != nil && strings.HasPrefix(w.p.Hint, "known keys") {
		if root.Member(key) != nil {
			return say("%s belongs at the top, not below %s", key, w.s.Name)
		}
		for _, section := range root.Members {
			if m := section.Member(key); m != nil && m.Since <= w.spec {
				return say("%s belongs below %s", key, section.Name)
			}
		}
	}
	return advice{}
}

// isFar: a short key has fewer letters of a word than all but one, and is no part of it.
func isFar(key, word string) bool {
	const short = 4
	shared, left := 0, word
	for _, letter := range key {
		if strings.ContainsRune(left, letter) {
			shared++
			left = strings.Replace(left, string(letter), "", 1)
		}
	}
	return len(key) <= short && shared < len(key)-1 && !strings.Contains(strings.ToLower(word), strings.ToLower(key))
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
