// Package array plans and makes RAID arrays: what becomes of one is decided by the superblocks of its members.
package array

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// Row is the kind.
func Row() kind.Row { return kind.Row{Name: "createRaids", Wants: wants, Plan: planAll} }

func wants(s config.Storage) (all []kind.Want) {
	for i := range s.Raid {
		r := &s.Raid[i]
		entry := entryOf(i, r)
		for _, member := range r.Devices {
			all = append(all, kind.Want{Path: member, Entry: entry})
		}
	}
	return all
}

func entryOf(index int, r *config.Raid) *kind.Entry {
	return &kind.Entry{ID: "raid:" + r.Name, Subject: "array " + diag.Name(r.Name), Origin: kind.Origin("raid", index)}
}

// Needs are the tools that the config's arrays need: to be missed before anything is changed.
func Needs(s config.Storage) (all []kind.Need) {
	for i := range s.Raid {
		r := &s.Raid[i]
		all = append(all, kind.Need{Tool: "mdadm", Entry: entryOf(i, r)})
	}
	return all
}

// Impossible refuses what mdadm never makes, before anything is written.
func Impossible(s config.Storage) error {
	var all []error
	for i := range s.Raid {
		r := &s.Raid[i]
		level, _ := config.FieldAt("storage.raid.*.level").Find(config.Says(r.Level))
		if n := len(r.Devices) - config.Says(r.Spares); n < level.Fewest {
			err := fmt.Errorf("an array of level %s has at least %d devices beside spares, this one has %d", level.Name,
				level.Fewest, n)
			all = append(all, entryOf(i, r).Fail(err))
		}
	}
	return errors.Join(all...)
}

func planAll(s config.Storage, view scene.Scene, _ io.Reader) (*kind.Planned, error) {
	p := &kind.Planned{}
	var lane kind.Lane // one: mdadm picks numbers of arrays, which must not race
	var failed []error
	gone, owners := gone(s, view), kind.Owners{}
	for i := range s.Raid {
		r := &s.Raid[i]
		entry := entryOf(i, r)
		a, err := look(r, gone, view)
		if err == nil {
			err = a.refused(entry, view, owners)
		}
		if err != nil {
			failed = append(failed, entry.Fail(err))
			continue
		}
		action := a.action(entry, view)
		p.Blanks = append(p.Blanks, a.blanks(entry)...)
		meaning := a.meaning(entry)
		p.Means = append(p.Means, meaning)
		lane = append(lane, action)
		if a.unknown() != "" || a.judge() != keep {
			p.After = append(p.After, a.expected(meaning.Names))
		}
	}
	if lane != nil {
		p.Lanes = []kind.Lane{lane}
	}
	return p, errors.Join(failed...)
}

// refused is an error if the array cannot be made or used.
func (a *array) refused(entry *kind.Entry, view scene.Scene, owners kind.Owners) error {
	for _, m := range a.members {
		if err := owners.Claim(m, entry.Origin); err != nil {
			return err
		}
	}
	verdict := a.judge()
	readOnly := slices.ContainsFunc(a.members, func(m *scene.Seen) bool { return m.ReadOnly })
	if a.unknown() == "" && (verdict == refuse || readOnly && verdict != keep) {
		return a.refusal()
	}
	return a.nameTaken(view)
}

// action is what is to be done, in words.
func (a *array) action(entry *kind.Entry, view scene.Scene) *kind.Action {
	shape := fmt.Sprintf("level %s of %s", config.Says(a.config.Level), strings.Join(a.config.Devices, ", "))
	if n := len(a.config.Devices) - a.active(); n > 0 {
		shape += fmt.Sprintf(", %d of them spare", n)
	}
	m := making{a}
	to := &kind.Action{Step: entry.Step(), Seen: a.members, Look: m.look, Act: m.act}
	if unknown := a.unknown(); unknown != "" {
		to.Effect, to.Outcomes = plan.Deferred, a.outcomes()
		to.Detail = shape + ": made if its members are blank or given up, assembled if they hold it; " + unknown
		return to
	}
	switch a.judge() {
	case create:
		to.Effect, to.Detail = plan.Create, shape
	case recreate:
		to.Effect, to.Loses = plan.Destroy, a.loses(view)
		to.Detail = shape + ", over " + a.lost()
	case assemble:
		to.Effect, to.Detail = plan.Change, shape+", assembled"
	default:
		to.Effect, to.Detail = plan.Keep, shape
	}
	if len(a.blanks(entry)) > 0 {
		to.Outcomes = kind.UnlessKnown
	}
	return to
}

// outcomes are the verdicts on all that the members may turn out to hold.
func (a *array) outcomes() (all []kind.Outcome) {
	for _, found := range contents {
		verdict := judge(found, a.mayLose(), a.use)
		all = append(all, kind.Outcome{Found: string(found), Verdict: string(verdict)})
	}
	return all
}

func (a *array) lost() string {
	var all []string
	for _, m := range a.members {
		if !m.Blank() {
			all = append(all, m.String())
		}
	}
	return strings.Join(all, "; ")
}

func (a *array) loses(view scene.Scene) (all []kind.Loss) {
	for _, m := range a.members {
		if !m.Blank() {
			all = append(all, kind.Lost(view, m)...)
		}
	}
	return all
}

// expected is the array once the action is done. One that is new may show what its members held where its data begins.
func (a *array) expected(names []string) scene.Prediction {
	unknown := "a new array may show what its members held before"
	if a.unknown() == "" && a.judge() == assemble {
		unknown = "the array does not run yet"
	}
	return scene.Prediction{Names: names, Seen: &scene.Seen{Path: names[0], Node: names[0], Unknown: unknown}}
}

// blanks are the members on which nothing is known, of an array that is to be made.
func (a *array) blanks(entry *kind.Entry) (all []kind.Blank) {
	if verdict := a.judge(); verdict != create && verdict != recreate {
		return nil
	}
	for i, m := range a.members {
		if m.Blank() && m.Unknown == "" && !a.givenUp.has(m.Node) {
			all = append(all, kind.Blank{Entry: entry, Path: a.config.Devices[i], Seen: m, Setting: memberSetting})
		}
	}
	return all
}

// meaning is the array by its names.
func (a *array) meaning(entry *kind.Entry) *kind.Meaning {
	return &kind.Meaning{Names: a.names(), What: entry.Subject, Origin: entry.Origin,
		Find: func(view scene.Scene) (string, error) { return node(a.config, view) }}
}

// node is the array that has the members. Where nobody tells, it is what has the array's name.
func node(r *config.Raid, view scene.Scene) (string, error) {
	a, err := look(r, givenUp{}, view)
	if err != nil {
		return "", err
	}
	if a.holder.Name == "" {
		return rules.ArrayNode(r), nil
	}
	return a.holder.Node(), nil
}
