package butane

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// bootDisk is the feature of an encrypted or mirrored boot disk (docs/peer/butane.md §9).
func bootDisk() feature {
	return feature{
		needs: bootDevice,
		fields: []language.Sugar{
			{Path: "boot_device", Kind: "object",
				Line: "Encryption and mirroring of the disk that the machine boots from."},
			{Path: "boot_device.layout", Kind: "string",
				Line: "How the disk is partitioned."},
			{Path: "boot_device.luks", Kind: "object", Line: "Encrypt the root filesystem."},
			{Path: "boot_device.luks.cex", Kind: "=storage.luks.*.cex", Needs: mainframes,
				Line: "Keys of a Crypto Express adapter (s390x)."},
			{Path: "boot_device.luks.device", Kind: "string", Needs: mainframes,
				Line: "The whole disk, for the layouts s390x-eckd and s390x-zfcp."},
			{Path: "boot_device.luks.discard", Kind: "bool", Needs: bootDiscards, Line: "Pass discards through."},
			{Path: "boot_device.luks.tang", Kind: "=storage.luks.*.clevis.tang", Line: "Tang servers."},
			{Path: "boot_device.luks.threshold", Kind: "number",
				Line: "How many servers and TPMs must agree; default 1."},
			{Path: "boot_device.luks.tpm2", Kind: "bool", Line: "Bind to the TPM."},
			{Path: "boot_device.mirror", Kind: "object", Line: "Mirror the disk."},
			{Path: "boot_device.mirror.devices", Kind: "[string]",
				Line: "The disks, at least two. Everything on them is lost."},
		},
		check: bootDeviceRules,
		lower: lowerBootDevice,
		choices: map[string]func(Dialect) []string{
			"boot_device.layout": func(d Dialect) []string { return namesOf(d.layouts()) },
		},
		section: "$.boot_device",
		// Where the document has an item of the same name, that item is merged with the generated one, and may say a
		// part.
		absences: []codes.Code{codes.RAIDLevel, codes.RAIDDevices, codes.FormatMissing, codes.LabelWithoutFormat,
			codes.PathMissing},
		makes: makesBootItem,
	}
}

// makesBootItem tells whether an item of the config has the name or the device of one that lowerBootDevice would
// generate.
func makesBootItem(t *translation, item tree.Node) bool {
	boot := t.top.Key("boot_device")
	if boot.To("mirror", "devices").Count() == 0 && !wantsLuks(boot.Key("luks")) && !leftOut(t, "$.boot_device") {
		return false
	}
	name := item.Get("name").Text()
	if name == "" {
		name = item.Get("device").Text()
	}
	return strings.Contains(" md-boot md-root root /dev/md/md-boot /dev/md/md-root /dev/mapper/root ", " "+name+" ") ||
		strings.HasPrefix(name, "/dev/disk/by-partlabel/esp-")
}

// A bootPartition is a partition of a mirrored boot disk. Its label gets the number of the disk.
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

// A layout is how the images of an architecture partition their boot disk.
type layout struct {
	name   string
	first  [2]bootPartition // the partitions before boot and root
	device string           // what the names of an s390x layout's disks begin with, as /dev/dasd of /dev/dasda
	suffix string           // the number of the partition to encrypt on an s390x disk
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
		{name: usualLayout, first: [2]bootPartition{{"bios", 1, guidBIOS}, esp}},
	}
}

// layouts are the layouts that the dialect has: those for mainframes came later.
func (d Dialect) layouts() []layout {
	return slices.DeleteFunc(layouts(), func(l layout) bool {
		return strings.HasPrefix(l.name, "s390x") && !d.has(mainframes)
	})
}

func namesOf(all []layout) (names []string) {
	for _, l := range all {
		names = append(names, l.name)
	}
	return names
}

// usualLayout is the layout of a document that names none.
const usualLayout = "x86_64"

// layoutOf finds a layout by its name. known lists the layouts of the dialect.
func (d Dialect) layoutOf(name string) (found layout, known string, ok bool) {
	all := d.layouts()
	i := slices.IndexFunc(all, func(l layout) bool { return l.name == cmp.Or(name, usualLayout) })
	if i >= 0 {
		found = all[i]
	}
	return found, strings.Join(namesOf(all), ", "), i >= 0
}

// bootDeviceRules is the table of rules of docs/peer/butane.md §9. Where a part of boot_device could not be read and
// was left out, the rules would only report that it is missing, so they are not asked.
func bootDeviceRules(t *translation) {
	boot := t.top.Key("boot_device")
	if !boot.Set() || leftOut(t, "$.boot_device") {
		return
	}
	name, luks, mirror := boot.Key("layout"), boot.Key("luks"), boot.Key("mirror")
	disks := mirror.Key("devices").Count()
	l, known, ok := t.layoutOf(name.Text())
	if name.Set() && name.Text() != "" && !ok {
		name.Errorf(codes.LayoutUnknown, "the layout %q is not known", name.Text()).Advise("the layouts are %s", known)
	}
	if disks > 0 && name.Text() == "" {
		severity := diag.Warning
		if t.has(bootChecks) {
			severity = diag.Error
		}
		mirror.Report(severity, codes.LayoutMissing, "a mirrored boot disk needs a layout; "+usualLayout+" is taken").
			Advise("add layout: "+usualLayout+", or that of the machine; the layouts are %s", known)
	}
	if t.has(mainframes) {
		mainframeRules(boot, l)
	}
	encryptionRules(t, luks)
	if disks == 1 {
		devices := mirror.Key("devices")
		devices.Errorf(codes.MirrorOne, "a mirror needs at least two disks").
			Advise("list the other disk too, or leave mirror out")
		devices.Errorf(codes.MirrorOne, "a mirror needs at least two disks").PeerOnly = true // Butane says it twice
	}
}

// encryptionRules: a boot disk with luks and nothing that opens it stays as it is, without encryption. The peer reports
// that only where luks names the device. What the document switches off itself, as tpm2: false, may be meant.
func encryptionRules(t *translation, luks *cursor.At) {
	const how = "add tpm2: true, a Tang server or cex"
	off := luks.Key("tpm2").Text() == "false" || luks.To("cex", "enabled").Text() == "false"
	switch {
	case !luks.Set() || hasMethod(luks):
	case t.has(bootChecks) && luks.Key("device").Text() != "":
		luks.Errorf(codes.LUKSNoMethod, "nothing says how to encrypt the boot disk").Advise(how)
	case wantsLuks(luks):
	case off && !luks.Key("threshold").Set() && !luks.Key("discard").Set():
		luks.Warnf(codes.LUKSNoMethod, "the boot disk is not encrypted: what would open it is switched off").
			Advise("leave luks out if that is meant, or " + how).Strictly()
	default:
		luks.Errorf(codes.LUKSNoMethod, "the boot disk is not encrypted: nothing says what opens it").Advise(how).
			Strictly()
	}
}

// hasMethod: something can open the volume. An empty mapping for a Tang server does not count.
func hasMethod(luks *cursor.At) bool {
	for server := range luks.Key("tang").Items() {
		if server.Node().First().Exists() {
			return true
		}
	}
	return luks.Key("tpm2").IsTrue() || luks.To("cex", "enabled").IsTrue()
}

// wantsLuks: a volume is made only where something can open it; a threshold, discards or a device alone make none.
func wantsLuks(luks *cursor.At) bool {
	return luks.Key("tpm2").IsTrue() || luks.Key("tang").Count() > 0 || luks.To("cex", "enabled").IsTrue()
}

// lowerBootDevice generates the items of the boot disk, and merges what the document says of disks over them.
func lowerBootDevice(t *translation) {
	boot := t.top.Key("boot_device")
	luks, mirror := boot.Key("luks"), boot.Key("mirror")
	mirrored := mirror.Key("devices").Count() > 0
	if !mirrored && !wantsLuks(luks) || t.spoilt("$.boot_device") {
		return
	}
	l, _, _ := t.layoutOf(boot.Key("layout").Text())
	root, filesystems := "/dev/md/md-root", t.list(boot.Node())
	storage := t.object(boot.Node())
	sections := storage.Append()
	if mirrored {
		lowerMirror(t, mirror, l, sections, filesystems)
	}
	if wantsLuks(luks) {
		sections.AddMember("luks", t.list(luks.Node(), bootLuks(t, luks, l, mirrored)))
		root = "/dev/mapper/root"
	}
	filesystems.Append().Add(t.object(boot.Node(), "device", root, "format", "xfs", "label", "root", "wipeFilesystem",
		true))
	sections.AddMember("filesystems", filesystems)
	t.under(t.object(boot.Node(), "storage", storage))
}

// lowerMirror makes the same partitions on each disk, and arrays of boot and root. The firmware reads its own partition
// from any disk, so each disk has one. The firmware reads the kernel as well, so the array for boot has its metadata at
// the end (version 1.0), where it does not hide the filesystem.
func lowerMirror(t *translation, mirror *cursor.At, l layout, sections *tree.Appender, filesystems tree.Node) {
	disks, parts := t.list(mirror.Node()), map[string][]string{}
	all, fs := disks.Append(), filesystems.Append()
	i := 0
	for device := range mirror.Key("devices").Items() {
		i++
		from := device.Node()
		partitions := t.list(from)
		list := partitions.Append()
		for _, p := range append(l.first[:], bootPartition{"boot", 384, ""}, bootPartition{"root", 0, ""}) {
			label := p.label + "-" + strconv.Itoa(i)
			partition := t.object(from, "label", label)
			fields := partition.Append()
			if p.sizeMiB > 0 {
				fields.AddMember("sizeMiB", t.Scalar(from, tree.Number, strconv.Itoa(p.sizeMiB)))
			}
			if p.typeGUID != "" {
				fields.AddMember("typeGuid", t.Scalar(from, tree.String, p.typeGUID))
			}
			list.Add(partition)
			parts[p.label] = append(parts[p.label], "/dev/disk/by-partlabel/"+label)
			if p.label == "esp" {
				fs.Add(t.object(from, "device", "/dev/disk/by-partlabel/"+label, "format", "vfat", "label", label,
					"wipeFilesystem", true))
			}
		}
		all.Add(t.object(from, "device", device.Text(), "partitions", partitions, "wipeTable", true))
	}
	from := mirror.Node()
	fs.Add(t.object(from, "device", "/dev/md/md-boot", "format", "ext4", "label", "boot", "wipeFilesystem", true))
	sections.AddMember("disks", disks)
	sections.AddMember("raid", t.list(from,
		t.object(from, "name", "md-boot", "level", "raid1", "devices", t.texts(from, parts["boot"]...), "options",
			t.texts(from, "--metadata=1.0")),
		t.object(from, "name", "md-root", "level", "raid1", "devices", t.texts(from, parts["root"]...))))
}

// bootLuks makes the volume of the root filesystem. It is always formatted: the root of the image is not encrypted.
func bootLuks(t *translation, luks *cursor.At, l layout, mirrored bool) tree.Node {
	device := "/dev/disk/by-partlabel/root"
	switch {
	case l.device != "":
		device = luks.Key("device").Text() + l.suffix
	case mirrored:
		device = "/dev/md/md-root"
	}
	volume := t.object(luks.Node(), "name", "root", "label", "luks-root", "wipeVolume", true, "device", device)
	fields := volume.Append()
	if discard := luks.Key("discard"); discard.Set() {
		fields.AddMember("discard", t.Same(discard.Node()))
	}
	if luks.To("cex", "enabled").IsTrue() {
		cex := luks.Key("cex")
		fields.AddMember("cex", t.object(cex.Node(), "enabled", t.Same(cex.Key("enabled").Node())))
		return volume
	}
	clevis := t.object(luks.Node())
	policy := clevis.Append()
	shape := t.shape.At("boot_device.luks")
	for _, name := range []string{"tang", "threshold", "tpm2"} {
		if field := luks.Key(name); field.Set() && (name != "tang" || field.Count() > 0) {
			policy.AddMember(name, t.lower(shape.Member(name), field))
		}
	}
	fields.AddMember("clevis", clevis)
	return volume
}
