package volume

import (
	"fmt"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// firstBootMark is the subsystem in the header of a volume from its format until the first boot is over (Finish). It is
// in the fixed part of the first header that cryptsetup writes, so a cut at any point leaves a volume that is known for
// ours.
const firstBootMark = "glowplug-first-boot"

// A volume is one of the config's, with what was seen of its device.
type volume struct {
	config *config.Luks
	seen   *scene.Seen
	use    use
	holder scene.User // the open volume, if use says that there is one
}

// look sees the device.
func look(entry *config.Luks, view scene.Scene) (*volume, error) {
	seen, err := view.Look(config.Says(entry.Device))
	if err != nil {
		return nil, err
	}
	v := &volume{config: entry, seen: seen, use: free}
	if len(seen.UsedBy()) > 0 {
		v.use = taken
	}
	if by, alone := seen.Holder(); alone && by.Use == scene.Volume && by.Volume == entry.Name {
		v.use, v.holder = open, by
	}
	return v, nil
}

func (v *volume) judge() verdict { return judge(v.found(), config.Says(v.config.WipeVolume), v.use) }

func (v *volume) found() content {
	switch {
	case v.seen.Blank():
		return nothing
	case v.seen.LUKS == nil || v.seen.LUKS.Version != 2:
		return other
	}
	marked, wanted := v.marked(), v.difference() == ""
	switch {
	case marked && wanted:
		return unfinished
	case marked:
		return halfMade
	case wanted:
		return fits
	}
	return other
}

// marked: the volume has the mark of a first boot that has not come to its end.
func (v *volume) marked() bool { return v.seen.LUKS != nil && v.seen.LUKS.Subsystem == firstBootMark }

// difference says why a volume of version 2 is not the one that the config wants, or cannot be known for it; "" if it
// is. What was given for formatting and opening is not compared (docs/peer/engine.md §9.3), nor what that decides.
func (v *volume) difference() string {
	header := v.seen.LUKS
	discards, wanted := slices.Contains(header.Flags, "allow-discards"), config.Says(v.config.Discard)
	options := v.config.Options
	switch label, uuid := v.config.Label, config.Says(v.config.UUID); {
	case v.onlyNew() != "":
		return v.onlyNew()
	case header.Broken:
		return "its header is damaged"
	case label != nil && *label != header.Label && !has(options, "--label"):
		return fmt.Sprintf("its label is %q, not %q", header.Label, *label)
	case uuid != "" && !strings.EqualFold(uuid, header.UUID) && !has(options, "--uuid"):
		return fmt.Sprintf("its UUID is %s, not %s", diag.Name(header.UUID), diag.Name(uuid))
	case discards && !wanted && !has(v.config.OpenOptions, "--allow-discards"):
		return "it passes discards through, which the config does not ask for"
	case !discards && wanted:
		return "it does not pass discards through, which the config asks for"
	}
	return ""
}

// has tells whether options for cryptsetup have one of a name.
func has(options []string, name string) bool {
	return slices.ContainsFunc(options, func(option string) bool {
		is, _, _ := strings.Cut(option, "=")
		return is == name
	})
}

// onlyNew says why no volume that is there, whatever it is like, is the one that the config wants; "" if one may be.
func (v *volume) onlyNew() string {
	switch {
	case v.config.Clevis.Opens():
		return "a volume that is bound by clevis is not used again"
	case config.Says(v.config.KeyFile.Source) == "":
		return "the config has no key that opens it"
	}
	return ""
}

// refused is an error if the volume cannot be made or used.
func (v *volume) refused(view scene.Scene) error {
	verdict := v.judge()
	switch {
	case v.seen.Unknown != "":
	case verdict == refuse, v.seen.ReadOnly:
		return v.refusal()
	case verdict != reuse && v.use == open && len(v.holder.Users) > 0:
		return scene.InUse(fmt.Errorf("%s is open and in use: %s", block.MapperPath(v.config.Name),
			scene.Words(v.holder.Users)))
	}
	return v.nameTaken(view)
}

func (v *volume) refusal() error {
	why := v.unlike()
	if err := v.seen.Free(); err != nil {
		return &plan.UnlikeError{Err: err, Differences: []string{why}}
	}
	return kind.UnlessLost(&plan.UnlikeError{Differences: []string{why},
		Err: fmt.Errorf("%s is not to be lost: %s", v.seen, why)}, "wipeVolume")
}

// unlike says why what is there is not the volume.
func (v *volume) unlike() string {
	switch header := v.seen.LUKS; {
	case v.seen.OnlyTable():
		return "it has a partition table"
	case header != nil && header.Version == 1:
		return "it is a LUKS 1 volume"
	case header != nil:
		return v.difference()
	}
	return "it is no LUKS 2 volume"
}

// nameTaken refuses the name of another device of device-mapper: it could not be opened once it is formatted.
func (v *volume) nameTaken(view scene.Scene) error {
	at := block.MapperPath(v.config.Name)
	node, _, err := view.Find(at)
	if err != nil || v.use == open {
		return nil
	}
	return kind.Unique(fmt.Errorf("%s is another device already, %s", diag.Name(at), node))
}

// outcomes are the verdicts on all that the device may turn out to hold.
func (v *volume) outcomes() (all []kind.Outcome) {
	for _, found := range contents {
		if v.onlyNew() != "" && (found == fits || found == unfinished) {
			continue
		}
		verdict := judge(found, config.Says(v.config.WipeVolume), free)
		all = append(all, kind.Outcome{Found: string(found), Verdict: string(verdict)})
	}
	return all
}

// blanks is the device, if nothing is known on it and it may not be lost.
func (v *volume) blanks() []kind.Blank {
	if v.found() != nothing || config.Says(v.config.WipeVolume) || v.seen.Unknown != "" {
		return nil
	}
	return []kind.Blank{{Path: config.Says(v.config.Device), Seen: v.seen, Setting: "wipeVolume"}}
}

// contentLinks are the links to the device of a volume by what the config gives it.
func contentLinks(v *config.Luks) []string {
	return block.ContentLinks(config.Says(v.Label), strings.ToLower(config.Says(v.UUID)))
}
