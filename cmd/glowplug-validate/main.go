// Command glowplug-validate is the validator alone: no network, no disks, small enough for any CI image.
package main

import (
	"os"
	"time"

	"github.com/glowplug-os/glowplug/internal/check"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/process"
)

func main() { os.Exit(process.Run(os.Getenv, time.Now, programs())) }

func programs() []cli.Program {
	validate := check.Validate("glowplug-validate")
	validate.Product = "glowplug-validate"
	return []cli.Program{{Command: validate}, {Command: check.Peer()}}
}
