package stages

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/drift"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/unit"
	"github.com/glowplug-os/glowplug/stages/disks"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// disk tells what an action on disks says of what is there.
func (v *verification) disk(a *kind.Action) {
	i := v.of(&a.Step)
	switch {
	case a.Effect == plan.Keep:
	case a.Effect == plan.Deferred:
		i.Find(drift.NotKnown, a.Detail)
	case strings.Contains(a.Origin, ".partitions."):
		i.Find(drift.Differs, partitionWords(a.Effect))
		v.partly[i.ID[:strings.Index(i.ID, ".partitions.")]] = true
	case strings.HasPrefix(a.Origin, "$.storage.disks."):
		v.table(a, i)
	case strings.HasPrefix(a.ID, "luks-format:"):
		i.Find(drift.Differs, volumeWords(a))
	case strings.HasPrefix(a.ID, "luks-open:") && v.q.AtRest:
		i.Find(drift.NotKnown, "is not open, as its key is not in the image's root")
	case strings.HasPrefix(a.ID, "luks-open:"):
		if i.State != drift.Differs {
			i.Find(drift.Differs, "is not open")
		}
	case strings.HasPrefix(a.ID, "raid:"):
		i.Find(drift.Differs, arrayWords(a.Effect))
	case strings.HasPrefix(a.Origin, "$.storage.filesystems."):
		i.Find(drift.Differs, filesystemWords(a))
	}
}

func partitionWords(e plan.Effect) string {
	if e == plan.Create {
		return "is not there"
	}
	return "is there"
}

// table is about the table of a disk, which is written for each partition too.
func (v *verification) table(a *kind.Action, i *drift.Item) {
	if v.partly[i.ID] {
		return
	}
	_, inside, _ := strings.Cut(strings.TrimSuffix(a.Detail, ")"), "(")
	if strings.HasPrefix(a.Detail, "mended") {
		i.Find(drift.Differs, "its partition table is damaged: "+inside)
		return
	}
	i.Find(drift.Differs, "the kernel has other partitions than its table: "+inside)
}

func volumeWords(a *kind.Action) string {
	switch seen := a.Seen[0]; {
	case seen.LUKS != nil:
		return "its first boot has not come to its end"
	case seen.Blank():
		return "is not there: " + diag.Name(seen.Node) + " has nothing known on it"
	}
	return a.Detail
}

func arrayWords(e plan.Effect) string {
	switch e {
	case plan.Create:
		return "is not there: its devices have nothing known on them"
	case plan.Destroy:
		return "it has never run"
	}
	return "does not run"
}

func filesystemWords(a *kind.Action) string {
	c := a.Seen[0].Content
	if c.Unfinished {
		return fmt.Sprintf("the %s on it was not made to its end", c.First().Type)
	}
	return "is not there: " + diag.Name(a.Seen[0].Node) + " has nothing known on it"
}

// rounds bounds how often disks are planned again.
const rounds = 4

// remaining compares partitions of disks of which others were refused: their planner then says nothing of these.
func (v *verification) remaining(err error) {
	for range rounds {
		var more []string
		for _, each := range diag.Errors(err) {
			unlike, step := (*plan.UnlikeError)(nil), (*plan.StepError)(nil)
			if errors.As(each, &unlike) && errors.As(each, &step) && strings.Contains(step.Origin, ".partitions.") {
				more = append(more, v.e.origin(step.Origin))
			}
		}
		if len(more) == 0 {
			return
		}
		for _, origin := range more {
			v.e.refused[origin] = true
		}
		v.e.disks(v.m.config.Storage.Disks, v.m.devices)
		var f disks.Forecast
		f, err = disks.Preview(config.Storage{Disks: v.e.storage.Disks}, v.m.devices, v.q.Random)
		v.conflicts(err, drift.Differs)
		for _, a := range f.Actions() {
			v.disk(a)
		}
	}
}

// beside finds what planners have no reason to look for: partitions that no entry has on a disk whose table the config
// wipes, volumes that clevis is to open, and what is mounted.
func (v *verification) beside() {
	if v.m.devices == nil {
		return
	}
	v.others()
	s, all := &v.m.config.Storage, v.seen()
	for n := range s.Luks {
		if seen := all[kind.Origin("luks", n)]; s.Luks[n].Clevis.Opens() && seen != nil && seen.LUKS != nil &&
			!slices.Contains(seen.LUKS.Tokens, "clevis") {
			v.by[kind.Origin("luks", n)].Find(drift.Differs, "is not bound by clevis")
		}
	}
	if v.q.Root == nil {
		return
	}
	mounts, err := v.q.Root.Mounts()
	units := mounting(v.m.config.Systemd.Units)
	for n := range s.Filesystems {
		i := v.by[kind.Origin("filesystems", n)]
		if err != nil {
			i.Find(drift.NotKnown, err.Error())
			continue
		}
		what := v.misplaced(&s.Filesystems[n], all[i.ID], mounts, units)
		if what != "" && i.State == drift.AsDescribed {
			i.Find(drift.Differs, what)
		}
	}
}

// seen are the devices that the actions of entries are about, as far as anything is known of them.
func (v *verification) seen() map[string]*scene.Seen {
	all := map[string]*scene.Seen{}
	for _, a := range v.f.Disks.Actions() {
		if len(a.Seen) > 0 && a.Seen[0].Unknown == "" && all[a.Origin] == nil {
			all[a.Origin] = a.Seen[0]
		}
	}
	return all
}

// others are partitions that nobody has asked for.
func (v *verification) others() {
	doubtful := map[string]bool{} // disks of which it is not known which a partition is
	for origin := range v.e.unsure {
		disk, _, _ := strings.Cut(origin, ".partitions.")
		doubtful[disk] = true
	}
	listed := map[string]map[int]bool{} // by the disks' nodes
	for _, d := range v.m.config.Storage.Disks {
		if seen, err := v.m.devices.Look(d.Device); err == nil {
			if listed[seen.Node] == nil {
				listed[seen.Node] = map[int]bool{}
			}
			for number := range numbersOf(&d, seen.Found.Table) {
				listed[seen.Node][number] = true
			}
		}
	}
	for n, d := range v.m.config.Storage.Disks {
		i := v.by[kind.Origin("disks", n)]
		seen, err := v.m.devices.Look(d.Device)
		if errors.Is(err, fs.ErrNotExist) {
			i.Find(drift.Differs, err.Error())
			continue
		} else if err != nil {
			i.Find(drift.NotKnown, err.Error())
			continue
		}
		if !config.Says(d.WipeTable) || len(d.Partitions) == 0 {
			continue
		}
		known := listed[seen.Node]
		for _, p := range d.Partitions {
			if p.Number == 0 && config.Says(p.GUID) == "" {
				numberOf(&p, seen.Found.Table, known)
			}
		}
		for _, p := range partitionsOf(seen.Found.Table) {
			if !known[p.Number] && !doubtful[i.ID] {
				i.Find(drift.Differs,
					fmt.Sprintf("has partition %d %q, which the config does not have", p.Number, p.Label))
			}
		}
	}
}

// misplaced says what is wrong with where a filesystem is mounted; "" for nothing. One that is mounted nowhere is as
// described, unless the config has a unit that mounts it: what a boot mounts to fill it, it takes down again.
func (v *verification) misplaced(f *config.Filesystem, seen *scene.Seen, mounts []string,
	units map[string]bool) string {
	at := config.Says(f.Path)
	if at == "" || seen == nil || slices.Contains([]string{"swap", "none", ""}, config.Says(f.Format)) {
		return ""
	}
	at = path.Clean("/" + at)
	there := at == "/" || slices.Contains(mounts, at)
	place := path.Join(v.rootDir(), at)
	isMount := func(u scene.User) bool { return u.Use == scene.Mount && u.Name == place }
	switch {
	case slices.ContainsFunc(seen.UsedBy(), isMount):
		return ""
	case there && config.Says(f.Format) == "btrfs": // the kernel names one of its devices only
		return ""
	case there:
		return "something else is mounted at " + diag.Name(at)
	case units[unit.EscapePath(at)+".mount"] && !v.q.AtRest:
		return "is not mounted at " + diag.Name(at)
	}
	return ""
}

// rootDir is where the root is for the kernel that tells of mounts: in an initramfs /sysroot.
func (v *verification) rootDir() string {
	if at, is := v.q.Root.(interface{ Dir() string }); is {
		return at.Dir()
	}
	return "/"
}

// mounting are units that mount something once the machine runs.
func mounting(all []config.Unit) map[string]bool {
	units := map[string]bool{}
	for _, u := range all {
		units[u.Name] = strings.HasSuffix(u.Name, ".mount") && config.Says(u.Contents) != "" &&
			config.Says(u.Enabled) && !config.Says(u.Mask)
	}
	return units
}
