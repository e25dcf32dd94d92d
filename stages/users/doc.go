// Package users plans the groups and users of a config: what of them is outside the account files (homes, mail files),
// the account files, all at once, and SSH keys. docs/accounts.md says the same for people, with the tables, and
// docs/files.md of keys.
//
// In come what the config wants, a target.Target, the target.Means of the steps, and Options. Out comes a plan, and
// what the account files will say, for owners by name. Plan lays all that it plans over the Target: homes that are
// made, moved, given away and removed, account files, keys. What it sees to be impossible is an error that names the
// entry to blame; all that do not depend on each other are told. What a line of an account file says is decided by
// internal/accounts.
//
// Where the image's own tools make accounts (Options.ByTools), ToolAccounts is a plan that runs before anything else is
// planned, because only the tools know which ids they choose; Expect lays what they are expected to do.
//
// What is surprising:
//
//   - Homes come before the account files: as long as these do not name a user, a run makes the user from the
//     beginning, and finds what is there of the home already.
//   - Keys are written as the user, on a thread of its own (root.Root.As): a home may hold links of the user's.
package users
