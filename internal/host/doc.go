// Package host is the machine: tools, rooted paths, and the Steps that plans are made of. It is the only package that
// runs processes, and the only one that changes a target root. It does not know what a config is: a planner decides, a
// Step carries the decision, and this package does it without leaving the root.
//
// There are three parts. Step, Plan and Run: a step prints itself, checks itself and does itself. Tools: running
// programs, with their own names in the image, a limit of time, and secrets kept out of arguments and of what is
// logged. Root: a directory that stands for "/", with all that reads, makes, moves and removes below it.
//
// Run takes steps in order. Those that have a Prepare are taken up to 128 at a time: each is checked and prepared
// (files are written under temporary names), then Flush brings all to disk by one syncfs, and then each Do gives one
// its name. Steps that are Parallel are prepared beside each other. The first failure ends the run; nothing is rolled
// back, and running the same plan again goes on where it stopped.
//
// What is surprising:
//
//   - Paths are resolved by openat2 with RESOLVE_IN_ROOT, so links lead where a chrooted process would go. os.Root will
//     not do: it refuses absolute links. Kernels before 5.6 get a walk by descriptors with the same guarantee.
//   - WithoutLinks gives a view in which a link on the way is an error. It is for paths that have been resolved
//     already: a link there has been put there since.
//   - Trees are gone through by descriptors. What belongs to a user may change between two calls, so nothing is looked
//     up twice: what is opened is what is looked at and changed.
//   - As calls a function as a user, on a thread that ends afterwards: ids belong to a thread in Linux.
//   - Temporary names follow from the file's name, so the next run finds and clears what one that was cut off has left.
//   - Commit replaces several files together, by a record that Recover finishes: for account files.
//   - A secret for a tool is a file in memory, passed as a descriptor (SecretFile). What a tool prints is looked
//     through for it before anybody sees it.
//   - Removing never crosses a mount.
package host
