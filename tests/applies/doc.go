// Package applies gives configs by which what `glowplug validate` promises can be held against what a boot does: that a
// config which is valid applies. It is for tests alone.
//
// Generate gives thousands of configs, the same in each run: each field of the model with each value of a table
// (typical ones, edges, odd ones, wrong ones); entries that touch each other (one place, parent and child, link and
// target, user and group, unit and file, partitions, what a filesystem is on); the configs of the table of problems and
// of the recorded verdicts; and changes of all these by dice. Judge has the command check them.
package applies
