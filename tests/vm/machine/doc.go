// Package machine runs virtual machines for tests: qemu with a kernel, disks, a TPM and the channels by which platforms
// hand over a config. It also makes the Debian root and the kernel that they run. It is not for the programs, and knows
// nothing of glowplug.
//
// In comes a host with qemu; out come parts (a disk, an initramfs, a kernel), which are made once and kept, and running
// machines of them. A recipe is what a part is made of, so that another recipe makes another part. A Machine is one
// emulator: its console, its monitor, its disks, and a session inside of it that runs commands.
//
// It goes so: the host's tools are installed where they are missing; the parts are made, or found; a machine waits for
// a seat, as no more of them run than the host has processors; it boots, and a test talks to it; what is left of one
// that fails is kept for whoever looks into it.
//
// What may surprise: there is no KVM, so a machine is slow, and slower on a busy host. Its limits count what its
// emulator computes and how long it sleeps, and never the time of day. What a limit ends leaves its console, the state
// of its processor, and its processes and journal.
package machine
