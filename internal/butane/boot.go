package butane

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A partition of a mirrored boot disk. Its label gets the number of the disk.
type bootPartition struct {
	label    string
	sizeMiB  int
	typeGUID string
}

const (
	guidBIOS     = "21686148-6449-6E6F-744E-656564454649"
	guidESP      = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
	guidReserved = "8DA63339-0007-60C0-C436-083AC8230908"
	guidPReP     = "9E1A2D38-C612-4316-AA26-8B49521E5A8B"
)

// A layout is how images of an architecture partition their boot disk.
type layout struct {
	name   string
	first  [2]bootPartition // before boot and root
	device string           // the disks that an s390x layout is for, with what comes before their letter
	suffix string           // what names the partition to encrypt there
}

// layouts is the table of docs/peer/butane.md §9, in the order in which they are listed to people.
func layouts() []layout {
	esp, reserved := bootPartition{"esp", 127, guidESP}, bootPartition{"reserved", 1, guidReserved}
	return []layout{
		{name: "aarch64", first: [2]bootPartition{reserved, esp}},
		{name: "ppc64le", first: [2]bootPartition{{"prep", 4, guidPReP}, reserved}},
		{name: "s390x-eckd", device: "/dev/dasd", suffix: "2"},
		{name: "s390x-virt"},
		{name: "s390x-zfcp", device: "/dev/sd", suffix: "4"},
		{name: "x86_64", first: [2]bootPartition{{"bios", 1, guidBIOS}, esp}},
	}
}

// layouts are those that the dialect has: the ones for mainframes came later.
func (d Dialect) layouts() []layout {
	return slices.DeleteFunc(layouts(), func(l layout) bool {
		return strings.HasPrefix(l.name, "s390x") && d.Spec < config.V3_5
	})
}

// layoutOf finds a layout in a dialect. Without a name it is that of x86_64.
func (t *translation) layoutOf(name string) (found layout, known string, ok bool) {
	var names []string
	if name == "" {
		name = "x86_64"
	}
	for _, l := range t.layouts() {
		names = append(names, l.name)
		if l.name == name {
			found, ok = l, true
		}
	}
	return found, strings.Join(names, ", "), ok
}

// bootDeviceRules is the table of rules of docs/peer/butane.md §9.
func (t *translation) bootDeviceRules() {
	boot := t.top.key("boot_device")
	if !boot.set() {
		return
	}
	name, luks, mirror := boot.key("layout"), boot.key("luks"), boot.key("mirror")
	disks := mirror.key("devices").count()
	l, known, ok := t.layoutOf(name.text())
	if name.set() && name.text() != "" && !ok {
		name.errorf(codes.LayoutUnknown,
			fmt.Sprintf("the layout %q is not known", name.text())).Hint = "the layouts are " + known
	}
	if disks > 0 && name.text() == "" {
		severity := diag.Warning
		if t.fcos >= 7 {
			severity = diag.Error
		}
		t.report(severity, codes.LayoutMissing, mirror.path(), mirror.place(), "a mirrored boot disk needs a layout; "+
			"x86_64 is taken").Hint = "add layout: x86_64, or that of the machine; the layouts are " + known
	}
	if t.Spec >= config.V3_5 {
		t.s390xRules(boot, l)
	}
	if device := luks.key("device"); t.fcos >= 7 && device.text() != "" && !hasMethod(luks) {
		p := t.report(diag.Error, codes.LUKSNoMethod, luks.path(), luks.place(),
			"nothing says how to encrypt the boot disk")
		p.Hint = "add tpm2: true, a Tang server or cex"
		if t.Peer {
			p.Path = luks.path() + ".luks"
		}
	}
	if disks == 1 {
		mirror.key("devices").errorf(codes.MirrorOne, "a mirror needs at least two disks").Hint =
			"list the other disk too, or leave mirror out"
		if t.Peer {
			mirror.key("devices").errorf(codes.MirrorOne, "a mirror needs at least two disks").PeerOnly = true
		}
	}
}

// s390xRules: mainframes have no partition labels to go by, so that two of the layouts name the disk. The peer blames
// the layout for whatever is wrong with the device too.
func (t *translation) s390xRules(boot *at, l layout) {
	name, luks := boot.key("layout"), boot.key("luks")
	device, cex := luks.key("device"), luks.key("cex", "enabled").isTrue()
	s390x := strings.HasPrefix(name.text(), "s390x")
	if l.device != "" {
		if device.text() == "" {
			name.errorf(codes.LayoutDevice,
				fmt.Sprintf("the layout %s needs to know the disk", l.name)).Hint = "add luks.device"
		} else if !endsWithDisk(device.text(), l.device) {
			name.errorf(codes.LayoutDevice, fmt.Sprintf("%q is not a disk for the layout %s", device.text(),
				l.name)).Hint = "luks.device is a whole disk, such as " + l.device + "a"
		}
	}
	if s390x && boot.key("mirror", "devices").count() > 0 {
		name.errorf(codes.LayoutMirror, fmt.Sprintf("boot disks of the layout %s cannot be mirrored", name.text()))
	}
	switch {
	case cex && name.text() == "":
		luks.key("cex").errorf(codes.CEXLayout,
			"Crypto Express adapters are for s390x only").Hint = "add an s390x layout"
	case cex && !s390x:
		name.errorf(codes.CEXLayout, "Crypto Express adapters are for s390x only").Hint = "choose an s390x layout"
	}
	if cex && (luks.key("tpm2").isTrue() || luks.key("tang").count() > 0) {
		luks.errorf(codes.CEXClevis, "a Crypto Express adapter cannot be used together with Tang servers or a TPM")
	}
}

// endsWithDisk: the peer looks at the end of the name only.
func endsWithDisk(device, prefix string) bool {
	if device == "" {
		return false
	}
	letter := device[len(device)-1]
	return 'a' <= letter && letter <= 'z' && strings.HasSuffix(device[:len(device)-1], prefix)
}

// hasMethod: something can open the volume. An empty Tang server cannot.
func hasMethod(luks *at) bool {
	for server := range luks.key("tang").items() {
		if server.node.First().Exists() {
			return true
		}
	}
	return luks.key("tpm2").isTrue() || luks.key("cex", "enabled").isTrue()
}

// wantsLuks: only a way to open it makes a volume; a threshold, discards or a device alone do nothing.
func (t *translation) wantsLuks(luks *at) bool {
	return luks.key("tpm2").isTrue() || luks.key("tang").count() > 0 || luks.key("cex", "enabled").isTrue()
}

// bootDevice puts an encrypted or mirrored boot disk under what the document says of disks (docs/peer/butane.md §9).
func (t *translation) bootDevice() {
	boot := t.top.key("boot_device")
	luks, mirror := boot.key("luks"), boot.key("mirror")
	mirrored := mirror.key("devices").count() > 0
	if !boot.set() || !mirrored && !t.wantsLuks(luks) {
		return
	}
	l, _, _ := t.layoutOf(boot.key("layout").text())
	root, filesystems := "/dev/md/md-root", t.list(boot.node)
	storage := t.object(boot.node)
	sections := storage.Append()
	if mirrored {
		t.mirror(mirror, l, sections, filesystems)
	}
	if t.wantsLuks(luks) {
		sections.AddMember("luks", t.list(luks.node, t.bootLuks(luks, l, mirrored)))
		root = "/dev/mapper/root"
	}
	filesystems.Append().Add(t.object(boot.node, "device", root, "format", "xfs", "label", "root", "wipeFilesystem",
		true))
	sections.AddMember("filesystems", filesystems)
	t.under(t.object(boot.node, "storage", storage))
}

// mirror makes the same partitions on each disk and arrays of those that matter. The firmware reads its own partition
// from any disk, so each has one; it reads the kernel too, hence the old metadata at the end of the array for boot.
func (t *translation) mirror(mirror *at, l layout, sections *tree.Appender, filesystems tree.Node) {
	disks, parts := t.list(mirror.node), map[string][]string{}
	all, fs := disks.Append(), filesystems.Append()
	i := 0
	for device := range mirror.key("devices").items() {
		i++
		from := device.node
		partitions := t.list(from)
		list := partitions.Append()
		for _, p := range append(l.first[:], bootPartition{"boot", 384, ""}, bootPartition{"root", 0, ""}) {
			label := p.label + "-" + strconv.Itoa(i)
			partition := t.object(from, "label", label)
			fields := partition.Append()
			if p.sizeMiB > 0 {
				fields.AddMember("sizeMiB", t.tracer.Scalar(from, tree.Number, strconv.Itoa(p.sizeMiB)))
			}
			if p.typeGUID != "" {
				fields.AddMember("typeGuid", t.tracer.Scalar(from, tree.String, p.typeGUID))
			}
			list.Add(partition)
			parts[p.label] = append(parts[p.label], "/dev/disk/by-partlabel/"+label)
			if p.label == "esp" {
				fs.Add(t.object(from, "device", "/dev/disk/by-partlabel/"+label, "format", "vfat", "label", label,
					"wipeFilesystem", true))
			}
		}
		all.Add(t.object(from, "device", device.text(), "partitions", partitions, "wipeTable", true))
	}
	from := mirror.node
	fs.Add(t.object(from, "device", "/dev/md/md-boot", "format", "ext4", "label", "boot", "wipeFilesystem", true))
	sections.AddMember("disks", disks)
	sections.AddMember("raid", t.list(from,
		t.object(from, "name", "md-boot", "level", "raid1", "devices", t.texts(from, parts["boot"]...), "options",
			t.texts(from, "--metadata=1.0")),
		t.object(from, "name", "md-root", "level", "raid1", "devices", t.texts(from, parts["root"]...))))
}

// bootLuks makes the volume of the root filesystem. It is always made anew: the image's own root is not encrypted.
func (t *translation) bootLuks(luks *at, l layout, mirrored bool) tree.Node {
	device := "/dev/disk/by-partlabel/root"
	switch {
	case l.device != "":
		device = luks.key("device").text() + l.suffix
	case mirrored:
		device = "/dev/md/md-root"
	}
	volume := t.object(luks.node, "name", "root", "label", "luks-root", "wipeVolume", true, "device", device)
	fields := volume.Append()
	if discard := luks.key("discard"); discard.set() {
		fields.AddMember("discard", t.tracer.Same(discard.node))
	}
	if luks.key("cex", "enabled").isTrue() {
		cex := luks.key("cex")
		fields.AddMember("cex", t.object(cex.node, "enabled", t.tracer.Same(cex.key("enabled").node)))
		return volume
	}
	clevis := t.object(luks.node)
	policy := clevis.Append()
	shape := documents().At("boot_device.luks")
	for _, name := range []string{"tang", "threshold", "tpm2"} {
		if field := luks.key(name); field.set() && (name != "tang" || field.count() > 0) {
			policy.AddMember(name, t.lower(shape.Member(name), field))
		}
	}
	fields.AddMember("clevis", clevis)
	return volume
}

// reserved are the labels of an fcos image, and the numbers that they stand at.
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

// partitions warns of what an fcos image makes of partitions (docs/peer/butane.md §9).
func (t *translation) partitions() {
	if t.fcos < 0 {
		return
	}
	i := 0
	for disk := range t.config.Get("storage").Get("disks").Children() {
		path := fmt.Sprintf("$.storage.disks.%d.partitions", i)
		list := disk.Get("partitions")
		free := freelyPlaced(list)
		j := 0
		for p := range list.Children() {
			if t.fcos >= 3 && p.Get("label").Text() == "root" {
				t.rootPartition(itemPath(path, j), p, free.first < j || free.last > j, free.present > j && !isAbsent(p))
			}
			number := reserved(p.Get("label").Text())
			if have, _ := strconv.Atoi(p.Get("number").Text()); number > 0 && number != have &&
				disk.Get("wipeTable").Text() != "true" {
				t.find(diag.Warning, codes.PartitionReserved, itemPath(path, j)+".label", p.Get("label"),
					"the label is that of another partition of the image, so that a new partition is made").
					Hint = fmt.Sprintf("the image has it as number %d", number)
			}
			j++
		}
		i++
	}
}

const rootMiB = 8192 // what the root of an fcos image should have

// freelyPlaced finds the first and the last partition of a list that have no start, and the last of those that are to
// be there.
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
func (t *translation) rootPartition(path string, p tree.Node, beside, follows bool) {
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

// grub puts the users of the boot loader under what the document says of files (docs/peer/butane.md §10).
func (t *translation) grub() {
	users := t.top.key("grub", "users")
	if users.count() == 0 {
		return
	}
	var names, lines []string
	for user := range users.items() {
		name := user.key("name").text()
		names = append(names, name)
		lines = append(lines, "password_pbkdf2 "+name+" "+user.key("password_hash").text())
	}
	from := users.node
	text := generated + "\nset superusers=\"" + strings.Join(names, " ") + "\"\n" + strings.Join(lines, "\n") + "\n"
	fragment := t.object(from)
	t.embed(from, text, "").add(fragment.Append())
	t.under(t.object(from, "storage", t.object(from,
		"filesystems",
		t.list(from, t.object(from, "device", "/dev/disk/by-label/boot", "format", "ext4", "path", "/boot")),
		"files", t.list(from, t.object(from, "path", grubConfig, "append", t.list(from, fragment))))))
}

const grubConfig = "/boot/grub2/user.cfg"

// generated opens what is made here; other programs look for it.
const generated = "# Generated by Butane\n"
