package leave

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// resultLimit bounds the reports of earlier provisionings, each of which holds the one before.
const resultLimit = 16 << 20

var errReport = errors.New("the report of an earlier provisioning is not JSON")

// claimResult claims the file that tells the booted system of its provisioning (docs/peer/engine.md §5).
func (l *Files) claimResult() {
	file := l.m.Image.ResultFile
	if file == "" {
		return
	}
	c := &target.Claim{ID: "result", Subject: "result file " + diag.Name(file), Path: file, Kind: root.File}
	c.Held = func(t *target.Target) bool { return l.b.reported(t, c.At) }
	l.result = c
	l.take(c)
}

// reported tells whether there is a report of this boot. That of another boot is something that is there, to an entry
// of the config in its place as to the step of the result.
func (b *Boot) reported(t *target.Target, at string) bool {
	if found, err := t.Before(at); err != nil || found.Kind != root.File {
		return false
	}
	text, err := t.ReadFile(at, resultLimit)
	return err == nil && b.isOwn(text)
}

func (l *Files) planResult() plan.Plan {
	if l.result == nil {
		return nil
	}
	s := l.result.Step()
	kind, err := l.there(l.result)
	if err != nil {
		l.fail(s.Fail(err))
		return nil
	}
	b, m, at := l.b, l.m, l.result.At
	switch {
	case kind == root.Absent:
		s.Effect, s.Detail = plan.Create, "0600"
	case b.reported(l.t, at) && l.t.Claimed(at) == nil:
		s.Effect, s.Detail = plan.Keep, "0600"
	default:
		s.Effect, s.Detail = plan.Change, "0600, with the report that is there unless the system is live"
	}
	s.Check = func(context.Context) (plan.State, error) { return m.hasResult(at, b) }
	s.Do = func(ctx context.Context) error { return m.writeResult(ctx, at, b) }
	return plan.Plan{s}
}

// hasResult tells whether the file is of this boot already. It keeps its date then, and is not taken for the report of
// an earlier provisioning.
func (m *maker) hasResult(at string, b *Boot) (plan.State, error) {
	found, err := m.Root.Lstat(at)
	if err != nil || found.Kind != root.File || !m.PrivateFile().Fit(found) {
		return plan.Pending, err
	}
	text, err := m.Root.ReadFile(at, resultLimit)
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
func (m *maker) writeResult(ctx context.Context, at string, b *Boot) error {
	previous, err := m.previousReport(ctx, at, b)
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
	if err := m.Clear(at); err != nil {
		return err
	}
	return m.WriteText(at, m.PrivateFile(), false, string(text))
}

// previousReport gives the report that is there. A live system's root is made anew at every boot, so what is there came
// with the image and tells nothing. Of a report of this boot only what it holds of earlier ones counts.
func (m *maker) previousReport(ctx context.Context, at string, b *Boot) (json.RawMessage, error) {
	found, err := m.Root.Lstat(at)
	if err != nil || found.Kind != root.File && found.Kind != root.Symlink {
		return nil, err
	}
	text, err := m.Root.ReadFile(at, resultLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if live, err := m.isLive(ctx); live || err != nil {
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
func (m *maker) isLive(ctx context.Context) (bool, error) {
	if m.Tools == nil {
		return false, nil
	}
	_, err := m.Tools.Run(ctx, tool.Command{Tool: "is-live-image"})
	return err == nil, context.Cause(ctx)
}
