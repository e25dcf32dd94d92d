package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/bootreport"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/console"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/journal"
	"github.com/glowplug-os/glowplug/internal/logs"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/providers"
	"github.com/glowplug-os/glowplug/stages"
)

// exitSetup: the platform cannot be used, or the state of earlier stages cannot be read (docs/peer/engine.md §1.1).
const exitSetup = 3

func stageNames() []string { return stages.Names() }

func (o *stageOptions) run(ctx context.Context, p *cli.Process) error {
	platform, err := o.judge()
	if err != nil {
		return &cli.UsageError{Err: err}
	}
	log, _ := logger(p, o.logToStdout)
	screens, closeScreens := consoles(o.logToStdout)
	defer closeScreens()
	progress, watched := console.Watch(screens, log.Handler())
	o.beginReport(p, log)
	log = slog.New(o.report.Watch(watched))
	log.Info("glowplug " + p.Version)
	log.Info("Stage: " + o.stage)
	d, err := readDistribution(distributionFile, p.Env)
	who, nobody := Identity()
	_, receiver := d.reportURL()
	if err = cmp.Or(err, nobody); err == nil {
		err = stages.Run(ctx, stages.Boot{
			Stage: o.stage, Platform: platform, Root: o.root, Paths: o.paths,
			Dirs: []string{d.RuntimeConfigDir, d.LocalConfigDir, d.SystemConfigDir}, CommandLine: d.KernelCommandLine,
			FetchTimeout: o.fetchTimeout, FetchLimited: o.fetchLimited,
			Version: p.Version, Tools: tool.New(d.Tools, log), Identity: who,
			Getenv: p.Env, Log: log, Show: screens.Tell, Steps: progress.Step,
			FirstProcess: "/proc/1/comm", BootID: bootID(), Now: p.Now, Today: Today(p),
			Journal: journalSocket(o.logToStdout), Image: d.Image, Report: o.report,
			Network: d.ReportNetwork && receiver != "",
		})
	}
	progress.Close()
	return o.verdict(p, log, screens, err)
}

// judge is what no parser knows of.
func (o *stageOptions) judge() (providers.Platform, error) {
	switch {
	case o.stage == "":
		return providers.Platform{}, errors.New("--stage is missing")
	case !slices.Contains(stages.Names(), o.stage):
		return providers.Platform{},
			fmt.Errorf("the stage %q is not known: stages are %s", o.stage, strings.Join(stages.Names(), ", "))
	}
	platform, err := findPlatform(o.platform)
	return platform, diag.WithHint(err, "say on the kernel command line where the config is: ignition.platform.id=ID")
}

// misused ends a stage that has not begun. On a machine that boots it is the kernel command line or the image that is
// wrong, and who stands before it needs no help text.
func (o *stageOptions) misused(p *cli.Process, err error) error {
	if !inInitramfs() {
		return err
	}
	return o.misusedAtBoot(p, err)
}

func (o *stageOptions) misusedAtBoot(p *cli.Process, err error) error {
	screens, closeScreens := consoles(o.logToStdout)
	defer closeScreens()
	o.stage = cmp.Or(o.stage, "start")
	log, _ := logger(p, o.logToStdout)
	o.beginReport(p, log)
	o.failed(p, log, screens, err)
	return cli.ExitError(cli.ExitUsage)
}

func inInitramfs() bool {
	_, err := os.Stat("/etc/initrd-release")
	return err == nil
}

// consoles are those of the machine, in its initramfs. An image that sends the log to where nobody reads it, as one for
// confidential machines does, wants nothing on the consoles either.
func consoles(quiet bool) (c *console.Consoles, done func()) {
	if quiet || !inInitramfs() {
		return &console.Consoles{}, func() {}
	}
	c = console.Open("/sys/class/tty/console/active", "/dev")
	return c, c.Close
}

// journalSocket is nobody's where the consoles are, and for the same reason.
func journalSocket(quiet bool) journal.Socket {
	if quiet {
		return ""
	}
	return journal.DefaultSocket
}

// bootID is the kernel's name for this boot, "" where it has none.
func bootID() string {
	text, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(text))
}

// Today is the date that new passwords get, in days since 1970-01-01. Builds that are to be the same every time set it
// (https://reproducible-builds.org/specs/source-date-epoch/), and so does shadow-utils take it.
func Today(p *cli.Process) int64 {
	const day = 24 * 60 * 60
	if epoch, err := strconv.ParseInt(p.Env("SOURCE_DATE_EPOCH"), 10, 64); err == nil && epoch >= 0 {
		return epoch / day
	}
	return p.Now().Unix() / day
}

// verdict tells how the stage ended. What failed is also the last line on standard error, which emergency shells show.
func (o *stageOptions) verdict(p *cli.Process, log *slog.Logger, screens *console.Consoles, err error) error {
	folder := o.reportFolder()
	if err == nil {
		over := o.stage
		if strings.HasPrefix(over, "fetch") {
			over = "" // here a boot begins
		}
		if err := console.Forget(folder, over); err != nil {
			log.Warn("the report of an earlier failure stays: " + err.Error())
		}
		o.ended(log, bootreport.Done, nil, o.stage+" is done")
		log.Info(o.stage + " passed")
		if o.stage != "umount" || console.Left(folder) == "" { // systemd has it unmount after a failure, too
			log.Info("Ignition finished successfully")
		}
		return nil
	}
	// Before an emergency shell, systemd stops the mount stage's unit, which unmounts, and the mounts at the same time.
	// What then becomes of the mounts is nothing beside what has happened.
	if left := console.Left(folder); o.stage == "umount" && left != "" && left != o.stage {
		log.Warn("after the failure of the " + left + " stage, systemd may unmount first: " + err.Error())
		o.ended(log, bootreport.Done, nil, o.stage+" is done")
		return nil
	}
	if errors.Is(err, stages.ErrShutdown) {
		// Nothing has failed: the next boot begins again.
		text := console.UnfinishedLine(o.stage, err)
		o.ended(log, bootreport.Interrupted, nil, text)
		log.Info(text)
		screens.Tell(text)
		fmt.Fprintln(p.Err, text)
		return cli.ExitError(cli.ExitFailed)
	}
	o.failed(p, log, screens, err)
	var state *handoff.StateError
	if errors.As(err, &state) {
		return cli.ExitError(exitSetup)
	}
	return cli.ExitError(cli.ExitFailed)
}

// loggedMost is how many of several errors the log has, each on its line.
const loggedMost = 100

// failed tells of a failure wherever somebody may look: in the log, on the consoles, in a file, and last on standard
// error.
func (o *stageOptions) failed(p *cli.Process, log *slog.Logger, screens *console.Consoles, err error) {
	text := console.LastLine(o.stage, err)
	lines := diag.Few(err, loggedMost)
	if len(lines) <= console.OnOneLine {
		lines = nil // the last has them all
	}
	for _, line := range append(lines, text) {
		log.Log(context.Background(), logs.Critical, line)
	}
	card := stages.CardOf(o.stage, err)
	o.ended(log, bootreport.Failed, &card, text)
	screens.Show(card)
	if err := card.Save(o.reportFolder()); err != nil {
		log.Warn("the failure is not reported in a file: " + err.Error())
	}
	fmt.Fprintln(p.Err, text)
}

// reportFolder has what glowplug leaves of a boot beside what Ignition does.
func (o *stageOptions) reportFolder() string {
	return filepath.Join(filepath.Dir(o.paths.Config), "glowplug")
}

// logger logs where the caller wants it, which is syslog or standard output; without a syslog socket it is standard
// output all the same.
func logger(p *cli.Process, stdout bool) (log *slog.Logger, asWanted bool) {
	if stdout {
		return slog.New(logs.Stdout(p.Out)), true
	}
	handler, err := logs.Syslog([]string{"/dev/log", "/var/run/syslog", "/var/run/log"}, "ignition", os.Getpid(), p.Now)
	if err == nil {
		return slog.New(handler), true
	}
	log = slog.New(logs.Stdout(p.Out))
	log.Error("logging to standard output: " + err.Error())
	return log, false
}
