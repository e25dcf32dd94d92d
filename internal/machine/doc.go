// Package machine is what a machine in qemu is made of: the arguments of the emulator, the archive that its kernel
// takes as an initramfs, the order of kernel modules, and the virtio ports by which it is talked to; and a run of one
// that is thrown away. What is inside of it, and what it is for, is not known here: internal/guest and the machines of
// tests/vm are made of these parts.
package machine
