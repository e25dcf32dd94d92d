package rules

import (
	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/field"
	"github.com/glowplug-os/glowplug/internal/language"
)

// labelMax gives how many bytes a label may have on a filesystem of a format. A format that is not listed has no limit.
func labelMax(format string) (limit int, limited bool) {
	value, _ := config.FieldAt(formatField).Find(format)
	return value.LabelMax, value.LabelMax > 0
}

const formatField = "storage.filesystems.*.format"

// notTaken reports a value of the field at a path that the version does not take. what names the value: the format
// "zfs".
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
	if f.UUID != nil && !block.TakesUUID(text(f.Format), *f.UUID) &&
		(isSet(f.WipeFilesystem) || !block.MayLackUUID(text(f.Format), *f.UUID)) {
		a.Key("uuid").Errorf(codes.FilesystemUUID, "%s is not a UUID that %s takes", quote(*f.UUID),
			*f.Format).Advise("%s", uuidForm(*f.Format)).Strictly()
	}
	if virtual {
		c.noBlockDevice(a, f)
	}
}

// byName: the format is one of those, known to the version, whose filesystems have a name and no block device.
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
		row := field.Label(format)
		fault, _ := row.Check(label)
		if fault == nil && isSet(f.WipeFilesystem) {
			fault = row.Made(label)
		}
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

// filesystemsOnDisks warns of filesystems that would overwrite the partition table of a whole disk.
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
