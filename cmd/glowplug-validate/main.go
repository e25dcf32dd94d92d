// Command glowplug-validate is the validator alone: no network, no disks, small enough for any CI image.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/glowplug-os/glowplug/internal/build"
	"github.com/glowplug-os/glowplug/internal/check"
	"github.com/glowplug-os/glowplug/internal/diag"
)

func main() {
	colors := check.ShowsColors(os.Stdout, os.Getenv)
	s := check.Streams{In: os.Stdin, Out: &diag.Screen{To: os.Stdout, Colors: colors}, Err: &diag.Screen{To: os.Stderr}, Color: colors}
	if filepath.Base(os.Args[0]) == "ignition-validate" {
		os.Exit(check.Peer(build.Version(), os.Args[1:], s))
	}
	if len(os.Args) == 2 && (os.Args[1] == "--version" || os.Args[1] == "-version") {
		fmt.Println("glowplug-validate", build.Version())
		return
	}
	os.Exit(check.Main("glowplug-validate", os.Args[1:], s))
}
