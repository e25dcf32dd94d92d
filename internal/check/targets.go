package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/lint"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/releases"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A target is a release that a config is to boot on.
type target struct {
	system  releases.System
	release string
}

func (t target) String() string { return t.system.ID + ":" + t.release }

// setTargets takes NAME:RELEASE, several with commas between them.
func (o *options) setTargets(value string) error {
	for word := range strings.SplitSeq(value, ",") {
		id, release, found := strings.Cut(strings.TrimSpace(word), ":")
		system, known := releases.Find(id)
		switch {
		case !known:
			return cli.Misuse("the target %q is not known: --list-targets lists them", id)
		case !found || !releases.IsRelease(release):
			return cli.Misuse("a release of %s is needed, as in %s:%s", id, id, system.Releases[0].Since)
		}
		t := target{system, release}
		o.targets = append(o.targets, t)
		o.addSystemd(system.Systemd(release), t.String(), t.laterSystemd)
	}
	return nil
}

// addSystemd has units judged for a systemd, 0 for one that is not known.
func (o *options) addSystemd(version int, of string, later func(version int) string) {
	if version > 0 {
		o.systemds = append(o.systemds, lint.Systemd{Version: version, Of: of, Later: later})
	}
}

// laterSystemd says which release has a systemd, or a later one.
func (t target) laterSystemd(version int) string {
	s := t.system
	if oldest := s.OldestWith(version); oldest != "" {
		return fmt.Sprintf("%s has systemd %d or a later one from %s:%s on", s.Name, version, s.ID, oldest)
	}
	return fmt.Sprintf("no release of %s that is known here has systemd %d: do without it", s.Name, version)
}

// anotherImage says what to do for a systemd that an image does not have.
func anotherImage(version int) string {
	return fmt.Sprintf("take an image with systemd %d, or do without it", version)
}

// beyond says of which targets the list does not know what they read.
func (o *options) beyond() (said string) {
	for _, t := range o.targets {
		if t.system.After(t.release) {
			said += fmt.Sprintf("; %s is after %s:%s, the last one that is known here, and is taken to read the same",
				t, t.system.ID, t.system.Newest())
		}
	}
	return said
}

// listTargets is a line for each release from which on a system reads more.
func listTargets() string {
	var b strings.Builder
	for _, s := range releases.Systems() {
		fmt.Fprintf(&b, "%s, from %s:\n", s.Name, s.Source)
		for _, r := range s.Releases {
			inferred := ""
			if r.Inferred {
				inferred = " (inferred)"
			}
			fmt.Fprintf(&b, "  %-18s reads configs up to %s%s\n", s.ID+":"+r.Since, r.Reads, inferred)
		}
		for since, version := range s.Systemds {
			if version > 0 {
				fmt.Fprintf(&b, "  %-18s has systemd %d\n", s.ID+":"+since, version)
			}
		}
	}
	return b.String()
}

// lacking says what a target cannot read of a text that is valid, each at its line. It reads the text anew, as bringing
// a config to another version spoils it.
func (t target) lacking(name, text string, o load.Options) []diag.Problem {
	v, known := t.system.Reads(t.release)
	o.Lint, o.Rules = nil, nil // it is judged already
	r := load.ReadWith(tree.NewArena(), name, text, o)
	if !r.Valid(diag.Workstation) || known && r.Config.Version <= v {
		return nil
	}
	const version = "$.ignition.version"
	first := diag.Problem{Severity: diag.Error, Code: codes.TargetLacks, Path: version,
		Place: r.Config.At(version, tree.Index{}).Place()}
	if !known {
		first.Message = fmt.Sprintf("%s reads no config of version 3", t)
		first.Hint = t.since(config.V3_0)
	} else {
		first.Message = fmt.Sprintf("%s reads configs up to version %s, and this one is of version %s", t, v,
			r.Config.Version)
		first.Hint = t.since(r.Config.Version)
	}
	all := []diag.Problem{first}
	if r.Butane != nil {
		r.Butane.Blame(all)
	}
	if !known {
		return all
	}
	lacks := slices.DeleteFunc(r.Lacks(v, t.since), func(p diag.Problem) bool { return p.Severity < diag.Error })
	if len(lacks) == 0 {
		all[0].Hint = fmt.Sprintf("it says nothing that %s lacks: `glowplug convert --to %s` writes it so", t, v)
	}
	for _, p := range lacks {
		p.Code, p.Message = codes.TargetLacks, t.String()+": "+p.Message
		all = append(all, p)
	}
	return all
}

// since is the hint for what came with a version.
func (t target) since(v config.Version) string {
	if oldest := t.system.Oldest(v); oldest != "" {
		return fmt.Sprintf("%s reads version %s from %s:%s on", t.system.Name, v, t.system.ID, oldest)
	}
	return fmt.Sprintf("no release of %s that is known here reads version %s", t.system.Name, v)
}
