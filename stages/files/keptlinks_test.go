package files

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// systemctl takes away every link of an instance when it disables the template.
func TestMasksAndWantedLinksOutlastThatATemplateIsDisabled(t *testing.T) {
	const etc, lib = "etc/systemd/system/", "/usr/lib/systemd/system/t@.service"
	dir, o := newRoot(t, map[string]string{
		lib[1:]: hooked, "enabled/t@.service": "",
		etc + "t@image.service":             "-> /dev/null",
		etc + "t@relative.service":          "-> ../../../dev/null",
		etc + "x.wants/t@gone.service":      "-> " + lib,
		etc + "x.wants/t@on.service":        "-> " + lib,
		etc + "x.requires/t@mask.service":   "-> /dev/null",
		etc + "x.wants/t@off.service":       "-> " + lib,
		etc + ".glowplug-aside/t@1.service": "-> /dev/null", // an interrupted run has left it
	})
	o.Tools = tools(t)
	cfg := unitsOf(t, `{'name':'t@.service','enabled':false},{'name':'t@on.service','enabled':true},`+
		`{'name':'t@off.service','enabled':false},{'name':'t@config.service','mask':true}`)
	for range 3 {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "enabled/t@.service"), nil, 0o644),
			"an instance is enabled, and so is-enabled says yes")
		require.NoError(t, apply(cfg, o))
		links, err := filepath.Glob(filepath.Join(dir, etc, "*t@*"))
		require.NoError(t, err)
		below, err := filepath.Glob(filepath.Join(dir, etc, "*/*t@*"))
		require.NoError(t, err)
		got := map[string]string{}
		for _, link := range append(links, below...) {
			name, err := filepath.Rel(filepath.Join(dir, etc), link)
			require.NoError(t, err)
			got[name], err = os.Readlink(link)
			require.NoError(t, err)
		}
		assert.Equal(t, map[string]string{
			"t@image.service": "/dev/null", "t@relative.service": "../../../dev/null", "t@config.service": "/dev/null",
			"t@1.service":          "/dev/null",
			"x.wants/t@on.service": lib, "x.requires/t@mask.service": "/dev/null",
		}, got)
		assert.NoDirExists(t, filepath.Join(dir, asideDir))
	}
}

func TestWhatAnInterruptedRunHasPutAsideComesBack(t *testing.T) {
	dir, o := newRoot(t, map[string]string{"etc/systemd/system/.glowplug-aside/x.wants/t@1.service": "-> /dev/null"})
	o.Tools = tools(t)
	require.NoError(t, apply(unitsOf(t, `{'name':'t@.service','enabled':false}`), o))
	got, err := os.Readlink(filepath.Join(dir, "etc/systemd/system/x.wants/t@1.service"))
	require.NoError(t, err)
	assert.Equal(t, "/dev/null", got)
	assert.NoDirExists(t, filepath.Join(dir, asideDir))
}
