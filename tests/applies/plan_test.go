package applies

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/tests/trees"
)

// arePlanned: a config without disks that is valid has a root on which nothing is in the way of its files.
func arePlanned(t *testing.T, cases []Case, verdicts []Verdict) {
	planned := 0
	for i, c := range cases {
		cfg := alone(c)
		if cfg == nil || !verdicts[i].Valid {
			continue
		}
		planned++
		assert.NoError(t, planSomewhere(cfg, Kinds()), "%s: %.1000s", c.Name, c.Text)
	}
	assert.Greater(t, planned, 1000)
}

// areNotPlanned: what cannot apply by the planners of validate, or by the rules that stand for them, can be planned on
// none of the roots.
func areNotPlanned(t *testing.T, cases []Case, verdicts []Verdict) {
	withAccounts := []Kind{Fresh, Used, Open, Done, Rootless} // where there are none a home may take their files' place
	byRules := []codes.Code{codes.PathRoot, codes.PathLong, codes.HardLinkTarget, codes.CannotApply}
	refused := 0
	for i, c := range cases {
		v := &verdicts[i]
		if !slices.ContainsFunc(byRules, v.all) || isFoundLate(v.Problems[0].Message) {
			continue
		}
		if cfg := alone(c); cfg != nil {
			refused++
			assert.Error(t, planSomewhere(cfg, withAccounts), "%s: %.1000s", c.Name, c.Text)
		}
	}
	assert.Greater(t, refused, 50)
}

// planSomewhere gives what is in the way on the first root, if something is on each.
func planSomewhere(cfg *config.Config, kinds []Kind) (first error) {
	for _, kind := range kinds {
		err := planOn(cfg, kind)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// alone gives the config of a case that has no disks and refers to no others; nil for another one.
func alone(c Case) *config.Config {
	r := load.ReadWith(tree.NewArena(), c.Name, c.Text, load.Options{})
	if r.Config == nil {
		return nil
	}
	cfg := r.Config.Config()
	if s := &cfg.Storage; len(s.Disks)+len(s.Filesystems)+len(s.Luks)+len(s.Raid)+len(cfg.Ignition.Config.Merge) > 0 ||
		cfg.Ignition.Config.Replace.Source != nil {
		return nil
	}
	return cfg
}

func planOn(cfg *config.Config, kind Kind) error {
	o := files.Options{Accounts: files.MakeAccounts, Means: target.Means{Identity: target.Identity{Privileged: true}}}
	_, err := files.PlanInFull(*cfg, fake{trees.Fake(Suiting(cfg, kind)), kind}, o)
	return err
}

// A fake is a root in memory, whose directories may be anybody's.
type fake struct {
	trees.Fake
	kind Kind
}

// ReadFile follows a link.
func (f fake) ReadFile(at string, limit int64) ([]byte, error) {
	if to, is := strings.CutPrefix(f.Fake[at], "-> "); is {
		at = to
	}
	return f.Fake.ReadFile(at, limit)
}

func (f fake) Lstat(at string) (root.Facts, error) {
	found, err := f.Fake.Lstat(at)
	if found.Kind == root.Directory && (f.kind == Open || f.kind == Rootless) {
		found.Mode = 0o777
	}
	return found, err
}

// isFoundLate tells of what no plan for a root has: what a file has in it that is not fetched, and what the file of
// presets meets.
func isFoundLate(message string) bool {
	return strings.Contains(message, "overwrite is not set") || strings.Contains(message, "the presets of units")
}
