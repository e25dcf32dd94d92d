package config

import "strings"

// A Sameness says what means the same at one field, beyond what is written the same. Of two lists it is the same items
// in any order.
type Sameness struct {
	// Path is like that of a Field, for one field or for all whose paths end so.
	Path string
	// Default is the value that means the same as none, whatever else is said and is there; Blank: so does an empty
	// text. Made is the one of what is made anew; without it, what is there keeps its own.
	Default string
	Blank   bool
	Made    string
	// AnyCase: letters mean the same in either case. Cleaned: a path, of which only where it leads counts.
	AnyCase, Cleaned bool
	// Ordered: the order of a list counts, as what comes of an item depends on those before it. It does not where all
	// items have the members Settled, other than 0.
	Ordered bool
	Settled []string
}

// Samenesses is the table of all that means the same.
func Samenesses() []Sameness {
	return []Sameness{
		{Path: "ignition.proxy.httpProxy", Blank: true},
		{Path: "ignition.proxy.httpsProxy", Blank: true},
		{Path: "ignition.timeouts.httpResponseHeaders", Default: "10"},
		{Path: "*.hash", AnyCase: true},

		{Path: "kernelArguments.shouldExist", Ordered: true}, // of some the last one counts (kernel-command-line(7))

		{Path: "passwd.groups", Ordered: true, Settled: []string{"gid"}}, // who has no id gets the next free one
		{Path: "passwd.groups.*.shouldExist", Default: "true"},
		{Path: "passwd.users", Ordered: true, Settled: []string{"uid"}},
		{Path: "passwd.users.*.gecos", Blank: true},
		{Path: "passwd.users.*.homeDir", Blank: true},
		{Path: "passwd.users.*.noCreateHome", Default: "false"},
		{Path: "passwd.users.*.noLogInit", Default: "false"},
		{Path: "passwd.users.*.noUserGroup", Default: "false"},
		{Path: "passwd.users.*.primaryGroup", Blank: true},
		{Path: "passwd.users.*.shell", Blank: true},
		{Path: "passwd.users.*.shouldExist", Default: "true"},
		{Path: "*.system", Default: "false"},

		{Path: "storage.directories.*.mode", Made: "493"},
		{Path: "storage.files.*.append", Ordered: true},
		{Path: "storage.files.*.mode", Made: "420"},
		{Path: "storage.links.*.hard", Default: "false"},
		{Path: "*.overwrite", Default: "false"},

		{Path: "storage.disks.*.partitions", Ordered: true, Settled: []string{"number", "startMiB", "sizeMiB"}},
		{Path: "storage.disks.*.partitions.*.guid", AnyCase: true, Blank: true},
		{Path: "storage.disks.*.partitions.*.resize", Default: "false"},
		{Path: "storage.disks.*.partitions.*.shouldExist", Default: "true"},
		{Path: "storage.disks.*.partitions.*.typeGuid", AnyCase: true, Blank: true},
		{Path: "storage.disks.*.partitions.*.wipePartitionEntry", Default: "false"},
		{Path: "storage.disks.*.wipeTable", Default: "false"},
		{Path: "storage.raid.*.devices", Ordered: true, Cleaned: true},
		{Path: "storage.raid.*.spares", Default: "0"},
		{Path: "*.options", Ordered: true},

		{Path: "storage.filesystems.*.mountOptions", Ordered: true},
		{Path: "storage.filesystems.*.path", Blank: true, Cleaned: true},
		{Path: "storage.filesystems.*.uuid", AnyCase: true},
		{Path: "storage.filesystems.*.wipeFilesystem", Default: "false"},

		{Path: "storage.luks.*.cex.enabled", Default: "false"},
		{Path: "storage.luks.*.clevis.custom.needsNetwork", Default: "false"},
		{Path: "storage.luks.*.clevis.tang.*.advertisement", Blank: true},
		{Path: "storage.luks.*.clevis.threshold", Default: "1"},
		{Path: "storage.luks.*.clevis.tpm2", Default: "false"},
		{Path: "storage.luks.*.device", Cleaned: true},
		{Path: "storage.luks.*.discard", Default: "false"},
		{Path: "storage.luks.*.openOptions", Ordered: true},
		{Path: "storage.luks.*.uuid", AnyCase: true, Blank: true},
		{Path: "storage.luks.*.wipeVolume", Default: "false"},

		{Path: "systemd.units.*.contents", Blank: true},
	}
}

// A Sames finds rows of the table. It is made by whoever asks, so that programs that do not are without the table.
type Sames map[string]Sameness

// NewSames has the whole table.
func NewSames() Sames {
	all := Sames{}
	for _, s := range Samenesses() {
		all[s.Path] = s
	}
	return all
}

// At is the row of the field at a path with * for any index, or else that of how its path ends.
func (s Sames) At(path string) Sameness {
	row, found := s[path]
	if i := strings.LastIndexByte(path, '.'); i >= 0 && !found {
		return s["*"+path[i:]]
	}
	return row
}
