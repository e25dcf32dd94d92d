// Package report tells people, and programs, what a config will do to a machine. In comes a Plan, which is data:
// actions in order, conflicts, what was left out. Out come a text, JSON by the schema that is published beside it, and
// the status that the command exits with; of events of a run, a Plan of what was done (Done); of the JSON, a plan that
// others are compared with (Saved); of two Plans for one machine, in what they differ (Comparison). It plans nothing,
// and looks at no machine. Package page makes a page of HTML of the same: what stands where is common to both
// (Sections, Destroyed, Disks).
//
// Each action is about something that is counted (Noun, Thing) and belongs to a group: a disk, or a path. The text
// begins and ends with the summary; between are what is destroyed, the disks with a bar of each before and after, the
// paths with what changes, and the rest. What may not be shown is left out before it comes here: a Change has texts
// only if these may be seen.
package report

import (
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/plan"
)

// A Plan is what a config will do.
type Plan struct {
	Actions   []Action
	Conflicts []Conflict
	// Notes say what was not planned, is not known, or will not be as the config has it, and why.
	Notes []string
	// Salt is what the digests of actions were begun with; nil if these have none.
	Salt []byte
	// Fetched: what servers have was fetched for it.
	Fetched bool
	// Options are those of the command that decide what is done.
	Options []string
}

// A Stage is the part of a first boot that an action belongs to.
type Stage string

// The stages.
const (
	Arguments Stage = "kargs"
	Disks     Stage = "disks"
	Mount     Stage = "mount"
	Files     Stage = "files"
)

// An Action is one thing that will be done, or is done already.
type Action struct {
	Stage  Stage
	ID     string // stable for a given config
	Noun   Noun
	Thing  string // what is counted: several actions may be about one thing; "" for a part of others
	Part   bool   // it adds to the thing, which is changed by that if it is there without
	Stays  bool   // the thing is there afterwards too, whatever of it goes
	Effect plan.Effect
	// Subject is what it is about, Detail how in a few words, Origin where the config asks for it.
	Subject, Detail, Origin string
	// Group is the disk, or the path, that it is shown with; "" for neither.
	Group string
	// On are the devices that an array, a volume or a filesystem lies on, Made the names of the one that it makes.
	On   []Device
	Made []string
	// Loses is what goes. Outcomes are what may come of it where that is only known later.
	Loses    []Loss
	Outcomes []Outcome
	// Before and After are the disk's layout, of the action that writes a partition table; nil for none.
	Before, After *Layout
	Changes       []Change // of paths
	Sources       []Source // what it gets from servers
	// Digest is another one if the config asks for something else, or something else is there; "" for none.
	Digest string
}

// A Device is one that something lies on: by its name in the config, and by the kernel's.
type Device struct{ Name, Node string }

// A Source is a content that a server has.
type Source struct {
	URL    string // without what is secret
	Digest string // that it has to have; "" for any
	Bytes  int64  // how many there are, if it was fetched for this plan; below 0 if not
}

// A Loss is something that an action takes away.
type Loss struct {
	Where string // a device or a path
	What  string // in words; "" for nothing that is known
}

// An Outcome is what may come of an action that is decided later.
type Outcome struct{ Found, Verdict string }

// A Layout is what is where on a disk.
type Layout struct {
	Bytes      int64
	Holds      string      // what fills it, where there are no partitions; "" for nothing known
	Partitions []Partition // by where they begin
}

// A Partition is one of a Layout.
type Partition struct {
	Number      int
	Label       string
	Start, Size int64  // bytes
	Node        string // the kernel's name
}

// A Change is what becomes of a path.
type Change struct {
	Path     string
	Was, Now Node
	// Texts: both are known, are texts, and may be seen.
	Texts            bool
	WasText, NowText string
	Sizes            bool // of what is no text they are known, and may be seen
	// Secret: not everybody may read what is there, or what comes, so there are no texts.
	Secret bool
}

// A Node is what is at a path. Numbers below 0 are not known, or stay what they are.
type Node struct {
	Kind           string // file, directory, link, hard link, other; "" for nothing
	Mode, UID, GID int64
	Size           int64
	Link           string // where it leads
}

// A Conflict is something that cannot be done, or of which that is not known.
type Conflict struct {
	Message, Origin string
	Place           string // file:line:column; "" for none
	Hints           []string
	Unknown         bool // a device could not be looked at
}

// An Exit is the status of the command.
type Exit int

// The statuses.
const (
	NothingToDo Exit = 0
	InTheWay    Exit = 1
	Changing    Exit = 3
	Destroying  Exit = 4
)

// Exit is the status that a plan ends with: conflicts before everything, then what is, or may be, destroyed.
func (p *Plan) Exit() Exit {
	exit := NothingToDo
	for i := range p.Actions {
		exit = max(exit, p.Actions[i].exit())
	}
	if len(p.Conflicts) > 0 {
		return InTheWay
	}
	return exit
}

func (a *Action) exit() Exit {
	switch {
	case a.Effect == plan.Keep:
		return NothingToDo
	case a.Destroys():
		return Destroying
	}
	return Changing
}

// Destroys: something goes that nobody gets back, or may go. A file or a link that another takes the place of is a
// change like any other.
func (a *Action) Destroys() bool {
	if a.Effect == plan.Keep {
		return false
	}
	return len(a.Loses) > 0 || a.Stage == Disks && a.Effect == plan.Destroy || a.mayDestroy()
}

// mayDestroy: of an action that is decided later, some outcome takes away what somebody may want.
func (a *Action) mayDestroy() bool {
	return a.Effect == plan.Deferred && slices.ContainsFunc(a.Outcomes, Outcome.destroys)
}

// destroys goes by the words of the tables of docs/disks.md: these verdicts make something anew, and these contents are
// nothing that anybody could want back.
func (o Outcome) destroys() bool {
	switch o.Verdict {
	case "make", "wipe", "create", "recreate", "format", "delete":
		return o.Found != "nothing" && o.Found != "none" && o.Found != "unfinished" &&
			!strings.Contains(o.Found, "(half made)") && !strings.Contains(o.Found, "(unfinished)")
	}
	return false
}
