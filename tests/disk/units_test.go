//go:build disk

package disk

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const hook = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"

// kinds of units in a root, beside those of Debian.
var shippedUnits = map[string]string{
	"/usr/lib/systemd/system/plain.service":           hook,
	"/usr/lib/systemd/system/on.service":              hook,
	"/usr/lib/systemd/system/alias.service":           "-> plain-too.service",
	"/usr/lib/systemd/system/plain-too.service":       hook,
	"/usr/lib/systemd/system/asks.service":            hook + "Alias=asked.service\n",
	"/usr/lib/systemd/system/masked.service":          hook,
	"/etc/systemd/system/masked.service":              "-> /dev/null",
	"/usr/lib/systemd/system/masked-too.service":      "-> /dev/null",
	"/usr/lib/systemd/system/unmasked.service":        hook,
	"/etc/systemd/system/unmasked.service":            "-> /dev/null",
	"/etc/systemd/system/dangling.service":            "-> /opt/none/dangling.service",
	"/opt/linked.service":                             hook,
	"/etc/systemd/system/linked.service":              "-> /opt/linked.service",
	"/usr/lib/systemd/system/static.service":          "[Service]\nExecStart=/bin/true\n",
	"/usr/lib/systemd/system/dropin.service":          "[Service]\nExecStart=/bin/true\n",
	"/usr/lib/systemd/system/dropin.service.d/a.conf": "[Install]\nRequiredBy=multi-user.target\n",
	"/usr/lib/systemd/system/bare@.service":           hook,
	"/usr/lib/systemd/system/two@.service":            hook + "DefaultInstance=one\n",
	"/usr/lib/systemd/system/default@.service":        hook + "DefaultInstance=one\n",
	"/usr/lib/systemd/system/some@.service":           hook,
	"/usr/lib/systemd/system/with.service":            hook + "Also=with.socket\n",
	"/usr/lib/systemd/system/with.socket":             "[Socket]\nListenStream=1\n[Install]\nWantedBy=sockets.target\n",
	"/usr/lib/systemd/system/tty@.service":            hook,
	"/etc/systemd/system/tty@image.service":           "-> /dev/null",
	"/usr/lib/systemd/system/exact@.service":          hook + "DefaultInstance=one\n",
	"/usr/lib/systemd/system/own@.service":            hook + "DefaultInstance=one\n",
	"/usr/lib/systemd/system/no@.service":             hook,
	"/usr/lib/systemd/system/along.service":           hook + "Also=along.socket\n",
	"/usr/lib/systemd/system/along.socket":            "[Socket]\nListenStream=1\n[Install]\nWantedBy=sockets.target\n",
	"/usr/lib/systemd/system-preset/95-image.preset":  "enable on.service\nenable default@.service\n",
}

var wantedStates = []object{
	{"name": "masked-here.service", "enabled": true, "mask": true, "contents": hook},
	{"name": "masked-off.service", "enabled": false, "mask": true},
	{"name": "absent.service", "enabled": true},
	{"name": "absent-off.service", "enabled": false},
	{"name": "masked.service", "enabled": true},
	{"name": "masked-too.service", "enabled": true},
	{"name": "dangling.service", "enabled": true},
	{"name": "static.service", "enabled": true},
	{"name": "bare@.service", "enabled": true},
	{"name": "on.service", "enabled": false},
	{"name": "own-off.service", "enabled": false, "contents": hook},
	{"name": "own.service", "enabled": true, "contents": hook},
	{"name": "plain.service", "enabled": true},
	{"name": "alias.service", "enabled": true},
	{"name": "asked.service", "enabled": true},
	{"name": "unmasked.service", "enabled": true, "mask": false},
	{"name": "linked.service", "enabled": true},
	{"name": "dropin.service", "enabled": true},
	{"name": "two@.service", "enabled": true},
	{"name": "two@x.service", "enabled": true},
	{"name": "default@one.service", "enabled": false},
	{"name": "some@a.service", "enabled": true},
	{"name": "some@b.service", "enabled": false},
	{"name": "with.socket", "enabled": true},
	{"name": "with.service", "enabled": false},
	{"name": "tty@.service", "enabled": false},
	{"name": "tty@config.service", "mask": true},
	{"name": "tty@on.service", "enabled": true},
	{"name": "exact@.service", "enabled": true},
	{"name": "exact@one.service", "enabled": false},
	{"name": "exact@two.service", "enabled": true},
	{"name": "own@one.service", "enabled": false, "contents": hook},
	{"name": "no@.service", "mask": true},
	{"name": "no@1.service", "enabled": true},
	{"name": "along.socket", "enabled": false},
	{"name": "sshd.service", "enabled": false}, // an alias of ssh.service, which Debian enables
	{"name": "-.slice", "enabled": false},
}

var statesAfter = map[string]string{
	"masked-here.service": "masked", "masked-off.service": "masked", "absent.service": "", "absent-off.service": "",
	"masked.service":     "masked",
	"masked-too.service": "masked", "dangling.service": "", "static.service": "static", "bare@.service": "disabled",
	"on.service":      "disabled",
	"own-off.service": "disabled", "own.service": "enabled", "plain.service": "enabled", "plain-too.service": "enabled",
	"asks.service":  "enabled",
	"asked.service": "alias", "alias.service": "alias", "unmasked.service": "enabled", "linked.service": "enabled",
	"dropin.service":  "enabled",
	"two@one.service": "enabled", "two@x.service": "enabled", "default@one.service": "disabled",
	"some@a.service": "enabled", "some@b.service": "disabled",
	"with.socket": "enabled", "with.service": "disabled", "ssh.service": "disabled",
	"tty@on.service": "enabled", "tty@off.service": "disabled", "tty@config.service": "masked",
	"tty@image.service": "masked",
	"exact@one.service": "disabled", "exact@two.service": "enabled", "own@one.service": "disabled",
	"no@1.service": "masked",
}

// withUnits gives the parts of a Debian tree that are about units, with units of all kinds.
func withUnits(t *testing.T, matchAll string) string {
	t.Helper()
	original, root := os.Getenv("GLOWPLUG_DISK_ROOT"), t.TempDir()
	require.DirExists(t, original, "run these tests with `make test-disk`")
	for _, dir := range []string{"/usr/lib/systemd", "/etc/systemd"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(root+dir), 0o755))
		must(t, "cp", "-a", original+dir, root+dir)
	}
	must(t, "cp", "-a", original+"/lib", root)
	must(t, "systemctl", "--root", root, "enable", "ssh.service")
	for at, text := range shippedUnits {
		require.NoError(t, os.MkdirAll(filepath.Dir(root+at), 0o755))
		if to, ok := strings.CutPrefix(text, "-> "); ok {
			require.NoError(t, os.Symlink(to, root+at))
		} else {
			require.NoError(t, os.WriteFile(root+at, []byte(text), 0o644))
		}
	}
	must(t, "systemctl", "--root", root, "enable", "on.service", "default@one.service", "some@b.service",
		"tty@off.service", "exact@.service")
	if matchAll != "" {
		require.NoError(t,
			os.WriteFile(root+"/usr/lib/systemd/system-preset/99-default.preset", []byte(matchAll), 0o644))
	}
	return root
}

// The states are those of the config after any number of runs, with the presets of a first boot or without, whatever
// the image's own presets say and however the first boot goes by them.
func TestUnitsAreAsTheConfigHasThem(t *testing.T) {
	config := writeConfig(t, object{"ignition": object{"version": "3.4.0"}, "systemd": object{"units": wantedStates}})
	for _, images := range []string{"", "disable *"} {
		for _, mode := range []string{"full", "enable-only"} {
			first := func(t *testing.T, root string) {
				out := must(t, "systemctl", "--root", root, "--preset-mode", mode, "preset-all")
				t.Log(out)
				agrees(t, root, statesAfter)
			}
			t.Run("apply "+mode+" "+images, func(t *testing.T) {
				root := withUnits(t, images)
				for range 3 {
					code, out := call(t, exec.Command(program(t, "glowplug"), "apply", "--root", root, config))
					require.Equal(t, 0, code, out)
					assert.Equal(t, 7, strings.Count(out, "cannot be enabled"), out)
					assert.Equal(t, images == "",
						strings.Contains(out, "along.socket is enabled along with along.service"), out)
					agrees(t, root, statesAfter)
				}
				first(t, root)
				code, out := call(t, exec.Command(program(t, "glowplug"), "apply", "--root", root, config))
				require.Equal(t, 0, code, out)
				agrees(t, root, statesAfter)
			})
			t.Run("boot "+mode+" "+images, func(t *testing.T) {
				root := withUnits(t, images)
				for range 2 {
					code, out := boot(t, root, config)
					require.Equal(t, 0, code, out)
					assert.Contains(t, out,
						"unit masked.service cannot be enabled: it is masked by /etc/systemd/system/masked.service")
				}
				first(t, root)
				code, out := boot(t, root, config)
				require.Equal(t, 0, code, out)
			})
		}
	}
}
