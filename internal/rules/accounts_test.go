package rules_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/tests/configs"
)

// who makes a config of one user beside whom there is nothing.
func who(fields string) string { return "3.6.0 passwd users: [{" + fields + "}]" }

var accountCases = []ruleCase{
	{claim: "a user's name holds a slash", breaks: who("'name':'a/b'"), passes: who("'name':'a/b','shouldExist':false"),
		want: []string{"error account-name $.passwd.users.0.name"}, hint: "use letters", stricter: true},
	{claim: "a user's name begins with a dash", breaks: who("'name':'-a'"), passes: who("'name':'a-'"),
		want: []string{"error account-name $.passwd.users.0.name"}, stricter: true},
	{claim: "a user's name holds a colon", breaks: who("'name':'a:b'"), passes: who("'name':'a.b'"),
		want: []string{"error account-name $.passwd.users.0.name"}, stricter: true},
	{claim: "a user's name is a number, which Debian 12 takes", breaks: who("'name':'12'"), passes: who("'name':'a12'"),
		want: []string{"warning account-name-old $.passwd.users.0.name"}, hint: "put a letter before it",
		stricter: true},
	{claim: "a user's name holds a blank", breaks: who("'name':'a b'"), passes: who("'name':'a-b'"),
		want: []string{"error account-name $.passwd.users.0.name"}, stricter: true},
	{claim: "a user's name holds a letter that only Debian 12 takes", breaks: who("'name':'ä'"),
		passes: who("'name':'ae'"), want: []string{"warning account-name-old $.passwd.users.0.name"},
		hint: "use letters", stricter: true},
	{claim: "a user's name looks like an address", breaks: who("'name':'a@b'"), passes: who("'name':'a.b'"),
		want: []string{"warning account-name-old $.passwd.users.0.name"}, hint: "use letters", stricter: true},
	{claim: "a user's name holds a line separator", breaks: who("'name':'a\\u2028b'"), passes: who("'name':'ab'"),
		want: []string{"warning account-name-old $.passwd.users.0.name"}, hint: "use letters", stricter: true},
	{claim: "a user's name is longer than any can be", breaks: who("'name':'" + strings.Repeat("a", 256) + "'"),
		passes: who("'name':'joerg'"), want: []string{"error account-name $.passwd.users.0.name"}, stricter: true},
	{claim: "a group's name is longer than any can be", breaks: "3.6.0 passwd groups: [{'name':'" +
		strings.Repeat("a", 33) + "'}]", passes: "3.6.0 passwd groups: [{'name':'" + strings.Repeat("a", 32) + "'}]",
		want: []string{"error account-name $.passwd.groups.0.name"}, stricter: true},
	{claim: "a group's name is a path", breaks: "3.6.0 passwd groups: [{'name':'..'}]",
		passes: "3.6.0 passwd groups: [{'name':'..','shouldExist':false}]",
		want:   []string{"error account-name $.passwd.groups.0.name"}, stricter: true},
	{claim: "a comment holds a colon", breaks: who("'name':'a','gecos':'a:b'"),
		passes: who("'name':'a','gecos':'A, B,,'"), want: []string{"error account-field $.passwd.users.0.gecos"},
		stricter: true},
	{claim: "a comment holds a line end", breaks: who(`'name':'a','gecos':'a\nroot::0:0::/:/bin/sh'`),
		passes: who("'name':'a','gecos':'é'"), want: []string{"error account-field $.passwd.users.0.gecos"},
		stricter: true},
	{claim: "a home is relative", breaks: who("'name':'a','homeDir':'srv/a'"),
		passes: who("'name':'a','homeDir':'/srv/a'"), want: []string{"error account-field $.passwd.users.0.homeDir"},
		stricter: true},
	{claim: "a home holds a colon", breaks: who("'name':'a','homeDir':'/srv:a'"),
		passes: who("'name':'a','homeDir':''"), want: []string{"error account-field $.passwd.users.0.homeDir"},
		stricter: true},
	{claim: "a shell is relative", breaks: who("'name':'a','shell':'bash'"), passes: who("'name':'a','shell':'*no'"),
		want: []string{"error account-field $.passwd.users.0.shell"}, stricter: true},
	{claim: "a shell holds a control character", breaks: who(`'name':'a','shell':'/bin/sh\r'`),
		passes: who("'name':'a','shell':'/bin/sh'"), want: []string{"error account-field $.passwd.users.0.shell"},
		stricter: true},
	{claim: "a hash ends in a line end", breaks: who(`'name':'a','passwordHash':'$6$salt$hash\n'`),
		passes: who("'name':'a','passwordHash':'$6$salt$hash'"),
		want:   []string{"error account-field $.passwd.users.0.passwordHash"}, stricter: true},
	{claim: "a group's hash holds a colon", breaks: "3.6.0 passwd groups: [{'name':'a','passwordHash':'a:b'}]",
		passes: "3.6.0 passwd groups: [{'name':'a','passwordHash':'!'}]",
		want:   []string{"error account-field $.passwd.groups.0.passwordHash"}, stricter: true},
	{claim: "a hash begins with a blank", breaks: who("'name':'a','passwordHash':' $6$salt$hash'"),
		passes: who("'name':'a','passwordHash':'!$6$salt$hash'"), want: []string{"warning password-hash " +
			"$.passwd.users.0.passwordHash"}, hint: "openssl passwd -6", stricter: true},
	{claim: "a hash is a password",
		breaks: who("'name':'a','passwordHash':'secret'"), passes: who("'name':'a','passwordHash':'1yJ4sp5TiPUS2'"),
		want: []string{"warning password-hash $.passwd.users.0.passwordHash"}, stricter: true},
	{claim: "a hash has no method",
		breaks: who("'name':'a','passwordHash':'$6'"), passes: who("'name':'a','passwordHash':''"),
		want: []string{"warning password-hash $.passwd.users.0.passwordHash"}, stricter: true},
	{claim: "two users have one uid", breaks: "3.6.0 passwd users: [{'name':'a','uid':1500},{'name':'b','uid':1500}]",
		passes: "3.6.0 passwd users: [{'name':'a','uid':1500,'shouldExist':false},{'name':'b','uid':1500}]",
		want:   []string{"error id-twice $.passwd.users.1.uid"}, note: "first given here", stricter: true},
	{claim: "two groups have one gid", breaks: "3.6.0 passwd groups: [{'name':'a','gid':0},{'name':'b','gid':0}]",
		passes: "3.6.0 passwd: {'groups':[{'name':'a','gid':7}],'users':[{'name':'b','uid':7}]}",
		want:   []string{"error id-twice $.passwd.groups.1.gid"}, note: "first given here", stricter: true},
	{claim: "a uid is past the last", breaks: who("'name':'a','uid':4294967295"),
		passes: who("'name':'a','uid':4294967294"), want: []string{"error id-range $.passwd.users.0.uid"},
		stricter: true},
	{claim: "a gid is past the last", breaks: "3.6.0 passwd groups: [{'name':'a','gid':4294967296}]",
		passes: "3.6.0 passwd groups: [{'name':'a','gid':4294967296,'shouldExist':false}]",
		want:   []string{"error id-range $.passwd.groups.0.gid"}, stricter: true},
	{claim: "an owner is past the last", breaks: "3.6.0 storage files: [{'path':'/a','group':{'id':4294967295}}]",
		passes: "3.6.0 storage files: [{'path':'/a','group':{'id':4294967294}}]",
		want:   []string{"error id-range $.storage.files.0.group.id"}, stricter: true},
	{claim: "a primary group is deleted",
		breaks: "3.6.0 passwd: {'groups':[{'name':'g','shouldExist':false}],'users':[{'name':'a','primaryGroup':'g'}]}",
		passes: "3.6.0 passwd: {'groups':[{'name':'g','shouldExist':false}]," +
			"'users':[{'name':'a','primaryGroup':'g','shouldExist':false}]}",
		want: []string{"error group-missing $.passwd.users.0.primaryGroup"}, note: "deleted here", stricter: true},
	{claim: "a group is deleted, and not made with a user of its name", breaks: "3.6.0 passwd: " +
		"{'groups':[{'name':'g','shouldExist':false}],'users':[{'name':'a','groups':['x','y,g']},{'name':'g'}]}",
		passes: "3.6.0 passwd: " +
			"{'groups':[{'name':'g','shouldExist':false}],'users':[{'name':'g'},{'name':'a','groups':['g']}]}",
		want: []string{"error group-missing $.passwd.users.0.groups.1"}, note: "deleted here", stricter: true},
	{claim: "a group has no name",
		breaks: who("'name':'a','groups':['x,']"), passes: who("'name':'a','groups':['x','12'],'primaryGroup':''"),
		want: []string{"error group-missing $.passwd.users.0.groups.0"}, stricter: true},
	{claim: "a group is a number that none has",
		breaks: who("'name':'a','primaryGroup':'-1'"), passes: who("'name':'a','primaryGroup':'g h'"),
		want: []string{"error group-missing $.passwd.users.0.primaryGroup"}, stricter: true},
	{claim: "a file belongs to a user who is deleted", breaks: "3.6.0 : {'passwd':{'users':[{'name':'a'," +
		"'shouldExist':false}]},'storage':{'files':[{'path':'/f','user':{'name':'a'}}]}}",
		passes: "3.6.0 : {'passwd':{'users':[{'name':'a','shouldExist':false}]}," +
			"'storage':{'files':[{'path':'/f','user':{'name':'b'},'group':{'name':'a'}}]}}",
		want: []string{"error owner-deleted $.storage.files.0.user.name"}, note: "deleted here", stricter: true},
	{claim: "a folder belongs to a group that is deleted", breaks: "3.6.0 : {'passwd':{'groups':[{'name':'a'," +
		"'shouldExist':false}]},'storage':{'directories':[{'path':'/f','group':{'name':'a'}}]}}",
		passes: "3.6.0 : {'passwd':{'groups':[{'name':'a','shouldExist':false}],'users':[{'name':'a'}]}," +
			"'storage':{'links':[{'path':'/f','target':'x','group':{'name':'a'}}]}}",
		want: []string{"error owner-deleted $.storage.directories.0.group.name"}, note: "deleted here",
		stricter: true},
	{claim: "an entry is no SSH key",
		breaks: who("'name':'a','sshAuthorizedKeys':['ssh-ed25519 AAAA a','no key at all']"),
		passes: who(`'name':'a','sshAuthorizedKeys':['from=\'10.0.0.1 x\',no-pty ssh-rsa AAAA a\n# ` +
			`remark\n\necdsa-sha2-nistp256\tAAAA\n','sk-ssh-ed25519@openssh.com AAAA','ssh-rsa\u0020AAAA']`),
		want: []string{"warning ssh-key $.passwd.users.0.sshAuthorizedKeys.1"}, hint: ".pub", stricter: true},
	{claim: "an entry has no SSH key",
		breaks: who(`'name':'a','sshAuthorizedKeys':['# x\n']`), passes: who("'name':'a','sshAuthorizedKeys':[]"),
		want: []string{"warning ssh-key $.passwd.users.0.sshAuthorizedKeys.0"}, stricter: true},
	{claim: "an SSH key has lost its key", breaks: who(`'name':'a','sshAuthorizedKeys':['ssh-ed25519']`),
		passes: who(`'name':'a','sshAuthorizedKeys':['cert-authority ssh-ed25519 AAAA']`),
		want:   []string{"warning ssh-key $.passwd.users.0.sshAuthorizedKeys.0"}, stricter: true},
	{claim: "keys go into a home that is not made",
		breaks: who("'name':'a','noCreateHome':true,'sshAuthorizedKeys':['ssh-ed25519 AAAA a']"),
		passes: who("'name':'root','noCreateHome':true,'sshAuthorizedKeys':['ssh-ed25519 AAAA a']"),
		want:   []string{"warning keys-no-home $.passwd.users.0.sshAuthorizedKeys"}, hint: "noCreateHome",
		stricter: true},
	{claim: "root is deleted",
		breaks: who("'name':'root','shouldExist':false"), passes: who("'name':'roots','shouldExist':false"),
		want: []string{"warning root-deleted $.passwd.users.0.shouldExist"}, hint: "passwordHash", stricter: true},
	{claim: "the group root is deleted", breaks: "3.6.0 passwd groups: [{'name':'root','shouldExist':false}]",
		passes: "3.6.0 passwd groups: [{'name':'root','shouldExist':true}]",
		want:   []string{"warning root-deleted $.passwd.groups.0.shouldExist"}, stricter: true},
	{claim: "a folder above a filesystem is made anew",
		breaks: "3.6.0 storage: {'filesystems':[{'device':'/dev/a','format':'ext4','path':'/srv/data'}]," +
			"'directories':[{'path':'/srv','overwrite':true}]}", passes: "3.6.0 storage: " +
			"{'filesystems':[{'device':'/dev/a','format':'ext4','path':'/srv/data'}],'directories':[{'path':'/srv'}," +
			"{'path':'/srv/data/x','overwrite':true},{'path':'/srv/other','overwrite':true}]}",
		want: []string{"error over-mount $.storage.directories.0.path"}, note: "the filesystem is defined here",
		stricter: true},
	{claim: "a file is where a filesystem is mounted", breaks: "3.6.0 storage: {'filesystems':[{'device':'/dev/a'," +
		"'format':'ext4','path':'/srv'}],'files':[{'path':'/srv'}]}", passes: "3.6.0 storage: " +
		"{'filesystems':[{'device':'/dev/a','format':'swap','path':'/srv'}],'files':[{'path':'/srv'}]}",
		want: []string{"error over-mount $.storage.files.0.path"}, note: "the filesystem is defined here",
		stricter: true},
}

// TestOfSeveralReasonsEachIsToldOnce has the ways in which a value can be wrong twice.
func TestOfSeveralReasonsEachIsToldOnce(t *testing.T) {
	for short, want := range map[string][]string{
		who("'name':'','uid':-1"): {"error name-empty $.passwd.users.0",
			"error number-negative $.passwd.users.0.uid"},
		who(`'name':'a','passwordHash':'$6$ a\n'`):           {"error account-field $.passwd.users.0.passwordHash"},
		who(`'name':'a','gecos':':','shell':'a','uid':1e10`): {"error wrong-type $.passwd.users.0.uid"},
		"3.6.0 passwd users: " +
			"[{'name':'a','uid':4294967295},{'name':'b','uid':4294967295},{'name':'c','uid':4294967295}]": {
			"error id-range $.passwd.users.0.uid", "error id-range $.passwd.users.1.uid",
			"error id-twice $.passwd.users.1.uid",
			"error id-range $.passwd.users.2.uid", "error id-twice $.passwd.users.2.uid"},
	} {
		_, problems := configs.Judge("test.ign", []byte(write(short)))
		assert.Equal(t, want, found(problems), short)
	}
}
