package disks

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/config"
)

func TestEveryFormatOfTheLanguageHasItsMaker(t *testing.T) {
	made := 0
	for _, format := range config.FieldAt("storage.filesystems.*.format").Values {
		_, known := makers[format.Name]
		assert.Equal(t, asked(config.Filesystem{Format: &format.Name}) == askFormat, known, format.Name)
		if known {
			made++
		}
	}
	assert.Len(t, makers, made, "a format that no config can ask for")
}
