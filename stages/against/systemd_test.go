package against_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/stages/against"
	"github.com/glowplug-os/glowplug/tests/trees"
)

func TestTheSystemdOfAnImageIsReadOffALibrary(t *testing.T) {
	for library, want := range map[string]int{
		"/usr/lib/systemd/libsystemd-shared-257.9-2.fc42.so":            257,
		"/usr/lib64/systemd/libsystemd-shared-255.so":                   255,
		"/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so":    252,
		"/lib/systemd/libsystemd-shared-247.so":                         247,
		"/usr/lib/systemd/libsystemd-shared-258~rc1.so":                 258,
		"/usr/lib/systemd/libsystemd-shared-.so":                        0,
		"/usr/lib/systemd/libsystemd-shared-99999999999999999999999.so": 0,
		"/usr/lib/systemd/libsystemd-core-257.so":                       0,
		"/usr/lib/other/systemd/libsystemd-shared-257.so":               0,
		"/usr/lib/x86_64-linux-gnu/libsystemd-shared-257.so":            0,
	} {
		image := against.Image{Root: trees.Fake{library: "", "/usr/lib/systemd/systemd": ""}}
		assert.Equal(t, want, image.Systemd(), library)
	}
	image := against.Image{Root: trees.Fake{"/lib": "-> usr/lib", "/usr/lib/systemd/libsystemd-shared-254.so": "",
		"/usr/lib64": "-> lib64", "/usr/lib/systemd/libsystemd-shared-256.so": ""}}
	assert.Equal(t, 256, image.Systemd(), "of two the later one, and links that lead nowhere")
	assert.Zero(t, (&against.Image{Root: trees.Fake{}}).Systemd())
}
