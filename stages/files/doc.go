// Package files joins the plans of what a config wants below a target root: accounts (stages/users), directories, files
// and links (stages/nodes), units (stages/units), and in a boot what stays beside them (stages/leave).
//
// In come a merged config, a target.View of the root, which only looks, and Options. Out comes a plan.Plan. Plan
// changes nothing; what it sees to be impossible is an error, of all that is in the way at once, that names the entries
// to blame. A plan of the rest is given beside it.
//
// The plans are made in the order in which they run, each over what the ones before it will leave. What comes after the
// nodes takes its places before these are planned, so that each knows what becomes of it. Only a boot's record of what
// gets labels, which is known last, comes first. Where the image's own tools make accounts, PlanTools is a plan that
// runs before Plan looks, because only the tools know which ids they choose.
package files
