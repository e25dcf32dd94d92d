package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/advice"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/engine"
	"github.com/glowplug-os/glowplug/internal/image"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/page"
	"github.com/glowplug-os/glowplug/internal/readonly"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/files"
)

func (o *planOptions) run(ctx context.Context, p *cli.Process, operands []string) error {
	if err := o.judge(operands); err != nil {
		return err
	}
	q, err := o.question(p)
	if err != nil {
		return err
	}
	switch {
	case o.fleet != "":
		return told(o.onFleet(ctx, p, operands[0], q))
	case o.facts != "":
		return told(o.onFacts(ctx, p, operands[0], q))
	}
	opened := &opened{}
	defer opened.close()
	if err := o.look(&q, opened); err != nil {
		return err
	}
	plan, problems, err := engine.Foretell(ctx, p, operands[0], o.root == "", q)
	if err != nil {
		return told(err)
	}
	plan.Options = o.given()
	plan.Notes = append(plan.Notes, unnoticed(scene.Unasked(opened.scene))...)
	return o.tell(p, plan, problems)
}

// unnoticed are notes about disks that --disk names in vain.
func unnoticed(devices []string) (notes []string) {
	for _, device := range devices {
		notes = append(notes, "no entry of the config is about "+diag.Name(device)+", which --disk names")
	}
	return notes
}

// question is what options and the terminal decide of one.
func (o *planOptions) question(p *cli.Process) (q stages.Question, err error) {
	q = stages.Question{
		Request: stages.Request{Audience: diag.Workstation, Offline: o.offline, Idle: o.fetchTimeout,
			Report: func(problems []diag.Problem) { show(p, problems) }, Log: slog.New(&status{to: p.Err, now: p.Now})},
		Random: rand.Reader, Texts: !o.noContent, Marked: o.format == "json" && !o.noContent, Fetch: o.fetch,
		Seal: func() error { return seal(p.Err) },
		Foresee: func(f *stages.Forecast, with files.Options) []string {
			return foreseen(f, with, o.root == "", hasSystemctl(with))
		},
		Files: files.Options{Accounts: files.MakeAccounts, Enable: o.root != "" && !o.noPreset,
			Means: target.Means{NoOwner: o.noOwner}},
	}
	q.Documents, err = load.Folder(o.filesDir)
	q.Documents.Lint = tree.Unseen
	return q, err
}

// foreseen are the notices of a boot, or of what is made of a directory with systemctl or without.
func foreseen(f *stages.Forecast, with files.Options, boot, systemctl bool) []string {
	if boot {
		return whats(locksOut(f, with))
	}
	return whats(foresee(f, with, systemctl))
}

// show tells people of problems.
func show(p *cli.Process, problems []diag.Problem) {
	style := diag.Style{Color: p.Err.Colors}
	diag.Sort(problems)
	advice.Give(problems)
	for _, problem := range problems {
		fmt.Fprintln(p.Err, style.Text(problem))
	}
}

// told is an error without what is told already.
func told(err error) error {
	if invalid := (*load.InvalidError)(nil); errors.As(err, &invalid) {
		return fmt.Errorf("%s is invalid", diag.Printable(invalid.Name))
	}
	return err
}

// tell writes a plan, and what is in its way; its exit code is the error.
func (o *planOptions) tell(p *cli.Process, plan *report.Plan, problems []diag.Problem) error {
	show(p, problems)
	if err := o.write(p.Out, plan); err != nil {
		return err
	}
	if exit := plan.Exit(); exit != 0 {
		return cli.ExitError(exit)
	}
	return nil
}

func (o *planOptions) write(to io.Writer, plan *report.Plan) error {
	switch o.format {
	case "json":
		return plan.WriteJSON(to)
	case "html":
		return page.Write(to, plan)
	}
	return plan.WriteText(to)
}

// seal gives up what changes a machine, and says what of that could not be taken.
func seal(to io.Writer) error {
	lacks, err := readonly.Seal()
	for _, each := range lacks {
		fmt.Fprintf(to, "note: there is no %s, by which this process would be kept from writing\n", each)
	}
	return err
}

// look opens what the plan is about, for reading.
func (o *planOptions) look(q *stages.Question, opened *opened) error {
	switch {
	case o.machine():
		q.Devices = func(config.Storage) (scene.Scene, error) { return (&device.Devices{}).Scene(), nil }
		return lookAtThis(q, opened)
	case o.image != "" || len(o.disks) > 0:
		q.Rootless = "of which images of disks say nothing; --root names a directory"
		q.Devices = func(s config.Storage) (scene.Scene, error) { return o.images(s, opened) }
	}
	if o.root == "" {
		return nil
	}
	return lookInto(q, o.root, opened)
}

func lookInto(q *stages.Question, dir string, opened *opened) error {
	in, err := root.Open(dir)
	if errors.Is(err, fs.ErrPermission) {
		err = diag.WithHint(err, "run it as root, or as a user who may look into the directory")
	}
	if err != nil {
		return fmt.Errorf("the root: %w", err)
	}
	opened.add(in)
	q.Root, q.Protection = target.WholeOf(in), in.Protection
	return nil
}

// sysroot is where an initramfs has the root of the machine (bootup(7)).
const sysroot = "/sysroot"

// lookAtThis opens the root of this machine, and reads its kernel's command line. In an initramfs the root is not that
// of this process.
func lookAtThis(q *stages.Question, opened *opened) error {
	line, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return fmt.Errorf("the kernel's command line: %w", err)
	}
	text := string(line)
	q.CommandLine = &text
	if err := lookInto(q, "/", opened); err != nil {
		return err
	}
	switch is, mounted, err := initramfs(q.Root); {
	case err != nil:
		return fmt.Errorf("the root: %w", err)
	case !is:
		return nil
	case !mounted:
		q.Root, q.Rootless = nil, "as the root is not mounted at "+sysroot+" yet"
		return nil
	}
	return lookInto(q, sysroot, opened)
}

// initramfs tells whether a root is one, and whether it has the machine's own mounted.
func initramfs(v target.View) (is, mounted bool, err error) {
	release, err := v.Lstat("/etc/initrd-release")
	if err != nil || release.Kind == root.Absent {
		return false, false, err
	}
	places, err := v.Mounts()
	return true, slices.Contains(places, sysroot), err
}

// images are the disks that options name.
func (o *planOptions) images(s config.Storage, opened *opened) (scene.Scene, error) {
	named, err := o.named(s)
	if err != nil {
		return nil, err
	}
	all, files, err := image.Disks(named, &device.Devices{})
	for _, f := range files {
		opened.add(f)
	}
	opened.scene = all.Scene()
	var at []string
	for _, name := range named {
		if file, err := filepath.EvalSymlinks(name); err == nil {
			at = append(at, file)
		}
	}
	slices.Sort(at)
	return opened.scene, errors.Join(err, settled(at))
}

// named are the files by their devices.
func (o *planOptions) named(s config.Storage) (map[string]string, error) {
	if o.image == "" {
		return o.disks, nil
	}
	named := map[string]string{}
	for _, d := range s.Disks {
		named[filepath.Clean(d.Device)] = o.image
	}
	switch n := len(named); n {
	case 1:
		return named, nil
	case 0:
		return nil, diag.WithHint(errors.New("--image is for a config with one disk, and this one has none"),
			"leave --image out, or name the device that it stands for: --disk /dev/vda="+diag.Name(o.image))
	default:
		return nil, diag.WithHint(fmt.Errorf("--image is for a config with one disk, and this one has %d", n),
			"name the image of each: --disk DEVICE=FILE")
	}
}

// opened is what is to be closed.
type opened struct {
	all   []func()
	scene scene.Scene // of images; nil for none
}

func (o *opened) add(c io.Closer) { o.all = append(o.all, func() { _ = c.Close() }) }

func (o *opened) close() {
	for _, each := range o.all {
		each()
	}
}
