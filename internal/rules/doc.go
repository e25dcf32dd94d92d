// Package rules is what makes a config sensible: rules over the model, each told at the path that breaks it. It is
// pure, and judges a document by the version of the language that it is written in. docs/problems.md lists the codes.
//
// In comes a document that package document has read (Document, Rules); out come problems, each with a code, a place, a
// path, mostly a hint, and related places. Rules alone is for a merged config, in which merging has left nothing that
// is there twice.
//
// The rules go through a config in the order of checker.config: places of units, ignition, accounts, owners, storage,
// units, and last the table of what may stand in a field that becomes a line, an argument or a name (internal/field). A
// rule gets a typed value and a cursor, reports, and goes on; none ends the work.
//
// What is surprising:
//
//   - A cursor costs nothing until something is reported: only then are path and place worked out.
//   - Rules that Ignition does not have are marked stricter. Rules do not know who is listening: diag.For gives what a
//     workstation, a boot or a caller of a peer's name is told.
//   - A rule is silent on an object in which a value was of a wrong kind, as it would blame the absence of that value.
//   - What disks, accounts and units refuse when they run is asked of the packages that do it (internal/accounts,
//     internal/block, internal/field, internal/unit), so that valid means that it will apply.
//   - Only so many problems are kept (diag.List). What a rule writes to one that is not is thrown away, so rules need
//     not count.
//   - Rules that compare all pairs are done by sorting; brute_test.go has the pairs, word for word, to hold them
//     against.
package rules
