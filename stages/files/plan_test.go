package files

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages/users"
	"github.com/glowplug-os/glowplug/tests/trees"
)

type fake = trees.Fake

func parse(t *testing.T, text string) config.Config {
	t.Helper()
	var cfg config.Config
	require.NoError(t, json.Unmarshal([]byte(text), &cfg), text)
	return cfg
}

// storage reads a config's storage from JSON with single quotes.
func storage(t *testing.T, text string) config.Config {
	t.Helper()
	return parse(t, `{"storage":{`+strings.ReplaceAll(text, "'", `"`)+`}}`)
}

func unitsOf(t *testing.T, text string) config.Config {
	t.Helper()
	return parse(t, `{"systemd":{"units":[`+strings.ReplaceAll(text, "'", `"`)+`]}}`)
}

// plans are configs, the roots they meet and what is printed of what is planned.
var plans = map[string]struct {
	root fake
	cfg  string
	plan string
}{
	"an empty root gets everything, parents first, hard links last": {
		fake{},
		`'directories':[{'path':'/srv/www','mode':1023,'user':{'id':33}}],
			 'files':[{'path':'/srv/www/a/index','contents':{'source':'data:,hi'}},{'path':'/etc/f','contents':{'source':'https://u:p@h/x?token=s'},'append':[{'source':'data:,x'}],'mode':384},
			          {'path':'/empty'}],
			 'links':[{'path':'/hard','target':'/srv/www/a/index','hard':true},{'path':'/etc/l','target':'../x'}]`,
		`
+ file /empty            empty, 0644
+ directory /srv/www     1777 owner 33:0, makes /srv
+ file /etc/f            from https://…@h/x?token=… and inline, 0600, makes /etc
+ link /etc/l            to ../x
+ file /srv/www/a/index  inline, 0644, makes /srv/www/a
+ hard link /hard        to /srv/www/a/index
`},
	"what is there is kept where the entry allows it": {
		fake{"/d/": "", "/d/f": "old", "/d/g": "old", "/l": "-> ./x/"},
		`'directories':[{'path':'/d'}],'files':[{'path':'/d/f'},` +
			`{'path':'/d/g','append':[{'source':'data:,x'}],'mode':256}],'links':[{'path':'/l','target':'x'}]`,
		`
= directory /d
= link /l       to x
= file /d/f     content kept
~ file /d/g     append inline, 0400
`},
	"overwrite replaces, and what is below is made anew": {
		fake{"/d/": "", "/d/f": "old", "/d/l": "-> /elsewhere", "/x": "old", "/y/": "", "/y/z": "old",
			"/elsewhere/": ""},
		`'directories':[{'path':'/d','overwrite':true}],
			 'files':[{'path':'/d/f','contents':{'source':'data:,new'}},{'path':'/x','overwrite':true,'contents':{'source':''}},{'path':'/d/l/in'}],
			 'links':[{'path':'/y','target':'/d','overwrite':true}]`,
		`
- directory /d  0755, removes what is there with all below it
- file /x       empty, 0644, replaces what is there
- link /y       to /d, replaces what is there
+ file /d/f     inline, 0644
+ file /d/l/in  empty, 0644, makes /d/l
`},
	"a path goes through links of the root and of the config": {
		fake{"/var/run": "-> /run", "/run/": "", "/a": "-> b", "/b": "-> /c/../d"},
		`'files':[{'path':'/var/run/f','contents':{'source':''}},{'path':'/new/f'},{'path':'/a/f'},{'path':'/deep/l/f'}],
			 'links':[{'path':'/new','target':'/var/run/sub'},{'path':'/deep/l','target':'../new/x'}]`,
		`
+ link /new        to /var/run/sub
+ file /var/run/f  at /run/f, empty, 0644
+ file /a/f        at /d/f, empty, 0644, makes /d
+ link /deep/l     to ../new/x, makes /deep
+ file /new/f      at /run/sub/f, empty, 0644, makes /run/sub
+ file /deep/l/f   at /run/sub/x/f, empty, 0644, makes /run/sub/x
`},
	"equal depth keeps the order of the config": {
		fake{},
		`'files':[{'path':'/9'},{'path':'/8'},{'path':'/7'},{'path':'/6'},{'path':'/5'},{'path':'/4'},{'path':'/3'},{'path':'/2'},{'path':'/1'},{'path':'/0'}],
			 'directories':[{'path':'/z'},{'path':'/y'},{'path':'/x/x'},{'path':'/x'}],'links':[{'path':'/b','target':'t'},{'path':'/a','target':'t'}]`,
		`
+ directory /z    0755
+ directory /y    0755
+ directory /x    0755
+ file /9         empty, 0644
+ file /8         empty, 0644
+ file /7         empty, 0644
+ file /6         empty, 0644
+ file /5         empty, 0644
+ file /4         empty, 0644
+ file /3         empty, 0644
+ file /2         empty, 0644
+ file /1         empty, 0644
+ file /0         empty, 0644
+ link /b         to t
+ link /a         to t
+ directory /x/x  0755
`},
	"content that is there is only known when the step runs": {
		fake{"/f": "old", "/h": "old", linksPath: `{"version":1,"links":["/h"]}`},
		`'files':[{'path':'/f','contents':{'source':'data:,new'}}],'links':[{'path':'/h','target':'f','hard':true}]`,
		`
? file /f       inline, 0644, kept if it is this already, refused otherwise
? hard link /h  to f, linked to the new file if it is a copy of that, refused otherwise
`},
}

func TestPlans(t *testing.T) {
	for name, c := range plans {
		t.Run(name, func(t *testing.T) {
			plan, err := Plan(storage(t, c.cfg), c.root, asRoot())
			require.NoError(t, err)
			if d := cmp.Diff(c.plan, "\n"+plan.String()); d != "" {
				t.Error(d + "\n" + plan.String())
			}
		})
	}
}

func TestUnitPlans(t *testing.T) {
	root := fake{"/etc/systemd/system/m.service": "-> /dev/null", "/etc/systemd/system/old.service": "x",
		"/etc/systemd/system/u.service": "-> /dev/null", presetPath: "enable b.service\n"}
	cfg := unitsOf(t, `
		{'name':'new.service','contents':'[Service]','dropins':[{'name':'a.conf','contents':''},{'name':'none.conf'}],'enabled':true},
		{'name':'old.service','contents':'[Unit]','enabled':false},{'name':'empty.service','contents':''},
		{'name':'m.service','mask':true,'contents':'[Unit]'},{'name':'u.service','mask':false},{'name':'a@x.service','enabled':true},
		{'name':'a@y.service','enabled':true}`)
	plan, err := Plan(cfg, root, asRoot())
	require.NoError(t, err)
	assert.Equal(t, `
+ drop-in new.service/a.conf  /etc/systemd/system/new.service.d/a.conf, 0 bytes
+ unit new.service            /etc/systemd/system/new.service, 9 bytes
~ unit old.service            /etc/systemd/system/old.service, 6 bytes
= mask m.service              /etc/systemd/system/m.service to /dev/null
- unmask u.service            /etc/systemd/system/u.service
~ presets 20-ignition.preset  enable a@.service x y, enable new.service, disable old.service
= disable old.service         it is not enabled
= unit a@x.service            cannot be enabled: the root has no such unit
= unit a@y.service            cannot be enabled: the root has no such unit
`, "\n"+plan.String())
	assert.Equal(t, "$.systemd.units.0.dropins.0", plan[0].Origin)
}

func TestWhatCannotBeIsRefusedBeforeAnythingIsTouched(t *testing.T) {
	long := strings.Repeat("n", 256)
	for name, c := range map[string]struct {
		root fake
		cfg  string
		err  string
	}{
		"two entries at one place": {fake{"/l": "-> d", "/d/": ""},
			`'files':[{'path':'/l/f'}],'links':[{'path':'/d/f','target':'x'}]`,
			"link /d/f ($.storage.links.0): is at the same place as file /l/f ($.storage.files.0): /d/f"},
		"a file below a file of the config": {fake{}, `'files':[{'path':'/a/b/c'},{'path':'/a'}]`,
			"file /a/b/c ($.storage.files.0): is below file /a ($.storage.files.1), which is no directory"},
		"a file below a file of the root": {fake{"/a": "x"}, `'directories':[{'path':'/a/b'}]`,
			"directory /a/b ($.storage.directories.0): is below /a, which is a regular file"},
		"a file through a loop": {fake{"/a": "-> b", "/b": "-> a"}, `'files':[{'path':'/a/f'}]`,
			"file /a/f ($.storage.files.0): too many symbolic links on the way"},
		"a file where a directory is": {fake{"/a/": ""}, `'files':[{'path':'/a','contents':{'source':''}}]`,
			"file /a ($.storage.files.0): a directory is there, and overwrite is not set"},
		"a file without source where a fifo is": {fake{"/a": "fifo"}, `'files':[{'path':'/a'}]`,
			"file /a ($.storage.files.0): a device, fifo or socket is there, which cannot be kept as a file"},
		"a file with another mode": {fake{"/a": "x"}, `'files':[{'path':'/a','contents':{'source':'data:,` +
			`x'},'mode':0}]`, "file /a ($.storage.files.0): a file is there, and overwrite is not set"},
		"a file over a link to a file": {fake{"/a": "-> b", "/b": ""},
			`'files':[{'path':'/a','contents':{'source':''}}]`,
			"file /a ($.storage.files.0): a symbolic link is there, and overwrite is not set"},
		"a directory where a link to one is": {fake{"/a": "-> b", "/b/": ""}, `'directories':[{'path':'/a'}]`,
			"directory /a ($.storage.directories.0): a symbolic link is there, and overwrite is not set"},
		"a link to something else": {fake{"/a": "-> b"}, `'links':[{'path':'/a','target':'c'}]`,
			"link /a ($.storage.links.0): a link to b is there, and overwrite is not set"},
		"overwrite with nothing to write": {fake{}, `'files':[{'path':'/a','overwrite':true}]`,
			"file /a ($.storage.files.0): overwrite needs contents to write"},
		"a hard link to nothing": {fake{}, `'links':[{'path':'/a','target':'c','hard':true}]`,
			"hard link /a ($.storage.links.0): the target does not exist: c"},
		"a hard link to a directory": {fake{"/c/": ""}, `'links':[{'path':'/a','target':'../c','hard':true}]`,
			"hard link /a ($.storage.links.0): the target is a directory, and hard links to directories do not exist"},
		"a hard link where the image has a copy": {fake{"/a": "x", "/b": "x"}, `'links':[{'path':'/a','target':'/b',` +
			`'hard':true}]`, "hard link /a ($.storage.links.0): a regular file is there, and overwrite is not set"},
		"a damaged record of hard links": {fake{linksPath: "{}", "/b": "x"},
			`'links':[{'path':'/a','target':'/b','hard':true}]`, linksPath + ": not a record of hard links"},
		"a damaged record of hard links, one of which is there": {fake{linksPath: "{}", "/a": "x", "/b": "x"},
			`'links':[{'path':'/a','target':'/b','hard':true},{'path':'/c','target':'/b','hard':true}]`,
			linksPath + ": not a record of hard links"},
		"a damaged record of appends, of which two ask": {fake{recordPath: "{}", "/a": "x", "/b": "x"},
			`'files':[{'path':'/a','append':[{'source':'data:,y'}]},{'path':'/b','append':[{'source':'data:,y'}]}]`,
			"file /a ($.storage.files.0): /etc/.glowplug/appended.json: not a record of appended files"},
		"a hard link to itself": {fake{"/a": "x"}, `'links':[{'path':'/a','target':'/a','hard':true,'overwrite':true}]`,
			"hard link /a ($.storage.links.0): the link names itself"},
		"a link without target": {fake{}, `'links':[{'path':'/a'}]`,
			"link /a ($.storage.links.0): the link has no target"},
		"a NUL byte": {fake{}, `'files':[{'path':'/a\u0000b'}]`,
			"a path ($.storage.files.0.path): the path has a NUL byte"},
		"a relative path": {fake{}, `'files':[{'path':'a'}]`, `file a ($.storage.files.0): the path is not absolute`},
		"a name that is too long": {fake{}, `'files':[{'path':'/` + long + `'}]`,
			"a path ($.storage.files.0.path): a name in the path is longer than 255 bytes"},
		"the root itself": {fake{}, `'directories':[{'path':'/','overwrite':true}]`,
			"directory / ($.storage.directories.0): the root directory itself cannot be replaced"},
		"a file among the engine's records": {fake{}, `'files':[{'path':'/etc/.glowplug/a/b'}]`,
			"a path ($.storage.files.0.path): the engine keeps its own records in /etc/.glowplug"},
		"a file in their place": {fake{}, `'files':[{'path':'/etc/.glowplug'}]`,
			"a path ($.storage.files.0.path): the engine keeps its own records in /etc/.glowplug"},
		"a directory among them, spelled oddly": {fake{}, `'directories':[{'path':'/etc//x/../.glowplug/a'}]`,
			"a path ($.storage.directories.0.path): the engine keeps its own records in /etc/.glowplug"},
		"a link in their place": {fake{}, `'links':[{'path':'/etc/.glowplug','target':'/x'}]`,
			"a path ($.storage.links.0.path): the engine keeps its own records in /etc/.glowplug"},
		"a file among them through a link of the root": {fake{"/x": "-> /etc/.glowplug"}, `'files':[{'path':'/x/a'}]`,
			"file /x/a ($.storage.files.0): the engine keeps its own records in /etc/.glowplug"},
		"a file among them through a link of the config": {fake{},
			`'links':[{'path':'/x','target':'/etc'}],'files':[{'path':'/x/.glowplug/a'}]`,
			"file /x/.glowplug/a ($.storage.files.0): the engine keeps its own records in /etc/.glowplug"},
		"a file where a link to /etc leads": {fake{"/etc": "-> usr/etc", "/usr/etc/": ""},
			`'files':[{'path':'/usr/etc/.glowplug/a'}]`,
			"file /usr/etc/.glowplug/a ($.storage.files.0): the engine keeps its own records in /etc/.glowplug"},
		"a directory that is emptied above them": {fake{"/etc/": ""},
			`'directories':[{'path':'/etc','overwrite':true}]`,
			"directory /etc ($.storage.directories.0): the engine keeps its own records in /etc/.glowplug"},
		"an owner nobody knows": {fake{}, `'files':[{'path':'/a','user':{'name':'nobody-here'}}]`,
			`file /a ($.storage.files.0): user "nobody-here" does not exist in the root`},
		"an id that is the kernel's word for no owner": {fake{}, `'files':[{'path':'/a','group':{'id':4294967295}}]`,
			`file /a ($.storage.files.0): group id 4294967295 is none that Linux has`},
		"links that chase each other": {fake{},
			`'links':[{'path':'/a/x','target':'/b'},{'path':'/a','target':'/a/x/y'}]`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Plan(storage(t, c.cfg), c.root, asRoot())
			require.Error(t, err)
			if c.err != "" {
				require.EqualError(t, err, c.err)
			}
		})
	}
}

func TestOwnersThatMayNotBeSet(t *testing.T) {
	cfg := storage(t, `'directories':[{'path':'/d'}],'files':[{'path':'/d/ok','user':{'id':1000},'group':{'id':7}},`+
		`{'path':'/d/a','group':{'id':8}},{'path':'/d/b','user':{'id':0}}]`)
	me := Options{Means: target.Means{Identity: target.Identity{UID: 1000, Groups: []uint32{1000, 7}}}}
	_, err := Plan(cfg, fake{}, me)
	require.EqualError(t, err, "file /d/a ($.storage.files.1): only root can set the group 8\n"+
		"file /d/b ($.storage.files.2): only root can set the owner 0", "all at once")
	assert.Equal(t, []string{"run it as root, or leave owners as they come with --no-owner"}, diag.Hints(err))
	me.NoOwner = true
	_, err = Plan(cfg, fake{}, me)
	require.NoError(t, err)
	me.NoOwner = false
	cfg.Storage.Files = cfg.Storage.Files[:1]
	_, err = Plan(cfg, fake{}, me)
	require.NoError(t, err)
}

// A closed root is one whose account files only root may read.
type closed struct{ fake }

func (v closed) ReadFile(name string, most int64) ([]byte, error) {
	if name == "/etc/gshadow" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return v.fake.ReadFile(name, most)
}

func TestAccountFilesThatMayNotBeReadAreToldWithTheirCause(t *testing.T) {
	for origin, cfg := range map[string]config.Config{
		"$.passwd":          parse(t, `{"passwd":{"users":[{"name":"core"}]}}`),
		"$.storage.files.1": storage(t, `'files':[{'path':'/a'},{'path':'/b','user':{'name':'core'}}]`),
	} {
		o := asRoot()
		o.Accounts = MakeAccounts
		steps, err := Plan(cfg, closed{fake{}}, o)
		assert.NotContains(t, steps.String(), "0:0")
		require.EqualError(t, err, "accounts ("+origin+"): open /etc/gshadow: permission denied")
		assert.Equal(t, []string{"run it as root, who may read all account files"}, diag.Hints(err))
		if len(cfg.Storage.Files) > 0 {
			assert.Contains(t, steps.String(), "+ file /b  empty, 0644 owner not known\n")
			o.Privileged = false
			_, err = Plan(cfg, closed{fake{}}, o)
			assert.NotContains(t, err.Error(), "only root can set", "nobody knows the owner")
		}
	}
}

func TestAPlanThatLeavesOwnersSaysNothingOfThem(t *testing.T) {
	cfg := parse(t, `{"passwd":{"users":[{"name":"app","homeDir":"/srv/app"},{"name":"old","uid":1500,"homeDir":"/new"},`+
		`{"name":"given","uid":1501}]},"storage":{"files":[{"path":"/f","user":{"name":"app"},"group":{"id":7}}],`+
		`"directories":[{"path":"/d","user":{"id":0}}],"links":[{"path":"/l","target":"x","user":{"id":5}}]}}`)
	root := fake{"/etc/passwd": "root:x:0:0::/root:/bin/sh\nold:x:1001:100::/home/old:/bin/sh\n" +
		"given:x:1002:100::/home/given:/bin/sh\n", "/etc/group": "root:x:0:\n", "/home/old/": "", "/home/given/": "",
		"/etc/default/useradd": "CREATE_MAIL_SPOOL=yes\n", "/var/mail/": ""}
	for noOwner, said := range map[bool]bool{true: false, false: true} {
		o := withUsers(asRoot())
		o.NoOwner = noOwner
		steps, err := Plan(cfg, root, o)
		require.NoError(t, err)
		text := strings.ReplaceAll(steps.String(), "the owner stays", "")
		assert.Equal(t, said, strings.Contains(text, "owner"), text)
		assert.Contains(t, text, "made, ")
	}
}

func TestAllAccountsThatCannotBeHadAreToldWithOwnersAndTheRest(t *testing.T) {
	cfg := parse(t, `{"passwd":{"users":[{"name":"u1","primaryGroup":"nope"},{"name":"u2","groups":["wheel"]},`+
		`{"name":"u3","uid":0},{"name":"fine"}]},"storage":{"files":[{"path":"/typo","user":{"name":"typo"}},`+
		`{"path":"/u3","user":{"name":"u3"}},{"path":"/fine","user":{"name":"fine"}}]}}`)
	steps, err := Plan(cfg, fake{"/etc/passwd": "root:x:0:0::/root:/bin/sh\n", "/etc/group": "root:x:0:\n"},
		withUsers(asRoot()))
	const hint = "; add it to the groups of the config\n"
	require.EqualError(t, err, `user u1 ($.passwd.users.0): the group "nope" does not exist`+hint+
		`user u2 ($.passwd.users.1): the group "wheel" does not exist`+hint+
		"user u3 ($.passwd.users.2): uid 0 is taken; choose another uid\n"+
		`file /typo ($.storage.files.0): user "typo" does not exist in the root`)
	text := steps.String()
	assert.Contains(t, text, "+ user fine ")
	assert.NotContains(t, text, "user u")
	assert.Regexp(t, `\+ file /u3 +empty, 0644 owner not known\n`, text)
	assert.Regexp(t, `\+ file /fine +empty, 0644 owner 1000:0\n`, text)
}

func TestAccountsAreNamed(t *testing.T) {
	cfg := parse(t, `{"passwd":{"users":[{"name":"core"}]},"storage":{"disks":[{"device":"/dev/vda"}]},`+
		`"kernelArguments":{"shouldExist":["key=secret"]}}`)
	_, err := Plan(cfg, fake{}, Options{})
	require.EqualError(t, err, `user "core" ($.passwd.users.0): accounts are not made here`)
	_, err = Plan(cfg, fake{}, Options{Accounts: LeaveAccounts})
	require.NoError(t, err)
	assert.Equal(t, []Unsupported{{"$.passwd.users.0", `user "core"`}}, Unacted(cfg))
	assert.Equal(t, []Unsupported{{"$.storage.disks.0", `disk "/dev/vda"`},
		{"$.kernelArguments.shouldExist.0", "kernel argument"}}, NotInDirectory(cfg))
}

// namesOf gives the accounts that owners of nodes are looked up in.
func namesOf(t *testing.T, root fake) *accounts.Result {
	t.Helper()
	names, err := users.Names(root, "")
	require.NoError(t, err)
	return names
}

// reads is a root that remembers which files were read.
type reads struct {
	fake
	files *[]string
}

func (r reads) ReadFile(p string, limit int64) ([]byte, error) {
	*r.files = append(*r.files, p)
	return r.fake.ReadFile(p, limit)
}

func TestAccountFilesAreReadOnlyForAccountsAndNames(t *testing.T) {
	for text, want := range map[string]bool{
		`{}`: false,
		`{"storage":{"files":[{"path":"/a","user":{"id":7},"group":{"id":7}}]}}`: false,
		`{"storage":{"files":[{"path":"/a","user":{"name":"core"}}]}}`:           true,
		`{"storage":{"directories":[{"path":"/a","group":{"name":"core"}}]}}`:    true,
		`{"passwd":{"users":[{"name":"core"}]}}`:                                 true,
		`{"passwd":{"groups":[{"name":"core"}]}}`:                                true,
	} {
		var files []string
		root := reads{fake{"/etc/passwd": "core:x:7:7::/:\n", "/etc/group": "core:x:7:\n"}, &files}
		_, err := Plan(parse(t, text), root, withUsers(asRoot()))
		require.NoError(t, err, text)
		assert.Equal(t, want, slices.Contains(files, "/etc/passwd"), "%s: %s", text, files)
	}
}

func TestOwnersOfARoot(t *testing.T) {
	root := fake{
		"/etc/passwd": "root:x:0:0::/root:/bin/sh\n+nis\nbroken:x\nbad:x:minus:0::/:\ncore:x:1000:1000::/:\r\n" +
			"core:x:1:1::/:\nlast:x:7:7::/:", "/usr/lib/passwd": "core:x:2:2::/:\nsys:x:3:3::/:\n",
		"/etc/group": "wheel:x:10:\n", "/usr/lib/group": "sys:x:4:\n",
		"/etc/nsswitch.conf": "# passwd: none\npasswd: files altfiles systemd # x\ngroup: files\n",
	}
	o := namesOf(t, root)
	var got []string
	for _, name := range []string{"root", "core", "sys", "last", "bad", "broken", ""} {
		if id, ok := o.UID(name); ok {
			got = append(got, fmt.Sprint(name, "=", id))
		}
	}
	assert.Equal(t, []string{"root=0", "core=1000", "sys=3", "last=7"}, got)
	gid, ok := o.GID("wheel")
	assert.True(t, ok)
	assert.EqualValues(t, 10, gid)
	_, ok = o.GID("sys")
	assert.False(t, ok, "altfiles is not asked for groups here")
	empty := namesOf(t, fake{})
	_, ok = empty.UID("root")
	assert.False(t, ok)
}

func TestManyEntriesBelowWhatIsOverwritten(t *testing.T) {
	// Nothing is timed: with work that grows with the square this would take minutes.
	entries := make([]string, 20000)
	for i := range entries {
		entries[i] = fmt.Sprintf(`{'path':'/d%s/f%d','overwrite':true,'contents':{'source':''}}`,
			strings.Repeat("/x", i%10), i)
	}
	plan, err := Plan(storage(t, `'files':[`+strings.Join(entries, ",")+
		`],'directories':[{'path':'/d','overwrite':true}]`), fake{"/d/": ""}, asRoot())
	require.NoError(t, err)
	assert.Len(t, plan, 20001)
}
