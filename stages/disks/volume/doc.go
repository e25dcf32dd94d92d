// Package volume plans and makes LUKS volumes, with the keys and policies that open them. Finish takes the marks of a
// first boot off them, at its end.
//
// In come the volumes of a config and a scene. Out comes one lane: first the keys of all volumes, then what makes or
// opens each of them; what will then be there; and the names that the config gives to these. A volume is an entry with
// what was seen of its device, and judge decides about it; a telling has its actions in words, a making does them.
// Tools are cryptsetup and wipefs; clevis, for a volume that a policy opens; zkey and zkey-cryptsetup, for one whose
// key a Crypto Express adapter wraps.
//
// What is surprising:
//
//   - One lane: keys are derived with as much memory as there is. And all keys are there before the first volume is
//     touched, as the server that has one may not answer.
//   - What is half made is known by a mark in the header that cryptsetup writes first: a subsystem of ours. Until
//     Finish takes it off, what is in the volume is nobody's.
//   - A volume that a policy opens, or whose key was random, cannot be used again by a second run: nobody has the key.
//   - Secrets reach tools as files in memory. Clevis takes its policy as an argument only, which is kept out of the
//     log.
//   - A random key that only binds the volume to its policy is taken off again, once clevis was seen to open the
//     volume.
package volume
