// Package files plans and makes what a config wants below a target root: accounts, homes and SSH keys, directories,
// files, links and units. In a boot that is also what stays beside them: keys of encrypted volumes, files of the
// platform, the result file and SELinux labels. docs/files.md and docs/accounts.md say the same for people, with the
// tables.
//
// In come a merged config, a View of the root, which only looks, and Options: the root that steps act on, tools, a
// function that fetches content, what a boot adds. Out comes a plan.Plan. Plan changes nothing; what it sees to be
// impossible is an error that names the entry to blame. What a config means is not decided here, nor where content
// comes from, nor what a line of an account file says (internal/accounts).
//
// A plan is made in this order: accounts; the places of all nodes; units; what a boot adds; the nodes themselves. It
// runs in another: a boot's record of what gets labels, accounts and keys, nodes by depth, hard links, units, the rest
// of what a boot adds, labels last. Where the image's own tools make accounts, ToolAccounts is a plan that runs before
// Plan looks, because only the tools know which ids they choose.
//
// What is surprising:
//
//   - The planner sees the root at two later times. An arranged is the root once the accounts are made: homes moved,
//     made or gone. A world lies over it, with all nodes of the config in place. A path is resolved in the world, so an
//     entry may be below a link that the config itself makes; settle goes on until no path moves any more.
//   - Units are planned before nodes though they run after them: a unit may take the place of a file, and the file's
//     step has to recognise that when the plan runs again (worker.claims).
//   - judge is one table over all inputs. The planner asks it of what the view shows, and each step asks it again of
//     the real thing when it runs.
//   - A plan that was cut off and is run again ends as an undisturbed one. What cannot be told from the root itself has
//     a record below /etc/.glowplug: appended files, hard links, key files, account files, labels.
//   - Keys are written as the user, on a thread of its own (root.Root.As): a home may hold links of the user's.
package files
