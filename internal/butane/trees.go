package butane

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// localFolders is the feature of local folders that become files of the config (docs/peer/butane.md §6).
func localFolders() feature {
	return feature{
		needs: trees,
		fields: []language.Sugar{
			{Path: "storage.trees", Kind: "[object]", Line: "Local directories to embed with everything below them."},
			{Path: "storage.trees.*.local", Required: true, Kind: "string", Line: "The local directory."},
			{Path: "storage.trees.*.path", Kind: "string", Line: "Where its contents go; default /."},
			{Path: "storage.trees.*.group", Kind: "=storage.files.*.group", Needs: treeOwners,
				Line: "The owning group of everything in the tree."},
			{Path: "storage.trees.*.user", Kind: "=storage.files.*.user", Needs: treeOwners,
				Line: "The owner of everything in the tree."},
			{Path: "storage.trees.*.file_mode", Kind: "number", Needs: treeOwners,
				Line: "Permission bits of files; default 0755 for those that somebody may execute, 0644 for others."},
			{Path: "storage.trees.*.dir_mode", Kind: "number", Needs: treeOwners,
				Line: "Permission bits of directories; they are made only if this or an owner is given."},
		},
		check: func(t *translation) {
			for folder := range t.top.To("storage", "trees").Items() {
				if folder.Key("local").Text() == "" {
					folder.Errorf(codes.LocalMissing,
						"a tree needs a local folder").Advise("add local: and the name of a folder")
				}
			}
		},
		lower:   lowerTrees,
		section: "$.storage.trees",
		// A node of the document may get its content, or its target, from a tree.
		absences: []codes.Code{codes.OverwriteNothing, codes.HashWithoutSource, codes.TargetMissing},
		makes:    makesTreeNode,
	}
}

// makesTreeNode tells whether a node lies in a tree that could not be read.
func makesTreeNode(t *translation, item tree.Node) bool {
	for folder := range t.top.To("storage", "trees").Items() {
		base := strings.TrimSuffix(path.Join("/", folder.Key("path").Text()), "/")
		if t.Files != nil && !t.spoilt(folder.Path()) {
			continue
		}
		if strings.HasPrefix(item.Get("path").Text(), base+"/") {
			return true
		}
	}
	return leftOut(t, "$.storage.trees")
}

// lowerTrees embeds local folders (docs/peer/butane.md §6).
func lowerTrees(t *translation) {
	trees := t.top.To("storage", "trees")
	if trees.Count() == 0 {
		return
	}
	g := groundOf(t)
	for folder := range trees.Items() {
		if folder.Key("local").Text() == "" {
			continue // that is told already
		}
		if t.Files == nil {
			t.locals.missing(t.tree(folder))
			if !t.eachTree {
				return
			}
			continue
		}
		root, ok := t.locals.path(t.tree(folder), folder.Key("local").Text())
		if !ok {
			continue
		}
		info, err := fs.Stat(t.Files, root)
		switch {
		case err != nil:
			unreadable(t.tree(folder), "folder", folder.Key("local").Text(), err)
		case !info.IsDir():
			t.tree(folder).Errorf(codes.LocalNoFolder, "%q is not a folder",
				folder.Key("local").Text()).Advise("a single file goes into storage.files, with contents.local")
		default:
			g.embed(folder, root)
		}
	}
	t.index = tree.Index{}
}

// embed walks a folder in the order of its names. Links in it stay links.
func (g *ground) embed(folder *cursor.At, root string) {
	base := folder.Key("path").Text()
	if base == "" {
		base = "/"
	}
	// Errors are reported, and the walk goes on.
	_ = g.t.walk(g.t.Files, root, func(name string, entry fs.DirEntry, err error) error {
		where := path.Join(base, strings.TrimPrefix(name, root))
		if root == "." {
			where = path.Join(base, name)
		}
		switch {
		case err != nil:
			unreadable(g.t.tree(folder), "file", name, err)
		case entry.IsDir():
			g.directory(folder, where)
		case entry.Type().IsRegular():
			g.file(folder, name, where, entry)
		case entry.Type()&fs.ModeSymlink != 0:
			g.link(folder, name, where)
		default:
			g.t.tree(folder).Errorf(codes.LocalKind, "%q is neither a file nor a folder nor a link", name)
		}
		return nil
	})
}

// owned gives a new node the owners that the document says for its tree.
func (g *ground) owned(n tree.Node, folder *cursor.At) {
	for _, name := range []string{"group", "user"} {
		if owner := folder.Key(name); anything(owner) {
			n.Append().AddMember(name, g.t.lower(g.t.shape.At("storage.files.*."+name), owner))
		}
	}
}

// anything: the mapping has a value that is not null.
func anything(a *cursor.At) bool {
	for c := range a.Node().Children() {
		if c.Kind() != tree.Null {
			return true
		}
	}
	return false
}

// directory makes a directory for a folder of a tree, if the document gives it an owner or a mode.
func (g *ground) directory(folder *cursor.At, where string) {
	mode := folder.Key("dir_mode")
	if !mode.Set() && !anything(folder.Key("user")) && !anything(folder.Key("group")) {
		return
	}
	if g.nodes[where].Exists() {
		occupied(folder, where)
		return
	}
	n := g.add(folder.Node(), "directories", where)
	g.owned(n, folder)
	g.mode(n, mode, 0o755)
}

func (g *ground) mode(n tree.Node, wanted *cursor.At, otherwise int) {
	value := g.t.Scalar(wanted.Origin(), tree.Number, fmt.Sprint(otherwise))
	if wanted.Set() {
		value = g.t.Same(wanted.Node())
	}
	n.Append().AddMember("mode", value)
}

// file embeds a file. The document may have an entry for the same path, which says a mode, say, as long as that entry
// has no content.
func (g *ground) file(folder *cursor.At, name, where string, entry fs.DirEntry) {
	n := g.nodes[where]
	contents := n.Get("contents")
	switch {
	case n.Exists() && (g.kinds[where] != "files" || contents.Get("source").Text() != ""):
		occupied(folder, where)
		return
	case !n.Exists():
		n = g.add(folder.Node(), "files", where)
		g.owned(n, folder)
	}
	text, err := g.t.locals.readFile(name)
	if err != nil {
		unreadable(g.t.tree(folder), "file", name, err)
		return
	}
	if !contents.Exists() {
		contents = g.t.Object(folder.Node())
		n.Append().AddMember("contents", contents)
	}
	e := g.t.embed(folder.Node(), text, contents.Get("compression").Text())
	contents.Keep(func(c tree.Node) bool { return c.Key() != "source" && (c.Key() != "compression" || !e.told) })
	e.add(contents.Append())
	if n.Get("mode").Exists() {
		return
	}
	otherwise := 0o644
	if info, err := entry.Info(); err == nil && info.Mode()&0o111 != 0 {
		otherwise = 0o755
	}
	g.mode(n, folder.Key("file_mode"), otherwise)
}

// link makes a link with its target unchanged: the target is a path of the machine, not of the folder.
func (g *ground) link(folder *cursor.At, name, where string) {
	target, err := fs.ReadLink(g.t.Files, name)
	if err != nil {
		unreadable(g.t.tree(folder), "link", name, err)
		return
	}
	n := g.nodes[where]
	switch {
	case n.Exists() && (g.kinds[where] != "links" || n.Get("target").Text() != ""):
		occupied(folder, where)
		return
	case !n.Exists():
		n = g.add(folder.Node(), "links", where)
		g.owned(n, folder)
	}
	n.Keep(func(c tree.Node) bool { return c.Key() != "target" })
	n.Append().AddMember("target", g.t.Scalar(folder.Node(), tree.String, target))
}
