//go:build vm

package guest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/applies"
)

// Configs that are valid apply: those that need arrays, volumes or vfat. The host has made and judged them.
func TestApplies(t *testing.T) {
	cases, err := applies.ReadGuest("applies")
	require.NoError(t, err)
	if testing.Short() {
		cases = cases[:12]
	}
	syncSlowly(t)
	server := applies.Serve()
	t.Cleanup(server.Close)
	disks := &blanks{links: Disks(t, DiskCount)}
	b := &applies.Bench{Dir: t.TempDir(), Server: server.URL, Patience: time.Minute, Disk: disks.next,
		Clear: disks.clear}
	tally := applies.NewTally()
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			o, err := b.Apply(t.Context(), c)
			require.NoError(t, err, c.Text)
			for _, fault := range tally.Add(o) {
				t.Error(fault)
			}
		})
	}
	require.NoError(t, os.WriteFile(filepath.Join(t.ArtifactDir(), "tally"), []byte(tally.String()), 0o600))
	assert.Equal(t, len(cases), tally.Booted)
	assert.GreaterOrEqual(t, tally.Changed, len(cases)*3/4, "configs that change something")
}

// syncSlowly leaves the processor to others than the kernel that makes the members of arrays equal.
func syncSlowly(t *testing.T) {
	const limit = "/proc/sys/dev/raid/speed_limit_max"
	Run(t, "modprobe", "md_mod")
	before, err := os.ReadFile(limit)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(limit, []byte("1"), 0o600))
	t.Cleanup(func() { assert.NoError(t, os.WriteFile(limit, before, 0o600)) })
}

// blanks are disks that are handed out one after another.
type blanks struct {
	links []string
	given int
}

// next gives a disk. Those of the machine have all the same size.
func (b *blanks) next(mib int64) (string, error) {
	if b.given == len(b.links) || mib > DiskMiB {
		return "", fmt.Errorf("disk %d of %d MiB: the machine has %d of %d MiB", b.given+1, mib, len(b.links), DiskMiB)
	}
	b.given++
	return b.links[b.given-1], nil
}

// clear takes apart what is on the disks, whatever lies on what, and makes them blank.
func (b *blanks) clear() error {
	if err := release(); err != nil {
		return err
	}
	for _, link := range b.links[:b.given] {
		for _, c := range [][]string{{"blkdiscard", "-f", link}, {"blockdev", "--rereadpt", link}} {
			if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
				return fmt.Errorf("%s: %w: %s", c, err, out)
			}
		}
	}
	b.given = 0
	return exec.Command("udevadm", "settle").Run()
}

// release closes volumes and stops arrays. Of those that lie on each other the upper ones go first.
func release() error {
	const deepest = 4
	for range deepest {
		_ = exec.Command("udevadm", "settle").Run()
		volumes, _ := filepath.Glob("/dev/mapper/*")
		arrays, _ := filepath.Glob("/sys/block/md*")
		left := len(arrays)
		for _, volume := range volumes {
			if volume != "/dev/mapper/control" {
				left++
				_ = exec.Command("cryptsetup", "close", filepath.Base(volume)).Run()
			}
		}
		for _, array := range arrays {
			_ = exec.Command("mdadm", "--stop", "/dev/"+filepath.Base(array)).Run()
		}
		if left == 0 {
			return nil
		}
	}
	return errors.New("volumes or arrays are still in use")
}
