package nodes

import (
	"errors"
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// A node is an entry of one of the lists of storage.
type node struct {
	target.Claim
	entry target.Entry

	user, group config.NodeOwner
	mode        *int
	sources     []part      // of a file: contents, then appends
	targetAt    string      // of a hard link: where its target is
	names       uint64      // of a hard link: of what is there, those that the config gives
	ours        bool        // of a hard link: what is there may be what an earlier run has left
	relinks     string      // of a hard link: what becomes of a copy of its target that is there; "" for no copy
	unsure      bool        // of a hard link: its target is on a filesystem of which nothing is known
	apart       bool        // it is made anew as long as what is there has other names, which other nodes change
	unowned     bool        // its owner is given by a name of which nothing is known
	grows       bool        // of a file: what comes after it adds to its end
	differs     bool        // what is there is known to be other than what the node makes
	effect      plan.Effect // once it is planned

	fetched func(*config.Resource) bool // target.Means.Fetched

	new root.Attrs // of a node that is made
	old root.Attrs // of a node that is kept

	found   root.Facts     // what the planner, and then Check, found
	verdict target.Verdict // and what it made of it
	checked bool
	temp    *root.Temp // what Prepare got ready
}

// A part is one source of a file's content.
type part struct {
	config.Resource
	origin string
}

var (
	errNoTarget = errors.New("the link has no target")
)

// entries gives the nodes of a config: directories, files, links, each in the order of the config.
func entries(s config.Storage) []*node {
	all := make([]*node, 0, len(s.Directories)+len(s.Files)+len(s.Links))
	for i, d := range s.Directories {
		n := newNode(target.Directory, d.Node, fmt.Sprintf("$.storage.directories.%d", i))
		n.mode = d.Mode
		all = append(all, n)
	}
	for i, f := range s.Files {
		all = append(all, newFile(f, fmt.Sprintf("$.storage.files.%d", i)))
	}
	for i, l := range s.Links {
		kind := target.Symlink
		if config.Says(l.Hard) {
			kind = target.HardLink
		}
		n := newNode(kind, l.Node, fmt.Sprintf("$.storage.links.%d", i))
		n.Link = config.Says(l.Target)
		all = append(all, n)
	}
	return all
}

// noun is the word for an entry in messages and IDs.
func noun(e target.Entry) string {
	return [...]string{"directory", "file", "file", "link", "hard link"}[e]
}

// kind is what stands at an entry's path once the plan has run.
func kind(e target.Entry) root.Kind {
	return [...]root.Kind{root.Directory, root.File, root.File, root.Symlink, root.File}[e]
}

// newNode takes what all kinds have in common.
func newNode(e target.Entry, c config.Node, origin string) *node {
	what := noun(e)
	return &node{entry: e, user: c.User, group: c.Group, Claim: target.Claim{
		ID: what + ":" + c.Path, Subject: what + " " + diag.Name(c.Path), Origin: origin, Path: c.Path, Kind: kind(e),
		Overwrite: config.Says(c.Overwrite)}}
}

// newFile takes the sources in the order in which they are written. An append without a source appends nothing.
func newFile(f config.File, origin string) *node {
	n := newNode(target.FileWithout, f.Node, origin)
	n.mode = f.Mode
	if f.Contents.Source != nil {
		n.entry = target.FileWithSource
		n.sources = append(n.sources, part{f.Contents, origin + ".contents"})
	}
	for i, a := range f.Append {
		if a.Source != nil {
			n.sources = append(n.sources, part{a, fmt.Sprintf("%s.append.%d", origin, i)})
		}
	}
	return n
}

// check refuses what no filesystem can take, before anything is touched.
func (n *node) check() error {
	if err := target.CheckPath(n.Path); err != nil {
		return err
	}
	if !strings.HasPrefix(n.Path, "/") {
		return target.ErrNotAbsolute
	}
	if n.entry != target.Symlink && n.entry != target.HardLink {
		return nil
	}
	if n.Link == "" {
		return errNoTarget
	}
	return target.CheckPath(n.Link)
}

// isFile tells whether a node has a content.
func (n *node) isFile() bool {
	return n.entry == target.FileWithSource || n.entry == target.FileWithout
}

// depth is the number of components of a clean absolute path.
func depth(p string) int {
	if p == "/" {
		return 0
	}
	return strings.Count(p, "/")
}
