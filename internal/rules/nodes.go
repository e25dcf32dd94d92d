package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
)

func (c nodes) node(a *cursor.At, n *config.Node) {
	absolute(a, "path", n.Path)
	c.owner(a, "group", &n.Group)
	c.owner(a, "user", &n.User)
}

func (c nodes) owner(node *cursor.At, what string, o *config.NodeOwner) {
	if o.ID == nil {
		return
	}
	a := node.Key(what)
	if text(o.Name) != "" {
		a.Errorf(codes.OwnerTwice, "the %s is given by id and by name",
			what).Advise("keep one of the two; after a merge, both may come from different configs")
	}
	notNegative(a, "id", "an id", o.ID)
	if *o.ID >= 0 {
		refused(a, "id", codes.IDRange, accounts.NeverID("id", int64(*o.ID)))
	}
}

func (c nodes) directory(a *cursor.At, d *config.Directory) {
	absolute(a, "path", d.Path)
	c.mode(a, d.Mode)
	c.owner(a, "group", &d.Group)
	c.owner(a, "user", &d.User)
}

func (c nodes) file(a *cursor.At, f *config.File) {
	absolute(a, "path", f.Path)
	c.mode(a, f.Mode)
	if isSet(f.Overwrite) && f.Contents.Source == nil {
		a.Key("overwrite").Errorf(codes.OverwriteNothing, "a file without contents.source cannot overwrite anything").
			Advise(`set contents.source ("data:," is an empty file), or remove overwrite`)
	}
	c.owner(a, "group", &f.Group)
	c.owner(a, "user", &f.User)
	for i := range f.Append {
		sources(c).resource(a.Key("append").Item(i), &f.Append[i], false)
	}
	sources(c).resource(a.Key("contents"), &f.Contents, false)
	units(c).quadlet(a, f)
}

// mode warns of a decimal number that was probably meant in octal, which is the most common mistake of all.
func (c nodes) mode(node *cursor.At, mode *int) {
	if mode == nil {
		return
	}
	a, m := node.Key("mode"), *mode
	meant, looksOctal, certain := language.OctalMode(m)
	var f *cursor.Finding
	if m < 0 || m > 0o7777 {
		f = a.Errorf(codes.ModeRange, "the mode %d is not within 0 and 4095 (07777)", m)
	} else if looksOctal {
		f = a.Warnf(codes.ModeOctal, "the mode %d is %#o in octal", m, m).Strictly()
	}
	if looksOctal {
		f.Advise("modes are decimal numbers: 0%d is written %d", m, meant).WriteNumber(a, meant)
		if f.Fix != nil {
			f.Fix.Safe = certain
		}
	}
	if m&0o7000 != 0 && !c.version.Reads(config.SpecialBits) {
		misread := looksOctal || m < 0 || m > 0o7777
		since := config.SpecialBits.Since()
		a.Warnf(codes.ModeSpecial, "the set-user-id, set-group-id and sticky bits of a mode have no effect before "+
			"version %s", since).Advise("set ignition.version to %s, or remove the bits", since).PeerOnly = misread
	}
}

// belowLinks: nothing may be placed below a link of the same config, and the other rules about links.
func (c nodes) belowLinks(a *cursor.At, s *config.Storage) {
	if len(s.Links) == 0 {
		return
	}
	links := newPrefixes(len(s.Links), func(i int) string { return s.Links[i].Path })
	dirs, files, list := a.Key("directories"), a.Key("files"), a.Key("links")
	below := func(nodes *cursor.At, i int, path string) {
		above := links.above(path)
		for _, k := range c.taken(above, diag.Problem{Severity: diag.Error, Code: codes.BelowLink}) {
			nodes.Item(i).Errorf(codes.BelowLink, "the path %s lies below the link %s", quote(path),
				quote(s.Links[k].Path)).Advise("name the path that the link points at").
				See(list.Item(int(k)), "the link is defined here").
				PeerOnly = s.Links[k].Path == "" // a link that has no path has nothing below it
		}
	}
	for i := range s.Directories {
		below(dirs, i, s.Directories[i].Path)
	}
	for i := range s.Files {
		below(files, i, s.Files[i].Path)
	}
	directories := map[string]int{}
	for i := range s.Directories {
		directories[s.Directories[i].Path] = i
	}
	for i := range s.Links {
		item := list.Item(i)
		below(list, i, s.Links[i].Path)
		c.link(item, &s.Links[i], dirs, directories)
	}
}

func (c nodes) link(a *cursor.At, l *config.Link, dirs *cursor.At, directories map[string]int) {
	if text(l.Target) == "" && config.FieldAt("storage.links.*.target").Required.Has(c.version) {
		a.Key("target").Errorf(codes.TargetMissing, "a link needs a target").Advise(`add "target"`)
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
		a.Errorf(codes.HardLinkDirectory, "a hard link cannot point at the directory %s",
			quote(target)).Advise(`remove "hard"`).See(dirs.Item(i), "the directory is defined here")
	}
	owners := []struct {
		who, what string
		set       bool
	}{{"user", "id", l.User.ID != nil}, {"user", "name", l.User.Name != nil}, {"group", "id", l.Group.ID != nil},
		{"group", "name", l.Group.Name != nil}}
	for _, o := range owners {
		if o.set {
			a.Key(o.who).Key(o.what).Warnf(codes.HardLinkOwner, "a hard link has the owner of its target; its own "+
				"has no effect").Advise("remove it, or set it on the target")
		}
	}
}

// prefixes finds which of a set of paths lie above another path, in the time that it takes to read that path. Of equal
// paths only the first counts: duplicates are reported elsewhere, and all pairs of them would take quadratic time.
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

// taken gives the ancestors of a node for which a problem is still to be reported, and counts the others: where each
// path lies below the one before, there are more pairs than anybody reads.
func (c nodes) taken(above []int32, like diag.Problem) []int32 {
	if c.log.Takes(like.Code) {
		return above
	}
	c.log.Skip(like, len(above))
	return nil
}

// belowFiles reports nodes below a file of the same config, which cannot be made.
func (c nodes) belowFiles(a *cursor.At, s *config.Storage) {
	above := parents(s)
	if !slices.ContainsFunc(s.Files, func(f config.File) bool { return above[f.Path] }) {
		return
	}
	paths := newPrefixes(len(s.Files), func(i int) string { return s.Files[i].Path })
	lower := make([]lowerNodes, len(s.Files))
	everyNode(a, s, func(list *cursor.At, i int, path string) {
		if upper, found := nearest(s.Files, paths.above(path)); found {
			if l := &lower[upper]; l.first == nil {
				l.first, l.path = list.Item(i).Key("path"), path
			}
			lower[upper].count++
		}
	})
	for i := range lower {
		if lower[i].count > 0 {
			lower[i].report(quote(s.Files[i].Path), a.Key("files").Item(i))
		}
	}
}

// everyNode visits the directories, files and links.
func everyNode(a *cursor.At, s *config.Storage, visit func(list *cursor.At, i int, path string)) {
	list := a.Key("directories")
	for i := range s.Directories {
		visit(list, i, s.Directories[i].Path)
	}
	list = a.Key("files")
	for i := range s.Files {
		visit(list, i, s.Files[i].Path)
	}
	list = a.Key("links")
	for i := range s.Links {
		visit(list, i, s.Links[i].Path)
	}
}

// lowerNodes are the nodes below a file that have no other file of the config between them and the file.
type lowerNodes struct {
	first *cursor.At
	path  string // of the first node
	count int
}

// report tells of all nodes below a file in one problem: there is one mistake.
func (l *lowerNodes) report(file string, upper *cursor.At) {
	message := fmt.Sprintf("the path %s lies below the file %s", quote(l.path), file)
	if l.count > 1 {
		message = fmt.Sprintf("%d paths lie below the file %s, the first is %s", l.count, file, quote(l.path))
	}
	l.first.Errorf(codes.BelowFile, "%s", message).Advise("a file cannot hold others; make it a directory").
		See(upper, "the file is defined here").Strictly()
}

// nearest finds the file with the longest path; among has the numbers of the files to look at.
func nearest(files []config.File, among []int32) (file int32, found bool) {
	for _, i := range among {
		if p := files[i].Path; p != "" && (!found || len(p) > len(files[file].Path)) {
			file, found = i, true
		}
	}
	return file, found
}

// pathMax is the length in bytes at which every system call refuses a path (limits.h, PATH_MAX).
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

// isMask tells whether an entry is itself a link that masks the unit in whose place it is.
func isMask(s *config.Storage, list *cursor.At, i int) bool {
	return list.Name() == "links" && text(s.Links[i].Target) == "/dev/null" && !isSet(s.Links[i].Hard)
}

// unitPaths reports a file in the place of a unit, or a drop-in, of the same config.
func (c nodes) unitPaths(root *cursor.At, cfg *config.Config) {
	const dir = "/etc/systemd/system/"
	units := root.Key("systemd").Key("units")
	taken, masked := map[string]*cursor.At{}, map[string]bool{}
	for i, u := range cfg.Systemd.Units {
		unit := units.Item(i)
		if masks := isSet(u.Mask) && text(u.Contents) == ""; masks || text(u.Contents) != "" {
			taken[dir+u.Name], masked[dir+u.Name] = unit, masks
		}
		for j, d := range u.Dropins {
			if text(d.Contents) != "" {
				taken[dir+u.Name+".d/"+d.Name] = unit.Key("dropins").Item(j)
			}
		}
	}
	if len(taken) == 0 {
		return
	}
	everyNode(root.Key("storage"), &cfg.Storage, func(list *cursor.At, i int, path string) {
		unit, both := taken[path]
		switch at := list.Item(i).Key("path"); {
		case both && !masked[path]:
			at.Errorf(codes.UnitPath, "the path %s is also that of a unit of this config", quote(path)).
				Advise("keep either the unit or this entry").See(unit, "the unit is defined here")
			return
		case both && !isMask(&cfg.Storage, list, i):
			at.Warnf(codes.UnitMaskedContents, "%s is masked: a link to /dev/null takes this place",
				quote(strings.TrimPrefix(path, dir))).Advise("keep either the unit or this entry").
				See(unit, "the unit is masked here").Strictly()
		}
		for up := strings.LastIndexByte(path, '/'); up > len(dir) && len(path) < pathMax; {
			if unit, below := taken[path[:up]]; below {
				list.Item(i).Key("path").Errorf(codes.UnitPath, "the path %s is below that of a unit of this config, "+
					"which is no directory", quote(path)).Advise("put it elsewhere").See(unit,
					"the unit is defined here").Strictly()
				return
			}
			up = strings.LastIndexByte(path[:up], '/')
		}
	})
}
