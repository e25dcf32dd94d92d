// Package limits knows how much user data platforms take.
package limits

import (
	"fmt"
	"slices"
)

// A Limit is that of a platform, by the id that it has in the kernel argument ignition.platform.id.
type Limit struct {
	ID    string
	Most  int    // bytes that it takes at most
	Safe  int    // bytes that it takes whatever its version and its settings are; 0 where that is Most
	Why   string // what decides between the two
	Coded bool   // the text counts in base64
	Zips  bool   // it hands on what gzip made, and Ignition unpacks it there
}

// All lists the platforms whose limit is documented (docs/peer/targets.md §8).
func All() []Limit {
	const kib = 1024
	return []Limit{
		{ID: "akamai", Most: 65535, Safe: 16 * kib, Zips: true,
			Why: "its documentation has both, the smaller one for text in base64"},
		{ID: "aliyun", Most: 32 * kib},
		{ID: "aws", Most: 16 * kib},
		{ID: "azure", Most: 65535},
		{ID: "cloudstack", Most: 1 << 20, Safe: 32 * kib, Coded: true,
			Why: "the setting vm.userdata.max.length, which is 32768 unless it was raised"},
		{ID: "digitalocean", Most: 64 * kib},
		{ID: "gcp", Most: 256 * kib},
		{ID: "hetzner", Most: 32 * kib},
		{ID: "ibmcloud", Most: 64 * kib},
		{ID: "kubevirt", Most: 1 << 20, Safe: 2 * kib,
			Why: "userData itself has 2048 bytes at most, a Secret that it refers to 1 MiB"},
		{ID: "openstack", Most: 65535, Coded: true},
		{ID: "oraclecloud", Most: 32000, Coded: true},
		{ID: "outscale", Most: 500 * kib, Coded: true},
		{ID: "systemd", Most: 1 << 20},
		{ID: "virtualbox", Most: 128 * kib, Safe: kib,
			Why: "VirtualBox 7 takes 1 KiB, older versions as much as a command line has"},
		{ID: "vmware", Most: 1 << 20, Safe: 64 * kib, Zips: true,
			Why: "a value of guestinfo has 64 KiB at most, unless tools.setInfo.sizeLimit was raised"},
	}
}

// Find gives the limit of a platform.
func Find(id string) (l Limit, known bool) {
	for _, l := range All() {
		if l.ID == id {
			return l, true
		}
	}
	return Limit{}, false
}

// IDs lists the platforms.
func IDs() (all []string) {
	for _, l := range All() {
		all = append(all, l.ID)
	}
	return slices.Clip(all)
}

// Counted is how many bytes a text of some length counts there: base64 makes four of three.
func (l Limit) Counted(length int) int {
	if l.Coded {
		return (length + 2) / 3 * 4
	}
	return length
}

// A Fit is whether a text fits.
type Fit int

// The fits.
const (
	Fits  Fit = iota
	Might     // what Why says decides
	Never
)

// Judge says whether a text of some length fits.
func (l Limit) Judge(length int) Fit {
	switch n := l.Counted(length); {
	case n > l.Most:
		return Never
	case l.Safe > 0 && n > l.Safe:
		return Might
	}
	return Fits
}

// String says what the platform takes.
func (l Limit) String() string {
	most := l.Most
	if l.Safe > 0 {
		most = l.Safe
	}
	if l.Coded {
		return fmt.Sprintf("%s takes %d bytes of user data, counted in base64", l.ID, most)
	}
	return fmt.Sprintf("%s takes %d bytes of user data", l.ID, most)
}
