// Command glowplug is the workstation's program: it checks configs, makes them of Butane documents, tells what they
// will do, and applies them to a directory, or stage by stage to a machine. docs/validate.md, docs/butane.md and
// docs/plan.md have its options, docs/engine.md those of a boot.
//
// By the name that it is called with it also is butane, ignition-validate, and all that the engine is: ignition,
// ignition-apply, ignition-rmcfg and, for systemd, ignition-generator. Names that belong to existing programs take the
// options of these, print what they print and end as they end. Options without a command mean a stage of a boot, too.
//
// The package holds no decisions of its own. A command is a file: its row of internal/cli, which says how it is called
// and what its options mean, and its function, which calls one of a package below and gives the error. What a stage
// needs to know of the machine and its image is in internal/engine, as another program has these commands as well.
//
// What is surprising:
//
//   - Both streams go through a diag.Screen, which keeps out what no terminal should get. Only a config that a command
//     makes is written as it is (cli.Process.Data).
//   - The table is made anew for each run: an option sets a variable of its row, and rows are not shared.
package main
