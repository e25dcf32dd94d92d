package unit_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/unit"
)

func TestPodmanLooksForQuadletsInItsFolders(t *testing.T) {
	for name, want := range map[string]bool{
		"/etc/containers/systemd/web.container":                  true,
		"/etc/containers/systemd/users/1000/web.pod":             true,
		"/usr/share/containers/systemd/a/b/web.kube":             true,
		"/home/core/.config/containers/systemd/web.volume":       true,
		"/etc/containers/systemd/web.container.d/10-memory.conf": true,
		"/etc/containers/systemd/container.d/10-memory.conf":     true,
		"/etc/containers/systemd/web.container.d/README":         false,
		"/etc/containers/systemd/web.conf":                       false,
		"/etc/containers/systemd/web.yaml":                       false,
		"/etc/containers/registries.conf.d/a.conf":               false,
		"/etc/systemd/system/web.container":                      false,
		"/etc/containers/systemd/web.service.d/10-memory.conf":   false,
		"/srv/containers/systemd.container":                      false,
	} {
		assert.Equal(t, want, unit.IsQuadletFile(name), name)
	}
}
