package nodes

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/tests/trees"
)

func TestSetIDBitsOfAKeptFile(t *testing.T) {
	for name, c := range map[string]struct {
		cfg        string
		mode, want uint32
		noOwner    bool
	}{
		"go with the owner":                         {`{'path':'/f'}`, 0o6755, 0o755, false},
		"a mandatory lock bit is no set-id bit":     {`{'path':'/f'}`, 0o2745, 0o2745, false},
		"stay where the config gives them":          {`{'path':'/f','mode':2541}`, 0o644, 0o4755, false},
		"stay where owners are not to be looked at": {`{'path':'/f'}`, 0o4755, 0o4755, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			trees.Populate(t, dir, map[string]string{"f": "x"})
			in, err := root.Open(dir)
			require.NoError(t, err)
			defer in.Close()
			// A decision about modes alone, which root and others take alike.
			n := &node{entry: target.FileWithout, new: root.Attrs{UID: 0, GID: 0, Mode: 0o644}, old: root.LeaveAttrs}
			if c.noOwner {
				n.new.UID = -1
			}
			if strings.Contains(c.cfg, "mode") {
				n.old.Mode = 0o4755
			}
			got := n.kept(root.Facts{Kind: root.File, Mode: c.mode})
			if got.Mode < 0 {
				got.Mode = int64(c.mode)
			}
			assert.Equal(t, int64(c.want), got.Mode)
			require.NoError(t, in.SetAttrs("f", root.Attrs{UID: -1, GID: -1, Mode: got.Mode}))
			found, err := in.Lstat("f")
			require.NoError(t, err)
			assert.Equal(t, c.want, found.Mode)
			assert.FileExists(t, filepath.Join(dir, "f"))
		})
	}
}
