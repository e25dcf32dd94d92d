package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

func (b *bench) filesInMemory() error {
	return b.files("fetch + files, 2,000 files, tmpfs, tar -x", b.path("root"), 4, false)
}

func (b *bench) filesOnDisk() error {
	const what = "fetch + files, 2,000 files, ext4, tar -x && sync -f"
	return b.onDisk(what, func(at string) error { return b.files(what, filepath.Join(at, "root"), 3, true) })
}

// onDisk makes an ext4 on a loop device to measure on.
func (b *bench) onDisk(what string, measure func(at string) error) error {
	image, at := filepath.Join(os.TempDir(), filepath.Base(b.dir)+".ext4"), b.path("ext4")
	defer os.Remove(image)
	if os.Geteuid() != 0 {
		fmt.Println(what + ": left out, as mounting needs root")
		return nil
	}
	if err := os.MkdirAll(at, 0o700); err != nil {
		return err
	}
	for _, command := range [][]string{{"truncate", "-s", "1G", image}, {"mkfs.ext4", "-q", "-F", image},
		{"mount", "-o", "loop", image, at}} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			fmt.Printf("%s: left out: %v: %v: %s\n", what, command, err, out)
			return nil
		}
	}
	defer exec.Command("umount", at).Run()
	return measure(at)
}

// files provisions a root and unpacks the same tree from a tar archive, in turn.
func (b *bench) files(what, root string, limit float64, sync bool) error {
	config, archive := b.path("files.ign"), b.path("files.tar")
	if err := os.WriteFile(config, inlineFiles(2000, 680), 0o600); err != nil {
		return err
	}
	if err := b.fresh(root, sync); err != nil {
		return err
	}
	if _, err := b.provision(config, root); err != nil {
		return err
	}
	if out, err := exec.Command("tar", "-C", root, "-cf", archive, ".").CombinedOutput(); err != nil {
		return fmt.Errorf("tar: %w: %s", err, out)
	}
	return b.compare(what, limit, func() (time.Duration, error) {
		if err := b.fresh(root, sync); err != nil {
			return 0, err
		}
		return b.provision(config, root)
	}, func() (time.Duration, error) {
		if err := b.fresh(root, sync); err != nil {
			return 0, err
		}
		unpack, err := timed("tar", "-C", root, "-xf", archive)
		if err != nil || !sync {
			return unpack, err
		}
		flush, err := timed("sync", "-f", root)
		return unpack + flush, err
	})
}

// fresh makes an empty root, with nothing left to be written.
func (b *bench) fresh(root string, sync bool) error {
	if err := os.RemoveAll(root); err != nil {
		return err
	}
	if err := os.Mkdir(root, 0o755); err != nil {
		return err
	}
	return b.flush(root, sync)
}

func (b *bench) flush(root string, sync bool) error {
	if !sync {
		return nil
	}
	return exec.Command("sync", "-f", root).Run()
}

// provision runs the stages fetch and files, as a boot does, and gives the time of both.
func (b *bench) provision(config, root string) (time.Duration, error) {
	nowhere := b.path("nowhere")
	for name, value := range map[string]string{
		"IGNITION_CONFIG_FILE": config, "IGNITION_SYSTEM_CONFIG_DIR": nowhere,
		"IGNITION_SYSTEM_LOCAL_CONFIG_DIR": nowhere, "IGNITION_SYSTEM_RUNTIME_CONFIG_DIR": nowhere,
	} {
		os.Setenv(name, value)
	}
	var sum time.Duration
	for _, stage := range []string{"fetch", "files"} {
		took, err := timed(b.program("ignition"), "--platform=file", "--stage="+stage, "--root="+root,
			"--config-cache="+b.path("cache"), "--state-file="+b.path("state"), "--neednet="+b.path("neednet"),
			"--log-to-stdout")
		if err != nil {
			return 0, err
		}
		sum += took
	}
	return sum, nil
}
