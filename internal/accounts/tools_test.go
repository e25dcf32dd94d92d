package accounts

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestToolsByTheVersionOfTheirPackage(t *testing.T) {
	for version, want := range map[string]Tools{
		"1:4.13+dfsg1-1+deb12u2": OldTools,
		"1:4.8.1-1+deb11u1":      OldTools,
		"4.13":                   OldTools,
		"3.99":                   OldTools,
		"1:4.14.0-1":             CurrentTools,
		"1:4.17.4-2":             CurrentTools,
		"5.0":                    CurrentTools,
		"4.131":                  CurrentTools,
		"":                       CurrentTools,
		"1:":                     CurrentTools,
		"4":                      CurrentTools,
		"4.":                     CurrentTools,
		".13":                    CurrentTools,
		"4.x":                    CurrentTools,
		"-1.2":                   CurrentTools,
		"4.99999999999999999999": CurrentTools,
	} {
		assert.Equal(t, want, ToolsOf(version), version)
	}
}

// What is a path, or a line of its own, no tools make here, whatever those of Debian 12 let pass.
func TestNamesThatOldToolsTakeAndWeDoNot(t *testing.T) {
	for _, name := range []string{".", "..", "a/b", "#a"} {
		_, err := Apply(debian(), Wanted{Users: []User{{Name: name}}}, 20000, OldTools)
		require.Error(t, err, name)
	}
	_, err := Apply(debian(), Wanted{Users: []User{{Name: "a@b"}, {Name: "4711"}}}, 20000, OldTools)
	require.NoError(t, err)
}
