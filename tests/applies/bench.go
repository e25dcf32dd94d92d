package applies

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/files"
)

// An Outcome is what came of a case.
type Outcome struct {
	Case
	// On is the machine on which the config applies; "" for none.
	On Kind
	// Changed: something was to be done there.
	Changed bool
	// Kept: validate says that only what is there already may be as the config has it.
	Kept bool
	// Differs is what is not as the config has it there, by glowplug verify.
	Differs []string
	// Refused are the machines before that one.
	Refused []Refused
}

// A Refused is a machine on which a config does not apply.
type Refused struct {
	On  Kind
	Err error
	// Code says that the machine is why; "" if it does not.
	Code string
}

// ByTool stands for a code where a program of the machine refuses what a config has for it.
const ByTool = "tool"

// ByKept stands for a code where it depends on what a filesystem holds that is kept: a plan leaves that open, as nobody
// can look before it is mounted.
const ByKept = "kept"

// A Bench makes machines for cases, one at a time.
type Bench struct {
	Dir    string // of the machines
	Server string // of what configs have fetched
	// Patience is how long a machine waits for a device.
	Patience time.Duration
	// Disk gives the node of a blank disk of so many MiB; Clear takes all of them back.
	Disk  func(mib int64) (node string, err error)
	Clear func() error
}

// Apply boots a case on machines that suit it, until one takes it.
func (b *Bench) Apply(ctx context.Context, c Case) (o Outcome, err error) {
	o.Case, c.Text = c, Served(c.Text, b.Server)
	for _, kind := range Kinds() {
		if kind != Done && o.isByDisks() {
			continue
		}
		changed, differs, refusal, err := b.boot(ctx, c, kind)
		if err != nil {
			return o, err
		}
		if refusal == nil {
			o.On, o.Changed, o.Differs = kind, changed, differs
			return o, nil
		}
		code, err := b.explain(ctx, c, kind, refusal)
		if err != nil {
			return o, err
		}
		o.Refused = append(o.Refused, Refused{kind, refusal, code})
	}
	return o, nil
}

// isByDisks tells whether disks are why a machine refuses a config. Only one that is Done has others: roots of other
// kinds change nothing.
func (o *Outcome) isByDisks() bool {
	return slices.ContainsFunc(o.Refused, func(r Refused) bool {
		var refusal *Refusal
		return errors.As(r.Err, &refusal) && refusal.Stage == "disks"
	})
}

// boot boots a case on a machine of its own, which is gone afterwards, and has it verified.
func (b *Bench) boot(ctx context.Context, c Case, kind Kind) (changed bool, differs []string, refusal *Refusal,
	err error) {
	err = b.with(ctx, c, kind, func(m *machine) error {
		err := m.boot(ctx, c.Text)
		changed = m.changed > 0
		if err != nil {
			return err
		}
		differs, err = m.differs(ctx)
		return err
	})
	if errors.As(err, &refusal) {
		err = nil
	}
	return changed, differs, refusal, err
}

func (b *Bench) with(ctx context.Context, c Case, kind Kind, use func(*machine) error) error {
	dir := filepath.Join(b.Dir, "machine")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	nodes := map[string]string{}
	disk := func(path string, mib int64) (node string, err error) {
		if nodes[path] == "" {
			nodes[path], err = b.Disk(mib)
		}
		return nodes[path], err
	}
	var err error
	if kind == Done {
		err = b.arrange(ctx, filepath.Join(dir, "before"), c, disk)
	}
	if err == nil {
		err = use(&machine{dir: dir, disk: disk, kind: kind, patience: b.Patience})
	}
	return errors.Join(err, Unmount(dir), b.Clear(), os.RemoveAll(dir))
}

// explain gives the code that says that this machine is why it refuses a case: that of what a plan for it says. What a
// program refuses has no place in a plan.
func (b *Bench) explain(ctx context.Context, c Case, kind Kind, refusal *Refusal) (code string, err error) {
	failed, unlike := (*tool.Error)(nil), (*tool.UnlikeError)(nil)
	if errors.As(refusal, &failed) || errors.As(refusal, &unlike) || errors.Is(refusal, unix.EROFS) {
		return ByTool, nil // also what mount was told to mount read-only
	}
	if refusal.Stage == "fetch" {
		return "", nil
	}
	err = b.with(ctx, c, kind, func(m *machine) error {
		if err := m.fetch(ctx, c.Text); err != nil {
			return err
		}
		conflicts, err := m.conflicts(ctx)
		for _, p := range conflicts {
			code = string(p.Code)
		}
		return err
	})
	if code == "" && refusal.Stage == "files" && mountsKept(c.Text) {
		code = ByKept
	}
	return code, err
}

// mountsKept tells whether a config mounts a filesystem that may be there already.
func mountsKept(text string) bool {
	for _, p := range places(read(text)) {
		f, is := p.value.(map[string]any)
		if is && p.path == "storage.filesystems.*" && f["path"] != nil && f["wipeFilesystem"] != true {
			return true
		}
	}
	return false
}

// conflicts are what a plan for the machine says to be in the way.
func (m *machine) conflicts(ctx context.Context) ([]diag.Problem, error) {
	text, err := m.paths().LoadConfig()
	if err != nil {
		return nil, err
	}
	in, err := root.Open(filepath.Join(m.dir, "root"))
	if err != nil {
		return nil, err
	}
	defer in.Close()
	_, problems, err := stages.Foretell(ctx, stages.Question{
		Request: stages.Request{Name: "config.ign", Text: text, Rendered: true, Offline: true, Late: true,
			Log: slog.New(slog.DiscardHandler), Report: func([]diag.Problem) {}},
		Machine: stages.Machine{Root: target.WholeOf(in),
			Devices: func(config.Storage) (scene.Scene, error) { return (&device.Devices{}).Scene(), nil }},
		Random: rand.Reader, Boot: true,
		Files: files.Options{Accounts: files.MakeAccounts, Means: target.Means{Root: in,
			Identity: target.Identity{Privileged: true}}},
	})
	return problems, err
}
