package codes

// The codes of disks, their partitions, and arrays.
const (
	PartitionNumber     Code = "partition-number"
	PartitionLabelTwice Code = "partition-label-twice"
	PartitionGUIDTwice  Code = "partition-guid-twice"
	PartitionGUIDShared Code = "partition-guid-shared"
	DeviceAmbiguous     Code = "device-ambiguous"
	PartitionFit        Code = "partition-fit"
	DeviceTwice         Code = "device-twice"
	DeviceMissing       Code = "device-missing"
	PartitionOverlap    Code = "partition-overlap"
	PartitionAbsent     Code = "partition-absent"
	PartitionUnnamed    Code = "partition-unnamed"
	PartitionLabelLong  Code = "partition-label-long"
	PartitionLabelColon Code = "partition-label-colon"
	GUID                Code = "guid"
	RAIDLevel           Code = "raid-level"
	RAIDSpares          Code = "raid-spares"
	RAIDDevices         Code = "raid-devices"
	RAIDAllSpares       Code = "raid-all-spares"
	RAIDFew             Code = "raid-few"
)

const (
	aGUID  = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
	bGUID  = "933AC7E1-2EB4-4F13-B844-0E14E2AEF915"
	label  = "a-label-of-a-partition-that-goes-on-and-on"
	noGUID = "0FC63DAF84834772"
)

// disks is a config with two disks.
func disks(first, second, wrong, right string) *Pair {
	return newest(`"storage": {"disks": [
  {"device": "/dev/vda", "partitions": [`+first+`]},
  {"device": "/dev/vdb", "partitions": [`+second+`]}
]}`, wrong, right)
}

// array is a config with an array.
func array(members, wrong, right string) *Pair {
	return newest(`"storage": {"raid": [{"name": "data", `+members+`}]}`, wrong, right)
}

func diskRows() []Row {
	return []Row{
		{
			Code: PartitionNumber, Line: "two partitions of a disk have the same number",
			Do: "change one; 0 is the next free number",
			Why: `A number is a place in the partition table, and holds one partition. Such partitions are also the
				same item of the list.`,
		},
		{
			Code: PartitionLabelTwice, Line: "two partitions of a disk have the same label", Do: "change one",
			Why: `/dev/disk/by-partlabel has one link of a name, so that only one of the two could be found by it.`,
		},
		{
			Code: PartitionGUIDTwice, Kind: OurError, Line: "two partitions of a disk have the same GUID",
			Do: "give each its own, or none for a random one",
			Why: `A GUID is to tell a partition from every other. The tools that write tables refuse two that are
				equal.`,
		},
		{
			Code: PartitionGUIDShared, Kind: OurWarning,
			Line: "partitions of two disks get the same GUID, so a link by it leads to either",
			Do:   "give each its own, or none for a random one",
			Why: `/dev/disk/by-partuuid has one link of a name. Which of the disks it leads to depends on which was
				found last, and may change at each boot.`,
		},
		{
			Code: DeviceAmbiguous, Kind: OurError,
			Line: "a device is named by a label or GUID that partitions of two disks of the config get",
			Do:   "give one another name, or name the partition by its disk: `/dev/disk/by-id/…-part1`",
			Why: `A link by a label or GUID leads to the partition that was found last, so that the filesystem, array
				or volume may be made on the wrong disk.`,
		},
		{
			Code: PartitionFit, Kind: OurError, Line: "the partitions of a disk fit on no disk",
			Do: "what the hint says",
			Why: `A partition without a size takes the largest space that is free when its turn comes, so no MiB is left
				for another one; a new table has 128 entries. On a disk that keeps its table such partitions may be
				there already, so there it is no error. But above 255 Linux has none, whatever a table lists.`,
		},
		{
			Code: DeviceTwice, Kind: OurError,
			Line: "a device is to be two things, one of which would be lost, or is made of itself",
			Do:   "give one of the two another device",
			Why: `The second of two arrays, volumes or filesystems on one device would destroy the first, and on a disk
				with partitions each of them would take these too. The stage refuses that before it writes anything.
				Names of one partition are known to be one, by its disk, its label and its GUID, and so are udev's
				names of an array or a volume. Filesystems that are the same may share a device.`,
		},
		{
			Code: DeviceMissing, Kind: OurError,
			Line: "a device is a partition of a disk that is wiped, and the config does not make it",
			Do:   "add the partition, or name one that is made",
			Why: `"wipeTable" takes all partitions of the disk, and only those of the config are there afterwards. A boot
				would wait for the device until its time is over.`,
		},
		{
			Code: PartitionOverlap, Line: "two partitions with a fixed start and size lie on each other",
			Do:  "move one; a size of 0 takes what is free",
			Why: `What is written to one would destroy the other. Places and sizes are in MiB.`,
		},
		{
			Code: PartitionAbsent, Line: "a partition that should not exist has a size, a label or the like",
			Do: "keep its number, `shouldExist` and `wipePartitionEntry`",
			Why: `Of a partition that is to go only its number counts. What else stands there may mean that it was to
				be made anew: then leave "shouldExist" out.`,
		},
		{
			Code: PartitionUnnamed, Line: "a partition has neither number nor label", Do: "add one of the two",
			Why: `A second run could not tell whether the partition is there already, and would make another one.`,
		},
		{
			Code: PartitionLabelLong, Line: "the label of a partition has more than 36 bytes", Do: "shorten it",
			Why: `A table of the GPT kind has room for 36 characters in each entry.`,
		},
		{
			Code: PartitionLabelColon, Line: "the label of a partition has a colon", Do: "replace it",
			Why: `The tool with which other engines write tables takes a colon for the end of a field.`,
		},
		{
			Code: GUID, Line: "a GUID is malformed",
			Do: "write 8, 4, 4, 4 and 12 hexadecimal digits with dashes between them",
			Why: `It is held against what is in the table, digit by digit. Names of types, such as "linux", are none:
				a plain Linux partition has the type ` + aGUID + `.`,
		},
		{
			Code: RAIDLevel, Line: "the RAID level is missing or not known",
			Do: "write linear, raid0, raid1, raid4, raid5, raid6 or raid10",
			Why: `An array has to be made of some level, and mdadm knows these. "mirror" and "stripe", and the
				numbers alone, mean the same as raid1 and raid0.`,
		},
		{
			Code: RAIDSpares, Line: "a level without redundancy has spares",
			Do: "remove them, or choose another level",
			Why: `When a disk of linear or raid0 fails, its data is gone, and there is nothing that a spare could be
				filled with.`,
		},
		{
			Code: RAIDDevices, Line: "an array has no devices", Do: "list them",
			Why: `An array is made of its devices. Each is a path, such as /dev/disk/by-partlabel/raid.1.`,
		},
		{
			Code: RAIDAllSpares, Kind: OurError, Line: "all devices of an array are spares",
			Do: "add devices, or lower `spares`",
			Why: `"devices" lists all of them, spares included. With no device left for data mdadm refuses to make
				the array.`,
		},
		{
			Code: RAIDFew, Kind: OurError, Line: "an array has fewer devices than its level needs",
			Do: "add devices, or choose another level",
			Why: `mdadm makes arrays of the levels 4, 5 and 10 of two devices or more, and of level 6 of four or more.
				Spares are not counted.`,
		},
	}
}

// diskPairs are the examples of these rows.
func diskPairs() map[Code]*Pair {
	return map[Code]*Pair{
		PartitionFit: newest(`"storage": {"disks": [{"device": "/dev/vda", "wipeTable": true, "partitions": [
    {"number": 1~~}, {"number": 2, "sizeMiB": 512}
  ]}]}`, "", `, "sizeMiB": 512`),
		DeviceTwice: newest(`"storage": {
    "luks": [{"name": "data", "device": "/dev/vdb"}],
    "filesystems": [{"device": "/dev/~~", "format": "ext4"}]
  }`, "vdb", "vdc"),
		DeviceMissing: newest(`"storage": {
    "disks": [{"device": "/dev/vda", "wipeTable": true, "partitions": [{"number": 1}]}],
    "filesystems": [{"device": "/dev/vda~~", "format": "ext4"}]
  }`, "2", "1"),
		PartitionNumber:     disk(`{"number": 1}, {"number": ~~}`, "1", "2"),
		PartitionLabelTwice: disk(`{"number": 1, "label": "var"}, {"number": 2, "label": "~~"}`, "var", "srv"),
		PartitionGUIDTwice: disk("\n"+`  {"number": 1, "guid": "`+aGUID+`"},`+"\n"+`  {"number": 2,
				"guid": "~~"}`+"\n", aGUID, bGUID),
		PartitionGUIDShared: disks(`{"number": 1, "guid": "`+aGUID+`"}`, `{"number": 1, "guid": "~~"}`, aGUID, bGUID),
		DeviceAmbiguous: newest(`"storage": {
  "disks": [
    {"device": "/dev/vda", "partitions": [{"number": 1, "label": "data"}]},
    {"device": "/dev/vdb", "partitions": [{"number": 1, "label": "~~"}]}
  ],
  "filesystems": [{"device": "/dev/disk/by-partlabel/data", "format": "ext4"}]
}`, "data", "data2"),
		PartitionOverlap: disk(`
  {"number": 1, "startMiB": 1, "sizeMiB": 512},
  {"number": 2, "startMiB": ~~, "sizeMiB": 512}
`, "256", "513"),
		PartitionAbsent:     disk(`{"number": 1, "shouldExist": false~~}`, `, "sizeMiB": 512`, ""),
		PartitionUnnamed:    disk(`{~~"sizeMiB": 512}`, "", `"number": 1, `),
		PartitionLabelLong:  disk(`{"number": 1, "label": "~~"}`, label, label[:36]),
		PartitionLabelColon: disk(`{"number": 1, "label": "~~"}`, "var:log", "var-log"),
		GUID:                disk(`{"number": 1, "typeGuid": "~~"}`, noGUID, aGUID),
		RAIDLevel:           array(`"level": "~~", "devices": ["/dev/vdb", "/dev/vdc"]`, "raid7", "raid1"),
		RAIDSpares: array(`"level": "~~", "devices": ["/dev/vdb", "/dev/vdc", "/dev/vdd"], "spares": 1`, "raid0",
			"raid1"),
		RAIDDevices:   array(`"level": "raid1", "devices": [~~]`, "", `"/dev/vdb", "/dev/vdc"`),
		RAIDAllSpares: array(`"level": "raid1", "devices": ["/dev/vdb", "/dev/vdc"], "spares": ~~`, "2", "0"),
		RAIDFew:       array(`"level": "~~", "devices": ["/dev/vdb", "/dev/vdc"]`, "raid6", "raid5"),
	}
}
