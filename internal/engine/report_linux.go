package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/bootreport"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/console"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/journal"
	"github.com/glowplug-os/glowplug/internal/push"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages"
)

// imageReceiver is where the kernel command line or the image of this machine wants reports; "" for nowhere.
func imageReceiver(p *cli.Process) (string, error) {
	d, err := readDistribution(distributionFile, p.Env)
	if err != nil {
		return "", err
	}
	name, to := d.reportURL()
	if to == "" {
		return "", nil
	}
	if err := push.Check(to); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return to, nil
}

// judgedBy gives the time by which the certificate of a receiver is judged.
func judgedBy() func() time.Time { return stages.Clock().Now }

// reportMost bounds what is read of a root.
const reportMost = 16 << 20

// leftReport gives the report of this boot or, where there is none, the one in the root that is given, or in this one.
func leftReport(p *cli.Process, dir string) (name string, text []byte, err error) {
	d, err := readDistribution(distributionFile, p.Env)
	if dir == "" {
		name = handoff.ReportFile
		text, there, err := handoff.Paths{Config: handoff.Config}.LoadReport()
		if there || err != nil {
			return name, text, err
		}
		dir = "/"
	}
	in, failed := root.Open(dir)
	if failed != nil {
		return dir, nil, failed
	}
	defer in.Close()
	if dir != "/" {
		d, err = distributionOf(target.Of(in))
	}
	if err != nil {
		return dir, nil, err
	}
	if d.ReportFile == "" {
		return dir, nil, errors.New("the image leaves none (reportFile of distribution.json)")
	}
	text, err = in.ReadFile(d.ReportFile, reportMost)
	if errors.Is(err, fs.ErrNotExist) {
		err = diag.WithHint(fmt.Errorf("there is none at %s", diag.Name(d.ReportFile)),
			"a first boot leaves it; that of another machine can be named: a file, or its root with --root")
	}
	return d.ReportFile, text, err
}

// sinceStart is the time since the kernel's start.
func sinceStart() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return 0
	}
	return time.Duration(now.Nano())
}

// beginReport begins to record the stage, after what earlier stages of this boot have left, and notes that it runs:
// should it be killed, the report says that it had begun.
func (o *stageOptions) beginReport(p *cli.Process, log *slog.Logger) {
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	about := bootreport.Report{BootID: bootID(), Began: p.Now().UTC().Truncate(time.Second), Platform: o.platform,
		Glowplug: p.Version, Kernel: strings.TrimSpace(string(kernel))}
	var before *bootreport.Report
	text, there, err := o.paths.LoadReport()
	if there && err == nil && o.stage != "fetch-offline" {
		if before, err = bootreport.Parse(text); err != nil {
			err = fmt.Errorf("%s: %w", handoff.ReportFile, err)
		}
	}
	if err != nil {
		log.Warn("the report of earlier stages is lost: " + err.Error())
		before = nil
	}
	if before != nil && !goesOn(before, o.stage, about.BootID) {
		before = nil
	}
	o.report = bootreport.Begin(before, about, o.stage, sinceStart)
	o.saveReport(log)
}

// goesOn: a stage belongs to the boot of a report. With fetch a boot begins, unless fetch-offline was before it.
func goesOn(before *bootreport.Report, stage, boot string) bool {
	n := len(before.Stages)
	return before.BootID == boot && (stage != "fetch" || n > 0 && before.Stages[n-1].Name == "fetch-offline")
}

func (o *stageOptions) saveReport(log *slog.Logger) {
	if err := o.paths.SaveReport(o.report.JSON()); err != nil {
		log.Warn("the report is not written: " + err.Error())
	}
}

// ended completes the report, and tells the journal.
func (o *stageOptions) ended(log *slog.Logger, how bootreport.Outcome, card *console.Card, line string) {
	if o.report == nil {
		return
	}
	var failure *bootreport.Failure
	if card != nil {
		failure = &bootreport.Failure{Place: card.Place, Causes: card.Causes, Try: card.Try}
	}
	o.report.End(how, failure)
	o.saveReport(log)
	socket := journalSocket(o.logToStdout)
	if socket == "" {
		return
	}
	s := o.report.Stage()
	if err := socket.StageEnded(line, how == bootreport.Failed, stageFields(&s)...); err != nil {
		log.Warn("the journal is not told how the stage has ended: " + err.Error())
	}
}

// stageFields are the fields of the journal's entry about a stage; docs/reports.md lists them.
func stageFields(s *bootreport.Stage) []journal.Field {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	fields := []journal.Field{{Name: "GLOWPLUG_STAGE", Value: s.Name},
		{Name: "GLOWPLUG_OUTCOME", Value: string(s.Outcome)},
		{Name: "GLOWPLUG_BEGIN_USEC", Value: number(s.BeginMicros)},
		{Name: "GLOWPLUG_TOOK_USEC", Value: number(s.TookMicros)},
		{Name: "GLOWPLUG_WARNINGS", Value: number(int64(len(s.Warnings) + s.WarningsLeftOut))}}
	for _, effect := range slices.Sorted(maps.Keys(s.Steps)) {
		fields = append(fields,
			journal.Field{Name: "GLOWPLUG_STEPS_" + strings.ToUpper(effect), Value: number(int64(s.Steps[effect]))})
	}
	if f := s.Failure; f != nil {
		fields = append(fields, journal.Field{Name: "GLOWPLUG_PLACE", Value: f.Place},
			journal.Field{Name: "GLOWPLUG_CAUSE", Value: strings.Join(f.Causes, ": ")})
	}
	return fields
}
