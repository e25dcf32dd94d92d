package document_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/field"
	"github.com/glowplug-os/glowplug/tests/model"
)

func TestFieldsWithARuleAreFieldsOfAConfig(t *testing.T) {
	paths := model.Paths(config.Newest)
	rows := field.Rows()
	for _, format := range []string{"btrfs", "ext4", "swap", "vfat", "xfs"} {
		rows = append(rows, field.Label(format))
	}
	for _, r := range rows {
		assert.True(t, slices.Contains(paths, strings.TrimSuffix(r.Path, ".*")), r.Path)
	}
}
