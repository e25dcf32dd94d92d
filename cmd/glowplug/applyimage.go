package main

import (
	"github.com/glowplug-os/glowplug/internal/cli"
)

// imageRows are the options about images of disks.
func (o *applyOptions) imageRows() []cli.Option {
	return []cli.Option{
		{Long: "image", Value: "FILE", Set: cli.Text(&o.images.image),
			Words: "the image of the one disk that the config has"},
		{Long: "disk", Value: "DEVICE=FILE", Set: o.images.disk, Several: true,
			Words: "a disk image that stands for a device of the config; once for each of them"},
		{Long: "kernel", Value: "FILE", Set: cli.Text(&o.kernel),
			Words: "the kernel of the machine that provisions images; else the newest of this system, or of --tools"},
		{Long: "modules", Value: "DIR", Set: cli.Text(&o.modules),
			Words: "the folder of that kernel's modules, with its modules.dep"},
		{Long: "tools", Value: "DIR", Set: cli.Text(&o.tools), Default: "/",
			Words: "the root of the system whose programs the machine gets: mkfs, mdadm, cryptsetup, udev"},
		{Long: "root-device", Value: "DEVICE", Set: cli.Text(&o.rootDevice),
			Words: "where the root is, if several filesystems have a system: DEVICE or DEVICE,subvol=NAME"},
		{Long: "network", Set: cli.Switch(&o.network),
			Words: "fetch from servers, and give the machine a network; else nothing is fetched"},
		{Long: "in-place", Set: cli.Switch(&o.inPlace),
			Words: "work on the images themselves, which are called FILE.incomplete meanwhile"},
		{Long: "emulate", Set: cli.Switch(&o.emulate), Words: "leave KVM alone"},
	}
}

func (o *applyOptions) isOfImages() bool { return o.images.image != "" || len(o.images.disks) > 0 }

// aboutMachine is an option that is given and only about images; "" for none.
func (o *applyOptions) aboutMachine() string {
	return first(option{"--kernel", o.kernel != ""}, option{"--modules", o.modules != ""},
		option{"--tools", o.tools != "/"}, option{"--root-device", o.rootDevice != ""}, option{"--network", o.network},
		option{"--in-place", o.inPlace}, option{"--emulate", o.emulate})
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
	case o.images.image != "" && len(o.images.disks) > 0:
		return cli.Misuse("--image is the one disk of the config; with --disk it is not needed")
	case o.modules != "" && o.kernel == "":
		return cli.Misuse("--modules are those of a --kernel: name it")
	case o.fetchTimeout < 0:
		return cli.Misuse("--fetch-timeout: %v is below 0, which is no time to wait", o.fetchTimeout)
	}
	return nil
}
