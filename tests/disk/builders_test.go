//go:build disk

package disk

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// builderFolder is what a builder of docs/images.md works in: the config of the page, and what bin and tools of the
// host are found by.
func builderFolder(t *testing.T) (dir string, env []string) {
	t.Helper()
	dir = t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "web.bu"), []byte(imageBlock(t, "yaml", "variant: ")), 0o644))
	bin, err := filepath.Abs("../../bin")
	require.NoError(t, err)
	return dir, append(os.Environ(), "PATH="+dir+":"+bin+":"+os.Getenv("PATH"))
}

// imageBlock is the block of docs/images.md of a language that begins so.
func imageBlock(t *testing.T, language, begins string) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/images.md")
	require.NoError(t, err)
	for _, block := range strings.Split(string(page), "```"+language+"\n")[1:] {
		if block, _, _ = strings.Cut(block, "```"); strings.HasPrefix(block, begins) {
			return block
		}
	}
	require.Fail(t, "the page has no such block", "%s %s", language, begins)
	return ""
}

func runIn(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	command := exec.Command(name, args...)
	command.Dir, command.Env = dir, env
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s %s: %s", name, strings.Join(args, " "), out)
	return string(out)
}

// assertWeb asserts that a root has what the config of the page asks for, and nothing of the program.
func assertWeb(t *testing.T, root string) {
	t.Helper()
	text := func(at string) string {
		text, err := os.ReadFile(filepath.Join(root, at))
		assert.NoError(t, err)
		return string(text)
	}
	assert.Equal(t, "Welcome.\n", text("etc/motd"))
	assert.Contains(t, text("etc/passwd"), "\ndeploy:x:1000:1000::/home/deploy:/bin/sh\n")
	assert.Contains(t, text("etc/systemd/system-preset/20-ignition.preset"), "enable hello.service\n")
	home, err := os.Stat(filepath.Join(root, "home/deploy"))
	require.NoError(t, err)
	assert.EqualValues(t, 1000, home.Sys().(*syscall.Stat_t).Uid)
	found := must(t, "find", root, "-xdev", "(", "-name", "glowplug", "-o", "-name", "web.bu", ")")
	assert.Empty(t, found, "neither the program nor the config is in the image")
}

const enabledHello = "etc/systemd/system/multi-user.target.wants/hello.service"

// What mmdebstrap would install is there already, so only its own way is gone through.
func TestMmdebstrapAppliesAConfigByTheHookOfThePage(t *testing.T) {
	dir, env := builderFolder(t)
	original := os.Getenv("GLOWPLUG_DISK_ROOT")
	require.DirExists(t, original, "run these tests with `make test-disk`")
	real, err := exec.LookPath("mmdebstrap")
	require.NoError(t, err)
	copied := fmt.Sprintf(`cp -a --reflink=auto %s/. "$1"`, original)
	wrapper := fmt.Sprintf("#!/bin/sh\nexec %s --variant=custom --setup-hook='%s' \"$@\"\n", real, copied)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "mmdebstrap"), []byte(wrapper), 0o755))
	out := runIn(t, dir, env, "sh", "-ec", imageBlock(t, "sh", "mmdebstrap "))
	assert.Contains(t, out, "\nplanned: 1 file, 1 replaced; 1 user; 1 unit; 1 preset file\n")

	root := filepath.Join(dir, "made")
	require.NoError(t, os.Mkdir(root, 0o755))
	must(t, "tar", "-xpf", filepath.Join(dir, "web.tar"), "-C", root)
	assertWeb(t, root)
	link, err := os.Readlink(filepath.Join(root, enabledHello))
	require.NoError(t, err)
	assert.Equal(t, "/etc/systemd/system/hello.service", link)
}

// mkosi itself runs in no test.
func TestTheScriptOfThePageForMkosiAppliesAConfig(t *testing.T) {
	dir, env := builderFolder(t)
	root := debian(t)
	script := filepath.Join(dir, "mkosi.postinst")
	require.NoError(t, os.WriteFile(script, []byte(imageBlock(t, "sh", "#!")), 0o755))
	runIn(t, dir, append(env, "BUILDROOT="+root), script, "final")
	assertWeb(t, root)
	_, err := os.Lstat(filepath.Join(root, enabledHello))
	require.ErrorIs(t, err, fs.ErrNotExist, "mkosi applies the presets")
	must(t, "systemctl", "--root", root, "preset", "hello.service")
	assert.FileExists(t, filepath.Join(root, "etc/systemd/system/hello.service"))
	_, err = os.Lstat(filepath.Join(root, enabledHello))
	require.NoError(t, err)
}

// Images from registries are not at hand: those that are made here have their names.
func TestAContainerIsBuiltWithAConfigAsThePageSays(t *testing.T) {
	dir, env := builderFolder(t)
	buildah := func(args ...string) string {
		at := []string{"--root", filepath.Join(dir, "storage"), "--runroot", filepath.Join(dir, "run"),
			"--storage-driver", "vfs"}
		env := append(env, "BUILDAH_ISOLATION=chroot")
		return strings.TrimSpace(runIn(t, dir, env, "buildah", append(at, args...)...))
	}
	image := func(name string, from ...string) {
		made := buildah("from", "scratch")
		must(t, "cp", append([]string{"-a"}, append(from, buildah("mount", made)+"/")...)...)
		buildah("umount", made)
		buildah("commit", "--quiet", "--disable-compression", made, name)
		buildah("rm", made)
	}
	original := os.Getenv("GLOWPLUG_DISK_ROOT")
	require.DirExists(t, original, "run these tests with `make test-disk`")
	program := filepath.Join(dir, "program", "go", "bin")
	require.NoError(t, os.MkdirAll(program, 0o755))
	must(t, "cp", "../../bin/glowplug", program)
	image("localhost/program", filepath.Join(dir, "program", "go"))
	image("localhost/debian", original+"/.")

	file := imageBlock(t, "Dockerfile", "FROM ")
	first, second, found := strings.Cut(file, "\n\n")
	require.True(t, found)
	require.Contains(t, first, " AS glowplug\n")
	_, second, found = strings.Cut(second, "\n")
	require.True(t, found)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Containerfile"),
		[]byte("FROM localhost/program AS glowplug\nFROM localhost/debian\n"+second), 0o644))
	out := buildah("build", "--pull-never", "--disable-compression", "--tag", "localhost/web", ".")
	assert.Contains(t, out, "\nplanned: 1 file, 1 replaced; 1 user; 1 unit; 1 preset file\n")
	made := buildah("from", "localhost/web")
	assertWeb(t, buildah("mount", made))
	buildah("umount", made)
}
