package releases

import (
	"strconv"
	"strings"
)

// Systemds gives the first release with each systemd, 0 for one that is not known: of Flatcar by what it publishes of
// each release, of others by the packages of what they are built of (docs/peer/targets.md §11).
func (s System) Systemds(yield func(since string, version int) bool) {
	for _, step := range strings.Fields(s.systemd) {
		since, number, _ := strings.Cut(step, "=")
		version, _ := strconv.Atoi(number)
		if !yield(since, version) {
			return
		}
	}
}

// Systemd is the systemd of a release, 0 where it is not known.
func (s System) Systemd(release string) (version int) {
	for since, v := range s.Systemds {
		if compare(since, release) <= 0 {
			version = v
		}
	}
	return version
}

// OldestWith gives the first release with a systemd, or a later one; "" where none is known.
func (s System) OldestWith(systemd int) string {
	for since, v := range s.Systemds {
		if v >= systemd {
			return since
		}
	}
	return ""
}
