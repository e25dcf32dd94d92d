package files

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// TestWhatIsMountedDoesNotGo has mounts in the way of all that is removed or replaced; TestWhatIsMountedMayStay has the
// rest.
func TestWhatIsMountedDoesNotGo(t *testing.T) {
	people := func(change func(fake)) fake {
		root := fake{}
		for name, text := range peopled() {
			root["/"+name] = text
		}
		change(root)
		return root
	}
	in := func(name, text string) fake { return people(func(f fake) { f[name] = text }) }
	for claim, c := range map[string]struct {
		root     fake
		cfg, err string
	}{
		"a folder that is made anew": {fake{"/d/": "mounted"},
			`"storage":{"directories":[{"path":"/d","overwrite":true}]}`,
			"directory /d ($.storage.directories.0): something is mounted at /d, so it cannot be replaced or removed"},
		"a folder below it": {fake{"/d/x/y/": "mounted"}, `"storage":{"directories":[{"path":"/d","overwrite":true}]}`,
			"directory /d ($.storage.directories.0): something is mounted at /d/x/y, " +
				"so it cannot be replaced or removed"},
		"a file below it": {fake{"/l": "-> d", "/d/x/y": "mounted"}, `"storage":{"directories":[{"path":"/l/x",` +
			`"overwrite":true}]}`, "directory /l/x ($.storage.directories.0): something is mounted at /d/x/y, " +
			"so it cannot be replaced or removed"},
		"a file that is written anew": {fake{"/etc/hosts": "mounted"},
			`"storage":{"files":[{"path":"/etc/hosts","overwrite":true,"contents":{"source":"data:,x"}}]}`,
			"file /etc/hosts ($.storage.files.0): something is mounted at /etc/hosts, " +
				"so it cannot be replaced or removed"},
		"a folder where a file is to be": {fake{"/d/x/": "mounted"},
			`"storage":{"files":[{"path":"/d","overwrite":true,"contents":{"source":"data:,x"}}]}`,
			"file /d ($.storage.files.0): something is mounted at /d/x, so it cannot be replaced or removed"},
		"a file where a link is to be": {fake{"/f": "mounted"},
			`"storage":{"links":[{"path":"/f","target":"x","overwrite":true}]}`,
			"link /f ($.storage.links.0): something is mounted at /f, so it cannot be replaced or removed"},
		"a file where a hard link is to be": {fake{"/f": "mounted", "/g": "x"},
			`"storage":{"links":[{"path":"/f","target":"/g","hard":true,"overwrite":true}]}`,
			"hard link /f ($.storage.links.0): something is mounted at /f, so it cannot be replaced or removed"},
		"a hard link to another filesystem": {fake{"/srv/a/": "mounted", "/srv/a/f": "x"},
			`"storage":{"links":[{"path":"/srv/h","target":"/srv/a/f","hard":true}]}`,
			"hard link /srv/h ($.storage.links.0): the target /srv/a/f is on the filesystem mounted at /srv/a and " +
				"the link on that at /, and hard links do not go from one to another"},
		"a hard link on another filesystem": {fake{"/srv/a/": "mounted"},
			`"storage":{"files":[{"path":"/f"}],"links":[{"path":"/srv/a/d/h","target":"/f","hard":true}]}`,
			"hard link /srv/a/d/h ($.storage.links.0): the target /f is on the filesystem mounted at / and the link " +
				"on that at /srv/a, and hard links do not go from one to another"},
		"a hard link to a file that is mounted": {fake{"/etc/hosts": "mounted"},
			`"storage":{"links":[{"path":"/etc/h","target":"/etc/hosts","hard":true}]}`,
			"hard link /etc/h ($.storage.links.0): the target /etc/hosts is on the filesystem mounted at /etc/hosts " +
				"and the link on that at /, and hard links do not go from one to another"},
		"a unit": {fake{"/etc/systemd/system/a.service": "mounted"},
			`"systemd":{"units":[{"name":"a.service","contents":"[Unit]"}]}`,
			"unit a.service ($.systemd.units.0): something is mounted at /etc/systemd/system/a.service, " +
				"so it cannot be replaced or removed"},
		"a unit that is masked": {fake{"/etc/systemd/system/a.service/x/": "mounted"},
			`"systemd":{"units":[{"name":"a.service","mask":true}]}`,
			"mask a.service ($.systemd.units.0): something is mounted at /etc/systemd/system/a.service/x, " +
				"so it cannot be replaced or removed"},
		"account files": {in("/etc/shadow", "ann:*:1::::::\nx:mounted"), `"passwd":{"users":[{"name":"new"}]}`,
			"account files ($.passwd): something is mounted at /etc/shadow, so it cannot be replaced or removed"},
		"a backup of one": {in("/etc/passwd-", "mounted"), `"passwd":{"users":[{"name":"new"}]}`,
			"account files ($.passwd): something is mounted at /etc/passwd-, so it cannot be replaced or removed"},
		"a home that goes": {people(
			func(f fake) { f["/etc/passwd"] = "gone:x:0:0::/home/gone:/bin/sh\n"; f["/home/gone/deep/"] = "mounted" }),
			`"passwd":{"users":[{"name":"gone","shouldExist":false}]}`, "user gone ($.passwd.users.0): something is " +
				"mounted at /home/gone/deep, so it cannot be replaced or removed"},
		"a mail file that goes": {people(
			func(f fake) { f["/etc/passwd"] = "gone:x:0:0::/home/gone:/bin/sh\n"; f["/var/mail/gone"] = "mounted" }),
			`"passwd":{"users":[{"name":"gone","shouldExist":false}]}`, "user gone ($.passwd.users.0): something is " +
				"mounted at /var/mail/gone, so it cannot be replaced or removed"},
		"a home that moves": {in("/home/ann/", "mounted"), `"passwd":{"users":[{"name":"ann","homeDir":"/srv/ann"}]}`,
			"user ann ($.passwd.users.0): something is mounted at /home/ann, so it cannot be replaced or removed"},
		"a home that moves to another filesystem": {in("/srv/", "mounted"),
			`"passwd":{"users":[{"name":"ann","homeDir":"/srv/ann"}]}`,
			"user ann ($.passwd.users.0): /home/ann and /srv/ann are on two filesystems, mounted at / and /srv, " +
				"and a home does not move from one to the other"},
	} {
		t.Run(claim, func(t *testing.T) {
			_, err := Plan(parse(t, "{"+c.cfg+"}"), c.root,
				withUsers(asRoot()))
			require.EqualError(t, err, c.err)
		})
	}
	_, err := Plan(storage(t, `'directories':[{'path':'/d','overwrite':true}]`), fake{"/d/": "mounted"},
		asRoot())
	assert.Equal(t, []string{"unmount it first, or change the config so that it stays"}, diag.Hints(err))
}

func TestWhatIsMountedMayStay(t *testing.T) {
	for claim, c := range map[string]struct {
		root fake
		cfg  string
	}{
		"a folder gets an owner": {fake{"/d/": "mounted", "/d/x/": "mounted"},
			`"storage":{"directories":[{"path":"/d","user":{"id":5}}]}`},
		"a file gets a mode": {fake{"/etc/hosts": "mounted"}, `"storage":{"files":[{"path":"/etc/hosts","mode":384}]}`},
		"a file grows": {fake{"/etc/hosts": "mounted"},
			`"storage":{"files":[{"path":"/etc/hosts","append":[{"source":"data:,x"}]}]}`},
		"a hard link within it": {fake{"/d/": "mounted", "/d/x": "text"},
			`"storage":{"links":[{"path":"/d/y/h","target":"/d/x","hard":true}]}`},
		"a hard link that a link puts into it": {fake{"/d/": "mounted", "/d/x": "text", "/l": "-> d"},
			`"storage":{"links":[{"path":"/l/h","target":"/d/x","hard":true}]}`},
		"something is made below it": {fake{"/d/": "mounted"}, `"storage":{"files":[{"path":"/d/x"}]}`},
		"its neighbour is replaced": {fake{"/d/x-y/": "mounted", "/d/x": "text"},
			`"storage":{"files":[{"path":"/d/x","overwrite":true,"contents":{"source":"data:,x"}}]}`},
		"a folder over it is there": {fake{"/d/x/": "mounted"}, `"storage":{"directories":[{"path":"/d"}]}`},
		"account files do not change": {fake{"/etc/passwd": "root:x:0:0::/root:mounted\n"},
			`"passwd":{"users":[{"name":"gone","shouldExist":false}]}`},
	} {
		t.Run(claim, func(t *testing.T) {
			_, err := Plan(parse(t, "{"+c.cfg+"}"), c.root,
				withUsers(asRoot()))
			require.NoError(t, err)
		})
	}
}
