package leave

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tool"
)

const selinuxConfig = "/etc/selinux/config"

// relabelRecordPath lists what is to be labelled, from before the first of it is made until it is labelled. A run that
// repeats one that was cut off finds directories there that the first has made, and could not tell them from the
// image's; to label all directories of the paths instead would take setfiles, which always goes down, over the whole of
// /etc and /var.
const relabelRecordPath = target.StateDir + "/relabel.json"

// accountFiles are the beginnings of names in /etc that the accounts are in: with backups, locks, and half of an edit.
var accountFiles = [...]string{"passwd", "group", "shadow", "gshadow", "subuid", "subgid", ".pwd.lock"}

var (
	errNoPolicy = errors.New("the root has no SELinux policy, and labels are on")
	errNoType   = errors.New(selinuxConfig + ": SELINUXTYPE is no name of a policy")
)

// labels collects the paths to be labelled.
type labels struct {
	t        *target.Target
	m        *maker
	mode     target.Relabel
	wanted   bool
	found    bool     // there is a policy, or the config may bring one
	accounts bool     // the files of the accounts have been written
	written  []string // links at their ends are followed when they are there
	paths    map[string]struct{}
	parents  bool // some path stands for a directory that the config does not name
}

// planLabels collects what is written for the nodes, units and accounts of the config and for the boot
// (docs/peer/engine.md §11.7), and plans the record, to be written before anything else is, and the labelling, which
// comes last.
func (l *Files) planLabels() (first, last plan.Plan, err error) {
	all := &labels{t: l.t, m: l.m, mode: l.m.Image.Relabel, paths: map[string]struct{}{}, written: l.t.Written(),
		accounts: len(l.cfg.Passwd.Users)+len(l.cfg.Passwd.Groups) > 0}
	s := all.step()
	if err := all.decide(); err != nil || !all.wanted {
		return nil, nil, s.Fail(err)
	}
	noted, err := notedLabels(l.t)
	if err != nil {
		return nil, nil, s.Fail(err)
	}
	maps.Copy(all.paths, noted)
	if err := all.collect(); err != nil {
		return nil, nil, s.Fail(err)
	}
	if len(l.volumes)+len(l.secure) > 0 {
		if err := all.add(keyRecordPath); err != nil {
			return nil, nil, s.Fail(err)
		}
	}
	return all.steps()
}

// collect takes the places of all claims, and what is written for accounts.
func (l *labels) collect() error {
	for _, c := range l.t.Claims() {
		at := c.At
		if c.Top != "" {
			at = c.Top
		}
		if err := l.add(at); err != nil {
			return c.Fail(err)
		}
	}
	for _, file := range l.written {
		at, _, err := l.t.Walk(file, false)
		if err == nil {
			err = l.add(at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// decide settles whether there will be labels. A policy that the config itself writes counts.
func (l *labels) decide() (err error) {
	if l.mode == target.RelabelOff {
		return nil
	}
	if _, l.found, err = policy(l.t); err != nil {
		return err
	}
	l.found = l.found || slices.ContainsFunc(l.t.Claims(), func(c *target.Claim) bool {
		return strings.HasPrefix(c.At, path.Dir(selinuxConfig)+"/")
	})
	l.wanted = l.found || l.mode == target.RelabelOn
	return nil
}

// add collects a resolved path, or, if the directory that it is in has to be made first, the topmost one made.
func (l *labels) add(at string) error {
	first := at
	for d := target.Up(at); d != "/"; d = target.Up(d) {
		found, err := l.t.Before(d)
		if err != nil {
			return err
		}
		if found.Kind != root.Absent {
			break
		}
		first = d
	}
	l.parents = l.parents || first != at
	l.paths[first] = struct{}{}
	return nil
}

// labelRecord is the form of the record.
type labelRecord struct {
	Version int      `json:"version"`
	Paths   []string `json:"paths"`
}

func notedLabels(v target.View) (map[string]struct{}, error) {
	var record labelRecord
	err := target.ReadRecord(v, relabelRecordPath, "a record of SELinux labels", &record, &record.Version)
	noted := make(map[string]struct{}, len(record.Paths))
	for _, at := range record.Paths {
		noted[at] = struct{}{}
	}
	return noted, err
}

func (l *labels) step() plan.Step {
	s := plan.Step{ID: "relabel", Subject: "SELinux labels", Effect: plan.Change}
	if l.mode == target.RelabelAuto {
		s.Effect = plan.Deferred
	}
	return s
}

// steps gives the record and the labelling. The record is left out where the root itself will tell: no directory is
// made that the config does not name.
func (l *labels) steps() (first, last plan.Plan, err error) {
	s := l.step()
	if !l.found && (len(l.paths) > 0 || l.accounts) {
		return nil, nil, s.Fail(errNoPolicy)
	}
	if l.parents {
		if err := l.add(relabelRecordPath); err != nil {
			return nil, nil, err
		}
		first = plan.Plan{l.note()}
	}
	s.Detail = "of " + diag.Count(len(l.paths), "path")
	if l.accounts {
		s.Detail += " and the account files"
	}
	if l.mode == target.RelabelAuto {
		s.Detail += ", if the root has a policy"
	}
	s.Do = func(ctx context.Context) error { return l.relabel(ctx) }
	return first, plan.Plan{s}, nil
}

// note is the step of the record.
func (l *labels) note() plan.Step {
	return plan.Step{
		ID: "relabel-noted", Subject: "record of SELinux labels", Effect: plan.Change,
		Detail: relabelRecordPath + ", until they are set",
		Check: func(context.Context) (plan.State, error) {
			noted, err := notedLabels(target.Of(l.m.Root))
			if err != nil || !contains(noted, l.paths) {
				return plan.Pending, err
			}
			return plan.Done, nil
		},
		Do: func(context.Context) error {
			return l.m.WriteRecord(relabelRecordPath, labelRecord{Version: 1, Paths: slices.Sorted(maps.Keys(l.paths))})
		},
	}
}

func contains(all, some map[string]struct{}) bool {
	for p := range some {
		if _, ok := all[p]; !ok {
			return false
		}
	}
	return true
}

// relabel has setfiles label what there is of the paths. Only when the labels are on disk the record goes.
func (l *labels) relabel(ctx context.Context) error {
	paths, err := l.present(l.m.Root)
	if err != nil || len(paths) == 0 {
		return err
	}
	contexts, found, err := policy(target.Of(l.m.Root))
	if err != nil {
		return err
	}
	if !found && l.mode == target.RelabelOn {
		return errNoPolicy
	}
	if found {
		if err := l.m.setfiles(ctx, contexts, paths); err != nil {
			return err
		}
	}
	if noted, err := l.m.Root.Lstat(relabelRecordPath); err != nil || noted.Kind == root.Absent {
		return err
	}
	if err := l.m.Root.Sync(); err != nil {
		return err
	}
	return l.m.Root.RemoveAll(relabelRecordPath)
}

// setfiles labels paths, and what is below them, in one call. A mode for a root of "/" does not exist: there it is no
// other root at all.
func (m *maker) setfiles(ctx context.Context, contexts string, paths []string) error {
	dir := strings.TrimSuffix(m.Root.Dir(), "/")
	args := []string{"-vF0", "-r", dir, dir + contexts, "-f", "-"}
	if dir == "" {
		args = slices.Delete(args, 1, 3)
	}
	var input strings.Builder
	for _, at := range paths {
		input.WriteString(dir + at + "\x00")
	}
	_, err := m.Tools.Run(ctx, tool.Command{Tool: "setfiles", Args: args, Input: input.String()})
	return err
}

// Label has setfiles label paths of a root, and what is below them, as the root's policy says; nothing where it has
// none, which is an error if mode says so.
func Label(ctx context.Context, m *target.Means, mode target.Relabel, paths ...string) error {
	contexts, found, err := policy(target.Of(m.Root))
	switch {
	case err != nil:
		return err
	case !found && mode == target.RelabelOn:
		return errNoPolicy
	case !found || mode == target.RelabelOff:
		return nil
	}
	return (&maker{m}).setfiles(ctx, contexts, paths)
}

// present gives the paths that are there, sorted. What the steps for accounts have left is looked up now: it depends on
// what was there.
func (l *labels) present(in *root.Root) ([]string, error) {
	all := maps.Clone(l.paths)
	for _, file := range l.written {
		at, err := target.Follow(target.Of(in), file)
		if err != nil {
			return nil, err
		}
		all[at] = struct{}{}
	}
	all[target.StateDir] = struct{}{}
	if l.accounts {
		names, err := in.Names("/etc")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if slices.ContainsFunc(accountFiles[:], func(start string) bool { return strings.HasPrefix(name, start) }) {
				all["/etc/"+name] = struct{}{}
			}
		}
	}
	return topmost(in, slices.Sorted(maps.Keys(all)))
}

// topmost gives those of sorted paths that are there, without what setfiles comes by on its way down from another. It
// stays on the filesystem where it starts.
func topmost(target *root.Root, paths []string) ([]string, error) {
	var there []string
	devices := map[string]uint64{}
	for _, at := range paths {
		// A link counts, wherever it leads: it has a label of its own.
		found, err := target.Lstat(at)
		if err != nil {
			return nil, err
		}
		if found.Kind == root.Absent || isBelow(at, found.Dev, devices) {
			continue
		}
		devices[at] = found.Dev
		there = append(there, at)
	}
	return there, nil
}

// isBelow tells whether a path is below one of others, all with the filesystems that they are on.
func isBelow(at string, device uint64, others map[string]uint64) bool {
	for d := target.Up(at); d != "/"; d = target.Up(d) {
		if other, ok := others[d]; ok {
			return other == device
		}
	}
	other, ok := others["/"]
	return ok && at != "/" && other == device
}

const selinuxLimit = 1 << 20

// policy finds the list of labels of the root's policy. That there is none is no error; a config that cannot be
// understood is.
func policy(v target.View) (contexts string, found bool, err error) {
	content, err := v.ReadFile(selinuxConfig, selinuxLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	kind := policyType(string(content))
	if kind == "" || kind == "." || kind == ".." || strings.Contains(kind, "/") {
		return "", false, errNoType
	}
	at, err := target.Follow(v, path.Join(path.Dir(selinuxConfig), kind, "contexts/files/file_contexts"))
	if err != nil {
		return "", false, err
	}
	f, err := v.Lstat(at)
	return at, f.Kind == root.File, err
}

// defaultPolicy is what libselinux takes where the config names none (selinux_config(5)).
const defaultPolicy = "targeted"

// policyType gives what the first line that sets it says.
func policyType(content string) string {
	for line := range strings.Lines(content) {
		if value, ok := strings.CutPrefix(line, "SELINUXTYPE="); ok {
			return strings.TrimSpace(value)
		}
	}
	return defaultPolicy
}
