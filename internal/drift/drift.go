// Package drift tells people, and programs, in what a machine differs from its config. In comes a Report, which is
// data: an Item for each entry of the config, and for what a first boot leaves beside these. Out come a text, JSON by
// the schema that is published beside it, test cases of JUnit's XML, and the status that the command exits with. It
// compares nothing, and looks at no machine. What may not be shown is left out before it comes here.
package drift

import (
	"fmt"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
)

// A State is what was found out of an Item.
type State uint8

// The states, by how much they weigh: the worst of an item's findings is its own.
const (
	AsDescribed State = iota
	NotKnown
	Differs
)

func (s State) String() string {
	return [...]string{"as-described", string(codes.NotKnown), "differs"}[s]
}

// An Item is an entry of the config, or something else that a first boot leaves.
type Item struct {
	ID      string // stable for a given config: where in the config it is, or what step of a boot makes it
	Subject string // "file /etc/motd"
	Origin  string // where the config has it: "$.storage.files.0"; "" for nowhere
	Place   string // file:line:column of that; "" for none
	State   State
	// Findings say in what it differs, or why it is not known.
	Findings []string
	// Lines are those of a text that are there, "-", and that the config has, "+", and some around them.
	Lines []string
}

// Find adds a finding. What is not known counts for nothing beside what differs.
func (i *Item) Find(s State, what string) {
	switch {
	case s < i.State:
		return
	case s > i.State:
		i.State, i.Findings = s, nil
	}
	if what = strings.TrimSpace(what); !slices.Contains(i.Findings, what) {
		i.Findings = append(i.Findings, what)
	}
}

// A Report is what was found out of a machine.
type Report struct {
	Items []*Item
	// Notes say what was not looked at, and why.
	Notes []string
}

// An Exit is the status of the command.
type Exit int

// The statuses.
const (
	AllAsDescribed Exit = 0
	SomeDiffers    Exit = 3
	SomeNotKnown   Exit = 4
)

// Exit is the status that a report ends with.
func (r *Report) Exit() Exit {
	switch {
	case len(r.of(Differs)) > 0:
		return SomeDiffers
	case len(r.of(NotKnown)) > 0:
		return SomeNotKnown
	}
	return AllAsDescribed
}

func (r *Report) of(s State) (all []*Item) {
	for _, i := range r.Items {
		if i.State == s {
			all = append(all, i)
		}
	}
	return all
}

// Summary counts items in a line: "2 of 14 differ, 1 is not known".
func (r *Report) Summary() string {
	differ, unknown := len(r.of(Differs)), len(r.of(NotKnown))
	var words []string
	if differ > 0 {
		words = append(words, fmt.Sprintf("%d of %d %s", differ, len(r.Items), verb(differ, "differs", "differ")))
	}
	if unknown > 0 {
		words = append(words, fmt.Sprintf("%d %s not known", unknown, verb(unknown, "is", "are")))
	}
	if words == nil {
		return fmt.Sprintf("all as described: %d", len(r.Items))
	}
	return strings.Join(words, ", ")
}

func verb(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}
