// Package facts is what planners see of a machine, written down: a document, which a plan can be made on anywhere.
//
// In comes a scene.Scene and a target.Whole. A Recorder stands before them, lets every look through, and notes it with
// its answer in a Document. A Replay gives the same two from a Document. So what planners ask is all that is noted, and
// a plan on a replay is the plan on the machine. A look that is not noted is a *LackError. Planners pass over some
// errors, so whoever plans on a replay asks it for its lacks afterwards: with one, nothing is known of the plan.
//
// The JSON is by the schema that is published beside this. Names and texts are as they are; of bytes that are no UTF-8
// see Text.
//
// What may not be in facts:
//
//   - Of a file that not everybody may read there is no content: only how it compares with what entries of a config
//     ask for (target.Ask), which holds for that config only (For). A planner that reads such a file otherwise has a
//     row in the table of extracts, which says what of it is noted, or cannot be replayed.
//   - Of password hashes it is noted only whether they are those that the config has for the same name.
//   - Of large files that everybody may read it is the same: comparisons, or an extract.
//
// What is surprising: the planner that is recorded gets the whole content, so what is noted decides nothing about it.
package facts
