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
	out := &diag.Watched{To: os.Stdout}
	colors := check.ShowsColors(os.Stdout, os.Getenv)
	code := run(check.Streams{In: os.Stdin, Out: &diag.Screen{To: out, Colors: colors}, Err: &diag.Screen{To: os.Stderr}, Color: colors})
	if err := out.Err(); err != nil && code == check.ExitValid {
		fmt.Fprintf(os.Stderr, "glowplug-validate: writing to standard output: %s\n", diag.OneLine(err.Error()))
		code = check.ExitInvalid
	}
	os.Exit(code)
}

func run(s check.Streams) int {
	if filepath.Base(os.Args[0]) == "ignition-validate" {
		return check.Peer(build.Version(), os.Args[1:], s)
	}
	if len(os.Args) == 2 && (os.Args[1] == "--version" || os.Args[1] == "-version") {
		fmt.Fprintln(s.Out, "glowplug-validate", build.Version())
		return check.ExitValid
	}
	return check.Main("glowplug-validate", os.Args[1:], s)
}
