// Package device is the block devices of this machine as they are now: it waits for them, finds what a name leads to,
// looks at what is on one and who uses it, holds a disk while it is written to, and tells the kernel and udev of what
// changed. What should be on devices is decided elsewhere (stages/disks); what bytes on them mean is internal/block's.
//
// In come paths as a config has them; out come a scene.Seen (all that is known of a device), or a Claim, a disk that
// nobody else is to touch. A Scene, of devices by their names or by their aliases, starts nothing and changes nothing;
// Alias, Claim, Tell and Announce do.
//
// A change of a partition table uses it in this order: Wait until the device is there; Alias, the link by which tools
// get it; Look; Claim, which looks once more; Forget, to have the kernel drop partitions that go; writes; Tell,
// which gives the kernel the new ones; Close of the claim; Announce, until udev knows them.
//
// What is surprising:
//
//   - Devices are waited for in udev's database, a folder, by the rules by which systemd makes device units of it.
//     Asking systemd would take a bus.
//   - Devices are read past what the kernel remembers of them: drivers that build upon a device do not write through
//     that.
//   - Who uses a device is what the kernel knows: mounts, swap, holders. Partitions of a device-mapper disk are its
//     holders, and count only if something uses them in turn.
//   - Mounts of other namespaces are in no list. Opening exclusively finds them (OpenAlone), and waits a little for
//     programs that only look.
//   - Of two devices that claim one name, udev gives it to the one that it looked at last. Lead waits for the right
//     one, and has udev look at it again.
//   - While a device is held alone no program may be started: between fork and exec the child would hold it, too.
package device
