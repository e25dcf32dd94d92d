package files

import (
	"context"
	"log/slog"
	"time"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/field"
	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
)

// A Boot is what the files stage of a boot does beyond what a plain directory takes: keys of encrypted volumes, files
// of the platform, the result file and SELinux labels (docs/peer/engine.md §11.7). Its steps run tools, so
// Options.Tools is needed.
type Boot struct {
	// State is what earlier stages left. Once the plan has run the caller saves HandedOver of it.
	State handoff.State
	// Aliases is the folder in which the disks stage has left links to devices.
	Aliases string
	// UUID gives the UUID in the header of a volume, by the volume's name in the config. nil asks cryptsetup for that
	// of the alias which the disks stage has made of the device.
	UUID func(ctx context.Context, volume string) (string, error)
	// ResultFile is where the booted system finds out that it was provisioned; "" for nowhere (distribution:
	// resultFile).
	ResultFile string
	BootID     string           // of the kernel
	Now        func() time.Time // for the result file, which gets the time in its zone
	// Relabel says whether SELinux labels are set (distribution: selinuxRelabel).
	Relabel Relabel
	// Written are paths that the steps for accounts write beside the account files: homes as passwd(5) has them, mail
	// spools.
	Written []string
	// Log gets the warning that there was a result file already; nil for none.
	Log *slog.Logger
}

// DefaultResultFile is the peer's (docs/peer/engine.md §5).
const DefaultResultFile = "/etc/.ignition-result.json"

// HandedOver is the state once the files stage has succeeded: keys that are in the root now are no more in the state.
func HandedOver(s handoff.State) handoff.State {
	s.LuksPersistKeyFiles = nil
	return s
}

// stateDir is beside the account files, keys and
// most of what is appended to, so that it is there as long as they are: /var may be a filesystem that such a run makes
// anew.
const stateDir = field.Records

// boot plans what a boot has beyond a directory: what comes before all other steps, accounts included, and what comes
// last. It is planned before the nodes, because theirs may be the places where it writes.
func (p *planner) boot(cfg config.Config, nodes []*node, b *Boot) (first, last plan.Plan, err error) {
	toLabel, err := p.newLabels(cfg, nodes, b)
	if err != nil {
		return nil, nil, err
	}
	for _, part := range []func(config.Config, *Boot, *labels) (plan.Plan, error){p.volumes, p.volumeKeys,
		p.platformFiles, p.result} {
		steps, err := part(cfg, b, toLabel)
		if err != nil {
			return nil, nil, err
		}
		last = append(last, steps...)
	}
	first, relabel, err := toLabel.steps(p.worker)
	return first, append(last, relabel...), err
}

// bootFile resolves the path of a file that a boot replaces, and tells what is there once all nodes are in place.
func (p *planner) bootFile(file string) (at string, kind root.Kind, err error) {
	if err := checkPath(file); err != nil {
		return "", root.Absent, err
	}
	at, missing, err := p.world.walk(file, false)
	if err != nil {
		return "", root.Absent, err
	}
	if kind, _, err = p.world.after(at, missing); err == nil && kind != root.Absent {
		err = p.world.mayGo(at, kind)
	}
	return at, kind, err
}

// privateFile are the attributes of a file that only root may read.
func (w *worker) privateFile() attributes {
	a := w.systemFile()
	a.Mode = 0o600
	return a
}

// writeSynced writes a file whole and has it on disk when it returns: what cannot be told from a half-written one
// later, and what nobody can make again. inherit keeps the labels of the file that is there.
func (w *worker) writeSynced(at string, want attributes, inherit bool, write func(*root.Temp) error) error {
	if _, err := w.Root.MkdirAll(up(at), 0o755); err != nil {
		return err
	}
	t, err := w.Root.Create(at, want)
	if err != nil {
		return err
	}
	defer t.Discard()
	if inherit {
		if err := t.Inherit(); err != nil {
			return err
		}
	}
	if err := write(t); err != nil {
		return err
	}
	return t.PlaceSynced(true)
}

// writeWhole writes a file whose content is on disk before its name appears. The name itself is once the caller of the
// plan has called Root.Sync.
func (w *worker) writeWhole(at string, want attributes, content []byte) error {
	if _, err := w.Root.MkdirAll(up(at), 0o755); err != nil {
		return err
	}
	t, err := w.Root.Create(at, want)
	if err != nil {
		return err
	}
	defer t.Discard()
	if _, err := t.Write(content); err != nil {
		return err
	}
	if err := t.Sync(); err != nil {
		return err
	}
	return t.Place(true)
}

// writeBytes is writeSynced for what is in memory.
func (w *worker) writeBytes(at string, want attributes, inherit bool, content []byte) error {
	return w.writeSynced(at, want, inherit, func(t *root.Temp) error {
		_, err := t.Write(content)
		return err
	})
}
