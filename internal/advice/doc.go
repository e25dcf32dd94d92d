// Package advice says to those who can still change a config what to write in the place of what is wrong. It is for the
// workstation's programs: a boot shows nobody a hint that could be followed, and its program is small.
//
// In come the problems of texts, as package load finds them; they leave with better hints, and with fixes where nothing
// else can have been meant. None is added, and what is wrong does not change.
//
// Give goes through the problems. For each code that something is known about there is a function (adviserOf), which
// gets the value or the member that the problem is about (wrong): its node in a tree that is made anew of the text, its
// shape in the language, and the notation of the text. What it gives is an advice: a hint, and the value to write.
//
// What is surprising:
//
//   - The text is read again, because a config is changed while it is decoded. A text above 512 KiB is not.
//   - What an advice says has to be right in the notation of the text: a Butane document may be in JSON, which has no
//     octal numbers and no dashes.
//   - A hint must not show what may be a secret: names and words only where diag.MayShow takes them for such.
//   - A problem that would lead the wrong way is marked as one for the peer's names only.
package advice
