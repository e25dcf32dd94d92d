// Package foretold holds what `glowplug plan` says against what is done. A Plan is what the program says, as JSON. A
// Tree is what is in a directory; two of them, before and after, show what was done there. Deeds are steps that ran, by
// their own account: events, or lines of the engine's log. Each comparison gives faults, in words. Rows are what
// docs/rerun.md lets a second plan say. It is for tests alone.
//
// The suites hold every run against its plan that goes well: calls of `glowplug apply` and ignition-apply, also with a
// config from standard input, with another plan to be compared with (--plan), and as another user; files stages, also
// above what an image brings along, whose configs a test merges as a stage does (Merged); whole boots on disks and in
// machines. No plan is asked of
//
//   - calls that fail, as they stop where they fail, or have done nothing: among them ignition-apply outside of a
//     container, which refuses before it reads what it is to do;
//   - dry runs, which are the plan;
//   - a call whose plan comes from standard input (--plan -), which is read once, by the call;
//   - stages of scripts other than files: fetch writes no root, and in scripts disks and mount have no devices, and the
//     helper for kernel arguments is a fake. tests/disk and tests/vm have these with real ones.
package foretold
