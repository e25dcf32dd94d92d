package main

import (
	"github.com/glowplug-os/glowplug/internal/cli"
)

// machineOptions are about images of disks, and the machine in which they are looked at or changed.
type machineOptions struct {
	images                             planOptions // and how they are planned
	kernel, modules, tools, rootDevice string
	network, emulate                   bool
}

// machineRows are their options. One says what is done to the images; of is whom they are for.
func (o *machineOptions) machineRows(does, of string) []cli.Option {
	return []cli.Option{
		{Long: "image", Value: "FILE", Set: cli.Text(&o.images.image),
			Words: "the image of the one disk that " + of + " has"},
		{Long: "disk", Value: "DEVICE=FILE", Set: o.images.disk, Several: true,
			Words: "a disk image that stands for a device of " + of + "; once for each of them"},
		{Long: "kernel", Value: "FILE", Set: cli.Text(&o.kernel),
			Words: "the kernel of the machine that " + does + " images; else the newest of this system, or of --tools"},
		{Long: "modules", Value: "DIR", Set: cli.Text(&o.modules),
			Words: "the folder of that kernel's modules, with its modules.dep"},
		{Long: "tools", Value: "DIR", Set: cli.Text(&o.tools), Default: "/",
			Words: "the root of the system whose programs the machine gets: mkfs, mdadm, cryptsetup, udev"},
		{Long: "root-device", Value: "DEVICE", Set: cli.Text(&o.rootDevice),
			Words: "where the root is, if several filesystems have a system: DEVICE or DEVICE,subvol=NAME"},
		{Long: "emulate", Set: cli.Switch(&o.emulate), Words: "leave KVM alone"},
	}
}

// imageRows are the options about images of disks.
func (o *applyOptions) imageRows() []cli.Option {
	return append(o.machineRows("provisions", "the config"), []cli.Option{
		{Long: "network", Set: cli.Switch(&o.network),
			Words: "fetch from servers, and give the machine a network; else nothing is fetched"},
		{Long: "in-place", Set: cli.Switch(&o.inPlace),
			Words: "work on the images themselves, which are called FILE.incomplete meanwhile"},
	}...)
}

func (o *machineOptions) isOfImages() bool { return o.images.image != "" || len(o.images.disks) > 0 }

// inVain refuses what is about the machine where there are no images.
func (o *machineOptions) inVain(more ...option) error {
	name := first(append([]option{{"--kernel", o.kernel != ""}, {"--modules", o.modules != ""},
		{"--tools", o.tools != "/"}, {"--root-device", o.rootDevice != ""}, {"--emulate", o.emulate}}, more...)...)
	if name == "" {
		return nil
	}
	return cli.Misuse("%s is about the machine for images of disks: name some, by --image or --disk", name)
}

// judgeMachine checks which of them go together.
func (o *machineOptions) judgeMachine() error {
	switch {
	case o.images.image != "" && len(o.images.disks) > 0:
		return cli.Misuse("--image is the one disk of the config; with --disk it is not needed")
	case o.modules != "" && o.kernel == "":
		return cli.Misuse("--modules are those of a --kernel: name it")
	}
	return nil
}

// first is the first option that is given; "" for none.
func first(all ...option) string {
	if names := given(all...); len(names) > 0 {
		return names[0]
	}
	return ""
}

// judgeImages is judge of images.
func (o *applyOptions) judgeImages() error {
	not := first(option{"--root", o.root != ""}, option{"--live", o.live}, option{"--plan", o.plan != ""},
		option{"--ignore-unsupported", o.ignoreUnsupported}, option{"--no-owner", o.noOwner},
		option{"--no-preset", o.noPreset}, option{"--offline", o.offline})
	switch {
	case not == "--offline":
		return cli.Misuse("without --network nothing is fetched for images: leave out --offline")
	case not != "":
		return cli.Misuse("%s is about a directory: leave it out, or --image and --disk", not)
	case o.fetchTimeout < 0:
		return cli.Misuse("--fetch-timeout: %v is below 0, which is no time to wait", o.fetchTimeout)
	}
	return o.judgeMachine()
}
