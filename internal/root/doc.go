// Package root is a directory that stands for "/": what reads, makes, moves and removes below it, without leaving it.
// It is the only package that writes below a target root, and does not know what a config is: a planner decides, and
// its steps call this package.
//
// A Root is opened once for a run; its Reader is the part that changes nothing. What comes in is paths in it; what goes
// out is Facts, the bytes of files, and errors that name the path in the root. Making a file is three steps: Create
// writes under a temporary name, Sync brings all that was written to disk by one syncfs for each filesystem, Place
// gives the name.
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
//   - Removing never crosses a mount.
package root
