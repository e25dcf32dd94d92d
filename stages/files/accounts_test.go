package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages/users"
)

// peopled is what a Debian root has of accounts, with three people in it who have homes and mail.
func peopled() map[string]string {
	return map[string]string{
		"etc/passwd": "root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\n" +
			"ann:x:1000:1000:Ann:/home/ann:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\n" +
			"gone:x:1002:1002::/home/gone:/bin/sh\n",
		"etc/shadow": "root:*:19000:0:99999:7:::\nann:$6$old$ann:19000:0:99999:7:::\n" +
			"bob:$6$old$bob:19000:0:99999:7:::\ngone:!:19000:0:99999:7:::\n",
		"etc/group": "root:x:0:\nmail:x:8:\nsudo:x:27:gone,ann\nwww-data:x:33:\nusers:x:100:\nann:x:1000:\n" +
			"bob:x:1001:\ngone:x:1002:\nold:x:1003:\nmoved:x:1004:\n",
		"etc/gshadow": "root:*::\nmail:*::\nsudo:*::gone,ann\nwww-data:*::\nusers:*::\nann:!::\nbob:!::\ngone:!::\n" +
			"old:!::\nmoved:!::\n",
		"etc/subuid":          "ann:100000:65536\nbob:165536:65536\ngone:231072:65536\n",
		"etc/subgid":          "ann:100000:65536\nbob:165536:65536\ngone:231072:65536\n",
		"etc/login.defs":      "USERGROUPS_ENAB yes\nHOME_MODE 0750\nMAIL_DIR /var/mail\n",
		"etc/default/useradd": "SHELL=/bin/sh\nCREATE_MAIL_SPOOL=yes\n",
		"etc/skel/.profile":   "# profile\n", "etc/skel/.config/app/settings": "x=1\n", "etc/skel/bin": "-> .local/bin",
		"home/ann/work/notes": "notes", "home/bob/file": "bob's", "home/bob/link": "-> file", "home/gone/deep/er": "x",
		"var/mail/ann": "mail", "var/mail/bob": "mail", "var/mail/gone": "mail", "var/lib/": "", "srv/": "",
	}
}

// people are the owners of what peopled has outside /etc.
var people = map[string]int{"ann": 1000, "bob": 1001, "gone": 1002}

// peopledRoot makes such a root. Who is not root owns all of it, and leaves owners as they come.
func peopledRoot(t *testing.T, changes map[string]string) (string, Options) {
	t.Helper()
	tree := peopled()
	maps.Copy(tree, changes)
	dir, o := newRoot(t, tree)
	for name, id := range people {
		giveTree(t, filepath.Join(dir, "home", name), id)
		giveTree(t, filepath.Join(dir, "var/mail", name), id)
	}
	return dir, withAccounts(o)
}

func withAccounts(o Options) Options {
	o = withUsers(o)
	o.NoOwner, o.GID = !o.Privileged, uint32(os.Getgid())
	return o
}

// giveTree gives a tree away, where that is possible.
func giveTree(t *testing.T, at string, id int) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	require.NoError(t, filepath.WalkDir(at, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(name, id, id)
	}))
}

// everything makes, changes, moves and removes accounts of peopled, and has nodes that belong to new ones.
const everything = `{"passwd":{
 "groups":[{"name":"apps","gid":700},{"name":"old","shouldExist":false},{"name":"moved","gid":1700},{"name":"never","shouldExist":false},{"name":"users"}],
 "users":[
  {"name":"core","passwordHash":"$6$new$core","gecos":"Core","groups":["sudo","apps"],"sshAuthorizedKeys":["ssh-ed25519 AAAA one","ssh-rsa BBBB two"]},
  {"name":"ann","homeDir":"/srv/ann","groups":["users"],"passwordHash":""},
  {"name":"bob","uid":1500,"shell":"/bin/bash","sshAuthorizedKeys":["ssh-rsa CCCC bob"]},
  {"name":"gone","shouldExist":false},
  {"name":"daemon","system":true,"homeDir":"/var/lib/daemon","noCreateHome":true,"shell":"/usr/sbin/nologin"},
  {"name":"far","uid":4000,"homeDir":"/data/far","primaryGroup":"apps"},
  {"name":"root"}]},
 "storage":{"directories":[{"path":"/var/lib/daemon","user":{"name":"daemon"},"group":{"name":"daemon"},"mode":448}],
  "files":[{"path":"/etc/app","user":{"name":"core"},"group":{"name":"apps"},"contents":{"source":"data:,x"}},
   {"path":"/home/core/.local/bin/tool","user":{"name":"core"},"group":{"name":"core"},"mode":493,"contents":{"source":"data:,tool"}}]}}`

func TestAPlanKnowsWhatAccountsNeedOutsideTheirFiles(t *testing.T) {
	const made, bob = `{"name":"core"}`, `{"name":"bob","uid":1500}`
	const moved = `{"name":"ann","homeDir":"/srv/ann","uid":1600}`
	for claim, c := range map[string]struct {
		user, gone string
		more       map[string]string
		want       string
	}{
		"a home that is there":              {made, "", fake{"/home/core/": "of 1003"}, "= home /home/core"},
		"a home that is not":                {made, "", nil, "+ home /home/core"},
		"a mail file that is there":         {made, "", fake{"/var/mail/core": ""}, "= mail file /var/mail/core"},
		"mail without a folder":             {made, "/var/mail/", nil, "= mail file /var/mail/core"},
		"a home of the user's":              {bob, "", fake{"/home/bob/": "of 1001"}, "~ home /home/bob"},
		"a home that was given":             {bob, "", fake{"/home/bob/": "of 1500"}, "~ home /home/bob"},
		"a home of another":                 {bob, "", fake{"/home/bob/": "of 7"}, "= home /home/bob"},
		"no home":                           {bob, "/home/bob/", nil, "= home /home/bob"},
		"mail of another":                   {bob, "", nil, "= mail file /var/mail/bob"},
		"a home that moves":                 {moved, "", fake{"/home/ann/": "of 1000"}, "~ home /home/ann"},
		"a home that has moved":             {moved, "/home/ann/", fake{"/srv/ann/": "of 1000"}, "~ home /home/ann"},
		"a home that is nowhere":            {moved, "/home/ann/", nil, "= home /home/ann"},
		"one that another has in its place": {moved, "/home/ann/", fake{"/srv/ann/": "of 7"}, "= home /home/ann"},
	} {
		t.Run(claim, func(t *testing.T) {
			root := fake{}
			for name, text := range peopled() {
				if c.gone == "" || !strings.HasPrefix("/"+name, c.gone) {
					root["/"+name] = text
				}
			}
			maps.Copy(root, c.more)
			steps, err := Plan(parse(t, `{"passwd":{"users":[`+c.user+`]}}`), root, withUsers(asRoot()))
			require.NoError(t, err)
			assert.Contains(t, steps.String(), "\n"+c.want+" ")
		})
	}
}

func TestAccountPlans(t *testing.T) {
	root := fake{}
	for name, text := range peopled() {
		if !strings.HasPrefix(name, "home/gone") && name != "var/mail/gone" { // all that is in there is root's here
			root["/"+name] = text
		}
	}
	root["/home/bob/"] = "of 1001"
	o := withUsers(asRoot())
	plan, err := Plan(parse(t, everything), root, o)
	require.NoError(t, err)
	assert.Equal(t, `
+ group apps                       gid 700
- group old                        gid 1003
~ group moved                      gid 1004 → 1700
= group never
= group users
+ user core                        uid 1003, gid 1003 (own group), home /home/core, shell /bin/sh, groups sudo apps, password set
~ user ann                         home /home/ann → /srv/ann, password set, groups sudo → users
~ user bob                         uid 1001 → 1500, shell /bin/sh → /bin/bash
- user gone                        uid 1002, with home /home/gone
+ user daemon                      uid 999, gid 999 (own group), home /var/lib/daemon, shell /usr/sbin/nologin
+ user far                         uid 4000, gid 700, home /data/far, shell /bin/sh
= user root
+ home /home/core                  made, owner 1003:1003, mode 0750
+ mail file /var/mail/core         made, owner 1003:8, mode 0660
~ home /home/ann                   moved to /srv/ann
= mail file /var/mail/bob          given, owner 1001 → 1500
~ home /home/bob                   given, owner 1001:1001 → 1500:1001
= mail file /var/mail/gone         removed
= home /home/gone                  removed
+ home /data/far                   made, owner 4000:700, mode 0750
+ mail file /var/mail/far          made, owner 4000:8, mode 0660
~ account files                    group, gshadow, subuid, subgid, shadow, passwd
+ ssh keys of core                 2 in /home/core/.ssh/authorized_keys
+ ssh keys of bob                  1 in /home/bob/.ssh/authorized_keys
+ file /etc/app                    inline, 0644 owner 1003:700
+ directory /var/lib/daemon        0700 owner 999:999
+ file /home/core/.local/bin/tool  inline, 0755 owner 1003:1003, makes /home/core/.local
`, "\n"+plan.String())
	for _, secret := range []string{"$6$", "AAAA"} {
		assert.NotContains(t, plan.String(), secret)
	}
}

// run plans and does a config as a boot does: what an earlier run has begun on the account files is finished first.
func runAccounts(t *testing.T, text string, o Options) error {
	t.Helper()
	require.NoError(t, o.Root.Recover(users.Record))
	return apply(parse(t, text), o)
}

// idle tells that a plan has nothing to do.
func idle(t *testing.T, text string, o Options) {
	t.Helper()
	o.Users.Today += 30
	steps, err := Plan(parse(t, text), target.Of(o.Root), o)
	require.NoError(t, err)
	for _, s := range steps {
		state := plan.Done
		if s.Do != nil && s.Check != nil {
			state, err = s.Check(context.Background())
			require.NoError(t, err)
		}
		assert.Equal(t, plan.Done, state, s.Subject)
		if s.Effect != plan.Deferred {
			assert.Equal(t, plan.Keep, s.Effect, "%s %s", s.Subject, s.Detail)
		}
	}
}

func TestAccountsStoppedAnywhereAndMadeAgainAreTheSame(t *testing.T) {
	dir, o := peopledRoot(t, nil)
	steps, err := Plan(parse(t, everything), target.Of(o.Root), o)
	require.NoError(t, err)
	require.NoError(t, runAccounts(t, everything, o))
	want := snapshot(t, dir)
	checkPeople(t, want)
	idle(t, everything, o)
	require.NoError(t, runAccounts(t, everything, o))
	require.Empty(t, cmp.Diff(want, snapshot(t, dir)), "a second run changes nothing")
	require.Greater(t, len(steps), 20)

	for k := range steps {
		dir, o := peopledRoot(t, nil)
		subject := steps[k].Subject
		applyFirst(t, k+1, parse(t, everything), o)
		again := withAccounts(options(t, dir))
		require.NoError(t, runAccounts(t, everything, again), "after %s", subject)
		require.Empty(t, cmp.Diff(want, snapshot(t, dir)), "after %s", subject)
		idle(t, everything, again)
	}
}

// checkPeople looks at what the undisturbed run has left, so that equal results are not equally wrong.
func checkPeople(t *testing.T, all map[string]string) {
	t.Helper()
	ids := func(uid, gid int) string {
		if os.Geteuid() != 0 {
			uid, gid = os.Getuid(), os.Getgid()
		}
		return fmt.Sprintf("%d:%d", uid, gid)
	}
	for name, want := range map[string]string{
		"/home/core":             "drwxr-x--- " + ids(1003, 1003),
		"/home/core/.profile":    "-rw-r--r-- " + ids(1003, 1003) + " # profile\n",
		"/home/core/.config/app": "drwxr-xr-x " + ids(1003, 1003),
		"/home/core/bin":         "Lrwxrwxrwx " + ids(1003, 1003) + " -> .local/bin",
		"/home/core/.ssh/authorized_keys": "-rw------- " + ids(1003, 1003) +
			" ssh-ed25519 AAAA one\nssh-rsa BBBB two\n",
		"/home/core/.local/bin/tool": "-rwxr-xr-x " + ids(1003, 1003) + " tool",
		"/home/bob/link":             "Lrwxrwxrwx " + ids(1500, 1001) + " -> file",
		"/home/bob/file":             "-rw-r--r-- " + ids(1500, 1001) + " bob's",
		"/srv/ann/work/notes":        "-rw-r--r-- " + ids(1000, 1000) + " notes",
		"/data/far/.profile":         "-rw-r--r-- " + ids(4000, 700) + " # profile\n",
		"/var/mail/core":             "-rw-rw---- " + ids(1003, 8) + " ",
		"/var/mail/bob":              "-rw-r--r-- " + ids(1500, 1001) + " mail",
		"/etc/app":                   "-rw-r--r-- " + ids(1003, 700) + " x",
		"/var/lib/daemon":            "drwx------ " + ids(999, 999),
		"/etc/passwd": "-rw-r--r-- " + ids(0, 0) + " root:x:0:0:root:/root:/bin/bash\n" +
			"www-data:x:33:33::/var/www:/usr/sbin/nologin\nann:x:1000:1000:Ann:/srv/ann:/bin/sh\n" +
			"bob:x:1500:1001::/home/bob:/bin/bash\ncore:x:1003:1003:Core:/home/core:/bin/sh\n" +
			"daemon:x:999:999::/var/lib/daemon:/usr/sbin/nologin\nfar:x:4000:700::/data/far:/bin/sh\n",
		"/etc/passwd-": "-rw-r--r-- " + ids(0, 0) + " " + peopled()["etc/passwd"],
		"/etc/shadow-": "-rw-r--r-- " + ids(0, 0) + " " + peopled()["etc/shadow"],
	} {
		assert.Equal(t, want, all[name], name)
	}
	for _, line := range []string{"\nann:*:20000:0:99999:", "\nbob:$6$old$bob:19000:", "\ncore:$6$new$core:20000:",
		"\ndaemon:*:20000:", "\nfar:*:20000:"} {
		assert.Contains(t, all["/etc/shadow"], line)
	}
	for _, line := range []string{"sudo:x:27:core\n", "users:x:100:ann\n", "moved:x:1700:\n", "apps:x:700:core\n"} {
		assert.Contains(t, all["/etc/group"], line)
	}
	for _, gone := range []string{"/home/ann", "/home/gone", "/var/mail/gone", "/etc/.glowplug"} {
		assert.NotContains(t, all, gone)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		assert.NotContains(t, name, ".glowplug-")
	}
}

// A directory that stands where a backup belongs stops the run between two renames, with all that a power cut leaves
// there.
func TestAccountFilesCutOffBetweenTwoOfThem(t *testing.T) {
	dir, o := peopledRoot(t, nil)
	require.NoError(t, runAccounts(t, everything, o))
	want := snapshot(t, dir)
	for i, name := range []string{"group", "gshadow", "subuid", "subgid", "shadow", "passwd"} {
		dir, o := peopledRoot(t, nil)
		steps, err := Plan(parse(t, everything), target.Of(o.Root), o)
		require.NoError(t, err)
		populate(t, dir, map[string]string{"etc/" + name + "-/x": ""}) // which no plan is made with
		require.Error(t, steps.Run(t.Context(), plan.Options{Flush: o.Root.Sync}))
		cut := snapshot(t, dir)
		require.Contains(t, cut, users.Record)
		for j, other := range accountFileNames {
			assert.Equal(t, j < i, cut[other] == want[other], "%s, where %s cannot be kept", other, name)
		}
		require.NoError(t, os.RemoveAll(filepath.Join(dir, "etc", name+"-")))
		again := withAccounts(options(t, dir))
		require.NoError(t, runAccounts(t, everything, again), name)
		require.Empty(t, cmp.Diff(want, snapshot(t, dir)), name)
	}
}

// What steps leave that were cut off before they were done is no different from what the run finds at its start.
func TestAccountStepsCutOffWithin(t *testing.T) {
	dir, o := peopledRoot(t, nil)
	require.NoError(t, runAccounts(t, everything, o))
	want := snapshot(t, dir)
	for name, half := range map[string]func(t *testing.T, dir string) error{
		"a home that was being made": func(t *testing.T, dir string) error {
			populate(t, dir, map[string]string{"home/.glowplug-home-core/x": "x"})
			return nil
		},
		"a home that was changing hand": func(t *testing.T, dir string) error {
			return own(1500, 1001, dir+"/home/bob", dir+"/home/bob/file")
		},
		"a home that was going": func(t *testing.T, dir string) error {
			return os.RemoveAll(dir + "/home/gone/deep")
		},
		"keys that were being written": func(t *testing.T, dir string) error {
			populate(t, dir, map[string]string{"home/bob/.ssh/": ""})
			return errors.Join(os.Chmod(dir+"/home/bob/.ssh", 0o700), own(1500, 1001, dir+"/home/bob/.ssh"))
		},
	} {
		dir, o := peopledRoot(t, nil)
		require.NoError(t, half(t, dir), name)
		require.NoError(t, runAccounts(t, everything, o), name)
		require.Empty(t, cmp.Diff(want, snapshot(t, dir)), name)
	}
}

// own gives files away, where that is possible.
func own(uid, gid int, names ...string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	var all []error
	for _, name := range names {
		all = append(all, os.Lchown(name, uid, gid))
	}
	return errors.Join(all...)
}

// accountFileNames are the files in the order in which they are put in place.
var accountFileNames = []string{"/etc/group", "/etc/gshadow", "/etc/subuid", "/etc/subgid", "/etc/shadow",
	"/etc/passwd"}

func TestLinksOfSkeletonsLeadNodesOfTheConfig(t *testing.T) {
	dir, o := peopledRoot(t,
		map[string]string{"etc/skel/docs": "-> /srv/docs", "etc/skel/.config/l": "-> app", "srv/docs/": ""})
	const text = `{"passwd":{"users":[{"name":"core"}]},"storage":{"files":[{"path":"/home/core/docs/x","contents":{"source":"data:,x"}},
		{"path":"/home/core/bin/tool","contents":{"source":"data:,tool"}},{"path":"/home/core/.config/l/y","contents":{"source":"data:,y"}}]}}`
	require.NoError(t, runAccounts(t, text, o))
	for name, want := range map[string]string{"srv/docs/x": "x", "home/core/.local/bin/tool": "tool",
		"home/core/.config/app/y": "y"} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, want, string(got))
	}
	idle(t, text, o)
}

func TestAHomeMovesIntoOneThatIsMade(t *testing.T) {
	const cfg = `{"passwd":{"users":[{"name":"new","homeDir":"/data/all"},{"name":"ann","homeDir":"/data/all/ann"}]}}`
	dir, o := peopledRoot(t, nil)
	require.NoError(t, runAccounts(t, cfg, o))
	assert.FileExists(t, filepath.Join(dir, "data/all/ann/work/notes"))
	idle(t, cfg, o)
}

func TestARecordThatCannotBeMadeChangesNoAccountFile(t *testing.T) {
	dir, o := peopledRoot(t, map[string]string{"etc/.glowplug": "a file"})
	before := snapshot(t, dir)
	require.ErrorContains(t, runErr(t, everything, o), "/etc/.glowplug")
	after := snapshot(t, dir)
	for _, name := range accountFileNames {
		assert.Equal(t, before[name], after[name])
	}
	require.NoError(t, os.Remove(filepath.Join(dir, "etc/.glowplug")))
	require.NoError(t, runAccounts(t, everything, withAccounts(options(t, dir))))
	checkPeople(t, snapshot(t, dir))
}

// runErr runs where a run must fail, a record that cannot be read included.
func runErr(t *testing.T, text string, o Options) error {
	t.Helper()
	if err := o.Root.Recover(users.Record); err != nil {
		return err
	}
	return apply(parse(t, text), o)
}

// An OSTree system: /usr is read-only and has accounts of its own, homes are in /var.
func TestAccountsOfAnOSTreeRoot(t *testing.T) {
	tree := map[string]string{
		"home": "-> var/home", "root": "-> var/roothome", "var/roothome/": "", "srv": "-> var/srv", "usr/bin/": "",
		"etc/skel/.bashrc": "# rc\n",
		"usr/lib/passwd": "root:x:0:0:Super User:/root:/bin/bash\nbin:x:1:1:bin:/bin:/usr/sbin/nologin\n" +
			"chrony:x:995:992::/var/lib/chrony:/sbin/nologin\n",
		"usr/lib/group":     "root:x:0:\nbin:x:1:\nwheel:x:10:\nchrony:x:992:\n",
		"etc/nsswitch.conf": "passwd: files altfiles systemd\ngroup: files [SUCCESS=merge] altfiles systemd\n",
		"etc/passwd":        "root:x:0:0:root:/root:/bin/bash\n", "etc/shadow": "root:!locked::0:99999:7:::\n",
		"etc/group": "root:x:0:\n", "etc/gshadow": "root:::\n",
		"etc/login.defs": "HOME_MODE 0700\nSYS_UID_MIN 201\nUSERGROUPS_ENAB yes\n",
	}
	cfg := `{"passwd":{"users":[{"name":"core","groups":["wheel"],"sshAuthorizedKeys":["k1"]},{"name":"root","sshAuthorizedKeys":["k2"]},{"name":"svc","system":true,"homeDir":"/usr/svc","noCreateHome":true}]},
	 "storage":{"files":[{"path":"/home/core/owned","user":{"name":"core"}},{"path":"/etc/by-usr","user":{"name":"chrony"},"group":{"name":"wheel"}}]}}`
	dir, o := newRoot(t, tree)
	o = withAccounts(o)
	lockTree(t, filepath.Join(dir, "usr"))
	before := snapshot(t, dir)
	require.NoError(t, runAccounts(t, cfg, o))
	after := snapshot(t, dir)
	for name := range after {
		if strings.HasPrefix(name, "/usr") || name == "/home" || name == "/root" {
			assert.Equal(t, before[name], after[name], name)
		}
	}
	core, root := "1000:1000", "0:0"
	if os.Geteuid() != 0 {
		core = fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid())
		root = core
	}
	for name, want := range map[string]string{
		"/var/home/core": "drwx------ " + core, "/var/home/core/.bashrc": "-rw-r--r-- " + core + " # rc\n",
		"/var/home/core/.ssh/authorized_keys": "-rw------- " + core + " k1\n",
		"/var/roothome/.ssh/authorized_keys":  "-rw------- " + root + " k2\n",
		"/etc/group": "-rw-r--r-- " + root +
			" root:x:0:\ncore:x:1000:\nwheel:x:10:core\nsvc:x:999:\n",
		"/etc/passwd": "-rw-r--r-- " + root + " root:x:0:0:root:/root:/bin/bash\n" +
			"core:x:1000:1000::/home/core:/bin/bash\nsvc:x:999:999::/usr/svc:/bin/bash\n",
	} {
		assert.Equal(t, want, after[name], name)
	}
	if os.Geteuid() == 0 {
		assert.Equal(t, "-rw-r--r-- 995:10 ", after["/etc/by-usr"])
		assert.Equal(t, "-rw-r--r-- 1000:0 ", after["/var/home/core/owned"])
	}
	idle(t, cfg, o)
}

// lockTree takes away everybody's right to write to the directories of a tree, until the test ends.
func lockTree(t *testing.T, at string) {
	t.Helper()
	set := func(mode fs.FileMode) error {
		return filepath.WalkDir(at, func(name string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				err = os.Chmod(name, mode)
			}
			return err
		})
	}
	require.NoError(t, set(0o555))
	t.Cleanup(func() { _ = set(0o755) })
}

// refused are configs that cannot be had on peopled, with changes to it. All of them leave the root as it is.
var refused = map[string]struct {
	changes map[string]string
	passwd  string
	err     string
	asRoot  bool // only root sees to owners
}{
	"a home of another user": {nil, `"users":[{"name":"new"},{"name":"core","homeDir":"/home/bob"}]`,
		"user core ($.passwd.users.1): home /home/bob is there and belongs to user id 1001, " +
			"not 1004", true},
	"a home that is a file": {map[string]string{"home/core": "x"}, `"users":[{"name":"core"}]`,
		"user core ($.passwd.users.0): home /home/core is there and is no directory", false},
	"a home that is a link out of the root": {map[string]string{"home/core": "-> ../../outside/core"},
		`"users":[{"name":"core"}]`, "user core ($.passwd.users.0): home /home/core is a link to nowhere in the root",
		false},
	"a home that is a link to nowhere": {map[string]string{"home/core": "-> /no/where"}, `"users":[{"name":"core"}]`,
		"user core ($.passwd.users.0): home /home/core is a link to nowhere in the root", false},
	"a home that is a link to somebody else's": {map[string]string{"home/core": "-> ../../../home/bob"},
		`"users":[{"name":"core"}]`, "user core ($.passwd.users.0): home /home/bob is there and belongs to user id " +
			"1001, not 1003", true},
	"a home below a file": {nil, `"users":[{"name":"core","homeDir":"/etc/passwd/core"}]`,
		"user core ($.passwd.users.0): is below /etc/passwd, which is a regular file", false},
	"a new home that is there": {map[string]string{"srv/ann/x": ""},
		`"users":[{"name":"new"},{"name":"ann","homeDir":"/srv/ann"}]`,
		"user ann ($.passwd.users.1): /srv/ann is there already, so the home /home/ann cannot become it", false},
	"a new home that is a link": {map[string]string{"srv/ann": "-> /tmp/ann"},
		`"users":[{"name":"new"},{"name":"ann","homeDir":"/srv/ann"}]`,
		"user ann ($.passwd.users.1): /srv/ann is there already, so the home /home/ann cannot become it", false},
	"a new home below nothing": {nil, `"users":[{"name":"new"},{"name":"ann","homeDir":"/data/ann"}]`,
		"user ann ($.passwd.users.1): /data is not there, so the home /home/ann cannot become /data/ann", false},
	"an old home that is a file": {map[string]string{"etc/passwd": "ann:x:1000:1000::/srv/file:/bin/sh\n",
		"srv/file": "x"}, `"users":[{"name":"ann","homeDir":"/srv/ann"}]`,
		"user ann ($.passwd.users.0): home /srv/file is no directory", false},
	"a home of somebody else's to remove": {map[string]string{"etc/passwd": "ann:x:1000:1000::/home/ann:/bin/sh\n" +
		"gone:x:1002:1002::/home/bob:/bin/sh\n"}, `"users":[{"name":"new"},{"name":"gone","shouldExist":false}]`,
		"user gone ($.passwd.users.1): /home/bob belongs to user id 1001, not 1002; remove it, or give it back, first",
		true},
	"a uid that is taken": {nil, `"users":[{"name":"core","uid":1001}]`,
		"user core ($.passwd.users.0): uid 1001 is taken; choose another uid", false},
	"a uid that is taken by an earlier entry": {nil, `"users":[{"name":"one","uid":5000},{"name":"two","uid":5000}]`,
		"user two ($.passwd.users.1): uid 5000 is taken; choose another uid", false},
	"a gid that is taken": {nil, `"groups":[{"name":"fine"},{"name":"apps","gid":27}]`,
		"group apps ($.passwd.groups.1): gid 27 is taken by group \"sudo\"; choose another gid", false},
	"a name that a group has": {nil, `"users":[{"name":"old"}]`, "user old ($.passwd.users.0): a group of that name " +
		"exists already; set primaryGroup to it, or noUserGroup", false},
	"a group that is not there": {nil, `"users":[{"name":"core","groups":["nope"]}]`,
		"user core ($.passwd.users.0): the group \"nope\" does not exist; add it to the groups of the config", false},
	"a primary group that is not there": {nil, `"users":[{"name":"core","primaryGroup":"nope"}]`,
		"user core ($.passwd.users.0): the group \"nope\" does not exist; add it to the groups of the config", false},
	"a name that is none": {nil, `"users":[{"name":"../core"}]`, "user ../core ($.passwd.users.0): a name cannot " +
		"hold \"/\"; use letters, digits, \"_\", \"-\" and \".\"", false},
	"a broken line of an account in question": {
		map[string]string{"etc/passwd": "root:x:0:0::/root:/bin/sh\ncore:x:1\n"}, `"users":[{"name":"core"}]`,
		"user core ($.passwd.users.0): /etc/passwd:2: the line of \"core\" is malformed; repair the line: the number " +
			"of fields, or an id", false},
	"two lines of an account in question": {map[string]string{"etc/group": "a:x:1:\napps:x:2:\napps:x:3:\n"},
		`"groups":[{"name":"apps","gid":9}]`, "group apps ($.passwd.groups.0): /etc/group:3: the name \"apps\" is " +
			"there twice; remove one of the lines", false},
	"a primary group of somebody cannot be taken": {nil, `"groups":[{"name":"bob","shouldExist":false}]`,
		"group bob ($.passwd.groups.0): it is the primary group of user \"bob\"; groups go before users: give the " +
			"user another group, or leave this one", false},
}

func TestAccountsThatCannotBeHadChangeNothing(t *testing.T) {
	for name, c := range refused {
		t.Run(name, func(t *testing.T) {
			if c.asRoot && os.Geteuid() != 0 {
				t.Skip("owners are left as they come without root")
			}
			dir, o := peopledRoot(t, c.changes)
			before := snapshot(t, dir)
			err := runErr(t, `{"passwd":{`+c.passwd+`}}`, o)
			require.Error(t, err)
			assert.Equal(t, c.err, err.Error())
			assert.Empty(t, cmp.Diff(before, snapshot(t, dir)))
		})
	}
}

// All that a run does before it replaces account files waits for the lock too.
func TestAHeldLockChangesNothing(t *testing.T) {
	const cfg = `{"passwd":{"users":[{"name":"root"},{"name":"core"},{"name":"gone","shouldExist":false}]}}`
	for name, c := range map[string]struct {
		file string // a lock file of shadow-utils, with this text
		err  string
	}{
		"of a process that lives": {fmt.Sprint(os.Getpid(), "\x00"), fmt.Sprintf("user core ($.passwd.users.1): "+
			"/etc/passwd.lock: process %d is changing the accounts", os.Getpid())},
		"of nobody in particular": {"x", "user core ($.passwd.users.1): /etc/passwd.lock: the lock file names no " +
			"process; remove it if nobody changes the accounts"},
		"of a process that is gone": {"4194399", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir, o := peopledRoot(t, map[string]string{"etc/passwd.lock": c.file})
			before := snapshot(t, dir)
			err := runErr(t, cfg, o)
			if c.err == "" {
				require.NoError(t, err)
				assert.NoFileExists(t, filepath.Join(dir, "etc/passwd.lock"))
				assert.DirExists(t, filepath.Join(dir, "home/core"))
				return
			}
			require.EqualError(t, err, c.err)
			assert.Empty(t, cmp.Diff(before, snapshot(t, dir)))
		})
	}
}

func TestAnotherProgramThatHoldsTheLockIsWaitedFor(t *testing.T) {
	const cfg = `{"passwd":{"users":[{"name":"core"},{"name":"gone","shouldExist":false}]}}`
	dir, o := peopledRoot(t, map[string]string{"etc/.pwd.lock": ""})
	holder, err := os.OpenFile(filepath.Join(dir, "etc/.pwd.lock"), os.O_WRONLY, 0)
	require.NoError(t, err)
	defer holder.Close()
	// A lock of this description alone: one of the process would not keep the same process out.
	require.NoError(t, unix.FcntlFlock(holder.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK}))
	before := snapshot(t, dir)
	steps, err := Plan(parse(t, cfg), target.Of(o.Root), o)
	require.NoError(t, err)
	enough := errors.New("waited enough")
	ctx, cancel := context.WithTimeoutCause(context.Background(), 150*time.Millisecond, enough)
	defer cancel()
	err = steps.Run(ctx, plan.Options{})
	require.ErrorIs(t, err, enough)
	require.ErrorContains(t, err, "user core ($.passwd.users.0): lock /etc/.pwd.lock: ")
	assert.Empty(t, cmp.Diff(before, snapshot(t, dir)))
	time.AfterFunc(150*time.Millisecond, func() { holder.Close() })
	require.NoError(t, steps.Run(context.Background(), plan.Options{}))
	assert.DirExists(t, filepath.Join(dir, "home/core"))
}

// Where root runs this, the run is made by a thread that is somebody else.
func TestAccountsWithoutRootPrivileges(t *testing.T) {
	dir, o := newRoot(t, peopled())
	uid, gid := os.Getuid(), os.Getgid()
	if uid == 0 {
		uid, gid = 65534, 65533
		giveAll(t, dir, uid, gid)
	}
	o.Privileged, o.UID, o.GID, o.Groups = false, uint32(uid), uint32(gid), []uint32{uint32(gid)}
	o = withUsers(o)
	cfg := parse(t, everything)
	_, err := Plan(cfg, target.Of(o.Root), o)
	require.ErrorContains(t, err,
		"user core ($.passwd.users.0): only root can make users with homes that belong to them\n")
	assert.NotEmpty(t, diag.Hints(err))
	o.NoOwner = true
	require.NoError(t, o.Root.As(uint32(uid), uint32(gid), func(root *root.Root) error {
		o := o
		o.Root = root
		return apply(cfg, o)
	}))
	all := snapshot(t, dir)
	for name, text := range all {
		assert.Contains(t, text, fmt.Sprintf(" %d:%d", uid, gid), name)
	}
	assert.Contains(t, all["/etc/passwd"], "core:x:1003:1003:Core:/home/core:/bin/sh\n")
	assert.Contains(t, all["/home/core/.ssh/authorized_keys"], "ssh-ed25519 AAAA one\n")
	assert.Contains(t, all["/srv/ann/work/notes"], "notes")
	assert.NotContains(t, all, "/home/gone")
	idle(t, everything, o)
}

func giveAll(t *testing.T, at string, uid, gid int) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(at, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(name, uid, gid)
	}))
}

func TestHashesDoNotGoWhereEverybodyCanRead(t *testing.T) {
	dir := t.TempDir()
	root, err := root.Open(dir)
	require.NoError(t, err)
	defer root.Close()
	cfg := parse(t, `{"passwd":{"groups":[{"name":"g","passwordHash":"GROUPHASH"}],`+
		`"users":[{"name":"u","passwordHash":"USERHASH","noCreateHome":true}]}}`)
	o := withUsers(Options{Means: target.Means{Root: root, NoOwner: true}})
	for range 2 {
		steps, err := Plan(cfg, target.Of(root), o)
		require.NoError(t, err)
		require.NoError(t, steps.Run(t.Context(), plan.Options{}))
		for name, mode := range map[string]os.FileMode{"passwd": 0o644, "group": 0o644, "shadow": 0o600,
			"gshadow": 0o600} {
			info, err := os.Stat(filepath.Join(dir, "etc", name))
			require.NoError(t, err)
			assert.Equal(t, mode, info.Mode(), name)
			content, err := os.ReadFile(filepath.Join(dir, "etc", name))
			require.NoError(t, err)
			assert.Equal(t, mode == 0o600, strings.Contains(string(content), "HASH"), name)
		}
	}
}

// A first boot that is cut off and begins again may find homes gone: on a filesystem that was to be made anew.
func TestHomesOfUsersThatAnEarlierTryHasMadeAreMadeAgain(t *testing.T) {
	dir, o := peopledRoot(t, nil)
	o = Boot{Relabel: target.RelabelOff, Now: time.Now}.on(o)
	config := `{"passwd":{"users":[{"name":"core"},{"name":"ann"}]}}`
	require.NoError(t, runAccounts(t, config, o))
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "home/core")))
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "home/ann")))
	require.NoError(t, runAccounts(t, config, o))
	assert.FileExists(t, filepath.Join(dir, "home/core/.profile"))
	assert.NoDirExists(t, filepath.Join(dir, "home/ann"), "she was there before, so her home is her own affair")
}
