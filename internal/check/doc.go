// Package check is the validate command of two programs, and the command ignition-validate.
//
// Names come in: of files, of folders, and - for standard input. Folders are replaced by their configs (folders.go).
// The files are read side by side, each by package load; where fixes are wanted, one by one, a fix being written once
// the text with it has been read again (fix.go, rewrite.go). What is found goes out as text for people (show.go), or in
// one of the forms of package results, in the order of the names, with an exit code. What is said of one text is also
// there for editors, which have it before any file has (judge.go).
//
// What is surprising:
//
//   - A text above 1 MiB is read while no other is: it sets the pace of the collector, but for plans.
//   - The problems of all files are kept until the end, because some forms begin with the verdict.
//   - A folder without a config is an error, as is a file that cannot be read. The other files are checked all the
//     same.
//   - peer.go is the command under the peer's name, and shares nothing with the other but the rules.
package check
