package disks

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/config"
)

func TestWhatNoToolTakesAsMeantIsRefusedBeforeAnyDeviceIsLookedAt(t *testing.T) {
	null := "--label=\x00"
	for want, s := range map[string]config.Storage{
		"the name of an encrypted volume ($.storage.luks.0.name): the name of an encrypted volume cannot begin " +
			"with a dash": {Luks: []config.Luks{{Name: "-x"}}},
		"the name of an array ($.storage.raid.0.name): the name of an array cannot be or hold . or .. as a name": {
			Raid: []config.Raid{{Name: "../x"}}},
		"an option ($.storage.raid.0.options.0): an option cannot hold a NUL byte": {Raid: []config.Raid{{Name: "x",
			Options: []string{null}}}},
		"a mount option ($.storage.filesystems.0.mountOptions.0): a mount option cannot hold a line end": {
			Filesystems: []config.Filesystem{{Device: "/dev/a", MountOptions: []string{"a\nb"}}}},
	} {
		_, err := Run(t.Context(), s, Options{})
		assert.EqualError(t, err, want)
		_, err = Preview(s, nil, nil)
		assert.EqualError(t, err, want)
	}
}
