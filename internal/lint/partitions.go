package lint

import (
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
)

// A partitionType is one by which firmware, systemd or others know what is on a partition.
type partitionType struct {
	guid, of string
	takes    string // the format that belongs on it, "none" where no filesystem does; "" for any but swap
	mounted  string // where systemd mounts it; "" for a place of the config's choice
}

// partitionTypes are those that configs give (UAPI.2 Discoverable Partitions Specification; docs/peer/lints.md §5, §6).
func partitionTypes() []partitionType {
	return []partitionType{
		{"0fc63daf-8483-4772-8e79-3d69d8477de4", "plain data", "", ""},
		{"c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "the EFI system partition", "vfat", ""},
		{"bc13c2ff-59e6-4262-a352-b275fd6f7172", "boot loaders' files", "", ""},
		{"0657fd6d-a4ab-43c4-84e5-0933c84b4f4f", "swap", "swap", ""},
		{"933ac7e1-2eb4-4f13-b844-0e14e2aef915", "/home", "", "/home"},
		{"3b8f8425-20e0-4f3b-907f-1a25a76f98e8", "/srv", "", "/srv"},
		{"7ec6f557-3bc5-4aca-b293-16ef5df639d1", "/var/tmp", "", "/var/tmp"},
		{"4d21b016-b534-45c2-a9fb-5c16e091fd2d", "/var", "", "/var"},
		{"a19d880f-05fc-4d3b-a006-743f0f84911e", "arrays", "none", ""},
		{"e6d6d379-f507-44c2-a23c-238f2a3df928", "LVM", "none", ""},
		{"21686148-6449-6e6f-744e-656564454649", "the BIOS boot partition", "none", ""},
		{"9e1a2d38-c612-4316-aa26-8b49521e5a8b", "PReP boot", "none", ""},
	}
}

// partitions holds filesystems against the types of the partitions that they are on.
func (l *linter) partitions(storage *cursor.At, s *config.Storage) {
	known, links := partitionTypes(), map[string]*partitionType{}
	for i := range s.Disks {
		for k := range s.Disks[i].Partitions {
			p := &s.Disks[i].Partitions[k]
			of, guid := near(known, strings.ToLower(text(p.TypeGUID)))
			switch {
			case of == nil:
			case of.guid != guid:
				l.advise(storage.Key("disks").Item(i).Key("partitions").Item(k).Key("typeGuid"), codes.PartitionType,
					"nothing is known of this type, and it is almost that of %s", of.of).Advise("is %s meant?", of.guid)
			default:
				for _, link := range block.PartitionLinks(text(p.Label), text(p.GUID)) {
					links[link] = of
				}
			}
		}
	}
	for i := range s.Filesystems {
		if of := links[s.Filesystems[i].Device]; of != nil {
			l.typed(storage.Key("filesystems").Item(i), &s.Filesystems[i], of)
		}
	}
}

// near gives the type that has a GUID, or one that differs from it in one digit or two; nil for none.
func near(known []partitionType, guid string) (of *partitionType, same string) {
	for i := range known {
		apart := 0
		for k := range guid {
			if k >= len(known[i].guid) || guid[k] != known[i].guid[k] {
				apart++
			}
		}
		if guid != "" && apart < 3 {
			return &known[i], guid
		}
	}
	return nil, guid
}

// typed tells of a filesystem that does not belong on a partition of a type.
func (l *linter) typed(a *cursor.At, f *config.Filesystem, of *partitionType) {
	const (
		data = "plain data, 0fc63daf-8483-4772-8e79-3d69d8477de4"
		swap = "swap, 0657fd6d-a4ab-43c4-84e5-0933c84b4f4f"
	)
	format, path, better := text(f.Format), text(f.Path), data
	if format == "swap" {
		better = swap
	}
	switch {
	case format == "" || format == "none":
		return
	case of.takes != "" && of.takes != format, of.takes == "" && better == swap:
		l.advise(a.Key("format"), codes.PartitionType, "the partition has the type of %s, where no %s belongs", of.of,
			format).Advise("give the partition the type of %s", better)
	case of.mounted != "" && path != "" && strings.TrimPrefix(path, "/var") != strings.TrimPrefix(of.mounted, "/var"):
		l.advise(a.Key("path"), codes.PartitionType, "the partition has the type of %s, where systemd mounts it",
			of.mounted).Advise("give the partition the type of %s", better)
	}
}
