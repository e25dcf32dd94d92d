package document_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/field"
	"github.com/glowplug-os/glowplug/internal/language"
)

func TestFieldsWithARuleAreFieldsOfAConfig(t *testing.T) {
	paths := language.Paths(config.Newest)
	for _, r := range slices.Concat(field.Rows(), field.LabelRows()) {
		assert.True(t, slices.Contains(paths, strings.TrimSuffix(r.Path, ".*")), r.Path)
	}
}
