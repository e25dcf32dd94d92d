package tree

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// Get compares with the text, and so has to know where a key ends: not at a quote that stands in the name.
func TestGetComparesWholeKeys(t *testing.T) {
	text := `{"a":"b","ab":2,"\u0061c":3,"":4,"last":5}`
	root, problem := NewArena().ParseJSONAt(&diag.Document{Text: text}, 0)
	assert.Nil(t, problem)
	for name, want := range map[string]string{"a": "b", "ab": "2", "ac": "3", "": "4", "last": "5"} {
		assert.Equal(t, want, root.Get(name).Text(), name)
	}
	for _, name := range []string{`a":"b`, `a":`, "b", "abc", `\u0061c`, "las", "last}", `last":5}` + "     "} {
		assert.False(t, root.Get(name).Exists(), name)
	}
}
