// Package systemd holds what is known here of systemd's units against the systemd of Debian 13: the table of settings
// against its package, and what is advised about units against what `systemd-analyze verify` says of them.
//
// It needs a package of Debian and runs it in a chroot, so its tests are those of `make test-disk`.
package systemd
