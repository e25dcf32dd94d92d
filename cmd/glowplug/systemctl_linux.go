package main

import (
	"cmp"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/stages/files"
)

// withoutSystemctl removes the steps that need systemctl where there is none, and says which units these are about: the
// preset file says the same to a first boot, and nothing else depends on these steps.
func withoutSystemctl(steps plan.Plan, o files.Options, has bool) (kept plan.Plan, left notice) {
	if has {
		return steps, left
	}
	units := map[string][]string{}
	for _, s := range steps {
		verb, name, _ := strings.Cut(s.ID, ":")
		if verb != "enable" && verb != "disable" {
			kept = append(kept, s)
			continue
		}
		if s.Effect == plan.Keep {
			continue
		}
		left.origin = cmp.Or(left.origin, s.Origin)
		units[verb] = append(units[verb], diag.Name(name))
	}
	if len(units) > 0 && o.Enable {
		left.what = "there is no systemctl here" +
			names(", so that these units are not enabled: ", units["enable"]) +
			names("; these are not disabled if they are enabled: ", units["disable"]) +
			"; the preset file has them for a first boot, and --no-preset leaves systemctl out without this warning"
	}
	return kept, left
}

func names(before string, all []string) string {
	if len(all) == 0 {
		return ""
	}
	return before + strings.Join(all, ", ")
}

func hasSystemctl(o files.Options) bool {
	if o.Tools == nil {
		return false
	}
	_, err := o.Tools.Path("systemctl")
	return err == nil
}
