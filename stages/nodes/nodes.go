package nodes

import (
	"context"
	"errors"
	"slices"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/order"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/internal/target"
)

// Nodes are the directories, files and links of a config.
type Nodes struct {
	all      []*node
	nodes    map[string]*node // by place, once they are claimed
	t        *target.Target
	m        *maker
	names    *accounts.Result // of owners
	before   *records         // what earlier runs have noted of appends, once it is asked for
	unread   error            // for those who ask after that cannot be read
	contents source.Judge
	failed   []error
}

// A maker does what steps do.
type maker struct {
	*target.Means
	newLinks []string // hard links to be noted before the first is made
}

// New reads the entries of a config. What no filesystem can take is left for Plan to tell.
func New(s config.Storage, m *target.Means) *Nodes {
	p := &Nodes{all: entries(s), m: &maker{Means: m}, nodes: map[string]*node{}}
	for _, n := range p.all {
		if err := n.check(); err != nil {
			p.refuse(n, err)
		}
		n.fetched = m.Fetched
		if n.isFile() {
			n.Text = func() (string, bool) { return p.m.text(n) }
		}
	}
	return p
}

// Impossible tells what no root could take. Plan tells it as well.
func (p *Nodes) Impossible() []error { return p.failed }

// errTold is why a node cannot be where the error of another has told it.
var errTold = errors.New("told of another entry")

// refuse notes why a node cannot be. The rest is planned all the same.
func (p *Nodes) refuse(n *node, err error) {
	n.Err = err
	if !errors.Is(err, errTold) {
		p.failed = append(p.failed, n.Fail(err))
	}
}

// NamesOwner gives where an owner is given by name, for which the account files have to be read; "" for nowhere.
func (p *Nodes) NamesOwner() string {
	i := slices.IndexFunc(p.all, func(n *node) bool {
		return config.Says(n.user.Name) != "" || config.Says(n.group.Name) != ""
	})
	if i < 0 {
		return ""
	}
	return p.all[i].Origin
}

// Claim settles the places of all nodes.
func (p *Nodes) Claim(t *target.Target) {
	p.t = t
	var claims []*target.Claim
	for _, n := range p.all {
		if n.Err == nil {
			claims = append(claims, &n.Claim)
		}
	}
	if err := t.Settle(claims); err != nil {
		p.failed = append(p.failed, err)
	}
	p.reserved()
	for _, n := range p.all {
		if n.Err == nil {
			p.nodes[n.At] = n
		}
	}
}

// Plan plans the nodes, whose owners by name are those of names: nil where these are not known, of which another error
// tells. A plan of the rest is given beside an error.
func (p *Nodes) Plan(names *accounts.Result) (plan.Plan, error) {
	p.names = names
	p.hardLinks()
	p.sharing()
	steps := make(plan.Plan, 0, len(p.all))
	for _, n := range inOrder(p.all) {
		if n.Err != nil {
			continue
		}
		step := n.Step()
		if err := p.node(n, &step); err != nil {
			p.refuse(n, err)
			continue
		}
		steps = append(steps, step)
	}
	return steps, errors.Join(p.failed...)
}

// inOrder sorts by the depth of the resolved path, so that a directory is there before what is in it. Equal depths keep
// the order directories, files, links, and within these that of the config. Hard links come last, in the order of the
// config: what they name may be deeper than they are (docs/peer/engine.md §11.2).
func inOrder(all []*node) []*node {
	ordered := slices.Clone(all)
	order.Stably(ordered, func(a, b *node) int {
		switch {
		case a.entry == target.HardLink && b.entry == target.HardLink:
			return 0
		case a.entry == target.HardLink:
			return 1
		case b.entry == target.HardLink:
			return -1
		}
		return depth(a.At) - depth(b.At)
	})
	return ordered
}

// steps gives a node's step what it does.
func (p *Nodes) steps(n *node, step *plan.Step) {
	step.Check = func(ctx context.Context) (plan.State, error) { return p.m.check(ctx, n) }
	step.Do = func(ctx context.Context) error { return p.m.do(ctx, n) }
	if n.isFile() {
		step.Prepare = func(ctx context.Context) error { return p.m.prepare(ctx, n) }
		step.Abandon = n.abandon
		step.Parallel = !n.local()
	}
}
