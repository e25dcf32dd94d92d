// Package leave plans what a boot leaves in the root beyond what a config says of files: keys of encrypted volumes and
// crypttab, files of the platform, the result file, and SELinux labels of all that was written. docs/files.md says the
// same for people.
//
// In come a merged config, a target.Target in which everything else has been planned or has claimed its place, what the
// image decides, and a Boot. Claim takes the places of what is written, so that entries of the config in the same
// places know what comes after them. Plan gives two plans: what comes before all other steps (the record of what is to
// get labels) and what comes last. What cannot be is an error for each file that is to blame, and the rest is planned
// all the same.
//
// What is surprising:
//
//   - A key that is there is replaced only where a run before has made the file, which a record below target.StateDir
//     tells. It is on disk before the first key is.
//   - The UUIDs of volumes are those that cryptsetup prints when the step of crypttab runs. The planner knows the lines
//     of a run before by all but them.
//   - Labels are set on the places that the Target has claims for: nobody hands a list on.
package leave
