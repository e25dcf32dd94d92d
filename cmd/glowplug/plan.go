package main

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/report"
)

type planOptions struct {
	root, image, filesDir, format string
	facts, fleet                  string
	disks                         map[string]string // image files by their devices
	noContent, noOwner, noPreset  bool
	offline, fetch                bool
	fetchTimeout                  time.Duration
}

func planCommand() cli.Command { return new(planOptions).row() }

func (o *planOptions) row() cli.Command {
	return cli.Command{
		Called: "glowplug plan", Usage: []string{"glowplug plan [OPTIONS] CONFIG|-",
			"glowplug plan --fleet DIR|GLOB [OPTIONS] CONFIG|-"},
		Brief: "[--root DIR] CONFIG", Short: "tell all that a config will do to a machine, and do nothing",
		Text: []string{
			"Tells what a config will do to this machine, to a directory, or to images of disks: each action in " +
				"order, by the same planners as a first boot. What is destroyed comes first. Nothing is changed: " +
				"what it looks at is opened for reading, and then the process gives up the right to write, to start " +
				"programs and to mount, as far as the kernel can take it (Landlock, seccomp); it says where the " +
				"kernel cannot.",
		},
		Options: o.rows(),
		Notes: []string{
			"Without --root, --disk and --image it is about this machine.",
			"Of the content of files, lines are shown where everybody may read the file, before and after; of " +
				"account files no hash. What comes from a server is fetched only with --fetch, but for configs that " +
				"are merged.",
			"JSON is what apply --plan takes. It has a digest of what each action is to make, and of what is there, " +
				"which begins with a salt that stands in it. With --no-content it has no digests, and is the same " +
				"each time.",
			"With --facts it is about the machine on which glowplug facts --for CONFIG has run, and is what plan " +
				"--no-content tells there. What the facts do not have is named, and there is no plan.",
			"With --fleet each file of facts gets a row, those of equal plans together; JSON is a line for each. The " +
				"exit code is that of the worst.",
			"HTML is one page without scripts, which needs no other file and shows what the text shows.",
			"The plan has one line an action: + create, ~ change, - destroy or replace, ? decided when it runs. What " +
				"is there already is counted, and in JSON listed.",
		},
		Exits: []cli.Exit{{Code: int(report.NothingToDo), Meaning: "nothing to do"},
			{Code: int(report.InTheWay), Meaning: "something is in the way, a device is not known, or the " +
				"config is invalid"},
			{Code: cli.ExitUsage, Meaning: "wrong usage"}, {Code: int(report.Changing), Meaning: "something changes"},
			{Code: int(report.Destroying), Meaning: "something is destroyed, or may be: a filesystem, a table, an " +
				"array, a volume, a directory that is not empty, a home; or it is not known, as facts lack something"}},
		Examples: []string{
			"glowplug plan web.ign", "glowplug plan --root build/rootfs web.bu",
			"glowplug plan --disk /dev/vda=a.img --disk /dev/vdb=b.img raid.ign",
			"glowplug plan --image disk.img --format json boot.ign",
			"glowplug plan --root build/rootfs --format html web.bu >plan.html",
			"glowplug plan --facts facts.json web.ign", "glowplug plan --fleet fleet web.ign",
		},
		Grammar: cli.Ours(), Operands: cli.Operands{Files: true}, Section: "1",
		Run: func(ctx context.Context, p *cli.Process, operands []string) error { return o.run(ctx, p, operands) },
	}
}

func (o *planOptions) rows() []cli.Option {
	return append(o.about(), []cli.Option{
		{Long: "fleet", Value: "DIR|GLOB", Set: cli.Text(&o.fleet),
			Words: "plan each machine whose facts are in a folder (*.json, and in those below), or match a pattern"},
		{Long: "format", Value: "FORMAT", Values: []string{"text", "json", "html"}, Default: "text",
			Set: cli.Text(&o.format), Words: "text for people, JSON, or a page of HTML for a browser"},
		{Long: "files-dir", Short: 'd', Value: "DIR", Set: cli.Text(&o.filesDir),
			Words: "the folder of the local files that a Butane document names"},
		{Long: "fetch", Set: cli.Switch(&o.fetch),
			Words: "fetch what files and keys get from servers: verify it, and compare files with it"},
		{Long: "offline", Set: cli.Switch(&o.offline), Words: "fetch nothing from the network"},
		{Long: "fetch-timeout", Value: "DURATION", Default: "2m", Set: cli.Duration(&o.fetchTimeout),
			Words: "how long a server may send nothing: 90s, 2m; 0 is without end"},
	}...)
}

// about are the options that say what a plan is about, and what of it is told.
func (o *planOptions) about() []cli.Option {
	return []cli.Option{
		{Long: "root", Value: "DIR", Set: cli.Text(&o.root), Words: "plan files, accounts and units in this directory"},
		{Long: "disk", Value: "DEVICE=FILE", Set: o.disk, Several: true,
			Words: "a disk image, or a device, that stands for a device of the config; once for each of them"},
		{Long: "image", Value: "FILE", Set: cli.Text(&o.image), Words: "the image of the one disk that the config has"},
		{Long: "facts", Value: "FILE", Set: cli.Text(&o.facts),
			Words: "plan the machine that glowplug facts has looked at; - is standard input"},
		{Long: "no-content", Set: cli.Switch(&o.noContent), Words: "show nothing of what is in files"},
		{Long: "no-owner", Set: cli.Switch(&o.noOwner), Words: "leave owners as they come, as apply --no-owner does"},
		{Long: "no-preset", Set: cli.Switch(&o.noPreset),
			Words: "enable no units by systemctl in the directory, as apply --no-preset does"},
	}
}

// disk takes the value of one --disk.
func (o *planOptions) disk(value string) error {
	device, file, found := strings.Cut(value, "=")
	at := filepath.Clean(device)
	switch other, twice := o.disks[at]; {
	case !found:
		return cli.Misuse("there is no = between a device and a file")
	case device == "":
		return cli.Misuse("no device is before the =")
	case !strings.HasPrefix(device, "/"):
		return cli.Misuse("%q is no absolute path, such as /dev/vda", device)
	case file == "":
		return cli.Misuse("no file is behind the =")
	case twice:
		return cli.Misuse("%s has a file already, %q", device, other)
	}
	if o.disks == nil {
		o.disks = map[string]string{}
	}
	o.disks[at] = file
	return nil
}

// judge checks what the rows of the options cannot: which of them go together.
func (o *planOptions) judge(operands []string) error {
	switch {
	case len(operands) != 1:
		return cli.Misuse("one config is needed, %d are given; - is standard input", len(operands))
	case o.fleet != "" && o.fetch, o.fleet != "" && !o.machine():
		return cli.Misuse("--fleet has the facts of machines: leave out --facts, --root, --disk, --image and --fetch")
	case o.facts != "" && o.fetch:
		return cli.Misuse("--fetch compares contents with files, of which facts have none: leave it out")
	case o.facts == "-" && operands[0] == "-":
		return cli.Misuse("standard input cannot be both the facts and the config")
	case o.fleet != "" && o.format == "html":
		return cli.Misuse("--format html is the plan of one machine: name its --facts")
	case o.fetch && o.offline:
		return cli.Misuse("--fetch asks servers, and --offline asks none: leave out one of them")
	case o.fetchTimeout < 0:
		return cli.Misuse("--fetch-timeout: %v is below 0, which is no time to wait", o.fetchTimeout)
	}
	return o.judgeAbout()
}

// judgeAbout checks the options of about.
func (o *planOptions) judgeAbout() error {
	switch {
	case o.image != "" && len(o.disks) > 0:
		return cli.Misuse("--image is the one disk of the config; with --disk it is not needed")
	case o.facts != "" && (o.root != "" || o.image != "" || len(o.disks) > 0):
		return cli.Misuse("facts are of a machine or of a directory already; leave out --root, --disk and --image")
	}
	return nil
}

// given are the options that a plan was made with, as far as they decide what is done.
func (o *planOptions) given() []string {
	return given(option{"--root", o.root != ""}, option{"--disk", len(o.disks) > 0}, option{"--image", o.image != ""},
		option{"--no-owner", o.noOwner}, option{"--no-preset", o.noPreset})
}

// An option is one that was given, or not.
type option struct {
	name string
	is   bool
}

func given(all ...option) (names []string) {
	for _, o := range all {
		if o.is {
			names = append(names, o.name)
		}
	}
	return names
}

// machine: the plan is for this machine.
func (o *planOptions) machine() bool {
	return o.root == "" && o.image == "" && len(o.disks) == 0 && o.facts == ""
}
