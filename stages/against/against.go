// Package against holds a config against the image that it is for: what the planners of a first boot refuse on its
// root, and what only an initramfs or the booted system would find out, such as a shell or a mkfs that the image lacks.
// It looks, and changes nothing; what the config itself shows is for the rules to tell.
package against

import (
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/disks"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/stages/units"
	"github.com/glowplug-os/glowplug/stages/users"
)

// An Image is a root that machines begin with.
type Image struct {
	Root target.Whole
	// Decided is what its builder has decided, and Tools the programs that it calls by other names.
	Decided target.Image
	Tools   map[string]string
	// Today is the date, in days since 1970-01-01.
	Today int64
}

// Judge says what of a config the image cannot have, at its places. A config that is to be merged with others is not
// judged: these may bring what it needs.
func (i *Image) Judge(ctx context.Context, doc *document.Document) []diag.Problem {
	cfg := *doc.Config()
	j := &judge{image: i, doc: doc, cfg: &cfg, index: tree.Index{}}
	if list := cfg.Ignition.Config; len(list.Merge) > 0 || list.Replace.Source != nil {
		j.report(diag.Warning, codes.ImageUnjudged, "$.ignition.config",
			"the config refers to others, which may bring what it needs, so it is not held against the image").Hint =
			"merge them first, such as by glowplug convert"
		return j.problems
	}
	j.plan(ctx)
	j.units()
	j.shells()
	j.tools()
	j.policy()
	return j.problems
}

// A judge is the work on one config.
type judge struct {
	image    *Image
	doc      *document.Document
	cfg      *config.Config
	index    tree.Index
	f        *stages.Forecast
	sysusers map[string]string // see makers; nil before they were asked for
	problems []diag.Problem
}

// plan plans a first boot as the files stage would find the root, and tells what it would refuse.
func (j *judge) plan(ctx context.Context) {
	o := files.Options{Accounts: files.MakeAccounts, Users: users.Options{FirstBoot: true, Today: j.image.Today},
		Means: target.Means{Identity: target.Identity{Privileged: true}, Image: j.image.Decided,
			Fetch: stages.FetchLocal()}}
	var err error
	j.f, err = stages.Plan(ctx, *j.cfg, nil, j.image.Root, stages.Circumstances{Mounts: true, Files: o})
	if err == nil {
		return
	}
	j.problems = stages.Conflicts(j.doc, err)
	for k := range j.problems {
		p := &j.problems[k]
		p.Code, p.Message = codes.ImageConflict, "on this image, "+p.Message
		j.late(p)
	}
}

// report adds a problem at a place of the config.
func (j *judge) report(severity diag.Severity, code codes.Code, path, format string, args ...any) *diag.Problem {
	j.problems = append(j.problems, diag.Problem{Severity: severity, Code: code, Path: path,
		Message: fmt.Sprintf(format, args...), Place: j.doc.At(path, j.index).Place()})
	return &j.problems[len(j.problems)-1]
}

// units tells of those that will not be as the config has them. A unit that is looked for on a filesystem which the
// config mounts may be there.
func (j *judge) units() {
	hidden := slices.ContainsFunc([]string{"/etc", "/usr", "/usr/local"}, j.f.Hides)
	for k := range j.f.Files.Steps {
		s := &j.f.Files.Steps[k]
		switch {
		case units.Hinders(s) && !hidden:
			j.report(diag.Error, codes.ImageUnit, s.Origin, "on this image, %s %s", s.Subject, s.Detail)
		case units.Remarks(s):
			j.report(diag.Warning, codes.ImageUnit, s.Origin, "on this image, %s %s", s.Subject, s.Detail)
		}
	}
}

// shells tells of users whose shell is not there, so that they cannot log in (login(1)).
func (j *judge) shells() {
	for k := range j.cfg.Passwd.Users {
		u := &j.cfg.Passwd.Users[k]
		shell := config.Says(u.Shell)
		if shell == "" || u.ShouldExist != nil && !*u.ShouldExist || j.isThere(shell) {
			continue
		}
		j.report(diag.Error, codes.ImageShell, fmt.Sprintf("$.passwd.users.%d.shell", k),
			"this image has no %s, so %s cannot log in", diag.Name(shell), diag.Name(u.Name)).Hint =
			"write one that it has, such as /bin/sh, or have the config make it"
	}
}

// isThere tells whether a path leads to something once all is done. What may be on a filesystem that is mounted, or
// cannot be looked at, counts as there.
func (j *judge) isThere(path string) bool {
	found, err := j.f.Files.Kind(path)
	if err != nil {
		return true // a path that leads nowhere is told by who plans
	}
	at, err := target.Follow(j.f.Root, path)
	return found != root.Absent || err != nil || j.f.Hides(at)
}

// tools tells of the programs that the disks need: an initramfs has what its image has, or less (dracut.conf(5)).
func (j *judge) tools() {
	always, perhaps := disks.Needs(j.cfg.Storage)
	told := map[string]bool{}
	for k, n := range slices.Concat(always, perhaps) {
		if told[n.Tool] || j.hasTool(n.Tool) {
			continue
		}
		told[n.Tool] = true
		severity, unless := diag.Error, ""
		if k >= len(always) {
			severity, unless = diag.Warning, ", unless it is there already"
		}
		j.report(severity, codes.ImageTool, n.Origin, "%s takes %s%s, and this image has none for its initramfs",
			n.Subject, diag.Name(n.Tool), unless).Hint =
			"add " + diag.Name(n.Tool) + " to the image and its initramfs, or leave out of the config what needs it"
	}
}

// hasTool looks where a program is looked for.
func (j *judge) hasTool(tool string) bool {
	if name := j.image.Tools[tool]; name != "" {
		tool = name
	}
	if path.IsAbs(tool) {
		return j.has(tool)
	}
	return slices.ContainsFunc([]string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"},
		func(dir string) bool { return j.has(path.Join(dir, tool)) })
}

// has tells whether the image itself has something at a path.
func (j *judge) has(name string) bool {
	at, err := target.Follow(j.image.Root, name)
	if err != nil {
		return false
	}
	found, err := j.image.Root.Lstat(at)
	return err == nil && found.Kind != root.Absent
}
