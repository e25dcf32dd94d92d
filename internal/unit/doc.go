// Package unit reads systemd unit text, and judges unit names; pure.
//
// The grammar is the one by which the peer validates, that of github.com/coreos/go-systemd/v22/unit (docs/peer/spec.md
// §3.7). systemd itself reads units by other rules; what it would make of the options is not this package's business.
//
// In come texts and names; out come faults with their places (Check, LineTooLong, CheckName), options (Parse), lines
// with the places of their words (Lines), what [Install] sections say together (ReadInstall), and what presets do to a
// unit (preset.go). All of them read a text by one lexer, once.
//
// What is surprising:
//
//   - A section may open anywhere in a line that is no assignment, and its name may go over several lines.
//   - A comment that ends in a backslash goes on in the next line, which systemd does not do.
//   - Whether a line is too long depends on where the peer's reader fills its buffer, so the lexer keeps count of that
//     where it is asked to, and nowhere else.
//   - A name passes CheckName by its ending alone, as with the peer; CheckNameStrictly has what systemd says.
package unit
