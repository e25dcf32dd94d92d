package scene

import (
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/order"
)

// A Use is a way of using a device.
type Use string

// The uses. Of the last three the user is a device itself.
const (
	Mount  Use = "mount"
	Swap   Use = "swap"
	Array  Use = "array"
	Volume Use = "volume" // of LUKS
	Device Use = "device" // of any other kind, as a logical volume
)

// A User uses a device.
type User struct {
	Use  Use
	Name string // of a device in /sys/class/block: "md127"; of a mount where it is
	// Volume is the name under which a volume is open.
	Volume string
	// Runs: an array is more than a collection of members that wait for others.
	Runs bool
	// Under are all devices that a device lies on, by their names.
	Under []string
	// Users use the device in turn.
	Users []User
}

// IsDevice: the user is a device that lies on the one that it uses.
func (u User) IsDevice() bool { return u.Use == Array || u.Use == Volume || u.Use == Device }

// Node is the node of a user that is a device.
func (u User) Node() string { return block.NodeOf(u.Name) }

// String says how the device is used: "mounted at /var", "swap", "part of md127".
func (u User) String() string {
	switch u.Use {
	case Mount:
		return "mounted at " + u.Name
	case Swap:
		return "swap"
	}
	return "part of " + u.Name
}

// Words lists users.
func Words(users []User) string {
	var all []string
	for _, u := range users {
		all = append(all, u.String())
	}
	return strings.Join(all, ", ")
}

// UsedBy are those who use the device, and those who use its partitions, by their numbers. The partitions of a
// device-mapper disk use it themselves.
func (s *Seen) UsedBy() []User {
	if s.Mapper != "" {
		return s.Users
	}
	all := slices.Clip(s.Users)
	var numbers []int
	for number := range s.Busy {
		numbers = append(numbers, number)
	}
	order.By(numbers, func(a, b int) int { return a - b })
	for _, number := range numbers {
		all = append(all, s.Busy[number]...)
	}
	return all
}

// Holder is the one device that lies on a device, if nothing else uses that.
func (s *Seen) Holder() (User, bool) {
	all := s.UsedBy()
	if len(all) != 1 || !all[0].IsDevice() {
		return User{}, false
	}
	return all[0], true
}

// without are users but for devices of some names, also among those who use them in turn.
func without(users []User, names map[string]string) (left []User) {
	for _, u := range users {
		if u.IsDevice() && names[u.Name] != "" {
			continue
		}
		u.Users = without(u.Users, names)
		u.Under = slices.DeleteFunc(slices.Clone(u.Under), func(name string) bool { return names[name] != "" })
		left = append(left, u)
	}
	return left
}
