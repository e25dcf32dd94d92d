package stages

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
	"github.com/glowplug-os/glowplug/stages/units"
)

// Report makes data for people of a forecast. Texts says whether what is in files may be shown, as far as everybody may
// read it.
func (f *Forecast) Report(texts bool) *report.Plan {
	p := &report.Plan{}
	of, told, made := f.partitions(), map[report.Loss]bool{}, f.Disks.Made()
	for _, a := range f.Disks.Actions() {
		p.Actions = append(p.Actions, diskAction(a, of, told))
		lies(&p.Actions[len(p.Actions)-1], a.Seen, made)
	}
	for _, s := range f.Mounts {
		p.Actions = append(p.Actions, action(report.Mount, s))
	}
	p.Notes = f.Disks.Warnings()
	left := f.Files.Results()
	t := newTeller(f.Root, f.Trees, left, texts)
	for _, s := range f.Files.Steps {
		a := action(report.Files, s)
		a.Count()
		if units.Remarks(&s) {
			p.Notes = append(p.Notes, s.Subject+" "+s.Detail)
		}
		if s.Effect != plan.Keep {
			t.changes(&a, left[s.ID])
		}
		p.Actions = append(p.Actions, a)
	}
	p.Notes = append(append(p.Notes, undone(f.Files.Steps, left)...), f.cautions...)
	return p
}

func action(stage report.Stage, s plan.Step) report.Action {
	return report.Action{Stage: stage, ID: s.ID, Effect: s.Effect, Subject: s.Subject, Detail: s.Detail,
		Origin: s.Origin}
}

// partitions tell to which disk a node belongs.
func (f *Forecast) partitions() map[string]string {
	of := map[string]string{}
	for _, a := range f.Actions() {
		if a.After == nil && !strings.HasPrefix(a.Origin, "$.storage.disks.") || len(a.Seen) == 0 {
			continue
		}
		disk := a.Seen[0]
		if of[disk.Node] == "" {
			of[disk.Node] = disk.Path
		}
		for _, seen := range []*scene.Seen{a.Before, a.After} {
			if seen == nil {
				continue
			}
			for number := range seen.PartitionNames() {
				of[disk.PartitionNode(number)] = of[disk.Node]
			}
		}
	}
	return of
}

// diskAction is an action on disks. Disks are shown with what their nodes belong to; what goes is told once.
func diskAction(from *kind.Action, of map[string]string, told map[report.Loss]bool) report.Action {
	a := action(report.Disks, from.Step)
	a.Count()
	if a.Noun == report.Disk { // several entries may be about one, by its names
		a.Thing = from.Seen[0].Node
	}
	if len(from.Seen) == 1 {
		a.Group = of[from.Seen[0].Node]
	}
	for _, o := range from.Outcomes {
		a.Outcomes = append(a.Outcomes, report.Outcome(o))
	}
	for _, lost := range from.Loses {
		a.Stays = a.Stays || lost.End
		if each := (report.Loss{Where: lost.Node, What: lost.What}); !told[each] {
			told[each] = true
			a.Loses = append(a.Loses, each)
		}
	}
	if len(from.Loses) > 0 && len(a.Loses) == 0 { // all was told before
		a.Loses = []report.Loss{{Where: from.Seen[0].Node, What: kind.TableLost}}
	}
	a.Before, a.After = layout(from.Before), layout(from.After)
	return a
}

// lies says of an array, a volume or a filesystem what it lies on, and by which names others lie on it.
func lies(a *report.Action, seen []*scene.Seen, made map[string][]string) {
	if a.Noun != report.Array && a.Noun != report.Volume && a.Noun != report.Filesystem {
		return
	}
	a.Made = made[a.Origin]
	for _, s := range seen {
		a.On = append(a.On, report.Device{Name: s.Path, Node: s.Node})
	}
}

func layout(disk *scene.Seen) *report.Layout {
	if disk == nil {
		return nil
	}
	from := disk.Layout()
	l := &report.Layout{Bytes: from.Size, Holds: from.Holds}
	for _, p := range from.Parts {
		l.Partitions = append(l.Partitions, report.Partition{Number: p.Number, Label: p.Label, Start: p.At.Offset,
			Size: p.At.Size, Node: disk.PartitionNode(p.Number)})
	}
	return l
}
