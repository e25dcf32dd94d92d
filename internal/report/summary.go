package report

import (
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
)

// A Noun is what things are counted as.
type Noun uint8

// The nouns, in the order of the summary. Other is nothing that is counted.
const (
	Other Noun = iota
	Disk
	Part
	Array
	Volume
	Filesystem
	File
	Directory
	Link
	Group
	User
	Unit
	Preset
	Argument
)

var words = [...]string{Disk: "disk", Part: "partition", Array: "array", Volume: "encrypted volume",
	Filesystem: "filesystem", File: "file", Directory: "directory", Link: "link", Group: "group", User: "user",
	Unit: "unit", Preset: "preset file", Argument: "kernel argument"}

// String is the word for one.
func (n Noun) String() string { return words[n] }

func (n Noun) count(all int) string { return diag.Count(all, words[n]) }

// A tally is what becomes of the things of one noun, each counted once.
type tally struct{ all, changed, replaced, later, kept int }

// weight orders effects: of several that one thing meets, the weightiest counts.
var weight = map[plan.Effect]int{plan.Keep: 0, plan.Change: 1, plan.Deferred: 2, plan.Create: 3, plan.Destroy: 4}

// tallies count things by noun.
func (p *Plan) tallies() map[Noun]tally {
	type thing struct {
		noun Noun
		name string
	}
	effects := map[thing]plan.Effect{}
	for _, a := range p.Actions {
		if a.Thing == "" {
			continue
		}
		at, effect := thing{a.Noun, a.Thing}, a.Effect
		if a.Part && effect == plan.Create || a.Stays && effect == plan.Destroy {
			effect = plan.Change
		}
		if old, met := effects[at]; !met || weight[effect] > weight[old] {
			effects[at] = effect
		}
	}
	all := map[Noun]tally{}
	for at, effect := range effects {
		t := all[at.noun]
		t.add(effect)
		all[at.noun] = t
	}
	return all
}

func (t *tally) add(effect plan.Effect) {
	if effect == plan.Keep {
		t.kept++
		return
	}
	t.all++
	switch effect {
	case plan.Change:
		t.changed++
	case plan.Destroy:
		t.replaced++
	case plan.Deferred:
		t.later++
	}
}

// Summary is the plan in a line: "3 disks: 1 wiped, 7 partitions, 2 filesystems; 14 files, 2 replaced; 1 user".
func (p *Plan) Summary() string {
	all := p.tallies()
	var parts []string
	parts = append(parts, p.inTheWay()...)
	if disks := p.disks(all); disks != "" {
		parts = append(parts, disks)
	}
	for n := File; n <= Argument; n++ {
		if t := all[n]; t.all > 0 {
			parts = append(parts, n.count(t.all)+t.details(n))
		}
	}
	others := 0
	for _, a := range p.Actions {
		if a.Thing == "" && a.Effect != plan.Keep {
			others++
		}
	}
	switch {
	case len(parts) == 0 && others > 0:
		parts = append(parts, diag.Count(others, "other change"))
	case len(parts) == 0:
		parts = append(parts, "nothing to do")
	}
	if kept := unchanged(all); kept > 0 {
		parts = append(parts, fmt.Sprintf("%d unchanged", kept))
	}
	return strings.Join(parts, "; ")
}

// inTheWay counts conflicts, and devices that are not known.
func (p *Plan) inTheWay() (parts []string) {
	unknown := 0
	for _, c := range p.Conflicts {
		if c.Unknown {
			unknown++
		}
	}
	if n := len(p.Conflicts) - unknown; n > 0 {
		parts = append(parts, diag.Count(n, "conflict"))
	}
	if unknown > 0 {
		parts = append(parts, diag.Count(unknown, "device")+" not known")
	}
	return parts
}

func unchanged(all map[Noun]tally) (kept int) {
	for noun, t := range all {
		if noun != Other && noun != Disk && noun != Preset { // whose lines are of units
			kept += t.kept
		}
	}
	return kept
}

// disks is what becomes of disks and of what they are made into.
func (p *Plan) disks(all map[Noun]tally) string {
	var parts []string
	if n := all[Disk].replaced; n > 0 {
		parts = append(parts, fmt.Sprintf("%d wiped", n))
	}
	for n := Part; n <= Filesystem; n++ {
		if t := all[n]; t.all > 0 {
			part := n.count(t.all)
			if details, some := strings.CutPrefix(t.details(n), ", "); some {
				part += " (" + details + ")"
			}
			parts = append(parts, part)
		}
	}
	switch head := all[Disk].all; {
	case head == 0:
		return strings.Join(parts, ", ")
	case len(parts) == 0:
		return Disk.count(head)
	default:
		return Disk.count(head) + ": " + strings.Join(parts, ", ")
	}
}

// details say how, where that is not all the same.
func (t tally) details(n Noun) (text string) {
	add := func(count int, what string) {
		if count > 0 {
			text += fmt.Sprintf(", %d %s", count, what)
		}
	}
	if n == Argument {
		return ""
	}
	add(t.changed, "changed")
	add(t.replaced, replacedWord(n))
	add(t.later, "decided later")
	return text
}

func replacedWord(n Noun) string {
	switch n {
	case Part:
		return "lost"
	case User, Group:
		return "removed"
	}
	return "replaced"
}
