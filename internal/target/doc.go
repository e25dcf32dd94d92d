// Package target is a root as it is seen, with what is planned for it laid over: where a path will be, what will be
// there when its turn comes, and who else wants the place. Planners look at a Target and change nothing but it; what
// their steps act with is a Means.
//
// In comes a View: of a directory, or of facts that were noted elsewhere. Two kinds of plans are laid over it, in the
// order in which they will be carried out. Accounts come first and count as done at once: homes that are made, moved,
// given away and removed (Put, Move, Give, Remove), account files and keys. Then the entries of the config claim their
// places, all together: a path is resolved as a process sees it that is chrooted into the root once every entry is in
// place, so an entry may be below a link that the config itself makes, and Settle goes on until no place moves any
// more. What comes after the entries, units and the files of a boot, takes places of theirs (Take).
//
// Claims are settled while planning: an entry is told what takes its place (Over), and whether that has been done
// already, by a run before. No step asks another.
//
// Judge is one table for what is to become of what is there. Files are written in one way: under a temporary name, with
// their attributes, and flushed together with those of other steps (Draft, Fill) or on disk when the step is over
// (WriteSynced). What a run that is repeated cannot tell from the root itself has a record below StateDir.
package target
