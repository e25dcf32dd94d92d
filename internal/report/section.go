package report

import (
	"cmp"

	"github.com/glowplug-os/glowplug/internal/plan"
)

// A Topic is what actions are shown under.
type Topic uint8

// The topics, in the order in which they are shown.
const (
	OfArguments Topic = iota
	OfDisk
	OfLayers
	OfMounts
	OfAccounts
	OfNodes
	OfUnits
	OfOthers
)

// topics are tried in this order: an action is of the first that takes it.
var topics = [...]struct {
	title string
	takes func(*Action) bool
}{
	OfArguments: {"Kernel arguments", func(a *Action) bool { return a.Stage == Arguments }},
	OfDisk:      {"Disk ", func(a *Action) bool { return a.Stage == Disks && a.Group != "" }},
	OfLayers:    {"Arrays, encrypted volumes and filesystems", func(a *Action) bool { return a.Stage == Disks }},
	OfMounts:    {"Mounted while the machine is provisioned", func(a *Action) bool { return a.Stage == Mount }},
	OfAccounts:  {"Accounts", (*Action).isAccount},
	OfNodes:     {"Files, directories and links", (*Action).isNode},
	OfUnits:     {"Units", func(a *Action) bool { return a.Noun == Unit || a.Noun == Preset }},
	OfOthers:    {"Other", func(*Action) bool { return true }},
}

func (a *Action) isAccount() bool { return a.Noun == User || a.Noun == Group }

func (a *Action) isNode() bool { return a.Noun == File || a.Noun == Directory || a.Noun == Link }

// A Section is actions that are shown together. None of them keeps what is there.
type Section struct {
	Topic   Topic
	Title   string
	Disk    *DiskChange // nil but OfDisk
	Actions []*Action
}

// A DiskChange is a disk as it is and as it will be, whatever it is in between; nil where that is not known.
type DiskChange struct {
	Name          string
	Before, After *Layout
}

// Sections are all actions that do something, each in one section, in the order in which they are shown.
func (p *Plan) Sections() (all []Section) {
	of, disks := [len(topics)][]*Action{}, []*Section{}
	met := map[string]*Section{}
	for i := range p.Actions {
		a := &p.Actions[i]
		if a.Effect == plan.Keep {
			continue
		}
		topic := a.topic()
		if topic != OfDisk {
			of[topic] = append(of[topic], a)
			continue
		}
		s := met[a.Group]
		if s == nil {
			s = &Section{Topic: OfDisk, Title: topics[OfDisk].title + a.Group, Disk: &DiskChange{Name: a.Group}}
			met[a.Group], disks = s, append(disks, s)
		}
		s.Actions = append(s.Actions, a)
		s.Disk.add(a)
	}
	for topic, actions := range of {
		if Topic(topic) == OfDisk {
			for _, s := range disks {
				all = append(all, *s)
			}
		} else if len(actions) > 0 {
			all = append(all, Section{Topic: Topic(topic), Title: topics[topic].title, Actions: actions})
		}
	}
	return all
}

func (a *Action) topic() Topic {
	for topic := range topics {
		if topics[topic].takes(a) {
			return Topic(topic)
		}
	}
	return OfOthers
}

func (d *DiskChange) add(a *Action) {
	if a.After == nil {
		return
	}
	d.After = a.After
	if d.Before == nil {
		d.Before = cmp.Or(a.Before, &Layout{Bytes: a.After.Bytes})
	}
}

// Destroyed is what goes, or may go, by what it holds.
func (p *Plan) Destroyed() (all []Loss) {
	for i := range p.Actions {
		a := &p.Actions[i]
		switch {
		case !a.Destroys():
			continue
		case a.mayDestroy():
			all = append(all, Loss{Where: "perhaps what is there for " + a.Subject + " by then", What: a.Detail})
		case len(a.Loses) == 0:
			all = append(all, Loss{Where: a.Subject, What: a.Detail})
		}
		all = append(all, a.Loses...)
	}
	return all
}
