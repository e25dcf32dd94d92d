package stages

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/cmdline"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
	"github.com/glowplug-os/glowplug/stages/leave"
)

// What a boot does beyond disks and files of a config, foretold: kernel arguments, and what it leaves in the root.

// arguments are what becomes of kernel arguments, beside a kernel's command line. Their values may be hidden.
func arguments(k *config.KernelArguments, line string, values bool) (all []report.Action) {
	add := func(list string, i int, argument string, effect plan.Effect, detail string) {
		if name, _, hasValue := strings.Cut(argument, "="); hasValue && !values {
			argument = name + "=…"
		}
		all = append(all, report.Action{Stage: report.Arguments, ID: fmt.Sprintf("kargs:%s.%d", list, i),
			Noun: report.Argument, Thing: fmt.Sprintf("%s.%d", list, i), Effect: effect, Detail: detail,
			Subject: "kernel argument " + argument, Origin: fmt.Sprintf("$.kernelArguments.%s.%d", list, i)})
	}
	changes := false
	for i, argument := range k.ShouldExist {
		effect, detail := plan.Keep, "is there"
		if !cmdline.Has(line, argument) {
			effect, detail, changes = plan.Create, "added", true
		}
		add("shouldExist", i, argument, effect, detail)
	}
	for i, argument := range k.ShouldNotExist {
		effect, detail := plan.Keep, "is not there"
		if cmdline.Has(line, argument) {
			effect, detail, changes = plan.Destroy, "removed", true
		}
		add("shouldNotExist", i, argument, effect, detail)
	}
	if changes {
		all = append(all, report.Action{Stage: report.Arguments, ID: "kargs:reboot", Effect: plan.Change,
			Subject: "this machine", Detail: "rebooted by the image's helper, before anything else is done"})
	}
	return all
}

// boot is what the files stage of a boot gets from the stages before it, as far as that is known beforehand: of
// a key that is yet to be made, an empty one. A report of a boot before is taken for that of this one, for it says that
// nothing is to be done.
func (q *Question) boot(ctx context.Context, cfg config.Config, f *Forecast) *leave.Boot {
	b := &leave.Boot{BootID: bootOf(f.Root, q.Files.Image.ResultFile), Tells: leave.Tells(q.Files.Image)}
	b.State.LuksPersistKeyFiles = map[string]diag.Secret{}
	for i := range cfg.Storage.Luks {
		v := &cfg.Storage.Luks[i]
		if url, is := q.keyOf(ctx, v, f, kind.Origin("luks", i)); is {
			b.State.LuksPersistKeyFiles[v.Name] = url
		}
	}
	return b
}

// keyOf is the key that the disks stage will hand on, as the state has it: one of the config itself, or any, where the
// volume is made anew or its key has not been left before.
func (q *Question) keyOf(ctx context.Context, v *config.Luks, f *Forecast, origin string) (diag.Secret, bool) {
	if r := v.KeyFile; config.Says(r.Source) != "" && target.Local(&r) {
		var key secret
		err := q.Files.Fetch(ctx, r, &key)
		return dataURLs(map[string]diag.Secret{"": diag.Secret(key)})[""], err == nil
	}
	found, err := f.Root.Lstat(path.Join(leave.KeyDir, v.Name))
	return "data:,", f.makes(origin) || err != nil || found.Kind == root.Absent
}

// makes: a volume is made anew, or may be.
func (f *Forecast) makes(origin string) bool {
	return slices.ContainsFunc(f.Actions(), func(a *kind.Action) bool {
		return a.Origin == origin && (strings.HasPrefix(a.ID, "luks-format:") || strings.HasPrefix(a.ID, "luks:"))
	})
}

// A secret is a content that nobody sees.
type secret []byte

func (s *secret) Write(text []byte) (int, error) {
	*s = append(*s, text...)
	return len(text), nil
}

// Reset starts again.
func (s *secret) Reset() error {
	*s = nil
	return nil
}

// bootOf is the boot that a report tells of; "" for none.
func bootOf(v target.View, file string) string {
	var r struct {
		BootID string `json:"provisioningBootID"`
	}
	if file != "" {
		text, _ := v.ReadFile(file, target.TextMost) // one that is not there, or no JSON, tells of none
		_ = json.Unmarshal(text, &r)
	}
	return r.BootID
}

// settle finds out of what a boot leaves whether it is there already, as far as the steps would find out only when they
// run: crypttab by the volumes' headers, and labels, which are set again on what is written.
func (f *Forecast) settle(s config.Storage, devices scene.Scene) {
	f.settleKeys()
	changes := false
	for i := range f.Files.Steps {
		step := &f.Files.Steps[i]
		if step.ID == "crypttab" && step.Effect == plan.Deferred && f.opens(s, devices) {
			step.Effect = plan.Keep
		}
		changes = changes || step.Effect != plan.Keep && !strings.HasPrefix(step.ID, "relabel")
	}
	for i := range f.Files.Steps {
		if step := &f.Files.Steps[i]; !changes && strings.HasPrefix(step.ID, "relabel") {
			step.Effect = plan.Keep
		}
	}
}

// settleKeys keeps keys of volumes of which nothing changes: they are got to be left in the root.
func (f *Forecast) settleKeys() {
	changes := map[string]bool{}
	all := f.Actions()
	isKey := func(a *kind.Action) bool { return strings.HasPrefix(a.ID, "luks-key:") && len(a.Seen) > 0 }
	for _, a := range all {
		changes[a.Origin] = changes[a.Origin] || a.Effect != plan.Keep && !isKey(a)
	}
	for _, a := range all {
		if isKey(a) && !changes[a.Origin] {
			a.Effect = plan.Keep
		}
	}
}

// opens tells whether crypttab has the UUIDs of all volumes, none of which is made anew.
func (f *Forecast) opens(s config.Storage, devices scene.Scene) bool {
	text, err := f.Root.ReadFile("/etc/crypttab", target.TextMost)
	if err != nil || devices == nil {
		return false
	}
	for i := range s.Luks {
		v := &s.Luks[i]
		seen, err := devices.Look(config.Says(v.Device))
		if err != nil || seen.LUKS == nil || f.makes(kind.Origin("luks", i)) ||
			!strings.Contains("\n"+string(text), "\n"+v.Name+" UUID="+seen.LUKS.UUID+" ") {
			return false
		}
	}
	return true
}
