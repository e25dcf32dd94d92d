package main

import (
	"context"
	"path/filepath"
	"time"

	"github.com/glowplug-os/glowplug/internal/cli"
)

type applyOptions struct {
	fetchTimeout                                                       time.Duration
	root, filesDir, plan                                               string
	live, dryRun, ignoreUnsupported, noOwner, noPreset, offline, quiet bool

	machineOptions
	inPlace bool
}

func applyCommand() cli.Command { return new(applyOptions).row() }

func (o *applyOptions) row() cli.Command {
	return cli.Command{
		Called: "glowplug apply", Usage: []string{"glowplug apply --root DIR [OPTIONS] CONFIG|-",
			"glowplug apply --image FILE [OPTIONS] CONFIG|-",
			"glowplug apply --disk DEVICE=FILE... [OPTIONS] CONFIG|-"},
		Brief: "--root DIR CONFIG", Short: "make what a config says in a directory, or on images of disks",
		Text: []string{
			"Makes the users, files, directories, links and units of a config in a directory, " +
				"by the same plan as on a first boot. Running it again changes nothing that is done already.",
			"With --image or --disk it provisions images of disks as a first boot would, without booting them and " +
				"without root: in a machine of qemu that is thrown away, with a kernel and programs of this system. " +
				"Nothing of this system is looked up, linked or mounted. An image that has a system is left as one " +
				"that was never started, but without the mark of a first boot.",
		},
		Options: append(o.rows(), o.imageRows()...),
		Notes: []string{
			"Images are copied beside themselves, and the copies take their places when all has gone well; with " +
				"--in-place they are worked on themselves, as FILE.incomplete meanwhile. What others use, lock, " +
				"mount or write to, and what is too small, is refused before anything is written. docs/images.md " +
				"tells the rest.",
			"Kernel arguments go into the boot entries of images, which have to have some. Volumes that are bound to " +
				"a TPM, to a crypto card, or to servers by Clevis are refused.",
			"A server that does not answer is asked again until --fetch-timeout has passed without an answer that " +
				"can be used and without a byte of it; the config's own time limit, ignition.timeouts.httpTotal, " +
				"stands in its place. A line on standard error tells of it, again every 30 s.",
			"What it tells goes to standard error: the summary of the plan before anything is done, such as " +
				"planned: 14 files, 2 replaced; 1 user; 3 units; 6 unchanged; on a terminal a line that says what it " +
				"is about and what it waits for; and at the end, in the same words, what was done.",
			"Standard output has the plan of --dry-run, as glowplug plan tells it, and else nothing.",
		},
		Exits: []cli.Exit{{Code: 0, Meaning: "applied, or planned"},
			{Code: 1, Meaning: "failed, invalid or interrupted"}, {Code: 2, Meaning: "wrong usage"}},
		Examples: []string{
			"glowplug apply --image disk.img boot.ign",
			"glowplug apply --disk /dev/vda=a.img --disk /dev/vdb=b.img raid.ign",
			"glowplug apply --root build/rootfs web.ign", "glowplug apply --root build/rootfs --dry-run " +
				"--no-owner web.ign", "glowplug apply --root build/rootfs --files-dir files web.bu",
		},
		Grammar: cli.Ours(), Operands: cli.Operands{Files: true}, Section: "1",
		Stops: true,
		Run:   func(ctx context.Context, p *cli.Process, operands []string) error { return o.run(ctx, p, operands) },
	}
}

func (o *applyOptions) rows() []cli.Option {
	return []cli.Option{
		{Long: "root", Value: "DIR", Set: cli.Text(&o.root),
			Words: "the directory, which exists; / only together with --live"},
		{Long: "live", Set: cli.Switch(&o.live), Words: "allow --root /: change the running system"},
		{Long: "plan", Value: "FILE", Set: cli.Text(&o.plan),
			Words: "go on only if the plan is the one in this file, which glowplug plan --format json has written"},
		{Long: "dry-run", Set: cli.Switch(&o.dryRun), Words: "print the plan and write nothing"},
		{Long: "ignore-unsupported", Set: cli.Switch(&o.ignoreUnsupported),
			Words: "warn of what a directory cannot take (disks, kernel arguments) instead of refusing it"},
		{Long: "files-dir", Short: 'd', Value: "DIR", Set: cli.Text(&o.filesDir),
			Words: "the folder of the local files that a Butane document names"},
		{Long: "no-owner", Set: cli.Switch(&o.noOwner),
			Words: "leave owners as they come; needed without root privileges where a config sets them or makes users"},
		{Long: "no-preset", Set: cli.Switch(&o.noPreset),
			Words: "write the preset file, but enable no units by systemctl"},
		{Long: "offline", Set: cli.Switch(&o.offline), Words: "fetch nothing from the network"},
		{Long: "fetch-timeout", Value: "DURATION", Default: "2m", Set: cli.Duration(&o.fetchTimeout),
			Words: "how long a server may send nothing: 90s, 2m; 0 is without end"},
		{Long: "quiet", Short: 'q', Set: cli.Switch(&o.quiet),
			Words: "say only what is wrong: no progress, and not what was done"},
	}
}

// judge is what the row cannot say.
func (o *applyOptions) judge(operands []string) (err error) {
	switch {
	case len(operands) != 1:
		return cli.Misuse("one config is needed, %d are given; - is standard input", len(operands))
	case o.plan == "-" && operands[0] == "-":
		return cli.Misuse("standard input cannot be both the plan and the config")
	case o.isOfImages():
		return o.judgeImages()
	}
	if err := o.inVain(option{"--network", o.network}, option{"--in-place", o.inPlace}); err != nil {
		return err
	}
	if o.root == "" {
		return cli.Misuse("--root is missing: name the directory to apply the config to; or images, by --image or " +
			"--disk")
	}
	if o.root, err = filepath.Abs(o.root); err != nil {
		return cli.Misuse("--root: %w", err)
	}
	if o.fetchTimeout < 0 {
		return cli.Misuse("--fetch-timeout: %v is below 0, which is no time to wait", o.fetchTimeout)
	}
	if real, err := filepath.EvalSymlinks(o.root); err == nil && real == "/" && !o.live && !o.dryRun {
		return cli.Misuse("--root / is the running system; add --live if that is meant")
	}
	return nil
}
