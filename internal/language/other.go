package language

import "github.com/glowplug-os/glowplug/internal/diag"

// another says what to write for a key of other programs which means something else than the one that is spelled like
// it: gid is no misspelt uid.
func (e *Edition) another(s *Shape, key string) (hint string) {
	if s.Path != "passwd.users.*" || !diag.SameLetters(key, "gid") {
		return ""
	}
	for _, m := range s.Members {
		if m.Key == "primaryGroup" {
			hint = "the group of a user is named by " + m.Name
		}
	}
	return hint
}

// meansOther tells whether a key may mean something else than the one that is spelled like it: it is a key of another
// place, unless one is the plural of the other, or a word that differs in too much.
func (e *Edition) meansOther(key, near string) bool {
	switch {
	case diag.SameLetters(key, near):
		return false
	case !diag.IsSlip(key, near):
		return true
	case key == near+"s" || near == key+"s" || e.Root == nil:
		return false
	}
	other := false
	e.Root().Walk(func(s *Shape) { other = other || s.Name != "" && diag.SameLetters(s.Name, key) })
	return other
}
