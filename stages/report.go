package stages

import (
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
	"github.com/glowplug-os/glowplug/stages/units"
)

// Report makes data for people of a forecast. Texts says whether what is in files may be shown, as far as everybody may
// read it.
func (f *Forecast) Report(texts bool) *report.Plan {
	p := &report.Plan{}
	of, told := f.partitions(), map[report.Loss]bool{}
	for _, a := range f.Disks.Actions() {
		p.Actions = append(p.Actions, diskAction(a, of, told))
	}
	for _, s := range f.Mounts {
		p.Actions = append(p.Actions, action(report.Mount, s))
	}
	left := f.Files.Results()
	f.close(left)
	f.accountFiles()
	for _, s := range f.Files.Steps {
		a := action(report.Files, s)
		a.Count()
		if strings.HasPrefix(s.ID, units.RemarkID) {
			p.Notes = append(p.Notes, s.Subject+" "+s.Detail)
		}
		if s.Effect != plan.Keep {
			f.changes(&a, left[s.ID], texts)
		}
		p.Actions = append(p.Actions, a)
	}
	p.Notes = append(append(p.Notes, undone(f.Files.Steps, left)...), f.cautions...)
	return p
}

func action(stage report.Stage, s plan.Step) report.Action {
	return report.Action{Stage: stage, ID: s.ID, Effect: s.Effect, Subject: s.Subject, Detail: s.Detail,
		Origin: s.Origin}
}

// partitions tell to which disk a node belongs.
func (f *Forecast) partitions() map[string]string {
	of := map[string]string{}
	for _, a := range f.Actions() {
		if a.After == nil && !strings.HasPrefix(a.Origin, "$.storage.disks.") || len(a.Seen) == 0 {
			continue
		}
		disk := a.Seen[0]
		if of[disk.Node] == "" {
			of[disk.Node] = disk.Path
		}
		for _, l := range []*scene.Layout{a.Before, a.After} {
			if l == nil {
				continue
			}
			for _, each := range l.Parts {
				of[disk.PartitionNode(each.Number)] = of[disk.Node]
			}
		}
	}
	return of
}

// diskNouns are by what the path of an entry begins with.
var diskNouns = []struct {
	list string
	noun report.Noun
}{{"$.storage.disks.", report.Disk}, {"$.storage.raid.", report.Array}, {"$.storage.luks.", report.Volume},
	{"$.storage.filesystems.", report.Filesystem}}

// diskAction is an action on disks. Disks are shown with what their nodes belong to; what goes is told once.
func diskAction(from *kind.Action, of map[string]string, told map[report.Loss]bool) report.Action {
	a := action(report.Disks, from.Step)
	for _, each := range diskNouns {
		if strings.HasPrefix(a.Origin, each.list) {
			a.Noun, a.Thing = each.noun, strings.TrimSuffix(a.Origin, ".wipeTable")
		}
	}
	if strings.Contains(a.Origin, ".partitions.") {
		a.Noun = report.Part
	}
	if len(from.Seen) == 1 {
		a.Group = of[from.Seen[0].Node]
	}
	for _, o := range from.Outcomes {
		a.Outcomes = append(a.Outcomes, report.Outcome(o))
	}
	for _, lost := range from.Loses {
		a.Stays = a.Stays || lost.End
		if each := (report.Loss{Where: lost.Node, What: lost.What}); !told[each] {
			told[each] = true
			a.Loses = append(a.Loses, each)
		}
	}
	if len(from.Loses) > 0 && len(a.Loses) == 0 { // all was told before
		a.Loses = []report.Loss{{Where: from.Seen[0].Node, What: kind.TableLost}}
	}
	a.Before, a.After = layout(from.Before), layout(from.After)
	return a
}

func layout(from *scene.Layout) *report.Layout {
	if from == nil {
		return nil
	}
	l := &report.Layout{Bytes: from.Size, Holds: from.Holds}
	for _, p := range from.Parts {
		l.Partitions = append(l.Partitions, report.Partition{Number: p.Number, Label: p.Label, Start: p.At.Offset,
			Size: p.At.Size})
	}
	return l
}

// changes adds what becomes of places, and what goes there.
func (f *Forecast) changes(a *report.Action, left []plan.Result, texts bool) {
	account := a.Effect == plan.Destroy && strings.HasPrefix(a.ID, "account-effect:")
	if account {
		a.Loses = []report.Loss{{Where: a.Subject, What: a.Detail}}
	}
	for _, r := range left {
		a.Group = r.At
		was, err := f.Root.Lstat(r.At)
		if err != nil {
			continue
		}
		c := report.Change{Path: r.At, Was: before(was), Now: after(r)}
		if texts {
			f.texts(&c, was, r)
		}
		a.Changes = append(a.Changes, c)
		if a.Effect == plan.Destroy && was.Kind == root.Directory {
			if what := f.holding(r.At); account && what != "" {
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

// texts adds those of a file before and after, if everybody may read both, or they are shown without what is secret.
func (f *Forecast) texts(c *report.Change, was root.Facts, r plan.Result) {
	if was.Kind != root.File || r.Made != plan.AFile || r.Content == nil {
		return
	}
	file, account := f.accounts[strings.TrimSuffix(r.At, "-")] // under this name programs keep the last ones
	if !account && (was.Mode&othersRead == 0 || r.Mode >= 0 && r.Mode&othersRead == 0 || f.closed(path.Dir(r.At))) {
		c.Secret = true
		return
	}
	now, known := r.Content()
	old, err := f.Root.ReadFile(r.At, target.TextMost)
	if err != nil || !known || !account && (!isText(string(old)) || !isText(now.Reveal())) {
		return
	}
	if r.Adds {
		now = diag.Secret(old) + now
	}
	c.Texts, c.WasText, c.NowText = true, string(old), now.Reveal()
	if account {
		c.WasText, c.NowText = accounts.Shown(file, diag.Secret(old), now)
	}
}

// accountFiles finds where the account files are.
func (f *Forecast) accountFiles() {
	f.accounts = map[string]string{}
	if f.Root == nil {
		return
	}
	for _, name := range accounts.Editable() {
		f.accounts[name] = name
		if at, err := target.Resolve(f.Root, name); err == nil {
			f.accounts[at] = name
		}
	}
}

// closed tells whether not everybody may go into a directory, or into one above it, as they are or as they will be.
func (f *Forecast) closed(dir string) bool {
	if is, known := f.shut[dir]; known {
		return is
	}
	is := dir != "/" && f.closed(path.Dir(dir))
	found, err := f.Root.Lstat(dir)
	is = is || err != nil || found.Kind == root.Directory && found.Mode&othersEnter == 0
	f.shut[dir] = is
	return is
}

// close takes up the directories that will be such that not everybody may go into them.
func (f *Forecast) close(left map[string][]plan.Result) {
	f.shut = map[string]bool{}
	for _, results := range left {
		for _, r := range results {
			if r.Made == plan.ADirectory && r.Mode >= 0 && r.Mode&othersEnter == 0 {
				f.shut[r.At] = true
			}
		}
	}
}

func isText(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }

// entriesMost bounds the count of what is in a directory.
const entriesMost = 10_000

// holding says what a directory holds; "" for nothing.
func (f *Forecast) holding(at string) string {
	switch n := f.count(at, entriesMost); {
	case n == 0:
		return ""
	case n == 1:
		return "a directory with one entry"
	case n >= entriesMost:
		return fmt.Sprintf("a directory with at least %d entries", entriesMost)
	default:
		return fmt.Sprintf("a directory with %d entries", n)
	}
}

// count counts what is below a directory, up to a number. What cannot be read counts as one entry.
func (f *Forecast) count(dir string, most int) (n int) {
	names, err := f.Root.Names(dir)
	if err != nil {
		return 1
	}
	for _, name := range names {
		if n++; n >= most {
			return n
		}
		at := path.Join(dir, name)
		if found, err := f.Root.Lstat(at); err == nil && found.Kind == root.Directory {
			n += f.count(at, most-n)
		}
	}
	return n
}
