package foretold

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/engine"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/stages/users"
)

// ForStage is the plan of the files stage of a boot in a directory, of a config that an earlier stage has left in a
// file. Systemctl enables nothing then, as presets do that later. Adapt, if it is not nil, makes other circumstances.
func ForStage(ctx context.Context, dir, config string, adapt func(*stages.Question)) (Plan, error) {
	in, err := root.Open(dir)
	if err != nil {
		return Plan{}, err
	}
	defer in.Close()
	q := stages.Question{Machine: stages.Machine{Root: target.WholeOf(in)}, Texts: true,
		Request: stages.Request{Audience: diag.Workstation, Log: slog.New(slog.DiscardHandler),
			Report: func([]diag.Problem) {}},
		Files: files.Options{Accounts: files.MakeAccounts, Users: users.Options{FirstBoot: true}}}
	if adapt != nil {
		adapt(&q)
	}
	p, _, err := engine.Foretell(ctx, &cli.Process{Env: os.Getenv, Now: time.Now}, config, false, q)
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
var left = []string{"result file ", "report ", "SELinux labels", "record of SELinux labels", "file /etc/crypttab",
	"key of luks ", "secure key ", "record of keys", "directory /etc/luks", "platform's file ", "journal entries"}

// leaves tells whether a place is one of these.
func leaves(at string) bool {
	return slices.Contains([]string{"/etc", "/etc/.ignition-result.json", "/etc/.glowplug-report.json", "/etc/crypttab",
		"/etc/luks"}, at) ||
		strings.HasPrefix(at, "/etc/luks/")
}

// Heard are the deeds that a run tells of.
func Heard(deeds *[]Deed) func(plan.Event) {
	return func(e plan.Event) {
		if e.Turn == plan.Finished || e.Turn == plan.Kept {
			did := e.Turn == plan.Finished || e.Step.Do == nil && e.Step.Effect != plan.Keep // another step does it
			*deeds = append(*deeds, Deed{Name: e.Step.Name(), ID: e.Step.ID, Did: did})
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
