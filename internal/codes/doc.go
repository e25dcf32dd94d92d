// Package codes is the table of every problem that can be told: its code, how bad it is and who is told, what it means,
// why it matters, what to do, and an example that is wrong beside one that is right.
//
// Nothing comes in. Out come constants, one for each code, which whoever finds a problem takes its code from, and the
// table: Subjects in the order of the docs, Rows, Find. The lists in docs/problems.md and docs/butane.md are made from
// it (make docs). How a problem is found and shown is the business of other packages.
//
// A file has the codes of a subject: the constants, then a function that gives their rows. example.go makes the texts
// of the examples from what differs in them.
//
// What is surprising:
//
//   - The table is functions, not variables: a program that shows no table has none of its 200 KB in it.
//   - A severity stands here and where the problem is raised, because a rule reads better with it. Tests hold the two
//     together: one runs each example and looks for its code, severity and audience, another reads all recorded cases.
//   - An example raises its code alone. Where that cannot be, Beside says what comes along, and Why says why.
//   - Some codes are not raised by reading a text: Pair.By says how the example is run.
package codes
