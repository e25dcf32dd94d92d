//go:build vm

package guest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// stopArrays stops arrays when a test is done, and takes the superblocks off: udev assembles whatever has some.
func stopArrays(t *testing.T, names ...string) {
	t.Cleanup(func() {
		for _, name := range names {
			stopArray(name)
		}
	})
}

// stopArray: the kernel may still be looking at an array that has just been made.
func stopArray(name string) {
	for range 50 {
		if _, err := os.Stat(name); err != nil {
			return
		}
		_ = exec.Command("udevadm", "settle").Run()
		if exec.Command("mdadm", "--stop", name).Run() == nil {
			_ = exec.Command("udevadm", "settle").Run()
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func member(t *testing.T, link string) (block.Member, bool) {
	t.Helper()
	f, err := os.Open(link)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED), "md writes behind the back of the cache")
	m, found, err := block.ReadMember(f, DiskMiB<<20)
	require.NoError(t, err)
	return m, found
}

// detail gives what mdadm prints behind a heading.
func detail(t *testing.T, array, heading string) string {
	t.Helper()
	for line := range strings.Lines(Run(t, "mdadm", "--detail", array)) {
		if name, text, found := strings.Cut(strings.TrimSpace(line), " : "); found &&
			strings.TrimSpace(name) == heading {
			return text
		}
	}
	t.Fatalf("mdadm tells no %s of %s", heading, array)
	return ""
}

func TestArraysAreMadeKeptAndAssembled(t *testing.T) {
	for level, c := range map[string]struct {
		devices, spares int
		options         string
		want            string
	}{
		"linear": {devices: 2, want: "linear"},
		"raid0":  {devices: 2, want: "raid0"},
		"mirror": {devices: 3, spares: 1, options: "'--size=65536'", want: "raid1"},
		"5":      {devices: 4, spares: 1, options: "'--size=65536'", want: "raid5"},
		"raid6":  {devices: 5, spares: 1, options: "'--size=65536', '--metadata=1.0'", want: "raid6"},
		"raid10": {devices: 5, spares: 1, options: "'--size=65536', '--metadata=1.1'", want: "raid10"},
		"raid1":  {devices: 2, options: "'--size=65536', '--metadata=0.90'", want: "raid1"},
	} {
		t.Run(level, func(t *testing.T) {
			links := Disks(t, c.devices)
			stopArrays(t, "/dev/md/data")
			s := newStage(t, fmt.Sprintf(`{'raid': [{'name': 'data', 'level': '%s', 'spares': %d, 'devices': ['%s'], `+
				`'options': [%s]}]}`, level, c.spares, strings.Join(links, "', '"), c.options))
			assert.Contains(t, s.preview(), "+ array data")
			s.mustRun()
			assert.Equal(t, c.want, detail(t, "/dev/md/data", "Raid Level"))
			assert.Equal(t, fmt.Sprint(c.devices-c.spares), detail(t, "/dev/md/data", "Raid Devices"))
			uuid := detail(t, "/dev/md/data", "UUID")
			for _, link := range links {
				m, found := member(t, link)
				require.True(t, found)
				assert.True(t, m.Sound)
				// What tells an array that never ran from others (docs/disks.md).
				assert.Equal(t, c.spares == 0 && (c.want == "linear" || c.want == "raid0"), m.Events == 0, "%+v", m)
			}
			assert.Contains(t, s.preview(), "= array data")
			s.mustRun()
			assert.Equal(t, uuid, detail(t, "/dev/md/data", "UUID"), "the array is kept")

			stopArray("/dev/md/data")
			assert.NoFileExists(t, "/dev/md/data")
			assert.Contains(t, s.preview(), "~ array data")
			s.again()
			s.mustRun()
			assert.Equal(t, uuid, detail(t, "/dev/md/data", "UUID"), "the array is assembled")
		})
	}
}

// arrays are the nodes of all arrays, also of those that do not run.
func arrays(t *testing.T) (nodes []string) {
	t.Helper()
	entries, err := os.ReadDir("/sys/class/block")
	require.NoError(t, err)
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), "md") {
			nodes = append(nodes, "/dev/"+entry.Name())
		}
	}
	return nodes
}

func TestAnArrayThatWasCutOffWhileItWasMadeIsMade(t *testing.T) {
	links := Disks(t, 3)
	stopArrays(t, "/dev/md/data")
	s := newStage(t, `{'raid': [{'name': 'data', 'level': 'raid5', 'devices': ['%0', '%1', '%2'], `+
		`'options': ['--size=65536']}]}`, links...)
	for i := range 12 {
		// A sample of moments at which power goes: mdadm takes some tenths of a second here.
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(50+i*80)*time.Millisecond)
		args := append([]string{"--create", "data", "--force", "--run", "--homehost", "any", "--level", "raid5",
			"--raid-devices", "3", "--size=65536"}, links...)
		_ = exec.CommandContext(ctx, "mdadm", args...).Run()
		cancel()
		Run(t, "udevadm", "settle")
		if i%2 == 0 { // another boot: whatever was left of it is gone
			for _, array := range arrays(t) {
				stopArray(array)
			}
			require.NoError(t, os.RemoveAll("/run/mdadm"))
		}
		s.mustRun()
		assert.Equal(t, "raid5", detail(t, "/dev/md/data", "Raid Level"))
		stopArray("/dev/md/data")
		for _, link := range links {
			Run(t, "wipefs", "-a", link)
		}
	}
}

func TestAnArrayWithoutRedundancyThatLostASuperblock(t *testing.T) {
	links := Disks(t, 2)
	stopArrays(t, "/dev/md/data")
	s := newStage(t, `{'raid': [{'name': 'data', 'level': 'raid0', 'devices': ['%0', '%1']}]}`, links...)
	s.mustRun()
	before, _ := member(t, links[0])
	stopArray("/dev/md/data")
	Run(t, "wipefs", "-a", links[1])
	s.mustRun()
	after, _ := member(t, links[0])
	assert.NotEqual(t, before.UUID, after.UUID, "it is made anew")
}

func TestAMemberThatHoldsSomethingElseIsNotTouched(t *testing.T) {
	links := Disks(t, 2)
	stopArrays(t, "/dev/md/data", "/dev/md/theirs")
	const form = `'raid': [{'name': 'data', 'level': 'raid1', 'devices': ['%0', '%1'], 'options': ['--size=65536']}]`
	s := newStage(t, "{"+form+"}", links...)
	given := newStage(t,
		`{'disks': [{'device': '%0', 'wipeTable': true}, {'device': '%1', 'wipeTable': true}], `+form+"}", links...)

	Run(t, "mkfs.ext4", "-q", "-L", "precious", links[1])
	before := Run(t, "dd", "if="+links[0], "bs=1M", "count=8", "status=none")
	_, err := s.run()
	require.ErrorContains(t, err, `ext4 "precious"`)
	require.Contains(t, strings.Join(diag.Hints(err), "\n"), "wipeTable")
	assert.Equal(t, before, Run(t, "dd", "if="+links[0], "bs=1M", "count=8", "status=none"),
		"no other member is touched")
	Run(t, "e2fsck", "-fn", links[1])

	Run(t, "wipefs", "-a", links[1])
	Run(t, "mdadm", append([]string{"--create", "/dev/md/theirs", "--run", "--homehost=them", "--level=raid1",
		"--raid-devices=2", "--size=65536"}, links...)...)
	_, err = s.run()
	require.ErrorContains(t, err, "is in use")
	stopArray("/dev/md/theirs")
	_, err = s.run()
	require.ErrorContains(t, err, `another array: level 1, 2 active members, name "them:theirs"`)

	given.mustRun()
	assert.Equal(t, "raid1", detail(t, "/dev/md/data", "Raid Level"))
}

func TestAnArrayThatRunsUnderAnotherNameGetsItsOwn(t *testing.T) {
	links := Disks(t, 2)
	stopArrays(t, "/dev/md/data", "/dev/md/theirs")
	Run(t, "mdadm", append([]string{"--create", "/dev/md/theirs", "--name=data", "--run", "--homehost=them",
		"--level=raid1", "--raid-devices=2", "--size=65536"}, links...)...)
	Run(t, "udevadm", "settle")
	uuid := detail(t, "/dev/md/theirs", "UUID")
	assert.NoFileExists(t, "/dev/md/data")
	newStage(t, `{'raid': [{'name': 'data', 'level': 'raid1', 'devices': ['%0', '%1']}]}`, links...).mustRun()
	assert.Equal(t, uuid, detail(t, "/dev/md/data", "UUID"))
}
