// Command glowplug provisions a machine on its first boot, and on a workstation validates, converts and applies the
// same configs. docs/engine.md has the options of a boot, docs/validate.md and docs/butane.md those of a workstation.
//
// By the name that it is called with it also is ignition (one stage of a boot), ignition-apply, ignition-rmcfg,
// ignition-validate, butane, and for systemd ignition-generator. Names that belong to existing programs take the
// options of these, print what they print and end as they end. Without a command, options alone mean a stage of a boot,
// too.
//
// The package holds no decisions of its own. Each command reads its arguments (internal/cmdline), the environment and
// what the image says in /usr/lib/glowplug/distribution.json, asks the machine for what packages below must not ask
// (clock, randomness, streams, signals), calls one function of stages, internal/check, config/butane or providers, and
// turns the error into a line and an exit code.
//
// What is surprising:
//
//   - Both streams go through a diag.Screen, which keeps out what no terminal should get. Only a config that a command
//     makes is written as it is (program.data).
//   - Go's log package is silenced: net/http writes there what a server sent, which may be a config.
//   - The options of the engine have one dash or two, and arguments that are no options are passed over: units of
//     images pass an empty one.
//   - The generator decides whether a boot is a first one, and hands the platform on in /run/ignition.env. It writes to
//     the kernel's log, as nothing else is there yet.
//   - Exit code 3 is for a platform that cannot be used, and for a state of earlier stages that cannot be read.
package main
