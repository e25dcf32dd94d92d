package applies

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"

	"github.com/glowplug-os/glowplug/config"
)

// arrange makes disks that have already what a config makes of disks, as far as that can be: a partition without a size
// is there, though others follow it, as is a number that only a larger table has; so are filesystems that today's
// programs make only when they are told to, or whose options they do not know.
func (b *Bench) arrange(ctx context.Context, dir string, c Case,
	disk func(path string, mib int64) (string, error)) error {
	object := read(c.Text)
	storage, is := object["storage"].(map[string]any)
	if !is || storage["disks"] == nil && storage["filesystems"] == nil {
		return nil
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	m := &machine{dir: dir, disk: disk, kind: Fresh, patience: b.Patience}
	before := map[string]any{"ignition": map[string]any{"version": config.Newest.String()}, "storage": map[string]any{
		"disks": storage["disks"], "filesystems": storage["filesystems"]}}
	provide(before)
	for _, p := range places(before) {
		ease(p)
	}
	var refusal *Refusal
	if err := m.fetch(ctx, write(before)); err != nil {
		if errors.As(err, &refusal) {
			return nil
		}
		return err
	}
	if err := m.enlarge(); err != nil {
		return err
	}
	_ = m.stage(ctx, "disks") // what it cannot make is not there
	return nil
}

// provide adds the partitions that filesystems are on and that a disk has to have already.
func provide(config map[string]any) {
	storage := config["storage"].(map[string]any)
	disks, _ := storage["disks"].([]any)
	filesystems, _ := storage["filesystems"].([]any)
	for _, f := range filesystems {
		object, _ := f.(map[string]any)
		device, number, is := partitionOf(fmt.Sprint(object["device"]))
		for _, d := range disks {
			disk, _ := d.(map[string]any)
			partitions, _ := disk["partitions"].([]any)
			has := slices.ContainsFunc(partitions, func(p any) bool {
				object, _ := p.(map[string]any)
				return fmt.Sprint(object["number"]) == number
			})
			if is && disk["device"] == device && !has {
				disk["partitions"] = append(partitions, map[string]any{"number": json.Number(number), "sizeMiB": 320})
			}
		}
	}
}

// ease leaves out of a config what keeps disks from being as it wants them in the end, and has partitions made in the
// order in which all of them find room.
func ease(p place) {
	switch object, _ := p.value.(map[string]any); p.path {
	case "storage.disks.*":
		partitions, _ := object["partitions"].([]any)
		taken := map[int64]bool{0: true}
		for _, each := range partitions {
			taken[number(each, "number")] = true
		}
		for _, each := range partitions {
			settle(each, taken)
		}
		slices.SortStableFunc(partitions, func(a, b any) int { return cmp.Compare(turn(a), turn(b)) })
	case "storage.filesystems.*":
		delete(object, "options")
		delete(object, "mountOptions")
		delete(object, "path")
		if small := map[any][]any{"xfs": {"--unsupported"}, "btrfs": {"--mixed"}}[object["format"]]; small != nil {
			object["options"] = small
		}
	}
}

// settle gives a partition of any number the first that is free, and one of any size a small one.
func settle(partition any, taken map[int64]bool) {
	const small = 3 // MiB
	object, _ := partition.(map[string]any)
	if object == nil || object["shouldExist"] == false {
		return
	}
	if number(object, "number") == 0 {
		free := int64(1)
		for taken[free] {
			free++
		}
		object["number"], taken[free] = free, true
	}
	if object["sizeMiB"] == nil {
		object["sizeMiB"] = small
	}
}

// turn is when a partition is made: those that begin at some place first, those that take what is left last.
func turn(partition any) int {
	switch {
	case number(partition, "startMiB") > 0:
		return 0
	case number(partition, "sizeMiB") > 0:
		return 1
	}
	return 2
}

func number(item any, key string) int64 {
	object, _ := item.(map[string]any)
	n, _ := strconv.ParseInt(fmt.Sprint(object[key]), 10, 64)
	return n
}

// enlarge gives disks tables of as many numbers as partitions of them have.
func (m *machine) enlarge() error {
	const usual, most = 128, 255
	for _, d := range m.config.Storage.Disks {
		highest := 0
		for _, p := range d.Partitions {
			highest = max(highest, p.Number)
		}
		if highest <= usual || highest > most {
			continue
		}
		out, err := exec.Command("sgdisk", "--clear", fmt.Sprintf("--resize-table=%d", highest),
			m.nodes[d.Device]).CombinedOutput()
		if err != nil {
			return fmt.Errorf("sgdisk: %w: %s", err, out)
		}
	}
	return nil
}
