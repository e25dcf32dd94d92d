package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bootFolder is a boot filesystem as the loaders know it.
func bootFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return dir
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		files[path[len(dir)+1:]] = string(text)
		return err
	}))
	return files
}

// runScript runs a script of ours twice: what it has done it leaves alone.
func runScript(t *testing.T, dir string, env []string, script string, args ...string) map[string]string {
	t.Helper()
	var after [2]map[string]string
	for i := range after {
		c := exec.Command("sh", append([]string{script}, args...)...)
		c.Env = append(os.Environ(), env...)
		out, err := c.CombinedOutput()
		require.NoError(t, err, "%s", out)
		after[i] = contents(t, dir)
	}
	assert.Equal(t, after[0], after[1], "the second time")
	return after[0]
}

func TestTheMarkOfTheFirstBootIsClearedForEveryBootLoader(t *testing.T) {
	dir := bootFolder(t, map[string]string{
		"ignition.firstboot": "set ignition_network_kcmdline='ip=dhcp'\n",
		"loader/entries/a.conf": "title a\nlinux /a\n" +
			"options root=LABEL=root ignition.firstboot ignition.firstbooted quiet\n",
		"loader/entries/b.conf": "title ignition.firstboot\noptions quiet ignition.firstboot=1\n",
		"loader/entries/c.conf": "options\tignition.firstboot ignition.firstboot " +
			"ignition.firstboot=yes\toptions=ignition.firstboot\n  options ignition.firstboot\n",
		"loader/entries/d.conf": "options a=\"b ignition.firstboot c\" \"ignition.firstboot\" " +
			"x 'ignition.firstboot=2 3' 'ignition.firstboot' \"ignition.firstboot=1 2\" ignition.firstboot=\"1\" " +
			"\"ignition.firstbooted\"\n",
		"loader/entries/e.conf": "options a=\"b ignition.firstboot \"ignition.firstboot=1 c ignition.firstboot\n" +
			"options \"ignition.firstboot a\noptions a=\"b ignition.firstboot ignition.firstboot=\"1\" c " +
			"ignition.firstboot=2 d ignition.firstboot\noptions x=\"y\" ignition.firstboot\n",
		"loader/entries/other.conf":                                 "options quiet\n",
		"loader/addons/ignition.firstboot.addon.efi":                "pe",
		"EFI/Linux/a.efi.extra.d/ignition.firstboot.addon.efi":      "pe",
		"EFI/BOOT/BOOTX64.EFI.extra.d/ignition.firstboot.addon.efi": "pe",
		"EFI/Linux/a.efi.extra.d/other.addon.efi":                   "pe",
	})
	got := runScript(t, dir, nil, complete, dir, filepath.Join(dir, "none"))
	assert.Equal(t, map[string]string{
		"loader/entries/a.conf": "title a\nlinux /a\noptions root=LABEL=root ignition.firstbooted quiet\n",
		"loader/entries/b.conf": "title ignition.firstboot\noptions quiet\n",
		"loader/entries/c.conf": "options\toptions=ignition.firstboot\n  options\n",
		"loader/entries/d.conf": "options a=\"b ignition.firstboot c\" x \"ignition.firstbooted\"\n",
		"loader/entries/e.conf": "options a=\"b ignition.firstboot \"ignition.firstboot=1 c\noptions a\n" +
			"options a=\"b ignition.firstboot ignition.firstboot=\"1\" c d\noptions x=\"y\"\n",
		"loader/entries/other.conf":               "options quiet\n",
		"EFI/Linux/a.efi.extra.d/other.addon.efi": "pe",
	}, got)
}

const (
	complete = "../dracut/firstboot/ignition-firstboot-complete.sh"
	entries  = "../dracut/kargs/ignition-kargs-entries.sh"
)

// grubenv fills an environment of GRUB up to the size that it has.
func grubenv(lines string) string { return lines + strings.Repeat("#", 1024-len(lines)) }

// argumentChanges are boot filesystems before and after what a helper was asked for.
var argumentChanges = map[string]struct {
	args         []string
	before, want map[string]string
}{
	"what is missing is added at the end, and only once": {
		[]string{"--should-exist", "a", "--should-exist", "b=1", "--should-exist", "root=LABEL=x"},
		map[string]string{
			"loader/entries/a.conf": "title a\nlinux /a\noptions root=LABEL=x aa b=11 xb=1\n",
			"grub/grub.cfg": "menuentry 'a' {\n\tlinux\t/a root=LABEL=x b=1 quiet\n\tlinuxefi /a\n" +
				"\tinitrd /a\n}\n",
		},
		map[string]string{
			"loader/entries/a.conf": "title a\nlinux /a\noptions root=LABEL=x aa b=11 xb=1 a b=1\n",
			"grub/grub.cfg": "menuentry 'a' {\n\tlinux\t/a root=LABEL=x b=1 quiet a\n" +
				"\tlinuxefi /a a b=1 root=LABEL=x\n\tinitrd /a\n}\n",
		},
	},
	"all of what should not be there goes, between any blanks": {
		[]string{"--should-not-exist", "quiet", "--should-not-exist", "absent"},
		map[string]string{
			"loader/entries/a.conf": "title quiet\nlinux /quiet\noptions\tquiet a quiet  quiet\tb quiet=1 quiet\r\n",
			"grub2/grub.cfg":        "set quiet\nlinux16 quiet quiet a\n",
		},
		map[string]string{
			"loader/entries/a.conf": "title quiet\nlinux /quiet\noptions a\tb quiet=1\r\n",
			"grub2/grub.cfg":        "set quiet\nlinux16 quiet a\n",
		},
	},
	"quotes hold words together": {
		[]string{"--should-exist", `x="a b"`, "--should-not-exist", "b", "--should-not-exist", `y="c d"`,
			"--should-exist", "it's;"},
		map[string]string{
			"loader/entries/a.conf": "linux /a\noptions z=\"a b c\" b \"y=c d\"\n",
			"grub/grub.cfg":         "linux /a 'z=a b c' b y=\"c d\" y=c\\ d 'x=a b'\n",
		},
		map[string]string{
			"loader/entries/a.conf": "linux /a\noptions z=\"a b c\" x=\"a b\" it's;\n",
			"grub/grub.cfg":         "linux /a 'z=a b c' 'x=a b' 'it'\\''s;'\n",
		},
	},
	"an argument of several words is all of them, in this order": {
		[]string{"--should-exist", "a b", "--should-not-exist", "c d"},
		map[string]string{"loader/entries/a.conf": "linux /a\noptions b a c d c e d\n"},
		map[string]string{"loader/entries/a.conf": "linux /a\noptions b a c e d a b\n"},
	},
	"nothing is added where nothing is asked for": {
		[]string{"--should-exist", "", "--should-not-exist", "a"},
		map[string]string{"loader/entries/none.conf": "linux /a\n", "loader/entries/a.conf": "linux /a\noptions a\n"},
		map[string]string{"loader/entries/none.conf": "linux /a\n", "loader/entries/a.conf": "linux /a\noptions\n"},
	},
	"lines of options count together, and other entries than a kernel's are left alone": {
		[]string{"--should-exist", "a", "--should-exist", "b", "--should-not-exist", "c"},
		map[string]string{
			"loader/entries/two.conf":   "linux /a\noptions a c\noptions d c\n",
			"loader/entries/none.conf":  "linux /a\n",
			"loader/entries/image.conf": "uki /a.efi\noptions c\n",
			"loader/entries/shell.conf": "efi /shell.efi\noptions c\n",
			"loader/entries/a.conf.new": "what a power cut has left",
		},
		map[string]string{
			"loader/entries/two.conf":   "linux /a\noptions a\noptions d b\n",
			"loader/entries/none.conf":  "linux /a\noptions a b\n",
			"loader/entries/image.conf": "uki /a.efi\noptions a b\n",
			"loader/entries/shell.conf": "efi /shell.efi\noptions c\n",
			"loader/entries/a.conf.new": "what a power cut has left",
		},
	},
	"entries of older versions of grubby have their arguments in GRUB's environment": {
		[]string{"--should-exist", "a", "--should-exist", "b", "--should-not-exist", "quiet"},
		map[string]string{
			"loader/entries/a.conf": "linux /a\noptions $kernelopts quiet $tuned_params\n",
			"grub2/grub.cfg":        "blscfg\n",
			"grub2/grubenv": grubenv("# GRUB Environment Block\nsaved_entry=quiet\nkernelopts=quiet root=x quiet b \n" +
				"boot_success=0\n"),
		},
		map[string]string{
			"loader/entries/a.conf": "linux /a\noptions $kernelopts $tuned_params\n",
			"grub2/grub.cfg":        "blscfg\n",
			"grub2/grubenv": grubenv("# GRUB Environment Block\nsaved_entry=quiet\nkernelopts= root=x b a \n" +
				"boot_success=0\n"),
		},
	},
}

func TestKernelArgumentsOfBootEntriesAreChanged(t *testing.T) {
	for name, test := range argumentChanges {
		t.Run(name, func(t *testing.T) {
			dir := bootFolder(t, test.before)
			assert.Equal(t, test.want, runScript(t, dir, []string{"IGNITION_BOOT=" + dir}, entries, test.args...))
		})
	}
}

// rootChanges are files of a root, of which entries of kernels to come are made, before and after.
var rootChanges = map[string]struct {
	args         []string
	before, want map[string]string
}{
	"what kernel-install reads": {
		[]string{"--should-exist", "a", "--should-exist", `b="c d"`, "--should-not-exist", "quiet"},
		map[string]string{"etc/kernel/cmdline": "quiet root=x a\n"},
		map[string]string{"etc/kernel/cmdline": "root=x a b=\"c d\"\n"},
	},
	"in several lines, which count together": {
		[]string{"--should-exist", "a", "--should-exist", "b"},
		map[string]string{"etc/kernel/cmdline": "a\nroot=x"},
		map[string]string{"etc/kernel/cmdline": "a\nroot=x b\n"},
	},
	"an empty file": {
		[]string{"--should-exist", "a"},
		map[string]string{"etc/kernel/cmdline": ""},
		map[string]string{"etc/kernel/cmdline": "a\n"},
	},
	"what grub-mkconfig reads": {
		[]string{"--should-exist", "a", "--should-exist", `x="b $c"`, "--should-not-exist", "quiet"},
		map[string]string{"etc/default/grub": "GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet splash\"\n" +
			"GRUB_CMDLINE_LINUX=\"\" \n#GRUB_CMDLINE_LINUX=\"z\"\nGRUB_CMDLINE_LINUX_X=quiet\n"},
		map[string]string{"etc/default/grub": "GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX_DEFAULT=\"splash\"\n" +
			"GRUB_CMDLINE_LINUX=\"a 'x=b \\$c'\"\n#GRUB_CMDLINE_LINUX=\"z\"\nGRUB_CMDLINE_LINUX_X=quiet\n"},
	},
	"values without quotes, and in single ones, are left where nothing changes": {
		[]string{"--should-exist", "a", "--should-not-exist", "q r"},
		map[string]string{"etc/default/grub": "GRUB_CMDLINE_LINUX=a\nGRUB_CMDLINE_LINUX_DEFAULT='x q r'\n"},
		map[string]string{"etc/default/grub": "GRUB_CMDLINE_LINUX=a\nGRUB_CMDLINE_LINUX_DEFAULT=\"x\"\n"},
	},
	"a root without them": {[]string{"--should-exist", "a"}, map[string]string{"etc/x": "x"},
		map[string]string{"etc/x": "x"}},
}

func TestKernelArgumentsOfKernelsToComeAreChanged(t *testing.T) {
	for name, test := range rootChanges {
		t.Run(name, func(t *testing.T) {
			dir := bootFolder(t, test.before)
			assert.Equal(t, test.want, runScript(t, dir, []string{"IGNITION_ROOT=" + dir}, entries, test.args...))
		})
	}
}

func TestKernelArgumentsThatOnlyAShellCanTellAreRefused(t *testing.T) {
	for _, value := range []string{`"$OTHER a"`, "\"`date`\"", `a"b"`, `"a`, `'a'b'`, `$x`, `"a" "b"`} {
		files := map[string]string{"etc/default/grub": "GRUB_CMDLINE_LINUX=" + value + "\n"}
		dir := bootFolder(t, files)
		c := exec.Command("sh", entries, "--should-exist", "a")
		c.Env = append(os.Environ(), "IGNITION_ROOT="+dir)
		out, err := c.CombinedOutput()
		require.Error(t, err, value)
		assert.Contains(t, string(out), "only a shell", value)
		assert.Equal(t, files, contents(t, dir))
	}
}

func TestAHelperThatCannotDoWhatIsAskedFails(t *testing.T) {
	for says, files := range map[string]map[string]string{
		"there are no boot entries": {"grub/grub.cfg": "set linux\n", "loader/entries/a.conf": "efi /a\n"},
		"refer to kernelopts, which no grubenv": {"loader/entries/a.conf": "linux /a\noptions $kernelopts\n",
			"grub2/grubenv": grubenv("a=b\n")},
		"there is no room": {"loader/entries/a.conf": "linux /a\noptions $kernelopts\n",
			"grub2/grubenv": grubenv("kernelopts=" + strings.Repeat("x", 1000) + "\n")},
	} {
		dir := bootFolder(t, files)
		c := exec.Command("sh", entries, "--should-exist", "password=letmein")
		c.Env = append(os.Environ(), "IGNITION_BOOT="+dir)
		out, err := c.CombinedOutput()
		require.Error(t, err, says)
		assert.Contains(t, string(out), says)
		assert.NotContains(t, string(out), "letmein")
		assert.Equal(t, files, contents(t, dir))
	}
}

// A file is written whole before it takes the place of the other, and keeps its mode: a grub.cfg may hold passwords.
func TestBootEntriesAreReplacedInOnePiece(t *testing.T) {
	for script, args := range map[string][]string{complete: nil,
		entries: {"--should-not-exist", "ignition.firstboot"}} {
		dir := bootFolder(t, map[string]string{"loader/entries/a.conf": "linux /a\noptions ignition.firstboot\n"})
		entry := filepath.Join(dir, "loader/entries/a.conf")
		require.NoError(t, os.Chmod(entry, 0o600))
		tools := t.TempDir()
		for _, name := range []string{"sync", "mv"} {
			real, err := exec.LookPath(name)
			require.NoError(t, err)
			text := "#!/bin/sh\n[ -s " + entry + " ] && echo " + name + " >>" + tools + "/order\nexec " +
				real + ` "$@"` + "\n"
			require.NoError(t, os.WriteFile(filepath.Join(tools, name), []byte(text), 0o755))
		}
		if script == complete {
			args = []string{dir}
		}
		runScript(t, dir, []string{"IGNITION_BOOT=" + dir, "PATH=" + tools + ":" + os.Getenv("PATH")}, script, args...)
		order, err := os.ReadFile(filepath.Join(tools, "order"))
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(string(order), "sync\nmv\nsync\n"), string(order))
		info, err := os.Stat(entry)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode())
	}
}
