package feasible

import (
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
)

var (
	errPartitioned = errors.New("the config makes partitions of this device, which would be taken away")
	errDeleted     = errors.New("its device will not be there: the config deletes this partition")
)

// A user is what an entry is made on.
type user struct {
	device, subject, origin string
	takes                   bool // what is on the device, its partitions too
}

// users are those of devices, but of virtual filesystems, and of entries that make nothing.
func users(s *config.Storage) (all []user) {
	for i, r := range s.Raid {
		for _, device := range r.Devices {
			all = append(all, user{path.Clean(device), "array " + diag.Name(r.Name),
				"$.storage.raid." + strconv.Itoa(i), true})
		}
	}
	for i, l := range s.Luks {
		all = append(all, user{path.Clean(config.Says(l.Device)), "luks " + diag.Name(l.Name),
			"$.storage.luks." + strconv.Itoa(i), config.Says(l.WipeVolume)})
	}
	for i, f := range s.Filesystems {
		format, known := config.FieldAt("storage.filesystems.*.format").Find(config.Says(f.Format))
		if known && format.DeviceMax == 0 {
			all = append(all, user{path.Clean(f.Device), "filesystem on " + diag.Name(f.Device),
				"$.storage.filesystems." + strconv.Itoa(i), config.Says(f.WipeFilesystem)})
		}
	}
	return all
}

// overPartitions refuses what is on a disk that the config partitions. What takes the disk can be had, and leaves no
// partitions, so that nothing else can be on them. It refuses as well what is on a partition that goes.
func overPartitions(s *config.Storage) (all []*plan.StepError) {
	makes, deleted, numbers := map[string]bool{}, map[string]bool{}, map[int]bool{}
	disks := map[string]string{} // by the names of their partitions
	for _, d := range s.Disks {
		device := path.Clean(d.Device)
		for _, p := range d.Partitions {
			if p.ShouldExist != nil && !*p.ShouldExist {
				for _, name := range numbered(device, p.Number) {
					deleted[name] = true
				}
				continue
			}
			makes[device], numbers[p.Number] = true, true
			for _, name := range block.PartitionLinks(config.Says(p.Label), config.Says(p.GUID)) {
				disks[name] = device
			}
		}
	}
	uses, used := users(s), map[string]bool{}
	for _, u := range uses {
		disk, _ := parent(u.device)
		used[disk], used[disks[u.device]] = true, true
	}
	refuse := func(u user, why error) {
		if len(all) == 0 || all[len(all)-1].Origin != u.origin { // an array has several devices
			all = append(all, &plan.StepError{Subject: u.subject, Origin: u.origin, Err: why})
		}
	}
	for _, u := range uses {
		_, number := parent(u.device)
		switch {
		case makes[u.device] && (used[u.device] || !u.takes):
			refuse(u, errPartitioned)
		case deleted[u.device] && !numbers[number] && !numbers[0]: // which may get any number
			refuse(u, errDeleted)
		}
	}
	return all
}

// parent is the disk of a partition that is named by its number; "" for another device.
func parent(name string) (disk string, number int) {
	base := strings.TrimRight(name, "0123456789")
	number, err := strconv.Atoi(name[len(base):])
	if err != nil {
		return "", 0
	}
	for _, disk := range []string{strings.TrimSuffix(base, "p"), strings.TrimSuffix(base, "-part"), base} {
		if slices.Contains(numbered(disk, number), name) {
			return disk, number
		}
	}
	return "", number
}

// numbered are the names of a partition by its number.
func numbered(disk string, number int) []string {
	if path.Dir(disk) == "/dev" {
		return []string{block.PartitionNode(disk, number)}
	}
	return block.PartLinks([]string{disk}, number)
}
