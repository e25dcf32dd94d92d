package applies

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/providers"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/tests/foretold"
)

// A machine boots a config: in a folder that stands for its root and for /run, by the stages of a boot in this process.
type machine struct {
	dir  string
	kind Kind
	// disk gives the node of a disk of so many MiB, the same for the same path.
	disk    func(path string, mib int64) (node string, err error)
	changed int           // steps that changed something
	config  config.Config // what came of fetching
	disks   []Disk
	nodes   map[string]string // of the disks, by their paths
	// patience is how long it waits for a device.
	patience time.Duration
}

// A Refusal is an error of a stage.
type Refusal struct {
	Stage string
	Err   error
}

func (r *Refusal) Error() string { return r.Stage + ": " + r.Err.Error() }
func (r *Refusal) Unwrap() error { return r.Err }

// boot runs the stages; the error is a *Refusal if one of them fails.
func (m *machine) boot(ctx context.Context, text string) error {
	if err := m.fetch(ctx, text); err != nil {
		return err
	}
	for _, name := range []string{"kargs", "disks", "mount", "files", "umount"} {
		if err := m.stage(ctx, name); err != nil {
			return &Refusal{name, err}
		}
	}
	return nil
}

// differs is what `glowplug verify` finds after the boot: nothing, if it was told right. Not verified is what a boot
// with a root of its own has mounted, and accounts of which the config itself replaces the files or the homes.
func (m *machine) differs(ctx context.Context) ([]string, error) {
	if m.undoes() {
		return nil, nil
	}
	in, err := root.Open(filepath.Join(m.dir, "root"))
	if err != nil {
		return nil, err
	}
	defer in.Close()
	q := stages.Question{Machine: stages.Machine{Root: target.WholeOf(in)}, Seal: func() error { return nil }}
	q.Rendered, q.Log, q.Report = true, slog.New(slog.DiscardHandler), func([]diag.Problem) {}
	q.Files.Accounts, q.Files.Privileged, q.Files.Users.FirstBoot = files.MakeAccounts, true, true
	if q.Text, err = os.ReadFile(m.paths().Config); err != nil {
		return nil, err
	}
	foretold.OfMachine(&q)
	report, err := stages.Verify(ctx, q)
	if err != nil {
		return nil, err
	}
	d, err := foretold.Drifted(report)
	return d.Differs(), err
}

// accountPlaces are where accounts are, and homes of the users whom configs name.
var accountPlaces = []string{"/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/home", "/root", "/var/home"}

func (m *machine) undoes() bool {
	s := &m.config.Storage
	var all []string
	for _, f := range s.Filesystems {
		if config.Says(f.Path) == "/" {
			return true
		}
	}
	for _, d := range s.Directories {
		all = append(all, d.Path)
	}
	for _, f := range s.Files {
		all = append(all, f.Path)
	}
	for _, l := range s.Links {
		all = append(all, l.Path)
	}
	for _, u := range m.config.Passwd.Users {
		if strings.HasPrefix(config.Says(u.HomeDir), "/etc/") {
			return true
		}
	}
	return len(m.config.Passwd.Users)+len(m.config.Passwd.Groups) > 0 &&
		slices.ContainsFunc(all, func(at string) bool {
			return slices.ContainsFunc(accountPlaces, func(place string) bool {
				return strings.HasPrefix(at+"/", place+"/") || strings.HasPrefix(place+"/", at+"/")
			})
		})
}

// fetch runs the stage that gets the config, and makes what the config is for.
func (m *machine) fetch(ctx context.Context, text string) error {
	for _, dir := range []string{"root", "run/ignition"} {
		if err := os.MkdirAll(filepath.Join(m.dir, dir), 0o755); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{
		"cmdline":    "glowplug.timeout.resource=20s glowplug.timeout.device=" + m.patience.String(),
		"config.ign": text, "helper": "#!/bin/sh\n", "process": "test"} {
		if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o700); err != nil {
			return err
		}
	}
	if err := m.stage(ctx, "fetch"); err != nil {
		return &Refusal{"fetch", err}
	}
	return m.prepare()
}

func (m *machine) paths() handoff.Paths {
	run := filepath.Join(m.dir, "run")
	return handoff.Paths{Config: run + "/ignition.json", State: run + "/ignition/state",
		NeedNet: run + "/ignition/neednet"}
}

func (m *machine) stage(ctx context.Context, name string) error {
	platform, _ := providers.Find("file")
	log := slog.New(slog.DiscardHandler)
	return stages.Run(ctx, stages.Boot{
		Stage: name, Platform: platform, Root: filepath.Join(m.dir, "root"), Paths: m.paths(),
		Dirs:        []string{filepath.Join(m.dir, "none")},
		CommandLine: filepath.Join(m.dir, "cmdline"), FetchTimeout: 20 * time.Second, FetchLimited: true,
		Tools: tool.New(map[string]string{"ignition-kargs-helper": filepath.Join(m.dir, "helper")}, log), Log: log,
		Identity:     target.Identity{Privileged: true},
		Getenv:       func(string) string { return filepath.Join(m.dir, "config.ign") },
		FirstProcess: filepath.Join(m.dir, "process"), Show: func(string) {},
		Steps: func(e plan.Event) {
			if e.Turn == plan.Finished && e.Step.Effect != plan.Keep {
				m.changed++
			}
		},
		BootID: "3f0c1d2e4a5b6c7d8e9f0a1b2c3d4e5f", Now: func() time.Time { return time.Unix(1<<30, 0) }, Today: 19000,
	})
}

// prepare makes the machine that the fetched config is for: its root, and its disks, whose nodes take the place of
// their paths in what later stages read.
func (m *machine) prepare() error {
	text, err := m.paths().LoadConfig()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &m.config); err != nil {
		return err
	}
	if err := Suiting(&m.config, m.kind).Plant(filepath.Join(m.dir, "root")); err != nil {
		return err
	}
	if m.kind == Open || m.kind == Rootless {
		if err := Unlock(filepath.Join(m.dir, "root")); err != nil {
			return err
		}
	}
	m.disks, m.nodes = Disks(&m.config), map[string]string{}
	for _, d := range m.disks {
		if m.nodes[d.Path], err = m.disk(d.Path, d.MiB); err != nil {
			return err
		}
	}
	if len(m.disks) == 0 {
		return nil
	}
	object := read(string(text))
	for _, p := range places(object) {
		if path, is := p.value.(string); is && names(p.path) {
			p.set(m.rename(path))
		}
	}
	return os.WriteFile(m.paths().Config, []byte(write(object)), 0o600)
}

// names tells whether a field names a device.
func names(path string) bool {
	return strings.HasPrefix(path, "storage.") && (strings.HasSuffix(path, ".device") ||
		strings.HasPrefix(path, "storage.raid.*.devices."))
}

// rename gives the node for a path of a disk, or of a partition of one.
func (m *machine) rename(path string) string {
	if node, is := m.nodes[path]; is {
		return node
	}
	if disk, number, is := partitionOf(path); is && m.nodes[disk] != "" {
		return partitionNode(m.nodes[disk], number)
	}
	if number, disk := named(&m.config, path); disk != "" && m.nodes[disk] != "" {
		return partitionNode(m.nodes[disk], fmt.Sprint(number))
	}
	return path
}

// partitionNode is how the kernel calls a partition of a node, or udev that of a link.
func partitionNode(node, number string) string {
	if strings.HasPrefix(node, "/dev/disk/") {
		return node + "-part" + number
	}
	return node + "p" + number
}
