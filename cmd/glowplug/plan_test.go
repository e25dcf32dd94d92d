//go:build linux

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// A mounted is a root in which something is mounted.
type mounted struct {
	target.View
	places []string
}

func (m mounted) Mounts() ([]string, error) { return m.places, nil }

func TestAnInitramfsIsKnownAndWhetherItHasTheRoot(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		release     func(path string) error
		places      []string
		is, mounted bool
	}{
		"a machine": {nil, []string{"/proc", "/sysroot"}, false, false},
		"an initramfs": {func(path string) error { return os.WriteFile(path, nil, 0o600) },
			[]string{"/proc", "/sysroot/var"}, true, false},
		"its root is there": {func(path string) error { return os.WriteFile(path, nil, 0o600) },
			[]string{"/proc", "/sysroot"}, true, true},
		"its release is a link": {func(path string) error { return os.Symlink("../usr/lib/initrd-release", path) },
			nil, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			require.NoError(t, os.Mkdir(filepath.Join(dir, "etc"), 0o700))
			if test.release != nil {
				require.NoError(t, test.release(filepath.Join(dir, "etc/initrd-release")))
			}
			in, err := root.Open(dir)
			require.NoError(t, err)
			defer in.Close()
			is, has, err := initramfs(mounted{target.Of(in), test.places})
			require.NoError(t, err)
			assert.Equal(t, []bool{test.is, test.mounted}, []bool{is, has})
		})
	}
}
