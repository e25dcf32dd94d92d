package parity

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/feasible"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Where partitions go on a disk, and whether they fit, only a plan can say.
var layout = regexp.MustCompile(`^\$\.storage\.disks\.[0-9]+\.partitions\.[0-9]+$`)

// The validator alone has no planners, and glowplug validate has: what they refuse of a recorded config, or of an
// example of a code, the rules have to refuse too.
func TestTheRulesTellWhatPlannersRefuse(t *testing.T) {
	texts := map[string]string{}
	for _, name := range []string{"validate.jsonl.gz", "butane.jsonl.gz"} {
		for i, row := range rows[struct {
			Config string `json:"config"`
			YAML   string `json:"yaml"`
		}](t, name) {
			texts[fmt.Sprintf("%s:%d", name, i+1)] = row.Config + row.YAML
		}
	}
	for code, p := range codes.Examples() {
		if code != codes.CannotApply {
			texts["right "+string(code)], texts["wrong "+string(code)] = p.Right, p.Wrong
		}
	}
	planned := 0
	for name, text := range texts {
		r := load.ReadWith(tree.NewArena(), name, text, load.Options{Local: true, Rules: rules.Further})
		if !r.Valid(diag.Workstation) || len(r.Config.Config().Ignition.Config.Merge) > 0 ||
			r.Config.Config().Ignition.Config.Replace.Source != nil {
			continue
		}
		planned++
		for _, p := range feasible.Problems(r.Config) {
			if !layout.MatchString(p.Path) {
				assert.Fail(t, "only planners refuse it", "%s: %s: %s\n%s", name, p.Path, p.Message, text)
			}
		}
	}
	assert.Greater(t, planned, 1000)
}
