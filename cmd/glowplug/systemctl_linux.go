package main

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/stages/files"
)

// withoutSystemctl removes the steps that need systemctl where there is none, and warns of it: the preset file says the
// same to a first boot, and nothing else depends on these steps.
func withoutSystemctl(steps plan.Plan, o files.Options) plan.Plan {
	if !o.Enable || o.Tools != nil && hasSystemctl(o) {
		return steps
	}
	var kept plan.Plan
	left := map[string][]string{}
	origin := ""
	for _, s := range steps {
		verb, name, _ := strings.Cut(s.ID, ":")
		if verb != "enable" && verb != "disable" {
			kept = append(kept, s)
			continue
		}
		if s.Effect == plan.Keep {
			continue
		}
		if len(left) == 0 {
			origin = s.Origin
		}
		left[verb] = append(left[verb], diag.Name(name))
	}
	if len(left) > 0 {
		o.Tell(origin, "there is no systemctl here"+names(", so that these units are not enabled: ", left["enable"])+
			names("; these are not disabled if they are enabled: ", left["disable"])+
			"; the preset file has them for a first boot, and --no-preset leaves systemctl out without this warning")
	}
	return kept
}

func names(before string, all []string) string {
	if len(all) == 0 {
		return ""
	}
	return before + strings.Join(all, ", ")
}

func hasSystemctl(o files.Options) bool {
	_, err := o.Tools.Path("systemctl")
	return err == nil
}
