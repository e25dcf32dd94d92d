// Package units plans the units of a config: drop-ins, files and masks, the preset file, and what systemctl does beside
// it. docs/files.md says the same for people.
//
// Claim takes the places of what is written, so that entries of the config in the same places know what comes after
// them. Plan then plans it, in the root as all entries will leave it: a unit that a file or a link of the config is
// counts as there. What a unit's text or a line of presets means is decided by internal/unit.
//
// What is surprising:
//
//   - Units that cannot be enabled are remarks, not errors, as with Ignition: steps that say so when they run.
//   - systemctl removes more links than those of the unit that it disables. What is to stay is put aside meanwhile.
//   - Which units are enabled is told by links in the root. That is good enough for a plan; the steps ask systemctl.
//   - A preset file that the config itself has among its files is only added to: its entry has to be recognised when
//     the plan is made again.
package units
