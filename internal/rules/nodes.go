package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

func (c *checker) storage(a *at, s *config.Storage) {
	c.belowLinks(a, s)
	c.filesystemsOnDisks(a.key("filesystems"), s)
	c.belowFiles(a, s)
	c.sharedNames(a, s)
	dirs, disks, files := a.key("directories"), a.key("disks"), a.key("files")
	for i := range s.Directories {
		c.directory(dirs.item(i), &s.Directories[i])
	}
	for i := range s.Disks {
		c.disk(disks.item(i), &s.Disks[i])
	}
	for i := range s.Files {
		c.file(files.item(i), &s.Files[i])
	}
	filesystems, links, luks, raid := a.key("filesystems"), a.key("links"), a.key("luks"), a.key("raid")
	for i := range s.Filesystems {
		c.filesystem(filesystems.item(i), &s.Filesystems[i])
	}
	for i := range s.Links {
		c.node(links.item(i), &s.Links[i].Node)
	}
	for i := range s.Luks {
		c.luks(luks.item(i), &s.Luks[i])
	}
	for i := range s.Raid {
		c.raid(raid.item(i), &s.Raid[i])
	}
}

func (c *checker) node(a *at, n *config.Node) {
	a.key("path").absolute(n.Path)
	c.owner(a.key("group"), &n.Group, "group")
	c.owner(a.key("user"), &n.User, "user")
}

func (c *checker) owner(a *at, o *config.NodeOwner, what string) {
	if o.ID != nil && text(o.Name) != "" {
		a.errorf(codes.OwnerTwice, "the %s is given by id and by name",
			what).hint("keep one of the two; after a merge, both may come from different configs")
	}
	a.key("id").notNegative("an id", o.ID)
	if o.ID != nil && *o.ID >= 0 {
		a.key("id").refused(codes.IDRange, accounts.NeverID("id", int64(*o.ID)))
	}
}

func (c *checker) directory(a *at, d *config.Directory) {
	a.key("path").absolute(d.Path)
	c.mode(a.key("mode"), d.Mode)
	c.owner(a.key("group"), &d.Group, "group")
	c.owner(a.key("user"), &d.User, "user")
}

func (c *checker) file(a *at, f *config.File) {
	a.key("path").absolute(f.Path)
	c.mode(a.key("mode"), f.Mode)
	if isSet(f.Overwrite) && f.Contents.Source == nil {
		a.key("overwrite").errorf(codes.OverwriteNothing, "a file without contents.source cannot overwrite anything").
			hint(`set contents.source ("data:," is an empty file), or remove overwrite`)
	}
	c.owner(a.key("group"), &f.Group, "group")
	c.owner(a.key("user"), &f.User, "user")
	fragments := a.key("append")
	for i := range f.Append {
		c.resource(fragments.item(i), &f.Append[i], false)
	}
	c.resource(a.key("contents"), &f.Contents, false)
	c.quadlet(a, f)
}

// mode: what people write in octal is a decimal number here, which is the most common mistake of all.
func (c *checker) mode(a *at, mode *int) {
	if mode == nil {
		return
	}
	m := *mode
	meant, looksOctal := octalReading(m)
	if m < 0 || m > 0o7777 {
		f := a.errorf(codes.ModeRange, "the mode %d is not within 0 and 4095 (07777)", m)
		if looksOctal {
			f.hint("modes are decimal numbers: 0%d is written %d", m, meant).writeNumber(a, meant)
		}
	} else if looksOctal {
		a.warnf(codes.ModeOctal, "the mode %d is %#o in octal", m,
			m).hint("modes are decimal numbers: 0%d is written %d", m, meant).writeNumber(a, meant).stricter()
	}
	if m&0o7000 != 0 && !c.version.Reads(config.SpecialBits) {
		misread := looksOctal || m < 0 || m > 0o7777
		since := config.SpecialBits.Since()
		a.warnf(codes.ModeSpecial, "the set-user-id, set-group-id and sticky bits of a mode have no effect before "+
			"version %s", since).hint("set ignition.version to %s, or remove the bits", since).PeerOnly = misread
	}
}

// octalReading tells whether a decimal number is likely octal permission bits, and what they would be.
func octalReading(m int) (meant int, likely bool) {
	common := []int{400, 440, 444, 555, 600, 640, 644, 660, 664, 666, 700, 711, 744, 750, 755, 770, 775, 777, 1777,
		2755, 2775, 4755}
	if _, likely = slices.BinarySearch(common, m); !likely {
		return 0, false
	}
	for place, rest := 1, m; rest > 0; place, rest = place*8, rest/10 {
		meant += place * (rest % 10)
	}
	return meant, true
}

// belowLinks: nothing may be placed below a link of the same config, and the other rules about links.
func (c *checker) belowLinks(a *at, s *config.Storage) {
	if len(s.Links) == 0 {
		return
	}
	links := newPrefixes(len(s.Links), func(i int) string { return s.Links[i].Path })
	dirs, files, list := a.key("directories"), a.key("files"), a.key("links")
	below := func(n *at, path string) {
		above := links.above(path)
		for _, i := range c.taken(above, diag.Problem{Severity: diag.Error, Code: codes.BelowLink}) {
			n.errorf(codes.BelowLink, "the path %s lies below the link %s", quote(path), quote(s.Links[i].Path)).
				hint("name the path that the link points at").see(list.item(int(i)), "the link is defined here")
		}
	}
	for i := range s.Directories {
		below(dirs.item(i), s.Directories[i].Path)
	}
	for i := range s.Files {
		below(files.item(i), s.Files[i].Path)
	}
	directories := map[string]int{}
	for i := range s.Directories {
		directories[s.Directories[i].Path] = i
	}
	for i := range s.Links {
		item := list.item(i)
		below(item, s.Links[i].Path)
		c.link(item, &s.Links[i], dirs, directories)
	}
}

func (c *checker) link(a *at, l *config.Link, dirs *at, directories map[string]int) {
	if text(l.Target) == "" && config.FieldAt("storage.links.*.target").Required.Has(c.version) {
		a.key("target").errorf(codes.TargetMissing, "a link needs a target").hint(`add "target"`)
		return
	}
	if !isSet(l.Hard) {
		return
	}
	target := text(l.Target)
	if !path.IsAbs(target) {
		target = path.Join(l.Path, target)
	}
	if i, known := directories[target]; known {
		a.errorf(codes.HardLinkDirectory, "a hard link cannot point at the directory %s",
			quote(target)).hint(`remove "hard"`).see(dirs.item(i), "the directory is defined here")
	}
	owners := []struct {
		who, what string
		set       bool
	}{{"user", "id", l.User.ID != nil}, {"user", "name", l.User.Name != nil}, {"group", "id", l.Group.ID != nil},
		{"group", "name", l.Group.Name != nil}}
	for _, o := range owners {
		if o.set {
			a.key(o.who).key(o.what).warnf(codes.HardLinkOwner, "a hard link has the owner of its target; its own "+
				"has no effect").hint("remove it, or set it on the target")
		}
	}
}

// prefixes finds which of a set of paths lie above another, in the time it takes to read that path. Of equal paths it
// knows the first: they are duplicates, which is told elsewhere, and pairs of each with each would be quadratic.
type prefixes struct {
	first   map[string]int32
	lengths map[int]bool
}

func newPrefixes(n int, pathOf func(int) string) prefixes {
	p := prefixes{make(map[string]int32, n), map[int]bool{}}
	for i := range n {
		path := pathOf(i)
		if _, known := p.first[path]; !known {
			p.first[path] = int32(i)
			p.lengths[len(path)] = true
		}
	}
	return p
}

// above returns the indices of all paths q for which path starts with q and a slash, in order.
func (p prefixes) above(path string) []int32 {
	var found []int32
	for i := strings.IndexByte(path, '/'); i >= 0; {
		if p.lengths[i] { // a path of a thousand slashes is not hashed a thousand times
			if k, known := p.first[path[:i]]; known {
				found = append(found, k)
			}
		}
		next := strings.IndexByte(path[i+1:], '/')
		if next < 0 {
			break
		}
		i += next + 1
	}
	slices.Sort(found)
	return found
}

// taken gives those of a node's ancestors that a problem is still to be reported for, and counts the others: where each
// path lies below the one before there are as many pairs as bytes, and more than anybody reads.
func (c *checker) taken(above []int32, like diag.Problem) []int32 {
	if c.problems.Takes(like.Code) {
		return above
	}
	c.problems.Skip(like, len(above))
	return nil
}

// belowFiles finds nodes below a file of the same config, which cannot be made.
func (c *checker) belowFiles(a *at, s *config.Storage) {
	above := parents(s)
	if !slices.ContainsFunc(s.Files, func(f config.File) bool { return above[f.Path] }) {
		return
	}
	paths := newPrefixes(len(s.Files), func(i int) string { return s.Files[i].Path })
	lower := make([]lowerNodes, len(s.Files))
	everyNode(a, s, func(n *at, path string) {
		if upper, found := nearest(s.Files, paths.above(path)); found {
			if l := &lower[upper]; l.first == nil {
				l.first, l.path = n.key("path"), path
			}
			lower[upper].count++
		}
	})
	for i := range lower {
		if lower[i].count > 0 {
			lower[i].report(quote(s.Files[i].Path), a.key("files").item(i))
		}
	}
}

// everyNode visits the directories, files and links.
func everyNode(a *at, s *config.Storage, visit func(n *at, path string)) {
	list := a.key("directories")
	for i := range s.Directories {
		visit(list.item(i), s.Directories[i].Path)
	}
	list = a.key("files")
	for i := range s.Files {
		visit(list.item(i), s.Files[i].Path)
	}
	list = a.key("links")
	for i := range s.Links {
		visit(list.item(i), s.Links[i].Path)
	}
}

// lowerNodes are what lies below a file, and no other file between them.
type lowerNodes struct {
	first *at
	path  string // of the first
	count int
}

// report tells of all that lies below a file at once: it is the one thing that is wrong.
func (l *lowerNodes) report(file string, upper *at) {
	message := fmt.Sprintf("the path %s lies below the file %s", quote(l.path), file)
	if l.count > 1 {
		message = fmt.Sprintf("%d paths lie below the file %s, the first is %s", l.count, file, quote(l.path))
	}
	l.first.errorf(codes.BelowFile, "%s", message).hint("a file cannot hold others; make it a directory").
		see(upper, "the file is defined here").stricter()
}

// nearest finds the file with the longest path among some.
func nearest(files []config.File, among []int32) (file int32, found bool) {
	for _, i := range among {
		if p := files[i].Path; p != "" && (!found || len(p) > len(files[file].Path)) {
			file, found = i, true
		}
	}
	return file, found
}

// pathMax is the length of a path that no system call takes any more (limits.h PATH_MAX).
const pathMax = 4096

// parents collects the paths of all directories above any node; there are far fewer of them than nodes.
func parents(s *config.Storage) map[string]bool {
	above := map[string]bool{}
	add := func(path string) {
		for i := strings.LastIndexByte(path, '/'); i > 0 && i < pathMax &&
			!above[path[:i]]; i = strings.LastIndexByte(path[:i], '/') {
			above[path[:i]] = true
		}
	}
	for i := range s.Directories {
		add(s.Directories[i].Path)
	}
	for i := range s.Files {
		add(s.Files[i].Path)
	}
	for i := range s.Links {
		add(s.Links[i].Path)
	}
	return above
}

// unitPaths: a file must not stand where the same config writes a unit.
func (c *checker) unitPaths(root *at, cfg *config.Config) {
	const dir = "/etc/systemd/system/"
	units := root.key("systemd").key("units")
	taken := map[string]*at{}
	for i, u := range cfg.Systemd.Units {
		unit := units.item(i)
		if text(u.Contents) != "" {
			taken[dir+u.Name] = unit
		}
		for j, d := range u.Dropins {
			if text(d.Contents) != "" {
				taken[dir+u.Name+".d/"+d.Name] = unit.key("dropins").item(j)
			}
		}
	}
	if len(taken) == 0 {
		return
	}
	check := func(n *at, path string) {
		if unit, both := taken[path]; both {
			n.key("path").errorf(codes.UnitPath, "the path %s is also that of a unit of this config",
				quote(path)).hint("keep either the unit or this entry").see(unit, "the unit is defined here")
		}
	}
	storage := root.key("storage")
	files, dirs, links := storage.key("files"), storage.key("directories"), storage.key("links")
	for i := range cfg.Storage.Files {
		check(files.item(i), cfg.Storage.Files[i].Path)
	}
	for i := range cfg.Storage.Directories {
		check(dirs.item(i), cfg.Storage.Directories[i].Path)
	}
	for i := range cfg.Storage.Links {
		check(links.item(i), cfg.Storage.Links[i].Path)
	}
}
