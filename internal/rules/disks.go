package rules

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/field"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/order"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/internal/tree"
)

func (c disks) disk(a *cursor.At, d *config.Disk) {
	absolute(a, "device", d.Device)
	list := a.Key("partitions")
	if d.Device != "" {
		c.partitionNumbers(list, d.Partitions)
		c.partitionOverlap(list, d.Partitions)
		c.partitionLabels(list, d.Partitions)
		c.partitionGUIDs(list, d.Partitions)
	}
	for i := range d.Partitions {
		c.partition(list.Item(i), &d.Partitions[i])
	}
}

// Of numbers, and of labels, that are there twice the peer names one a disk; the others are ours.
func (c disks) partitionNumbers(list *cursor.At, parts []config.Partition) {
	seen := map[int]int{}
	reported := false
	for i, p := range parts {
		if p.Number == 0 {
			continue
		}
		first, twice := seen[p.Number]
		if !twice {
			seen[p.Number] = i
			continue
		}
		f := list.Item(i).Errorf(codes.PartitionNumber, "two partitions have the number %d", p.Number)
		f.Advise("give each its own number, or 0 for the next free one").See(list.Item(first),
			"the first one").Stricter = reported
		reported = true
	}
}

func (c disks) partitionLabels(list *cursor.At, parts []config.Partition) {
	seen := map[string]int{}
	reported := false
	for i, p := range parts {
		if p.Label == nil {
			continue
		}
		first, twice := seen[*p.Label]
		if !twice {
			seen[*p.Label] = i
			continue
		}
		f := list.Item(i).Errorf(codes.PartitionLabelTwice, "two partitions have the label %s", quote(*p.Label))
		f.Advise("labels must differ").See(list.Item(first), "the first one").Stricter = reported
		reported = true
	}
}

// partitionGUIDs: what is to be unique in the world is so on its disk.
func (c disks) partitionGUIDs(list *cursor.At, parts []config.Partition) {
	seen := map[string]int{}
	for i, p := range parts {
		guid := strings.ToLower(text(p.GUID))
		if guid == "" || isAbsent(p) {
			continue
		}
		if first, twice := seen[guid]; twice {
			list.Item(i).Key("guid").Errorf(codes.PartitionGUIDTwice, "two partitions have the GUID %s",
				quote(*p.GUID)).
				Advise("give each its own, or none for a random one").See(list.Item(first),
				"the first one").Stricter = true
			continue
		}
		seen[guid] = i
	}
}

func isAbsent(p config.Partition) bool { return p.ShouldExist != nil && !*p.ShouldExist }

// partitionOverlap reports the first partition that another one, of those with a fixed start and size, lies on.
func (c disks) partitionOverlap(list *cursor.At, parts []config.Partition) {
	type extent struct{ i, start, end int }
	var fixed []extent
	for i, p := range parts {
		if p.StartMiB != nil && p.SizeMiB != nil && *p.StartMiB != 0 {
			end := *p.StartMiB + *p.SizeMiB - 1
			if *p.SizeMiB == 0 {
				end = *p.StartMiB
			}
			fixed = append(fixed, extent{i, *p.StartMiB, end})
		}
	}
	sorted := slices.Clone(fixed)
	order.By(sorted, func(a, b extent) int { return cmp.Compare(a.start, b.start) })
	// In order of their starts, an extent meets another one exactly if it starts before all earlier ones have ended, or
	// the next one starts before it has.
	first := len(parts)
	reach := 0
	for k, e := range sorted {
		if k > 0 && e.start <= reach || k+1 < len(sorted) && sorted[k+1].start <= e.end {
			first = min(first, e.i)
		}
		reach = max(reach, e.end)
	}
	at := slices.IndexFunc(fixed, func(e extent) bool { return e.i == first })
	if at < 0 {
		return
	}
	p := fixed[at]
	for _, o := range fixed {
		if o.i != p.i && p.start <= o.end && o.start <= p.end {
			list.Item(o.i).Errorf(codes.PartitionOverlap, "the partition overlaps with another one: MiB %d to %d, "+
				"and MiB %d to %d", o.start, o.end, p.start, p.end).
				Advise("move one of the two; a size of 0 takes what is free").See(list.Item(p.i), "the other one")
			return
		}
	}
}

func (c disks) partition(a *cursor.At, p *config.Partition) {
	if p.ShouldExist != nil && !*p.ShouldExist && (p.Label != nil || text(p.TypeGUID) != "" || text(p.GUID) != "" ||
		p.StartMiB != nil || p.SizeMiB != nil) {
		a.Errorf(codes.PartitionAbsent, "a partition that should not exist has other properties").
			Advise("keep number, shouldExist and wipePartitionEntry only")
	}
	if p.Number == 0 && p.Label == nil {
		a.Errorf(codes.PartitionUnnamed, "a partition needs a number or a label").Advise(`add "number" or "label"`)
	}
	if p.Label != nil {
		label := a.Key("label")
		if most := config.FieldAt("storage.disks.*.partitions.*.label").MaxBytes; len(*p.Label) > most {
			label.Errorf(codes.PartitionLabelLong, "partition labels are at most %d bytes, this one is %d", most,
				len(*p.Label))
		} else if strings.Contains(*p.Label, ":") {
			label.Errorf(codes.PartitionLabelColon, "a partition label cannot hold a colon")
		}
	}
	c.guid(a.Key("guid"), p.GUID)
	c.guid(a.Key("typeGuid"), p.TypeGUID)
	notNegative(a, "number", "a partition number", &p.Number)
	notNegative(a, "sizeMiB", "a size", p.SizeMiB)
	notNegative(a, "startMiB", "a start", p.StartMiB)
}

func (c disks) guid(a *cursor.At, guid *string) {
	if text(guid) != "" && !isGUID(*guid) {
		a.Errorf(codes.GUID, "%s is not a GUID",
			quote(*guid)).Advise("GUIDs look like 0FC63DAF-8483-4772-8E79-3D69D8477DE4")
	}
}

func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		hex := '0' <= s[i] && s[i] <= '9' || 'a' <= s[i]|0x20 && s[i]|0x20 <= 'f'
		if dash != (s[i] == '-') || !dash && !hex {
			return false
		}
	}
	return true
}

func (c disks) raid(a *cursor.At, r *config.Raid) {
	level := text(r.Level)
	known, isKnown := config.FieldAt(levelField).Find(level)
	if !isKnown {
		f := a.Key("level").Errorf(codes.RAIDLevel, "the RAID level %s is not known", quote(level))
		if level == "" {
			f.Message = "a RAID level is missing"
		}
		f.Advise("levels are %s", c.known(levelField))
	} else if number(r.Spares) != 0 && known.NoSpares {
		a.Key("level").Errorf(codes.RAIDSpares, "the RAID level %s cannot have spares",
			level).Advise("remove spares, or choose a level with redundancy")
	}
	devices := a.Key("devices")
	if len(r.Devices) == 0 {
		devices.Errorf(codes.RAIDDevices, "an array needs devices").Advise("list the devices it is made of")
	}
	for i, device := range r.Devices {
		absoluteAt(devices.Item(i), device)
	}
	notEmpty(a, "an array", r.Name)
	notNegative(a, "spares", "the number of spares", r.Spares)
	if n := number(r.Spares); n > 0 && n >= len(r.Devices) && len(r.Devices) > 0 {
		a.Key("spares").Errorf(codes.RAIDAllSpares, "%d of %d devices are spares: nothing is left for the array", n,
			len(r.Devices)).Strictly()
	}
}

// labelMax says how many bytes a label may have; a format that is not listed sets no limit.
func labelMax(format string) (limit int, limited bool) {
	value, _ := config.FieldAt(formatField).Find(format)
	return value.LabelMax, value.LabelMax > 0
}

const (
	formatField = "storage.filesystems.*.format"
	levelField  = "storage.raid.*.level"
	pinField    = "storage.luks.*.clevis.custom.pin"
)

// notTaken reports a value that the version does not have. what names the value: the format "zfs".
func (c disks) notTaken(a *cursor.At, code codes.Code, path, what, value, hint string) {
	field, v := config.FieldAt(path), c.version
	if row, later := field.Find(value); later {
		a.Errorf(code, "%s", language.CameWith(what, row.Since, v)).Advise("%s", language.SetVersion(row.Since))
		return
	}
	a.Errorf(code, "%s is not known", what).Advise("%s", hint)
}

func (c disks) filesystem(a *cursor.At, f *config.Filesystem) {
	kind, virtual := c.byName(f)
	if text(f.Path) != "" {
		absolute(a, "path", *f.Path)
	}
	switch {
	case !virtual:
		absolute(a, "device", f.Device)
	case f.Device == "" || len(f.Device) > kind.DeviceMax:
		a.Key("device").Errorf(codes.VirtiofsTag, "a virtiofs tag has 1 to %d bytes, this one has %d", kind.DeviceMax,
			len(f.Device))
	}
	c.format(a.Key("format"), f)
	c.label(a.Key("label"), f)
	if f.UUID != nil && !block.TakesUUID(text(f.Format), *f.UUID) {
		a.Key("uuid").Errorf(codes.FilesystemUUID, "%s is not a UUID that %s takes", quote(*f.UUID),
			*f.Format).Advise("%s", uuidForm(*f.Format)).Strictly()
	}
	if virtual {
		c.noBlockDevice(a, f)
	}
}

// byName: filesystems of the format, which the version has, are known by a name and not by a block device.
func (c disks) byName(f *config.Filesystem) (kind config.Value, named bool) {
	kind, _ = config.FieldAt(formatField).Find(text(f.Format))
	return kind, kind.DeviceMax > 0 && kind.Since <= c.version
}

func uuidForm(format string) string {
	if format == "vfat" {
		return "a vfat has a number of 32 bits: up to 8 hexadecimal digits, as 2E24-EC82"
	}
	return "UUIDs look like 0fc63daf-8483-4772-8e79-3d69d8477de4"
}

func (c disks) format(a *cursor.At, f *config.Filesystem) {
	if text(f.Format) != "" {
		if !config.FieldAt(formatField).Takes(*f.Format, c.version) {
			c.notTaken(a, codes.FormatUnknown, formatField, "the format "+quote(*f.Format), *f.Format,
				"formats are "+c.known(formatField))
		}
		return
	}
	if text(f.Path) != "" || text(f.Label) != "" || text(f.UUID) != "" || isSet(f.WipeFilesystem) ||
		len(f.Options) > 0 || len(f.MountOptions) > 0 {
		a.Errorf(codes.FormatMissing, "a format is missing").Advise("formats are %s", c.known(formatField))
	}
}

func (c disks) label(a *cursor.At, f *config.Filesystem) {
	label, format := text(f.Label), text(f.Format)
	if label == "" {
		return
	}
	if format == "" {
		a.Errorf(codes.LabelWithoutFormat, "a label needs a format").Advise("add the format of the filesystem")
	} else if limit, limited := labelMax(format); limited && len(label) > limit {
		a.Errorf(codes.LabelLong, "%s labels are at most %d bytes, this one is %d", format, limit, len(label))
	} else if _, virtual := c.byName(f); virtual {
		a.Errorf(codes.VirtiofsBlock, "a virtiofs has no label").Advise("remove it")
	}
	if limit, limited := labelMax(format); !limited || len(label) <= limit {
		fault, _ := field.Label(format).Check(label)
		a.Fault(fault).Strictly()
	}
}

func (c disks) noBlockDevice(a *cursor.At, f *config.Filesystem) {
	refuse := func(key string, set bool) {
		if set {
			a.Key(key).Errorf(codes.VirtiofsBlock, "a virtiofs has no block device, so %s means nothing",
				key).Advise("remove it")
		}
	}
	refuse("uuid", text(f.UUID) != "")
	refuse("wipeFilesystem", isSet(f.WipeFilesystem))
	refuse("options", len(f.Options) > 0)
}

// filesystemsOnDisks warns of filesystems that replace a whole disk's partition table.
func (c disks) filesystemsOnDisks(list *cursor.At, s *config.Storage) {
	if len(s.Disks) == 0 {
		return
	}
	others := list.Up().Key("disks")
	byDevice := map[string]int{}
	for i := len(s.Disks) - 1; i >= 0; i-- {
		byDevice[s.Disks[i].Device] = i
	}
	for i, f := range s.Filesystems {
		k, same := byDevice[f.Device]
		if !same {
			continue
		}
		device := list.Item(i).Key("device")
		switch d := &s.Disks[k]; {
		case len(d.Partitions) > 0:
			device.Warnf(codes.FilesystemOnTable, "the filesystem takes the whole disk, on which partitions "+
				"are made too").Advise("name one of the partitions").See(others.Item(k), "the disk is partitioned here")
		case isSet(d.WipeTable) && !isSet(f.WipeFilesystem):
			device.Warnf(codes.FilesystemWiped, "wiping the partition table also wipes a filesystem on the whole disk").
				Advise(`set "wipeFilesystem" to say that it is meant, or remove "wipeTable"`).See(others.Item(k),
				"the table is wiped here")
		}
	}
}

func (c disks) luks(a *cursor.At, l *config.Luks) {
	if strings.Contains(l.Name, "/") {
		a.Key("name").Errorf(codes.LUKSName, "the name of an encrypted volume cannot hold a slash")
	}
	if n, most := len(text(l.Label)), config.FieldAt("storage.luks.*.label").MaxBytes; n > most {
		a.Key("label").Errorf(codes.LUKSLabelLong, "LUKS labels are at most %d bytes, this one is %d", most, n)
	}
	if uuid := text(l.UUID); uuid != "" && !block.TakesUUID("crypto_LUKS", uuid) {
		a.Key("uuid").Errorf(codes.LUKSUUID, "%s is not a UUID", quote(uuid)).Advise("%s", uuidForm("")).Strictly()
	}
	absolute(a, "device", text(l.Device))
	c.clevisMix(a.Key("clevis"), &l.Clevis)
	if text(l.KeyFile.Source) != "" {
		if f := source.Check(*l.KeyFile.Source, c.version); f != nil {
			a.Key("keys").Fault(f).PeerOnly = true // the source itself is reported too
		}
	}
	c.cex(a.Key("cex"), l)
	c.clevisCustom(a.Key("clevis").Key("custom"), &l.Clevis.Custom)
	tang := a.Key("clevis").Key("tang")
	for i := range l.Clevis.Tang {
		c.tang(tang.Item(i), &l.Clevis.Tang[i])
	}
	sources{c.checker}.resource(a.Key("keyFile"), &l.KeyFile, true)
	if !isSet(l.Cex.Enabled) && IsEmptyKey(l.KeyFile, c.version) {
		a.Key("keyFile").Key("source").Errorf(codes.LUKSKeyEmpty,
			"the key is empty, so whoever has the disk opens the volume").
			Advise("write a key, or leave keyFile out for a random one").Strictly()
	}
	notEmpty(a, "an encrypted volume", l.Name)
}

// IsEmptyKey tells whether a config itself shows that a key has no bytes. No source is no key, and not an empty one.
func IsEmptyKey(key config.Resource, version config.Version) bool {
	if text(key.Source) == "" || source.Check(*key.Source, version) != nil {
		return false
	}
	digest, _ := source.ParseDigest(text(key.Verification.Hash), version)
	return source.IsEmpty(*key.Source, text(key.Compression), digest)
}

// clevisMix: a custom pin excludes the others. In 3.2.0 an empty custom object already counted as one.
func (c disks) clevisMix(a *cursor.At, cl *config.Clevis) {
	custom := text(cl.Custom.Pin) != ""
	if config.FieldAt("storage.luks.*.clevis.custom").Nullable.Has(c.version) {
		custom = a.Key("custom").Set()
	}
	if custom && (len(cl.Tang) > 0 || isSet(cl.Tpm2) || number(cl.Threshold) != 0) {
		a.Errorf(codes.ClevisMixed,
			"a custom pin stands beside tang, tpm2 or threshold").Advise("keep either the custom pin or the others")
	}
}

func (c disks) clevisCustom(a *cursor.At, custom *config.ClevisCustom) {
	used := text(custom.Pin) != "" || text(custom.Config) != "" || isSet(custom.NeedsNetwork) &&
		c.version.Reads(config.NetworkPin)
	if !used {
		return
	}
	switch pin := text(custom.Pin); {
	case pin == "":
		a.Key("pin").Errorf(codes.ClevisPinMissing, "a custom pin needs a name").Advise(`add "pin"`)
	case !config.FieldAt(pinField).Takes(pin, c.version):
		a.Key("pin").Errorf(codes.ClevisPin, "the pin %s is not known in version %s", quote(pin), c.version).
			Advise("pins are %s; version %s takes any", c.known(pinField), config.FieldAt(pinField).Any.From)
	}
	if text(custom.Config) == "" {
		a.Key("config").Errorf(codes.ClevisConfigMissing, "a custom pin needs a config").Advise(`add "config"`)
	}
}

func (c disks) tang(a *cursor.At, t *config.Tang) {
	if u, err := url.Parse(t.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" {
		a.Key("url").Errorf(codes.TangURL,
			"the URL of a Tang server must be an http or https URL").Advise("write http://host[:port]")
	}
	if text(t.Thumbprint) == "" {
		a.Key("thumbprint").Errorf(codes.TangThumbprint,
			"the thumbprint of a Tang server is missing").Advise("tang-show-keys prints it on the server")
	}
	if text(t.Advertisement) != "" && !isJSON(*t.Advertisement) {
		a.Key("advertisement").Errorf(codes.TangAdvertisement,
			"the advertisement of a Tang server is not JSON").Advise("it is what GET <url>/adv answers")
	}
}

func isJSON(text string) bool {
	_, problem := tree.NewArena().ParseJSON(&diag.Document{Text: text})
	return problem == nil
}

func (c disks) cex(a *cursor.At, l *config.Luks) {
	if !isSet(l.Cex.Enabled) {
		return
	}
	if l.Clevis.Opens() {
		a.Errorf(codes.CEXClevis, "Crypto Express and Clevis exclude each other").Advise("keep one of the two")
	}
	if text(l.KeyFile.Source) != "" {
		a.Errorf(codes.CEXKey, "with Crypto Express there is no key file").Advise("remove keyFile")
	}
}
