package accounts

import (
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/internal/accounts"
)

type rootChange = func(*testCase)

func add(path, text string) rootChange     { return func(t *testCase) { t.add(path, text) } }
func without(path string) rootChange       { return func(t *testCase) { t.without(path) } }
func set(path, text string) rootChange     { return func(t *testCase) { t.set(path, text) } }
func nodes(all ...string) rootChange       { return func(t *testCase) { t.Nodes = append(t.Nodes, all...) } }
func replace(path, a, b string) rootChange { return func(t *testCase) { t.replace(path, a, b) } }

// everyFile does the same to the text of each account file.
func everyFile(f func(string) string) rootChange {
	return func(t *testCase) {
		for _, path := range accounts.Editable() {
			t.add(path, "")
			t.set(path, f(*t.Files[path]))
		}
	}
}

func fullGroup(n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("member%04d", i)
	}
	return "big:x:2000:" + strings.Join(names, ",") + "\n"
}

// written are the cases that someone thought of.
var written = []struct {
	name   string
	config string
	root   []rootChange
}{
	{"a user with defaults", `{"users":[{"name":"core"}]}`, nil},
	{"a user with everything", `{"groups":[{"name":"ops"}],` +
		`"users":[{"name":"core","uid":1234,"gecos":"Core, Ltd.","homeDir":"/srv/core","primaryGroup":"users",` +
		`"groups":["adm","sudo","ops"],"shell":"/bin/bash","passwordHash":"$6$salt$hash"}]}`, nil},
	{"three users, ids in a row", `{"users":[{"name":"a"},{"name":"b"},{"name":"c"}]}`, nil},
	{"an empty password hash locks", `{"users":[{"name":"core","passwordHash":""}]}`, nil},
	{"a system user", `{"users":[{"name":"svc","system":true}]}`, nil},
	{"a system user without home, of an own uid",
		`{"users":[{"name":"svc","system":true,"uid":350,"noCreateHome":true,"shell":"/usr/sbin/nologin"}]}`, nil},
	{"two system users count down", `{"users":[{"name":"svc1","system":true},{"name":"svc2","system":true}]}`, nil},
	{"a system user below the lowest system id", `{"users":[{"name":"svc","system":true}]}`,
		[]rootChange{add(accounts.PasswdFile, "x:x:997:997::/:/bin/sh\n"), add(accounts.GroupFile, "y:x:990:\n")}},
	{"no group of the user's own", `{"users":[{"name":"core","noUserGroup":true}]}`, nil},
	{"no groups of users' own in login.defs", `{"users":[{"name":"core"}]}`,
		[]rootChange{replace(accounts.LoginDefsFile, "USERGROUPS_ENAB yes", "USERGROUPS_ENAB no")}},
	{"login.defs does not say", `{"users":[{"name":"core"},{"name":"svc","system":true}]}`,
		[]rootChange{set(accounts.LoginDefsFile, "# nothing\n")}},
	{"no login.defs", `{"users":[{"name":"core"},{"name":"svc","system":true}]}`,
		[]rootChange{without(accounts.LoginDefsFile)}},
	{"no useradd defaults", `{"users":[{"name":"core"}]}`, []rootChange{without(accounts.UseraddFile)}},
	{"useradd defaults of every kind", `{"users":[{"name":"core","noUserGroup":true},{"name":"svc","system":true}]}`,
		[]rootChange{set(accounts.UseraddFile, "GROUP=sudo\nHOME=/srv/homes\n"+
			"INACTIVE=14\nEXPIRE=2030-12-31\nSHELL=/bin/dash\nSKEL=/srv/skel\nCREATE_MAIL_SPOOL=yes\nLOG_INIT=no\n"),
			nodes("dir 0755 0:0 /srv/skel", "file 0640 0:42 /srv/skel/hello there")}},
	{"a default group that does not exist", `{"users":[{"name":"core","noUserGroup":true}]}`,
		[]rootChange{add(accounts.UseraddFile, "GROUP=nobodies\n")}},
	{"expiry in days", `{"users":[{"name":"core"}]}`,
		[]rootChange{add(accounts.UseraddFile, "EXPIRE=25000\nINACTIVE=-1\n")}},
	{"mail file without a group mail", `{"users":[{"name":"core"}]}`, []rootChange{add(accounts.UseraddFile,
		"CREATE_MAIL_SPOOL=yes\n"), replace(accounts.GroupFile, "mail:x:8:\n", "")}},
	{"a mail file that is there", `{"users":[{"name":"core"}]}`,
		[]rootChange{add(accounts.UseraddFile, "CREATE_MAIL_SPOOL=yes\n"), nodes("file 0600 0:0 /var/mail/core old")}},
	{"a mail directory that is not there", `{"users":[{"name":"core"}]}`, []rootChange{add(accounts.UseraddFile,
		"CREATE_MAIL_SPOOL=yes\n"), replace(accounts.LoginDefsFile, "MAIL_DIR /var/mail", "MAIL_DIR /var/post")}},
	{"mode of homes", `{"users":[{"name":"core"}]}`, []rootChange{add(accounts.LoginDefsFile, "HOME_MODE 0711\n")}},
	{"umask of homes", `{"users":[{"name":"core"}]}`,
		[]rootChange{replace(accounts.LoginDefsFile, "UMASK 022", "UMASK 077")}},
	{"a home that is there", `{"users":[{"name":"core"}]}`,
		[]rootChange{nodes("dir 0700 0:0 /home/core", "file 0644 0:0 /home/core/old x")}},
	{"a home with parents that are not there", `{"users":[{"name":"core","homeDir":"/srv/a/b/c"}]}`, nil},
	{"a home with a slash at the end", `{"users":[{"name":"core","homeDir":"/srv/core/"}]}`, nil},
	{"a skeleton with files in a folder", `{"users":[{"name":"core"}]}`,
		[]rootChange{nodes("file 0755 0:0 /etc/skel/bin/run run")}},
	{"a skeleton with folders in folders", `{"users":[{"name":"core"}]}`, []rootChange{nodes("dir 0751 0:0 /etc/skel/a",
		"dir 2770 0:42 /etc/skel/a/b", "file 0604 42:0 /etc/skel/a/b/c deep", "link 0777 42:42 /etc/skel/a/b/up ../..",
		"dir 1777 0:0 /etc/skel/empty")}},
	{"a skeleton below /usr", `{"users":[{"name":"core"},{"name":"svc","system":true}]}`,
		[]rootChange{nodes("dir 0755 0:0 /usr/etc/skel", "file 0600 0:0 /usr/etc/skel/.profile not this",
			"file 0644 0:0 /usr/etc/skel/vendor this", "dir 0750 0:0 /usr/etc/skel/bin",
			"file 0755 0:0 /usr/etc/skel/bin/tool tool")}},
	{"a second skeleton of another name", `{"users":[{"name":"core"}]}`,
		[]rootChange{add(accounts.UseraddFile, "USRSKEL=/srv/second\n"), nodes("dir 0755 0:0 /usr/etc/skel",
			"file 0644 0:0 /usr/etc/skel/no no", "dir 0755 0:0 /srv/second", "file 0640 0:0 /srv/second/yes yes")}},
	{"groups of every new user", `{"users":[{"name":"core"},{"name":"other","groups":["users"]},` +
		`{"name":"svc","system":true}]}`, []rootChange{add(accounts.UseraddFile, "GROUPS=adm,never,27\n")}},
	{"a home without skel", `{"users":[{"name":"core"}]}`,
		[]rootChange{add(accounts.UseraddFile, "SKEL=/etc/noskel\n")}},
	{"a uid that is taken", `{"users":[{"name":"core","uid":1}]}`, nil},
	{"a uid beyond people's gets no ranges", `{"users":[{"name":"core","uid":70000}]}`, nil},
	{"uid 0 is taken", `{"users":[{"name":"core","uid":0}]}`, nil},
	{"uid of a gid that is taken", `{"users":[{"name":"core"}]}`,
		[]rootChange{add(accounts.GroupFile, "early:x:1000:\n")}},
	{"a small uid for a person, with a group", `{"users":[{"name":"core","uid":500}]}`, nil},
	{"a gap below the highest id is left", `{"users":[{"name":"a"},{"name":"b"}]}`,
		[]rootChange{add(accounts.PasswdFile, "x:x:1005:1005::/:/bin/sh\n")}},
	{"the highest id wraps to the first gap", `{"users":[{"name":"a"},{"name":"b"}]}`,
		[]rootChange{add(accounts.PasswdFile, "x:x:60000:1005::/:/bin/sh\ny:x:1001:1::/:/bin/sh\n")}},
	{"the lowest system id wraps", `{"users":[{"name":"a","system":true},{"name":"b","system":true}]}`,
		[]rootChange{add(accounts.LoginDefsFile, "SYS_UID_MIN 400\nSYS_UID_MAX 403\n"),
			add(accounts.PasswdFile, "x:x:400:1005::/:/bin/sh\ny:x:403:1::/:/bin/sh\n")}},
	{"no id left", `{"users":[{"name":"a"},{"name":"b"},{"name":"c"}]}`,
		[]rootChange{replace(accounts.LoginDefsFile, "UID_MAX 60000", "UID_MAX 1001")}},
	{"a commented-out account counts", `{"users":[{"name":"core"}]}`,
		[]rootChange{add(accounts.PasswdFile, "#old:x:1500:1500::/home/old:/bin/sh\n# a remark\n")}},
	{"an existing group of the user's name", `{"groups":[{"name":"core","gid":1500}],"users":[{"name":"core"}]}`, nil},
	{"an existing group of the user's name, as primary",
		`{"groups":[{"name":"core","gid":1500}],"users":[{"name":"core","primaryGroup":"core"}]}`, nil},
	{"primary group by id", `{"users":[{"name":"core","primaryGroup":"27"}]}`, nil},
	{"a primary group that does not exist", `{"users":[{"name":"core","primaryGroup":"wheel"}]}`, nil},
	{"a supplementary group that does not exist", `{"users":[{"name":"core","groups":["sudo","wheel"]}]}`, nil},
	{"a group without a line in gshadow gets a member", `{"users":[{"name":"core","groups":["adm"]}]}`,
		[]rootChange{replace(accounts.GShadowFile, "adm:*::\n", "")}},
	{"a group named twice", `{"users":[{"name":"core","groups":["adm","adm","4"]}]}`, nil},
	{"a name that is too long", `{"users":[{"name":"` + strings.Repeat("a", 300) + `"}]}`, nil},
	{"a name with a blank", `{"users":[{"name":"a b"}]}`, nil},
	{"a name with a dash before", `{"groups":[{"name":"+x"}]}`, nil},
	{"a group name of 32 bytes", `{"groups":[{"name":"` + strings.Repeat("g", 32) + `"}]}`, nil},
	{"a group name of 33 bytes", `{"groups":[{"name":"` + strings.Repeat("g", 33) + `"}]}`, nil},
	{"a user name of 32 bytes", `{"users":[{"name":"` + strings.Repeat("u", 32) + `"}]}`, nil},
	{"a user name of 33 bytes", `{"users":[{"name":"` + strings.Repeat("u", 33) + `","noUserGroup":true}]}`, nil},
	{"a user name of 255 bytes", `{"users":[{"name":"` + strings.Repeat("u", 255) + `","noUserGroup":true}]}`,
		[]rootChange{add(accounts.UseraddFile, "CREATE_MAIL_SPOOL=yes\n")}},
	{"a user name of 256 bytes", `{"users":[{"name":"` + strings.Repeat("u", 256) + `","noUserGroup":true}]}`, nil},
	{"a long user name with a group of the same name", `{"users":[{"name":"` + strings.Repeat("u", 33) + `"}]}`, nil},
	{"a name that is a number", `{"users":[{"name":"1001"}]}`, nil},
	{"a group name that is a number", `{"groups":[{"name":"1001"}]}`, nil},
	{"a name that begins with a number", `{"groups":[{"name":"1g"}],"users":[{"name":"1u"},{"name":"0x1"}]}`, nil},
	{"a name with an at sign", `{"users":[{"name":"me@example"}]}`, nil},
	{"a group name with letters of a language", `{"groups":[{"name":"größe"}]}`, nil},
	{"a name with a dollar sign at the end", `{"groups":[{"name":"host$"}],"users":[{"name":"pc$"}]}`, nil},
	{"a name with a dollar sign inside", `{"users":[{"name":"p$c"}]}`, nil},
	{"a name that is a dollar sign", `{"users":[{"name":"$"}]}`, nil},
	{"a name with a dot before and capitals", `{"groups":[{"name":".Group."}],"users":[{"name":".User-_"}]}`, nil},
	{"a colon in the comment", `{"users":[{"name":"core","gecos":"a:b"}]}`, nil},
	{"a tab in the comment", `{"users":[{"name":"core","gecos":"a\tb"}]}`, nil},
	{"a relative home", `{"users":[{"name":"core","homeDir":"home"}]}`, nil},
	{"a relative shell", `{"users":[{"name":"core","shell":"bash"}]}`, nil},
	{"a uid past 32 bits", `{"users":[{"name":"core","uid":4294967296}]}`, nil},
	{"the uid that means none", `{"users":[{"name":"core","uid":4294967295}]}`, nil},
	{"a gid past 32 bits", `{"groups":[{"name":"g","gid":4294967296}]}`, nil},

	{"groups of every kind", `{"groups":[{"name":"g1"},{"name":"g2","gid":1500},{"name":"g3","system":true},` +
		`{"name":"g4","passwordHash":"$6$g$h"},{"name":"g5"}]}`, nil},
	{"groups without gshadow",
		`{"groups":[{"name":"g1"},{"name":"g4","passwordHash":"$6$g$h"},{"name":"adm","passwordHash":"$6$a$a"}],` +
			`"users":[{"name":"core","groups":["adm"]}]}`, []rootChange{without(accounts.GShadowFile)}},
	{"a gid that is taken", `{"groups":[{"name":"g","gid":27}]}`, nil},
	{"a group gets another gid, and its users", `{"groups":[{"name":"user1","gid":1500}]}`,
		[]rootChange{user1, add(accounts.PasswdFile, "user2:x:1002:1000::/home/user2:/bin/sh\n")}},
	{"a group gets a gid that is taken", `{"groups":[{"name":"adm","gid":27}]}`, nil},
	{"a group gets a password", `{"groups":[{"name":"adm","passwordHash":"$6$g$h"}]}`, nil},
	{"a group gets a password, without a line in gshadow", `{"groups":[{"name":"adm","passwordHash":"$6$g$h"}]}`,
		[]rootChange{replace(accounts.GShadowFile, "adm:*::\n", ""),
			replace(accounts.GroupFile, "adm:x:4:", "adm:x:4:root,daemon")}},
	{"a group with its password in group gets another", `{"groups":[{"name":"adm","passwordHash":"$6$g$h"}]}`,
		[]rootChange{replace(accounts.GroupFile, "adm:x:4:", "adm:old:4:root")}},
	{"a group goes", `{"groups":[{"name":"adm","shouldExist":false},{"name":"never","shouldExist":false}]}`, nil},
	{"a group that is someone's primary one cannot go", `{"groups":[{"name":"mail","shouldExist":false}]}`, nil},
	{"a group goes that gshadow does not have", `{"groups":[{"name":"adm","shouldExist":false}]}`,
		[]rootChange{replace(accounts.GShadowFile, "adm:*::\n", "")}},
	{"a group that is as wanted, on a line of its own make", `{"groups":[{"name":"adm","gid":4}]}`,
		[]rootChange{replace(accounts.GroupFile, "adm:x:4:", "adm:x:004:root,")}},
	{"a group stays as it is", `{"groups":[{"name":"adm","gid":4}]}`, nil},

	{"a user gets a password", `{"users":[{"name":"user1","passwordHash":"$6$new$hash"}]}`, []rootChange{user1}},
	{"a password that is there already",
		`{"users":[{"name":"user1","passwordHash":"$6$old$hash","shell":"/bin/bash"}]}`, []rootChange{user1}},
	{"a user is locked", `{"users":[{"name":"user1","passwordHash":""}]}`, []rootChange{user1}},
	{"a user without a line in shadow gets a password", `{"users":[{"name":"user1","passwordHash":"$6$new$hash"}]}`,
		[]rootChange{user1, replace(accounts.ShadowFile, "user1:$6$old$hash:19000:0:99999:7:::\n", "")}},
	{"a user with the password in passwd gets another", `{"users":[{"name":"user1","passwordHash":"$6$new$hash"}]}`,
		[]rootChange{user1, replace(accounts.PasswdFile, "user1:x:", "user1:$6$in$passwd:")}},
	{"users without shadow", `{"users":[{"name":"user1","passwordHash":"$6$new$hash"},` +
		`{"name":"core","passwordHash":"$6$a$b"},{"name":"other"}]}`,
		[]rootChange{user1, without(accounts.ShadowFile), replace(accounts.PasswdFile, "user1:x:", "user1:!:")}},
	{"root gets a password and a shell", `{"users":[{"name":"root","passwordHash":"$6$new$hash","shell":"/bin/sh"}]}`,
		nil},
	{"a home moves", `{"users":[{"name":"user1","homeDir":"/srv/one"}]}`, []rootChange{user1}},
	{"a home moves, named with a slash at the end", `{"users":[{"name":"user1","homeDir":"/srv/one/"}]}`,
		[]rootChange{user1}},
	{"a home that is not there moves", `{"users":[{"name":"nobody","homeDir":"/srv/nobody"}]}`, nil},
	{"a home moves to the other end of a new uid",
		`{"users":[{"name":"user1","homeDir":"/srv/one","uid":1500,"primaryGroup":"users"}]}`, []rootChange{user1}},
	{"a new uid", `{"users":[{"name":"user1","uid":1500}]}`, []rootChange{user1}},
	{"a new uid, of someone", `{"users":[{"name":"user1","uid":8}]}`, []rootChange{user1}},
	{"a new primary group", `{"users":[{"name":"user1","primaryGroup":"sudo"}]}`, []rootChange{user1}},
	{"a new uid for a home of someone else", `{"users":[{"name":"user1","uid":1500}]}`,
		[]rootChange{user1, func(t *testCase) {
			t.Nodes[0] = "dir 0755 0:0 /home/user1"
		}}},
	{"groups are replaced", `{"users":[{"name":"user1","groups":["sudo","users"]}]}`, []rootChange{user1,
		replace(accounts.GroupFile, "adm:x:4:", "adm:x:4:root,user1,daemon"), replace(accounts.GShadowFile, "adm:*::",
			"adm:*:user1:root,user1"), replace(accounts.GroupFile, "sudo:x:27:", "sudo:x:27:user1")}},
	{"groups are there already", `{"users":[{"name":"user1","groups":["sudo"]}]}`,
		[]rootChange{user1, replace(accounts.GroupFile, "sudo:x:27:", "sudo:x:27:user1"),
			replace(accounts.GShadowFile, "sudo:*::", "sudo:*::user1")}},
	{"groups with a group that does not exist", `{"users":[{"name":"user1","groups":["wheel"]}]}`, []rootChange{user1}},
	{"comment and shell", `{"users":[{"name":"user1","gecos":"Other","shell":"/bin/bash"}]}`, []rootChange{user1}},
	{"everything at once", `{"users":[{"name":"user1","uid":1700,"gecos":"Other","shell":"/bin/bash",` +
		`"homeDir":"/srv/new","primaryGroup":"users","groups":["adm","sudo"],"passwordHash":"$6$x$y",` +
		`"noCreateHome":true,"system":true,"noUserGroup":true}]}`, []rootChange{user1}},
	{"nothing to change", `{"users":[{"name":"user1","uid":1000,"gecos":"User One","homeDir":"/home/user1",` +
		`"shell":"/bin/sh","primaryGroup":"user1"}]}`, []rootChange{user1}},

	{"a user goes", `{"users":[{"name":"user1","shouldExist":false},{"name":"never","shouldExist":false}]}`,
		[]rootChange{user1}},
	{"a user goes, out of groups too", `{"users":[{"name":"user1","shouldExist":false}]}`,
		[]rootChange{user1, replace(accounts.GroupFile, "adm:x:4:", "adm:x:4:root,user1"),
			replace(accounts.GShadowFile, "adm:*::", "adm:*:user1,root:root,user1")}},
	{"a user goes, the group has members", `{"users":[{"name":"user1","shouldExist":false}]}`,
		[]rootChange{user1, replace(accounts.GroupFile, "user1:x:1000:", "user1:x:1000:root")}},
	{"a user goes, the group is another's primary one", `{"users":[{"name":"user1","shouldExist":false}]}`,
		[]rootChange{user1, add(accounts.PasswdFile, "user2:x:1002:1000::/home/user2:/bin/sh\n")}},
	{"a user goes, the group has another id", `{"users":[{"name":"user1","shouldExist":false}]}`,
		[]rootChange{user1, replace(accounts.GroupFile, "user1:x:1000:", "user1:x:1001:")}},
	{"a user goes, groups of users' own are off", `{"users":[{"name":"user1","shouldExist":false}]}`,
		[]rootChange{user1, replace(accounts.LoginDefsFile, "USERGROUPS_ENAB yes", "USERGROUPS_ENAB no")}},
	{"a user goes whose home is another's", `{"users":[{"name":"user1","shouldExist":false}]}`,
		[]rootChange{user1, func(t *testCase) { t.Nodes[0] = "dir 0755 0:0 /home/user1" }}},
	{"a user goes and comes again",
		`{"users":[{"name":"user1","shouldExist":false},{"name":"user1"},{"name":"user2"}]}`, []rootChange{user1}},
	{"a user goes, with several ranges", `{"users":[{"name":"user1","shouldExist":false},{"name":"core"}]}`,
		[]rootChange{user1, add(accounts.SubUIDFile, "x:300000:10\nuser1:200000:5\n")}},

	{"ranges in a gap", `{"users":[{"name":"a"},{"name":"b"},{"name":"c"}]}`, []rootChange{set(accounts.SubUIDFile,
		"x:300000:65536\ny:165536:65536\n"), set(accounts.SubGIDFile, "x:100000:1\n")}},
	{"ranges with remarks between", `{"users":[{"name":"a"},{"name":"b"},{"name":"c"}]}`,
		[]rootChange{set(accounts.SubUIDFile, "# one\nx:300000:65536\n# two\ny:165536:65536\n# three\nbroken:1\n"),
			set(accounts.SubGIDFile, "# one\n")}},
	{"ranges of a user who is yet to come", `{"users":[{"name":"core"},{"name":"a"}]}`, []rootChange{
		set(accounts.SubUIDFile, "core:200000:65536\ncore:500000:10\n"), set(accounts.SubGIDFile, "x:100000:65536\n")}},
	{"one range of a user who is yet to come", `{"users":[{"name":"core"},{"name":"a"}]}`, []rootChange{
		set(accounts.SubUIDFile, "x:100000:65536\ncore:165536:65536\n"), set(accounts.SubGIDFile, "core:100000:1\n")}},
	{"no ranges left", `{"users":[{"name":"a"},{"name":"b"}]}`,
		[]rootChange{replace(accounts.LoginDefsFile, "SUB_UID_MAX 600100000", "SUB_UID_MAX 165535")}},
	{"ranges of another size", `{"users":[{"name":"a"},{"name":"b"}]}`,
		[]rootChange{replace(accounts.LoginDefsFile, "SUB_UID_COUNT 65536", "SUB_UID_COUNT 1000"),
			replace(accounts.LoginDefsFile, "SUB_GID_COUNT 65536", "SUB_GID_COUNT 0")}},
	{"ranges are off", `{"users":[{"name":"a"}]}`,
		[]rootChange{without(accounts.SubUIDFile), without(accounts.SubGIDFile)}},

	{"no newline at the end",
		`{"groups":[{"name":"g"}],"users":[{"name":"core","groups":["adm"]},{"name":"root","passwordHash":"$6$a$b"}]}`,
		[]rootChange{everyFile(func(s string) string { return strings.TrimSuffix(s, "\n") })}},
	{"remarks, blank and malformed lines stay", `{"groups":[{"name":"g"}],"users":[{"name":"core","groups":["adm"]}]}`,
		[]rootChange{everyFile(func(s string) string { return "# first\n\n" + s + "mal:formed\n  \n" })}},
	{"lines of NIS stay last", `{"groups":[{"name":"g"}],"users":[{"name":"core","groups":["adm"]}]}`,
		[]rootChange{add(accounts.PasswdFile, "+@admins::::::\n-bad::::::\n+::::::\n"), add(accounts.GroupFile,
			"+:::\n"), add(accounts.ShadowFile, "+::::::::\n"), add(accounts.GShadowFile, "+:::\n")}},
	{"old lines of the same name in shadow and gshadow are replaced", `{"users":[{"name":"core"}]}`,
		[]rootChange{add(accounts.ShadowFile, "core:$6$stale$x:1:2:3:4:5:6:\nlast:*:1::::::\n"),
			add(accounts.GShadowFile, "core:stale:root:root\nlast:!::\n")}},
	{"a member list with empty names", `{"users":[{"name":"core","groups":["adm","sudo"]}]}`,
		[]rootChange{replace(accounts.GroupFile, "adm:x:4:", "adm:x:4:root,,daemon,"), replace(accounts.GroupFile,
			"sudo:x:27:", "sudo:x:27:root,"), replace(accounts.GShadowFile, "adm:*::", "adm:*:root,:root,,daemon,")}},
	{"lists of gshadow that hold nobody", `{"users":[{"name":"core","groups":["adm"]},{"name":"user1",` +
		`"shouldExist":false}]}`, []rootChange{user1, replace(accounts.GShadowFile, "adm:*::", "adm:*:,:,,"),
		replace(accounts.GShadowFile, "sudo:*::", "sudo:*:,user1,root:,user1,"),
		replace(accounts.GShadowFile, "users:*::", "users:*:,,:user1,,user1,x")}},
	{"ids with zeros before", `{"users":[{"name":"root","gecos":"Admin"},{"name":"core","groups":["adm"]}]}`,
		[]rootChange{replace(accounts.PasswdFile, "root:x:0:0:", "root:x:00:000:"),
			replace(accounts.GroupFile, "adm:x:4:", "adm:x:004:")}},
	{"short lines in shadow", `{"users":[{"name":"root","passwordHash":"$6$a$b"},{"name":"mail","passwordHash":"!"}]}`,
		[]rootChange{replace(accounts.ShadowFile, "root:*:19000:0:99999:7:::", "root:*::::::0:"),
			replace(accounts.ShadowFile, "mail:*:19000:0:99999:7:::", "mail:*:19000:0:99999")}},
	{"a large group gets a member and loses one",
		`{"users":[{"name":"core","groups":["big"]},{"name":"user1","groups":["adm"]}]}`,
		[]rootChange{user1, add(accounts.GroupFile, strings.TrimSuffix(fullGroup(300), "\n")+",user1\n")}},
	{"empty files", `{"users":[{"name":"root","uid":0,"homeDir":"/srv/root"},{"name":"core"}]}`,
		[]rootChange{set(accounts.PasswdFile, ""), set(accounts.ShadowFile, ""), set(accounts.GroupFile, ""),
			set(accounts.GShadowFile, "")}},
}
