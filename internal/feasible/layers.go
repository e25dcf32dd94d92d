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
	for i, f := range s.Filesystems {
		makes := slices.ContainsFunc(s.Disks, func(d config.Disk) bool {
			return d.Device == f.Device && slices.ContainsFunc(d.Partitions, func(p config.Partition) bool {
				return p.ShouldExist == nil || *p.ShouldExist
			})
		})
		used := slices.ContainsFunc(s.Filesystems, func(other config.Filesystem) bool {
			number := strings.TrimLeft(strings.TrimPrefix(other.Device, f.Device), "-part")
			_, err := strconv.Atoi(number)
			return other.Device != f.Device && strings.HasPrefix(other.Device, f.Device) && err == nil
		})
		if makes && (used || !config.Says(f.WipeFilesystem)) {
			all = append(all, &plan.StepError{Subject: "filesystem on " + diag.Name(f.Device),
				Origin: "$.storage.filesystems." + strconv.Itoa(i), Err: errPartitioned})
		}
	}
	return all
}
