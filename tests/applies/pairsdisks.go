package applies

import "fmt"

// partitions are entries of a table, as JSON.
func partitions() []string {
	return []string{`"number":1,"sizeMiB":64`, `"number":1`, `"number":2,"sizeMiB":64`, `"number":2`, `"label":"one"`,
		`"label":"one","sizeMiB":64`, `"number":1,"label":"one","guid":"` + guid + `"`,
		`"number":2,"label":"one","sizeMiB":32`, `"number":2,"label":"two","guid":"` + guid + `","sizeMiB":32`,
		`"number":1,"startMiB":1,"sizeMiB":64`, `"number":2,"startMiB":32,"sizeMiB":64`,
		`"number":2,"startMiB":65,"sizeMiB":64`,
		`"number":2,"startMiB":65,"sizeMiB":0`, `"number":1,"startMiB":0,"sizeMiB":0`,
		`"number":1,"shouldExist":false`,
		`"number":2,"shouldExist":false,"wipePartitionEntry":true`, `"number":1,"resize":true,"sizeMiB":80`,
		`"number":2,"wipePartitionEntry":true,"sizeMiB":8`, `"number":3,"startMiB":400`, `"number":128,"sizeMiB":1`,
		`"number":129,"sizeMiB":1`, `"number":2,"startMiB":1000`, `"number":1,"typeGuid":"` + otherGUID + `"`,
		`"number":2,"label":"a:b","sizeMiB":4`, `"number":2,"label":"` + long(36) + `","sizeMiB":4`,
		`"number":2,"label":"","guid":"","typeGuid":"","sizeMiB":4`}
}

func partitionPairs() (cases []Case) {
	all := partitions()
	for i, a := range all {
		for k, b := range all {
			if (i+k)%3 > 0 && k > 8 { // some of the many
				continue
			}
			wipe := fmt.Sprint(k%2 == 0)
			cases = append(cases, joined(fmt.Sprintf("partitions %d and %d", i, k), entry{"storage.disks",
				`{"device":"/dev/vda","wipeTable":` + wipe + `,"partitions":[{` + a + `},{` + b + `}]}`}))
		}
	}
	for i, a := range all[:12] {
		cases = append(cases, joined(fmt.Sprintf("partition %d of two disks", i),
			entry{"storage.disks", `{"device":"/dev/vda","partitions":[{` + a + `}]}`},
			entry{"storage.disks", `{"device":"/dev/vdb","wipeTable":true,"partitions":[{` + a + `}]}`}))
	}
	return cases
}

// stacks are filesystems, arrays and volumes on partitions, on disks and on each other.
func stacks() (cases []Case) {
	for _, format := range []string{"ext4", "xfs", "btrfs", "vfat", "swap", "none"} {
		for _, mib := range []int{0, 1, 2, 4, 16, 38, 64, 109, 110, 114, 128, 300, 400} {
			disk := entry{"storage.disks", fmt.Sprintf(`{"device":"/dev/vda","partitions":[{"number":1,`+
				`"label":"one","sizeMiB":%d}]}`, mib)}
			for _, device := range []string{"/dev/vda1", "/dev/disk/by-partlabel/one"} {
				cases = append(cases, joined(fmt.Sprintf("%s on %d MiB, by %s", format, mib, device), disk,
					entry{"storage.filesystems", `{"device":"` + device + `","format":"` + format + `"}`}))
			}
		}
		for _, below := range []entry{{"storage.raid", `{"name":"data","level":"raid1","devices":["/dev/vda",` +
			`"/dev/vdb"]}`},
			{"storage.raid", `{"name":"data","level":"raid0","devices":["/dev/vda","/dev/vdb"],` +
				`"options":["--chunk=64"]}`},
			{"storage.luks", `{"name":"data","device":"/dev/vda","options":[` + cheaply() + `]}`},
			{"storage.luks", `{"name":"data","device":"/dev/vda","keyFile":{"source":"data:,secret"},"options":[` +
				cheaply() + `],"label":"x","uuid":"` + guid + `"}`},
			{"storage.disks", `{"device":"/dev/vda"}`}, {"storage.disks", `{"device":"/dev/vda","wipeTable":true}`},
			{}} {
			for _, device := range []string{"/dev/md/data", "/dev/mapper/data", "/dev/vda", "/dev/vdb",
				"/dev/disk/by-id/dm-name-data"} {
				for _, rest := range []string{`,"wipeFilesystem":true`, `,"path":"/srv","label":"data"`} {
					cases = append(cases, joined("on "+below.list+" "+format+" at "+device+rest, below,
						entry{"storage.filesystems", `{"device":"` + device + `","format":"` + format + `"` + rest +
							`}`},
						entry{"storage.files", `{"path":"/srv/a","contents":{"source":"data:,hello"}}`}))
				}
			}
		}
	}
	volume := func(device, rest string) entry {
		return entry{"storage.luks", `{"name":"vault","device":"` + device + `","options":[` + cheaply() + `]` +
			rest + `}`}
	}
	array := func(level, members, rest string) entry {
		return entry{"storage.raid", `{"name":"data","level":"` + level + `","devices":[` + members + `]` + rest + `}`}
	}
	const (
		two   = `"/dev/vda","/dev/vdb"`
		three = two + `,"/dev/vdc"`
		four  = three + `,"/dev/vdd"`
	)
	for _, level := range levels() {
		for _, members := range []string{`"/dev/vda"`, two, three, four, `"/dev/vda","/dev/vda"`} {
			for spares := range 3 {
				cases = append(cases, joined(fmt.Sprintf("%v of %s with %d spares", level, members, spares),
					array(level.(string), members, fmt.Sprintf(`,"spares":%d`, spares))))
			}
			cases = append(cases, joined(fmt.Sprintf("volume on %v of %s", level, members), array(level.(string),
				members, ""),
				volume("/dev/md/data", "")))
		}
	}
	return append(cases, joined("array of volumes", volume("/dev/vda", ""), array("raid1",
		`"/dev/mapper/vault","/dev/vdb"`, "")),
		joined("volume on itself", volume("/dev/mapper/vault", "")),
		joined("two volumes on one device", volume("/dev/vda", ""), entry{"storage.luks",
			`{"name":"w","device":"/dev/vda"}`}),
		joined("two volumes on each other", volume("/dev/mapper/w", ""),
			entry{"storage.luks", `{"name":"w","device":"/dev/mapper/vault","options":[` + cheaply() + `]}`}))
}

// mountPairs are filesystems in places inside each other, and what is made there.
func mountPairs() (cases []Case) {
	var entries []entry
	for _, path := range []string{"/", "/srv", "/srv/", "/srv/a", "/var", "/var/lib", "/etc", "/home", "/home/core",
		"/srv/../var", "/usr", "/srv/a/b"} {
		for i, format := range []string{"ext4", "xfs", "btrfs", "swap"} {
			if i == 0 || len(path)%4 == i {
				entries = append(entries, entry{"storage.filesystems", `{"device":"/dev/vdb","format":"` + format +
					`","path":"` + path + `"}`})
			}
		}
	}
	first := entry{"storage.filesystems", `{"device":"/dev/vda","format":"ext4","path":"/srv","label":"srv",` +
		`"wipeFilesystem":true}`}
	beside := append(append(nodes("/srv/a"), nodes("/srv")...), users()[:4]...)
	beside = append(beside, services()[0], entry{"systemd.units",
		`{"name":"srv.mount","enabled":true,` +
			`"contents":"[Mount]\nWhere=/srv\nWhat=/dev/vda\n[Install]\nWantedBy=local-fs.target\n"}`})
	for i, e := range entries {
		for k, other := range beside {
			if (i+k)%3 == 0 {
				cases = append(cases, joined(fmt.Sprintf("mounts %d with %d", i, k), first, e, other))
			}
		}
	}
	return cases
}
