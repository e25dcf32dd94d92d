package stages

import (
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// A teller tells of what the files stage does to a root, and of what is there.
type teller struct {
	root  target.View // nil where nothing is to be told
	trees target.Whole
	texts bool // what is in files may be shown
	// shut tells of directories whether not everybody may go into them.
	shut map[string]bool
	// accounts are the account files by their places.
	accounts map[string]string
}

// newTeller takes up the directories that will be such that not everybody may go into them, and where account files
// are.
func newTeller(view target.View, trees target.Whole, left map[string][]plan.Result, texts bool) *teller {
	t := &teller{root: view, trees: trees, texts: texts, shut: map[string]bool{}, accounts: accountPlaces(view)}
	for _, results := range left {
		for _, r := range results {
			if r.Made == plan.ADirectory && r.Mode >= 0 && r.Mode&othersEnter == 0 {
				t.shut[r.At] = true
			}
		}
	}
	return t
}

// accountPlaces are the account files by their places.
func accountPlaces(view target.View) map[string]string {
	places := map[string]string{}
	if view == nil {
		return places
	}
	for _, name := range accounts.Editable() {
		places[name] = name
		if at, err := target.Resolve(view, name); err == nil {
			places[at] = name
		}
	}
	return places
}

// changes adds what becomes of places, and what goes there.
func (t *teller) changes(a *report.Action, left []plan.Result) {
	account := a.Effect == plan.Destroy && strings.HasPrefix(a.ID, "account-effect:")
	if account {
		a.Loses = []report.Loss{{Where: a.Subject, What: a.Detail}}
	}
	for _, r := range left {
		a.Group = r.At
		was, err := t.root.Lstat(r.At)
		if err != nil {
			continue
		}
		c := report.Change{Path: r.At, Was: before(was), Now: after(r)}
		if t.texts {
			t.show(&c, was, r)
		}
		a.Changes = append(a.Changes, c)
		if a.Effect == plan.Destroy && was.Kind == root.Directory {
			if what := t.holding(r.At); account && what != "" {
				a.Loses[0].What = what
			} else if what != "" {
				a.Loses = append(a.Loses, report.Loss{Where: diag.Name(r.At), What: what})
			}
		}
	}
	if len(left) > 1 {
		a.Group = ""
	}
}

func before(f root.Facts) report.Node {
	kinds := map[root.Kind]string{root.File: "file", root.Directory: "directory", root.Symlink: "link",
		root.Other: "device, fifo or socket"}
	n := report.Node{Kind: kinds[f.Kind], Mode: int64(f.Mode), UID: int64(f.UID), GID: int64(f.GID), Link: f.Target}
	if f.Kind == root.Symlink {
		n.Mode = -1
	}
	return n
}

func after(r plan.Result) report.Node {
	n := report.Node{Kind: r.Made.String(), Mode: r.Mode, UID: r.UID, GID: r.GID, Link: r.Link}
	if r.Made == plan.Nothing {
		n.Kind = ""
	}
	return n
}

const (
	othersRead  = 0o004
	othersEnter = 0o001
)

// show adds the texts of a file before and after, if everybody may read both, or they are shown without what is secret.
func (t *teller) show(c *report.Change, was root.Facts, r plan.Result) {
	if was.Kind != root.File || r.Made != plan.AFile || r.Content == nil {
		return
	}
	file, account := t.accounts[strings.TrimSuffix(r.At, "-")] // under this name programs keep the last ones
	if !account && (was.Mode&othersRead == 0 || r.Mode >= 0 && r.Mode&othersRead == 0 || t.closed(path.Dir(r.At))) {
		c.Secret = true
		return
	}
	now, known := r.Content()
	old, err := t.root.ReadFile(r.At, target.TextMost)
	if !known || err != nil && was.Size <= target.TextMost {
		return
	}
	if r.Adds && now == "" {
		return
	}
	if r.Adds {
		now = diag.Secret(old) + now
	}
	if err != nil || !account && (!isText(string(old)) || !isText(now.Reveal())) {
		c.Sizes, c.Was.Size, c.Now.Size = err != nil || now != diag.Secret(old), was.Size, int64(len(now))
		return
	}
	c.Texts, c.WasText, c.NowText = true, string(old), now.Reveal()
	if account {
		c.WasText, c.NowText = accounts.Shown(file, diag.Secret(old), now)
	}
}

// closed tells whether not everybody may go into a directory, or into one above it, as they are or as they will be.
func (t *teller) closed(dir string) bool {
	if is, known := t.shut[dir]; known {
		return is
	}
	is := dir != "/" && t.closed(path.Dir(dir))
	found, err := t.root.Lstat(dir)
	is = is || err != nil || found.Kind == root.Directory && found.Mode&othersEnter == 0
	t.shut[dir] = is
	return is
}

func isText(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }

// entriesMost bounds the count of what is in a directory.
const entriesMost = 10_000

// holding says what a directory holds; "" for nothing.
func (t *teller) holding(at string) string {
	n, all := t.count(at)
	switch {
	case n == 0 && !all:
		return "a directory that cannot be looked into"
	case n == 0:
		return ""
	case !all:
		return "a directory with at least " + diag.Count(n, "entry")
	}
	return "a directory with " + diag.Count(n, "entry")
}

// count counts what is below a directory, up to a number, and tells whether that is all.
func (t *teller) count(dir string) (n int, all bool) {
	all = true
	err := t.trees.Through(dir, func(node root.Node) error {
		if node.Depth > 0 {
			n++
		}
		all = all && (node.Err == nil || node.Kind != root.Directory)
		if n < entriesMost {
			return nil
		}
		all = false
		return fs.SkipAll
	})
	return n, all && err == nil
}
