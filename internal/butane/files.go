package butane

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// mountUnits puts units for filesystems under the document's own (docs/peer/butane.md §7).
func (t *translation) mountUnits() {
	filesystems := t.top.key("storage", "filesystems")
	var units []tree.Node
	for fs := range filesystems.items() {
		if with := fs.key("with_mount_unit"); with.isTrue() {
			name, text := t.mountUnit(fs)
			units = append(units, t.object(with.node, "contents", text, "enabled", true, "name", name))
		}
	}
	if len(units) > 0 {
		from := filesystems.node
		t.under(t.object(from, "systemd", t.object(from, "units", t.list(from, units...))))
	}
}

// mountUnit makes the text of one unit. Values stand in it as they are, and there is no line break at the end: other
// programs make the same text, and machines compare it. What systemd would read otherwise is refused before
// (mountUnitLines).
func (t *translation) mountUnit(fs *at) (name, text string) {
	device, format, where := fs.key("device").text(), fs.key("format").text(), fs.key("path").text()
	var options []string
	for option := range fs.key("mount_options").items() {
		options = append(options, option.text())
	}
	remote := t.isRemote(device)
	if remote {
		options = append(options, "_netdev")
	}
	extra := ""
	if len(options) > 0 {
		extra = "Options=" + strings.Join(options, ",") + "\n"
	}
	if format == "swap" && t.Spec >= config.V3_3 {
		return unitPath(device) + ".swap",
			generated + "[Swap]\nWhat=" + device + "\n" + extra + "\n[Install]\nRequiredBy=swap.target"
	}
	fsck := "systemd-fsck@" + unitPath(device) + ".service"
	checked, target := "[Unit]\nRequires="+fsck+"\nAfter="+fsck+"\n\n", "local-fs.target"
	if remote {
		target = "remote-fs.target"
	}
	if format == "virtiofs" {
		checked = "" // its device is a tag, which nothing can check
	}
	return unitPath(where) + ".mount", generated + checked +
		"[Mount]\nWhere=" + where + "\nWhat=" + device + "\nType=" + format + "\n" + extra + "\n" +
		"[Install]\nRequiredBy=" + target
}

// isRemote: the device is an encrypted volume that a Tang server opens, so that it is not there without the network.
func (t *translation) isRemote(device string) bool {
	for _, prefix := range []string{"/dev/mapper/", "/dev/disk/by-id/dm-name-"} {
		if name, ok := strings.CutPrefix(device, prefix); ok && t.tangVolumes()[name] {
			return true
		}
	}
	return false
}

// tangVolumes are the names of the volumes that Tang servers open.
func (t *translation) tangVolumes() map[string]bool {
	if t.remote == nil {
		t.remote = map[string]bool{}
		for luks := range t.top.key("storage", "luks").items() {
			if luks.key("clevis", "tang").count() > 0 {
				t.remote[luks.key("name").text()] = true
			}
		}
	}
	return t.remote
}

// unitPath escapes a path as unit names need it (systemd.unit(5)). Small bytes get one hexadecimal digit, as the peer
// does it: a name that another program has made must be found again.
func unitPath(p string) string {
	p = strings.Trim(p, "/")
	if p == "" {
		return "-"
	}
	var b strings.Builder
	for i := range len(p) {
		switch c := p[i]; {
		case c == '/':
			if p[i-1] != '/' {
				b.WriteByte('-')
			}
		case c == '.' && i > 0, c == ':', c == '_', '0' <= c && c <= '9', 'a' <= c|0x20 && c|0x20 <= 'z':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\x%x`, c)
		}
	}
	return b.String()
}

// A ground is what the config has at each path, to embed local files between it.
type ground struct {
	t     *translation
	nodes map[string]tree.Node
	kinds map[string]string // the list that the node is in
	lists map[string]*tree.Appender
}

// ground looks at the config as it is by now, generated parts included.
func (t *translation) ground() *ground {
	g := &ground{t, map[string]tree.Node{}, map[string]string{}, map[string]*tree.Appender{}}
	for _, kind := range []string{"directories", "files", "links"} {
		for n := range t.config.Get("storage").Get(kind).Children() {
			g.nodes[n.Get("path").Text()], g.kinds[n.Get("path").Text()] = n, kind
		}
	}
	return g
}

// add makes a node of the config at a path.
func (g *ground) add(from tree.Node, kind, where string) tree.Node {
	n := g.t.object(from, "path", where)
	if g.lists[kind] == nil {
		g.lists[kind] = g.t.section(from, "storage", kind).Append()
	}
	g.lists[kind].Add(n)
	g.nodes[where], g.kinds[where] = n, kind
	return n
}

// occupied: two sources of one path are a mistake, even where they agree.
func occupied(a *at, where string) {
	a.errorf(codes.NodeOccupied,
		fmt.Sprintf("the config has something else at %q", where)).Hint = "remove one of the two"
}

// trees embeds local folders (docs/peer/butane.md §6).
func (t *translation) trees() {
	trees := t.top.key("storage", "trees")
	if trees.count() == 0 {
		return
	}
	g := t.ground()
	for folder := range trees.items() {
		if t.Files == nil {
			t.localPath(folder, "")
			return
		}
		root, ok := t.localPath(folder, folder.key("local").text())
		if !ok {
			continue
		}
		info, err := fs.Stat(t.Files, root)
		switch {
		case err != nil:
			unreadable(folder, "folder", folder.key("local").text(), err)
		case !info.IsDir():
			folder.errorf(codes.LocalNoFolder, fmt.Sprintf("%q is not a folder",
				folder.key("local").text())).Hint = "a single file goes into storage.files, with contents.local"
		default:
			g.embed(folder, root)
		}
	}
	t.index = tree.Index{}
}

// embed walks a folder in the order of its names. Links in it stay links; that the folder itself may be one is what the
// peer stumbles over.
func (g *ground) embed(folder *at, root string) {
	base := folder.key("path").text()
	if base == "" {
		base = "/"
	}
	if info, err := fs.Lstat(g.t.Files, root); g.t.Peer && err == nil && info.Mode()&fs.ModeSymlink != 0 {
		g.link(folder, root, path.Join(base))
		return
	}
	// Errors are reported, and the walk goes on.
	_ = fs.WalkDir(g.t.Files, root, func(name string, entry fs.DirEntry, err error) error {
		where := path.Join(base, strings.TrimPrefix(name, root))
		if root == "." {
			where = path.Join(base, name)
		}
		switch {
		case err != nil:
			unreadable(folder, "file", name, err)
		case entry.IsDir():
			g.directory(folder, where)
		case entry.Type().IsRegular():
			g.file(folder, name, where, entry)
		case entry.Type()&fs.ModeSymlink != 0:
			g.link(folder, name, where)
		default:
			folder.errorf(codes.LocalKind, fmt.Sprintf("%q is neither a file nor a folder nor a link", name))
		}
		return nil
	})
}

// owned gives a new node the owners of its tree.
func (g *ground) owned(n tree.Node, folder *at) {
	for _, name := range []string{"group", "user"} {
		if owner := folder.key(name); anything(owner) {
			n.Append().AddMember(name, g.t.lower(documents().At("storage.files.*."+name), owner))
		}
	}
}

// anything: a mapping has more in it than nulls.
func anything(a *at) bool {
	for c := range a.node.Children() {
		if c.Kind() != tree.Null {
			return true
		}
	}
	return false
}

// directory makes a folder of a tree, if the document says anything of it.
func (g *ground) directory(folder *at, where string) {
	mode := folder.key("dir_mode")
	if !mode.set() && !anything(folder.key("user")) && !anything(folder.key("group")) {
		return
	}
	if g.nodes[where].Exists() {
		occupied(folder, where)
		return
	}
	n := g.add(folder.node, "directories", where)
	g.owned(n, folder)
	g.mode(n, mode, 0o755)
}

func (g *ground) mode(n tree.Node, wanted *at, otherwise int) {
	value := g.t.tracer.Scalar(wanted.origin(), tree.Number, fmt.Sprint(otherwise))
	if wanted.set() {
		value = g.t.tracer.Same(wanted.node)
	}
	n.Append().AddMember("mode", value)
}

// file embeds a file. The document may have said something of it before, such as its mode, as long as it has given it
// no content.
func (g *ground) file(folder *at, name, where string, entry fs.DirEntry) {
	n := g.nodes[where]
	contents := n.Get("contents")
	switch {
	case n.Exists() && (g.kinds[where] != "files" || contents.Get("source").Text() != ""):
		occupied(folder, where)
		return
	case !n.Exists():
		n = g.add(folder.node, "files", where)
		g.owned(n, folder)
	}
	text, err := g.t.readFile(name)
	if err != nil {
		unreadable(folder, "file", name, err)
		return
	}
	if !contents.Exists() {
		contents = g.t.tracer.Object(folder.node)
		n.Append().AddMember("contents", contents)
	}
	e := g.t.embed(folder.node, text, contents.Get("compression").Text())
	contents.Keep(func(c tree.Node) bool { return c.Key() != "source" && (c.Key() != "compression" || !e.told) })
	e.add(contents.Append())
	if n.Get("mode").Exists() {
		return
	}
	otherwise := 0o644
	if info, err := entry.Info(); err == nil && info.Mode()&0o111 != 0 {
		otherwise = 0o755
	}
	g.mode(n, folder.key("file_mode"), otherwise)
}

// link makes a link with the target as it is written: it is for the machine, not for the folder.
func (g *ground) link(folder *at, name, where string) {
	target, err := fs.ReadLink(g.t.Files, name)
	if err != nil {
		unreadable(folder, "link", name, err)
		return
	}
	n := g.nodes[where]
	switch {
	case n.Exists() && (g.kinds[where] != "links" || n.Get("target").Text() != ""):
		occupied(folder, where)
		return
	case !n.Exists():
		n = g.add(folder.node, "links", where)
		g.owned(n, folder)
	}
	n.Keep(func(c tree.Node) bool { return c.Key() != "target" })
	n.Append().AddMember("target", g.t.tracer.Scalar(folder.node, tree.String, target))
}

// quadlets writes quadlets as the files that podman looks for (docs/peer/butane.md §8).
func (t *translation) quadlets() {
	quadlets := t.top.key("systemd", "quadlets")
	if quadlets.count() == 0 {
		return
	}
	g := t.ground()
	for q := range quadlets.items() {
		folder := "/etc/containers/systemd/users"
		if q.key("rootful").isTrue() {
			folder = "/etc/containers/systemd"
		}
		name := q.key("name").text()
		where := path.Join(folder, name)
		if of := template(name); of == "" {
			g.text(q, where)
		} else if g.nodes[where].Exists() {
			occupied(q, where)
		} else {
			g.add(q.node, "links", where).Append().AddMember("target", t.tracer.Scalar(q.node, tree.String, of))
		}
		for dropin := range q.key("dropins").items() {
			g.text(dropin, path.Join(where+".d", dropin.key("name").text()))
		}
	}
	t.index = tree.Index{}
}

// text writes the text of a quadlet or a drop-in.
func (g *ground) text(a *at, where string) {
	text, from := a.key("contents").text(), a.key("contents").origin()
	if local := a.key("contents_local"); local.text() != "" {
		var ok bool
		if text, ok = g.t.readLocal(local); !ok {
			return
		}
		from = local.node
	}
	if g.nodes[where].Exists() {
		occupied(a, where)
		return
	}
	n := g.add(a.node, "files", where)
	contents := g.t.tracer.Object(from)
	g.t.embed(from, text, "").add(contents.Append())
	n.Append().AddMember("contents", contents)
	n.Append().AddMember("mode", g.t.tracer.Scalar(a.node, tree.Number, "420"))
}
