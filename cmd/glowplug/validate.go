package main

import (
	"github.com/glowplug-os/glowplug/internal/check"
	"github.com/glowplug-os/glowplug/internal/cli"
)

func validateCommand() cli.Command {
	return check.ValidateBy("glowplug validate",
		check.Means{Plan: cannotApply, Against: imageAt, Noted: notedImage, Zip: zipper})
}
