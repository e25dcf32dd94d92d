package codes

// The codes of the boot disk of a Butane document, and of partitions on it.
const (
	LayoutUnknown     Code = "layout-unknown"
	LayoutMissing     Code = "layout-missing"
	LayoutDevice      Code = "layout-device"
	LayoutMirror      Code = "layout-mirror"
	LUKSNoMethod      Code = "luks-no-method"
	MirrorOne         Code = "mirror-one"
	CEXLayout         Code = "cex-layout"
	PartitionReuse    Code = "partition-reuse"
	PartitionReserved Code = "partition-reserved"
	PartitionMixed    Code = "partition-mixed"
	RootSmall         Code = "root-small"
	RootConstrained   Code = "root-constrained"
)

// bootDevice is a document with a boot disk.
func bootDevice(members, wrong, right string) *Pair {
	return fcos("boot_device:\n"+members, wrong, right)
}

// bootPartitions is a document with partitions on the boot disk of an image.
func bootPartitions(partitions, wrong, right string) *Pair {
	return fcos("storage:\n  disks:\n    - device: /dev/disk/by-id/coreos-boot-disk\n      partitions:\n"+partitions,
		wrong, right)
}

func bootRows() []Row {
	return []Row{
		{
			Code: LayoutUnknown, Line: "there is no such layout", Do: "write one that the hint lists",
			Why: `A layout says which partitions the boot disk of a machine of that kind has, beside the root.`,
		},
		{
			Code: LayoutMissing, Also: []Kind{Warning},
			Line: "a mirrored boot disk without a layout; an error from fcos 1.7.0 on",
			Do:   "add the machine's `layout`",
			Why: `All partitions of a mirrored boot disk are made anew, and which there are depends on the kind of
				machine. Older versions take x86_64.`,
		},
		{
			Code: LayoutDevice, Line: "a layout that needs to know the disk, or another kind of disk",
			Do: "add `luks.device`",
			Why: `Disks of mainframes have no partition labels that the root could be found by: s390x-eckd takes a
				whole DASD such as /dev/dasda, s390x-zfcp a disk such as /dev/sda.`,
		},
		{
			Code: LayoutMirror, Line: "disks of the layout cannot be mirrored",
			Do:  "remove the mirror, or change the layout",
			Why: `Mainframes mirror their storage themselves, and their boot loader cannot start from an array.`,
		},
		{
			Code: LUKSNoMethod, Also: []Kind{OurError, OurWarning},
			Line: "a disk to encrypt, but nothing that says how; a warning where that is switched off",
			Do:   "add `tpm2: true`, a Tang server or `cex`",
			Why: `Nobody is there to type a passphrase at boot. A key that is kept in the config alone would lock the
				machine out of its own root.`,
		},
		{
			Code: MirrorOne, Line: "a mirror of one disk", Do: "list at least two disks, or remove the mirror",
			Why: `One disk mirrors nothing. When it fails all is lost, though the config looks as if it were not.`,
		},
		{
			Code: CEXLayout, Line: "Crypto Express with a layout that is not of s390x", Do: "choose an s390x layout",
			Why: `The adapters are in mainframes only.`,
		},
		{
			Code: PartitionReuse, Kind: Warning, Line: "a partition to keep that is known by its label alone",
			Do: "give its number, or wipe the table",
			Why: `A second installation would find a partition of that label with another number, and stop rather
				than write over it.`,
		},
		{
			Code: PartitionReserved, Kind: Warning, Line: "a label of the image at another number",
			Do: "use the number that the hint names, or another label",
			Why: `The image has a partition of this label. At another number a new one is made beside it, and which
				of the two the image uses then is not said.`,
		},
		{
			Code: PartitionMixed, Kind: PeersError,
			Line: "what Ignition 2.27 allows and Butane 0.29 does not",
			Do:   "give the new partition a number",
			Why: `A disk has a partition that is to be absent beside one that gets the next free number. Butane goes
				by an older rule.`,
		},
		{
			Code: RootSmall, Kind: Warning, Also: []Kind{PeersWarning},
			Line: "a root partition of less than 8 GiB", Do: "set `size_mib` to 8192 or more",
			Why: `An update keeps two trees of the system side by side, and a root that is full can no longer be
				updated.`,
		},
		{
			Code: RootConstrained, Kind: Warning, Also: []Kind{PeersWarning},
			Line: "a root partition that cannot grow", Do: "give the root partition a size, or the other one a start",
			Why: `A first boot grows the root to the end of the disk. A partition that gets the next free place lies
				right behind the root as the image has it, some 2 GiB, and is in the way.`,
		},
	}
}

// bootPairs are the examples of these rows.
func bootPairs() map[Code]*Pair {
	return map[Code]*Pair{
		LayoutUnknown: bootDevice("  layout: ~~\n  luks:\n    tpm2: true\n", "amd64", "x86_64"),
		LayoutMissing: bootDevice("  ~~mirror:\n    devices: [/dev/vda, /dev/vdb]\n", "", "layout: x86_64\n  "),
		LayoutDevice: bootDevice("  layout: s390x-eckd\n  luks:\n    ~~cex:\n      enabled: true\n", "",
			"device: /dev/dasda\n    "),
		LayoutMirror: bootDevice(
			"  layout: ~~\n  mirror:\n    devices: [/dev/vda, /dev/vdb]\n", "s390x-virt", "x86_64"),
		LUKSNoMethod: bootDevice("  layout: s390x-eckd\n  luks:\n    device: /dev/dasda\n~~", "", "    tpm2: true\n"),
		MirrorOne:    bootDevice("  layout: x86_64\n  mirror:\n    devices: [/dev/vda~~]\n", "", ", /dev/vdb"),
		CEXLayout: bootDevice(
			"  layout: ~~\n  luks:\n    device: /dev/dasda\n    cex:\n      enabled: true\n", "x86_64",
			"s390x-eckd"),
		PartitionReuse: fcos(
			"storage:\n  disks:\n    - device: /dev/vdb\n      partitions:\n        - label: data\n~~", "",
			"          number: 1\n"),
		PartitionReserved: bootPartitions(
			"        - number: ~~\n          label: root\n          size_mib: 8192\n", "5", "4"),
		PartitionMixed: fcos("storage:\n  disks:\n    - device: /dev/vdb\n      wipe_table: true\n      partitions:\n"+
			"        - number: 1\n          should_exist: false\n"+
			"        - number: ~~\n          label: data\n", "0", "2").
			by(ByButane),
		RootSmall: bootPartitions("        - number: 4\n          label: root\n          size_mib: ~~\n", "4096",
			"8192"),
		RootConstrained: bootPartitions("        - number: 4\n          label: root\n          resize: true\n"+
			"~~        - number: 5\n          label: var\n", "", "          size_mib: 8192\n"),
	}
}
