package files

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

func TestKeysNeedAHomeWhenTheyAreWritten(t *testing.T) {
	const gone = "ssh keys of bot ($.passwd.users.0.sshAuthorizedKeys): the home /home/bot will not be there when " +
		"the keys are written; remove noCreateHome, or have the root bring the home"
	const theirs, theirs1 = "ssh keys of bot ($.passwd.users.0.sshAuthorizedKeys): ",
		"ssh keys of bot ($.passwd.users.1.sshAuthorizedKeys): "
	const keys = `"sshAuthorizedKeys":["ssh-ed25519 AAAA bot"]`
	for claim, c := range map[string]struct {
		more     map[string]string
		cfg, err string
	}{
		"a home that is not made": {nil, `"passwd":{"users":[{"name":"bot","noCreateHome":true,` + keys + `}]}`, gone},
		"the config's own directories come too late": {nil, `"passwd":{"users":[{"name":"bot","noCreateHome":true,` +
			keys + `}]},"storage":{"directories":[{"path":"/home/bot"}]}`, gone},
		"a user who is there without a home": {map[string]string{"/etc/passwd": "bot:x:1700:1700::/home/bot:/bin/sh\n"},
			`"passwd":{"users":[{"name":"bot",` + keys + `}]}`, gone},
		"a user who is there with no word about a home": {
			map[string]string{"/etc/passwd": "bot:x:1700:1700:::/bin/sh\n"}, `"passwd":{"users":[{"name":"bot",` +
				keys + `}]}`, "ssh keys of bot ($.passwd.users.0.sshAuthorizedKeys): the user has no home directory"},
		"a home that is a file": {map[string]string{"/home/bot": "x"},
			`"passwd":{"users":[{"name":"bot","noCreateHome":true,` + keys + `}]}`,
			"ssh keys of bot ($.passwd.users.0.sshAuthorizedKeys): the home /home/bot is a regular file"},
		"a home that is a link to nowhere": {map[string]string{"/home/bot": "-> /away"},
			`"passwd":{"users":[{"name":"bot","noCreateHome":true,` + keys + `}]}`, gone},
		"without keys no home is needed": {nil, `"passwd":{"users":[{"name":"bot","noCreateHome":true}]}`, ""},
		"a home that the root has": {map[string]string{"/home/bot/": "of 1003"},
			`"passwd":{"users":[{"name":"bot","noCreateHome":true,` + keys + `}]}`, ""},
		"a home that is made": {nil, `"passwd":{"users":[{"name":"bot","homeDir":"/far/away/bot",` + keys + `}]}`, ""},
		"a home that is moved": {map[string]string{"/home/ann/": "of 1000"},
			`"passwd":{"users":[{"name":"ann","homeDir":"/srv/ann",` + keys + `}]}`, ""},
		"root may make its own": {map[string]string{"/etc/passwd": "root:x:0:0::/root:/bin/sh\n"},
			`"passwd":{"users":[{"name":"root",` + keys + `}]}`, ""},
		"a home that is root's": {map[string]string{"/home/bot/": ""},
			`"passwd":{"users":[{"name":"bot",` + keys + `}]}`, theirs + "bot may not make anything in /home/bot, " +
				"which belongs to user id 0 and has mode 0755; give it to user id 1003, or set another homeDir"},
		"a home that another gets": {nil, `"passwd":{"users":[{"name":"new","homeDir":"/x"},` +
			`{"name":"bot","homeDir":"/x","noCreateHome":true,` + keys + `}]}`, theirs1 + "bot may not make anything " +
			"in /x, which belongs to user id 1003 and has mode 0750; give it to user id 1004, or set another homeDir"},
		"a home in one that goes": {map[string]string{"/etc/passwd": "zoe:x:1600:1600::/home/zoe:/bin/sh\n" +
			"bot:x:1700:1700::/home/zoe/bot:/bin/sh\n", "/home/zoe/": "of 1600", "/home/zoe/bot/": "of 1700"},
			`"passwd":{"users":[{"name":"zoe","shouldExist":false},{"name":"bot",` + keys + `}]}`,
			theirs1 + "the home /home/zoe/bot will not be there when the keys are written; remove noCreateHome, " +
				"or have the root bring the home"},
		"a file in the way": {map[string]string{"/home/bot/": "of 1003", "/home/bot/.ssh": "x"},
			`"passwd":{"users":[{"name":"bot",` + keys + `}]}`,
			theirs + "is below /home/bot/.ssh, which is a regular file"},
		"a folder in the way": {map[string]string{"/home/bot/": "of 1003",
			"/home/bot/.ssh/authorized_keys/": "of 1003"}, `"passwd":{"users":[{"name":"bot",` + keys + `}]}`,
			theirs + "/home/bot/.ssh/authorized_keys is a directory"},
		"a folder that is root's": {map[string]string{"/home/bot/": "of 1003", "/home/bot/.ssh/": ""},
			`"passwd":{"users":[{"name":"bot",` + keys + `}]}`,
			theirs + "bot may not make anything in /home/bot/.ssh, " +
				"which belongs to user id 0 and has mode 0755; give it to user id 1003, or set another homeDir"},
		"a home that becomes theirs": {map[string]string{"/home/ann/": "of 1000"},
			`"passwd":{"users":[{"name":"ann","uid":1500,` + keys + `}]}`, ""},
		"who is deleted needs none": {nil,
			`"passwd":{"users":[{"name":"bot","noCreateHome":true,"shouldExist":false,` + keys + `}]}`, ""},
	} {
		t.Run(claim, func(t *testing.T) {
			root := fake{}
			for name, text := range peopled() {
				root["/"+name] = text
			}
			for name, text := range c.more {
				root[name] = text
			}
			_, err := Plan(parse(t, "{"+c.cfg+"}"), root, withUsers(asRoot()))
			if c.err == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.err)
		})
	}
}

func TestTheRootsOwnToolsAreNotRunForKeysWithoutAHome(t *testing.T) {
	dir, o := newRoot(t,
		map[string]string{"etc/passwd": "root:x:0:0::/root:/bin/sh\n", "etc/group": "root:x:0:\n", "home/": ""})
	o.Tools, _ = fakeAccountTools(t, dir)
	o.Accounts = MadeByTools
	cfg := parse(t, `{"passwd":{"users":[{"name":"amy","sshAuthorizedKeys":["k"]},`+
		`{"name":"bot","noCreateHome":true,"sshAuthorizedKeys":["k"]}]}}`)
	_, err := PlanTools(cfg, target.Of(o.Root), o)
	require.ErrorContains(t, err,
		"ssh keys of bot ($.passwd.users.1.sshAuthorizedKeys): the home /home/bot will not be there")
	cfg.Passwd.Users = cfg.Passwd.Users[:1]
	_, err = PlanTools(cfg, target.Of(o.Root), o)
	require.NoError(t, err)
}

// An open root has a home that anybody may write to.
type open struct{ fake }

func (o open) Lstat(at string) (root.Facts, error) {
	f, err := o.fake.Lstat(at)
	if at == "/x" {
		f.Mode = 0o777
	}
	return f, err
}

// What the keys of one user bring with them is for that user alone.
func TestKeysOfUsersWithOneHome(t *testing.T) {
	const keys = `"sshAuthorizedKeys":["ssh-ed25519 A"]`
	for claim, c := range map[string]struct{ uid, more, err string }{
		"another user": {"1700", "", "ssh keys of b ($.passwd.users.1.sshAuthorizedKeys): b may not make anything in " +
			"/x/.ssh, which the keys of a bring with them for user id 1600; set another homeDir"},
		"the same by another name":         {"1600", "", ""},
		"a directory that is there":        {"1700", "/x/.ssh/", "ssh keys of b"},
		"root, who may write to all homes": {"0", "", ""},
	} {
		t.Run(claim, func(t *testing.T) {
			view := open{fake{"/x/": "of 1600", "/etc/group": "g:x:1600:\n",
				"/etc/passwd": "a:x:1600:1600::/x:/bin/sh\nb:x:" + c.uid + ":1600::/x:/bin/sh\n"}}
			if c.more != "" {
				view.fake[c.more] = "of 1600"
			}
			_, err := Plan(parse(t, `{"passwd":{"users":[{"name":"a",`+keys+`},{"name":"b",`+keys+`}]}}`), view,
				withUsers(asRoot()))
			if c.err == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.err)
		})
	}
}
