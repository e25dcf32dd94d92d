// Package build is what this binary is: its version, from what the Go toolchain recorded in it.
package build

import (
	"runtime/debug"
	"strings"
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
