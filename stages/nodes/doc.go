// Package nodes plans the directories, files and links of a config. docs/files.md says the same for people, with the
// tables.
//
// New reads the entries, Claim settles where they are once all of them are in place, and Plan decides what becomes of
// what is there, in the order of their effects: by depth, hard links last. What cannot be is an error for each entry
// that is to blame, and the rest is planned all the same.
//
// What is surprising:
//
//   - target.Judge decides over what is there. The planner asks it of what its view shows, and each step asks it again
//     of the real thing when it runs.
//   - What takes the place of an entry after it, a unit, say, may have done so in a run before. Then the entry has been
//     made, and its step has nothing to do (comesAfter).
//   - What cannot be told from the root itself has a record below target.StateDir: appended files, hard links.
//   - Two entries may be names of one file, by hard links or by mounts. They are held against each other (sharing).
package nodes
