package feasible

import (
	"errors"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/internal/unit"
	"github.com/glowplug-os/glowplug/stages/disks"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/stages/leave"
	"github.com/glowplug-os/glowplug/stages/mounts"
)

// Problems tells of the refusals at the places of their entries.
func Problems(doc *document.Document) []diag.Problem {
	var all diag.List
	index := tree.Index{}
	at := func(origin string) diag.Place { return doc.At(origin, index).Place() }
	for _, r := range Refusals(doc.Config()) {
		p, kept := all.Next(diag.Problem{Severity: diag.Error, Code: codes.CannotApply, Stricter: true})
		if !kept {
			continue
		}
		message, others := apart(r.Err.Error())
		p.Place, p.Path, p.Message = at(r.Origin), r.Origin, r.Subject+": "+message
		p.Hint = strings.Join(diag.Hints(r.Err), "; ")
		for _, other := range others {
			p.Related = append(p.Related, diag.Related{Place: at(other), Path: other, Message: "the other one"})
		}
	}
	return all.All()
}

// apart takes the origins of other entries out of a message, where they stand in parentheses.
func apart(message string) (rest string, origins []string) {
	for {
		before, after, found := strings.Cut(message, " ($.")
		origin, tail, closed := strings.Cut(after, ")")
		if !found || !closed || strings.ContainsAny(origin, " \"") {
			return rest + message, origins
		}
		rest, message, origins = rest+before, tail, append(origins, "$."+origin)
	}
}

// Refusals are what no root and no disks can have as the config has it, in the order of the stages.
func Refusals(cfg *config.Config) (all []*plan.StepError) {
	all = append(all, each(func(suits suitable) []*plan.StepError { return steps(planDisks(cfg, suits)) })...)
	all = append(all, slices.Concat(overPartitions(&cfg.Storage), accountFiles(cfg), presets(cfg))...)
	return append(all, each(func(suits suitable) []*plan.StepError { return planFiles(cfg, suits) })...)
}

// suitable says which of the roots and sets of disks it is.
type suitable uint8

const (
	bare     suitable = iota // nothing is there that an entry makes, and no filesystem holds anything
	keeping                  // as bare, but disks and filesystems that are not wiped have what is wanted
	full                     // as keeping, and users and groups are there already
	rootless                 // as full, and root has no account
)

// each gives the entries that are refused in all cases, with what the first says of them. Where these are none, and
// each case refuses some, no root takes them together: then they are those of the first.
func each(refused func(suitable) []*plan.StepError) (all []*plan.StepError) {
	first := refused(bare)
	all = first
	for _, suits := range []suitable{keeping, full, rootless} {
		if len(first) == 0 {
			return nil
		}
		again := map[string]bool{}
		refusals := refused(suits)
		if len(refusals) == 0 {
			return nil
		}
		for _, r := range refusals {
			again[r.Origin] = true
		}
		all = slices.DeleteFunc(slices.Clone(all), func(r *plan.StepError) bool { return !again[r.Origin] })
	}
	if len(all) == 0 {
		return first
	}
	return all
}

// steps takes an error apart. What no single entry is to blame for stands at the whole config. A device that is not
// there may be there on another machine: it is what the config makes later.
func steps(err error) (all []*plan.StepError) {
	if err == nil {
		return nil
	}
	for _, each := range diag.Errors(err) {
		var step *plan.StepError
		var unknown *disks.NotKnownError
		if errors.As(each, &unknown) {
			continue
		}
		if !errors.As(each, &step) {
			step = &plan.StepError{Subject: "the config", Err: each}
		}
		if step.Origin == "" {
			step = &plan.StepError{ID: step.ID, Subject: step.Subject, Origin: "$", Err: step.Err}
		}
		all = append(all, step)
	}
	return all
}

func planDisks(cfg *config.Config, suits suitable) error {
	s := &cfg.Storage
	if len(s.Disks)+len(s.Raid)+len(s.Luks)+len(s.Filesystems) == 0 || len(s.Disks) > mostDisks {
		return nil
	}
	_, err := disks.Preview(cfg.Storage, newMachine(&cfg.Storage, suits), dice())
	return err
}

// planFiles plans first without files and directories, and then with those that are near to what that has found.
func planFiles(cfg *config.Config, suits suitable) []*plan.StepError {
	alone := near(cfg, []string{target.StateDir}) // which is the engine's own
	if alone.isEmpty() {
		return nil
	}
	view := newRoot(cfg, suits)
	first, err := planPart(&alone.Config, view)
	places := append(append(first.Places(), view.places()...), newLinks(cfg).targets(cfg)...)
	places = append(places, target.StateDir)
	for _, f := range cfg.Storage.Filesystems {
		places = append(places, config.Says(f.Path))
	}
	for _, u := range cfg.Systemd.Units {
		places = append(places, unit.Dir+"/"+u.Name)
	}
	with := near(cfg, places)
	if len(with.files)+len(with.directories) > 0 {
		_, err = planPart(&with.Config, view)
	}
	all := steps(err)
	with.whole(all)
	return all
}

// planPart plans for a directory, or for a boot where there is something that only a boot has.
func planPart(cfg *config.Config, view *made) (files.Planned, error) {
	o := files.Options{Accounts: files.MakeAccounts, Means: target.Means{Identity: target.Identity{Privileged: true}}}
	if len(files.NotInDirectory(*cfg)) == 0 {
		return files.PlanInFull(*cfg, view, o)
	}
	o.Boot = &leave.Boot{State: handoff.State{LuksPersistKeyFiles: keys(&cfg.Storage)}}
	_, after, err := mounts.Preview(cfg.Storage, view, func(i int) mounts.Content {
		if view.kept[i] {
			return mounts.Unknown // it is taken for what the root has there
		}
		return mounts.Empty
	})
	planned, failed := files.PlanInFull(*cfg, after, o)
	return planned, errors.Join(err, failed)
}

// keys are those that the disks stage leaves, of which the planner asks only whether they are there.
func keys(s *config.Storage) map[string]diag.Secret {
	all := map[string]diag.Secret{}
	for _, l := range s.Luks {
		all[l.Name] = "data:,"
	}
	return all
}
