package initramfs

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/machine"
)

// systemOf makes a folder of files, and of links where the text begins with "-> ".
func systemOf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		at := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
		if to, is := strings.CutPrefix(text, "-> "); is {
			require.NoError(t, os.Symlink(to, at))
			continue
		}
		require.NoError(t, os.WriteFile(at, []byte(text), 0o755))
	}
	return dir
}

func opened(t *testing.T, dir string) system {
	t.Helper()
	s, err := openSystem(dir)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

func TestLinksLeadWhereTheyDoInTheSystem(t *testing.T) {
	s := opened(t, systemOf(t, map[string]string{
		"usr/bin/real": "x", "bin": "-> usr/bin", "usr/bin/absolute": "-> /bin/real",
		"usr/bin/relative": "-> ../bin/./absolute", "usr/bin/out": "-> ../../../../usr/bin/real",
		"usr/bin/loop": "-> loop", "usr/bin/gone": "-> nowhere",
	}))
	for _, name := range []string{"/bin/real", "/bin/absolute", "/usr/bin/relative", "/bin/out"} {
		at, real := s.find(name)
		assert.Equal(t, name, at)
		assert.Equal(t, filepath.Join(s.Dir(), "usr/bin/real"), real, name)
	}
	for _, name := range []string{"/bin/loop", "/bin/gone", "/bin", "/none"} {
		at, _ := s.find(name)
		assert.Empty(t, at, name)
	}
}

func TestPlacesAreThoseOfAMergedSystem(t *testing.T) {
	for at, want := range map[string]string{
		"/lib64/ld.so": "usr/lib64/ld.so", "/bin/sh": "usr/bin/sh", "/usr/sbin/x": "usr/sbin/x", "/init": "init",
		"/lib": "lib", "/../etc/x": "etc/x", "/lib/udev/x": "usr/lib/udev/x",
	} {
		assert.Equal(t, want, place(at), at)
	}
}

// A program of this host that is linked to a library.
func TestAProgramComesWithItsLoaderAndLibraries(t *testing.T) {
	g := &gathering{system: opened(t, "/"), tree: Tree{}}
	g.folders = g.librariesIn()
	at, real := g.find(below(programsIn, "sh")...)
	require.NotEmpty(t, at)
	o, err := read(real)
	require.NoError(t, err)
	require.NotEmpty(t, o.libraries)
	require.NoError(t, g.program(at, real))
	assert.Contains(t, g.tree, place(at))
	assert.Contains(t, g.tree, place(o.interpreter))
	for _, name := range o.libraries {
		assert.True(t, slices.ContainsFunc(slices.Collect(maps.Keys(g.tree)), func(at string) bool {
			return filepath.Base(at) == name
		}), name)
	}
}

func TestWhatASystemLacksIsToldAtOnceWithItsPackages(t *testing.T) {
	_, err := Gather(Wish{System: systemOf(t, nil), Tools: []string{"mkfs.xfs", "mdadm", "blkid", "wipefs"},
		Perhaps: []string{"setfiles"}})
	require.ErrorContains(t, err, "lacks what the machine needs for this config: mkfs.xfs, mdadm, blkid, wipefs, "+
		"systemd-udevd")
	assert.Equal(t, []string{"install it; on Debian the packages are called xfsprogs mdadm util-linux udev; or " +
		"--tools DIR names the root of another system that has them"}, diag.Hints(err))
}

func TestAProgramThatIsAScriptIsRefused(t *testing.T) {
	_, err := Gather(Wish{System: systemOf(t, map[string]string{"usr/bin/mount": "#!/bin/sh\n"}),
		Tools: []string{"mount"}})
	assert.ErrorContains(t, err, "/usr/bin/mount: is no program of the machine's own")
}

func TestRulesAreThoseThatNameDisks(t *testing.T) {
	for _, name := range []string{"50-udev-default.rules", "55-dm.rules", "10-dm.rules", "13-dm-disk.rules",
		"60-block.rules", "60-persistent-storage.rules", "60-persistent-storage-dm.rules", "63-md-raid-arrays.rules",
		"64-btrfs.rules", "65-md-incremental.rules", "80-drivers.rules", "95-dm-notify.rules"} {
		assert.True(t, isRule(name), name)
	}
	for _, name := range []string{"69-lvm.rules", "60-persistent-storage-tape.rules", "73-seat-late.rules",
		"99-systemd.rules", "60-block.rules.dpkg-new", "70-uaccess.rules"} {
		assert.False(t, isRule(name), name)
	}
}

func TestModulesComeWithWhatTheyNeedAndTheirTables(t *testing.T) {
	dir := systemOf(t, map[string]string{"modules.dep": "fs/xfs.ko: lib/crc.ko\nlib/crc.ko:\nnet/x.ko:\n",
		"modules.alias.bin": "a", "fs/xfs.ko": "", "lib/crc.ko": "", "net/x.ko": ""})
	g := &gathering{tree: Tree{}}
	require.NoError(t, g.modules(machine.Kernel{Release: "6.1", Modules: dir}, []string{"xfs", "built_in"}))
	assert.Equal(t, []string{"usr/lib/modules/6.1/fs/xfs.ko", "usr/lib/modules/6.1/lib/crc.ko",
		"usr/lib/modules/6.1/modules.alias.bin", "usr/lib/modules/6.1/modules.dep"}, slices.Sorted(maps.Keys(g.tree)))
}

func TestATreeIsPackedWithItsFolders(t *testing.T) {
	tree := Tree{}
	tree.Text("/usr/lib/a/b", 0o644, "text")
	var out bytes.Buffer
	require.NoError(t, tree.Pack(machine.NewArchive(&out)))
	packed := out.String()
	last := -1
	for _, name := range []string{"usr\x00", "usr/lib\x00", "usr/lib/a\x00", "usr/lib/a/b\x00"} {
		at := strings.Index(packed, "\x00"+name)
		if at < 0 {
			at = strings.Index(packed, "0"+name)
		}
		require.Greater(t, at, last, "%q comes behind its folder", name)
		last = at
	}
	tree["gone"] = Node{From: filepath.Join(t.TempDir(), "gone")}
	assert.ErrorIs(t, tree.Pack(machine.NewArchive(&out)), fs.ErrNotExist)
}
