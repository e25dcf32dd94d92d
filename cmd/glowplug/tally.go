package main

import (
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/internal/plan"
)

// A noun is what a step is counted as, by what its ID begins with.
type noun struct {
	kind, one, many string
	part            bool // the step makes a part of it: what is there already is changed by that
}

// nouns are in the order of the summary. Steps of other kinds are a part of what these do.
var nouns = [...]noun{
	{"file", "file", "files", false},
	{"directory", "directory", "directories", false},
	{"link", "link", "links", false},
	{"hard link", "link", "links", false},
	{"group", "group", "groups", false},
	{"user", "user", "users", false},
	{"home", "user", "users", true},
	{"ssh-keys", "user", "users", true},
	{"unit", "unit", "units", false},
	{"dropin", "unit", "units", false},
	{"mask", "unit", "units", false},
	{"unmask", "unit", "units", false},
	{"enable", "unit", "units", false},
	{"disable", "unit", "units", false},
}

// An outcome is what has become of a thing, the weightiest last.
type outcome uint8

const (
	unchanged outcome = iota
	changed
	made
	replaced
)

// An item is a thing that steps are about.
type item struct{ noun, name string }

// A tally is what the steps of plans have done.
type tally struct {
	items map[item]outcome
	// entries are those of users and groups, which one step writes together.
	entries map[item]outcome
	others  int // steps that did something and are none of nouns
}

// accountFiles is the ID of the step that writes the entries of users and groups.
const accountFiles = "account-files"

// hear counts what has become of a step.
func (t *tally) hear(e plan.Event) {
	if e.Turn != plan.Finished && e.Turn != plan.Kept {
		return
	}
	n, name, counted := nounOf(e.Step.ID)
	// what was to be kept may have turned out to need the step
	did := e.Turn == plan.Finished && (e.Step.Effect != plan.Keep || e.Step.Check != nil)
	switch {
	case e.Step.ID == accountFiles:
		t.write()
	case !counted && did:
		t.others++
	case !counted:
	case e.Step.Do == nil && e.Step.Effect != plan.Keep:
		note(&t.entries, item{n.one, name}, outcomeOf(n, e.Step.Effect))
	case did:
		note(&t.items, item{n.one, name}, outcomeOf(n, e.Step.Effect))
	default:
		note(&t.items, item{n.one, name}, unchanged)
	}
}

// write takes entries for done.
func (t *tally) write() {
	for i, what := range t.entries {
		note(&t.items, i, what)
	}
	t.entries = nil
}

func note(in *map[item]outcome, i item, what outcome) {
	if *in == nil {
		*in = map[item]outcome{}
	}
	(*in)[i] = max((*in)[i], what)
}

// nounOf reads the ID of a step, where it is one that is counted.
func nounOf(id string) (n noun, name string, counted bool) {
	kind, name, _ := strings.Cut(id, ":")
	for _, n := range nouns {
		if n.kind != kind {
			continue
		}
		if kind == "dropin" {
			name, _, _ = strings.Cut(name, "/")
		}
		return n, name, true
	}
	return noun{}, "", false
}

// outcomeOf: an entry of the config whose effect depends on what is there is kept if it is that already, and refused
// otherwise; a unit is enabled or disabled, and a user made by the root's tools.
func outcomeOf(n noun, effect plan.Effect) outcome {
	switch {
	case (effect == plan.Change || effect == plan.Keep) && n.one != "unit", n.part:
		return changed
	case effect == plan.Destroy:
		return replaced
	case effect == plan.Deferred && n.one != "unit" && n.one != "user" && n.one != "group":
		return unchanged
	}
	return made
}

// done is what has been done, "" for nothing: "14 files, 2 replaced; 1 user".
func (t *tally) done() string {
	var parts []string
	before := ""
	for _, n := range nouns {
		if n.one == before {
			continue
		}
		before = n.one
		if part := t.part(n); part != "" {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 && t.others > 0 {
		parts = append(parts, count(t.others, "other change", "other changes"))
	}
	return strings.Join(parts, "; ")
}

// part is what has been done to the things of one noun.
func (t *tally) part(n noun) string {
	var of [replaced + 1]int
	for i, what := range t.items {
		if i.noun == n.one {
			of[what]++
		}
	}
	all := of[changed] + of[made] + of[replaced]
	if all == 0 {
		return ""
	}
	text := count(all, n.one, n.many)
	if of[changed] > 0 {
		text += fmt.Sprintf(", %d changed", of[changed])
	}
	if of[replaced] > 0 {
		text += fmt.Sprintf(", %d replaced", of[replaced])
	}
	return text
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// summary is the line at the end of a run that has gone well.
func (t *tally) summary() string {
	t.write()
	text := t.done()
	if text == "" {
		text = "nothing to do"
	}
	kept := 0
	for _, what := range t.items {
		if what == unchanged {
			kept++
		}
	}
	if kept > 0 {
		text += fmt.Sprintf("; %d unchanged", kept)
	}
	return text
}
