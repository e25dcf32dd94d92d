package butane

import (
	"fmt"
	"math"
	"strconv"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// image is the feature of partitions that the image of a machine has (docs/peer/butane.md §9).
func image() feature { return feature{needs: imageDisk, check: reuseRules, lower: imagePartitions} }

// reuseRules: an fcos image says by number which partitions to keep (docs/peer/butane.md §9).
func reuseRules(t *translation) {
	if !t.has(ownDisk) {
		return
	}
	mirrored := map[string]bool{}
	for device := range t.top.To("boot_device", "mirror", "devices").Items() {
		mirrored[device.Text()] = true
	}
	for disk := range t.top.To("storage", "disks").Items() {
		device := disk.Key("device").Text()
		if device == "/dev/disk/by-id/coreos-boot-disk" || disk.Key("wipe_table").IsTrue() || mirrored[device] {
			continue
		}
		for p := range disk.Key("partitions").Items() {
			if number := p.Key("number"); p.Key("label").Set() && (number.Text() == "" || number.Text() == "0") {
				number.Warnf(codes.PartitionReuse, "a partition of this disk cannot be used again by its label alone").
					Advise("give its number, or wipe the table")
			}
		}
	}
}

// reserved gives the number of the partition that has a label in an fcos image, 0 for a label that none has.
func reserved(label string) int {
	switch label {
	case "BIOS-BOOT", "PowerPC-PReP-boot":
		return 1
	case "EFI-SYSTEM":
		return 2
	case "boot":
		return 3
	case "root":
		return 4
	}
	return 0
}

// imagePartitions warns of partitions that an fcos image would change (docs/peer/butane.md §9).
func imagePartitions(t *translation) {
	i := 0
	for disk := range t.config.Get("storage").Get("disks").Children() {
		path := fmt.Sprintf("$.storage.disks.%d.partitions", i)
		list := disk.Get("partitions")
		free := freelyPlaced(list)
		j := 0
		for p := range list.Children() {
			if t.has(rootGrowth) && p.Get("label").Text() == "root" {
				beside, follows := free.first < j || free.last > j, free.present > j && !isAbsent(p)
				rootPartition(t, itemPath(path, j), p, beside, follows)
			}
			number := reserved(p.Get("label").Text())
			if have, _ := strconv.Atoi(p.Get("number").Text()); number > 0 && number != have &&
				disk.Get("wipeTable").Text() != "true" {
				t.find(diag.Warning, codes.PartitionReserved, itemPath(path, j)+".label", p.Get("label"),
					"the image of this variant has a partition of this label at another number; this one is made "+
						"beside it").
					Hint = fmt.Sprintf("the images that are made for the variant have it as number %d; on a disk "+
					"that has none of them this is no matter", number)
			}
			j++
		}
		i++
	}
}

const rootMiB = 8192 // what the root of an fcos image should have

// freelyPlaced finds, among the partitions of a list that have no start, the first and the last, and the last that is
// to be there.
func freelyPlaced(list tree.Node) (at struct{ first, last, present int }) {
	at.first, at.last, at.present = math.MaxInt, -1, -1
	i := 0
	for p := range list.Children() {
		if start, _ := strconv.Atoi(p.Get("startMiB").Text()); start == 0 {
			if at.first, at.last = min(at.first, i), i; !isAbsent(p) {
				at.present = i
			}
		}
		i++
	}
	return at
}

// rootPartition: an image grows its root partition on the first boot, as far as nothing is in the way. A partition
// without a start goes to the largest free block, which is where the root would have grown. beside is one without a
// start anywhere in the list, follows one that takes the room.
func rootPartition(t *translation, path string, p tree.Node, beside, follows bool) {
	size, _ := strconv.Atoi(p.Get("sizeMiB").Text())
	if size != 0 {
		if size < rootMiB {
			q := t.find(diag.Warning, codes.RootSmall, path+".sizeMiB", p.Get("sizeMiB"),
				"the root partition should have at least 8 GiB")
			q.Hint, q.PeerOnly = fmt.Sprintf("set size_mib to %d or more", rootMiB), isAbsent(p)
		}
		return
	}
	if !beside && !follows {
		return
	}
	q := t.find(diag.Warning, codes.RootConstrained, path+".label", p.Get("label"),
		"the root partition takes all that is left, and another one that takes what is free follows it")
	q.Hint = "give the root partition a size, or the other one a start"
	q.PeerOnly = !follows // one in front of it is in nobody's way, and one that is to be absent takes no room
}

func isAbsent(partition tree.Node) bool { return partition.Get("shouldExist").Text() == "false" }
