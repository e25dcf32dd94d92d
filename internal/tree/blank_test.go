package tree_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/tree"
)

func TestIsBlank(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "\n": true, " \t\r\n": true, "\ufeff": true, "\ufeff\r\n": true, "\xff\xfe": true,
		"\xff\xfe\n\x00": true, "\xfe\xff\x00\r\x00\n": true,
		"{}": false, "\x00": false, "\ufeff{}": false, "#": false, "\xff\xfe{\x00": false,
	} {
		assert.Equal(t, want, tree.IsBlank([]byte(text)), "%q", text)
	}
}
