package engine

import (
	"context"
	"time"

	"github.com/glowplug-os/glowplug/internal/bootreport"
	"github.com/glowplug-os/glowplug/internal/build"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/providers"
)

type stageOptions struct {
	stage, platform string
	root            string
	paths           handoff.Paths
	fetchTimeout    time.Duration
	fetchLimited    bool // the option is given
	logToStdout     bool
	version         bool
	report          *bootreport.Recorder // nil before the stage has begun
}

// Stage is one stage of a first boot (docs/peer/engine.md §1.1); called is the name that its messages begin with.
func Stage(called string) cli.Command { return new(stageOptions).row(called) }

func (o *stageOptions) row(called string) cli.Command {
	return cli.Command{
		Called: called, Topic: "boot", Product: "Ignition", Level: build.Ignition, Section: "8",
		Grammar: cli.Stage(), LogsOnly: true,
		Usage: []string{"glowplug --stage=STAGE --platform=ID [OPTIONS]",
			"ignition --stage=STAGE --platform=ID [OPTIONS]"},
		Short: "run one stage of a first boot",
		Text: []string{
			"Runs one stage of a first boot, as the units in the initramfs do. Options may start with one dash or " +
				"two. Arguments that are no options are ignored; units pass an empty one.",
		},
		Options: o.rows(),
		Notes: []string{
			"The config comes from the kernel arguments: ignition.config.url=URL, " +
				"or a file on a drive by ignition.config.device=LABEL and ignition.config.path=PATH. " +
				"Without them it comes from user.ign in /run/ignition, /etc/ignition or /usr/lib/ignition, " +
				"else from the platform.",
			"`ignition report` shows what the stages of a boot have done, how long that took, and why one has failed.",
		},
		Exits: []cli.Exit{
			{Code: 0, Meaning: "done; for fetch-offline also: the network is needed"},
			{Code: 1, Meaning: "the stage failed, or what it leaves could not be written"},
			{Code: 2, Meaning: "wrong usage, an unknown stage or platform"},
			{Code: 3, Meaning: "the platform cannot be used, or the state of earlier stages cannot be read"},
		},
		Examples: []string{"IGNITION_CONFIG_FILE=web.ign glowplug --platform file --stage fetch --config-cache " +
			"c.json \\\n  --state-file state --neednet neednet --log-to-stdout"},
		Stops: true,
		Run: func(ctx context.Context, p *cli.Process, _ []string) error {
			if o.version {
				return cli.ErrVersion
			}
			return o.run(ctx, p)
		},
		Misused: o.misused,
	}
}

func (o *stageOptions) rows() []cli.Option {
	return []cli.Option{
		{Long: "stage", Value: "STAGE", Values: stageNames(), Open: true, Set: cli.Text(&o.stage),
			Words: "which one: " + cli.List(stageNames())},
		{Long: "platform", Value: "ID", Values: providers.IDs(), Open: true, Set: cli.Text(&o.platform),
			Words: "where the user's config is: aws, qemu and others, as glowplug platforms lists them"},
		{Long: "root", Value: "DIR", Default: "/", Set: cli.Text(&o.root),
			Words: "the target system; /sysroot in an initramfs"},
		{Long: "config-cache", Value: "FILE", Default: handoff.Config, Set: cli.Text(&o.paths.Config),
			Words: "the rendered config, 0640; written by the fetch stages, read by the others"},
		{Long: "state-file", Value: "FILE", Default: "/run/ignition/state", Set: cli.Text(&o.paths.State),
			Words: "what stages tell later ones"},
		{Long: "neednet", Value: "FILE", Default: "/run/ignition/neednet", Set: cli.Text(&o.paths.NeedNet),
			Words: "the flag for the network: made when it is needed"},
		{Long: "fetch-timeout", Value: "TIME", Default: "2m", Set: cli.Duration(&o.fetchTimeout),
			Given: &o.fetchLimited, Words: "limit for getting the user's config: 90s, 2m; below one second none. " +
				"Where it is given, it bounds each config as well that the user's one merges"},
		{Long: "log-to-stdout", Set: cli.Switch(&o.logToStdout),
			Words: "log there instead of to syslog, and send the journal no entries"},
		{Long: "version", Set: cli.Switch(&o.version), Words: "print the version"},
		cli.HelpOption(),
	}
}
