package files

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// resultLimit bounds the reports of earlier provisionings, each of which holds the one before.
const resultLimit = 16 << 20

var errReport = errors.New("the report of an earlier provisioning is not JSON")

// platformFiles plans the files that the platform wants in the root, such as what a hypervisor told the machine. They
// replace what is there, and only root may read them.
func (p *planner) platformFiles(_ config.Config, b *Boot, l *labels) (plan.Plan, error) {
	// A planner of its own: these files claim their places against nodes of the config, not against themselves, and the
	// directories that the nodes make are the nodes' to tell of.
	world := *p.world
	world.made = map[string]struct{}{}
	own := &planner{root: p.root, world: &world, worker: &worker{Options: p.worker.Options}}
	var steps plan.Plan
	for i, raw := range b.State.ProviderOutputFiles {
		s := plan.Step{ID: fmt.Sprintf("platform-file:%d", i), Subject: fmt.Sprintf("file %d of the platform", i)}
		n, err := p.platformFile(raw)
		if err != nil {
			return nil, s.Fail(err)
		}
		s.ID, s.Subject = "platform-file:"+n.path, "platform's file "+diag.Name(n.path)
		if err := own.node(n, &s); err != nil {
			return nil, s.Fail(err)
		}
		if err := l.add(n.at); err != nil {
			return nil, s.Fail(err)
		}
		p.worker.claims[n.at] = s.Check
		steps = append(steps, s)
	}
	return steps, nil
}

var errNotFile = errors.New("not a file as a config spells it")

func (p *planner) platformFile(raw json.RawMessage) (*node, error) {
	var f config.File
	if json.Unmarshal(raw, &f) != nil || f.Path == "" {
		return nil, errNotFile // the reason would quote it
	}
	overwrite, mode := true, 0o600
	f.Overwrite, f.Mode = &overwrite, &mode
	n := newFile(f, "")
	if err := n.check(); err != nil {
		return nil, err
	}
	var err error
	n.at, n.missing, err = p.world.walk(n.path, false)
	return n, err
}

// result plans the file that tells the booted system of its provisioning (docs/peer/engine.md §5).
func (p *planner) result(_ config.Config, b *Boot, l *labels) (plan.Plan, error) {
	if b.ResultFile == "" {
		return nil, nil
	}
	s := plan.Step{ID: "result", Subject: "result file " + diag.Name(b.ResultFile), Effect: plan.Create, Detail: "0600"}
	at, kind, err := p.bootFile(b.ResultFile)
	if err != nil {
		return nil, s.Fail(err)
	}
	if kind != root.Absent {
		s.Effect, s.Detail = plan.Change, "0600, with the report that is there unless the system is live"
	}
	w := p.worker
	s.Check = func(context.Context) (plan.State, error) { return w.hasResult(at, b) }
	s.Do = func(ctx context.Context) error { return w.writeResult(ctx, at, b) }
	w.claims[at] = s.Check
	return plan.Plan{s}, s.Fail(l.add(at))
}

// hasResult tells whether the file is of this boot already. It keeps its date then, and is not taken for the report of
// an earlier provisioning.
func (w *worker) hasResult(at string, b *Boot) (plan.State, error) {
	found, err := w.Root.Lstat(at)
	if err != nil || found.Kind != root.File || !w.privateFile().Fit(found) {
		return plan.Pending, err
	}
	text, err := w.Root.ReadFile(at, resultLimit)
	if err != nil {
		return plan.Pending, err
	}
	if b.isOwn(text) {
		return plan.Done, nil
	}
	return plan.Pending, nil
}

// isOwn tells whether a report is of this boot.
func (b *Boot) isOwn(text []byte) bool {
	var r struct {
		BootID string `json:"provisioningBootID"`
	}
	return json.Unmarshal(text, &r) == nil && r.BootID != "" && r.BootID == strings.TrimSpace(b.BootID)
}

// writeResult replaces the file.
func (w *worker) writeResult(ctx context.Context, at string, b *Boot) error {
	previous, err := w.previousReport(ctx, at, b)
	if err != nil {
		return err
	}
	if previous != nil && b.Log != nil {
		b.Log.Warn(fmt.Sprintf("this system was provisioned before; the report in %s is kept within the new one", at))
	}
	r := handoff.Result{BootID: b.BootID, Date: b.Now(), UserConfigProvided: b.State.UserConfigProvided(),
		Previous: previous}
	text, err := r.Render()
	if err != nil {
		return err
	}
	if found, err := w.Root.Lstat(at); err != nil {
		return err
	} else if found.Kind == root.Directory {
		if err := w.Root.RemoveAll(at); err != nil {
			return err
		}
	}
	return w.writeWhole(at, w.privateFile(), text)
}

// previousReport gives the report that is there. A live system's root is made anew at every boot, so what is there came
// with the image and tells nothing. Of a report of this boot only what it holds of earlier ones counts.
func (w *worker) previousReport(ctx context.Context, at string, b *Boot) (json.RawMessage, error) {
	found, err := w.Root.Lstat(at)
	if err != nil || found.Kind != root.File && found.Kind != root.Symlink {
		return nil, err
	}
	text, err := w.Root.ReadFile(at, resultLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if live, err := w.isLive(ctx); live || err != nil {
		return nil, err
	}
	if !json.Valid(text) {
		return nil, errReport
	}
	if b.isOwn(text) {
		var r struct {
			Previous json.RawMessage `json:"previousReport"`
		}
		return r.Previous, json.Unmarshal(text, &r)
	}
	return text, nil
}

// isLive asks the program that live images have. Whatever keeps it from saying yes means no, but for the end of ctx.
func (w *worker) isLive(ctx context.Context) (bool, error) {
	if w.Tools == nil {
		return false, nil
	}
	_, err := w.Tools.Run(ctx, tool.Command{Tool: "is-live-image"})
	return err == nil, context.Cause(ctx)
}
