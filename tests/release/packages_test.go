//go:build disk

package release_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/build"
	"github.com/glowplug-os/glowplug/tests/prepared"
)

var packages = []string{"glowplug", "glowplug-butane", "glowplug-ignition-validate", "glowplug-validate",
	"ignition-glowplug"}

// debian is a copy of the Debian root, with both releases in /first and /second.
func debian(t *testing.T) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "root")
	output(t, "cp", "-a", prepared.By(t, "./prepare"), root)
	for name, dist := range map[string]string{"first": release(t, first), "second": release(t, second)} {
		require.NoError(t, os.Mkdir(filepath.Join(root, name), 0o755))
		output(t, "sh", "-c", `cp "$1"/*_all.deb "$1"/*_amd64.deb "$2"`, "sh", dist, filepath.Join(root, name))
	}
	return root
}

// in runs a command in the root; apt writes no log of its terminal, as there is no /dev/pts.
func in(t *testing.T, root, command string) string {
	t.Helper()
	return output(t, "chroot", root, "sh", "-euc", "export DEBIAN_FRONTEND=noninteractive LC_ALL=C\n"+command)
}

const install = "apt-get install -q -y --no-install-recommends --allow-downgrades "

// installedOf lists the packages of glowplug and Ignition with their versions.
func installedOf(t *testing.T, root string) (found []string) {
	t.Helper()
	for line := range strings.Lines(in(t, root, `dpkg-query -W -f '${db:Status-Abbrev} ${Package} ${Version}\n'`)) {
		words := strings.Fields(line)
		if words[0] == "ii" && (strings.Contains(words[1], "glowplug") || words[1] == "ignition") {
			found = append(found, words[1]+" "+words[2])
		}
	}
	return found
}

func all(version string) (found []string) {
	for _, name := range packages {
		found = append(found, name+" "+version)
	}
	return found
}

// records are what dpkg and apt write down themselves, and the releases.
var records = []string{"/var/lib/dpkg", "/var/lib/apt", "/var/cache", "/var/log", "/first", "/second"}

// below lists all paths of a root but those of records.
func below(t *testing.T, root string) (paths []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, root)
		if slices.Contains(records, name) {
			return filepath.SkipDir
		}
		paths = append(paths, name)
		return nil
	}))
	return paths
}

func TestDebsAreInstalledUpgradedAndRemoved(t *testing.T) {
	root := debian(t)
	before := below(t, root)
	in(t, root, install+"/first/*.deb")
	assert.Equal(t, all("0.1.0"), installedOf(t, root))
	assert.Empty(t, in(t, root, "dpkg -V "+strings.Join(packages, " ")))
	assert.Equal(t, "glowplug 0.1.0", in(t, root, "glowplug --version"))
	assert.Equal(t, "Ignition "+build.Ignition+"+glowplug.0.1.0", in(t, root, "ignition-validate --version"))
	assert.Equal(t, "Butane "+build.Butane+"+glowplug.0.1.0", in(t, root, "butane --version"))
	in(t, root, "glowplug-validate /usr/share/doc/glowplug/examples/motd.ign")

	in(t, root, install+"/second/*.deb")
	assert.Equal(t, all("0.2.0"), installedOf(t, root))
	assert.Empty(t, in(t, root, "dpkg -V "+strings.Join(packages, " ")))
	assert.Equal(t, "Ignition "+build.Ignition+"+glowplug.0.2.0", in(t, root, "/usr/libexec/ignition-rmcfg --version"))
	assert.NoFileExists(t, filepath.Join(root, "usr/share/doc/glowplug/examples/motd.ign"))

	in(t, root, "apt-get purge -q -y "+strings.Join(packages, " "))
	assert.Empty(t, installedOf(t, root))
	assert.Equal(t, before, below(t, root))
}

// The way of an image from Debian's Ignition to glowplug and back.
func TestDebsTakeThePlaceOfIgnitionAndGiveItBack(t *testing.T) {
	root := debian(t)
	in(t, root, "dpkg -i /srv/ignition.deb")
	peer := installedOf(t, root)
	require.Len(t, peer, 1)
	in(t, root, "cd /first && "+install+
		"./ignition-glowplug_*.deb ./glowplug-ignition-validate_*.deb ./glowplug-validate_*.deb")
	assert.Equal(t, []string{"glowplug-ignition-validate 0.1.0", "glowplug-validate 0.1.0", "ignition-glowplug 0.1.0"},
		installedOf(t, root))
	assert.Equal(t, "Ignition "+build.Ignition+"+glowplug.0.1.0", in(t, root, "ignition-validate --version"))
	in(t, root, install+"/srv/ignition.deb")
	assert.Equal(t, append([]string{"glowplug-validate 0.1.0"}, peer...), installedOf(t, root))
	assert.Empty(t, in(t, root, "dpkg -V ignition"))
}

// fedora is a root with rpm's records alone, in which a package claims to be all that ours ask for, and another is
// Ignition of Fedora.
func fedora(t *testing.T) (root string, rpm func(args ...string) (string, error)) {
	t.Helper()
	prepared.By(t, "./prepare")
	root, work := t.TempDir(), t.TempDir()
	rpm = func(args ...string) (string, error) {
		out, err := exec.Command("rpm", append([]string{"--root", root, "--force-debian"}, args...)...).CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	for name, provides := range map[string]string{
		"base":     "dracut dracut-network dbus curl systemd systemd-udev kmod util-linux",
		"ignition": "ignition-validate",
	} {
		spec := filepath.Join(work, name+".spec")
		require.NoError(t, os.WriteFile(spec, []byte("Name: "+name+"\nVersion: 2.26.0\nRelease: 1\nSummary: x\n"+
			"License: x\nBuildArch: noarch\nProvides: "+provides+"\n%description\nx\n%files\n"), 0o644))
		output(t, "rpmbuild", "-bb", "--quiet", "--define", "_topdir "+work, "--define", "_rpmdir "+work, spec)
	}
	out, err := rpm("-i", work+"/noarch/base-2.26.0-1.noarch.rpm", work+"/noarch/ignition-2.26.0-1.noarch.rpm")
	require.NoError(t, err, out)
	return root, rpm
}

func TestRpmsAreInstalledUpgradedAndRemoved(t *testing.T) {
	root, rpm := fedora(t)
	rpms := func(of func() (string, error)) []string {
		found, err := filepath.Glob(filepath.Join(release(t, of), "*.rpm"))
		require.NoError(t, err)
		return slices.DeleteFunc(found, func(path string) bool {
			return !strings.HasSuffix(path, ".noarch.rpm") && !strings.HasSuffix(path, ".x86_64.rpm")
		})
	}
	before := below(t, root)
	out, err := rpm(append([]string{"-i"}, rpms(first)...)...)
	require.Error(t, err)
	assert.Contains(t, out, "ignition conflicts with ignition-glowplug-0.1.0-1.x86_64", "one of the two has to go")

	must := func(args ...string) string {
		out, err := rpm(args...)
		require.NoError(t, err, out)
		return out
	}
	must("-e", "ignition")
	must(append([]string{"-i"}, rpms(first)...)...)
	must(append([]string{"-V", "--nouser", "--nogroup"}, packages...)...)
	assert.Equal(t, "glowplug 0.1.0", output(t, filepath.Join(root, "usr/bin/glowplug"), "--version"))
	assert.FileExists(t, filepath.Join(root, "usr/share/doc/glowplug/examples/motd.ign"))
	assert.Equal(t, "ignition-glowplug-0.1.0-1.x86_64", must("-q", "--whatprovides", "ignition"))

	must(append([]string{"-U"}, rpms(second)...)...)
	must(append([]string{"-V", "--nouser", "--nogroup"}, packages...)...)
	assert.Equal(t, "glowplug 0.2.0", output(t, filepath.Join(root, "usr/bin/glowplug"), "--version"))
	assert.NoFileExists(t, filepath.Join(root, "usr/share/doc/glowplug/examples/motd.ign"))

	must(append([]string{"-e"}, packages...)...)
	for _, path := range below(t, root) {
		info, err := os.Lstat(filepath.Join(root, path))
		require.NoError(t, err)
		ours := slices.Contains([]string{"glowplug", "30ignition"}, filepath.Base(path)) ||
			slices.Contains(packages, filepath.Base(path))
		assert.True(t, slices.Contains(before, path) || info.IsDir() && !ours, "%s is left", path)
	}
}

// All that dracut wants for the module is among what the package depends on.
func TestAnInitramfsHasTheModuleOfThePackage(t *testing.T) {
	root := debian(t)
	in(t, root, install+"/first/ignition-glowplug_*.deb")
	in(t, root, "cp -r /usr/share/ignition-glowplug/dracut-conf/. /")
	image := in(t, root, `dracut --quiet --no-kernel --no-hostonly --no-compress /tmp/initrd && lsinitrd /tmp/initrd`)
	for _, path := range []string{"usr/bin/ignition", "usr/lib/systemd/system/ignition-fetch.service",
		"usr/lib/systemd/system-generators/ignition-generator -> ../../../bin/ignition"} {
		assert.Contains(t, image, path)
	}
}
