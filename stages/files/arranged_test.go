package files

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWhatAccountsMakeIsSeenByNodes has configs whose nodes meet what accounts make, move or remove: an error is told
// while planning.
func TestWhatAccountsMakeIsSeenByNodes(t *testing.T) {
	const moved = `"passwd":{"users":[{"name":"ann","homeDir":"/srv/ann"}]},`
	const made = `"passwd":{"users":[{"name":"core","sshAuthorizedKeys":["k"]}]},`
	const gone = `"passwd":{"users":[{"name":"gone","shouldExist":false}]},`
	for claim, c := range map[string]struct {
		more     map[string]string
		cfg, err string
	}{
		"a file of a home that moves": {nil,
			moved + `"storage":{"files":[{"path":"/srv/ann/work/notes","contents":{"source":"data:,x"}}]}`,
			"file /srv/ann/work/notes ($.storage.files.0): a file with other content is there, " +
				"and overwrite is not set"},
		"the same content": {nil,
			moved + `"storage":{"files":[{"path":"/srv/ann/work/notes","contents":{"source":"data:,notes"}}]}`, ""},
		"its old place is free": {nil,
			moved + `"storage":{"files":[{"path":"/home/ann","contents":{"source":"data:,x"}}]}`, ""},
		"a folder below a file": {nil, moved + `"storage":{"directories":[{"path":"/srv/ann/work/notes/x"}]}`,
			"directory /srv/ann/work/notes/x ($.storage.directories.0): is below /srv/ann/work/notes, " +
				"which is a regular file"},
		"a home that moves into itself": {nil, `"passwd":{"users":[{"name":"ann","homeDir":"/home/ann/x"}]}`,
			"user ann ($.passwd.users.0): the home /home/ann cannot move to /home/ann/x, which is in it"},
		"what is mounted in a home moves along": {map[string]string{"/home/ann/m/": "mounted"},
			moved + `"storage":{"directories":[{"path":"/srv/ann/m","overwrite":true}]}`,
			"directory /srv/ann/m ($.storage.directories.0): something is mounted at /srv/ann/m, " +
				"so it cannot be replaced or removed"},
		"a file of a skeleton": {nil, made + `"storage":{"files":[{"path":"/home/core/.profile",` +
			`"contents":{"source":"data:,x"},"user":{"name":"core"}}]}`,
			"file /home/core/.profile ($.storage.files.0): a file is there, and overwrite is not set"},
		"a file of a skeleton with its owners": {nil, made + `"storage":{"files":[{"path":"/home/core/.profile",` +
			`"contents":{"source":"data:,x"},"user":{"name":"core"},"group":{"name":"core"}}]}`,
			"file /home/core/.profile ($.storage.files.0): a file with other content is there, " +
				"and overwrite is not set"},
		"its owners and content": {nil, made + `"storage":{"files":[{"path":"/home/core/.profile",` +
			`"contents":{"source":"data:,# profile\n"},"user":{"name":"core"},"group":{"name":"core"}}]}`, ""},
		"a file of a skeleton made anew": {nil, made + `"storage":{"files":[{"path":"/home/core/.profile",` +
			`"contents":{"source":"data:,x"},"overwrite":true}]}`, ""},
		"a file of a skeleton that grows": {nil,
			made + `"storage":{"files":[{"path":"/home/core/.profile","append":[{"source":"data:,x"}]}]}`, ""},
		"a file below one of a skeleton": {nil, made + `"storage":{"files":[{"path":"/home/core/.profile/x"}]}`,
			"file /home/core/.profile/x ($.storage.files.0): is below /home/core/.profile, which is a regular file"},
		"a folder where a skeleton has a file": {nil,
			made + `"storage":{"directories":[{"path":"/home/core/.profile"}]}`, "directory /home/core/.profile " +
				"($.storage.directories.0): a regular file is there, and overwrite is not set"},
		"a link where a skeleton has a file": {nil,
			made + `"storage":{"links":[{"path":"/home/core/.profile","target":"x"}]}`,
			"link /home/core/.profile ($.storage.links.0): a regular file is there, and overwrite is not set"},
		"a hard link between files of one": {map[string]string{"/etc/skel/.b": "x"},
			made + `"storage":{"links":[{"path":"/home/core/.b","target":"/home/core/.profile","hard":true}]}`,
			"hard link /home/core/.b ($.storage.links.0): a regular file is there, and overwrite is not set"},
		"keys": {nil,
			made + `"storage":{"files":[{"path":"/home/core/.ssh/authorized_keys","contents":{"source":"data:,x"}}]}`,
			"file /home/core/.ssh/authorized_keys ($.storage.files.0): a file is there, and overwrite is not set"},
		"a mail file": {nil, made + `"storage":{"files":[{"path":"/var/mail/core","contents":{"source":"data:,x"}}]}`,
			"file /var/mail/core ($.storage.files.0): a file is there, and overwrite is not set"},
		"account files that the root lacks": {nil,
			made + `"storage":{"files":[{"path":"/etc/passwd","contents":{"source":"data:,x"}}]}`,
			"file /etc/passwd ($.storage.files.0): a file with other content is there, and overwrite is not set"},
		"the home of who goes is free": {nil,
			gone + `"storage":{"files":[{"path":"/home/gone","contents":{"source":"data:,x"}}]}`, ""},
		"a home of two": {nil, `"passwd":{"users":[{"name":"a","homeDir":"/home/x"},{"name":"b","homeDir":"/home/x"}]}`,
			"user b ($.passwd.users.1): home /home/x is there and belongs to user id 1003, " +
				"not 1004"},
		"a home of two, one without": {nil, `"passwd":{"users":[{"name":"a","homeDir":"/home/x"},` +
			`{"name":"b","homeDir":"/home/x","noCreateHome":true}]}`, ""},
		"a home of two that is root's": {map[string]string{"/home/x/": ""},
			`"passwd":{"users":[{"name":"a","homeDir":"/home/x"},{"name":"b","homeDir":"/home/x"}]}`, ""},
		"a home that another left": {nil,
			`"passwd":{"users":[{"name":"ann","homeDir":"/srv/ann"},{"name":"b","homeDir":"/home/ann"}]}`, ""},
		"a home that another moved to": {nil,
			`"passwd":{"users":[{"name":"ann","homeDir":"/srv/ann"},{"name":"b","homeDir":"/srv/ann"}]}`,
			"user b ($.passwd.users.1): home /srv/ann is there and belongs to user id 1000, " +
				"not 1003"},
	} {
		t.Run(claim, func(t *testing.T) {
			root := fake{}
			for name, text := range peopled() {
				root["/"+name] = text
			}
			root["/home/ann/"], root["/home/gone/"] = "of 1000", "of 1002"
			delete(root, "/var/mail/gone") // it would be root's
			maps.Copy(root, c.more)
			o := inlined(withUsers(asRoot()))
			_, err := Plan(parse(t, "{"+c.cfg+"}"), root, o)
			if c.err == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.err)
		})
	}
}

// What is told while planning is what would end the run after homes are made, or in the middle of the account files.
func TestAccountFilesCannotBeWhatIsNoFile(t *testing.T) {
	const cfg = `{"passwd":{"users":[{"name":"core"}]}}`
	is := func(name, what string) string {
		return "account files ($.passwd): " + name + " is there as " + what + ", and has to be a file"
	}
	const link = "a symbolic link"
	for claim, c := range map[string]struct {
		more map[string]string
		err  string
	}{
		"a link in the place of passwd": {
			map[string]string{"etc/passwd": "-> /usr/p", "usr/p": "root:x:0:0::/:\n"}, is("/etc/passwd", link)},
		"a link in the place of shadow": {
			map[string]string{"etc/shadow": "-> /usr/s", "usr/s": "root:*:1::::::\n"}, is("/etc/shadow", link)},
		"a link to nowhere":            {map[string]string{"etc/passwd": "-> nowhere"}, is("/etc/passwd", link)},
		"a link to nowhere that stays": {map[string]string{"etc/subuid": "-> /x"}, ""},
		"a folder in the place of a backup": {
			map[string]string{"etc/passwd-/": ""}, is("/etc/passwd-", "a directory")},
		"a link in the place of a backup": {map[string]string{"etc/passwd-": "-> /x"}, ""},
		"a link in the place of the lock": {map[string]string{"etc/.pwd.lock": "-> /x"}, is("/etc/.pwd.lock", link)},
		"a lock":                          {map[string]string{"etc/.pwd.lock": ""}, ""},
		"a lock of the tools": {
			map[string]string{"etc/group.lock": "-> /x"}, is("/etc/group.lock", link)},
		"a link in the place of etc": {map[string]string{"etc": "-> usr/etc"}, ""},
		"a link to nowhere in the place of etc": {map[string]string{"etc": "-> usr/none"},
			"account files ($.passwd): /etc leads to /usr/none, which is not there"},
	} {
		t.Run(claim, func(t *testing.T) {
			link := c.more["etc"]
			delete(c.more, "etc")
			dir, o := peopledRoot(t, c.more)
			if link != "" {
				require.NoError(t, os.MkdirAll(filepath.Join(dir, "usr"), 0o755))
				require.NoError(t, os.Rename(filepath.Join(dir, "etc"), filepath.Join(dir, "usr/etc")))
				require.NoError(t, os.Symlink(strings.TrimPrefix(link, "-> "), filepath.Join(dir, "etc")))
			}
			before := snapshot(t, dir)
			err := runAccounts(t, cfg, o)
			if c.err == "" {
				require.NoError(t, err)
				idle(t, cfg, o)
				return
			}
			require.EqualError(t, err, c.err)
			assert.Equal(t, before, snapshot(t, dir), "refused before anything is touched")
		})
	}
}

func TestLinksInAHomeThatMovesLeadNodes(t *testing.T) {
	dir, o := peopledRoot(t, map[string]string{"home/ann/d/": "", "home/ann/l": "-> d"})
	const cfg = `{"passwd":{"users":[{"name":"ann","homeDir":"/srv/ann"}]},` +
		`"storage":{"files":[{"path":"/srv/ann/l/f","contents":{"source":"data:,x"}}]}}`
	require.NoError(t, runAccounts(t, cfg, o))
	got, err := os.ReadFile(filepath.Join(dir, "srv/ann/d/f"))
	require.NoError(t, err)
	assert.Equal(t, "x", string(got))
	idle(t, cfg, o)
}
