package users

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/tests/trees"
)

// keyed is what keys are written with in a root of a test's own.
type keyed struct {
	maker
	Options
}

func newRoot(t *testing.T, tree map[string]string) (string, keyed) {
	t.Helper()
	dir := t.TempDir()
	trees.Populate(t, dir, tree)
	in, err := root.Open(dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = in.Close() })
	return dir, keyed{maker: maker{&target.Means{Root: in}}}
}

func readDeep(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return string(text)
}

// user is somebody whose keys these tests can write: another one if they run as root.
func user(keys ...string) UserKeys {
	uid, gid := trees.Owner()
	return UserKeys{Name: "core", Origin: "$.passwd.users.0", Account: Account{uint32(uid), uint32(gid), "/home/core"},
		Keys: keys}
}

// homes makes a root with the homes of users, as useradd would, and gives it with what writes keys there.
func homes(t *testing.T, tree map[string]string, users ...UserKeys) (string, keyed) {
	t.Helper()
	dir, o := newRoot(t, tree)
	for _, u := range users {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, u.Home), 0o755))
		require.NoError(t, os.Chown(filepath.Join(dir, u.Home), int(u.UID), int(u.GID)))
	}
	return dir, o
}

func writeAll(o keyed, users ...UserKeys) error {
	return sshKeys(users, target.Of(o.Root), o.maker, o.Options).Run(context.Background(), plan.Options{})
}

func TestKeyPlans(t *testing.T) {
	root := trees.Fake{"/home/b/.ssh/authorized_keys": "old", "/home/c/.ssh/authorized_keys": "k1\nk2\n", "/mnt/": "",
		"/home/a/": "", "/home/a/data/": "", "/home/ab/": ""}
	account := func(name string) Account { return Account{1000, 100, "/home/" + name} }
	users := []UserKeys{
		{Name: "a", Account: account("a"), Keys: []string{"secret"}},
		{Name: "b", Account: account("b"), Keys: []string{"k"}},
		{Name: "c", Account: account("c"), Keys: []string{"k1", "k2"}}, {Name: "none", Account: account("none")},
		{Name: "daemon", Account: Account{2, 2, "/"}}, {Name: "kept", Account: account("a"), NoHome: true},
	}
	notated := []string{"/home/a/data", "/mnt", "/home/ab", "/home/a", "/gone"}
	plan := sshKeys(users, root, maker{&target.Means{}},
		Options{Notated: notated, Announce: func(string, string) error { return nil }})
	assert.Equal(t, `
~ home of a        0700 owner 1000:100, mounted: /home/a /home/a/data
+ ssh keys of a    1 in /home/a/.ssh/authorized_keys
~ ssh keys of b    1 in /home/b/.ssh/authorized_keys
~ ssh keys of c    2 in /home/c/.ssh/authorized_keys
= journal entries  of ssh keys of a, b, c
`, "\n"+plan.String())
	assert.Equal(t, "+ ssh keys of a  1 in /home/a/.ssh/authorized_keys.d/ignition\n",
		sshKeys(users[:1], root, maker{&target.Means{Image: target.DefaultImage()}}, Options{}).String())
}

func TestKeysAreWrittenAsTheUser(t *testing.T) {
	for _, fragment := range []bool{true, false} {
		t.Run(fmt.Sprint("fragment ", fragment), func(t *testing.T) {
			u := user("ssh-ed25519 AAAA one", "ssh-rsa BBBB two")
			dir, o := homes(t, nil, u)
			o.Image.KeysFragment = fragment
			dirs, file := []string{".ssh"}, ".ssh/authorized_keys"
			if fragment {
				dirs, file = []string{".ssh", ".ssh/authorized_keys.d"}, ".ssh/authorized_keys.d/ignition"
			}
			require.NoError(t, writeAll(o, u))
			all := trees.Snapshot(t, filepath.Join(dir, "home/core"))
			for _, d := range dirs {
				assert.Equal(t, fmt.Sprintf("drwx------ %d:%d", u.UID, u.GID), all["/"+d])
			}
			assert.Equal(t, fmt.Sprintf("-rw------- %d:%d ssh-ed25519 AAAA one\nssh-rsa BBBB two\n", u.UID, u.GID),
				all["/"+file])
			assert.Len(t, all, len(dirs)+2)
			require.NoError(t, writeAll(o, u))
			assert.Equal(t, all, trees.Snapshot(t, filepath.Join(dir, "home/core")))
		})
	}
}

func TestKeysOfAnotherTime(t *testing.T) {
	dir, o := homes(t, map[string]string{"home/core/.ssh/authorized_keys": "old"}, user())
	u := user("new")
	for _, name := range []string{".ssh", ".ssh/authorized_keys"} {
		require.NoError(t, os.Chown(filepath.Join(dir, u.Home, name), int(u.UID), int(u.GID)))
	}
	read := func() string { return readDeep(t, dir, "home/core/.ssh/authorized_keys") }
	require.NoError(t, writeAll(o, user()))
	assert.Equal(t, "old", read(), "without keys nothing happens")
	require.NoError(t, writeAll(o, u))
	assert.Equal(t, "new\n", read())
	info, err := os.Stat(filepath.Join(dir, u.Home, ".ssh"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o755), info.Mode().Perm(), "a directory that was there keeps its mode")

	u.Lookup = func(context.Context) (Account, error) { return Account{u.UID, u.GID, "/home/core/elsewhere"}, nil }
	require.NoError(t, writeAll(o, u))
	assert.Equal(t, "new\n", readDeep(t, dir, "home/core/elsewhere/.ssh/authorized_keys"),
		"the account as it is then counts")
	u.Lookup = func(context.Context) (Account, error) { return Account{u.UID, u.GID, ""}, nil }
	require.EqualError(t, writeAll(o, u),
		"ssh keys of core ($.passwd.users.0.sshAuthorizedKeys): the user has no home directory")
}

func TestLinksInAHomeLeadNoFurtherThanTheUserMayGo(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become somebody who may not write to what is there")
	}
	const denied = "permission denied"
	for name, c := range map[string]struct {
		tree map[string]string
		err  string
		want map[string]string // files, "" for none
	}{
		"a directory of root's": {map[string]string{"home/core/.ssh": "-> /etc", "etc/": ""}, denied,
			map[string]string{"etc/authorized_keys": ""}},
		"a file of root's": {map[string]string{"home/core/.ssh/authorized_keys": "-> ../../../etc/shadow",
			"etc/shadow": "root:x"}, denied, map[string]string{"etc/shadow": "root:x"}},
		"a directory above the root": {map[string]string{"home/core/.ssh": "-> ../../../outside", "outside/": ""},
			denied, map[string]string{"outside/authorized_keys": "", "../outside/authorized_keys": ""}},
		"another file of the user's": {map[string]string{"home/core/.ssh/authorized_keys": "-> /home/core/mine"}, "",
			map[string]string{"home/core/mine": "new\n"}},
		"a file that is not there yet": {map[string]string{"home/core/.ssh": "-> keys/here", "home/core/keys/": ""}, "",
			map[string]string{"home/core/keys/here/authorized_keys": "new\n"}},
		"a home that is not there": {map[string]string{"home/core": "-> /none/core", "none/": ""}, denied, nil},
		"a home reached through a link": {map[string]string{"home": "-> var/home", "var/home/core/": ""}, "",
			map[string]string{"var/home/core/.ssh/authorized_keys": "new\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, o := newRoot(t, c.tree)
			u := user("new")
			require.NoError(t, filepath.WalkDir(dir, func(p string, _ os.DirEntry, err error) error {
				if strings.HasPrefix(strings.TrimPrefix(p, dir)+"/", "/home/core/") ||
					strings.HasPrefix(p, filepath.Join(dir, "var/home/core")) {
					return os.Lchown(p, int(u.UID), int(u.GID))
				}
				return err
			}))
			err := writeAll(o, u)
			if c.err == "" {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, os.ErrPermission)
			}
			for file, content := range c.want {
				got, _ := os.ReadFile(filepath.Join(dir, file))
				assert.Equal(t, content, string(got), file)
			}
		})
	}
}

func TestMountedDirectoriesOfAHomeBecomeTheUsers(t *testing.T) {
	u := user("key")
	dir, o := homes(t, map[string]string{"home/core/data/x": "", "home/core/other/": "", "home/corex/": "", "srv/": ""},
		u)
	o.Notated = []string{"/home/core/data", "/home/corex", "/srv", "/home/core"}
	require.NoError(t, writeAll(o, u))
	all := trees.Snapshot(t, dir)
	own, others := fmt.Sprintf("drwx------ %d:%d", u.UID, u.GID),
		fmt.Sprintf("drwxr-xr-x %d:%d", os.Getuid(), os.Getgid())
	assert.Equal(t, []string{own, own, others, others, others},
		[]string{all["/home/core"], all["/home/core/data"], all["/home/core/other"], all["/home/corex"], all["/srv"]})
}

// TestKeysSurviveACutAnywhere also shows that the journal hears of every file in the run that ends well.
func TestKeysSurviveACutAnywhere(t *testing.T) {
	users := []UserKeys{user("one"), user("two")}
	users[1].Name, users[1].Home = "other", "/home/other"
	var told []string
	options := func(o keyed) keyed {
		o.Announce = func(user, path string) error {
			told = append(told, user+" "+path)
			return errors.New("full")
		}
		o.Notated = []string{"/home/core"}
		return o
	}
	dir, o := homes(t, nil, users...)
	o = options(o)
	require.NoError(t, writeAll(o, users...))
	want := trees.Snapshot(t, dir)
	assert.Equal(t, []string{"core " + dir + "/home/core/.ssh/authorized_keys",
		"other " + dir + "/home/other/.ssh/authorized_keys"}, told)
	for k := 1; k <= 4; k++ {
		dir, o := homes(t, nil, users...)
		o = options(o)
		steps := sshKeys(users, target.Of(o.Root), o.maker, o.Options)
		require.GreaterOrEqual(t, len(steps), k)
		require.NoError(t, steps[:k].Run(t.Context(), plan.Options{}))
		told = nil
		require.NoError(t, writeAll(o, users...))
		assert.Equal(t, want, trees.Snapshot(t, dir))
		assert.Len(t, told, 2)
	}
}

func TestNoGroupAndNoCapabilityIsLeft(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root has something to drop")
	}
	const inGroup = "GLOWPLUG_TEST_IN_GROUP_0"
	if os.Getenv(inGroup) == "" {
		// Groups of this process cannot be changed safely: libc and the runtime signal all threads to do it, and some
		// are ending.
		self := exec.Command(os.Args[0], "-test.run=^TestNoGroupAndNoCapabilityIsLeft$", "-test.v")
		self.Env = append(os.Environ(), inGroup+"=1")
		self.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Groups: []uint32{0}}}
		out, err := self.CombinedOutput()
		require.NoError(t, err, string(out))
		require.Contains(t, string(out), "--- PASS: TestNoGroupAndNoCapabilityIsLeft")
		return
	}
	u := user("key")
	dir, o := homes(t, nil, u)
	require.NoError(t, os.Chown(filepath.Join(dir, u.Home), 0, 0))
	require.NoError(t, os.Chmod(filepath.Join(dir, u.Home), 0o775))
	err := writeAll(o, u)
	require.ErrorIs(t, err, syscall.EACCES, "root's group may write there, and so may CAP_DAC_OVERRIDE")
}
