// Package page makes pages of HTML, of a plan and of the report of a first boot, for a browser and for paper. Each is
// one file that needs nothing else: no script, no picture, no font, and a policy (CSP) that allows none. In comes a
// report.Plan (Write) or a bootreport.Report (WriteReport), and nothing more of it is shown than its text shows.
//
// A page is a tree of nodes (node.go). These are of elements, attributes and classes that are constants of this
// package, and all else is a text, which is escaped where it is written: whatever comes in, it can add no element and
// no attribute.
//
// A draft collects sections under headings, and from these the table of contents; then all is written at once. Of a
// plan: what is in the way, what is destroyed, then its topics, each in its way (disks, layers, trees, tables).
// Of a report: why it has failed, the times, warnings, configs.
//
// What is surprising:
//
//   - Sizes and times are drawn by classes (g1 to g100), as the policy allows no style attribute. The numbers beside
//     them say the same to who does not see them.
//   - The style sheet is one for both pages, and its digest is in the policy of each.
package page
