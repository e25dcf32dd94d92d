package feasible

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/target"
)

// settings leave no range that could be used up, and give users no ranges for containers.
const settings = "UID_MIN 1000\nUID_MAX 4294967294\nGID_MIN 1000\nGID_MAX 4294967294\nUSERGROUPS_ENAB yes\n" +
	"SYS_UID_MIN 1\nSYS_UID_MAX 999\nSYS_GID_MIN 1\nSYS_GID_MAX 999\nSUB_UID_COUNT 0\nSUB_GID_COUNT 0\n"

// oldTools is a package database with a release of shadow-utils that takes more names than later ones.
const oldTools = "Package: passwd\nVersion: 1:4.13\n"

// A home is one that is there.
type home struct {
	path  string
	owner uint32
}

// people are the accounts that a root has to have for a config, and those that it may have.
type people struct {
	users, groups strings.Builder
	homes         []home
	known         [2]map[string]bool // names of users and of groups that are there, or that the config decides about
	ids           [2]map[int]bool    // taken
	numbers       [2]map[string]int
	next          [2]int
	asked         bool // the config has accounts, or names them
}

const (
	ofUsers = iota
	ofGroups
)

// newPeople: the users and groups that the config makes are there if that suits. Those that it names besides are there
// in any case, as are root and their homes.
func newPeople(cfg *config.Config, suits suitable) *people {
	a := &people{known: [2]map[string]bool{{}, {}}, ids: [2]map[int]bool{{0: true}, {0: true}},
		numbers: [2]map[string]int{{}, {}},
		next:    [2]int{1000, 1000},
		asked:   len(cfg.Passwd.Users)+len(cfg.Passwd.Groups) > 0}
	if suits != rootless {
		a.user("root", 0, rootHome(cfg, suits))
		a.group("root", 0)
	} else {
		a.ids = [2]map[int]bool{{}, {}}
	}
	for _, u := range cfg.Passwd.Users {
		a.takes(ofUsers, u.UID)
	}
	for _, g := range cfg.Passwd.Groups {
		a.takes(ofGroups, g.Gid)
	}
	for i := range cfg.Passwd.Groups {
		g := &cfg.Passwd.Groups[i]
		if deleted := g.ShouldExist != nil && !*g.ShouldExist; suits >= full && !deleted && !a.known[ofGroups][g.Name] {
			a.group(g.Name, a.id(ofGroups, g.Gid))
		}
		a.known[ofGroups][g.Name] = true
	}
	for i := range cfg.Passwd.Users {
		a.wanted(&cfg.Passwd.Users[i], suits)
	}
	for i := range cfg.Passwd.Users {
		a.memberships(&cfg.Passwd.Users[i])
	}
	for of, key := range []string{"user", "group"} {
		for _, list := range []string{"directories", "files", "links"} {
			cfg.Values("storage."+list+".*."+key+".name", func(_ func() string, name string) bool {
				a.named(of, name)
				return true
			})
		}
	}
	return a
}

// rootHome is where the config has it, where that suits.
func rootHome(cfg *config.Config, suits suitable) string {
	for i := range cfg.Passwd.Users {
		if u := &cfg.Passwd.Users[i]; u.Name == "root" && suits == full && config.Says(u.HomeDir) != "" {
			return *u.HomeDir
		}
	}
	return "/root"
}

func (a *people) takes(of int, id *int) {
	if id != nil {
		a.ids[of][*id] = true
	}
}

// id is the number that an account has, or one that nobody has.
func (a *people) id(of int, given *int) int {
	if given != nil {
		return *given
	}
	for a.ids[of][a.next[of]] {
		a.next[of]++
	}
	a.ids[of][a.next[of]] = true
	return a.next[of]
}

// wanted is a user of the config, with the group that is made with it.
func (a *people) wanted(u *config.PasswdUser, suits suitable) {
	deleted := u.ShouldExist != nil && !*u.ShouldExist
	if u.Name == "root" && suits != rootless {
		return
	}
	uid := a.id(ofUsers, u.UID)
	ownGroup := !deleted && config.Says(u.PrimaryGroup) == "" && !config.Says(u.NoUserGroup)
	if suits >= full && !deleted {
		a.user(u.Name, uid, config.Says(u.HomeDir))
		if ownGroup && !a.known[ofGroups][u.Name] {
			a.group(u.Name, a.id(ofGroups, nil))
		}
	}
	a.known[ofUsers][u.Name] = true
	a.known[ofGroups][u.Name] = a.known[ofGroups][u.Name] || ownGroup
}

// memberships are there, by name or by number.
func (a *people) memberships(u *config.PasswdUser) {
	a.membership(config.Says(u.PrimaryGroup))
	for _, list := range u.Groups {
		for name := range strings.SplitSeq(list, ",") {
			a.membership(name)
		}
	}
}

func (a *people) membership(name string) {
	if id, err := strconv.Atoi(name); err != nil {
		a.named(ofGroups, name)
	} else if !a.ids[ofGroups][id] {
		a.ids[ofGroups][id] = true
		a.group("number-"+name, id)
	}
}

// named is there, unless the config decides about it.
func (a *people) named(of int, name string) {
	a.asked = a.asked || name != ""
	switch {
	case name == "" || a.known[of][name]:
	case of == ofUsers:
		a.user(name, a.id(of, nil), "")
	default:
		a.group(name, a.id(of, nil))
	}
}

// isName tells whether a name can stand in a line of an account file: those that begin otherwise are comments, or for
// NIS (passwd(5) of Debian, nsswitch.conf(5): compat).
func isName(name string) bool {
	return name != "" && !strings.ContainsAny(name, ":\n") && !strings.ContainsAny(name[:1], "#+-")
}

// isHome tells whether a user that is there can have a home.
func isHome(at string) bool {
	return target.CheckPath(at) == nil && !slices.ContainsFunc([]string{accounts.PasswdFile, accounts.GroupFile,
		accounts.ShadowFile, accounts.GShadowFile}, func(file string) bool {
		return at == file || strings.HasPrefix(at, file+"/")
	})
}

// user has a home, which is where no config has anything if the config does not say where.
func (a *people) user(name string, uid int, at string) {
	a.known[ofUsers][name], a.numbers[ofUsers][name] = true, uid
	if !isName(name) || !isHome(at) {
		return
	}
	at = cmp.Or(at, "/var/lib/homes/"+name)
	fmt.Fprintf(&a.users, "%s:x:%d:0::%s:/bin/sh\n", name, uid, at)
	a.homes = append(a.homes, home{at, uint32(uid)})
}

func (a *people) group(name string, gid int) {
	a.known[ofGroups][name], a.numbers[ofGroups][name] = true, gid
	if !isName(name) {
		return
	}
	fmt.Fprintf(&a.groups, "%s:x:%d:\n", name, gid)
}

// owner is the number of one.
func (a *people) owner(of int, o config.NodeOwner) uint32 {
	if o.ID != nil {
		return uint32(*o.ID)
	}
	return uint32(a.numbers[of][config.Says(o.Name)])
}

// files are those of accounts; none where the config has no accounts, and names none.
func (a *people) files() map[string]string {
	if !a.asked {
		return nil
	}
	return map[string]string{accounts.PasswdFile: a.users.String(), accounts.GroupFile: a.groups.String(),
		accounts.ShadowFile: "", accounts.GShadowFile: "", accounts.LoginDefsFile: settings,
		"/var/lib/dpkg/status": oldTools}
}
