// Package accounts compares internal/accounts with the account tools of Debian. What the tools did to each case is
// recorded in testdata, where any user can replay it; with the tag disk the tools run again, in a chroot, and the files
// stage beside them in another copy of the root.
package accounts

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// epoch is when every case happens, for tools that honour SOURCE_DATE_EPOCH; today is the day of it.
const (
	epoch = 1700000000
	today = epoch / 86400
)

// A testCase is a config and the root that it meets.
type testCase struct {
	Name   string             `json:"case"`
	Config config.Passwd      `json:"config"`
	Files  map[string]*string `json:"files,omitempty"` // instead of those of base; null for none
	Nodes  []string           `json:"nodes,omitempty"` // besides those of base
}

// A record is what the tools did.
type record struct {
	testCase
	Releases []string          `json:"releases"`
	Failed   string            `json:"failed,omitempty"` // the tool that did, and what it said
	After    map[string]string `json:"after,omitempty"`  // files that differ from before
	Left     []string          `json:"left,omitempty"`   // every node of the trees that homes and mail are in
}

// base are the files that a case starts with, where it does not say otherwise.
var base = map[string]string{
	accounts.PasswdFile: "root:x:0:0:root:/root:/bin/bash\n" +
		"daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n" +
		"mail:x:8:8:mail:/var/mail:/usr/sbin/nologin\n" +
		"_apt:x:42:65534::/nonexistent:/usr/sbin/nologin\n" +
		"nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
	accounts.ShadowFile: "root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\nmail:*:19000:0:99999:7:::\n" +
		"_apt:!:19000::::::\nnobody:*:19000:0:99999:7:::\n",
	accounts.GroupFile: "root:x:0:\ndaemon:x:1:\nadm:x:4:\nmail:x:8:\nsudo:x:27:\nshadow:x:42:\nusers:x:100:\n" +
		"nogroup:x:65534:\n",
	accounts.GShadowFile: "root:*::\ndaemon:*::\nadm:*::\nmail:*::\nsudo:*::\nshadow:*::\nusers:*::\nnogroup:*::\n",
	accounts.SubUIDFile:  "",
	accounts.SubGIDFile:  "",
	accounts.LoginDefsFile: "MAIL_DIR /var/mail\nUMASK 022\nPASS_MAX_DAYS 99999\nPASS_MIN_DAYS 0\nPASS_WARN_AGE 7\n" +
		"UID_MIN 1000\nUID_MAX 60000\nGID_MIN 1000\nGID_MAX 60000\nSUB_UID_MIN 100000\nSUB_UID_MAX 600100000\n" +
		"SUB_UID_COUNT 65536\n" +
		"SUB_GID_MIN 100000\nSUB_GID_MAX 600100000\nSUB_GID_COUNT 65536\nUSERGROUPS_ENAB yes\nENCRYPT_METHOD SHA512\n",
	accounts.UseraddFile: "# defaults\nSHELL=/bin/sh\n# GROUP=100\n",
}

// baseNodes are "kind mode uid:gid path rest", where the rest is the text of a file or the target of a link.
var baseNodes = []string{
	"dir 0755 0:0 /home",
	"dir 0755 0:0 /srv",
	"dir 2775 0:8 /var/mail",
	"dir 0755 0:0 /etc/skel",
	"file 0644 0:0 /etc/skel/.profile umask 022",
	"dir 0700 0:0 /etc/skel/bin",
	"file 4755 0:0 /etc/skel/hello echo hello",
	"link 0777 0:0 /etc/skel/.login .profile",
}

// user1 is an account that was made before, with a home, a mail file and ids below it that are not the user's.
func user1(t *testCase) {
	t.add(accounts.PasswdFile, "user1:x:1000:1000:User One:/home/user1:/bin/sh\n")
	t.add(accounts.ShadowFile, "user1:$6$old$hash:19000:0:99999:7:::\n")
	t.add(accounts.GroupFile, "user1:x:1000:\n")
	t.add(accounts.GShadowFile, "user1:!::\n")
	t.add(accounts.SubUIDFile, "user1:100000:65536\n")
	t.add(accounts.SubGIDFile, "user1:100000:65536\n")
	t.Nodes = append(t.Nodes, "dir 0750 1000:1000 /home/user1", "file 0600 1000:1000 /home/user1/notes mine",
		"dir 0755 1000:0 /home/user1/shared", "file 0644 0:1000 /home/user1/shared/root root's",
		"link 0777 1000:1000 /home/user1/link /etc/passwd", "file 0660 1000:8 /var/mail/user1 letter")
}

// add puts text at the end of a file.
func (t *testCase) add(path, text string) {
	now := base[path]
	if f := t.Files[path]; f != nil {
		now = *f
	}
	t.set(path, now+text)
}

func (t *testCase) set(path, text string) {
	if t.Files == nil {
		t.Files = map[string]*string{}
	}
	t.Files[path] = &text
}

func (t *testCase) without(path string) {
	if t.Files == nil {
		t.Files = map[string]*string{}
	}
	t.Files[path] = nil
}

func (t *testCase) replace(path, old, with string) {
	t.add(path, "")
	if !strings.Contains(*t.Files[path], old) {
		panic(t.Name + ": " + path + " has no " + old)
	}
	t.set(path, strings.Replace(*t.Files[path], old, with, 1))
}

// before gives the files that a case starts with.
func (t *testCase) before() map[string]string {
	files := maps.Clone(base)
	for path, text := range t.Files {
		if text == nil {
			delete(files, path)
		} else {
			files[path] = *text
		}
	}
	return files
}

// wanted gives the config in the words of the package.
func wanted(p config.Passwd) accounts.Wanted {
	var w accounts.Wanted
	for _, g := range p.Groups {
		w.Groups = append(w.Groups, accounts.Group{Name: g.Name, GID: wide(g.Gid),
			Password: diag.Secret(or(g.PasswordHash)), System: or(g.System), Delete: gone(g.ShouldExist)})
	}
	for _, u := range p.Users {
		w.Users = append(w.Users, accounts.User{Name: u.Name, UID: wide(u.UID), Comment: or(u.Gecos),
			Home: or(u.HomeDir), Shell: or(u.Shell), PrimaryGroup: or(u.PrimaryGroup), Groups: u.Groups,
			Password: (*diag.Secret)(u.PasswordHash), NoCreateHome: or(u.NoCreateHome), NoUserGroup: or(u.NoUserGroup),
			System: or(u.System), Delete: gone(u.ShouldExist)})
	}
	return w
}

func or[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func wide(p *int) *int64 {
	if p == nil {
		return nil
	}
	v := int64(*p)
	return &v
}

func gone(shouldExist *bool) bool { return shouldExist != nil && !*shouldExist }

// cases gives all of them.
func cases(t testing.TB) []testCase {
	var all []testCase
	for _, c := range written {
		one := testCase{Name: c.name}
		require.NoError(t, json.Unmarshal([]byte(c.config), &one.Config), c.name)
		for _, change := range c.root {
			change(&one)
		}
		all = append(all, one)
	}
	for seed := range uint64(40) {
		all = append(all, generated(seed))
	}
	return all
}

// generated gives a case of several accounts with options as chance has it. Most of them work out.
func generated(seed uint64) testCase {
	r := rand.New(rand.NewPCG(seed, 7))
	c := testCase{Name: fmt.Sprintf("generated %d", seed)}
	if r.IntN(3) > 0 {
		user1(&c)
	}
	odd := []func(){
		func() { c.without(accounts.GShadowFile) },
		func() { c.without(accounts.SubUIDFile) },
		func() { c.add(accounts.PasswdFile, "gap:x:1007:1007::/home/gap:/bin/sh\n+::::::\n") },
		func() { c.add(accounts.LoginDefsFile, "SYS_UID_MAX 499\nSYS_GID_MAX 499\nHOME_MODE 0700\n") },
		func() { c.add(accounts.UseraddFile, "CREATE_MAIL_SPOOL=yes\nINACTIVE=30\n") },
		func() {},
	}
	odd[r.IntN(len(odd))]()
	groups := []string{"adm", "sudo", "users", "27"}
	for i := range 1 + r.IntN(3) {
		g := config.PasswdGroup{Name: fmt.Sprintf("group%d", i), Gid: maybe(r, 900+r.IntN(400)),
			System: maybe(r, r.IntN(2) == 0), PasswordHash: maybe(r, "$6$g$"+fmt.Sprint(i))}
		c.Config.Groups = append(c.Config.Groups, g)
		groups = append(groups, g.Name)
	}
	for i := range 2 + r.IntN(4) {
		c.Config.Users = append(c.Config.Users, generatedUser(r, i, groups))
	}
	return c
}

func generatedUser(r *rand.Rand, i int, groups []string) config.PasswdUser {
	u := config.PasswdUser{Name: fmt.Sprintf("user%d", i)}
	if r.IntN(8) == 0 {
		no := false
		u.ShouldExist = &no
		return u
	}
	u.UID = maybe(r, []int{400 + i, 1100 + i, 1000 + i, 70000 + i}[r.IntN(4)])
	u.Gecos = maybe(r, fmt.Sprintf("User %d,Room %d,é", i, r.IntN(9)))
	u.HomeDir = maybe(r, []string{fmt.Sprintf("/srv/deep/er/u%d", i), fmt.Sprintf("/home/h%d", i),
		fmt.Sprintf("/srv/u%d/", i)}[r.IntN(3)])
	if u.HomeDir != nil && i == 1 { // user1 may be there, and a home is moved to a folder that exists only
		u.HomeDir = maybe(r, "/srv/one")
	}
	u.PrimaryGroup = maybe(r, groups[r.IntN(len(groups))])
	u.Shell = maybe(r, "/bin/bash")
	u.PasswordHash = maybe(r, []string{"", "$y$j9T$salt$hash"}[r.IntN(2)])
	u.NoCreateHome = maybe(r, r.IntN(2) == 0)
	u.NoUserGroup = maybe(r, r.IntN(2) == 0)
	u.NoLogInit = maybe(r, r.IntN(2) == 0)
	u.System = maybe(r, r.IntN(2) == 0)
	for _, n := range r.Perm(len(groups))[:r.IntN(3)] {
		u.Groups = append(u.Groups, groups[n])
	}
	return u
}

func maybe[T any](r *rand.Rand, v T) *T {
	if r.IntN(3) > 0 {
		return nil
	}
	return &v
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
