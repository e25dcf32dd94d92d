package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/stages/disks"
)

// filesystemsOnDisks makes eight filesystems on eight loop devices in one run, beside the sum of eight runs with one
// each.
func (b *bench) filesystemsOnDisks() error {
	const what, count = "disks, 8 ext4 at once, beside one after another", 8
	// what is beside each other is the waiting for a disk, so not in memory
	dir, err := os.MkdirTemp("", "glowplug-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var entries []config.Filesystem
	for i := range count {
		dev, err := loopDevice(filepath.Join(dir, fmt.Sprint("disk", i)))
		if err != nil {
			fmt.Printf("%-44s left out: %v\n", what, err)
			return nil
		}
		defer func() { _ = exec.Command("losetup", "-d", dev).Run() }()
		format, wipe := "ext4", true
		// Written at once, not by the kernel when it is mounted: there is work to do.
		options := []string{"-q", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard"}
		entries = append(entries,
			config.Filesystem{Device: dev, Format: &format, WipeFilesystem: &wipe, Options: options})
	}
	return b.compare(what, 0.65, func() (time.Duration, error) {
		return makeFilesystems(dir, entries)
	}, func() (sum time.Duration, err error) {
		for i := range entries {
			took, err := makeFilesystems(dir, entries[i:i+1])
			if err != nil {
				return 0, err
			}
			sum += took
		}
		return sum, nil
	})
}

// loopDevice gives a device of 1 GiB.
func loopDevice(image string) (string, error) {
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		return "", err
	}
	if err := os.Truncate(image, 1<<30); err != nil {
		return "", err
	}
	out, err := exec.Command("losetup", "-f", "--show", image).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("losetup: %w: %s", err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

func makeFilesystems(dir string, entries []config.Filesystem) (time.Duration, error) {
	tools := tool.New(nil, nil)
	o := disks.Options{Tools: tools, Devices: &device.Devices{Tools: tools, Aliases: filepath.Join(dir, "aliases")}}
	start := time.Now()
	_, err := disks.Run(context.Background(), config.Storage{Filesystems: entries}, o)
	return time.Since(start), err
}
