package stages

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/bootreport"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/field"
	"github.com/glowplug-os/glowplug/internal/logs"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/stages/disks"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/stages/leave"
	"github.com/glowplug-os/glowplug/stages/mounts"
	"github.com/glowplug-os/glowplug/stages/users"
)

// fetchOffline asks for the network if a later stage will need it, though the config itself was there without.
func fetchOffline(_ context.Context, r *run) error {
	if what := NeedsNetwork(r.full.Config()); what != "" {
		return fmt.Errorf("%s: %w", what, fetch.ErrNeedNet)
	}
	if r.Network {
		return fmt.Errorf("the report: %w", fetch.ErrNeedNet)
	}
	return nil
}

// kernelArguments leaves all to the distribution's helper: it knows the boot loader, and reboots if anything had to
// change. It is asked also if nothing has to (docs/peer/engine.md §8).
func kernelArguments(ctx context.Context, r *run) error {
	k := &r.full.Config().KernelArguments
	var args []string
	for _, argument := range k.ShouldExist {
		args = append(args, "--should-exist", string(argument))
	}
	for _, argument := range k.ShouldNotExist {
		args = append(args, "--should-not-exist", string(argument))
	}
	if len(args) == 0 {
		return nil
	}
	origin := "$.kernelArguments.shouldExist.0"
	if len(k.ShouldExist) == 0 {
		origin = "$.kernelArguments.shouldNotExist.0"
	}
	if what, path, fault := field.Refusal(r.full.Config().Values, "kernelArguments"); fault != nil {
		return plan.Step{ID: "kargs", Subject: what, Origin: path}.Fail(fault)
	}
	_, err := r.Tools.Run(ctx,
		tool.Command{Tool: "ignition-kargs-helper", Args: args, Private: true, Hidden: values(args)})
	return plan.Step{ID: "kargs", Subject: "kernel arguments", Origin: origin}.Fail(err)
}

// values are what kernel arguments set things to. Which device is meant may be known.
func values(arguments []string) (all []diag.Secret) {
	for _, argument := range arguments {
		_, value, _ := strings.Cut(argument, "=")
		if tag, _, _ := strings.Cut(value, "="); !strings.HasPrefix(value, "/dev/") &&
			!slices.Contains([]string{"UUID", "LABEL", "PARTUUID", "PARTLABEL"}, tag) {
			all = append(all, diag.Secret(value))
		}
	}
	return all
}

// makeDisks hands the keys of volumes on to the files stage, also those that are known when something fails: whoever
// looks at the machine then may need them.
func makeDisks(ctx context.Context, r *run) error {
	keys, err := disks.Run(ctx, r.full.Config().Storage, r.diskOptions())
	r.state.LuksPersistKeyFiles = dataURLs(keys.Volumes)
	r.state.LuksVolumeKeyFiles = dataURLs(keys.Files)
	return err
}

// keyMax is the longest key file that cryptsetup reads.
const keyMax = 8 << 20

func (r *run) diskOptions() disks.Options {
	patience := r.limits.device
	if patience == 0 {
		patience = math.MaxInt64
	}
	return disks.Options{
		Devices: &device.Devices{Tools: r.Tools, Aliases: r.Paths.DeviceAliases(), Patience: patience, Log: r.Log},
		Tools:   r.Tools,
		Log:     r.Log,
		Tell:    func(round string, e plan.Event) { r.tell(r.Log.WithGroup(round), e) },
		Random:  rand.Reader,
		Fetch: func(ctx context.Context, key config.Resource) (diag.Secret, error) {
			content, err := r.fetch.Client.Bytes(ctx, resource(key), keyMax)
			return diag.Secret(content), err
		},
		Reach: func(ctx context.Context, url string) error {
			_, err := r.fetch.Client.Document(ctx, fetch.Resource{URL: url}, documentMax)
			return err
		},
	}
}

// dataURLs is how the state file has keys (docs/peer/engine.md §5).
func dataURLs(keys map[string]diag.Secret) map[string]diag.Secret {
	if keys == nil {
		return nil
	}
	urls := make(map[string]diag.Secret, len(keys))
	for name, key := range keys {
		urls[name] = diag.Secret("data:;base64," + base64.StdEncoding.EncodeToString([]byte(key.Reveal())))
	}
	return urls
}

// tell has the log, and who looks on, hear of what becomes of a step.
func (r *run) tell(log *slog.Logger, e plan.Event) {
	logs.Step(log, e)
	r.Report.Step(e)
	if r.Steps != nil {
		r.Steps(e)
	}
}

func (r *run) told(e plan.Event) { r.tell(r.Log, e) }

// mount notes the directories that it made. A stage that is repeated finds some there already: none is forgotten.
func mount(ctx context.Context, r *run) error {
	o := mounts.Options{Tools: r.Tools, Log: r.Log, Tell: r.told}
	if r.Image.Relabel != target.RelabelOff {
		o.Label = func(ctx context.Context, in *root.Root, at string) error {
			return leave.Label(ctx, &target.Means{Root: in, Tools: r.Tools}, r.Image.Relabel, at)
		}
	}
	made, err := mounts.Mount(ctx, r.meant(), r.Root, o)
	r.state.NotatedDirectories = slices.Compact(
		slices.Sorted(slices.Values(append(r.state.NotatedDirectories, made...))))
	return err
}

// meant is the config's storage with the devices that the disks stage has worked on.
func (r *run) meant() config.Storage {
	return disks.Meant(r.full.Config().Storage, r.diskOptions().Devices, r.Log)
}

// umount is the last thing that a first boot does in the initramfs. From here on encrypted volumes are the system's:
// should there be another first boot, it may not take them for its own unfinished work. A boot that is given up has not
// come so far.
func umount(ctx context.Context, r *run) error {
	storage := r.meant()
	err := mounts.Undo(storage, r.Root).Run(ctx, plan.Options{Tell: r.told})
	if err == nil && len(storage.Luks) == 0 {
		return nil
	}
	if r.isGivenUp(ctx) {
		if err != nil {
			r.Log.Warn("the boot is given up, and systemd may unmount first: " + err.Error())
		}
		return nil
	}
	if err != nil {
		return err
	}
	return disks.Finish(ctx, storage, r.diskOptions())
}

// otherEnds are the units of systemd by which an initramfs ends elsewhere than in the real root. On the way there the
// mount stage's unit is stopped as well.
var otherEnds = [...]string{"emergency.target", "emergency.service", "dracut-emergency.service", "shutdown.target"}

// isGivenUp asks systemd whether this boot is on its way to an emergency shell or a shutdown.
func (r *run) isGivenUp(ctx context.Context) bool { return r.Tools.OnTheWay(ctx, otherEnds[:]...) }

func makeFiles(ctx context.Context, r *run) error {
	in, err := root.Open(r.Root)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := in.Recover(users.Record); err != nil {
		return err
	}
	opts, cfg := r.fileOptions(in), *r.full.Config()
	if err := accountsByTools(ctx, cfg, opts, r.told); err != nil {
		return err
	}
	steps, err := files.Plan(cfg, target.Of(in), opts)
	if err != nil {
		return err
	}
	if err := steps.Run(ctx, plan.Options{Tell: r.told, Flush: in.Sync}); err != nil {
		return err
	}
	if err := in.Sync(); err != nil {
		return err
	}
	r.state = leave.HandedOver(r.state)
	r.rewrite = func() error { return rewrite(r.Root, opts) }
	return nil
}

// rewrite writes anew, once the stage has ended, what is in the root about it.
func rewrite(dir string, o files.Options) error {
	in, err := root.Open(dir)
	if err != nil {
		return err
	}
	defer in.Close()
	o.Means.Root = in
	return o.Boot.Rewrite(&o.Means)
}

// tells are the files in the root that tell of the boot, where somebody records it.
func tells(image target.Image, r *bootreport.Recorder) []leave.Told {
	if r == nil {
		return nil
	}
	all := leave.Tells(image)
	for i := range all {
		all[i].Text = map[string]func() string{"report": r.JSON, "metrics": r.Metrics}[all[i].ID]
	}
	return all
}

func (r *run) fileOptions(in *root.Root) files.Options {
	o := files.Options{
		Means: target.Means{Root: in, Tools: r.Tools, Fetch: r.fetch.write, Warn: r.remark, Identity: r.Identity,
			Image: r.Image},
		Accounts: files.MakeAccounts,
		Users:    users.Options{Today: r.Today, FirstBoot: true, Notated: r.state.NotatedDirectories},
		Boot: &leave.Boot{State: r.state, Aliases: r.Paths.DeviceAliases(), BootID: r.BootID, Now: r.Now,
			Log: r.Log, Tells: tells(r.Image, r.Report)},
	}
	if r.Image.Accounts == target.ShadowUtils {
		o.Accounts = files.MadeByTools
	}
	if r.Journal != "" {
		o.Users.Announce = r.Journal.KeysWritten
	}
	return o
}

// accountsByTools runs the root's own tools, where the image wants that, before anything else is planned: only they
// know which ids they choose.
func accountsByTools(ctx context.Context, cfg config.Config, o files.Options, tell func(plan.Event)) error {
	if o.Accounts != files.MadeByTools {
		return nil
	}
	steps, err := files.PlanTools(cfg, target.Of(o.Root), o)
	if err != nil {
		return err
	}
	return steps.Run(ctx, plan.Options{Tell: tell})
}
