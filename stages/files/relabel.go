package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// Relabel says whether what the files stage writes gets SELinux labels. In the initramfs no policy is loaded, so
// nothing has one by itself.
type Relabel uint8

// The choices. RelabelAuto is on for a root that has a policy; RelabelOn takes it for an error if it has none.
const (
	RelabelAuto Relabel = iota
	RelabelOn
	RelabelOff
)

var errRelabel = errors.New("may be auto, on or off")

// UnmarshalText reads "auto", "on" or "off"; the words of the peer's build option, true, 1, false and 0, are good too.
func (r *Relabel) UnmarshalText(text []byte) error {
	switch string(text) {
	case "auto":
		*r = RelabelAuto
	case "on", "true", "1":
		*r = RelabelOn
	case "off", "false", "0":
		*r = RelabelOff
	default:
		return errRelabel
	}
	return nil
}

const selinuxConfig = "/etc/selinux/config"

// relabelRecordPath lists what is to be labelled, from before the first of it is made until it is labelled. A run that
// repeats one that was cut off finds directories there that the first has made, and could not tell them from the
// image's; to label all directories of the paths instead would take setfiles, which always goes down, over the whole of
// /etc and /var.
const relabelRecordPath = stateDir + "/relabel.json"

// accountFiles are the beginnings of names in /etc that the accounts are in: with backups, locks, and half of an edit.
var accountFiles = [...]string{"passwd", "group", "shadow", "gshadow", "subuid", "subgid", ".pwd.lock"}

var (
	errNoPolicy = errors.New("the root has no SELinux policy, and labels are on")
	errNoType   = errors.New(selinuxConfig + ": SELINUXTYPE is no name of a policy")
)

// labels collects the paths to be labelled.
type labels struct {
	world    *world
	mode     Relabel
	wanted   bool
	found    bool     // there is a policy, or the config may bring one
	accounts bool     // the files of the accounts have been written
	written  []string // links at their ends are followed when they are there
	paths    map[string]struct{}
	noted    map[string]struct{} // by an earlier run
	parents  bool                // some path stands for a directory that the config does not name
}

// newLabels collects what the nodes, units and accounts of the config write (docs/peer/engine.md §11.7). The collection
// is empty, and stays so, where no labels are wanted.
func (p *planner) newLabels(cfg config.Config, nodes []*node, b *Boot) (*labels, error) {
	l := &labels{world: p.world, mode: b.Relabel, paths: map[string]struct{}{}}
	s := l.step()
	var err error
	if err = l.decide(nodes); err != nil || !l.wanted {
		return l, s.Fail(err)
	}
	if l.noted, err = notedLabels(p.world.view); err != nil {
		return l, s.Fail(err)
	}
	maps.Copy(l.paths, l.noted)
	for _, n := range nodes {
		if err := l.add(n.at); err != nil {
			return l, n.fail(err)
		}
	}
	l.accounts = len(cfg.Passwd.Users)+len(cfg.Passwd.Groups) > 0
	l.written = b.Written
	for _, file := range b.Written {
		if err := l.addPath(file); err != nil {
			return l, s.Fail(err)
		}
	}
	return l, s.Fail(l.units(cfg.Systemd.Units, p.worker.presetAt))
}

// units collects the files of units. A unit's directory of drop-ins is labelled as one.
func (l *labels) units(all []config.Unit, presetAt string) error {
	for _, u := range all {
		for _, d := range u.Dropins {
			if d.Contents == nil {
				continue
			}
			at, err := l.world.resolve(path.Join(unitDir, u.Name+".d", d.Name))
			if err == nil {
				err = l.add(up(at))
			}
			if err != nil {
				return err
			}
		}
		if is(u.Mask) || text(u.Contents) != "" {
			if err := l.addPath(path.Join(unitDir, u.Name)); err != nil {
				return err
			}
		}
	}
	if presetAt == "" {
		return nil
	}
	return l.add(presetAt)
}

// decide settles whether there will be labels. A policy that the config itself writes counts.
func (l *labels) decide(nodes []*node) (err error) {
	if l.mode == RelabelOff {
		return nil
	}
	if _, l.found, err = policy(l.world.view); err != nil {
		return err
	}
	l.found = l.found ||
		slices.ContainsFunc(nodes, func(n *node) bool { return strings.HasPrefix(n.at, path.Dir(selinuxConfig)+"/") })
	l.wanted = l.found || l.mode == RelabelOn
	return nil
}

// addPath is add for a path that may lead through links.
func (l *labels) addPath(file string) error {
	at, err := l.world.resolve(file)
	if err != nil {
		return err
	}
	return l.add(at)
}

// add collects a resolved path, or, if the directory that it is in has to be made first, the topmost one made.
func (l *labels) add(at string) error {
	if !l.wanted {
		return nil
	}
	first := at
	for d := up(at); d != "/"; d = up(d) {
		found, err := l.world.before(d)
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

func notedLabels(v View) (map[string]struct{}, error) {
	var record labelRecord
	if err := readRecord(v, relabelRecordPath, &record); err != nil {
		return nil, err
	}
	noted := make(map[string]struct{}, len(record.Paths))
	for _, at := range record.Paths {
		noted[at] = struct{}{}
	}
	return noted, nil
}

func (l *labels) step() plan.Step {
	s := plan.Step{ID: "relabel", Subject: "SELinux labels", Effect: plan.Change}
	if l.mode == RelabelAuto {
		s.Effect = plan.Deferred
	}
	return s
}

// steps gives the record, to be written before anything else is, and the labelling, which comes last. The record is
// left out where the root itself will tell: no directory is made that the config does not name.
func (l *labels) steps(w *worker) (first, last plan.Plan, err error) {
	s := l.step()
	switch {
	case !l.wanted:
		return nil, nil, nil
	case !l.found && (len(l.paths) > 0 || l.accounts):
		return nil, nil, s.Fail(errNoPolicy)
	}
	if l.parents {
		if err := l.add(relabelRecordPath); err != nil {
			return nil, nil, err
		}
		first = plan.Plan{l.note(w)}
	}
	s.Detail = fmt.Sprintf("of %d paths", len(l.paths))
	if l.accounts {
		s.Detail += " and the account files"
	}
	if l.mode == RelabelAuto {
		s.Detail += ", if the root has a policy"
	}
	s.Do = func(ctx context.Context) error { return l.relabel(ctx, w) }
	return first, plan.Plan{s}, nil
}

// note is the step of the record.
func (l *labels) note(w *worker) plan.Step {
	return plan.Step{
		ID: "relabel-noted", Subject: "record of SELinux labels", Effect: plan.Change,
		Detail: relabelRecordPath + ", until they are set",
		Check: func(context.Context) (plan.State, error) {
			noted, err := notedLabels(w.Root)
			if err != nil || !contains(noted, l.paths) {
				return plan.Pending, err
			}
			return plan.Done, nil
		},
		Do: func(context.Context) error {
			return w.writeRecord(relabelRecordPath, labelRecord{Version: 1, Paths: slices.Sorted(maps.Keys(l.paths))})
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
func (l *labels) relabel(ctx context.Context, w *worker) error {
	paths, err := l.present(w.Root)
	if err != nil || len(paths) == 0 {
		return err
	}
	contexts, found, err := policy(w.Root)
	if err != nil {
		return err
	}
	if !found && l.mode == RelabelOn {
		return errNoPolicy
	}
	if found {
		if err := setfiles(ctx, w, contexts, paths); err != nil {
			return err
		}
	}
	if noted, err := w.Root.Lstat(relabelRecordPath); err != nil || noted.Kind == root.Absent {
		return err
	}
	if err := w.Root.Sync(); err != nil {
		return err
	}
	return w.Root.RemoveAll(relabelRecordPath)
}

// setfiles labels paths, and what is below them, in one call. A mode for a root of "/" does not exist: there it is no
// other root at all.
func setfiles(ctx context.Context, w *worker, contexts string, paths []string) error {
	dir := strings.TrimSuffix(w.Root.Dir(), "/")
	args := []string{"-vF0", "-r", dir, dir + contexts, "-f", "-"}
	if dir == "" {
		args = slices.Delete(args, 1, 3)
	}
	var input strings.Builder
	for _, at := range paths {
		input.WriteString(dir + at + "\x00")
	}
	_, err := w.Tools.Run(ctx, tool.Command{Tool: "setfiles", Args: args, Input: input.String()})
	return err
}

// Label has setfiles label paths of a root, and what is below them, as the root's policy says; nothing where it has
// none, which is an error if mode says so.
func Label(ctx context.Context, tools *tool.Set, root *root.Root, mode Relabel, paths ...string) error {
	contexts, found, err := policy(root)
	switch {
	case err != nil:
		return err
	case !found && mode == RelabelOn:
		return errNoPolicy
	case !found || mode == RelabelOff:
		return nil
	}
	return setfiles(ctx, &worker{Options: Options{Root: root, Tools: tools}}, contexts, paths)
}

// present gives the paths that are there, sorted. What the steps for accounts have left is looked up now: it depends on
// what was there.
func (l *labels) present(root *root.Root) ([]string, error) {
	all := maps.Clone(l.paths)
	for _, file := range l.written {
		at, err := inRoot(root, file)
		if err != nil {
			return nil, err
		}
		all[at] = struct{}{}
	}
	all[stateDir] = struct{}{}
	if l.accounts {
		names, err := root.Names("/etc")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if slices.ContainsFunc(accountFiles[:], func(start string) bool { return strings.HasPrefix(name, start) }) {
				all["/etc/"+name] = struct{}{}
			}
		}
	}
	return topmost(root, slices.Sorted(maps.Keys(all)))
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
	for d := up(at); d != "/"; d = up(d) {
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
func policy(v View) (contexts string, found bool, err error) {
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
	at, err := inRoot(v, path.Join(path.Dir(selinuxConfig), kind, "contexts/files/file_contexts"))
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
