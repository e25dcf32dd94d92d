// Package disk holds tests that need root: real system trees, mounts, loop devices, other owners. `make test-disk` runs
// them and prepares what they need. Without the tag disk it is empty.
package disk
