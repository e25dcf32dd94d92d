package stages

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// placesOf are those of a config each of whose items was written in a line of its own.
func placesOf(t *testing.T, text string) (p places, at func(path string) diag.Span) {
	t.Helper()
	doc := load.Read(tree.NewArena(), "x", text).Config
	require.NotNil(t, doc)
	p.origins = &handoff.Origins{}
	doc.Items(p.add)
	for i, each := range p.items {
		p.origins.Add(each.path, "user.ign", i+1, 1)
	}
	index := tree.Index{}
	return p, func(path string) diag.Span { return doc.At(path, index).Place().Span }
}

func TestWhereTheUserWroteAPartOfTheConfig(t *testing.T) {
	t.Parallel()
	p, at := placesOf(t, `{"ignition": {"version": "3.4.0"}, "storage": {"files": [{"path": "/a"}]},
		"systemd": {"units": [{"name": "a.service", "dropins": [{"name": "a.conf"}, {"name": "b.conf"}], "mask": true},
		{"name": "b.service"}]}}`)
	for path, line := range map[string]int{
		"$.storage": 0, "$.storage.files": 0, "$.storage.files.0": 1, "$.storage.files.0.path": 1, "$.systemd": 0,
		"$.systemd.units.0": 2, "$.systemd.units.0.dropins": 2, "$.systemd.units.0.dropins.0": 3,
		"$.systemd.units.0.dropins.1.name": 4, "$.systemd.units.0.mask": 2, "$.systemd.units.1": 5,
	} {
		want := ""
		if line > 0 {
			want = fmt.Sprintf("user.ign:%d:1", line)
		}
		assert.Equal(t, want, p.written(at(path)), path)
	}
}

// Who goes through all items for each error takes hours for these.
func TestPlacesOfManyErrorsAreFound(t *testing.T) {
	t.Parallel()
	const many = 200_000
	p, at := placesOf(t, `{"ignition": {"version": "3.4.0"}, "storage": {"files": [`+
		strings.Repeat(`{"path": "/a"},`, many)+`{}]}}`)
	for i := range many {
		require.NotEmpty(t, p.written(at(fmt.Sprintf("$.storage.files.%d.path", i))))
	}
}
