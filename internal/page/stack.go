package page

import (
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/report"
)

// stackMost is how many layers are drawn in each other; what is below is named. Browsers bound how deep elements are.
const stackMost = 16

// A layer is an array, a volume or a filesystem, with what is done for it.
type layer struct {
	noun    report.Noun
	name    string
	actions []*report.Action
	on      []report.Device
	carries bool // another one lies on it
	drawn   bool
	asked   bool // touched is known
	touched bool
}

// layers are what lies on what.
type layers struct {
	all        []*layer
	made       map[string]*layer            // by names of what they make
	over       map[string]*layer            // by the devices that they lie on
	partitions map[string]*report.Partition // as they will be, by their nodes
}

func layersOf(p *report.Plan) *layers {
	ls := &layers{made: map[string]*layer{}, over: map[string]*layer{}, partitions: map[string]*report.Partition{}}
	met := map[string]*layer{}
	for i := range p.Actions {
		a := &p.Actions[i]
		if a.After != nil {
			for k := range a.After.Partitions {
				ls.partitions[a.After.Partitions[k].Node] = &a.After.Partitions[k]
			}
		}
		if len(a.On) == 0 || kinds[a.Noun] == "" {
			continue
		}
		l := met[a.Thing]
		if l == nil {
			l = &layer{noun: a.Noun, on: a.On}
			met[a.Thing], ls.all = l, append(ls.all, l)
		}
		ls.add(l, a)
	}
	for _, l := range ls.all {
		for _, d := range l.on {
			if below := ls.below(d); below != nil {
				below.carries = true
			}
		}
	}
	return ls
}

func (ls *layers) add(l *layer, a *report.Action) {
	l.actions = append(l.actions, a)
	for _, each := range a.Made {
		ls.made[each] = l
	}
	for _, d := range a.On {
		ls.over[d.Name], ls.over[d.Node] = l, l
	}
	switch {
	case l.noun == report.Filesystem:
		l.name = briefly(a.Detail)
	case len(a.Made) > 0:
		l.name = a.Made[0]
	default:
		l.name = a.Subject
	}
}

// briefly is the first word of how a filesystem is made, which is its format.
func briefly(detail string) string {
	if end := strings.IndexAny(detail, " ,;:("); end >= 0 {
		return detail[:end]
	}
	return detail
}

func (ls *layers) below(d report.Device) *layer {
	if l := ls.made[d.Name]; l != nil {
		return l
	}
	return ls.made[d.Node]
}

func (l *layer) title() string { return l.noun.String() + " " + l.name }

// above is what lies on a device, and on that.
func (ls *layers) above(node string) string {
	var all []string
	l := ls.over[node]
	for len(all) < stackMost && l != nil {
		all = append(all, l.title())
		if l = ls.next(l); l == nil {
			break
		}
	}
	return strings.Join(all, " › ")
}

func (ls *layers) next(l *layer) *layer {
	for _, a := range l.actions {
		for _, each := range a.Made {
			if above := ls.over[each]; above != nil {
				return above
			}
		}
	}
	return nil
}

// stacks draws what lies on arrays and volumes, each above what it lies on, and lists what is left.
func (d *draft) stacks(of *report.Section) {
	var all []node
	for _, l := range d.layers.all {
		if !l.carries && d.layers.touched(l) {
			all = append(all, d.layers.draw(l, 0))
		}
	}
	inside := []node{}
	if len(all) > 0 {
		inside = append(inside, paragraph.say("Each lies on what is drawn below it."),
			items.of(all...).in(stack).with(label, "What lies on what"))
	}
	if left := d.layers.undrawn(of.Actions); len(left) > 0 {
		inside = append(inside, points(left))
	}
	d.add(of.Title, len(of.Actions), broad, inside...)
}

// touched: something is done for the layer, or for one below it, and an array or a volume is among them.
func (ls *layers) touched(l *layer) bool {
	if l.asked {
		return l.touched
	}
	l.asked = true
	for _, d := range l.on {
		if below := ls.below(d); below != nil {
			l.touched = ls.touched(below) || l.changes() || l.touched
		}
	}
	l.touched = l.touched || l.noun != report.Filesystem && l.changes()
	return l.touched
}

func (l *layer) changes() bool {
	return slices.ContainsFunc(l.actions, func(a *report.Action) bool { return a.Effect != plan.Keep })
}

// undrawn are actions that are in no layer that was drawn.
func (ls *layers) undrawn(from []*report.Action) (left []*report.Action) {
	shown := map[*report.Action]bool{}
	for _, l := range ls.all {
		for _, a := range l.actions {
			shown[a] = l.drawn
		}
	}
	for _, a := range from {
		if !shown[a] {
			left = append(left, a)
		}
	}
	return left
}

// kinds are the classes of layers.
var kinds = map[report.Noun]class{report.Array: array, report.Volume: volume, report.Filesystem: filled}

// draw draws a layer above what it lies on. One that was drawn before is only named.
func (ls *layers) draw(l *layer, depth int) node {
	n := item.of(strong.say(l.title())).in(box, kinds[l.noun])
	if l.drawn || depth == stackMost {
		return n
	}
	l.drawn = true
	n.inside = append(n.inside, points(l.actions))
	below := items.of().with(label, "It lies on")
	for _, d := range l.on {
		if under := ls.below(d); under != nil {
			below.inside = append(below.inside, ls.draw(under, depth+1))
		} else {
			below.inside = append(below.inside, ls.device(d))
		}
	}
	n.inside = append(n.inside, below)
	return n
}

func (ls *layers) device(d report.Device) node {
	n := item.of(code.say(d.Node)).in(box, device)
	if p := ls.partitions[d.Node]; p != nil {
		n.inside = append(n.inside, say(" "), small.say(aside(p)))
	} else if d.Name != d.Node {
		n.inside = append(n.inside, say(" "), small.say(d.Name))
	}
	return n
}
