// Package cli is what the programs' command lines are. A command is a row (Command): how it is called, what its options
// mean, which exit codes it has, examples, and what runs. A program is one such row, or several of which the first
// argument says which. What a command does is no business of this package, nor is the process that it runs in.
//
// In comes a table of programs and a Process: a name, arguments, streams. Out comes an exit code. Run finds the program
// by the name, the command by the first argument, has the one parser read the rest by the grammar of the row, calls the
// command and tells of its error, once: an error of use with a way to the help, any other in a line, with its hints.
//
// Of the same rows are made: help, and the scripts that complete in bash, zsh and fish; by tests/manual also the pages
// of the manual in docs/man, and the option tables in docs/*.md. Tests of cmd/glowplug hold the files to the rows.
//
// What is surprising:
//
//   - A row is made anew for each run, as its options set variables that belong to it.
//   - Names of other programs have grammars of their own, as units and scripts call them in the way that they know: one
//     dash before a name, letters together, options only in front, several options in the last argument.
//   - With a dash as ours, -files-dir is a name if there is one, and otherwise letters.
//   - A command whose output was lost has failed, but for a stage of a boot, whose output is its log.
package cli
