// Package mounts puts the filesystems of a config in their places under the root while the machine is provisioned, and
// takes them down again. It makes no filesystems, and it gives no directory to a user: it tells which ones it made.
//
// In comes the storage of a config. Mount mounts its filesystems, outer ones first: it makes the directories on the
// way, labels them before they are hidden, runs mount(8), and labels a filesystem that is new. What it gives are the
// directories that were made. Undo plans the way back. Preview plans the mounts in a root that is only looked at, and
// gives the root as it will be then, for those who plan what comes after.
//
// What is surprising:
//
//   - Nothing is mounted through a link, as nobody knows where that will lead once the files are in place.
//   - Equal paths do not tell whether something is mounted: its place may be mounted over. The kernel's table has what
//     each mount is in (stack).
//   - A run that was cut off leaves no word of the directories that it made. Those that look as if it had count too.
//   - What a filesystem holds that is kept is not known before it is mounted (Unknown). In an After it counts as
//     nothing, and who cares asks for that; where it is mounted already, or is the root, it is what can be seen there.
package mounts
