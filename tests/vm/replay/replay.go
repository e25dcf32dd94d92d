// Package replay holds the tests of what is on disks when the power is cut. They run inside virtual machines, as root:
// in one a boot whose writes are noted outside, in the next one disks with some of these writes, on which the boot
// begins again. `make test-replays` runs them.
package replay

// Disks are the disks of a machine whose writes are noted, and of one that gets them again, in the order of the log:
// four that the config is about, one that the root is on, and one that says in the log where the boot begins and ends.
var Disks = []struct {
	Name string
	MiB  int64
}{{"w0", 512}, {"w1", 512}, {"w2", 512}, {"w3", 512}, {"root-fs", 256}, {"marks", 1}}

// LogDisk is the disk that the log is on, and CountFile the file of the payload that says how many cuts there are.
const (
	LogDisk   = "log"
	CountFile = "cuts"
)
