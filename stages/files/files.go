package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/field"
	"github.com/glowplug-os/glowplug/internal/order"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// A Sink takes content. Reset forgets what was written since the content began.
type Sink = interface {
	io.Writer
	Reset() error
}

// A View is what the planner knows of the root. A *root.Root is one.
type View interface {
	// Lstat gives the facts of a path whose directories are no links. Nothing there is no error.
	Lstat(path string) (root.Facts, error)
	// ReadFile reads a regular file, links followed. One that is not there is fs.ErrNotExist.
	ReadFile(path string, limit int64) ([]byte, error)
	// Names lists what is in a directory, in no order.
	Names(dir string) ([]string, error)
	// Open does the same for a file that is not to be held as a whole. Links at the end are followed if follow says so.
	Open(path string, follow bool) (*os.File, error)
	// Mounts lists the places below the root where something is mounted, sorted.
	Mounts() ([]string, error)
}

// Options are the circumstances of a plan.
type Options struct {
	// Root is what the steps act on. The planner itself only looks at its View.
	Root *root.Root
	// Tools runs systemctl.
	Tools *tool.Set
	// Fetch writes a resource, decompressed and verified, to a sink. It is called for every source that is not absent.
	Fetch func(ctx context.Context, r config.Resource, to Sink) error
	// Accounts says how groups and users are made; nil for not at all, which is an error if the config has any.
	Accounts *Accounts
	// NoOwner leaves every owner as it comes: new nodes belong to who runs this.
	NoOwner bool
	// Privileged says that any owner may be set. New nodes then belong to 0:0 unless the config says otherwise.
	Privileged bool
	// UID and Groups are who runs this, where not Privileged: the only owners that may be set.
	UID    uint32
	GID    uint32
	Groups []uint32
	// IgnoreUnsupported plans a config whose accounts are not made. The caller warns, from Unacted.
	IgnoreUnsupported bool
	// Enable has systemctl enable the units that the config enables, in a root that may not see the presets of a first
	// boot.
	Enable bool
	// Warn is told, when the plan runs, of a unit that will not be as the config has it, with its config path. nil for
	// nobody.
	Warn func(origin, what string)
	// Boot is what a boot does beyond a directory; nil for a directory.
	Boot *Boot
}

// Unsupported is a part of a config that is not acted on.
type Unsupported struct {
	Origin string // config path
	What   string // `user "core"`
}

// Unacted lists the parts of a config that are not acted on where Options.Accounts is nil.
func Unacted(cfg config.Config) []Unsupported {
	var all []Unsupported
	for i, g := range cfg.Passwd.Groups {
		all = append(all, Unsupported{fmt.Sprintf("$.passwd.groups.%d", i), fmt.Sprintf("group %q", g.Name)})
	}
	for i, u := range cfg.Passwd.Users {
		all = append(all, Unsupported{fmt.Sprintf("$.passwd.users.%d", i), fmt.Sprintf("user %q", u.Name)})
	}
	return all
}

// NotInDirectory lists the parts of a config that a plain directory cannot take: those of disks, and kernel arguments.
func NotInDirectory(cfg config.Config) []Unsupported {
	all := OnDisks(cfg)
	arguments := func(list string, count int) { // the arguments themselves may hold secrets
		for i := range count {
			all = append(all, Unsupported{fmt.Sprintf("$.kernelArguments.%s.%d", list, i), "kernel argument"})
		}
	}
	arguments("shouldExist", len(cfg.KernelArguments.ShouldExist))
	arguments("shouldNotExist", len(cfg.KernelArguments.ShouldNotExist))
	return all
}

// OnDisks lists the parts of a config that are the disks stage's business: disks, arrays, encrypted volumes,
// filesystems.
func OnDisks(cfg config.Config) []Unsupported {
	var all []Unsupported
	add := func(list string, i int, what, name string) {
		if name != "" {
			what = fmt.Sprintf("%s %q", what, name)
		}
		all = append(all, Unsupported{fmt.Sprintf("$.storage.%s.%d", list, i), what})
	}
	for i, d := range cfg.Storage.Disks {
		add("disks", i, "disk", d.Device)
	}
	for i, r := range cfg.Storage.Raid {
		add("raid", i, "raid", r.Name)
	}
	for i, l := range cfg.Storage.Luks {
		add("luks", i, "luks", l.Name)
	}
	for i, f := range cfg.Storage.Filesystems {
		add("filesystems", i, "filesystem on", f.Device)
	}
	return all
}

var errAccounts = errors.New("accounts are not made here")

// Plan decides what the directories, files, links and units of a config need. It changes nothing. What it already knows
// cannot be done is an error, a *plan.StepError that says which entry is to blame.
//
// The caller runs the plan and then calls Root.Sync.
func Plan(cfg config.Config, view View, opts Options) (plan.Plan, error) {
	if opts.Accounts == nil && !opts.IgnoreUnsupported {
		if left := Unacted(cfg); len(left) > 0 {
			return nil, &plan.StepError{ID: "accounts", Subject: left[0].What, Origin: left[0].Origin, Err: errAccounts}
		}
	}
	what, path, fault := field.Refusal(cfg.Values, "systemd", "storage.luks.*.name", "storage.directories",
		"storage.files", "storage.links", "storage.filesystems.*.path", "passwd")
	if fault != nil {
		return nil, plan.Step{ID: "field:" + path, Subject: what, Origin: path}.Fail(fault)
	}
	nodes, err := entries(cfg.Storage)
	if err != nil {
		return nil, err
	}
	p := newPlanner(newArranged(view, !opts.NoOwner), opts)
	var users plan.Plan
	if wantsAccounts(cfg.Passwd, nodes) {
		if users, err = p.planAccounts(cfg.Passwd); err != nil {
			return nil, err
		}
	}
	first, after, err := p.besideAccounts(cfg, nodes)
	if err != nil {
		return nil, err
	}
	return slices.Concat(first, users, after), nil
}

func newPlanner(root *arranged, opts Options) *planner {
	return &planner{root: root, world: newWorld(root), worker: &worker{Options: opts, claims: map[string]claim{}}}
}

// besideAccounts plans all but the accounts, in the root as these will leave it: what comes before them, and what
// after.
func (p *planner) besideAccounts(cfg config.Config, nodes []*node) (first, after plan.Plan, err error) {
	if err := p.world.settle(nodes); err != nil {
		return nil, nil, err
	}
	// Units come last but are planned first: a unit may take the place of a file, which the file's step has to know
	// to recognise it when the plan is run again.
	units, err := p.units(cfg.Systemd.Units)
	if err != nil {
		return nil, nil, err
	}
	var last plan.Plan
	if p.worker.Boot != nil {
		boot := *p.worker.Boot
		boot.Written = append(slices.Clone(boot.Written), p.written...)
		if first, last, err = p.boot(cfg, nodes, &boot); err != nil {
			return nil, nil, err
		}
	}
	plan, err := p.nodes(nodes)
	if err != nil {
		return nil, nil, err
	}
	return first, slices.Concat(plan, units, last), nil
}

// planner has what planning needs and running does not.
type planner struct {
	root     *arranged // the view of world
	world    *world
	worker   *worker
	accounts *accounts.Result // names of owners
	written  []string         // homes and mail files that the steps for accounts write
}

// nodes plans directories, files and links in the order of their effects.
func (p *planner) nodes(all []*node) (plan.Plan, error) {
	if err := p.hardLinks(all); err != nil {
		return nil, err
	}
	if err := p.sharing(all); err != nil {
		return nil, err
	}
	ordered := inOrder(all)
	steps := make(plan.Plan, 0, len(ordered))
	for _, n := range ordered {
		step := plan.Step{ID: n.noun() + ":" + n.path, Subject: n.subject(), Origin: n.origin}
		if err := p.node(n, &step); err != nil {
			return nil, step.Fail(err)
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// inOrder sorts by the depth of the resolved path, so that a directory is there before what is in it. Equal depths keep
// the order directories, files, links, and within these that of the config. Hard links come last, in the order of the
// config: what they name may be deeper than they are (docs/peer/engine.md §11.2).
func inOrder(all []*node) []*node {
	ordered := slices.Clone(all)
	order.Stably(ordered, func(a, b *node) int {
		switch {
		case a.kind == hardLink && b.kind == hardLink:
			return 0
		case a.kind == hardLink:
			return 1
		case b.kind == hardLink:
			return -1
		}
		return depth(a.at) - depth(b.at)
	})
	return ordered
}
