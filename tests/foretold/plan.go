package foretold

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A Plan is what `glowplug plan --format json` says (internal/report/schema.json), as far as it is compared.
type Plan struct {
	Summary   string
	Exit      int
	Actions   []Action
	Conflicts []Conflict
	Notes     []string

	stage bool // it is of a boot's files stage, which leaves more than the config asks for
}

// A Conflict is what is in the way.
type Conflict struct{ Message, Origin, Place string }

// An Action is one of a Plan.
type Action struct {
	Stage, ID, Effect, Subject, Detail, Origin string
	Destroys                                   bool
	Outcomes                                   []struct{ Found, Verdict string }
	Changes                                    []Change
}

// A Change is what becomes of a path; nil is nothing.
type Change struct {
	Path       string
	Was, Now   *Node
	Difference []string
}

// The effects.
const (
	keep     = "keep"
	deferred = "deferred"
)

// Name is the action as the log has it.
func (a *Action) Name() string { return a.Effect + " " + a.Subject }

func (a *Action) String() string { return fmt.Sprintf("%s (%s)", a.Name(), a.ID) }

// Parse reads what the program wrote.
func Parse(out []byte) (p Plan, err error) {
	err = json.Unmarshal(out, &p)
	return p, err
}

// Of are the actions of one stage.
func (p *Plan) Of(stage string) (all []Action) {
	for _, a := range p.Actions {
		if a.Stage == stage {
			all = append(all, a)
		}
	}
	return all
}

// A Deed is what became of a step.
type Deed struct {
	Name string // effect and subject
	ID   string // "" where only the name is known
	Did  bool   // it was not found done
}

// Logged are the deeds that the engine's log tells of, with a prefix such as "files: ".
func Logged(log, prefix string) (all []Deed) {
	for line := range strings.Lines(log) {
		_, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		text, of := strings.CutPrefix(text, prefix)
		if !of {
			continue
		}
		if name, did := strings.CutPrefix(text, "[finished] "); did {
			all = append(all, Deed{Name: name, Did: true})
		} else if name, kept := strings.CutPrefix(text, "[kept]     "); kept {
			all = append(all, Deed{Name: name})
		}
	}
	return all
}

// Deeds holds the actions of a stage against the steps that ran, which are the same ones in the same order. What was to
// be kept may have had something to do, as told; what was to be done, or was to be decided, may have been there.
func Deeds(actions []Action, deeds []Deed) (faults []string) {
	for i, a := range actions {
		if i >= len(deeds) {
			return append(faults, fmt.Sprintf("planned and not done: %v", &a))
		}
		d := deeds[i]
		if d.ID != "" && d.ID != a.ID || d.Name != a.Name() && !a.cameTo(d) {
			return append(faults, fmt.Sprintf("planned was %v, what came is %s (%s)", &a, d.Name, d.ID))
		}
		if a.Effect != keep && a.Effect != deferred && !d.Did && !a.entry() {
			faults = append(faults, fmt.Sprintf("planned was %v, and it was there", &a))
		}
	}
	for _, d := range deeds[min(len(actions), len(deeds)):] {
		faults = append(faults, fmt.Sprintf("done and not planned: %s (%s)", d.Name, d.ID))
	}
	return faults
}

// cameTo tells whether a deed is what came of an action that depended on what is mounted by then.
func (a *Action) cameTo(d Deed) bool {
	_, subject, _ := strings.Cut(d.Name, " ")
	return a.Effect == deferred && strings.Contains(a.Detail, "what is mounted at ") && subject == a.Subject
}

// entry tells whether an action is only of a line of the account files, which one step writes for all.
func (a *Action) entry() bool {
	return strings.HasPrefix(a.ID, "user:") || strings.HasPrefix(a.ID, "group:")
}

// changes are what a plan says of places, the last word on each.
func (p *Plan) changes() map[string]Change {
	all := map[string]Change{}
	for _, a := range p.Actions {
		for _, c := range a.Changes {
			all[c.Path] = c
		}
	}
	return all
}

// has tells whether there is an action with one of these IDs, or with what begins so.
func (p *Plan) has(ids ...string) bool {
	return slices.ContainsFunc(p.Actions, func(a Action) bool {
		return a.Effect != keep && slices.ContainsFunc(ids, func(id string) bool {
			return a.ID == id || strings.HasSuffix(id, ":") && strings.HasPrefix(a.ID, id)
		})
	})
}
