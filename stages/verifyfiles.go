package stages

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/drift"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages/nodes"
)

// passedOver are steps that are not verified: what they do follows from others, is about a run itself, or is told by
// Enablement. IDs begin so.
var passedOver = []string{"account-files", "account-effect:", "ssh-keys-told", "relabel", "keys-noted",
	"luks-keys-noted", "volume-keys-noted", "enable:", "disable:", "state:", "report", "metrics"}

// files tells what the steps of the files stage say of what is there.
func (v *verification) files() {
	for n := range v.f.Files.Steps {
		s := &v.f.Files.Steps[n]
		if s.Effect == plan.Create && v.isHome(s) {
			v.of(s).Find(drift.Differs, s.Subject+" is not there")
			continue
		}
		if v.isPassedOver(s.ID) {
			continue
		}
		i := v.of(s)
		if at := v.unseen(s); at != "" {
			i.Find(drift.NotKnown, diag.Name(at)+" is on a filesystem that is not mounted")
			continue
		}
		if strings.Contains(s.Detail, nodes.NoOwnerKnown) {
			i.Find(drift.NotKnown, nodes.NoOwnerKnown)
		}
		if s.Effect == plan.Keep {
			v.attributes(s, i)
			continue
		}
		v.file(s, i)
	}
}

// unseen is a place of a step that cannot be looked at, as what the config mounts there is not mounted; "" for none.
func (v *verification) unseen(s *plan.Step) string {
	for _, r := range v.left[s.ID] {
		if v.f.Hides(r.At) {
			return r.At
		}
	}
	if isAccount(s) && v.f.Hides(accounts.PasswdFile) {
		return accounts.PasswdFile
	}
	return ""
}

// isHome: a step makes the home of a user whom the last change of the account files has made, as far as can be seen
// (accounts.User.Unfinished). Of others it is not known whether they had one.
func (v *verification) isHome(s *plan.Step) bool {
	left := v.left[s.ID]
	return strings.HasPrefix(s.ID, "account-effect:") && len(left) == 1 && left[0].Made == plan.ADirectory &&
		!v.f.Hides(left[0].At) && !v.f.Hides(accounts.PasswdFile)
}

// isAccount: a step makes, changes or removes a user or a group.
func isAccount(s *plan.Step) bool {
	return strings.HasPrefix(s.ID, "user:") || strings.HasPrefix(s.ID, "group:")
}

func (v *verification) isPassedOver(id string) bool {
	for _, start := range passedOver {
		if strings.HasPrefix(id, start) {
			return true
		}
	}
	return false
}

// file is about a step that has something to do.
func (v *verification) file(s *plan.Step, i *drift.Item) {
	left := v.left[s.ID]
	if strings.HasPrefix(s.ID, "hard link:") && v.isOneFile(left) {
		return // its target is not as described, which that tells
	}
	before := ""
	if !strings.HasPrefix(i.Subject, s.Subject) {
		before = s.Subject + ": "
	}
	if s.Effect == plan.Deferred {
		i.Find(drift.NotKnown, before+s.Detail)
		return
	}
	if isAccount(s) {
		for _, what := range accountWords(s) {
			i.Find(drift.Differs, what)
		}
		return
	}
	a := report.Action{Effect: s.Effect}
	v.t.changes(&a, left)
	for n := range a.Changes {
		c := &a.Changes[n]
		r := &left[n]
		if v.adds(s, c, r) {
			continue
		}
		if err := v.unreadable(c, r); err != nil {
			i.Find(drift.NotKnown, before+v.q.advised(err).Error())
			continue
		}
		for _, what := range differences(c, r) {
			i.Find(drift.Differs, before+what)
		}
		if c.Texts && c.Was.Kind != "" {
			i.Lines = append(i.Lines, report.Difference(c.WasText, c.NowText)...)
		}
	}
	if len(a.Changes) == 0 {
		i.Find(drift.Differs, before+effectWords(s.Effect))
	}
}

// effectWords are about what only a boot leaves.
func effectWords(e plan.Effect) string {
	if e == plan.Create {
		return "is not there"
	}
	return "is not as a boot leaves it"
}

// unreadable is why a file cannot be read of which nothing else differs: a planner takes it for another one.
func (v *verification) unreadable(c *report.Change, r *plan.Result) error {
	if c.Was.Kind != "file" || r.Made != plan.AFile || len(attributeWords(c)) > 0 {
		return nil
	}
	f, err := v.f.Root.Open(r.At)
	if err == nil {
		_ = f.Close()
	}
	return err
}

// isOneFile: a hard link and its target are one file.
func (v *verification) isOneFile(left []plan.Result) bool {
	if len(left) != 1 || left[0].Of == "" {
		return false
	}
	a, failed := v.f.Root.Lstat(left[0].At)
	b, err := v.f.Root.Lstat(left[0].Of)
	return failed == nil && err == nil && a.Kind == root.File && a.Kind == b.Kind && a.Ino == b.Ino && a.Dev == b.Dev
}

// accountWords say how an account differs: "shell /bin/sh, not /bin/bash".
func accountWords(s *plan.Step) []string {
	switch s.Effect {
	case plan.Create:
		return []string{"is not there"}
	case plan.Destroy:
		return []string{"is there"}
	}
	words := strings.ReplaceAll(s.Detail, " → ", ", not ")
	return []string{strings.ReplaceAll(words, "password set", "another password")}
}

// adds: what is appended to a file is in it, be it that other things are after it by now.
func (v *verification) adds(s *plan.Step, c *report.Change, r *plan.Result) bool {
	if !r.Adds || len(attributeWords(c)) > 0 || r.Content == nil || s.Effect != plan.Change {
		return false
	}
	text, known := r.Content()
	if !known || text == "" {
		return false
	}
	there, err := v.f.Root.ReadFile(r.At, target.TextMost)
	return err == nil && strings.Contains(string(there), text.Reveal())
}

// differences say how a path differs; nothing but that it does where it is not known how.
func differences(c *report.Change, r *plan.Result) []string {
	switch {
	case c.Was.Kind == "" && c.Now.Kind != "":
		return []string{"is not there"}
	case c.Now.Kind == "":
		return []string{"is there, as " + article(c.Was.Kind)}
	case c.Was.Kind == "file" && c.Now.Kind == "hard link":
		return []string{"is a file of its own, and not " + diag.Name(c.Now.Link)}
	case c.Was.Kind != c.Now.Kind:
		return []string{"is " + article(c.Was.Kind) + ", not " + article(c.Now.Kind)}
	}
	all := attributeWords(c)
	switch {
	case c.Sizes && c.Was.Size != c.Now.Size:
		all = append(all, fmt.Sprintf("another content, of %s, not %d", diag.Count(c.Was.Size, "byte"), c.Now.Size))
	case c.Texts && c.WasText != c.NowText, c.Sizes:
		all = append(all, "another content")
	case len(all) == 0 && r.Adds:
		all = append(all, "lacks what the config appends")
	case len(all) == 0 && c.Was.Kind == "directory":
		all = append(all, "is to be made anew")
	case len(all) == 0:
		all = append(all, "another content")
	}
	return all
}

// attributeWords are about mode, owner and where a link leads.
func attributeWords(c *report.Change) (all []string) {
	if c.Now.Mode >= 0 && c.Was.Mode >= 0 && c.Now.Mode != c.Was.Mode {
		all = append(all, fmt.Sprintf("mode %04o, not %04o", c.Was.Mode, c.Now.Mode))
	}
	uid, gid := c.Now.UID, c.Now.GID
	if uid < 0 {
		uid = c.Was.UID
	}
	if gid < 0 {
		gid = c.Was.GID
	}
	if uid != c.Was.UID || gid != c.Was.GID {
		all = append(all, fmt.Sprintf("owner %d:%d, not %d:%d", c.Was.UID, c.Was.GID, uid, gid))
	}
	if c.Was.Link != "" && c.Now.Link != c.Was.Link {
		all = append(all, "leads to "+diag.Name(c.Was.Link)+", not "+diag.Name(c.Now.Link))
	}
	return all
}

func article(kind string) string { return "a " + kind }

// rights are extended attributes that give rights which the mode does not show (capabilities(7), acl(5)).
var rights = map[string]string{"security.capability": "file capabilities", "system.posix_acl_access": "an access list"}

// given says in words what an extended attribute is that somebody has given a file; "" for one that the kernel and its
// policies give.
func given(attribute string) string {
	if strings.HasPrefix(attribute, "user.") {
		return "the attribute " + diag.Name(attribute)
	}
	return rights[attribute]
}

// attributes finds what a file with a content of the config would not have. Labels are the policy's business.
func (v *verification) attributes(s *plan.Step, i *drift.Item) {
	left := v.left[s.ID]
	if v.f.Trees == nil || len(left) != 1 || left[0].Made != plan.AFile || left[0].Adds || left[0].Content == nil {
		return
	}
	_ = v.f.Trees.Through(left[0].At, func(n root.Node) error {
		all, err := n.In.Attributes()
		for _, a := range all {
			if what := given(a.Name); err == nil && what != "" {
				i.Find(drift.Differs, "has "+what+", which the config does not give")
			}
		}
		return fs.SkipAll
	})
}
