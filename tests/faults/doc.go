// Package faults runs a program so that a test is asked of its system calls, and of those of all that it starts, before
// the kernel does them: each can be done, refused with an error, done in part, or be the one at which everything is
// killed. Nothing has to be built into the program for that.
//
// strace(1) can refuse calls too, but counts those of each thread by themselves, so that which call is the fifth of a
// Go program is another one each time; and it cannot choose by what a call is about. Here the kernel asks for each call
// that a filter picks (seccomp_unotify(2)), in one place for all threads and processes, and a call is known by its
// program, its name and what it is about.
//
// The test's own binary is what sets up the filter and then becomes the program: a TestMain has to call Launched.
package faults
