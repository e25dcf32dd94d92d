// Package boot holds the tests that boot a Debian from nothing: its kernel, an initrd that its own dracut made with our
// module in it, disks, and a config on one of the ways of platforms. What came out is asked inside the booted system.
// `make test-vm` runs them.
package boot
