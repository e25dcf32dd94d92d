package tests

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
)

// The words about a problem are below the table of the language, and repeat what it has of formats.
func TestWordsAboutFormatsAreTrue(t *testing.T) {
	unknown, _ := codes.Find(codes.FormatUnknown)
	long, _ := codes.Find(codes.LabelLong)
	for _, format := range config.FieldAt("storage.filesystems.*.format").Values {
		name := regexp.QuoteMeta(format.Name)
		assert.Regexp(t, `\b`+name+`\b`, unknown.Why)
		if format.LabelMax > 0 {
			assert.Regexp(t, fmt.Sprintf(`\b%d( bytes)? for %s\b`, format.LabelMax, name), long.Why)
		}
	}
}
