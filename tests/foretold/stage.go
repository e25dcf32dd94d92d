package foretold

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/engine"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/files"
)

// ForStage is the plan of the files stage of a boot: systemctl enables nothing, as presets do that later. Adapt, if it
// is not nil, makes other circumstances.
func ForStage(ctx context.Context, dir string, config []byte, adapt func(*stages.Question)) (Plan, error) {
	in, err := root.Open(dir)
	if err != nil {
		return Plan{}, err
	}
	defer in.Close()
	q := stages.Question{
		Request: stages.Request{Name: "the config", Text: config, Audience: diag.Workstation,
			Log: slog.New(slog.DiscardHandler), Report: func([]diag.Problem) {}},
		Root: target.Of(in), Texts: true, Files: files.Options{Accounts: files.MakeAccounts},
		Seal: func() error { return nil }}
	q.Files.Users.Today = time.Now().Unix() / int64(24*60*60)
	if q.Files.Identity, err = engine.Identity(); err != nil {
		return Plan{}, err
	}
	if adapt != nil {
		adapt(&q)
	}
	p, _, err := stages.Foretell(ctx, q)
	if err != nil {
		return Plan{}, err
	}
	told, err := From(p)
	told.stage = true
	return told, err
}

// From is a plan of this process as the program would tell it.
func From(p *report.Plan) (Plan, error) {
	var out bytes.Buffer
	if err := p.WriteJSON(&out); err != nil {
		return Plan{}, err
	}
	return Parse(out.Bytes())
}

// left are the subjects of what a boot leaves for the booted system, beyond what the config asks of a root, and of the
// journal's entries.
var left = []string{"result file ", "SELinux labels", "crypttab", "key of volume ", "record of keys",
	"directory /etc/luks", "platform's file ", "journal entries"}

// leaves tells whether a place is one of these.
func leaves(at string) bool {
	return slices.Contains([]string{"/etc", "/etc/.ignition-result.json", "/etc/crypttab", "/etc/luks"}, at) ||
		strings.HasPrefix(at, "/etc/luks/")
}

// Heard are the deeds that a run tells of.
func Heard(deeds *[]Deed) func(plan.Event) {
	return func(e plan.Event) {
		if e.Turn == plan.Finished || e.Turn == plan.Kept {
			*deeds = append(*deeds, Deed{Name: e.Step.Name(), ID: e.Step.ID, Did: e.Turn == plan.Finished})
		}
	}
}

// WithoutLeft are deeds of the files stage without these.
func WithoutLeft(deeds []Deed) []Deed {
	return slices.DeleteFunc(deeds, func(d Deed) bool {
		_, subject, _ := strings.Cut(d.Name, " ")
		return slices.ContainsFunc(left, func(each string) bool { return strings.HasPrefix(subject, each) })
	})
}
