package document_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/field"
)

func TestFieldsWithARuleAreFieldsOfAConfig(t *testing.T) {
	paths := document.Paths(config.Newest)
	for _, r := range field.Rows() {
		assert.True(t, slices.Contains(paths, strings.TrimSuffix(r.Path, ".*")), r.Path)
	}
}
