package lint

import (
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/field"
)

// disks tells of what only some disks, and some releases of the tools, take.
func (l *linter) disks(storage *cursor.At, s *config.Storage) {
	for i := range s.Disks {
		l.numbers(storage.Key("disks").Item(i).Key("partitions"), &s.Disks[i])
	}
	for i := range s.Raid {
		l.arrayNames(storage.Key("raid").Item(i), &s.Raid[i])
	}
	for i := range s.Filesystems {
		l.onlyKept(storage.Key("filesystems").Item(i), &s.Filesystems[i])
	}
}

// newNumber is the last number of a partition that a table has which is made anew.
const newNumber = 128

// numbers leaves a disk that is wiped to the rules.
func (l *linter) numbers(list *cursor.At, d *config.Disk) {
	for i, p := range d.Partitions {
		made := p.ShouldExist == nil || *p.ShouldExist
		if made && p.Number > newNumber && p.Number <= block.LastPartition && !config.Says(d.WipeTable) {
			l.advise(list.Item(i).Key("number"), codes.OnlyKept, "a new partition table has room for %d partitions",
				newNumber).Advise("number it from 1 to %d, unless the disks have larger tables", newNumber)
		}
	}
}

// onlyKept tells of filesystems that no maker makes. What a rule refuses in any case is told by that.
func (l *linter) onlyKept(a *cursor.At, f *config.Filesystem) {
	row, label, format := field.Label(text(f.Format)), text(f.Label), text(f.Format)
	if config.Says(f.WipeFilesystem) {
		return
	}
	always, _ := row.Check(label)
	if fault := row.Made(label); always == nil && fault != nil {
		l.advise(a.Key("label"), codes.OnlyKept, "a new filesystem cannot get this label: %s", fault.Message).
			Advise("choose another one, unless it is on the disks already")
	}
	if f.UUID != nil && !block.TakesUUID(format, *f.UUID) && block.MayLackUUID(format, *f.UUID) {
		l.advise(a.Key("uuid"), codes.OnlyKept, "a new %s cannot be without a UUID", format).
			Advise("remove it, and any UUID will do")
	}
}

// arrayNames tells of names that mdadm 4.4 refuses, and 4.2 takes, as they were tried with both.
func (l *linter) arrayNames(a *cursor.At, r *config.Raid) {
	const hint = "choose one of letters, digits, dots, underscores and dashes, with no dot or dash in front"
	if name := r.Name[strings.LastIndexByte(r.Name, '/')+1:]; !isPortable(name) {
		l.advise(a.Key("name"), codes.ArrayName, "mdadm 4.4 does not take such a name").Advise(hint)
	}
	for i, option := range r.Options {
		name, is := strings.CutPrefix(option, "--name=")
		if i > 0 && (r.Options[i-1] == "--name" || r.Options[i-1] == "-N") {
			name, is = option, true
		}
		if is && !isPortable(name) {
			l.advise(a.Key("options").Item(i), codes.ArrayName, "mdadm 4.4 does not take such a name").Advise(hint)
		}
	}
}

// isPortable tells whether a name is of the portable character set for file names of POSIX, and not hidden. That one is
// missing is told by others.
func isPortable(name string) bool {
	for _, c := range name {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "-")
}
