// Package disks makes disks what a config says: partitions, RAID arrays, LUKS volumes, filesystems. docs/disks.md has
// the tables, docs/rerun.md what a second run does. Mounting is no business of this package.
//
// Each kind of thing is a package below this one, and a row: what devices it wants, and how it is planned. Here the
// rows are put together. In come the storage section of a config and Options: the devices, tools, functions that fetch
// keys and reach servers, randomness. Run works on the machine and gives the Keys that later stages put into the new
// system. Preview tells what Run would do, on any scene.Scene, without doing anything. Finish takes the marks of a
// first boot off volumes, at its end. Meant gives the config with the devices that Run has worked on, for stages that
// come later.
//
// Run first refuses what no machine can do, and looks for the tools that are needed in any case. Then come the rounds,
// one for each row: release (stop arrays and volumes that lie only on disks which wipeTable gives up), partitions,
// arrays, volumes, filesystems. Each round waits for its devices, makes sure that their names lead to what the config
// means by them, plans on what is seen, looks for the tools that this takes, asks libblkid about devices that look
// blank, and runs its lanes side by side, a lane for each disk or filesystem.
//
// What is surprising:
//
//   - There is no plan of the whole: what an array holds is not known before it is there. Preview gives each round what
//     the rounds before will leave (scene.After), and where nothing can be predicted an action is deferred: it lists
//     what may come of it.
//   - A planner gets no machine: what an action works with it is given when it runs. A plan never gives up what the
//     config does not give up, and an action that destroys looks again before it does. It carries what it was decided
//     on; if the device holds something else by then, it fails.
//   - A device is worked on by its alias, a link in /run/ignition/dev_aliases: names by label or UUID vanish with the
//     label, and may go over to another disk.
//   - A name that the config itself gives (the label of a partition, the name of an array) means what the config makes,
//     whatever another disk of the machine is called (meanings).
//   - Nothing remembers an earlier run. What is half made is told by evidence on the device itself: superblocks that
//     come last, events of an array that never ran, a mark in the header of a volume.
//   - Lanes all run to their end even if one fails: what they do is wanted in any case.
package disks
