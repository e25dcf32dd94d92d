// Package readonly takes from a process, for the rest of its life, what changes a machine: opening files and devices
// for writing, making, renaming and removing names, changing owners and modes, mounting, starting programs, telling the
// kernel of partitions. What is open stays open. It is not for keeping an attacker in: reading, and talking to servers,
// stay as they are.
//
// Two mechanisms of the kernel do it, since neither does all. Landlock (landlock(7)) goes by what an open would do, in
// whatever call it is asked for. Seccomp (seccomp(2)) goes by system calls: those that Landlock knows nothing of, and,
// where there is no Landlock, opens whose flags it can see. A kernel may lack either, and Landlock is not for programs
// that are built with cgo; Seal says which is missing.
package readonly
