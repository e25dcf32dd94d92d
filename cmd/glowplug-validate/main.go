// Command glowplug-validate is the validator alone: no network, no disks, small enough for any CI image.
package main

import (
	"os"
	"path/filepath"

	"github.com/glowplug-os/glowplug/internal/build"
	"github.com/glowplug-os/glowplug/internal/check"
)

func main() {
	s := check.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	if filepath.Base(os.Args[0]) == "ignition-validate" {
		os.Exit(check.Peer(build.Version(), os.Args[1:], s))
	}
	os.Exit(check.Main("glowplug-validate", os.Args[1:], s))
}
