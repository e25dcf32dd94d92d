package filesystem

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
)

func TestEveryFormatOfTheLanguageHasItsMaker(t *testing.T) {
	made := 0
	for _, format := range config.FieldAt("storage.filesystems.*.format").Values {
		_, known := makers[format.Name]
		assert.Equal(t, wished(&config.Filesystem{Format: &format.Name}) == wishFormat, known, format.Name)
		if known {
			made++
		}
	}
	assert.Len(t, makers, made, "a format that no config can ask for")
}

func TestImagesAreMadeWithEveryMaker(t *testing.T) {
	out, err := exec.Command("bash", "-c", ". ../../../dracut/30ignition/module-setup.sh; ignition_makers").Output()
	require.NoError(t, err)
	var want []string
	for _, m := range makers {
		want = append(want, m.tool)
	}
	assert.ElementsMatch(t, append(want, "wipefs", "mdadm", "cryptsetup"), strings.Fields(string(out)))
}
