// Package guest holds the tests that run inside a virtual machine, as root, because they need what a test's host may
// not have: md, dm-crypt, vfat, a TPM, udev. `make test-guest` runs them. This file is what a test asks its machine
// for.
package guest

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// DiskCount and DiskMiB are the blank disks of the machine: /dev/disk/by-id/virtio-d0, -d1 and so on.
const (
	DiskCount = 8
	DiskMiB   = 1024
)

// taken are the disks that running tests have.
var taken struct {
	sync.Mutex
	disks [DiskCount]bool
}

// Disks gives a test that many blank disks, by their links in /dev/disk/by-id, until it is done. When it is, nothing
// may be using them: what the test assembled, opened or mounted it takes apart itself, in a t.Cleanup.
func Disks(t testing.TB, count int) []string {
	t.Helper()
	taken.Lock()
	defer taken.Unlock()
	var links []string
	for i := range taken.disks {
		if len(links) == count {
			break
		}
		if taken.disks[i] {
			continue
		}
		link := fmt.Sprintf("/dev/disk/by-id/virtio-d%d", i)
		links = append(links, link)
		taken.disks[i] = true
		t.Cleanup(func() { giveBack(t, i, link) })
	}
	require.Len(t, links, count, "the machine has %d disks", DiskCount)
	return links
}

// giveBack makes a disk blank again.
func giveBack(t testing.TB, i int, link string) {
	Run(t, "udevadm", "settle")
	device, err := filepath.EvalSymlinks(link)
	require.NoError(t, err)
	holders, err := filepath.Glob("/sys/class/block/" + filepath.Base(device) + "*/holders/*")
	require.NoError(t, err)
	require.Empty(t, holders, "the test left something on %s", link)
	Blank(t, link)
	taken.Lock()
	defer taken.Unlock()
	taken.disks[i] = false
}

// Blank makes disks as they came: a disk that throws away its blocks reads as zeros, and its partitions go with the
// table.
func Blank(t testing.TB, links ...string) {
	t.Helper()
	for _, link := range links {
		Run(t, "blkdiscard", "-f", link)
		ReadTable(t, link)
	}
	Run(t, "udevadm", "settle")
}

// ReadTable has the kernel read the partition table of a disk of which udev may be looking at a partition.
func ReadTable(t testing.TB, link string) {
	t.Helper()
	for range 20 {
		Run(t, "udevadm", "settle")
		if exec.Command("blockdev", "--rereadpt", link).Run() == nil {
			return
		}
	}
	Run(t, "blockdev", "--rereadpt", link)
}

// Run runs a tool that has to succeed, and gives what it printed without the spaces around it.
func Run(t testing.TB, tool string, args ...string) string {
	t.Helper()
	return RunWith(t, "", tool, args...)
}

// RunWith is Run with a standard input.
func RunWith(t testing.TB, input, tool string, args ...string) string {
	t.Helper()
	var out, complaints bytes.Buffer
	c := exec.Command(tool, args...)
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(input), &out, &complaints
	require.NoError(t, c.Run(), "%s %s: %s%s", tool, strings.Join(args, " "), &out, &complaints)
	return strings.TrimSpace(out.String())
}

// Mount mounts a device until the test is done, and gives the folder.
func Mount(t testing.TB, device, format string) string {
	t.Helper()
	dir := t.TempDir()
	Run(t, "mount", "-t", format, device, dir)
	t.Cleanup(func() { Run(t, "umount", dir) })
	return dir
}

// Program is the path of one of our programs in the machine: "glowplug", or another of its names. They are on PATH,
// too.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	require.NoError(t, err, "these tests run inside a machine: `make test-guest`")
	return path
}
