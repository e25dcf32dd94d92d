// Package guest is what goes on inside the machine that is thrown away: its first process, which provisions the disks
// that it has by the stages of a boot. In comes an Order over the port; out go Sayings, a line of JSON each, and the
// machine is off. How the machine is made is internal/machine's and internal/initramfs's business.
//
// It goes so: the kernel's own filesystems are mounted and the modules loaded that find the disks and the port; the
// machine says that it is there, and gets its order; udev gives the disks the names that the config has for them; the
// root is found, unless the config makes it; the stages run, in this process; what stands for "has never been started"
// is put into the root; and all is unmounted.
//
// Roots and boot entries are found by a survey of every filesystem, of btrfs of the subvolumes that a kernel would be
// told to take; what is chosen of it is decided by functions that touch nothing. The survey is made before anything is
// changed, and again for kernel arguments when the disks are what the config says: the stage kargs then calls the
// helper that a first boot may have, with the folders of all filesystems that have entries.
//
// Or it tells in what the disks differ from a config: then, in the place of the stages, what is on the disks is mounted
// for reading, and an Item is told for each entry.
//
// What may surprise: the names of disks are links. What the kernel calls them is chosen so that it is none of the
// config's names.
package guest
