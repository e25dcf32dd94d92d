//go:build disk

package disk

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func storage(lists object) object {
	return object{"ignition": object{"version": "3.6.0"}, "storage": lists}
}

// large is a config of ten files of 200 KiB that no filesystem stores in less.
func large() (config object, contents map[string]string) {
	random := rand.New(rand.NewPCG(1, 2))
	contents = map[string]string{}
	var files []object
	for i := range 10 {
		content := make([]byte, 200<<10)
		for k := range content {
			content[k] = byte(random.Uint32())
		}
		path := fmt.Sprintf("/data/%d", i)
		contents[path] = string(content)
		files = append(files, object{"path": path,
			"contents": object{"source": "data:;base64," + base64.StdEncoding.EncodeToString(content)}})
	}
	return storage(object{"files": files}), contents
}

func TestAReadOnlyRootIsAnError(t *testing.T) {
	config := writeConfig(t, storage(object{"files": []object{{"path": "/etc/motd", "contents": plain("hello\n")}}}))
	both(t, func(t *testing.T, w way) {
		t.Run("a filesystem mounted read-only", func(t *testing.T) {
			refusesToWrite(t, w, mount(t, "-o", "loop,ro", image(t, "16M")), config)
		})
		t.Run("a read-only view of a folder", func(t *testing.T) {
			root := mount(t, "--bind", t.TempDir())
			must(t, "mount", "-o", "remount,bind,ro", root)
			refusesToWrite(t, w, root, config)
		})
	})
}

func refusesToWrite(t *testing.T, w way, root, config string) {
	t.Helper()
	before := names(t, root)
	code, out := w.run(t, root, config)
	assert.Equal(t, 1, code, out)
	assert.Contains(t, out, "/etc")
	assert.Contains(t, out, "read-only file system")
	assert.Equal(t, before, names(t, root))
}

// What a plan says of a root that cannot be written to is what apply comes to, which then finds it before it begins.
func TestAPlanSaysWhereARootCannotBeWritten(t *testing.T) {
	config := writeConfig(t, storage(object{"directories": []object{{"path": "/srv/d"}}, "files": []object{
		{"path": "/etc/motd", "contents": plain("hello\n")}, {"path": "/etc/old", "append": []object{plain("x")}},
		{"path": "/opt/old", "contents": plain("x"), "overwrite": true, "mode": 0o600}}}))
	for claim, c := range map[string]struct {
		protect, release string
		message          string
		user             uint32
	}{
		"a read-only filesystem": {"mount -o remount,ro @", "mount -o remount,rw @",
			"the root is on a read-only file system (3 more changes go there)", 0},
		"a directory that is immutable": {"chattr +i @/etc", "chattr -i @/etc", "/etc has the immutable flag", 0},
		"a file that is immutable": {"chattr +i @/opt/old", "chattr -i @/opt/old",
			"file /opt/old: /opt/old has the immutable flag", 0},
		"a file that is immutable, to grow": {"chattr +i @/etc/old", "chattr -i @/etc/old",
			"file /etc/old: /etc/old has the immutable flag", 0},
		"a file that only grows": {"chattr +a @/etc/old", "chattr -a @/etc/old",
			"file /etc/old: /etc/old has the append-only flag", 0},
		"a directory that only grows": {"chattr +a @/opt", "chattr -a @/opt",
			"file /opt/old: /opt has the append-only flag", 0},
		"one in which a directory is made": {"chattr +a @/srv", "chattr -a @/srv", "", 0},
		"a directory of another": {"chown 0:0 @/etc", "chown 65534:65534 @/etc",
			"/etc cannot be written to by who runs this", 65534},
		"a root of who runs this": {"", "", "", 65534},
	} {
		t.Run(claim, func(t *testing.T) {
			root := mount(t, "-o", "loop", image(t, "16M"))
			open, err := os.MkdirTemp("", "glowplug-open-") // for all users
			require.NoError(t, err)
			defer os.RemoveAll(open)
			require.NoError(t, os.Chmod(open, 0o755))
			must(t, "cp", program(t, "glowplug"), config, open)
			view := filepath.Join(open, "root")
			require.NoError(t, os.Mkdir(view, 0o755))
			for _, name := range []string{"etc", "srv", "opt"} {
				require.NoError(t, os.Mkdir(filepath.Join(root, name), 0o755))
				require.NoError(t, os.WriteFile(filepath.Join(root, name, "old"), []byte("old"), 0o644))
			}
			must(t, "chown", "-R", "65534:65534", root)
			must(t, "mount", "--bind", root, view)
			defer must(t, "umount", view)
			at := func(line string) {
				if args := strings.Fields(strings.Replace(line, "@", view, 1)); len(args) > 0 {
					must(t, args[0], args[1:]...)
				}
			}
			at(c.protect)
			defer at(c.release)
			run := func(what string) (int, string) {
				command := exec.Command(filepath.Join(open, "glowplug"), what, "--root", view, "--no-owner",
					filepath.Join(open, filepath.Base(config)))
				command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: c.user, Gid: c.user}}
				return called(t, command)
			}
			before := names(t, view)
			code, out := run("plan")
			if c.message == "" {
				assert.Equal(t, 3, code, out)
				code, out = run("apply")
				assert.Equal(t, 0, code, out)
				return
			}
			assert.Equal(t, 1, code, out)
			assert.Contains(t, out, c.message)
			code, out = run("apply")
			assert.Equal(t, 1, code, out)
			assert.Contains(t, out, c.message[strings.LastIndex(c.message, ": ")+1:])
			assert.Equal(t, before, names(t, view), "found before anything is written")
		})
	}
}

func TestAFullFilesystemIsAnErrorAndNothingIsHalfWritten(t *testing.T) {
	config, contents := large()
	file := writeConfig(t, config)
	both(t, func(t *testing.T, w way) {
		t.Run("tmpfs", func(t *testing.T) {
			root := mount(t, "-t", "tmpfs", "-o", "size=1m", "tmpfs")
			isFull(t, w, root, file, contents)

			must(t, "mount", "-o", "remount,size=16m", root)
			code, out := w.run(t, root, file)
			require.Equal(t, 0, code, "with room it goes on where it stopped: %s", out)
			assert.Subset(t, names(t, root), keys(contents))
			nothingHalfWritten(t, root, contents)
		})
		t.Run("ext4", func(t *testing.T) {
			isFull(t, w, mount(t, "-o", "loop", image(t, "2M")), file, contents)
		})
	})
}

func isFull(t *testing.T, w way, root, config string, contents map[string]string) {
	t.Helper()
	code, out := w.run(t, root, config)
	assert.Equal(t, 1, code, out)
	assert.Contains(t, out, "/data/")
	assert.Contains(t, out, "no space left on device")
	nothingHalfWritten(t, root, contents)
}

func keys(m map[string]string) (all []string) {
	for k := range m {
		all = append(all, k)
	}
	return all
}

func TestADeviceWhereAFileGoes(t *testing.T) {
	for name, c := range map[string]struct {
		entry object
		code  int
	}{
		"is not written to":  {object{"path": "/etc/device", "contents": plain("x")}, 1},
		"is not appended to": {object{"path": "/etc/device", "append": []object{plain("x")}}, 1},
		"gives way to a file with overwrite": {object{"path": "/etc/device", "overwrite": true, "contents": plain("x")},
			0},
		"is no directory for what is below it": {object{"path": "/etc/device/file", "contents": plain("x")}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			config := writeConfig(t, storage(object{"files": []object{c.entry}}))
			both(t, func(t *testing.T, w way) {
				root := t.TempDir()
				require.NoError(t, os.Mkdir(root+"/etc", 0o755))
				require.NoError(t, syscall.Mknod(root+"/etc/device", syscall.S_IFCHR|0o666, 1<<8|3)) // as /dev/null
				code, out := w.run(t, root, config)
				assert.Equal(t, c.code, code, out)
				info, err := os.Lstat(root + "/etc/device")
				require.NoError(t, err)
				assert.Equal(t, c.code == 0, info.Mode().IsRegular())
				if c.code != 0 {
					assert.Contains(t, out, "/etc/device")
				}
			})
		})
	}
}

func TestADirectoryThatAFilesystemIsMountedOnIsNotEmptied(t *testing.T) {
	config := writeConfig(t, storage(object{"directories": []object{{"path": "/data", "overwrite": true}}}))
	both(t, func(t *testing.T, w way) {
		root := t.TempDir()
		require.NoError(t, os.Mkdir(root+"/data", 0o755))
		must(t, "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", root+"/data")
		t.Cleanup(func() { must(t, "umount", root+"/data") })
		require.NoError(t, os.WriteFile(root+"/data/precious", nil, 0o644))

		code, out := w.run(t, root, config)
		assert.Equal(t, 1, code, out)
		assert.Contains(t, out, "/data")
		assert.FileExists(t, root+"/data/precious")
	})
}

func TestWithoutRootPrivileges(t *testing.T) {
	owned := writeConfig(t, storage(object{"files": []object{
		{"path": "/etc/mine", "contents": plain("x")},
		{"path": "/etc/theirs", "user": object{"id": 12345}, "contents": plain("x")},
	}}))
	// Neither the checkout nor the folders of a test need to be open to everybody.
	open, err := os.MkdirTemp("", "glowplug-open-")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(open) })
	require.NoError(t, os.Chmod(open, 0o755))
	must(t, "cp", program(t, "glowplug"), owned, open)
	apply := func(options ...string) (root string, code int, out string) {
		root, err := os.MkdirTemp(open, "root-")
		require.NoError(t, err)
		require.NoError(t, os.Chown(root, 65534, 65534))
		args := append([]string{"apply", "--root", root}, options...)
		command := exec.Command(filepath.Join(open, "glowplug"),
			append(args, filepath.Join(open, filepath.Base(owned)))...)
		command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		code, out = call(t, command)
		return root, code, out
	}

	root, code, out := apply()
	assert.Equal(t, 1, code, "an owner that may not be set is an error")
	assert.Contains(t, out, "/etc/theirs")
	assert.Empty(t, names(t, root), "and is found before anything is written")

	root, code, out = apply("--no-owner")
	require.Equal(t, 0, code, out)
	info, err := os.Lstat(root + "/etc/theirs")
	require.NoError(t, err)
	uid, gid := owner(t, info)
	assert.Equal(t, []int{65534, 65534}, []int{uid, gid})
}
