package rules

import (
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/field"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Document holds a document against every rule of its version and looks for items that are there twice. An object in
// which a value was of the wrong kind is left out: rules would report the absence of that value. So is what configs
// may put right that this one refers to: the machine gets the whole, and the whole is judged.
func Document(doc *document.Document) []diag.Problem {
	var all diag.List
	all.Add(diag.Standing(Rules(doc), others(doc.Config()))...)
	all.Add(doc.Duplicates()...)
	return all.All()
}

// Rules holds a document against every rule of its version. It is for a merged config, in which merging has left
// nothing that is there twice.
func Rules(doc *document.Document) []diag.Problem {
	c := newChecker(doc)
	c.config(doc.Cursor(&c.log), doc.Config())
	return c.log.All()
}

// others tells what becomes of the entries of a config by those that it refers to.
func others(cfg *config.Config) diag.Mends {
	switch {
	case cfg.Ignition.Config.Replace.Source != nil:
		return diag.Replacing
	case len(cfg.Ignition.Config.Merge) > 0:
		return diag.Merging
	}
	return diag.Nothing
}

// A checker is the work on one document. The rules of each subject are methods of a type around it.
type checker struct {
	doc     *document.Document
	version config.Version
	log     cursor.Log
}

func newChecker(doc *document.Document) *checker {
	c := &checker{doc: doc, version: doc.Version}
	c.log.Mends = diag.Merging
	return c
}

// fetching judges what fetching goes by, which takes effect before another config is there.
func (c *checker) fetching(judge func()) {
	c.log.Mends = diag.Nothing
	judge()
	c.log.Mends = diag.Merging
}

type (
	sources struct{ *checker }
	passwd  struct{ *checker }
	nodes   struct{ *checker }
	disks   struct{ *checker }
	units   struct{ *checker }
)

func (c *checker) config(root *cursor.At, cfg *config.Config) {
	nodes{c}.unitPaths(root, cfg)
	c.fetching(func() { sources{c}.ignition(root.Key("ignition"), &cfg.Ignition) })
	passwd{c}.accounts(root.Key("passwd"), &cfg.Passwd)
	passwd{c}.owners(root, cfg)
	nodes{c}.overMounts(root.Key("storage"), &cfg.Storage)
	c.storage(root.Key("storage"), &cfg.Storage)
	units{c}.systemd(root.Key("systemd"), &cfg.Systemd)
	c.fields(cfg)
}

func (c *checker) storage(a *cursor.At, s *config.Storage) {
	nodes, disks := nodes{c}, disks{c}
	nodes.belowLinks(a, s)
	disks.filesystemsOnDisks(a.Key("filesystems"), s)
	nodes.belowFiles(a, s)
	disks.sharedNames(a, s)
	each(a.Key("directories"), s.Directories, nodes.directory)
	each(a.Key("disks"), s.Disks, disks.disk)
	each(a.Key("files"), s.Files, nodes.file)
	each(a.Key("filesystems"), s.Filesystems, disks.filesystem)
	each(a.Key("links"), s.Links, func(a *cursor.At, l *config.Link) { nodes.node(a, &l.Node) })
	each(a.Key("luks"), s.Luks, disks.luks)
	each(a.Key("raid"), s.Raid, disks.raid)
}

// each calls the rules of every item of a list.
func each[T any](list *cursor.At, items []T, rules func(*cursor.At, *T)) {
	for i := range items {
		rules(list.Item(i), &items[i])
	}
}

// known lists the values that the field at a path takes in the version of the document, with commas between them.
func (c *checker) known(path string) string {
	return strings.Join(config.Names(config.FieldAt(path).In(c.version)), ", ")
}

// fields holds values that become a line, an argument or a name against the table of package field. The peer has no
// such rules.
func (c *checker) fields(cfg *config.Config) {
	for _, row := range append(field.Rows(), field.PathRows()...) {
		c.judgeText(cfg, row.Path, func(value string) *diag.Fault {
			f, _ := row.Check(value)
			return f
		})
	}
}

// judgeText holds the values at a pattern of paths against a rule that the peer does not have.
func (c *checker) judgeText(cfg *config.Config, pattern string, judge func(text string) *diag.Fault) {
	index, mends := tree.Index{}, mendsOf(pattern)
	cfg.Values(pattern, func(path func() string, value string) bool {
		f := judge(value)
		if f == nil || c.doc.Unread(path) {
			return true
		}
		if p, kept := c.log.Next(diag.Problem{Severity: diag.Error, Code: f.Code, Stricter: true, Mends: mends}); kept {
			p.Place, p.Path, p.Message, p.Hint = c.doc.At(path(), index).Place(), path(), f.Message, f.Hint
		}
		return true
	})
}

// mendsOf tells what puts a value right at a pattern of paths. Merging changes neither what identifies an entry nor an
// item of a list of strings, and removes nothing but headers (docs/peer/spec.md §5).
func mendsOf(pattern string) diag.Mends {
	list, member, _ := cutLast(pattern, ".*.")
	switch l := config.FieldAt(list).List; {
	case strings.HasPrefix(pattern, "ignition."):
		return diag.Nothing
	case strings.HasSuffix(pattern, ".*"), l.Mode == config.Keyed && l.Key == member:
		return diag.Replacing
	}
	return diag.Merging
}

// cutLast is strings.Cut at the last separator.
func cutLast(s, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(s, separator); i >= 0 {
		return s[:i], s[i+len(separator):], true
	}
	return s, "", false
}

func isSet(b *bool) bool { return b != nil && *b }

// text is a string's value, "" where it is absent.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// number is an integer's value, 0 where it is absent.
func number(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

// absolute is the rule for every path of the language, for a path under a key. No cursor is made where the path is
// right.
func absolute(a *cursor.At, key, p string) {
	if p == "" || p[0] != '/' || cleanPath(p) != p {
		absoluteAt(a.Key(key), p)
	}
}

func absoluteAt(a *cursor.At, p string) {
	switch clean := cleanPath(p); {
	case p == "" && a.Name() == "device":
		a.Errorf(codes.PathMissing, "the device is missing").Advise(`add "device": the path of one, such as /dev/vda`)
	case p == "":
		a.Errorf(codes.PathMissing, "a path is missing").Advise(`add an absolute path`)
	case p[0] != '/':
		a.Errorf(codes.PathRelative, "the path %s is not absolute", quote(p)).Advise("start it with /")
	case clean != p:
		a.Errorf(codes.PathUnclean, "the path %s is not in its shortest form", quote(p)).
			Advise("write %s", quote(clean)).Write(a, clean)
	}
}

// notNegative reports a number below zero, which the peer lets through. One that identifies an entry stays.
func notNegative(a *cursor.At, key, what string, n *int) {
	if n != nil && *n < 0 {
		f := a.Key(key).Errorf(codes.NumberNegative, "%s cannot be negative", what).Strictly()
		if key == "number" {
			f.Mends = diag.Replacing
		}
	}
}

// notEmpty reports an empty name, which the peer lets through. It stays, as it identifies the entry.
func notEmpty(a *cursor.At, what, name string) {
	if name == "" {
		a.Errorf(codes.NameEmpty, "%s needs a name", what).Advise("add %q", "name").Strictly().Mends = diag.Replacing
	}
}

func quote(s string) string {
	if len(s) > 200 {
		s = s[:200] + "…"
	}
	return strconv.Quote(s)
}
