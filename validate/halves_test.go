package validate_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/validate"
)

func TestWhatAChildPutsRightIsAnErrorOfTheWhole(t *testing.T) {
	read := func(name, config, devices string) *validate.Document {
		doc, problems := validate.Read(name, []byte(`{"ignition":{"version":"3.6.0"`+config+`},"storage":{"raid":[{`+
			`"name":"r","level":"raid5","devices":[`+devices+`]}]}}`), validate.Options{})
		require.Empty(t, problems)
		return doc
	}
	parent := read("parent.ign", `,"config":{"merge":[{"source":"https://example.com/child.ign"}]}`, `"/dev/a"`)
	_, problems := validate.Merge(parent, read("child.ign", "", `"/dev/b","/dev/c"`))
	assert.Empty(t, problems)
	_, problems = validate.Merge(parent)
	if assert.Len(t, problems, 1) {
		assert.Equal(t, "raid-few", problems[0].Code)
	}
}
