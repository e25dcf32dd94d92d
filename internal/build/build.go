// Package build is what this binary is: its version, from what the Go toolchain recorded in it.
package build

import (
	"runtime/debug"
	"strings"
)

// The releases of the programs of other projects in whose place ours stand under their names, as scripts that compare
// versions are to know them: what these do is done (docs/release.md).
const (
	Ignition = "2.27.0"
	Butane   = "0.29.0"
)

// Version is the module's version without its "v": that of a release, or "0.0.0-<time>-<commit>" where one was built
// from a checkout. Builds that know neither say "devel".
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return strings.TrimPrefix(info.Main.Version, "v")
}
