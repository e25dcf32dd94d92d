package units

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/unit"
	"github.com/glowplug-os/glowplug/tests/trees"
)

func TestLinksTellWhetherAUnitIsEnabled(t *testing.T) {
	const dir = "/etc/systemd/system/"
	f := newFinder(nil, target.New(trees.Fake{dir + "x.wants/on.service": "-> /lib/on.service",
		dir + "alias.service": "-> on.service", dir + "masked.service": "-> /dev/null",
		dir + "x.wants/t@1.service": "-> /lib/t@.service", dir + "plain.service": "", dir + "y.d/no.service": "-> a"}))
	made, err := f.madeLinks()
	require.NoError(t, err)
	for name, want := range map[string]bool{"on.service": true, "alias.service": true, "masked.service": false,
		"t@.service": true, "t@1.service": true, "t@2.service": false, "plain.service": false, "no.service": false,
		"gone.service": false} {
		assert.Equal(t, want, made.lead(name), name)
	}
	for _, c := range []struct {
		name, text string
		enabled    bool
	}{
		{"on.service", "WantedBy=x", true}, {"on.service", "WantedBy=x\nAlias=alias.service", true},
		{"on.service", "WantedBy=x y", false}, {"on.service", "WantedBy=x\nAlias=other.service", false},
		{"on.service", "WantedBy=x\nAlso=z.service", false}, {"on.service", "", false},
		{"t@.service", "WantedBy=x\nDefaultInstance=1", true}, {"t@.service", "WantedBy=x\nDefaultInstance=2", false},
		{"t@1.service", "RequiredBy=x", true},
	} {
		w := wanted{file: unitFile{name: c.name, known: true}}
		w.Name = c.name
		w.file.install, _ = unit.ReadInstall("[Install]\n" + c.text + "\n")
		assert.Equal(t, c.enabled, made.enable(w), "%s %s", c.name, c.text)
		w.file.known = false
		assert.False(t, made.enable(w), "what its file says is not known")
	}
}
