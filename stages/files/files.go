package files

import (
	"errors"
	"slices"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/field"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages/leave"
	"github.com/glowplug-os/glowplug/stages/nodes"
	"github.com/glowplug-os/glowplug/stages/units"
	"github.com/glowplug-os/glowplug/stages/users"
)

// Accounts says what is done about the groups and users of a config.
type Accounts uint8

// The choices. MadeByTools is for a root whose own tools have made them before, by PlanTools.
const (
	RefuseAccounts Accounts = iota
	LeaveAccounts           // the caller warns, from Unacted
	MakeAccounts
	MadeByTools
)

// Options are the circumstances of a plan.
type Options struct {
	// Means are what the steps act with.
	target.Means
	Accounts Accounts
	// Users are the circumstances of accounts that are made.
	Users users.Options
	// Enable has systemctl enable the units that the config enables, in a root that may not see the presets of a first
	// boot.
	Enable bool
	// Boot is what a boot does beyond a directory; nil for a directory.
	Boot *leave.Boot
}

var errAccounts = errors.New("accounts are not made here")

// Plan decides what accounts, directories, files, links and units of a config need. It changes nothing. The error joins
// all that it already knows cannot be done, each a *plan.StepError that says which entry is to blame; the plan is then
// one of the rest, which nobody should run.
//
// The caller runs the plan and then calls Root.Sync.
func Plan(cfg config.Config, view target.View, o Options) (plan.Plan, error) {
	p, err := PlanInFull(cfg, view, o)
	return p.Steps, err
}

// A Planned is a plan with what is known of its results.
type Planned struct {
	Steps    plan.Plan
	entries  *nodes.Nodes
	wanted   *units.Units
	accounts *accounts.Result

	passwd config.Passwd
	before target.View
	root   *target.Target
	means  *target.Means
}

// Homes are those of the users of the config, as passwd(5) has them, by the users' names.
func (p *Planned) Homes() map[string]string {
	all := map[string]string{}
	if p.accounts == nil {
		return all
	}
	for _, a := range p.accounts.Accounts {
		all[a.Name] = a.Home
	}
	return all
}

// PlanInFull is Plan with what is known of results.
func PlanInFull(cfg config.Config, view target.View, o Options) (p Planned, err error) {
	if err := o.refuse(cfg); err != nil {
		return p, err
	}
	t := target.New(view)
	p.entries = nodes.New(cfg.Storage, &o.Means)
	var made plan.Plan
	made, p.accounts, err = o.users(cfg.Passwd, t, p.entries.NamesOwner())
	p.passwd, p.before, p.root, p.means = cfg.Passwd, view, t, &o.Means
	p.wanted = o.claim(cfg, t, p.entries)
	first, rest, failed := o.beside(cfg, t, p.entries, p.wanted, p.accounts)
	p.Steps = slices.Concat(first, made, rest)
	return p, errors.Join(err, failed)
}

// PlanTools plans accounts and SSH keys by the root's own tools, which run before anything else is planned. What the
// plan of the rest is sure to refuse is refused here, before any tool has run.
func PlanTools(cfg config.Config, view target.View, o Options) (plan.Plan, error) {
	t := target.New(view)
	entries := nodes.New(cfg.Storage, &o.Means)
	steps, expected, err := users.ToolAccounts(cfg.Passwd, t, &o.Means, o.Users)
	failed := append([]error{err}, entries.Impossible()...)
	if expected != nil {
		_, _, beside := o.beside(cfg, t, entries, o.claim(cfg, t, entries), expected)
		failed = []error{err, beside}
	}
	return steps, errors.Join(failed...)
}

// refuse tells what no plan is made for.
func (o *Options) refuse(cfg config.Config) error {
	if left := Unacted(cfg); o.Accounts == RefuseAccounts && len(left) > 0 {
		return &plan.StepError{ID: "accounts", Subject: left[0].What, Origin: left[0].Origin, Err: errAccounts}
	}
	what, path, fault := field.Refusal(cfg.Values, "systemd", "storage.luks.*.name", "storage.directories",
		"storage.files", "storage.links", "storage.filesystems.*.path", "passwd")
	if fault != nil {
		return plan.Step{ID: "field:" + path, Subject: what, Origin: path}.Fail(fault)
	}
	return nil
}

// users plans accounts, and gives those that owners may be named by: nil if they cannot be had, or not yet. The dozen
// account files are read only where they are needed: named is the first entry that names its owner, "" for none.
func (o *Options) users(passwd config.Passwd, t *target.Target, named string) (plan.Plan, *accounts.Result, error) {
	wanted := len(passwd.Users)+len(passwd.Groups) > 0
	switch {
	case wanted && o.Accounts == MakeAccounts:
		return users.Plan(passwd, t, &o.Means, o.Users)
	case wanted && o.Accounts == MadeByTools:
		homes, err := users.Homes(passwd, t)
		if err != nil {
			return nil, nil, err
		}
		t.Write(homes...)
	}
	if named == "" {
		return nil, &accounts.Result{}, nil
	}
	if t.Unsure(accounts.PasswdFile) {
		return nil, nil, nil
	}
	names, err := users.Names(t, named)
	return nil, names, err
}

// claim has nodes and units take their places, in the root as accounts will leave it.
func (o *Options) claim(cfg config.Config, t *target.Target, entries *nodes.Nodes) *units.Units {
	entries.Claim(t)
	return units.Claim(cfg.Systemd.Units, t, &o.Means)
}

// beside plans all but the accounts, in the root as these will leave it: what comes before them, and what after.
func (o *Options) beside(cfg config.Config, t *target.Target, entries *nodes.Nodes, wanted *units.Units,
	names *accounts.Result) (first, rest plan.Plan, err error) {
	var left *leave.Files
	if o.Boot != nil {
		left = leave.Claim(cfg, t, &o.Means, o.Boot)
	}
	placed, failed := entries.Plan(names)
	services, failedUnits := wanted.Plan(o.Enable)
	rest, err = append(placed, services...), errors.Join(failed, failedUnits)
	if left == nil {
		return nil, rest, err
	}
	first, last, failed := left.Plan()
	return first, append(rest, last...), errors.Join(err, failed)
}
