package feasible

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
)

var errPartitioned = errors.New("the config makes partitions of this device, which the filesystem would take away")

// overPartitions refuses filesystems on a disk that the config partitions. With wipeFilesystem that is done, and leaves
// no partitions, so that nothing else can be on them.
func overPartitions(s *config.Storage) (all []*plan.StepError) {
	makes, used := map[string]bool{}, map[string]bool{}
	for _, d := range s.Disks {
		if slices.ContainsFunc(d.Partitions, func(p config.Partition) bool {
			return p.ShouldExist == nil || *p.ShouldExist
		}) {
			makes[d.Device] = true
		}
	}
	for _, f := range s.Filesystems {
		disk := strings.TrimRight(f.Device, "0123456789")
		if disk == f.Device || !isMade(&f) {
			continue
		}
		used[disk], used[strings.TrimSuffix(disk, "p")], used[strings.TrimSuffix(disk, "-part")] = true, true, true
	}
	for i, f := range s.Filesystems {
		if isMade(&f) && makes[f.Device] && (used[f.Device] || !config.Says(f.WipeFilesystem)) {
			all = append(all, &plan.StepError{Subject: "filesystem on " + diag.Name(f.Device),
				Origin: "$.storage.filesystems." + strconv.Itoa(i), Err: errPartitioned})
		}
	}
	return all
}

// isMade: an entry without a format makes nothing, and one of a format that goes by a name has no block device.
func isMade(f *config.Filesystem) bool {
	format, known := config.FieldAt("storage.filesystems.*.format").Find(config.Says(f.Format))
	return known && format.DeviceMax == 0
}
