package language_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/language"
)

func TestKeysInMessagesAreSpelledAsDocumentsDo(t *testing.T) {
	different := 0
	language.Config().Walk(func(s *language.Shape) {
		key, spelled := s.Name, language.Snake(s.Name)
		if spelled == key {
			return
		}
		different++
		for _, frame := range []string{"@", "remove @", `set "@": true`, "(@)", "@, @ and @", "@.",
			"$.a.@: b", "$.@.0.@", "@.source", "a @; b"} {
			text := strings.ReplaceAll(strings.ReplaceAll(frame, "$.a.", "$.storage."), "@", key)
			want := strings.ReplaceAll(strings.ReplaceAll(frame, "$.a.", "$.storage."), "@", spelled)
			assert.Equal(t, want, language.SnakeKeys(text))
		}
	})
	assert.Greater(t, different, 25)
	for _, stays := range []string{
		`path "/etc/shouldExist" is there twice`, `"my keyFile"`, "/etc/keyFile", "typeGuidx", "sizeMiB-old", "MiB", "",
		`an open "quote with keyFile2`, "SELinux", "$.keyFile.nobodyKnows", "user@keyFile",
	} {
		assert.Equal(t, stays, language.SnakeKeys(stays))
	}
}
