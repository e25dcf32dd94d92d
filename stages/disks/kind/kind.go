// Package kind says what the kinds of things that disks are made into have in common: a Row of what a kind wants and
// how it is planned, and the Actions that its plans are made of. Each kind is a package beside this one; stages/disks
// goes through their rows.
//
// A planner gets the config, a Scene and randomness, and gives Actions, so it cannot do anything, and plans the same
// anywhere. What an Action does to the machine it does with the Work that it is given when it is run. It carries what
// it was decided on, looks again through Work.Scene, and judges by the same function as the planner.
package kind

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"reflect"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// A Row is one kind. What it needs is there when the kinds before it are done.
type Row struct {
	Name string // as the engine's log has it (docs/peer/engine.md §16)
	// Wants lists the devices that have to be there.
	Wants func(config.Storage) []Want
	// Plan decides. The error joins all conflicts, each a *plan.StepError; what does not depend on them is planned all
	// the same.
	Plan func(config.Storage, scene.Scene, io.Reader) (*Planned, error)
}

// An Entry is an entry of the config, as steps and errors about it begin.
type Entry struct{ ID, Subject, Origin string }

// Step begins a step.
func (e *Entry) Step() plan.Step { return plan.Step{ID: e.ID, Subject: e.Subject, Origin: e.Origin} }

// Fail is an error about the entry.
func (e *Entry) Fail(err error) error {
	if err == nil {
		return nil
	}
	return e.Step().Fail(err)
}

// A Want is a device that an entry names.
type Want struct {
	Path string
	*Entry
}

// Disks are the disks that the config lists.
func Disks(s config.Storage) (all []Want) {
	for i, d := range s.Disks {
		all = append(all, Want{d.Device, Disk(i, d.Device)})
	}
	return all
}

// Disk is an entry of a disk.
func Disk(index int, device string) *Entry {
	id := Origin("disks", index)
	return &Entry{id, "disk " + diag.Name(device), id}
}

// Planned is what will be done about one kind.
type Planned struct {
	// Lanes are independent of each other: one for each disk or filesystem.
	Lanes []Lane
	// After is what will then be there, and Gone are devices that will not be.
	After []scene.Prediction
	Gone  []scene.Departure
	// Needs are the tools that the actions run. All are there before the first action begins.
	Needs []Need
	// Blanks are devices of which libblkid must not know more before the first action begins.
	Blanks []Blank
	// Means are the names that the config gives to what is made.
	Means []*Meaning
	// Warnings are about what is not refused.
	Warnings []string
}

// A Lane is done in order.
type Lane []*Action

// An Action is a step, with what it was decided on.
type Action struct {
	plan.Step // without Check and Do
	// Look tells whether the action is needed. It changes nothing. Absent means plan.Pending.
	Look func(context.Context, *Work) (plan.State, error)
	// Act does it. It may be called again after it was cut off at any point. Absent means nothing to do.
	Act func(context.Context, *Work) error
	// Seen are the devices that the action is about, as they were when it was decided.
	Seen []*scene.Seen
	// Loses is what goes.
	Loses []Loss
	// Before and After are the disk, of an action that is about all of one; nil of others.
	Before, After *scene.Seen
	// Outcomes are what may come of an action that is only decided when its device is there, or when libblkid was
	// asked.
	Outcomes []Outcome
}

// A Loss is something that an action takes away.
type Loss struct {
	Node string // where it was
	What string // what it was, in words; "" for nothing that is known
	End  bool   // only the end of what is there goes
}

// Lost is what goes with all that is on a device: what is known on it, and what its partitions hold. One of which
// nothing can be read holds nothing known.
func Lost(view scene.Scene, seen *scene.Seen) (all []Loss) {
	parts := seen.KernelPartitions()
	if seen.Partition {
		parts = nil
	}
	if len(seen.Content.Signatures) > 0 {
		all = append(all, Loss{Node: seen.Node, What: scene.Describe(seen.Content)})
	} else if len(parts) == 0 {
		return []Loss{{Node: seen.Node, What: TableLost}}
	}
	for _, p := range parts {
		inside, _ := view.Inside(seen.Place(p))
		all = append(all, Loss{Node: seen.PartitionNode(p.Number), What: scene.Describe(inside.Content)})
	}
	return all
}

// TableLost is what goes where nothing else does.
const TableLost = "its partition table"

// Over is an action that fills a device, with what is then on it: if that is a disk, all of the disk.
func (a *Action) Over(device *scene.Seen, then scene.Filling) *Action {
	if device.IsDisk() {
		after := *device
		after.Filling, after.Partitions = then, nil
		a.Before, a.After = device, &after
	}
	return a
}

// An Outcome is a row of the table of verdicts in docs/disks.md that is still possible.
type Outcome struct{ Found, Verdict string }

// UnlessKnown is what may come of an action on a device on which nothing is known here.
var UnlessKnown = []Outcome{{"nothing", "as planned"}, {"what only blkid finds", "refuse"}}

// Bind gives the step that works on a machine.
func (a *Action) Bind(w *Work) plan.Step {
	s := a.Step
	if a.Look != nil {
		s.Check = func(ctx context.Context) (plan.State, error) { return a.Look(ctx, w) }
	}
	if a.Act != nil {
		s.Do = func(ctx context.Context) error { return a.Act(ctx, w) }
	}
	return s
}

// Bind gives the steps that work on a machine.
func (l Lane) Bind(w *Work) (steps plan.Plan) {
	for _, a := range l {
		steps = append(steps, a.Bind(w))
	}
	return steps
}

// A Need is a tool that is run for an entry.
type Need struct {
	Tool string
	*Entry
}

// A Blank is a device that is about to be written to, or called empty, because nothing is known on it, without that the
// config gives up what may be there. Libblkid may be newer than what is known here, so it is asked as well.
type Blank struct {
	*Entry
	Path    string // as the config has it
	Seen    *scene.Seen
	Setting string // what would give it up
}

// Unfinished is what a maker that was stopped has left, and what libblkid takes for whole.
func (b *Blank) Unfinished() string {
	if c := b.Seen.Content; c.Unfinished && !c.Ambivalent {
		return c.First().Type
	}
	return ""
}

// A Meaning is what names of devices stand for because the config itself gives them: a label of a partition that it
// makes is that partition, whatever other disk of the machine has one of that label.
type Meaning struct {
	Names []string
	// What it is, for people, and the entry that makes it.
	What, Origin string
	// Node is where the names have to lead; "" if only Find knows, once it is made.
	Node string
	Find func(scene.Scene) (string, error)
	// GUID is the link by a partition's GUID, also of one that nobody gave.
	GUID string
}

// At is where the names have to lead.
func (m *Meaning) At(s scene.Scene) (string, error) {
	if m.Node != "" {
		return m.Node, nil
	}
	return m.Find(s)
}

func (m *Meaning) String() string { return fmt.Sprintf("%s (%s)", m.What, m.Origin) }

// Options are the circumstances of making disks.
type Options struct {
	Devices *device.Devices
	Tools   *tool.Set
	Log     *slog.Logger
	// Fetch gets the content of a key file.
	Fetch func(context.Context, config.Resource) (diag.Secret, error)
	// Reach waits until a server answers at a URL.
	Reach func(context.Context, string) error
	// Random is for keys and GUIDs.
	Random io.Reader
	// Width is how many disks or filesystems are worked on at once; 0 for what the machine can take.
	Width int
	// Tell hears of what becomes of the steps of a round, one event at a time; nil for nobody.
	Tell func(round string, e plan.Event)
}

// Keys are what later stages have to put into the new system, and what becomes known while volumes are made.
type Keys struct {
	Volumes map[string]diag.Secret // a volume's name to the key that opens it
	Files   map[string]diag.Secret // names of files in zkey's repository to their content
}

// Work is what actions work with.
type Work struct {
	Options
	// Scene is the machine by way of aliases.
	Scene scene.Scene
	Keys  Keys
}

// Warn logs what is not refused.
func (w *Work) Warn(format string, args ...any) {
	if w.Log != nil {
		w.Log.Warn(fmt.Sprintf(format, args...))
	}
}

// Run runs a tool.
func (w *Work) Run(ctx context.Context, name string, args ...string) error {
	_, err := w.Tools.Run(ctx, tool.Command{Tool: name, Args: args})
	return err
}

// Unused makes sure that nobody, in any namespace, has a device mounted or built upon: no list has mounts of other
// namespaces, and none of a disk has those of its partitions.
func (w *Work) Unused(ctx context.Context, path string) error {
	return w.Devices.Alone(ctx, path, os.O_RDONLY, func(*os.File) error { return nil })
}

// SameContent: nothing was put on a device since.
func SameContent(a, b *scene.Seen) bool {
	return a.Node == b.Node && a.Size == b.Size && a.Partitioned() == b.Partitioned() &&
		reflect.DeepEqual(a.Content, b.Content)
}

// UnlessLost adds to a refusal what the person who has to decide can do.
func UnlessLost(err error, setting string) error {
	return diag.WithHint(err, MayBeLost(setting))
}

// MayBeLost is the hint to a setting that gives up what is there.
func MayBeLost(setting string) string {
	return "if what is there may be lost set " + setting + " to true in the config; if not name another device"
}

// Unique adds to an error about a name what helps.
func Unique(err error) error {
	return diag.WithHint(err, "give what the config makes a label, a GUID or a name that nothing else has, "+
		"or name a partition by its disk: /dev/disk/by-id/…-part1")
}

// Owners tell which entry a device belongs to, by its node: two that made something of one would destroy each other's.
type Owners map[string]string

// Claim notes whose a device is.
func (o Owners) Claim(seen *scene.Seen, origin string) error {
	if other, is := o[seen.Node]; is && seen.Node != "" {
		return fmt.Errorf("%s is in %s already", diag.Name(seen.Path), other)
	}
	o[seen.Node] = origin
	return nil
}

// Origin is the place of an entry in the config.
func Origin(kind string, index int) string { return fmt.Sprintf("$.storage.%s.%d", kind, index) }
