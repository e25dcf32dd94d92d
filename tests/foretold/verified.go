package foretold

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/drift"
	"github.com/glowplug-os/glowplug/internal/engine"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/files"
)

// A Drift is what `glowplug verify --format json` says (internal/drift/schema.json), as far as it is looked at.
type Drift struct {
	Exit  int
	Items []struct {
		Subject, State string
		Findings       []string
	}
}

// Differs lists what differs: of a root that a config was just carried out on it is nothing. Whether a unit is enabled
// is left out, as systemctl is a fake in some suites, and absent in others; and whether it has mounted anything, or a
// volume is open, which a machine that is off has not either.
func (d *Drift) Differs() (all []string) {
	for _, i := range d.Items {
		findings := slices.DeleteFunc(i.Findings, func(what string) bool {
			return strings.HasPrefix(what, "is not mounted at ") || what == "is not open" ||
				strings.HasPrefix(i.Subject, "unit ") && isBySystemd(what)
		})
		if i.State == "differs" && len(findings) > 0 {
			all = append(all, "verify: "+i.Subject+": "+strings.Join(findings, "; "))
		}
	}
	return all
}

func isBySystemd(finding string) bool {
	return strings.Contains(finding, "is enabled, by") || strings.Contains(finding, "is not enabled") ||
		strings.HasPrefix(finding, "it is masked by ") || strings.HasSuffix(finding, ", which is not there") ||
		finding == "the root has no such unit"
}

// Verification is a call of `glowplug verify` about what a call of `glowplug apply` has left.
func (a *Application) Verification(program string) *exec.Cmd {
	c := a.Command(program)
	c.Args[len(a.before)] = "verify"
	return c
}

// Verified runs such a command.
func Verified(c *exec.Cmd) (d Drift, err error) {
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return d, err
	}
	if err := json.Unmarshal(out, &d); err != nil {
		return d, fmt.Errorf("%s: %w: %s", strings.Join(c.Args, " "), err, said.String())
	}
	if got := c.ProcessState.ExitCode(); d.Exit != got {
		return d, fmt.Errorf("a verification that says that it ends with %d ends with %d", d.Exit, got)
	}
	return d, nil
}

// Verify asks of a directory that a stage, or with the devices of this machine a boot, has worked on.
func Verify(ctx context.Context, dir, config string, adapt func(*stages.Question)) (d Drift, err error) {
	in, err := root.Open(dir)
	if err != nil {
		return d, err
	}
	defer in.Close()
	q := stages.Question{Machine: stages.Machine{Root: target.WholeOf(in)}, Texts: true,
		Request: stages.Request{Audience: diag.Workstation, Log: slog.New(slog.DiscardHandler),
			Report: func([]diag.Problem) {}},
		Files: files.Options{Accounts: files.MakeAccounts}}
	if adapt != nil {
		adapt(&q)
	}
	report, err := engine.Verify(ctx, &cli.Process{Env: os.Getenv, Now: time.Now}, config, false, q)
	if err != nil {
		return d, err
	}
	return Drifted(report)
}

// Drifted is a report of this process as the program would tell it.
func Drifted(r *drift.Report) (d Drift, err error) {
	var out bytes.Buffer
	if err := r.WriteJSON(&out); err != nil {
		return d, err
	}
	return d, json.Unmarshal(out.Bytes(), &d)
}
