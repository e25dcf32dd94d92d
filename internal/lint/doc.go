// Package lint gives advice on configs that are valid: what works, and is better otherwise. Advice is a severity of its
// own, below warnings. The validate command shows it; no verdict and no exit code depends on it unless that is asked
// for, and a boot and the peer's names never hear of it.
//
// In comes a document that has been decoded (Document); out come problems, each at its place. Logins, sources, nodes,
// partitions, disks and units are looked at in turn, each once, in time that grows with the text.
//
// Of units there are three steps. The texts are gathered by the unit that they are of: those below systemd, and those
// of files where systemd or podman looks (units.go, quadlets.go). Each text is held against the table of package
// directives, line by line (settings.go). Then each unit is judged as a whole (whole.go).
//
// What is surprising:
//
//   - A unit is judged as a whole only where nothing of it is missing: no drop-in that is fetched, and no other config
//     that may bring one. What is not known is not missed.
//   - Rules have told some things already, as misspelt sections of units below systemd. They do not look into files, so
//     advice on these says more.
//   - A text never stands in a message, as units hold passwords: only names that look like those of settings do.
//   - Of one text no more than a hundred problems are told.
package lint
