package stages

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/drift"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/stages/nodes"
	"github.com/glowplug-os/glowplug/tests/machines"
	"github.com/glowplug-os/glowplug/tests/trees"
)

// provisioned is a config with something of all that a root can have of one, and what is in the root before.
const provisioned = `{'ignition': {'version': '3.4.0'},
	'passwd': {
		'groups': [{'name': 'app', 'gid': 2000}, {'name': 'gone', 'shouldExist': false}],
		'users': [{'name': 'core', 'uid': 1000, 'groups': ['wheel', 'adm'], 'shell': '/bin/bash', 'gecos': 'The core',
				'homeDir': '/home/core', 'passwordHash': '$6$x$HASH', 'sshAuthorizedKeys': ['ssh-ed25519 AAAA one',
				'ssh-ed25519 BBBB two']},
			{'name': 'root', 'sshAuthorizedKeys': ['ssh-ed25519 CCCC root']},
			{'name': 'old', 'shouldExist': false}]},
	'storage': {
		'directories': [{'path': '/srv/www', 'mode': 493}, {'path': '/srv/made', 'overwrite': true, 'mode': 448},
			{'path': '/srv/app', 'user': {'id': 1000}}],
		'files': [{'path': '/etc/motd', 'contents': {'source': 'data:,hello%0Aworld%0A'}, 'mode': 420},
			{'path': '/etc/secret', 'overwrite': true, 'contents': {'source': 'data:,s3cret'}, 'mode': 384},
			{'path': '/etc/hosts', 'append': [{'source': 'data:,10.0.0.1%20db%0A'}]},
			{'path': '/etc/kept', 'mode': 416, 'group': {'name': 'app'}},
			{'path': '/srv/www/index', 'contents': {'source': 'data:,x'}, 'user': {'name': 'core'}},
			{'path': '/etc/parts', 'contents': {'source': 'data:,a'}, 'append': [{'source': 'data:,b'}]}],
		'links': [{'path': '/etc/localtime', 'target': '../usr/share/zoneinfo/UTC'},
			{'path': '/etc/hard', 'target': '/etc/motd', 'hard': true},
			{'path': '/etc/forced', 'target': '/etc/motd', 'overwrite': true}]},
	'systemd': {'units': [
		{'name': 'web.service', 'enabled': true,
			'contents': '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\nAlso=web.socket\n',
			'dropins': [{'name': '10.conf', 'contents': '[Service]\nRestart=always\n'}]},
		{'name': 'pkg.service', 'enabled': true}, {'name': 'off.service', 'enabled': false},
		{'name': 'sock@1.service', 'enabled': true},
		{'name': 'masked.service', 'mask': true}, {'name': 'shown.service', 'mask': false},
		{'name': 'static.service', 'dropins': [{'name': 'x.conf', 'contents': '[Unit]\n'}]}]}}`

const service = "[Service]\nExecStart=/bin/true\n"

var unprovisioned = map[string]string{
	"etc/passwd":  "root:x:0:0:root:/root:/bin/sh\nold:x:1500:1500::/home/old:/bin/sh\n",
	"etc/group":   "root:x:0:\nwheel:x:10:\nadm:x:11:\nother:x:12:\nold:x:1500:\n",
	"etc/shadow":  "root:*:19000:0:99999:7:::\nold:*:19000:0:99999:7:::\n",
	"etc/gshadow": "root:::\nwheel:::\nadm:::\nother:::\nold:!::\n",
	"etc/hosts":   "127.0.0.1 localhost\n",
	"etc/kept":    "of the image\n",
	"etc/skel/":   "", "home/": "", "root/": "", "srv/app/": "", "srv/made/image": "",
	"etc/machine-id":                                          "0123456789abcdef0123456789abcdef\n",
	"usr/lib/systemd/system/pkg.service":                      service + "[Install]\nWantedBy=multi-user.target\n",
	"usr/lib/systemd/system/off.service":                      service + "[Install]\nWantedBy=multi-user.target\n",
	"usr/lib/systemd/system/sock@.service":                    service + "[Install]\nWantedBy=sockets.target\n",
	"usr/lib/systemd/system/static.service":                   service,
	"usr/lib/systemd/system/sysinit.target.wants/off.service": "-> ../off.service",
	"etc/systemd/system/shown.service":                        "-> /dev/null",
}

// enabled are links that systemctl, or the presets of a first boot, have made.
var enabled = map[string]string{
	"etc/systemd/system/multi-user.target.wants/web.service": "-> ../web.service",
	"etc/systemd/system/multi-user.target.wants/pkg.service": "-> /usr/lib/systemd/system/pkg.service",
	"etc/systemd/system/sockets.target.wants/sock@1.service": "-> /usr/lib/systemd/system/sock@.service",
}

func rooted() target.Means {
	isRoot := os.Geteuid() == 0
	who := target.Identity{Privileged: isRoot, UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}
	return target.Means{Identity: who, NoOwner: !isRoot,
		Image: target.Image{KeysFragment: true}}
}

// carriedOut gives a directory that the config was applied to.
func carriedOut(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	trees.Populate(t, dir, unprovisioned)
	require.NoError(t, Apply(t.Context(), Application{Root: dir,
		Files: files.Options{Means: rooted(), Accounts: files.MakeAccounts},
		Request: Request{Name: "x.ign", Text: quoted(provisioned), Log: slog.New(slog.DiscardHandler),
			Report: func([]diag.Problem) {}}}))
	trees.Populate(t, dir, enabled)
	return dir
}

func quoted(text string) []byte { return []byte(strings.ReplaceAll(text, "'", `"`)) }

// verified asks about a directory or, with devices, a machine.
func verified(t *testing.T, text string, q Question) *drift.Report {
	t.Helper()
	q.Name, q.Text, q.Audience = "x.ign", quoted(text), diag.Workstation
	q.Log, q.Random, q.Texts = slog.New(slog.DiscardHandler), machines.Dice(), true
	q.Report, q.Seal = func([]diag.Problem) {}, func() error { return nil }
	q.Files.Privileged, q.Files.Accounts, q.Files.Users.FirstBoot = true, files.MakeAccounts, true
	r, err := Verify(t.Context(), q)
	require.NoError(t, err)
	return r
}

func TestKernelArgumentsOfAMachineAtRestAreThoseOfItsBootEntries(t *testing.T) {
	const text = `{'ignition': {'version': '3.4.0'}, 'kernelArguments': {'shouldExist': ['quiet', 'token=SECRET'],
		'shouldNotExist': ['debug']}}`
	for name, c := range map[string]struct {
		machine Machine
		want    string
	}{
		"as described": {Machine{Boots: []string{"a quiet token=SECRET", "token=SECRET quiet"}},
			"all as described: 3\n"},
		"in one entry of several": {Machine{Boots: []string{"quiet token=SECRET debug", "quiet token=SECRET"}},
			"kernel argument debug\n      is there, in 1 of 2 boot entries\n"},
		"in all entries": {Machine{Boots: []string{"token=SECRET", "token=SECRET x"}},
			"kernel argument quiet\n      is not there\n"},
		"an entry without arguments": {Machine{Boots: []string{"quiet token=SECRET", ""}},
			"kernel argument token=…\n      is not there, in 1 of 2 boot entries\n"},
		"not known": {Machine{BootsUnknown: errors.New("no filesystem has boot entries")},
			"kernel argument token=…\n      no filesystem has boot entries\n"},
	} {
		c.machine.AtRest = true
		c.machine.Devices = func(config.Storage) (scene.Scene, error) { return scene.Images{}.Scene(), nil }
		r := verified(t, text, Question{Machine: c.machine})
		var b strings.Builder
		require.NoError(t, r.WriteText(&b))
		places := regexp.MustCompile(` \(x\.ign:\d+:\d+\)`).ReplaceAllString(b.String(), "")
		assert.Contains(t, places, c.want, name)
		assert.NotContains(t, b.String(), "SECRET", name)
		if c.machine.BootsUnknown != nil {
			assert.Equal(t, drift.SomeNotKnown, r.Exit(), name)
		}
		assert.Empty(t, r.Notes, name)
	}
}

func verifiedDirectory(t *testing.T, dir, text string) *drift.Report {
	t.Helper()
	return verifiedRoot(t, wholeOf(t, dir), text)
}

func wholeOf(t *testing.T, dir string) target.Whole {
	t.Helper()
	in, err := root.Open(dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = in.Close() })
	return target.WholeOf(in)
}

func verifiedRoot(t *testing.T, view target.Whole, text string) *drift.Report {
	t.Helper()
	return verified(t, text, Question{Machine: Machine{Root: view}, Files: files.Options{Means: rooted()}})
}

// findings are what is not as described: "subject: finding; finding".
func findings(r *drift.Report, state drift.State) (all []string) {
	for _, i := range r.Items {
		if i.State == state {
			all = append(all, i.Subject+": "+strings.Join(i.Findings, "; "))
		}
	}
	return all
}

func TestARootThatAConfigWasAppliedToIsAsDescribed(t *testing.T) {
	t.Parallel()
	dir := carriedOut(t)
	before := trees.Snapshot(t, dir)
	r := verifiedDirectory(t, dir, provisioned)
	assert.Equal(t, "all as described: 27", r.Summary())
	assert.Equal(t, drift.AllAsDescribed, r.Exit())
	assert.Empty(t, r.Notes)
	assert.Equal(t, before, trees.Snapshot(t, dir))
}

// edit replaces a text in a file, which has it.
func edit(t *testing.T, at, from, to string) {
	t.Helper()
	text, err := os.ReadFile(at)
	require.NoError(t, err)
	require.Contains(t, string(text), from)
	write(t, at, strings.Replace(string(text), from, to, 1), 0)
}

func edited(at, from, to string) func(*testing.T, string) {
	return func(t *testing.T, dir string) { edit(t, filepath.Join(dir, at), from, to) }
}

func removed(at string) func(*testing.T, string) {
	return func(t *testing.T, dir string) { require.NoError(t, os.RemoveAll(filepath.Join(dir, at))) }
}

func linked(at, to string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		require.NoError(t, os.RemoveAll(filepath.Join(dir, at)))
		trees.Populate(t, dir, map[string]string{at: "-> " + to})
	}
}

func placed(at, text string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		require.NoError(t, os.RemoveAll(filepath.Join(dir, at)))
		trees.Populate(t, dir, map[string]string{at: text})
	}
}

func chmod(at string, mode os.FileMode) func(*testing.T, string) {
	return func(t *testing.T, dir string) { require.NoError(t, os.Chmod(filepath.Join(dir, at), mode)) }
}

func chown(at string, uid, gid int) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		if os.Geteuid() != 0 {
			t.Skip("owners are root's to give")
		}
		require.NoError(t, os.Lchown(filepath.Join(dir, at), uid, gid))
	}
}

// attribute gives one; skipped where that cannot be.
func attribute(at, name, value string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		if err := unix.Setxattr(filepath.Join(dir, at), name, []byte(value), 0); err != nil {
			t.Skip("cannot be given here: ", err)
		}
	}
}

// capability is cap_net_raw, permitted and effective (linux/capability.h, struct vfs_cap_data of revision 2).
const capability = "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// accessList lets user 7 read (linux/posix_acl_xattr.h): version 2; owner, user 7, group, mask, others.
const accessList = "\x02\x00\x00\x00\x01\x00\x06\x00\xff\xff\xff\xff\x02\x00\x04\x00\x07\x00\x00\x00\x04\x00\x04\x00" +
	"\xff\xff\xff\xff\x10\x00\x04\x00\xff\xff\xff\xff\x20\x00\x04\x00\xff\xff\xff\xff"

const (
	keysOf     = "home/core/.ssh/authorized_keys.d/ignition"
	unitsIn    = "etc/systemd/system/"
	wantsIn    = unitsIn + "multi-user.target.wants/"
	presetFile = "etc/systemd/system-preset/20-ignition.preset"
)

// seededChanges are changes of a root, each with the one item that differs then, and in what.
var seededChanges = map[string]struct {
	change func(t *testing.T, dir string)
	found  string
}{
	"a file's content": {edited("etc/motd", "world", "World"),
		"file /etc/motd: another content"},
	"a file grown": {edited("etc/motd", "world", "all the world"),
		"file /etc/motd: another content"},
	"a file nobody else may read": {edited("etc/secret", "s3", "S3"),
		"file /etc/secret: another content"},
	"a file of two parts": {edited("etc/parts", "ab", "abc"),
		"file /etc/parts: another content"},
	"a file's mode": {chmod("etc/motd", 0o600),
		"file /etc/motd: mode 0600, not 0644"},
	"a file's special bits": {chmod("etc/motd", 0o644|os.ModeSetuid),
		"file /etc/motd: mode 4644, not 0644"},
	"a secret file, let be read": {chmod("etc/secret", 0o644),
		"file /etc/secret: mode 0644, not 0600"},
	"a file's owner": {chown("etc/motd", 7, 0),
		"file /etc/motd: owner 7:0, not 0:0"},
	"a file's group": {chown("srv/www/index", 1000, 7),
		"file /srv/www/index: owner 1000:7, not 1000:0"},
	"capabilities of a file": {attribute("etc/motd", "security.capability", capability),
		"file /etc/motd: has file capabilities, which the config does not give"},
	"an access list of a file": {attribute("etc/motd", "system.posix_acl_access", accessList),
		"file /etc/motd: has an access list, which the config does not give"},
	"an attribute of a file": {attribute("etc/secret", "user.x", "X"),
		"file /etc/secret: has the attribute user.x, which the config does not give"},
	"a file removed": {removed("etc/secret"),
		"file /etc/secret: is not there"},
	"a folder in a file's place": {func(t *testing.T, dir string) {
		removed("etc/secret")(t, dir)
		require.NoError(t, os.Mkdir(filepath.Join(dir, "etc/secret"), 0o755))
	},
		"file /etc/secret: is a directory, not a file"},
	"a link in a file's place": {linked("etc/secret", "/etc/motd"),
		"file /etc/secret: is a link, not a file"},
	"text that was appended": {edited("etc/hosts", "db", "dc"),
		"file /etc/hosts: another content"},
	"the mode of a file of the image": {chmod("etc/kept", 0o644),
		"file /etc/kept: mode 0644, not 0640"},
	"the group of a file of the image": {chown("etc/kept", 0, 0),
		"file /etc/kept: owner 0:0, not 0:2000"},
	"a directory removed": {removed("srv/made"),
		"directory /srv/made: is not there"},
	"a directory's mode": {chmod("srv/www", 0o777),
		"directory /srv/www: mode 0777, not 0755"},
	"a directory's sticky bit": {chmod("srv/made", 0o700|os.ModeSticky),
		"directory /srv/made: mode 1700, not 0700"},
	"a directory's owner": {chown("srv/app", 0, 0),
		"directory /srv/app: owner 0:0, not 1000:0"},
	"a file in a directory's place": {placed("srv/made", "text"),
		"directory /srv/made: a regular file is there"},
	"a link in a directory's place": {linked("srv/made", "www"),
		"directory /srv/made: a symbolic link is there"},
	"a link retargeted": {linked("etc/localtime", "../usr/share/zoneinfo/CET"),
		"link /etc/localtime: a link to ../usr/share/zoneinfo/CET is there"},
	"a link that may be replaced": {linked("etc/forced", "/etc/hosts"),
		"link /etc/forced: leads to /etc/hosts, not /etc/motd"},
	"a link removed": {removed("etc/localtime"),
		"link /etc/localtime: is not there"},
	"a file in a link's place": {placed("etc/localtime", "TZif"),
		"link /etc/localtime: a regular file is there"},
	"a link's owner": {chown("etc/forced", 7, 0),
		"link /etc/forced: owner 7:0, not 0:0"},
	"a hard link that is a copy": {placed("etc/hard", "hello\nworld\n"),
		"hard link /etc/hard: is a file of its own, and not /etc/motd"},
	"a hard link removed": {removed("etc/hard"),
		"hard link /etc/hard: is not there"},
	"a group removed": {edited("etc/group", "app:x:2000:\n", ""),
		"group app: is not there"},
	"a group's id": {edited("etc/group", "app:x:2000:", "app:x:2001:"),
		"group app: gid 2001, not 2000"},
	"a group that is back": {edited("etc/group", "root:", "gone:x:77:\nroot:"),
		"group gone: is there"},
	"a home removed": {removed("home/core"),
		"user core: home /home/core is not there; ssh keys of core: is not there"},
	"a home of somebody else": {chown("home/core", 7, 1000),
		"user core: home /home/core is there and belongs to user id 7, not 1000"},
	"a user removed": {edited("etc/passwd", "core:x:1000", "eroc:x:999"),
		"user core: is not there"},
	"a user's shell": {edited("etc/passwd", "/bin/bash", "/bin/dash"),
		"user core: shell /bin/dash, not /bin/bash"},
	"a user's home": {edited("etc/passwd", "/home/core", "/home/else"),
		"user core: home /home/else, not /home/core"},
	"a user's comment": {edited("etc/passwd", "The core", "Core"),
		`user core: comment "Core", not "The core"`},
	"a password": {edited("etc/shadow", "HASH", "OTHER"),
		"user core: another password"},
	"a password locked": {edited("etc/shadow", "$6$x$HASH", "!$6$x$HASH"),
		"user core: another password"},
	"a membership lost": {edited("etc/group", "wheel:x:10:core", "wheel:x:10:"),
		"user core: groups adm, not adm wheel"},
	"a membership more": {edited("etc/group", "other:x:12:", "other:x:12:core"),
		"user core: groups adm other wheel, not adm wheel"},
	"a user that is back": {edited("etc/passwd", "root:x", "old:x:1500:100::/home/old:/bin/sh\nroot:x"),
		"user old: is there"},
	"a key more": {edited(keysOf, "one\n", "one\nssh-ed25519 DDDD three\n"),
		"user core: ssh keys of core: another content"},
	"a key less": {edited(keysOf, "ssh-ed25519 BBBB two\n", ""),
		"user core: ssh keys of core: another content"},
	"keys that others may read": {chmod(keysOf, 0o644),
		"user core: ssh keys of core: mode 0644, not 0600"},
	"no keys of root": {removed("root/.ssh"),
		"user root: ssh keys of root: is not there"},
	"a unit's text": {edited(unitsIn+"web.service", "true", "false"),
		"unit web.service: another content"},
	"a unit's mode": {chmod(unitsIn+"web.service", 0o666),
		"unit web.service: mode 0666, not 0644"},
	"a unit disabled": {removed(wantsIn + "web.service"),
		"unit web.service: is not enabled"},
	"an instance disabled": {removed(unitsIn + "sockets.target.wants"),
		"unit sock@1.service: is not enabled"},
	"a unit of a package disabled": {removed(wantsIn + "pkg.service"),
		"unit pkg.service: is not enabled"},
	"a unit of a package masked": {linked(unitsIn+"pkg.service", "/dev/null"),
		"unit pkg.service: it is masked by /etc/systemd/system/pkg.service"},
	"a unit masked": {linked(unitsIn+"web.service", "/dev/null"),
		"unit web.service: is a link, not a file; it is masked by /etc/systemd/system/web.service"},
	"a package's unit removed": {removed("usr/lib/systemd/system/pkg.service"),
		"unit pkg.service: the root has no such unit"},
	"a unit enabled": {linked(wantsIn+"off.service", "/usr/lib/systemd/system/off.service"),
		"unit off.service: is enabled, by multi-user.target.wants/off.service"},
	"a mask removed": {removed(unitsIn + "masked.service"),
		"unit masked.service: mask masked.service: is not there"},
	"a unit in a mask's place": {placed(unitsIn+"masked.service", service),
		"unit masked.service: mask masked.service: is a file, not a link"},
	"a mask that is back": {linked(unitsIn+"shown.service", "/dev/null"),
		"unit shown.service: unmask shown.service: is there, as a link"},
	"a drop-in's text": {edited(unitsIn+"web.service.d/10.conf", "always", "no"),
		"drop-in web.service/10.conf: another content"},
	"a drop-in removed": {removed(unitsIn + "static.service.d"),
		"drop-in static.service/x.conf: is not there"},
	"the preset file's text": {edited(presetFile, "enable pkg", "disable pkg"),
		"presets 20-ignition.preset: another content"},
	"the preset file removed": {removed(presetFile),
		"presets 20-ignition.preset: is not there"},
}

func TestEachChangeOfARootIsFoundAndNothingElse(t *testing.T) {
	t.Parallel()
	assert.Greater(t, len(seededChanges), 40)
	for name, each := range seededChanges {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := carriedOut(t)
			each.change(t, dir)
			r := verifiedDirectory(t, dir, provisioned)
			assert.Equal(t, []string{each.found}, findings(r, drift.Differs))
			assert.Empty(t, findings(r, drift.NotKnown))
			assert.Equal(t, drift.SomeDiffers, r.Exit())
			var b strings.Builder
			require.NoError(t, r.WriteJSON(&b))
			require.NoError(t, r.WriteText(&b))
			for _, secret := range []string{"HASH", "OTHER", "DDDD", "s3", "S3"} {
				assert.NotContains(t, b.String(), secret)
			}
		})
	}
}

// A shut root has files that whoever looks at it may not read.
type shut struct {
	target.Whole
	places map[string]bool
}

func (s shut) Open(at string) (target.Content, error) {
	if s.places[at] {
		return nil, &fs.PathError{Op: "open", Path: at, Err: fs.ErrPermission}
	}
	return s.Whole.Open(at)
}

func (s shut) ReadFile(at string, limit int64) ([]byte, error) {
	if s.places[at] {
		return nil, &fs.PathError{Op: "open", Path: at, Err: fs.ErrPermission}
	}
	return s.Whole.ReadFile(at, limit)
}

func TestWhatCannotBeReadIsNotKnown(t *testing.T) {
	t.Parallel()
	const because = ": it depends on what differs, or is not known"
	for at, unknown := range map[string][]string{
		"/etc/secret": {"file /etc/secret: open /etc/secret: permission denied"},
		"/" + keysOf:  {"user core: ssh keys of core: open /" + keysOf + ": permission denied"},
		"/etc/shadow": {"group app" + because, "group gone" + because, "user core" + because, "user root" + because,
			"user old" + because, "file /etc/kept: owner not known", "file /srv/www/index: owner not known",
			"accounts: open /etc/shadow: permission denied; root may look at it"},
	} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			view := shut{wholeOf(t, carriedOut(t)), map[string]bool{at: true}}
			unknown := slices.DeleteFunc(slices.Clone(unknown), func(what string) bool {
				return rooted().NoOwner && strings.HasSuffix(what, ": "+nodes.NoOwnerKnown)
			})
			r := verifiedRoot(t, view, provisioned)
			assert.Empty(t, findings(r, drift.Differs))
			for i, each := range findings(r, drift.NotKnown) {
				assert.Contains(t, each, unknown[i])
			}
			assert.Len(t, findings(r, drift.NotKnown), len(unknown))
			assert.Equal(t, drift.SomeNotKnown, r.Exit())
		})
	}
}

// What a running system makes otherwise is no difference: see docs/verify.md.
func TestWhatARunningSystemDoesIsNoDifference(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, dir string){
		"lines after what was appended":          edited("etc/hosts", "db\n", "db\n10.0.0.2 more\n"),
		"lines before it":                        edited("etc/hosts", "127", "::1 localhost\n127"),
		"files in a directory":                   placed("srv/made/new", "text"),
		"other accounts":                         edited("etc/passwd", "root:x", "new:x:2000:100::/:/bin/sh\nroot:x"),
		"the password of an old account":         edited("etc/shadow", "root:*:", "root:$6$y$Z:"),
		"the mode of a directory that says none": chmod("srv/app", 0o700),
		"other units, enabled": linked(wantsIn+"static.service",
			"/usr/lib/systemd/system/static.service"),
		"links of packages": linked(
			"usr/lib/systemd/system/basic.target.wants/off.service", "../off.service"),
		"no presets yet": func(t *testing.T, dir string) {
			placed("etc/machine-id", "uninitialized\n")(t, dir)
			removed(wantsIn)(t, dir)
		},
		"the time of a file": func(t *testing.T, dir string) {
			require.NoError(t, os.Chtimes(filepath.Join(dir, "etc/motd"), time.Time{}, time.Unix(1, 0)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := carriedOut(t)
			change(t, dir)
			r := verifiedDirectory(t, dir, provisioned)
			assert.Empty(t, findings(r, drift.Differs))
			assert.Empty(t, findings(r, drift.NotKnown))
		})
	}
}
