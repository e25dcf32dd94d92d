package disks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/field"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/tool"
)

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

// A View tells planners what is on devices: as they are now or, for a preview, as the rounds before will leave them.
type View interface {
	Device(path string) (Seen, error)
	Disk(path string) (device.Disk, error)
}

// Seen is a device as a planner sees it.
type Seen struct {
	device.Device
	// Unknown says why the content cannot be known before the device is there; "" where it is known.
	Unknown string
}

// A round is one kind of thing that is made. What it needs is there when the rounds before are over.
type round struct {
	name string // as the engine's log has it (docs/peer/engine.md §16)
	// wants lists the devices that have to be there.
	wants func(config.Storage) []want
	// plan decides. It changes nothing and runs nothing.
	plan func(config.Storage, View, *work) (planned, error)
}

// A want is a device that an entry of the config names.
type want struct{ path, subject, origin string }

// planned is what a round will do.
type planned struct {
	// lanes are independent of each other: one for each disk or filesystem.
	lanes []plan.Plan
	// after is what will then be there.
	after []prediction
	// released are devices, by their names in sysfs, that will no more be in use by others because they are stopped.
	released []string
	// needs are the tools that the steps run. All are there before the first step begins.
	needs []need
	// blanks are devices of which libblkid must not know more before the first step begins.
	blanks []blank
	// means are the names that the config gives to what is made.
	means []meaning
}

// A need is a tool that a step runs.
type need struct {
	tool string
	step plan.Step
}

// A prediction is a device as it will be, under all names that are known beforehand.
type prediction struct {
	names []string
	seen  Seen
}

// work is what the steps of one run share.
type work struct {
	Options
	keys  Keys
	means meanings
}

func rounds() []round {
	return []round{releaseRound(), partitionRound(), raidRound(), luksRound(), filesystemRound()}
}

// Run makes the disks of a config. Keys are given also with an error: as far as they are known.
func Run(ctx context.Context, s config.Storage, o Options) (Keys, error) {
	w := &work{Options: o}
	if err := cmp.Or(refuseFields(s), impossible(s), unlabelled(s, w.now)); err != nil {
		return w.keys, err
	}
	if err := w.missing(append(arrayNeeds(s), volumeNeeds(s)...)); err != nil {
		return w.keys, err
	}
	all := rounds()
	for i, r := range all {
		if err := r.run(ctx, s, w); err != nil {
			return w.keys, err
		}
		// Names that lead elsewhere are found out before anything is made of what they lead to.
		for _, later := range all[i+1:] {
			if err := w.lead(ctx, later.wants(s)); err != nil {
				return w.keys, err
			}
		}
	}
	return w.keys, nil
}

// refuseFields refuses what no tool takes as it is meant, before the first of them runs.
func refuseFields(s config.Storage) error {
	what, path, fault := field.Refusal((&config.Config{Storage: s}).Values, "storage")
	return plan.Step{ID: "field:" + path, Subject: what, Origin: path}.Fail(fault)
}

func (r round) run(ctx context.Context, s config.Storage, w *work) error {
	wants := r.wants(s)
	if err := wait(ctx, w.Devices, wants); err != nil {
		return err
	}
	if err := w.lead(ctx, wants); err != nil {
		return err
	}
	for _, each := range wants {
		if err := w.alias(each); err != nil {
			return err
		}
	}
	p, err := r.plan(s, w.reached(), w)
	if err != nil {
		return err
	}
	if err := cmp.Or(unlabelled(s, p.left), w.coincide(wants, p.means)); err != nil {
		return err
	}
	if err := w.missing(append(p.needs, blankNeeds(p.blanks)...)); err != nil {
		return err
	}
	if err := w.vet(ctx, p.blanks); err != nil {
		return err
	}
	var tell func(plan.Event)
	if w.Tell != nil {
		tell = func(e plan.Event) { w.Tell(r.name, e) }
	}
	if err := runLanes(ctx, p.lanes, w.Width, tell); err != nil {
		return err
	}
	if w.means == nil {
		w.means = meanings{}
	}
	w.means.add(p.means)
	w.twins(p.means)
	return nil
}

func wait(ctx context.Context, devices *device.Devices, wants []want) error {
	var paths []string
	for _, each := range wants {
		paths = append(paths, each.path)
	}
	err := devices.Wait(ctx, paths)
	var missing *device.MissingError
	if errors.As(err, &missing) {
		i := slices.IndexFunc(wants, func(each want) bool { return each.path == missing.Paths[0] })
		return wants[i].fail(err)
	}
	return err
}

// missing names each tool that is not installed, with the first step that needs it.
func (w *work) missing(needs []need) error {
	var errs []error
	looked := map[string]bool{}
	for _, n := range needs {
		if looked[n.tool] {
			continue
		}
		looked[n.tool] = true
		if _, err := w.Tools.Path(n.tool); err != nil {
			errs = append(errs, n.step.Fail(err))
		}
	}
	return errors.Join(errs...)
}

func (w want) fail(err error) error {
	return plan.Step{ID: w.origin, Subject: w.subject, Origin: w.origin}.Fail(err)
}

// runLanes runs independent plans side by side. All run to their end even if one fails, as what they do is wanted in
// any case and they would have to begin again; the errors come in the order of the lanes.
func runLanes(ctx context.Context, lanes []plan.Plan, width int, tell func(plan.Event)) error {
	if width == 0 {
		width = 2 * runtime.NumCPU() // they wait for disks more than they compute
	}
	var one sync.Mutex
	o := plan.Options{}
	if tell != nil {
		o.Tell = func(e plan.Event) {
			one.Lock()
			defer one.Unlock()
			tell(e)
		}
	}
	errs := make([]error, len(lanes))
	slots := make(chan struct{}, width)
	var all sync.WaitGroup
	for i, lane := range lanes {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			errs[i] = lane.Run(ctx, o)
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// Preview plans all rounds without doing any: each sees what the ones before it will leave. What cannot be known before
// it is there is planned as a deferred step, which says what will decide.
func Preview(s config.Storage, o Options) (plan.Plan, error) {
	w := &work{Options: o}
	if err := cmp.Or(refuseFields(s), impossible(s)); err != nil {
		return nil, err
	}
	view := &expected{now: live{o.Devices}, then: map[string]Seen{}}
	var all plan.Plan
	for _, r := range rounds() {
		p, err := r.plan(s, view, w)
		if err != nil {
			return all, err
		}
		for _, lane := range p.lanes {
			all = append(all, lane...)
		}
		for _, each := range p.after {
			for _, name := range each.names {
				view.then[name] = each.seen
			}
		}
		view.released = append(view.released, p.released...)
	}
	return all, nil
}

// live is the machine as it is.
type live struct{ devices *device.Devices }

func (l live) Device(path string) (Seen, error) {
	seen, err := l.devices.Look(path)
	return Seen{Device: seen}, err
}

func (l live) Disk(path string) (device.Disk, error) { return l.devices.LookDisk(path) }

// reached is the machine by way of aliases, as tools get it: a name may lead elsewhere, or nowhere, while its device is
// worked on.
type reached struct{ live }

func (w *work) reached() View { return reached{live{w.Devices}} }

func (r reached) Device(path string) (Seen, error) {
	seen, err := r.devices.LookAlias(path)
	return Seen{Device: seen}, err
}

// expected is the machine as it will be: predictions over what is there now.
type expected struct {
	now      View
	then     map[string]Seen
	released []string
}

func (e *expected) Device(path string) (Seen, error) {
	later, known := e.then[path]
	if !known {
		seen, err := e.now.Device(path)
		if later, known = e.then[seen.Node]; err != nil || !known {
			return seen, err
		}
	}
	later.Path = path
	return later, nil
}

// Disk is as it is now, but for what no longer uses its partitions: only the partitions round changes tables.
func (e *expected) Disk(path string) (device.Disk, error) {
	disk, err := e.now.Disk(path)
	released := func(user string) bool { return slices.Contains(e.released, strings.TrimPrefix(user, "part of ")) }
	disk.Users = slices.DeleteFunc(disk.Users, released)
	for number, users := range disk.Busy {
		if disk.Busy[number] = slices.DeleteFunc(users, released); len(disk.Busy[number]) == 0 {
			delete(disk.Busy, number)
		}
	}
	return disk, err
}

// unlessLost adds to a refusal what the person who has to decide can do.
func unlessLost(err error, setting string) error {
	return diag.WithHint(err,
		"if what is there may be lost set "+setting+" to true in the config; if not name another device")
}

// isBlank: there is nothing on a device that anyone could lose.
func (s Seen) isBlank() bool { return len(s.Content.Signatures) == 0 && !s.Partitioned }

// onlyTable: there is nothing on a device but partitions.
func (s Seen) onlyTable() bool { return len(s.Content.Signatures) == 0 && s.Partitioned }

func origin(kind string, index int) string { return fmt.Sprintf("$.storage.%s.%d", kind, index) }

// value is what an optional text says; "" if it says nothing.
func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func isTrue(b *bool) bool { return b != nil && *b }
