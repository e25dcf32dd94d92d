package files

import (
	"errors"
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
)

// entry is what a config can ask for at a path. A file whose contents have no source is a case of its own: it takes
// what is there as it is.
type entry uint8

const (
	directory entry = iota
	fileWithSource
	fileWithout
	symlink
	hardLink
)

// A node is an entry of one of the lists of storage.
type node struct {
	kind      entry
	origin    string
	path      string // as the config has it
	at        string // where that is, no links on the way
	missing   bool   // the directory of at is not there yet
	overwrite bool

	user, group config.NodeOwner
	mode        *int
	sources     []part // of a file: contents, then appends
	target      string // of a link, as the config has it
	targetAt    string // of a hard link: where that is
	names       uint64 // of a hard link: of what is there, those that the config gives
	ours        bool   // of a hard link: what is there may be what an earlier run has left
	apart       bool   // it is made anew as long as what is there has other names, which other nodes change

	new attributes // of a node that is made
	old attributes // of a node that is kept

	found   root.Facts // what Check found
	verdict verdict    // and what it made of it
	checked bool
	temp    *root.Temp // what Prepare got ready
	err     error
}

// A part is one source of a file's content.
type part struct {
	config.Resource
	origin string
}

// attributes are what a node's owner and mode are to be.
type attributes = root.Attrs

const (
	nameMax = 255  // NAME_MAX, of every filesystem that Linux boots from
	pathMax = 4095 // PATH_MAX without its NUL
)

var (
	errNotAbsolute = errors.New("the path is not absolute")
	errNUL         = errors.New("the path has a NUL byte")
	errTooLong     = errors.New("the path is longer than 4095 bytes")
	errNameTooLong = errors.New("a name in the path is longer than 255 bytes")
	errNoTarget    = errors.New("the link has no target")
)

// entries gives the nodes of a config: directories, files, links, each in the order of the config.
func entries(s config.Storage) ([]*node, error) {
	all := make([]*node, 0, len(s.Directories)+len(s.Files)+len(s.Links))
	for i, d := range s.Directories {
		all = append(all, newNode(directory, d.Node, d.Mode, fmt.Sprintf("$.storage.directories.%d", i)))
	}
	for i, f := range s.Files {
		all = append(all, newFile(f, fmt.Sprintf("$.storage.files.%d", i)))
	}
	for i, l := range s.Links {
		kind := symlink
		if is(l.Hard) {
			kind = hardLink
		}
		n := newNode(kind, l.Node, nil, fmt.Sprintf("$.storage.links.%d", i))
		n.target = text(l.Target)
		all = append(all, n)
	}
	for _, n := range all {
		if err := n.check(); err != nil {
			return nil, n.fail(err)
		}
	}
	return all, nil
}

// newNode takes what all kinds have in common.
func newNode(kind entry, c config.Node, mode *int, origin string) *node {
	return &node{
		kind: kind, origin: origin, path: c.Path, overwrite: is(c.Overwrite),
		user: c.User, group: c.Group, mode: mode,
	}
}

// newFile takes the sources in the order in which they are written. An append without a source appends nothing.
func newFile(f config.File, origin string) *node {
	n := newNode(fileWithout, f.Node, f.Mode, origin)
	if f.Contents.Source != nil {
		n.kind = fileWithSource
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
	if err := checkPath(n.path); err != nil {
		return err
	}
	if !strings.HasPrefix(n.path, "/") {
		return errNotAbsolute
	}
	if n.kind != symlink && n.kind != hardLink {
		return nil
	}
	if n.target == "" {
		return errNoTarget
	}
	return checkPath(n.target)
}

// checkPath refuses what the kernel would refuse too, but only once parents have been made.
func checkPath(p string) error {
	switch {
	case strings.ContainsRune(p, 0):
		return errNUL
	case len(p) > pathMax:
		return errTooLong
	}
	for name := range strings.SplitSeq(p, "/") {
		if len(name) > nameMax {
			return errNameTooLong
		}
	}
	return nil
}

// noun is the word for the node in messages and IDs.
func (n *node) noun() string {
	return [...]string{"directory", "file", "file", "link", "hard link"}[n.kind]
}

func (n *node) subject() string { return n.noun() + " " + diag.Name(n.path) }

// fail names the node in an error.
func (n *node) fail(err error) error {
	return plan.Step{ID: n.noun() + ":" + n.path, Subject: n.subject(), Origin: n.origin}.Fail(err)
}

// final is what kind of thing stands at the node's path once the plan has run.
func (n *node) final() root.Kind {
	switch n.kind {
	case directory:
		return root.Directory
	case symlink:
		return root.Symlink
	default:
		return root.File
	}
}

func is(b *bool) bool { return b != nil && *b }

// text gives "" for an absent string, where the two mean the same.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// depth is the number of components of a clean absolute path.
func depth(p string) int {
	if p == "/" {
		return 0
	}
	return strings.Count(p, "/")
}

// up gives the directory of a clean absolute path, as a part of the same string.
func up(p string) string { return p[:max(1, strings.LastIndexByte(p, '/'))] }
