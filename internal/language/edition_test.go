package language_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
)

// A key that another place has is no misspelt one, whichever two places these are.
func TestNoKeyOfAnotherPlaceIsPutRight(t *testing.T) {
	e := language.OfVersion(config.Newest)
	var objects []*language.Shape
	names := map[string]bool{}
	language.Config().Walk(func(s *language.Shape) {
		objects, names[s.Name] = append(objects, s), true
	})
	for _, s := range objects {
		for name := range names {
			if s.Member(name) != nil || len(s.Members) == 0 {
				continue
			}
			if m := e.Intended(s, name); m != nil && !diag.SameLetters(m.Name, name) {
				assert.True(t, m.Name == name+"s" || name == m.Name+"s", "%s in %s is no %s", name, s.Path, m.Name)
			}
		}
	}
}

func TestAUsersGroupIsNoNumberOfTheUser(t *testing.T) {
	user := language.Config().Member("passwd").Member("users").Item
	message, hint := language.OfVersion(config.Newest).Explain(user, "gid")
	assert.Equal(t, "the key \"gid\" is not known here; it is ignored", message)
	assert.Equal(t, "the group of a user is named by primaryGroup", hint)
}
