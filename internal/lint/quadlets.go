package lint

import (
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// isQuadlet tells of names of quadlets.
func isQuadlet(name string) bool { return slices.Contains(unit.QuadletExtensions(), path.Ext(name)) }

// alsoUnits are the kinds of quadlets where podman puts units in the place of their names: in a quadlet, in these
// settings of [Unit] (podman-systemd.unit(5), dependencies between quadlet units; since podman 5.5).
func alsoUnits(b *body, line *unit.Line) []string {
	const names = " Wants Requires Requisite BindsTo PartOf Upholds Conflicts Before After "
	if b.quadlet && line.Section == "Unit" && strings.Contains(names, " "+line.Name+" ") {
		return unit.QuadletExtensions()
	}
	return nil
}

// quadlet looks at a file of which podman makes a service (podman-systemd.unit(5)).
func (u *unitLinter) quadlet(b *body) {
	var fault *diag.Fault
	if b.lines, fault = unit.Lines(b.text); fault != nil { // told by a rule
		return
	}
	own := ownSection(b.ext())
	u.each(b, []string{"Unit", "Service", "Install"}, u.quadletSection)
	lacks := "nothing in [" + own + "]"
	for i := range b.lines {
		line := &b.lines[i]
		if line.Section != own {
			continue
		}
		if lacks = ""; b.ext() != ".container" || u.changed || line.Name == "Image" || line.Name == "Rootfs" {
			break
		}
		lacks = "neither Image= nor Rootfs= in [Container]"
	}
	if lacks != "" && b.dropin == "" && strings.Contains(".container .kube .image .build", b.ext()) {
		u.say(b.at(), codes.QuadletSection, "the file has "+lacks+", so podman makes no unit of it", "add it")
	}
}

// quadletSection tells of a section that podman does not read in a file of this kind.
func (u *unitLinter) quadletSection(b *body, line *unit.Line) {
	own, ext := ownSection(b.ext()), "."+strings.ToLower(line.Section)
	message := "podman has no such section in a file that ends in " + b.ext()
	hint := insteadOf(diag.Nearest(line.Section, []string{own, "Quadlet", "Unit", "Service", "Install"}))
	switch {
	case line.Section == own || line.Section == "Quadlet":
		return
	case isQuadlet(ext) && ownSection(ext) == line.Section:
		message = "podman reads [" + line.Section + "] in files that end in " + ext + ", and this is a " + b.ext()
		hint = "end the file's name in " + ext + ", or write [" + own + "]"
	}
	u.tell(b, codes.QuadletSection, headOf(line), message, hint)
}
