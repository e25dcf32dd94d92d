package guest

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/glowplug-os/glowplug/internal/drift"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/stages"
)

// An Order is what the machine is to do.
type Order struct {
	Config  stages.Rendering
	Disks   []Disk
	Root    string // the device that has the root; "" for the one that has a system
	Network bool
	Today   int64 // the date that new passwords get, in days since 1970-01-01
	Version string
	Compare *Comparison // nothing is changed; nil where the disks are to become what the config says
}

// A Comparison says how disks are compared with the config.
type Comparison struct {
	ByRecord bool // go by the record that the root has, in the place of the config
	Texts    bool // what is in files may be shown
	NoOwner  bool
}

// A Disk is one that the machine has, and what the config calls it.
type Disk struct {
	Serial string
	Names  []string // paths below /dev
}

// A Saying is something that the machine tells: one of these.
type Saying struct {
	Hello   bool        `json:",omitempty"` // it is there, and waits for the order
	Stage   string      `json:",omitempty"` // one begins
	Event   *Event      `json:",omitempty"`
	Warning string      `json:",omitempty"`
	Item    *drift.Item `json:",omitempty"` // something that was compared
	Note    string      `json:",omitempty"` // of what was not
	Refused string      `json:",omitempty"` // why nothing can be compared, and
	Hint    string      `json:",omitempty"` // what to do about it
	Failed  string      `json:",omitempty"` // the card
	Done    bool        `json:",omitempty"`
}

// An Event is what becomes of a step, without its functions.
type Event struct {
	Turn                        plan.Turn
	ID, Subject, Detail, Origin string
	Effect                      plan.Effect
	Checked, Does               bool
	Done, All                   int
}

func eventOf(e plan.Event) *Event {
	s := e.Step
	return &Event{Turn: e.Turn, ID: s.ID, Subject: s.Subject, Detail: s.Detail, Origin: s.Origin, Effect: s.Effect,
		Checked: s.Check != nil, Does: s.Do != nil, Done: e.Done, All: e.All}
}

// Of is the event with a step that says the same, and does nothing.
func (e Event) Of() plan.Event {
	s := plan.Step{ID: e.ID, Subject: e.Subject, Detail: e.Detail, Origin: e.Origin, Effect: e.Effect}
	if e.Checked {
		s.Check = func(context.Context) (plan.State, error) { return plan.Pending, nil }
	}
	if e.Does {
		s.Do = func(context.Context) error { return nil }
	}
	return plan.Event{Turn: e.Turn, Step: s, Done: e.Done, All: e.All}
}

// line is a value as a line.
func line(what any) ([]byte, error) {
	text, err := json.Marshal(what)
	return append(text, '\n'), err
}

// Line is the order as the machine takes it.
func (o Order) Line() (string, error) {
	text, err := line(o)
	return string(text), err
}

// Heard reads what the machine has said.
func Heard(text []byte) (Saying, error) {
	var s Saying
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("the machine says what is no report: %w", err)
	}
	return s, nil
}
