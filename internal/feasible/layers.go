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
		if disk == f.Device {
			continue
		}
		used[disk], used[strings.TrimSuffix(disk, "p")], used[strings.TrimSuffix(disk, "-part")] = true, true, true
	}
	for i, f := range s.Filesystems {
		if makes[f.Device] && (used[f.Device] || !config.Says(f.WipeFilesystem)) {
			all = append(all, &plan.StepError{Subject: "filesystem on " + diag.Name(f.Device),
				Origin: "$.storage.filesystems." + strconv.Itoa(i), Err: errPartitioned})
		}
	}
	return all
}
