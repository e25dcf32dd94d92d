package accounts

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// debian is a small root with one person.
func debian() Files {
	return Files{
		PasswdFile:    "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000:Ann:/home/ann:/bin/sh\n",
		ShadowFile:    "root:*:19000:0:99999:7:::\nann:$6$old$hash:19000:0:99999:7:::\n",
		GroupFile:     "root:x:0:\nmail:x:8:\nsudo:x:27:ann\nusers:x:100:\nann:x:1000:\n",
		GShadowFile:   "root:*::\nmail:*::\nsudo:*::ann\nusers:*::\nann:!::\n",
		SubUIDFile:    "ann:100000:65536\n",
		SubGIDFile:    "ann:100000:65536\n",
		LoginDefsFile: "USERGROUPS_ENAB yes\nPASS_MAX_DAYS 99999\nPASS_MIN_DAYS 0\nPASS_WARN_AGE 7\n",
		UseraddFile:   "SHELL=/bin/sh\n",
	}
}

// ostree is a root whose accounts came with a read-only /usr.
func ostree() Files {
	f := debian()
	f[NSSwitchFile] = "passwd: files altfiles systemd\ngroup: files [SUCCESS=merge] altfiles systemd # both\n"
	f[PasswdFile], f[ShadowFile] = "root:x:0:0:root:/root:/bin/bash\n", "root:!locked:19000:0:99999:7:::\n"
	f[GroupFile], f[GShadowFile] = "root:x:0:\n", "root:!::\n"
	f[AltPasswdFile] = "root:x:0:0:Super User:/root:/bin/bash\nbin:x:1:1:bin:/bin:/usr/sbin/nologin\n" +
		"nobody:x:65534:65534::/:/usr/sbin/nologin\nmid:x:1001:1001::/:/bin/sh\n"
	f[AltGroupFile] = "root:x:0:\nbin:x:1:\nwheel:x:10:\ndocker:x:981:bin\nmid:x:1001:\nnobody:x:65534:\n"
	f[SubUIDFile], f[SubGIDFile] = "", ""
	return f
}

func apply(t *testing.T, have Files, want Wanted) *Result {
	t.Helper()
	r, err := Apply(have, want, 20000, CurrentTools)
	require.NoError(t, err)
	return r
}

func added(before, after diag.Secret) string {
	return strings.TrimPrefix(after.Reveal(), before.Reveal())
}

func TestGroupsOfUsr(t *testing.T) {
	have := ostree()
	r := apply(t, have, Wanted{Users: []User{{Name: "core", Groups: []string{"wheel", "docker", "10"}}}})
	assert.Equal(t, "wheel:x:10:core\ndocker:x:981:bin,core\ncore:x:1000:\n",
		sortLines(added(have[GroupFile], r.Files[GroupFile])))
	assert.Equal(t, "wheel:!::core\ndocker:!::core\ncore:!::\n",
		sortLines(added(have[GShadowFile], r.Files[GShadowFile])))
	assert.NotContains(t, r.Files, AltGroupFile)
}

// sortLines puts the user's own group last, wherever it was written.
func sortLines(s string) string {
	var own, rest strings.Builder
	for line := range strings.Lines(s) {
		if strings.HasPrefix(line, "core:") {
			own.WriteString(line)
		} else {
			rest.WriteString(line)
		}
	}
	return rest.String() + own.String()
}

func TestUsersOfUsr(t *testing.T) {
	hash := diag.Secret("$6$a$b")
	for _, c := range []struct {
		name           string
		user           User
		passwd, shadow string
	}{
		{"nothing to change copies nothing", User{Name: "bin", Comment: "bin", Shell: "/usr/sbin/nologin"}, "", ""},
		{"a change copies the line to /etc first", User{Name: "bin", Shell: "/bin/sh"}, "bin:x:1:1:bin:/bin:/bin/sh\n",
			""},
		{"a password does, and makes a line in shadow", User{Name: "bin", Password: &hash},
			"bin:x:1:1:bin:/bin:/usr/sbin/nologin\n", "bin:$6$a$b:20000:0:99999:7:::\n"},
		{"one in /etc is the one that counts", User{Name: "root", Shell: "/bin/bash"}, "", ""},
		{"uids of /usr are passed over, as the name service has them", User{Name: "core", UID: ptr(int64(1002))},
			"core:x:1002:1002::/home/core:/bin/sh\n", "core:*:20000:0:99999:7:::\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			have := ostree()
			r := apply(t, have, Wanted{Users: []User{c.user}})
			assert.Equal(t, c.passwd, added(have[PasswdFile], r.Files[PasswdFile]))
			assert.Equal(t, c.shadow, added(have[ShadowFile], r.Files[ShadowFile]))
		})
	}
}

func TestNewIdsPassOverThoseOfUsr(t *testing.T) {
	r := apply(t, ostree(), Wanted{Users: []User{{Name: "a"}, {Name: "b"}}})
	assert.EqualValues(t, 1000, r.Accounts[0].UID)
	assert.EqualValues(t, 1002, r.Accounts[1].UID)
}

func TestUsrCountsOnlyWhereNsswitchSaysSo(t *testing.T) {
	have := ostree()
	have[NSSwitchFile] = "passwd: files\ngroup: files\n# group: altfiles\n"
	_, err := Apply(have, Wanted{Users: []User{{Name: "core", Groups: []string{"wheel"}}}}, 20000, CurrentTools)
	require.EqualError(t, err, `user "core": the group "wheel" does not exist`)
}

func ptr[T any](v T) *T { return &v }

func with(path, text string) Files {
	f := debian()
	f[path] = diag.Secret(text)
	return f
}

func TestErrors(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	user := func(u User) Wanted { return Wanted{Users: []User{{Name: "first"}, u}} }
	group := func(g Group) Wanted { return Wanted{Groups: []Group{g}} }
	for _, c := range []struct {
		name string
		have Files
		want Wanted
		err  string
	}{
		{"a malformed line of the user", with(PasswdFile, "root:x:0:0::/:/bin/sh\n\nann:x:1000\n"),
			user(User{Name: "ann"}), `user "ann": /etc/passwd line 3: the line of "ann" is malformed`},
		{"an id past 32 bits in the line of the user", with(PasswdFile, "ann:x:4294967296:1:::\n"),
			user(User{Name: "ann"}), `user "ann": /etc/passwd line 1: the line of "ann" is malformed`},
		{"a malformed line of the group", with(GroupFile, "sudo:x:27\n"), group(Group{Name: "sudo"}),
			`group "sudo": /etc/group line 1: the line of "sudo" is malformed`},
		{"a malformed line in shadow", with(ShadowFile, "ann:*:1:2:3:4:5:6\n"), user(User{Name: "ann",
			Password: ptr(diag.Secret("!"))}), `user "ann": /etc/shadow line 1: the line of "ann" is malformed`},
		{"a malformed line in gshadow", with(GShadowFile, "x:!::\nsudo:!\n"), user(User{Name: "core",
			Groups: []string{"sudo"}}), `user "core": /etc/gshadow line 2: the line of "sudo" is malformed`},
		{"a user who is there twice", with(PasswdFile, "ann:x:5:5:::\nann:x:6:5:::\n"), user(User{Name: "ann",
			Shell: "/bin/dash"}), `user "ann": /etc/passwd line 2: the name "ann" is there twice`},
		{"a group that is there twice gets a member",
			with(GroupFile, "sudo:x:27:\nsudo:x:27:\n"), user(User{Name: "core", Groups: []string{"sudo"}}),
			`user "core": /etc/group line 2: the name "sudo" is there twice`},
		{"CRLF", with(PasswdFile, "root:x:0:0:root:/root:/bin/bash\r\n"), user(User{Name: "root", Comment: "Admin"}),
			`user "root": /etc/passwd line 1: the line of "root" would hold a carriage return inside a field`},
		{"a uid that is taken", debian(), user(User{Name: "core", UID: ptr(int64(1000))}),
			`user "core": uid 1000 is taken`},
		{"a negative uid", debian(), user(User{Name: "core", UID: ptr(int64(-1))}),
			`user "core": uid -1 is none that Linux has`},
		{"a gid that is taken", debian(), group(Group{Name: "g", GID: ptr(int64(27))}),
			`group "g": gid 27 is taken by group "sudo"`},
		{"a full range of uids", with(LoginDefsFile, "UID_MAX 1001\n"), Wanted{Users: []User{{Name: "a"}, {Name: "b"}}},
			`user "b": /etc/login.defs: no uid is free between UID_MIN and UID_MAX`},
		{"a full range of system gids", with(LoginDefsFile, "SYS_GID_MIN 8\nSYS_GID_MAX 8\n"), group(Group{Name: "g",
			System: true}), `group "g": /etc/login.defs: no gid is free between SYS_GID_MIN and SYS_GID_MAX`},
		{"a range upside down", with(LoginDefsFile, "UID_MIN 0\nSYS_UID_MAX 18446744073709551615\n"+
			"SYS_UID_MIN 4294967295\n"), user(User{Name: "s", System: true}),
			`user "s": /etc/login.defs: no uid is free between SYS_UID_MIN and SYS_UID_MAX`},
		{"no range of subordinate ids", with(LoginDefsFile, "SUB_UID_MIN 5\nSUB_UID_MAX 4\n"), user(User{}),
			`user "first": /etc/login.defs: SUB_UID_MIN, _MAX and _COUNT fit no range` + "\n" +
				`user "": the name is empty`},
		{"an expiry that is no date", with(UseraddFile, "#\nEXPIRE=some day\n"), user(User{}),
			`/etc/default/useradd line 2: EXPIRE "some day" is no date`},
		{"no name", debian(), group(Group{}), `group "": the name is empty`},
		{"a name of a path", debian(), user(User{Name: "../ann"}), `user "../ann": a name cannot hold "/"`},
		{"a name like an option", debian(), user(User{Name: "-x"}), `user "-x": a name cannot start with "-"`},
		{"a name like a remark", debian(), group(Group{Name: "#x"}), `group "#x": a name cannot start with "#"`},
		{"a name that is a number", debian(), user(User{Name: "4711"}), `user "4711": a name cannot be a number`},
		{"a name with a line end", debian(), user(User{Name: "a\nroot"}), `user "a\nroot": a name cannot hold "\n"`},
		{"a name of a megabyte", debian(), user(User{Name: long}),
			`user "` + long + `": the name is longer than 255 bytes`},
		{"a line end in the hash", debian(), user(User{Name: "core", Password: ptr(diag.Secret("$6$a$b\nroot::"))}),
			`user "core": the password hash holds a line end`},
		{"a colon in the hash of a group", debian(), group(Group{Name: "g", Password: "a:b"}),
			`group "g": the password hash holds a colon`},
		{"a relative home", debian(), user(User{Name: "core", Home: "home/core"}),
			`user "core": the home "home/core" is not an absolute path`},
		{"a colon in the home", debian(), user(User{Name: "ann", Home: "/home:/x"}),
			`user "ann": the home holds a colon`},
		{"a relative shell", debian(), user(User{Name: "core", Shell: "sh"}),
			`user "core": the shell "sh" is not an absolute path`},
		{"a primary group that is no one's", debian(), user(User{Name: "core", PrimaryGroup: "4711"}),
			`user "core": the group "4711" does not exist`},
		{"a primary group past 32 bits", debian(), user(User{Name: "core", PrimaryGroup: "4294967323"}),
			`user "core": the group "4294967323" does not exist`},
		{"a user of /usr goes", ostree(), user(User{Name: "bin", Delete: true}),
			`user "bin": /usr/lib/passwd line 2: the account comes with the system and cannot be deleted`},
		{"a group of /usr goes", ostree(), group(Group{Name: "wheel", Delete: true}),
			`group "wheel": /usr/lib/group line 3: the account comes with the system and cannot be deleted`},
		{"a user goes whose home is the root",
			with(PasswdFile, "svc:x:5:5::/:/bin/sh\n"), user(User{Name: "svc", Delete: true}),
			`user "svc": /etc/passwd line 1: the user's home is the whole root, and would go with the user`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Apply(c.have, c.want, 20000, CurrentTools)
			require.EqualError(t, err, c.err)
			var e *Error
			require.True(t, errors.As(err, &e))
		})
	}
}

func TestAllThatIsWrongIsToldAtOnceWithTheRest(t *testing.T) {
	have := with(LoginDefsFile, "UID_MAX 1001\n")
	want := Wanted{
		Groups: []Group{{Name: "taken", GID: ptr(int64(27))}, {Name: "fine", GID: ptr(int64(700))},
			{Name: "bad:name", GID: ptr(int64(701))}},
		Users: []User{
			{Name: "new", PrimaryGroup: "nope", Groups: []string{"no2,fine", "no3"}, UID: ptr(int64(1000))},
			{Name: "ann", PrimaryGroup: "no4", Groups: []string{"no5"}, UID: ptr(int64(0)), Shell: "/bin/x"},
			{Name: "worded", Home: "x", Shell: "y"},
			{Name: "made", UID: ptr(int64(1500)), Groups: []string{"fine"}},
			{Name: "of-taken", UID: ptr(int64(1501)), Groups: []string{"taken"}},
			{Name: "of-701", UID: ptr(int64(1502)), PrimaryGroup: "701"},
			{Name: "of-new", UID: ptr(int64(1503)), PrimaryGroup: "worded"},
			{Name: "one"}, {Name: "two"}, {Name: "three"},
		}}
	r, err := Apply(have, want, 20000, CurrentTools)
	require.EqualError(t, err, strings.Join([]string{
		`group "taken": gid 27 is taken by group "sudo"`,
		`group "bad:name": a name cannot hold ":"`,
		`user "new": the group "nope" does not exist`,
		`user "new": the group "no2" does not exist`,
		`user "new": the group "no3" does not exist`,
		`user "new": uid 1000 is taken`,
		`user "ann": uid 0 is taken`,
		`user "ann": the group "no4" does not exist`,
		`user "ann": the group "no5" does not exist`,
		`user "worded": the home "x" is not an absolute path`,
		`user "worded": the shell "y" is not an absolute path`,
		`user "two": /etc/login.defs: no uid is free between UID_MIN and UID_MAX`,
	}, "\n"), "what follows from another error, and what a file is at fault for, is told once")
	require.NotNil(t, r)
	var made []string
	for _, c := range r.Changes {
		made = append(made, fmt.Sprint(c.Name, c.Index))
	}
	assert.Equal(t, []string{"fine1", "made3", "one7"}, made)
	assert.NotContains(t, r.Files[GroupFile].Reveal(), "worded")
	for name, user := range map[string]bool{"new": true, "ann": true, "of-taken": true, "three": true, "made": false,
		"root": false, "typo": false} {
		assert.Equal(t, user, r.RefusedUser(name), name)
	}
	for name, group := range map[string]bool{"taken": true, "worded": true, "new": false, "fine": false,
		"sudo": false} {
		assert.Equal(t, group, r.RefusedGroup(name), name)
	}
}

func TestMillionByteLinesStay(t *testing.T) {
	line := "# " + strings.Repeat("x", 1<<20) + "\nbroken" + strings.Repeat("y", 1<<20) + ":\n"
	r := apply(t, with(PasswdFile, line), Wanted{Users: []User{{Name: "core"}}})
	assert.Equal(t, line+"core:x:1000:1001::/home/core:/bin/sh\n", r.Files[PasswdFile].Reveal())
}

func TestWhatPeopleSee(t *testing.T) {
	hash := diag.Secret("$6$secret$hash")
	have := debian()
	have[UseraddFile] += "CREATE_MAIL_SPOOL=yes\n"
	r := apply(t, have, Wanted{
		Groups: []Group{{Name: "ops", Password: hash}, {Name: "users", GID: ptr(int64(150))},
			{Name: "gone", Delete: true}},
		Users: []User{{Name: "core", Groups: []string{"sudo", "ops"}, Password: &hash},
			{Name: "ann", UID: ptr(int64(1500)), Home: "/srv/ann", Groups: []string{"ops"}, Password: &hash,
				Comment: "Ann B"},
			{Name: "root", PrimaryGroup: "sudo"}, {Name: "ann", Delete: true}},
	})
	var b strings.Builder
	for _, c := range r.Changes {
		fmt.Fprintf(&b, "%s %s %s: %s\n", c.Verb, kindName(c.User), c.Name, c.Detail)
	}
	for _, e := range r.Effects {
		fmt.Fprintf(&b, "%d: %s\n", e.Entry(), e)
	}
	assert.Equal(t, `create group ops: gid 1001, password set
change group users: gid 100 → 150
keep group gone: 
create user core: uid 1001, gid 1002 (own group), home /home/core, shell /bin/sh, groups sudo ops, password set
change user ann: uid 1000 → 1500, comment "Ann" → "Ann B", home /home/ann → /srv/ann, password set, groups sudo → ops
change user root: gid 0 → 27
destroy user ann: uid 1500, with home /srv/ann
0: make home /home/core, owner 1001:1002, mode 0755
0: make mail file /var/mail/core, owner 1001:8, mode 0660
1: move home /home/ann to /srv/ann, owner 1000:1000 → 1500:1000
1: give mail file /var/mail/ann, owner 1000 → 1500
2: give home /root, owner 0:0 → 0:27
3: remove mail file /var/mail/ann
3: remove home /srv/ann
`, b.String())
	printed, err := json.Marshal(r)
	require.NoError(t, err)
	for _, s := range []string{string(printed), fmt.Sprintf("%+v %#v", r.Files, r.Files)} {
		assert.NotContains(t, s, "secret")
	}
}

func TestAccountsForKeys(t *testing.T) {
	r := apply(t, debian(), Wanted{
		Groups: []Group{{Name: "ops"}},
		Users:  []User{{Name: "core"}, {Name: "ann", Home: "/srv/ann/"}, {Name: "root", Delete: false}},
	})
	assert.Equal(t, []Account{{0, "core", 1001, 1002, "/home/core", true}, {1, "ann", 1000, 1000, "/srv/ann", false},
		{2, "root", 0, 0, "/root", false}}, r.Accounts)
	uid, ok := r.UID("core")
	assert.True(t, ok)
	assert.EqualValues(t, 1001, uid)
	gid, ok := r.GID("ops")
	assert.True(t, ok)
	assert.EqualValues(t, 1001, gid)
	_, ok = r.UID("ops")
	assert.False(t, ok)
}

func TestNobodyWantsAnything(t *testing.T) {
	for name, have := range map[string]Files{"debian": debian(), "ostree": ostree(), "nothing": {},
		"no newline": with(PasswdFile, "x")} {
		t.Run(name, func(t *testing.T) {
			r := apply(t, have, Wanted{})
			assert.Empty(t, r.Files)
			assert.Empty(t, r.Effects)
		})
	}
}

func TestDayZeroIsNoDay(t *testing.T) {
	r, err := Apply(debian(), Wanted{Users: []User{{Name: "core"}}}, 0, CurrentTools)
	require.NoError(t, err)
	assert.Contains(t, r.Files[ShadowFile].Reveal(), "core:*::0:99999:7:::\n")
}

func TestOneAfterTheOtherInOneConfig(t *testing.T) {
	r := apply(t, debian(), Wanted{
		Groups: []Group{{Name: "a", GID: ptr(int64(2000))}, {Name: "a", GID: ptr(int64(2001))},
			{Name: "b", GID: ptr(int64(2000))}, {Name: "b", Delete: true}, {Name: "c", GID: ptr(int64(2000))}},
		Users: []User{{Name: "u", Groups: []string{"a", "c"}}, {Name: "u", Groups: []string{"c"}},
			{Name: "u", Delete: true}, {Name: "u", UID: ptr(int64(1001)), Groups: []string{"a"}}},
	})
	assert.Equal(t, debian()[GroupFile].Reveal()+"a:x:2001:u\nc:x:2000:\nu:x:1001:\n", r.Files[GroupFile].Reveal())
}

func TestHomesInFilesystemsOfTheKernelAreNotMade(t *testing.T) {
	for home, made := range map[string]bool{
		"/dev/null": false, "/dev": false, "//dev/./null": false, "/x/../proc/1": false, "/sys/x": false,
		"/devices/x": true, "/home/dev": true, "/run/x": true,
	} {
		r := apply(t, debian(), Wanted{Users: []User{{Name: "core", Home: home, System: true}}})
		assert.Equal(t, made, len(r.Effects) == 1, home)
		assert.Equal(t, home, r.Accounts[0].Home)
	}
}

func TestAGroupThatIsDeletedAndMadeWithItsUserStaysInTheSecondRun(t *testing.T) {
	want := Wanted{Groups: []Group{{Name: "core", Delete: true}}, Users: []User{{Name: "core"}}}
	have := debian()
	first := apply(t, have, want)
	for name, text := range first.Files {
		have[name] = text
	}
	second := apply(t, have, want)
	assert.Empty(t, second.Files)
	for _, u := range []User{{Name: "core", NoUserGroup: true}, {Name: "core", PrimaryGroup: "users"},
		{Name: "core", Delete: true}, {Name: "other"}} {
		_, err := Apply(have, Wanted{Groups: want.Groups, Users: []User{u}}, 20000, CurrentTools)
		require.ErrorContains(t, err, "it is the primary group of user")
	}
}

func TestOneWhomAnEarlierTryHasMadeGetsAHomeAgain(t *testing.T) {
	r := apply(t, debian(), Wanted{Users: []User{{Name: "ann", Unfinished: true}}})
	assert.Empty(t, r.Files, "the account is as it should be")
	require.Len(t, r.Effects, 1)
	made, ok := r.Effects[0].(*MakeHome)
	require.True(t, ok)
	assert.Equal(t, "/home/ann", made.Path)
	assert.Equal(t, uint32(1000), made.UID)
	assert.Empty(t, apply(t, debian(), Wanted{Users: []User{{Name: "ann"}}}).Effects)
	assert.Empty(t,
		apply(t, debian(), Wanted{Users: []User{{Name: "ann", Unfinished: true, NoCreateHome: true}}}).Effects)
	away := debian()
	away[PasswdFile] = "daemon:x:1:1::/nonexistent:/bin/false\n"
	assert.Empty(t, apply(t, away, Wanted{Users: []User{{Name: "daemon", Unfinished: true}}}).Effects,
		"the image has made that one")
}
