package mounts

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/field"
	"github.com/glowplug-os/glowplug/internal/order"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// Options are the circumstances of mounting.
type Options struct {
	Tools *tool.Set        // runs mount(8)
	Log   *slog.Logger     // nil for none
	Tell  func(plan.Event) // hears of what becomes of steps; nil for nobody
	// Label gives a path of the root, and what is below it on the same filesystem, their SELinux labels. It gets a root
	// that sees all that is mounted so far. nil for no labels.
	Label func(ctx context.Context, root *root.Root, path string) error
}

// An entry is a filesystem of the config that has a place.
type entry struct {
	index          int    // in the config
	path           string // clean; "/" is the root itself
	device, format string
	options        string // as mount(8) takes them
}

func (e entry) origin() string { return fmt.Sprintf("$.storage.filesystems.%d", e.index) }

// String says what is mounted: "ext4 of /dev/vdb1 (noatime)".
func (e entry) String() string {
	s := e.format + " of " + diag.Name(e.device)
	if e.options != "" {
		s += " (" + e.options + ")"
	}
	return s
}

// args are those of mount(8) (docs/peer/engine.md §10, Appendix A). The "--" is for the tag of a virtiofs only, which
// may look like an option; a device is an absolute path.
func (e entry) args(dir string) []string {
	args := []string{"-o", e.options, "-t", e.format}
	if strings.HasPrefix(e.device, "-") {
		args = append(args, "--")
	}
	return append(args, e.device, path.Join(dir, e.path))
}

// entries gives the filesystems that are mounted, outer ones first, and else in the config's order.
func entries(list []config.Filesystem) []entry {
	var all []entry
	for i, f := range list {
		format := config.Says(f.Format)
		if config.Says(f.Path) == "" || format == "" || format == "swap" || format == "none" {
			continue
		}
		all = append(all, entry{i, path.Clean("/" + *f.Path), f.Device, format, strings.Join(f.MountOptions, ",")})
	}
	order.Stably(all, func(a, b entry) int { return cmp.Compare(depth(a.path), depth(b.path)) })
	return all
}

// depth is the number of components of a clean path.
func depth(clean string) int {
	if clean == "/" {
		return 0
	}
	return strings.Count(clean, "/")
}

// directories are those that a clean path leads through, with its own end, and without the root.
func directories(clean string) []string {
	var all []string
	for ; clean != "/"; clean = target.Up(clean) {
		all = append(all, clean)
	}
	slices.Reverse(all)
	return all
}

// A work is the mounting of one config.
type work struct {
	Options
	dir     string                     // of the root
	refused error                      // what no plan can be made of
	entries []entry                    // in the order of mounting
	needs   map[string]map[string]bool // a directory, and the names in it that lead to places of entries

	// What the steps have done.
	mounted  []entry
	made     []string        // directories
	notated  []string        // directories that were made now, or look as if an earlier run had
	labelled map[string]bool // of the notated ones
}

// refuseFields refuses what the kernel does not take as it is meant, before anything is mounted.
func refuseFields(s config.Storage) error {
	what, path, fault := field.Refusal((&config.Config{Storage: s}).Values, "storage.filesystems")
	return plan.Step{ID: "field:" + path, Subject: what, Origin: path}.Fail(fault)
}

func newWork(storage config.Storage, dir string, o Options) *work {
	w := &work{Options: o, refused: refuseFields(storage), dir: dir, entries: entries(storage.Filesystems),
		needs: map[string]map[string]bool{}, labelled: map[string]bool{}}
	for _, e := range w.entries {
		for d := e.path; d != "/" && !w.needs[target.Up(d)][path.Base(d)]; d = target.Up(d) {
			up := target.Up(d)
			if w.needs[up] == nil {
				w.needs[up] = map[string]bool{}
			}
			w.needs[up][path.Base(d)] = true
		}
	}
	return w
}

// Mount mounts the filesystems of a config under dir, outer ones first (docs/peer/engine.md §10). What is mounted
// already is kept. If a step fails, or ctx ends, what was mounted is taken down again, and nothing of it is left but
// directories that were made. Else it gives the directories, as paths in the root, that were made to mount something,
// and those that are there as if they had been: empty, of this process's user, with the mode of a new one. An earlier
// run that was cut off may have made these. The users whose homes they are in get them.
func Mount(ctx context.Context, storage config.Storage, dir string, o Options) (notated []string, err error) {
	w := newWork(storage, dir, o)
	steps, err := w.plan()
	if err != nil {
		return nil, err
	}
	if err := steps.Run(ctx, plan.Options{Tell: o.Tell}); err != nil {
		return nil, w.takeDown(err)
	}
	slices.Sort(w.notated)
	return slices.Compact(w.notated), nil
}

// takeDown unmounts what was mounted, the last one first, and adds to err what stays. The directories stay in any case:
// they do no harm, and another run takes them for its own.
func (w *work) takeDown(err error) error {
	log := w.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	for _, e := range slices.Backward(w.mounted) {
		problem := unmount(path.Join(w.dir, e.path))
		if problem == nil {
			log.Info("unmounted " + diag.Name(e.path) + " again")
			continue
		}
		err = fmt.Errorf("%w; and %s stays mounted: %w", err, diag.Name(e.path), problem)
	}
	if len(w.made) > 0 {
		log.Info("directories that were made to mount something stay: " + show(w.made))
	}
	return err
}

// show lists directories, but not all of a path that has very many.
func show(names []string) string {
	const most = 20
	var shown []string
	for _, name := range names[:min(len(names), most)] {
		shown = append(shown, diag.Name(name))
	}
	if more := len(names) - most; more > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(shown, ", ")
}

// plan gives the steps. What anybody runs of them stays mounted if a later one fails; see Mount.
//
// The folder is opened anew for each step, because a root.Root keeps directories open, which would be those below a new
// mount, and would keep a mount from being taken down.
func (w *work) plan() (plan.Plan, error) {
	if len(w.entries) == 0 || w.refused != nil {
		return nil, w.refused
	}
	root, err := root.Open(w.dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var steps plan.Plan
	pending := map[string]bool{} // places that show something else once a step is done
	for _, e := range w.entries {
		s, err := w.step(root, e, pending)
		if err != nil {
			return nil, s.Fail(err)
		}
		pending[e.path] = s.Effect == plan.Create
		steps = append(steps, s)
	}
	return steps, nil
}

// step plans an entry. What is below a place where something will be mounted cannot be seen yet.
func (w *work) step(root *root.Root, e entry, pending map[string]bool) (plan.Step, error) {
	s := plan.Step{
		ID: fmt.Sprintf("mount:%d", e.index), Effect: plan.Create, Subject: "mount " + diag.Name(e.path),
		Detail: e.String(), Origin: e.origin(),
		Check: func(context.Context) (plan.State, error) { return w.check(e) },
		Do:    func(ctx context.Context) error { return w.mount(ctx, e) },
	}
	for d := e.path; d != "/"; {
		if d = path.Dir(d); pending[d] {
			s.Detail += ", in what is mounted at " + diag.Name(d)
			return s, nil
		}
	}
	absent, err := missing(root, e.path, nil)
	switch {
	case err != nil:
		return s, err
	case len(absent) > 0:
		s.Detail += ", makes " + show(absent)
		return s, nil
	}
	_, on, err := mountsAt(path.Join(w.dir, e.path))
	switch {
	case err != nil:
		return s, err
	case slices.ContainsFunc(on, e.is):
		s.Effect = plan.Keep
		s.Detail += ", is mounted already"
	case len(on) > 0 && e.path != "/":
		s.Detail += ", over " + on[0].String()
	}
	return s, nil
}

// check: an entry is done when it is mounted at its place, be it under something else.
func (w *work) check(e entry) (plan.State, error) {
	root, err := root.Open(w.dir)
	if err != nil {
		return plan.Pending, err
	}
	defer root.Close()
	absent, err := missing(root, e.path, nil)
	if err != nil {
		return plan.Conflict, err
	}
	if len(absent) > 0 {
		return plan.Pending, nil
	}
	_, on, err := mountsAt(path.Join(w.dir, e.path))
	if err != nil || !slices.ContainsFunc(on, e.is) {
		return plan.Pending, err
	}
	for _, d := range directories(e.path) {
		if _, err := w.asMade(root, d); err != nil {
			return plan.Pending, err
		}
	}
	return plan.Done, nil
}

// mount does one entry.
func (w *work) mount(ctx context.Context, e entry) error {
	if err := w.prepare(ctx, e); err != nil {
		return err
	}
	target := path.Join(w.dir, e.path)
	_, before, err := mountsAt(target)
	if err != nil {
		return err
	}
	if _, err := w.Tools.Run(ctx, tool.Command{Tool: "mount", Args: e.args(w.dir)}); err != nil {
		// A tool that was told to stop may have done its work all the same.
		if _, after, errAfter := mountsAt(target); errAfter == nil && len(after) > len(before) {
			w.mounted = append(w.mounted, e)
		}
		return e.explain(err)
	}
	w.mounted = append(w.mounted, e)
	return w.labelMounted(ctx, e)
}
