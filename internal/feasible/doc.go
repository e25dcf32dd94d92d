// Package feasible says what of a config nothing can be made of: what the planners of disks, mounts and files refuse on
// the root and the disks that suit it best. These are made up of the config alone; what is refused there is refused
// everywhere. It looks at no machine.
//
// In comes a config that the rules let pass (Problems, Refusals), out come the entries that are refused. The root has
// nothing but what entries need and do not make themselves: the users, groups and homes that they name, the targets of
// hard links. Each device is a blank disk of its own, of the largest size that there is; or a disk has what the config
// wants of it already, and a filesystem that is not wiped has what entries need in it.
//
// What is surprising:
//
//   - Nothing suits all entries best: a user of a strange name may be there and cannot be made, a partition may have a
//     number that only a larger table has. So there are several roots and sets of disks, and a config is refused only
//     if each of them refuses something. The others are planned on only where the first has a refusal.
//   - The rules tell most of what planners refuse, at a better place and in better words. What is left is told here.
package feasible
