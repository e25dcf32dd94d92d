package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/internal/report"
)

// planLimit is what a plan may take, from start to exit.
const planLimit = 150 * time.Millisecond

// plan measures a plan of 2,000 files and 8 disk images, with a root that has half of the files, beside a shell that
// reads the same bytes: the config, the files, and the ends of the images.
func (b *bench) plan() error {
	config, root, images, err := b.planned("planned", 2000, 8)
	if err != nil {
		return err
	}
	args := []string{"plan", "--no-owner", "--root=" + root}
	read := "find " + root + " -type f -exec cat {} + >/dev/null; cat " + config + " >/dev/null"
	for i, image := range images {
		args = append(args, fmt.Sprintf("--disk=/dev/vd%c=%s", 'a'+i, image))
		read += "; head -c 1M " + image + " >/dev/null; tail -c 1M " + image + " >/dev/null"
	}
	args = append(args, config)
	var all []time.Duration
	err = b.compare("plan, 2,000 files, 8 disks, cat of the same", 4, func() (time.Duration, error) {
		took, err := destroying(timed(b.program("glowplug"), args...))
		all = append(all, took)
		return took, err
	}, func() (time.Duration, error) { return timed("sh", "-c", read) })
	if err == nil {
		b.within(planLimit, all)
	}
	return err
}

// destroying is the time of a plan by which something is destroyed.
func destroying(took time.Duration, err error) (time.Duration, error) {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == int(report.Destroying) {
		err = nil
	}
	return took, err
}

// within prints times beside the one that it may take.
func (b *bench) within(limit time.Duration, all []time.Duration) {
	took := median(all)
	b.print("  the same, beside what it may take", took.Round(10*time.Microsecond).String(), limit.String(),
		float64(took)/float64(limit), 1)
}

// swapArea is the first page of one (mm/swapfile.c, union swap_header).
var swapArea = strings.Repeat("\x00", 1024) + "\x01\x00\x00\x00\xff" + strings.Repeat("\x00", 3057) + "SWAPSPACE2"

// planned makes, by a name, a config of so many files and disks, a root with every second file, of which every second
// differs, and images that are wiped, every second of which is a swap area.
func (b *bench) planned(name string, count, disks int) (config, root string, images []string, err error) {
	root, config = b.path(name), b.path(name+".ign")
	if err := os.Mkdir(root, 0o755); err != nil {
		return "", "", nil, err
	}
	var s struct {
		Disks       []map[string]any `json:"disks"`
		Filesystems []map[string]any `json:"filesystems"`
		Files       []map[string]any `json:"files"`
	}
	for i := range count {
		file, line := fmt.Sprintf("/srv/%d/file-%d", i%50, i), fmt.Sprintf("line %d of this file%%0A", i)
		s.Files = append(s.Files, map[string]any{"path": file, "overwrite": true,
			"contents": map[string]any{"source": "data:," + strings.ReplaceAll(strings.Repeat(line, 30), " ", "%20")}})
		if i%2 == 0 {
			continue
		}
		text := strings.Repeat(fmt.Sprintf("line %d of this file\n", i), 30+i%4/2)
		if err := writeIn(root, file, text); err != nil {
			return "", "", nil, err
		}
	}
	for i := range disks {
		device, image := fmt.Sprintf("/dev/vd%c", 'a'+i), b.path(fmt.Sprintf("%s-%d.img", name, i))
		s.Disks = append(s.Disks, map[string]any{"device": device, "wipeTable": true, "partitions": []map[string]any{
			{"number": 1, "label": fmt.Sprintf("boot%d", i), "sizeMiB": 64},
			{"number": 2, "label": fmt.Sprintf("data%d", i)}}})
		s.Filesystems = append(s.Filesystems,
			map[string]any{"device": device + "1", "format": "vfat", "wipeFilesystem": true},
			map[string]any{"device": fmt.Sprintf("/dev/disk/by-partlabel/data%d", i), "format": "xfs"})
		if err := writeIn("/", image, swapArea[:i%2*len(swapArea)]); err != nil {
			return "", "", nil, err
		}
		if err := os.Truncate(image, 1<<30); err != nil {
			return "", "", nil, err
		}
		images = append(images, image)
	}
	text, err := json.Marshal(map[string]any{"ignition": map[string]any{"version": "3.6.0"}, "storage": s})
	if err != nil {
		return "", "", nil, err
	}
	return config, root, images, os.WriteFile(config, text, 0o600)
}

// writeIn writes a file of a root.
func writeIn(root, name, text string) error {
	at := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	return os.WriteFile(at, []byte(text), 0o644)
}
