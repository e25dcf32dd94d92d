package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/dracut/kargs"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/copies"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/engine"
	"github.com/glowplug-os/glowplug/internal/guest"
	"github.com/glowplug-os/glowplug/internal/image"
	start "github.com/glowplug-os/glowplug/internal/initramfs"
	qemu "github.com/glowplug-os/glowplug/internal/machine"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/disks"
)

// A provisioning is a run of apply on images.
type provisioning struct {
	*applyOptions
	imageRun
}

// An imageRun is a run of a machine that has images for disks.
type imageRun struct {
	options *machineOptions
	p       *cli.Process
	told    *status
	work    string // a folder of its own, for what the machine starts with
	disks   []imageDisk
}

// An imageDisk is an image as a disk of the qemu.
type imageDisk struct {
	guest.Disk
	file        string // without links
	sectorBytes int
}

// runImages provisions images, and tells how it goes.
func (o *applyOptions) runImages(ctx context.Context, p *cli.Process, config string) error {
	return o.withImages(p, o.quiet, func(r imageRun) error {
		return told((&provisioning{o, r}).run(ctx, config))
	})
}

// withImages gets ready for a run, and cleans up behind it.
func (o *machineOptions) withImages(p *cli.Process, quiet bool, run func(imageRun) error) error {
	work, err := os.MkdirTemp("", "glowplug-")
	if err != nil {
		return diag.WithHint(err, "TMPDIR=DIR names a folder for what is temporary")
	}
	defer os.RemoveAll(work)
	r := imageRun{options: o, p: p, work: work, told: &status{to: p.Err, terminal: p.Err.Terminal, quiet: quiet,
		now: p.Now, width: func() int { return columns(p.Err.To) }}}
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	r.told.begin(ticks.C)
	defer r.told.end()
	return run(r)
}

// run is all of it, what can be refused first.
func (r *provisioning) run(ctx context.Context, from string) error {
	if err := r.recovered(); err != nil {
		return err
	}
	doc, err := r.foreseen(ctx, from)
	if err != nil || doc == nil {
		return err
	}
	cfg := doc.Config()
	with, spec, err := r.machine(*cfg, start.Wish{Tools: toolsFor(*cfg),
		Perhaps: []string{"mdadm", "dmsetup", "setfiles"}})
	if err != nil {
		return err
	}
	return r.provisioned(ctx, with, spec, doc)
}

// machine makes the machine, but for the files of its disks, with the programs that are wished for.
func (r *imageRun) machine(cfg config.Config, wish start.Wish) (qemu.Runner, qemu.Spec, error) {
	// It runs for as long as what is run in it, which has limits.
	tools := tool.New(nil, nil).Within(0)
	with := qemu.Runner{Tools: tools, Dir: r.work, Emulate: r.options.emulate, Note: func(text string) {
		r.told.say("note: " + text + "\n")
	}}
	kernel, err := r.kernelOf()
	if err := errors.Join(with.Available(), err); err != nil {
		return with, qemu.Spec{}, err
	}
	spec, err := r.machineFor(kernel, cfg, wish)
	return with, spec, err
}

// provisioned does it, on copies or in place.
func (r *provisioning) provisioned(ctx context.Context, with qemu.Runner, spec qemu.Spec,
	doc *document.Document) error {
	order := guest.Order{Config: stages.RenderingOf(doc), Root: r.rootDevice, Network: r.network,
		Today: engine.Today(r.p), Version: r.p.Version}
	for _, d := range r.disks {
		order.Disks = append(order.Disks, d.Disk)
	}
	set, _, err := copies.Open(r.files(), r.inPlace)
	if err != nil {
		return advisedToWrite(err)
	}
	defer set.Close()
	if !r.inPlace {
		r.say("copying")
	}
	if err := set.Begin(ctx); err != nil {
		return advisedToWrite(err)
	}
	for i, d := range r.disks {
		spec.Disks[i].Path = set.Work(d.file)
	}
	r.say("starting the machine")
	if err := r.inMachine(ctx, with, spec, order, func(guest.Saying) {}); err != nil {
		return r.givenUp(set, err)
	}
	if err := set.Ready(); err != nil {
		return r.givenUp(set, err)
	}
	if err := set.Commit(); err != nil {
		return diag.WithHint(fmt.Errorf("all is done, but not all images are in their places: %w", err),
			"run it again, which begins with putting them there")
	}
	r.over(*doc.Config())
	return nil
}

// advisedToWrite adds who may write, where somebody may not.
func advisedToWrite(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return diag.WithHint(err, "run it as a user who may write to the image and its folder")
	}
	return err
}

// say tells what goes on.
func (r *imageRun) say(text string) {
	if !r.told.quiet {
		r.told.say(text + "\n")
	}
}

func (r *imageRun) kernelOf() (qemu.Kernel, error) {
	o := r.options
	if o.kernel == "" {
		return qemu.Newest(o.tools)
	}
	return qemu.KernelAt(o.kernel, o.modules, o.tools)
}

// recovered ends what an interrupted run has left of the images.
func (r *provisioning) recovered() error {
	named := slices.Sorted(maps.Values(r.images.disks)) // so that the same is told each time
	if r.images.image != "" {
		named = []string{r.images.image}
	}
	var files []string
	for _, name := range named {
		file, err := fileOf(name)
		if err == nil {
			err = unattached(name)
		}
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	slices.Sort(files)
	files = slices.Compact(files)
	if r.dryRun {
		return settled(files)
	}
	set, finished, err := copies.Open(files, r.inPlace)
	if err != nil {
		return advisedToWrite(err)
	}
	set.Close()
	if finished {
		r.say("note: a run that was interrupted at its very end has been put an end to: its images are in place")
	}
	return nil
}

// settled refuses images that others are to take the place of: they may be old ones and new ones.
func settled(files []string) error {
	image := copies.Pending(files)
	if image == "" {
		return nil
	}
	return diag.WithHint(fmt.Errorf("image %s: a run was interrupted before what it has made was in its place",
		diag.Name(image)),
		"run glowplug apply, without --dry-run, with the images of that run: it puts an end to that first")
}

// fileOf is the file that an image is, without links.
func fileOf(name string) (string, error) {
	file, err := filepath.EvalSymlinks(name)
	if err == nil {
		file, err = filepath.Abs(file)
	}
	if err != nil {
		err = fmt.Errorf("image %s: %w", diag.Name(name), without(err))
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = absent(name, err)
	}
	if err == nil && copies.Reserved(file) {
		err = diag.WithHint(fmt.Errorf("image %s: has a name that a run gives to what it works on", diag.Name(name)),
			"give it another one")
	}
	if err == nil {
		err = isFile(name)
	}
	return file, err
}

// absent says what has become of an image that is not there.
func absent(name string, err error) error {
	if _, marked := os.Stat(copies.Incomplete(name)); marked == nil {
		return diag.WithHint(fmt.Errorf("image %s: is not there, but %s is: a run with --in-place has not come to its "+
			"end", diag.Name(name), diag.Name(copies.Incomplete(name))), "begin again with the image as it was before")
	}
	return diag.WithHint(err, "name the raw image of a disk; `truncate -s 10G FILE` makes a blank one")
}

func isFile(name string) error {
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = diag.WithHint(fmt.Errorf("image %s: is no file", diag.Name(name)),
			"a machine takes images that are files: copy it to one")
	}
	return err
}

// unattached refuses a file that is a disk of this system, too: what is written to that is lost, or lies among what the
// machine writes.
func unattached(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if nodes := (&device.Devices{}).Loops(info); len(nodes) > 0 {
		return diag.WithHint(fmt.Errorf("image %s: is in use: it is attached as %s", diag.Name(name),
			diag.Name(nodes[0])), "detach it: losetup --detach "+diag.Name(nodes[0]))
	}
	return nil
}

// foreseen reads the config, refuses what images cannot get, and tells the plan. It gives the config; none where the
// plan is all that is wanted.
func (r *provisioning) foreseen(ctx context.Context, from string) (*document.Document, error) {
	o := r.images
	o.offline, o.fetchTimeout, o.filesDir = !r.network, r.fetchTimeout, r.filesDir
	q, err := o.question(r.p)
	if err != nil {
		return nil, err
	}
	q.Seal, q.Log = nil, slog.New(r.told)
	q.Rootless = "of which the plan is made in the machine"
	opened := &opened{}
	defer opened.close()
	q.Devices = func(s config.Storage) (scene.Scene, error) {
		named, err := o.named(s)
		if err != nil {
			return nil, err
		}
		return r.open(named, opened)
	}
	if err := engine.ReadConfig(ctx, r.p, from, &q); err != nil {
		return nil, err
	}
	reading, err := q.Read(ctx)
	if err != nil {
		return nil, err
	}
	doc := reading.Document()
	if err := r.refused(doc); err != nil {
		return nil, err
	}
	plan, problems, err := reading.On(ctx, func(*stages.Question) {})
	if err != nil {
		return nil, err
	}
	show(r.p, problems)
	switch {
	case plan.Exit() == report.InTheWay:
		return nil, errors.New("nothing is changed")
	case r.dryRun:
		return nil, plan.WriteText(r.p.Out)
	}
	r.told.planned(plan)
	return doc, nil
}

// unnamed is the device of an image whose name is only known when it is looked into.
const unnamed = ""

// open opens the images for the plan, and notes which disks they are.
func (r *imageRun) open(named map[string]string, opened *opened) (scene.Scene, error) {
	files := map[string]string{}
	for device, name := range named {
		var err error
		if files[device], err = fileOf(name); err != nil {
			return nil, err
		}
	}
	all, looked, err := image.Disks(named, &device.Devices{})
	for _, f := range looked {
		opened.add(f)
	}
	if err != nil {
		return nil, err
	}
	for i, device := range slices.Sorted(maps.Keys(all)) {
		d := imageDisk{Disk: guest.Disk{Serial: fmt.Sprintf("glowplug-%d", i),
			Names: all[device].Names}, sectorBytes: all[device].SectorSize}
		if device == unnamed {
			d.Names = nil
		}
		for _, name := range d.Names {
			if err := guest.Nameable(name); err != nil {
				return nil, err
			}
		}
		d.file = files[device]
		r.disks = append(r.disks, d)
	}
	return all.Scene(), settled(r.files())
}

// files are those of the disks.
func (r *imageRun) files() (all []string) {
	for _, d := range r.disks {
		all = append(all, d.file)
	}
	return all
}

// refused is what images cannot get, and what is not to be had without a network.
func (r *provisioning) refused(doc *document.Document) error {
	cfg := doc.Config()
	path, why := unfit(cfg)
	if path == "" && !r.network {
		if path = stages.NeedsNetwork(cfg); path != "" {
			why = diag.WithHint(errors.New("needs the network"), "with --network the machine has one")
		}
	}
	if path == "" {
		return nil
	}
	return fmt.Errorf("%s: %s %w", doc.At(path, tree.Index{}).Place(), path, why)
}

// Modules of the kernel that the machine may come to need: what it is made of, filesystems, and what volumes are
// encrypted by. Those that a kernel has built in, or does not have, are passed over.
var (
	earlyModules = []string{"virtio_pci", "virtio_console", "virtio_rng"}
	laterModules = []string{
		"ext4", "xfs", "btrfs", "vfat", "nls_cp437", "nls_ascii", "nls_iso8859-1", "nls_utf8", "md_mod", "raid0",
		"raid1", "raid10", "raid456", "linear", "dm_mod", "dm_crypt", "dm_integrity", "af_alg", "algif_skcipher",
		"algif_hash", "xts", "cbc", "ecb", "essiv", "aes_generic", "aesni_intel", "serpent_generic", "twofish_generic",
		"sha1_generic", "sha256_generic", "sha512_generic", "sha256_ssse3", "sha512_ssse3", "crc32c_generic",
		"crc32c_intel", "crc32c", "libcrc32c", "xxhash_generic", "blake2b_generic", "hmac", "authenc", "crypto_user",
		"loop",
	}
)

// initramfsFile is what the machine starts with, in the folder for that.
const initramfsFile = "initramfs"

// machineFor makes the initramfs, and the machine.
func (r *imageRun) machineFor(k qemu.Kernel, cfg config.Config, wish start.Wish) (spec qemu.Spec, err error) {
	const memoryMiB = 2048
	spec = qemu.Spec{Kernel: k.File, Initramfs: filepath.Join(r.work, initramfsFile), Network: r.options.network,
		MemoryMiB: memoryMiB}
	var names []string
	for i, d := range r.disks {
		names = append(names, d.Names...)
		spec.Disks = append(spec.Disks, qemu.Disk{Serial: r.disks[i].Serial, SectorBytes: d.sectorBytes})
	}
	if spec.Bus, err = qemu.BusBeside(names); err != nil {
		return spec, err
	}
	early := slices.Concat(earlyModules, spec.Bus.Modules)
	wish.System, wish.Kernel = r.options.tools, k
	if r.options.network {
		early, wish.Tools = append(early, "virtio_net"), append(wish.Tools, "ip")
		wish.Files = []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"}
	}
	if len(cfg.Storage.Raid) > 0 {
		early = append(early, "md_mod")
	}
	if len(cfg.Storage.Luks) > 0 {
		early = append(early, "dm_mod")
	}
	for _, f := range cfg.Storage.Filesystems {
		if format := config.Says(f.Format); format != "" && !slices.Contains(early, format) {
			early = append(early, format)
		}
	}
	wish.Modules = append(slices.Clone(early), laterModules...)
	if wish.Program, err = os.Executable(); err != nil {
		return spec, err
	}
	tree, err := start.Gather(wish)
	if err != nil {
		return spec, err
	}
	tree.Text(guest.ModulesFile, 0o644, strings.Join(early, "\n")+"\n")
	if guest.AsksArguments(cfg) {
		tree.Text(guest.ArgumentsHelper, 0o755, guest.ArgumentsScript)
		tree.Text(guest.EntriesHelper, 0o755, kargs.Helper)
	}
	return spec, pack(tree, spec.Initramfs)
}

func pack(tree start.Tree, file string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(tree.Pack(qemu.NewArchive(f)), f.Close())
}

// basics are the programs that the machine needs for everything.
var basics = []string{"modprobe", "udevadm", "mount", "umount", "blkid"}

// toolsFor are the programs that the machine needs to carry out a config.
func toolsFor(cfg config.Config) []string {
	all := slices.Clone(basics)
	always, perhaps := disks.Needs(cfg.Storage)
	for _, n := range slices.Concat(always, perhaps) {
		all = append(all, n.Tool)
	}
	if len(cfg.Storage.Luks) > 0 {
		all = append(all, "dmsetup") // by which udev's rules end what cryptsetup waits for
	}
	if guest.AsksArguments(cfg) {
		all = append(all, kargs.Needs()...)
	}
	if disables(cfg) {
		all = append(all, "systemctl")
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// errNotDone is about a machine that has gone before its work was done.
var errNotDone = errors.New("the machine has switched itself off before it was done")

// A failure is what the machine has told of one.
type failure string

func (f failure) Error() string { return "the machine could not do it, as its card above says" }

// inMachine runs the machine, and tells what it tells.
func (r *imageRun) inMachine(ctx context.Context, with qemu.Runner, spec qemu.Spec, order guest.Order,
	hear func(guest.Saying)) error {
	line, err := order.Line()
	if err != nil {
		return err
	}
	c := &listener{r: r, order: line, others: hear}
	err = with.Run(ctx, spec, c.hear)
	switch {
	case c.failed != "":
		return failure(c.failed)
	case err == nil && !c.done:
		return errNotDone
	case c.done:
		return nil
	}
	return err
}

// A listener hears what the machine says.
type listener struct {
	r      *imageRun
	order  string
	others func(guest.Saying) // hears what else is said
	stage  string
	failed string
	done   bool
}

func (c *listener) hear(line []byte) (reply string) {
	s, err := guest.Heard(line)
	told := c.r.told
	switch {
	case err != nil:
		told.say("warning: " + diag.OneLine(err.Error()) + "\n")
	case s.Hello:
		_ = os.Remove(filepath.Join(c.r.work, initramfsFile)) // it is large, and has been read
		return c.order
	case s.Stage != "":
		c.stage = s.Stage
		c.r.say("stage: " + diag.OneLine(s.Stage))
	case s.Event != nil:
		told.hearOf(report.Stage(c.stage), s.Event.Of())
	case s.Warning != "":
		told.say("warning: " + diag.OneLine(s.Warning) + "\n")
	case s.Failed != "":
		c.failed = s.Failed
	case s.Done:
		c.done = true
	default:
		c.others(s)
	}
	return ""
}

// givenUp leaves the images as they were, or marked, and says which.
func (r *provisioning) givenUp(set *copies.Set, err error) error {
	if f := failure(""); errors.As(err, &f) {
		r.told.say(string(f))
	}
	marked, failed := set.Abandon()
	for i, name := range marked {
		marked[i] = diag.Name(name)
	}
	left := "the images are as they were"
	if len(marked) > 0 {
		left = "what is left of the images is " + strings.Join(marked, ", ")
	}
	return errors.Join(fmt.Errorf("%w; %s", err, left), failed)
}

// over says what is done, and what of it is to be known.
func (r *provisioning) over(cfg config.Config) {
	if s := cfg.Storage; len(s.Disks)+len(s.Filesystems)+len(s.Raid) > 0 {
		r.say("note: all machines made of a copy have the same UUIDs of disks, partitions, arrays and filesystems")
	}
	for _, v := range cfg.Storage.Luks {
		r.told.say("warning: all machines made of a copy share the volume key of " + diag.Name(v.Name) +
			", which `cryptsetup reencrypt` makes anew on each\n")
	}
	var names []string
	for _, d := range r.disks {
		names = append(names, diag.Name(d.file))
	}
	summary := ""
	if done := r.told.done.Over(); done.Exit() != report.NothingToDo {
		summary = ": " + done.Summary()
	}
	r.say("done: " + strings.Join(names, ", ") + summary)
}
