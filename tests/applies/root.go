package applies

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/field"
	"github.com/glowplug-os/glowplug/internal/source"
)

// A Tree is what is in a root, as package trees has it: directories end in a slash, links hold "-> target".
type Tree map[string]string

// Bare is a root that has nothing but root's account.
func Bare() Tree {
	return Tree{"/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "/etc/group": "root:x:0:\n",
		"/etc/shadow": "root:*:19000:0:99999:7:::\n", "/etc/gshadow": "root:*::\n", "/root/": "", "/bin/sh": ""}
}

// A Kind is a way in which a root can suit a config.
type Kind string

// The roots of a config, the most likely first. They differ in what stands in the way of some configs and is needed by
// others.
const (
	// Fresh has the users and groups that the config names and does not make, their shells, and what hard links lead
	// to.
	Fresh Kind = "fresh"
	// Used has the users and groups that the config makes as well, with their homes.
	Used Kind = "used"
	// Open is as Used, with homes elsewhere where the config does not say where, and directories that are anybody's.
	Open Kind = "open"
	// Done has the directories and links of the config besides, and the files whose content stands in it.
	Done Kind = "done"
	// Rootless is as Open, without an account for root.
	Rootless Kind = "rootless"
	// Empty has nothing but what hard links lead to.
	Empty Kind = "empty"
)

// Kinds are all of them.
func Kinds() []Kind { return []Kind{Fresh, Used, Open, Done, Rootless, Empty} }

// Suiting is the root of a kind for a config.
func Suiting(cfg *config.Config, kind Kind) Tree {
	a := accommodation{Tree: Bare(), made: map[string]bool{"user root": true, "group root": true},
		gids: map[string]int{}, next: 700}
	if kind == Empty {
		a.Tree = Tree{}
		a.nodes(cfg)
		return a.Tree
	}
	if kind == Rootless {
		a.Tree = Tree{"/etc/passwd": "", "/etc/group": "", "/etc/shadow": "", "/etc/gshadow": ""}
	}
	if kind == Done {
		a.done(&cfg.Storage)
	}
	if kind == Used || kind == Done {
		a.used(&cfg.Passwd, "/home")
	}
	if kind == Open || kind == Rootless {
		a.used(&cfg.Passwd, "/var/lib/homes")
	}
	for _, g := range cfg.Passwd.Groups {
		a.made["group "+g.Name] = true
	}
	for _, u := range cfg.Passwd.Users {
		a.made["user "+u.Name] = true
		if !config.Says(u.NoUserGroup) && u.PrimaryGroup == nil {
			a.made["group "+u.Name] = true
		}
	}
	a.accounts(cfg)
	a.nodes(cfg)
	if kind == Done {
		a.redirect(&cfg.Storage)
	}
	return a.Tree
}

// redirect has links of the config be where account files are, which are where these links lead.
func (a *accommodation) redirect(s *config.Storage) {
	for _, l := range s.Links {
		at, to := path.Clean(l.Path), config.Says(l.Target)
		text, is := a.Tree[at]
		if is && !config.Says(l.Hard) && path.IsAbs(to) && strings.HasPrefix(at, "/etc/") && a.isFree(path.Clean(to)) {
			a.Tree[at], a.Tree[path.Clean(to)] = "-> "+to, text
		}
	}
}

type accommodation struct {
	Tree
	made map[string]bool
	gids map[string]int
	next int // number of an account
}

// done has it have what entries make.
func (a *accommodation) done(s *config.Storage) {
	for _, l := range s.Links {
		if at := path.Clean(l.Path); !config.Says(l.Hard) && a.isFree(at) {
			a.Tree[at] = "-> " + config.Says(l.Target)
		}
	}
	for _, f := range s.Files {
		if content, is := source.Inline(config.Says(f.Contents.Source)); is && a.isFree(path.Clean(f.Path)) {
			a.Tree[path.Clean(f.Path)] = content
		}
	}
	for _, d := range s.Directories {
		if at := path.Clean(d.Path); at != "/" && a.isRoom(at) {
			a.Tree[at+"/"] = ""
		}
	}
}

// used has the root have what the config makes, and homes below a directory where it does not say where.
func (a *accommodation) used(p *config.Passwd, homes string) {
	for _, g := range p.Groups {
		if g.ShouldExist == nil || *g.ShouldExist {
			a.group(g.Name, g.Gid)
		}
	}
	for _, u := range p.Users {
		if u.ShouldExist != nil && !*u.ShouldExist {
			continue
		}
		for _, name := range u.Groups {
			a.group(name, nil)
		}
		if u.Name == "root" && config.Says(u.HomeDir) != "" {
			a.Tree["/etc/passwd"] = strings.Replace(a.Tree["/etc/passwd"], ":/root:", ":"+*u.HomeDir+":", 1)
		}
		group := u.Name
		if primary := config.Says(u.PrimaryGroup); primary != "" {
			group = primary
		}
		home := config.Says(u.HomeDir)
		if home == "" {
			home = homes + "/" + u.Name
		}
		a.user(u.Name, u.UID, a.numbered(group), home)
	}
}

func (a *accommodation) accounts(cfg *config.Config) {
	for _, u := range cfg.Passwd.Users {
		for _, list := range u.Groups {
			for name := range strings.SplitSeq(list, ",") {
				a.numbered(name)
			}
		}
		if primary := config.Says(u.PrimaryGroup); primary != "" {
			a.numbered(primary)
		}
		if shell := config.Says(u.Shell); path.IsAbs(shell) && path.Clean(shell) == shell && shell != "/" {
			a.file(shell)
		}
	}
	owner := func(n *config.Node) {
		if name := config.Says(n.User.Name); name != "" {
			a.user(name, nil, 0, "/")
		}
		if name := config.Says(n.Group.Name); name != "" {
			a.group(name, nil)
		}
	}
	for i := range cfg.Storage.Directories {
		owner(&cfg.Storage.Directories[i].Node)
	}
	for i := range cfg.Storage.Files {
		owner(&cfg.Storage.Files[i].Node)
	}
	for i := range cfg.Storage.Links {
		owner(&cfg.Storage.Links[i].Node)
	}
}

// id is the number that an account gets.
func (a *accommodation) id(given *int) int {
	if given != nil {
		return *given
	}
	a.next++
	return a.next
}

// user has the root have a user, with a home.
func (a *accommodation) user(name string, uid *int, gid int, home string) {
	at := path.Clean(home)
	blocked := path.IsAbs(home) && !a.isRoom(at) && !a.isBehindLink(at)
	if a.made["user "+name] || blocked || strings.ContainsAny(name+home, ":\n") {
		return
	}
	a.made["user "+name] = true
	id := a.id(uid)
	a.Tree["/etc/passwd"] += fmt.Sprintf("%s:x:%d:%d::%s:/bin/sh\n", name, id, gid, home)
	a.Tree["/etc/shadow"] += name + ":*:19000:0:99999:7:::\n"
	if to, isLink := strings.CutPrefix(a.Tree[path.Clean(home)], "-> "); isLink {
		home = path.Join(path.Dir(home), to)
		if path.IsAbs(to) {
			home = to
		}
	}
	at = strings.TrimSuffix(path.Clean(home), "/") + "/"
	if path.IsAbs(home) && a.isRoom(path.Clean(home)) && !strings.HasPrefix(a.Tree[at], "of ") {
		a.Tree[at] = fmt.Sprintf("of %d", id)
	}
}

// numbered is group, of a name or a number.
func (a *accommodation) numbered(name string) int {
	if n, err := strconv.ParseUint(name, 10, 32); err == nil {
		id := int(n)
		return a.group("g"+name, &id)
	}
	return a.group(name, nil)
}

// group has it have a group, and gives its number.
func (a *accommodation) group(name string, gid *int) int {
	if a.made["group "+name] || strings.ContainsAny(name, ":\n") {
		return a.gids[name]
	}
	a.made["group "+name] = true
	id := a.id(gid)
	a.gids[name] = id
	a.Tree["/etc/group"] += fmt.Sprintf("%s:x:%d:\n", name, id)
	a.Tree["/etc/gshadow"] += name + ":*::\n"
	return id
}

// nodes has it have what hard links lead to and nobody makes.
func (a *accommodation) nodes(cfg *config.Config) {
	made := map[string]bool{}
	for _, list := range []string{"directories", "files", "links"} {
		cfg.Values("storage."+list+".*.path", func(_ func() string, at string) bool {
			made[path.Clean(at)] = true
			return true
		})
	}
	for _, l := range cfg.Storage.Links {
		if l.Hard == nil || !*l.Hard || made[path.Join("/", config.Says(l.Target))] {
			continue
		}
		to := config.Says(l.Target)
		if to = path.Join("/", to); to != "/etc/.glowplug" { // which is a directory
			a.file(to)
		}
	}
}

// file has it have a file, where there is room for one.
func (a *accommodation) file(at string) {
	if a.isFree(at) {
		a.Tree[at] = ""
	}
}

// isFree tells whether there is nothing at a path or below it, and no file on the way.
func (a *accommodation) isFree(at string) bool {
	for other := range a.Tree {
		if strings.HasPrefix(other, at+"/") {
			return false
		}
	}
	return at != "/" && a.isRoom(at)
}

// isBehindLink tells whether a link is at a path or on the way.
func (a *accommodation) isBehindLink(at string) bool {
	for ; at != "/"; at = path.Dir(at) {
		if strings.HasPrefix(a.Tree[at], "-> ") {
			return true
		}
	}
	return false
}

// isRoom tells whether a directory can be at a path.
func (a *accommodation) isRoom(at string) bool {
	const longest, all = 255, 4095 // limits.h: NAME_MAX, PATH_MAX
	for dir := at; dir != "/"; dir = path.Dir(dir) {
		if _, is := a.Tree[dir]; is || len(path.Base(dir)) > longest {
			return false
		}
	}
	return len(at) < all && !strings.Contains(at, "\x00")
}

// Plant makes the tree in a directory.
func (t Tree) Plant(dir string) error {
	for _, at := range slices.Sorted(maps.Keys(t)) {
		if err := plant(dir+at, t[at]); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// Unlock makes all directories anybody's.
func Unlock(dir string) error {
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return os.Chmod(name, 0o777)
	})
}

func plant(name, text string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	target, isLink := strings.CutPrefix(text, "-> ")
	switch {
	case isLink && field.NoPath(target) != nil: // no machine has it
		return nil
	case isLink:
		return os.Symlink(target, name)
	case !strings.HasSuffix(name, "/"):
		return os.WriteFile(name, []byte(text), 0o755)
	}
	owner := 0
	if _, err := fmt.Sscanf(text, "of %d", &owner); err != nil && text != "" {
		return err
	}
	return errors.Join(os.MkdirAll(name, 0o755), os.Chown(name, owner, owner))
}
