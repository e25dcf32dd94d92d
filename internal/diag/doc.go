// Package diag is a problem with a place in a text, how problems are shown, and what of a text may be printed. It knows
// nothing of configs.
//
// A Document is a text with a name. A Problem has a severity, a code, a Place (a span of a document), a path, says what
// is wrong and what to do, and may point at other places. A Fault is what a check of a single value finds, before
// anyone knows where the value stands. A List collects problems. For gives what an audience is told of them. Three
// renderers show them: Style.Text with carets for people, Line for programs that read lines, WriteJSON. PeerLine is
// Line as Ignition has it.
//
// Hints travel with errors (WithHint, Hints), so that whoever shows an error can say what to do. Nearest finds the word
// that somebody most likely meant. A Trail is a path that costs nothing until somebody asks for its text.
//
// What is surprising:
//
//   - The three audiences differ in what is told and how badly: Stricter is a rule that Ignition lacks, Laxer a warning
//     that is an error to it, PeerOnly what only its names say. Rules do not look at the audience.
//   - An error that is Stricter may be put right by a config that is merged (Mends), so it is one of the whole only.
//   - A List keeps twice as many problems as are shown, counts the others, and puts in one problem that stands for
//     them, so that a hostile document costs no more than a bad one.
//   - Positions count bytes. Lines of a document are found when the first place is shown, not when it is read.
//   - A Secret is text that does not print, whatever formats, logs or encodes it. Only Reveal gives it.
//   - A document says by itself which spans no excerpt may show (Secrets). Until it does, all is hidden but
//     keys, numbers, and words below keys that are known.
//   - What is put into a line goes through Printable or OneLine. A Screen around each stream has the last look, and
//     lets through text, line ends, and the colours of this package.
package diag
