package stages

import (
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/target"
)

// undone says which steps remove what steps before them write. Accounts are made first, and an entry of the config may
// replace their files, a home, or a directory above one.
func undone(steps plan.Plan, left map[string][]plan.Result) (notes []string) {
	removed := map[string]int{} // place → the step that removes what is there
	lost := map[int][]string{}
	for i, s := range slices.Backward(steps) {
		if s.Effect == plan.Keep {
			continue
		}
		for _, r := range left[s.ID] {
			if by, is := removes(removed, r.At); is {
				lost[by] = append(lost[by], r.At)
			}
		}
		if s.Effect != plan.Destroy {
			continue
		}
		for _, r := range left[s.ID] {
			removed[r.At] = i
		}
	}
	for i, s := range steps {
		if places := lost[i]; len(places) > 0 {
			notes = append(notes, s.Subject+" removes what is written before it: "+topmost(places))
		}
	}
	return notes
}

// removes finds who removes a place, or a directory that it is in.
func removes(removed map[string]int, at string) (by int, is bool) {
	for len(removed) > 0 {
		if by, is = removed[at]; is || at == "/" {
			return by, is
		}
		at = target.Up(at)
	}
	return 0, false
}

// topmost lists places, without those that are in others.
func topmost(places []string) string {
	slices.Sort(places)
	var names []string
	listed := map[string]int{}
	for _, at := range places {
		if _, is := removes(listed, at); !is {
			names, listed[at] = append(names, diag.Name(at)), 0
		}
	}
	return strings.Join(names, ", ")
}
