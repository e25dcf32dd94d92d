// Command ignition is the engine: what an initramfs and an image need, and nothing that a workstation alone needs. It
// is one stage of a first boot or, by the name that it is called with, ignition-apply, ignition-rmcfg and, for systemd,
// ignition-generator. The commands are those of internal/engine.
package main

import (
	"os"
	"time"

	"github.com/glowplug-os/glowplug/internal/engine"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/process"
)

func main() {
	fetch.Silence()
	os.Exit(process.Run(os.Getenv, time.Now, engine.Programs()))
}
