package codes

// The codes of filesystems.
const (
	FormatMissing      Code = "format-missing"
	FormatUnknown      Code = "format-unknown"
	LabelWithoutFormat Code = "label-without-format"
	LabelLong          Code = "label-long"
	FilesystemUUID     Code = "filesystem-uuid"
	VirtiofsTag        Code = "virtiofs-tag"
	VirtiofsBlock      Code = "virtiofs-block"
	FilesystemOnTable  Code = "filesystem-on-table"
	FilesystemWiped    Code = "filesystem-wiped"
)

// filesystem is a config with one filesystem.
func filesystem(members, wrong, right string) *Pair {
	return newest(`"storage": {"filesystems": [{"device": "/dev/vdb", `+members+`}]}`, wrong, right)
}

// share is a config with a virtiofs, of the version that brought it.
func share(members, wrong, right string) *Pair {
	return old("3.7.0-experimental", `"storage": {"filesystems": [{"format": "virtiofs", `+members+`}]}`, wrong, right)
}

func filesystemRows() []Row {
	return []Row{
		{
			Code: FormatMissing, Line: "a filesystem has properties and no format", Do: "add the format",
			Why: `Without a format nothing is made and nothing is mounted, so its path, UUID, options and the wish to
				wipe would say nothing.`,
		},
		{
			Code: FormatUnknown, Line: "the config's version does not have this format",
			Do: "choose one that the hint lists, or raise `ignition.version`",
			Why: `A filesystem is made by the image's own mkfs tool, and these are the ones that images have: ext4,
				btrfs, vfat, xfs and swap; none, which leaves the device alone, came with 3.3.0, virtiofs with 3.7.0.`,
		},
		{
			Code: LabelWithoutFormat, Line: "a filesystem has a label and no format", Do: "add the format",
			Why: `A label is given when a filesystem is made, and without a format none is. The missing format is
				also told by itself.`,
		},
		{
			Code: LabelLong, Line: "the label is longer than the format can hold", Do: "shorten it",
			Why: `The limits are 256 bytes for btrfs, 16 for ext4, 15 for swap, 12 for xfs and 11 for vfat.`,
		},
		{
			Code: FilesystemUUID, Kind: OurError,
			Line: "the UUID is none that the format's mkfs takes; a vfat has a number of 32 bits",
			Do:   "write a UUID of 8, 4, 4, 4 and 12 digits, for vfat up to 8 digits as in `2E24-EC82`",
			Why: `mkfs refuses another one when the disk has been partitioned already, and the boot stops between two
				states of it.`,
		},
		{
			Code: VirtiofsTag, Line: "the tag of a virtiofs is empty or has more than 36 bytes",
			Do:  "write the tag that the host gives the share",
			Why: `A virtiofs has no device but a tag, which the hypervisor's options name; its field has 36 bytes.`,
		},
		{
			Code: VirtiofsBlock,
			Line: `a virtiofs has a label, a UUID, options or is to be wiped, which takes a block device`,
			Do:   "remove these",
			Why: `A virtiofs is a folder of the host. Nothing is made on it here, so there is nothing to label or to
				wipe.`,
		},
		{
			Code: FilesystemOnTable, Kind: Warning, Line: "a filesystem takes a whole disk that is partitioned too",
			Do: "name one of the partitions",
			Why: `A filesystem on the whole disk lies over the partition table and destroys it, or is itself
				destroyed. What is meant is mostly a partition, such as /dev/vdb1 or /dev/disk/by-partlabel/data.`,
		},
		{
			Code: FilesystemWiped, Kind: Warning,
			Line: "wiping a disk's partition table also wipes the filesystem that takes all of it",
			Do:   "set `wipeFilesystem` if that is meant",
			Why: `Without "wipeFilesystem" an existing filesystem is to be kept, but wiping the table of the same
				disk removes the beginning of it. The two say opposite things.`,
		},
	}
}

// filesystemPairs are the examples of these rows.
func filesystemPairs() map[Code]*Pair {
	return map[Code]*Pair{
		FormatMissing:      filesystem(`"path": "/srv"~~`, "", `, "format": "xfs"`),
		FormatUnknown:      filesystem(`"format": "~~"`, "zfs", "btrfs"),
		LabelWithoutFormat: filesystem(`"label": "data"~~`, "", `, "format": "xfs"`).beside(FormatMissing),
		LabelLong:          filesystem(`"format": "vfat", "label": "~~"`, "EFI-SYSTEM-1", "EFI-SYSTEM"),
		FilesystemUUID:     filesystem(`"format": "vfat", "uuid": "~~"`, aGUID, "2E24-EC82"),
		VirtiofsTag:        share(`"device": "~~"`, "a-tag-with-more-than-thirty-six-bytes", "shared"),
		VirtiofsBlock:      share(`"device": "shared"~~`, `, "label": "data"`, ""),
		FilesystemOnTable: newest(`"storage": {
  "disks": [{"device": "/dev/vdb", "partitions": [{"number": 1, "label": "data"}]}],
  "filesystems": [{"device": "~~", "format": "ext4", "wipeFilesystem": true}]
}`, "/dev/vdb", "/dev/disk/by-partlabel/data"),
		FilesystemWiped: newest(`"storage": {
  "disks": [{"device": "/dev/vdb", "wipeTable": true}],
  "filesystems": [{"device": "/dev/vdb", "format": "ext4"~~}]
}`, "", `, "wipeFilesystem": true`),
	}
}
