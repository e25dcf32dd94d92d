package guest

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/engine"
	"github.com/glowplug-os/glowplug/internal/record"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/stages/leave"
)

// compare tells in what the disks differ from the config, or from a record. What is written to them, as when a journal
// is played back, is thrown away with the machine.
func (m *machine) compare(ctx context.Context) error {
	if err := nameDisks(ctx, m.tools, m.order.Disks); err != nil {
		return at("devices", err)
	}
	return m.compareNamed(ctx)
}

// compareNamed is compare where the disks have their names.
func (m *machine) compareNamed(ctx context.Context) error {
	q := stages.Question{
		Request: stages.Request{Name: "config", Text: m.order.Config.Text, Rendered: true, Audience: diag.Workstation,
			Offline: true, Version: m.order.Version, Log: slog.New(teller{m}), Report: func([]diag.Problem) {}},
		Machine: stages.Machine{AtRest: true, Rootless: "as no filesystem of the images has a system on it",
			Devices: func(config.Storage) (scene.Scene, error) { return (&device.Devices{}).Scene(), nil }},
		Random: rand.Reader, Texts: m.order.Compare.Texts, Files: files.Options{Accounts: files.MakeAccounts},
	}
	cfg, err := m.compared(ctx, &q)
	if err != nil {
		return err
	}
	if m.order.Compare.ByRecord {
		if err := m.nameByRecord(ctx, cfg.Storage); err != nil {
			return at("devices", err)
		}
	}
	m.lay(ctx, cfg.Storage, q.Root != nil)
	if AsksArguments(cfg) {
		q.Boots, q.BootsUnknown = m.boots(ctx)
	}
	r, err := stages.Verify(ctx, q)
	if err != nil {
		return at("verify", err)
	}
	for _, i := range r.Items {
		m.say(Saying{Item: i})
	}
	for _, note := range r.Notes {
		m.say(Saying{Note: note})
	}
	return nil
}

// boots are the command lines of what starts the system, which is what kernel arguments are put into.
func (m *machine) boots(ctx context.Context) (lines []string, err error) {
	places, err := m.bootPlaces(ctx)
	for _, s := range places {
		lines = append(lines, s.lines...)
	}
	return lines, err
}

// compared mounts the root, if there is one, and gives the config that the images are compared with.
func (m *machine) compared(ctx context.Context, q *stages.Question) (cfg config.Config, err error) {
	byRecord := m.order.Compare.ByRecord
	if !byRecord {
		if cfg, err = stages.Rendered(q.Text); err != nil {
			return cfg, err
		}
	}
	switch found, err := m.rootFor(ctx, cfg); {
	case err != nil:
		return cfg, at("root", err)
	case found.device != "":
		if err := m.mount(ctx, found, sysroot, "ro"); err != nil {
			return cfg, at("root", err)
		}
		if m.found, err = resolved(found); err != nil {
			return cfg, at("root", err)
		}
		in, err := root.Open(sysroot)
		if err != nil {
			return cfg, at("root", err)
		}
		q.Root, q.Boot = target.WholeOf(in), true
		if err := m.decidedFor(q); err != nil {
			return cfg, err
		}
	case byRecord:
		return cfg, at("root", diag.WithHint(errors.New("no filesystem has a system on it, which would have a record"),
			"name a config, or a record: --record FILE"))
	}
	if byRecord {
		if q.Text, err = recordOf(q.Root); err == nil {
			cfg, err = stages.Rendered(q.Text)
		}
		err = at("record", err)
	}
	return cfg, err
}

// rootFor is the filesystem that has the root: the one that the config mounts there, or that has a system.
func (m *machine) rootFor(ctx context.Context, cfg config.Config) (filesystem, error) {
	for _, f := range mounted(cfg.Storage) {
		if f.at == "/" {
			_, err := os.Stat(f.device)
			if err != nil {
				return filesystem{}, nil
			}
			return f.filesystem, nil
		}
	}
	return m.findRoot(ctx)
}

// resolved is a filesystem by the kernel's name of its device.
func resolved(f filesystem) (filesystem, error) {
	var err error
	f.device, err = filepath.EvalSymlinks(f.device)
	return f, err
}

// decidedFor fills in what the builder of the image has decided.
func (m *machine) decidedFor(q *stages.Question) error {
	image, programs, err := decided()
	if err != nil {
		return at("files", err)
	}
	q.Files.Tools = tool.New(programs, q.Log)
	q.Files.Means = target.Means{NoOwner: m.order.Compare.NoOwner, Identity: target.Identity{Privileged: true},
		Image: image}
	q.Files.Users.Today, q.Files.Users.FirstBoot = m.order.Today, true
	return nil
}

// recordOf is the config of the record that the image of a root has its machines make.
func recordOf(view target.View) ([]byte, error) {
	file, err := engine.RecordFileOf(view)
	if err != nil {
		return nil, err
	}
	if file == "" {
		return nil, diag.WithHint(errors.New("the image has no record made of a first boot"),
			"name a config, or a record: --record FILE")
	}
	text, err := view.ReadFile(file, record.Most)
	if err != nil {
		return nil, err
	}
	r, err := record.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", diag.Name(file), err)
	}
	return r.Config, nil
}

// nameByRecord calls the one disk of --image what the record calls it.
func (m *machine) nameByRecord(ctx context.Context, s config.Storage) error {
	if len(m.order.Disks) != 1 || len(m.order.Disks[0].Names) > 0 {
		return nil
	}
	for _, d := range s.Disks {
		m.order.Disks[0].Names = append(m.order.Disks[0].Names, filepath.Clean(d.Device))
	}
	if n := len(s.Disks); n > 1 {
		return diag.WithHint(fmt.Errorf("--image is for a record of one disk, and this one has %d", n),
			"name the image of each: --disk DEVICE=FILE")
	}
	kernel, err := kernelNames(ctx, m.order.Disks)
	if err == nil {
		err = writeRules(kernel, m.order.Disks)
	}
	if err != nil {
		return err
	}
	return runAll(ctx, m.tools, append([]tool.Command{{Tool: "udevadm", Args: []string{"control", "--reload"}}},
		named...))
}

// lay has what is on the disks there as a booted system would: arrays run, as far as udev's rules have not done it,
// volumes are open whose keys the root has, and filesystems are in their places. What does not work is told, and shows
// in what is compared.
func (m *machine) lay(ctx context.Context, s config.Storage, rooted bool) {
	try := func(c tool.Command) {
		if _, err := m.tools.Run(ctx, c); err != nil {
			m.say(Saying{Warning: diag.OneLine(err.Error())})
		}
	}
	if len(s.Raid) > 0 {
		// Arrays that lack a member wait for it. With none to start the program fails.
		_, _ = m.tools.Run(ctx, tool.Command{Tool: "mdadm", Args: []string{"--incremental", "--run", "--scan"}})
	}
	for _, v := range s.Luks {
		key := filepath.Join(sysroot, leave.KeyDir, v.Name)
		if _, err := os.Stat(key); err == nil && rooted {
			try(tool.Command{Tool: "cryptsetup", Args: []string{"open", "--key-file", key, "--",
				config.Says(v.Device), v.Name}})
		}
	}
	try(tool.Command{Tool: "udevadm", Args: []string{"settle"}})
	for _, f := range mounted(s) {
		if _, err := os.Stat(f.device); err != nil || !rooted || f.at == "/" {
			continue
		}
		if err := m.mount(ctx, f.filesystem, filepath.Join(sysroot, f.at), f.options); err != nil {
			m.say(Saying{Warning: diag.OneLine(err.Error())})
		}
	}
}

// A mounted filesystem of the config.
type mountedFilesystem struct {
	filesystem
	at, options string
}

// mounted are the filesystems that have a place, the outer ones first.
func mounted(s config.Storage) (all []mountedFilesystem) {
	for _, f := range s.Filesystems {
		kind := config.Says(f.Format)
		if at := config.Says(f.Path); at != "" && !slices.Contains([]string{"", "swap", "none", "virtiofs"}, kind) {
			all = append(all, mountedFilesystem{filesystem{device: f.Device, kind: kind}, filepath.Clean("/" + at),
				strings.Join(append(slices.Clone(f.MountOptions), "ro"), ",")})
		}
	}
	slices.SortStableFunc(all, func(a, b mountedFilesystem) int {
		return cmp.Compare(strings.Count(a.at, "/"), strings.Count(b.at, "/"))
	})
	return all
}
