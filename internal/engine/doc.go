// Package engine has the commands that need a machine or its image: a stage of a first boot, ignition-apply,
// ignition-rmcfg and systemd's generator, and what an image decides of them (distribution.json). Each is a row of
// package cli and its function. It is shared by the engine, which is these commands and nothing else, and by glowplug;
// what the stages do is in package stages.
//
// What is surprising:
//
//   - A stage that is called wrongly in an initramfs fails as one that has begun does: with a card on the consoles.
//   - The generator decides whether a boot is a first one, and hands the platform on in /run/ignition.env. It writes to
//     the kernel's log, as nothing else is there yet.
//   - Exit code 3 is for a platform that cannot be used, and for a state of earlier stages that cannot be read.
package engine

import "github.com/glowplug-os/glowplug/internal/cli"

// Programs are the commands by the names of programs, the engine's first.
func Programs() []cli.Program {
	stage := func() *cli.Command { c := Stage("ignition"); return &c }
	programs := []cli.Program{{Command: *stage(), Commands: []cli.Command{Report("ignition report", nil)},
		Otherwise: stage, Choose: cli.Word}}
	for _, c := range []cli.Command{PeerApply(), Remove("ignition-rmcfg"), Generate()} {
		programs = append(programs, cli.Program{Command: c})
	}
	return programs
}
