package partition

import (
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// NotKnown says what may become of a disk that cannot be looked at, and what can be told of the disk and its partitions
// then.
func NotKnown(index int, want *config.Disk, why string) (lane kind.Lane, after []scene.Prediction) {
	u := unknown{&change{index: index, want: want,
		disk: &scene.Seen{Path: want.Device, Node: want.Device, Unknown: why}}}
	after = append(after, scene.Prediction{Names: []string{want.Device}, Seen: u.disk})
	if u.wipe() {
		lane = append(lane, u.wiping())
	}
	for i, spec := range specs(want.Partitions) {
		lane = append(lane, u.entry(i, spec))
		if spec.ShouldExist {
			after = append(after, u.prediction(spec))
		}
	}
	return append(lane, u.tableAction()), after
}

// An unknown is a change of a disk of which nothing is known.
type unknown struct{ *change }

func (u unknown) because(detail string) string { return detail + " (" + u.disk.Unknown + ")" }

func (u unknown) wiping() *kind.Action {
	a := telling(u).wiping()
	a.Effect, a.Detail = plan.Deferred, u.because("wiped, whatever is on the disk")
	a.Outcomes = []kind.Outcome{{Found: "nothing", Verdict: "wipe"}, {Found: "anything else", Verdict: "wipe"}}
	return a
}

// tableAction is the one that does it all.
func (u unknown) tableAction() *kind.Action {
	a, e := telling(u).wiping(), kind.Disk(u.index, u.want.Device)
	a.ID, a.Origin = e.ID, e.Origin
	a.Effect, a.Detail = plan.Deferred, u.because("written unless it is as wanted")
	if u.wipe() {
		a.Detail = u.because("written, and the kernel told")
	}
	return a
}

// entry is what may become of a partition. On a table that is made anew there is none.
func (u unknown) entry(index int, spec block.Spec) *kind.Action {
	a := &kind.Action{Step: u.partition(index, u.called(spec)).Step(), Seen: []*scene.Seen{u.disk}}
	a.Effect, a.Detail = plan.Deferred, u.because(describeSpec(spec))
	for _, row := range spec.Possible() {
		a.Outcomes = append(a.Outcomes, kind.Outcome{Found: row.Found, Verdict: row.Verdict.String()})
		if u.wipe() {
			break
		}
	}
	return a
}

func (u unknown) called(spec block.Spec) string {
	if spec.Number == 0 {
		return "a partition of " + diag.Name(u.want.Device)
	}
	return u.subject(spec.Number)
}

func (u unknown) prediction(spec block.Spec) scene.Prediction {
	seen := &scene.Seen{Partition: true, Unknown: "nothing is known of its disk"}
	p := scene.Prediction{Names: block.PartitionLinks(config.Says(spec.Label), spec.GUID), Seen: seen}
	if spec.Number > 0 {
		seen.Node = u.disk.PartitionNode(spec.Number)
		p.Names = append(p.Names, seen.Node)
		p.Names = append(p.Names, block.PartLinks([]string{u.want.Device}, spec.Number)...)
	}
	return p
}

// describeSpec is a partition as the config has it.
func describeSpec(s block.Spec) string {
	if !s.ShouldExist {
		return "not to be there"
	}
	var all []string
	if s.Label != nil {
		all = append(all, fmt.Sprintf("%q", *s.Label))
	}
	if s.StartMiB != nil && *s.StartMiB > 0 {
		all = append(all, fmt.Sprintf("at %d MiB", *s.StartMiB))
	}
	if s.SizeMiB != nil && *s.SizeMiB > 0 {
		all = append(all, fmt.Sprintf("%d MiB", *s.SizeMiB))
	} else {
		all = append(all, "as large as goes")
	}
	return strings.Join(all, ", ")
}
