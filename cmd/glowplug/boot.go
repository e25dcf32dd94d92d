package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/internal/build"
	"github.com/glowplug-os/glowplug/internal/console"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/host"
	"github.com/glowplug-os/glowplug/internal/journal"
	"github.com/glowplug-os/glowplug/internal/logs"
	"github.com/glowplug-os/glowplug/providers"
	"github.com/glowplug-os/glowplug/stages"
)

const bootHelp = `Usage: glowplug --stage=STAGE --platform=ID [OPTIONS]

Runs one stage of a first boot, as the units in the initramfs do. The same under the name
ignition. Options may start with one dash or two.

Options:
  --stage STAGE          fetch-offline, fetch, kargs, disks, mount, files or umount
  --platform ID          where the config is: aws, qemu, ...; see glowplug platforms
  --root DIR             root of the target system (default /)
  --config-cache FILE    the config, for the stages after fetch (default /run/ignition.json)
  --state-file FILE      what stages tell later ones (default /run/ignition/state)
  --neednet FILE         made when the network is needed (default /run/ignition/neednet)
  --fetch-timeout TIME   limit for getting the config: 90s, 2m (default 2m; below 1s none)
  --log-to-stdout        log to standard output instead of syslog
  --version              print the version

The config comes from the kernel arguments: ignition.config.url=URL, or a file on a drive
by ignition.config.device=LABEL and ignition.config.path=PATH. Without them it comes from
user.ign in /run/ignition, /etc/ignition or /usr/lib/ignition, else from the platform.

Exit codes: 0 done (fetch-offline: or the network is needed), 1 the stage failed, 2 wrong
usage, 3 the platform or the state of earlier stages cannot be used.

Example:
  IGNITION_CONFIG_FILE=web.ign glowplug --platform file --stage fetch --config-cache c.json \
    --state-file state --neednet neednet --log-to-stdout
`

type bootOptions struct {
	stage, platform string
	root            string
	paths           handoff.Paths
	fetchTimeout    time.Duration
	logToStdout     bool
	version         bool
}

// boot is the engine (docs/peer/engine.md §1.1).
func (p *program) boot(ctx context.Context) int {
	o, err := parseBoot(p.args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(p.err, bootHelp)
		return exitOK
	case err == nil && o.version:
		fmt.Fprintln(p.out, "Ignition", build.Version())
		return exitOK
	}
	platform, unknown := findPlatform(o.platform)
	if err = cmp.Or(err, unknown); err != nil {
		return p.misused(o, err, inInitramfs())
	}
	log := p.logger(o.logToStdout)
	screens, closeScreens := consoles(o.logToStdout)
	defer closeScreens()
	progress, watched := console.Watch(screens, log.Handler())
	log = slog.New(watched)
	log.Info("glowplug " + build.Version())
	log.Info("Stage: " + o.stage)
	d, err := readDistribution(distributionFile, p.env)
	who, nobody := identity()
	if err = cmp.Or(err, nobody); err == nil {
		err = stages.Run(ctx, stages.Boot{
			Stage: o.stage, Platform: platform, Root: o.root, Paths: o.paths,
			Dirs: []string{d.RuntimeConfigDir, d.LocalConfigDir, d.SystemConfigDir}, CommandLine: d.KernelCommandLine,
			FetchTimeout: o.fetchTimeout, Version: build.Version(), Tools: host.NewTools(d.Tools, log), Identity: who, Getenv: p.env, Log: log, Show: screens.Tell, FirstProcess: "/proc/1/comm",
			BootID: bootID(), Now: time.Now, Today: today(p.env), Journal: journalSocket(o.logToStdout),
			AccountsByTools: d.AccountBackend.byTools(), KeysFragment: d.WriteAuthorizedKeysFragment, ResultFile: d.ResultFile, Relabel: d.SELinuxRelabel,
		})
	}
	progress.Close()
	return p.verdict(log, o, screens, err)
}

// misused ends a stage that has not begun. On a machine that boots it is the kernel command line or the image that is wrong, and who
// stands before it needs no help text.
func (p *program) misused(o bootOptions, err error, atBoot bool) int {
	if !atBoot {
		return p.misuse(p.name, err)
	}
	screens, closeScreens := consoles(o.logToStdout)
	defer closeScreens()
	o.stage = cmp.Or(o.stage, "start")
	p.failed(p.logger(o.logToStdout), o, screens, err)
	return exitUsage
}

func inInitramfs() bool {
	_, err := os.Stat("/etc/initrd-release")
	return err == nil
}

// consoles are those of the machine, in its initramfs. An image that sends the log to where nobody reads it, as one for confidential
// machines does, wants nothing on the consoles either.
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

// today is the date that new passwords get, in days since 1970-01-01. Builds that are to be the same every time set it
// (https://reproducible-builds.org/specs/source-date-epoch/), and so does shadow-utils take it.
func today(env func(string) string) int64 {
	const day = 24 * 60 * 60
	if epoch, err := strconv.ParseInt(env("SOURCE_DATE_EPOCH"), 10, 64); err == nil && epoch >= 0 {
		return epoch / day
	}
	return time.Now().Unix() / day
}

// verdict tells how the stage ended. What failed is also the last line on standard error, which emergency shells show.
func (p *program) verdict(log *slog.Logger, o bootOptions, screens *console.Consoles, err error) int {
	folder := reportFolder(o)
	if err == nil {
		over := o.stage
		if strings.HasPrefix(over, "fetch") {
			over = "" // here a boot begins
		}
		if err := console.Forget(folder, over); err != nil {
			log.Warn("the report of an earlier failure stays: " + err.Error())
		}
		log.Info(o.stage + " passed")
		if o.stage != "umount" || console.Left(folder) == "" { // systemd has it unmount after a failure, too
			log.Info("Ignition finished successfully")
		}
		return exitOK
	}
	// Before an emergency shell, systemd stops the mount stage's unit, which unmounts, and the mounts at the same time. What then
	// becomes of the mounts is nothing beside what has happened.
	if left := console.Left(folder); o.stage == "umount" && left != "" && left != o.stage {
		log.Warn("after the failure of the " + left + " stage, systemd may unmount first: " + err.Error())
		return exitOK
	}
	if errors.Is(err, stages.ErrShutdown) {
		// Nothing has failed: the next boot begins again.
		text := console.UnfinishedLine(o.stage, err)
		log.Info(text)
		screens.Tell(text)
		fmt.Fprintln(p.err, text)
		return exitFailed
	}
	p.failed(log, o, screens, err)
	var state *handoff.StateError
	if errors.As(err, &state) {
		return exitSetup
	}
	return exitFailed
}

// failed tells of a failure wherever somebody may look: in the log, on the consoles, in a file, and last on standard error.
func (p *program) failed(log *slog.Logger, o bootOptions, screens *console.Consoles, err error) {
	text := console.LastLine(o.stage, err)
	log.Log(context.Background(), logs.Critical, text)
	card := cardOf(o.stage, err)
	screens.Show(card)
	if err := card.Save(reportFolder(o)); err != nil {
		log.Warn("the failure is not reported in a file: " + err.Error())
	}
	fmt.Fprintln(p.err, text)
}

// reportFolder has what glowplug leaves of a boot beside what Ignition does.
func reportFolder(o bootOptions) string {
	return filepath.Join(filepath.Dir(o.paths.Config), "glowplug")
}

func cardOf(stage string, err error) console.Card {
	var placed *stages.PlacedError
	if errors.As(err, &placed) {
		return console.NewCard(stage, placed.Place, placed.Err)
	}
	return console.NewCard(stage, "", err)
}

func parseBoot(args []string) (o bootOptions, err error) {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.stage, "stage", "", "")
	flags.StringVar(&o.platform, "platform", "", "")
	flags.StringVar(&o.root, "root", "/", "")
	flags.StringVar(&o.paths.Config, "config-cache", "/run/ignition.json", "")
	flags.StringVar(&o.paths.State, "state-file", "/run/ignition/state", "")
	flags.StringVar(&o.paths.NeedNet, "neednet", "/run/ignition/neednet", "")
	flags.DurationVar(&o.fetchTimeout, "fetch-timeout", 2*time.Minute, "")
	flags.BoolVar(&o.logToStdout, "log-to-stdout", false, "")
	flags.BoolVar(&o.version, "version", false, "")
	if err := flags.Parse(unitArguments(args)); err != nil || o.version {
		return o, err
	}
	switch {
	case o.stage == "":
		return o, errors.New("--stage is missing")
	case !slices.Contains(stages.Names(), o.stage):
		return o, fmt.Errorf("the stage %q is not known: stages are %s", o.stage, strings.Join(stages.Names(), ", "))
	}
	return o, nil
}

// unitArguments takes the last argument apart: units write ${IGNITION_ARGS}, which systemd passes on as one argument, however
// many options it holds. An argument with one option, whose value has blanks, stays whole.
func unitArguments(args []string) []string {
	if len(args) == 0 {
		return args
	}
	rest, last := args[:len(args)-1], strings.TrimSpace(args[len(args)-1])
	name, _, several := strings.Cut(last, " ")
	switch {
	case !strings.HasPrefix(last, "-"):
		return args
	case strings.Contains(last, " -"), several && !strings.Contains(name, "="):
		return append(slices.Clone(rest), strings.Fields(last)...)
	}
	return append(slices.Clone(rest), last)
}

func findPlatform(id string) (providers.Platform, error) {
	platform, known := providers.Find(id)
	if !known {
		return platform, diag.WithHint(unknownPlatform(id), "say on the kernel command line where the config is: ignition.platform.id=ID")
	}
	return platform, nil
}

func unknownPlatform(id string) error {
	if id == "" {
		return errors.New("--platform is missing")
	}
	var ids []string
	for _, p := range providers.All() {
		ids = append(ids, p.ID)
	}
	return fmt.Errorf("the platform %q is not known: platforms are %s", id, strings.Join(ids, ", "))
}

// logger logs where the caller wants it; without a syslog socket that is standard output.
func (p *program) logger(stdout bool) *slog.Logger {
	if stdout {
		return slog.New(logs.Stdout(p.out))
	}
	handler, err := logs.Syslog([]string{"/dev/log", "/var/run/syslog", "/var/run/log"}, "ignition", os.Getpid(), time.Now)
	if err == nil {
		return slog.New(handler)
	}
	log := slog.New(logs.Stdout(p.out))
	log.Error("logging to standard output: " + err.Error())
	return log
}
