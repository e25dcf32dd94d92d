package tests

import (
	"os"
	"os/exec"
	"path/filepath"
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
		"ignition.firstboot":                                   "set ignition_network_kcmdline='ip=dhcp'\n",
		"loader/entries/a.conf":                                "title a\nlinux /a\noptions root=LABEL=root ignition.firstboot ignition.firstbooted quiet\n",
		"loader/entries/b.conf":                                "title ignition.firstboot\noptions quiet ignition.firstboot=1\n",
		"loader/entries/other.conf":                            "options quiet\n",
		"loader/addons/ignition.firstboot.addon.efi":           "pe",
		"EFI/Linux/a.efi.extra.d/ignition.firstboot.addon.efi": "pe",
		"EFI/Linux/a.efi.extra.d/other.addon.efi":              "pe",
	})
	got := runScript(t, dir, nil, "../dracut/firstboot/ignition-firstboot-complete.sh", dir, filepath.Join(dir, "none"))
	assert.Equal(t, map[string]string{
		"loader/entries/a.conf":                   "title a\nlinux /a\noptions root=LABEL=root ignition.firstbooted quiet\n",
		"loader/entries/b.conf":                   "title ignition.firstboot\noptions quiet\n",
		"loader/entries/other.conf":               "options quiet\n",
		"EFI/Linux/a.efi.extra.d/other.addon.efi": "pe",
	}, got)
}

func TestKernelArgumentsOfBootEntriesAreChanged(t *testing.T) {
	dir := bootFolder(t, map[string]string{
		"loader/entries/a.conf": "title wanted=1\nlinux /a\noptions root=LABEL=root quiet nosmt quiet\n",
		"grub/grub.cfg":         "menuentry 'quiet' {\n\tlinux\t/a root=LABEL=root wanted=1 quiet\n\tinitrd /quiet\n}\n",
	})
	got := runScript(t, dir, []string{"IGNITION_BOOT=" + dir}, "../dracut/kargs/ignition-kargs-entries.sh",
		"--should-exist", "wanted=1", "--should-not-exist", "quiet", "--should-exist", "root=LABEL=root")
	assert.Equal(t, map[string]string{
		"loader/entries/a.conf": "title wanted=1\nlinux /a\noptions root=LABEL=root nosmt wanted=1\n",
		"grub/grub.cfg":         "menuentry 'quiet' {\n\tlinux\t/a root=LABEL=root wanted=1\n\tinitrd /quiet\n}\n",
	}, got)
}

func TestAHelperThatFindsNoBootEntriesFails(t *testing.T) {
	c := exec.Command("sh", "../dracut/kargs/ignition-kargs-entries.sh", "--should-exist", "a")
	c.Env = append(os.Environ(), "IGNITION_BOOT="+t.TempDir())
	out, err := c.CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(out), "there are no boot entries")
}
