//go:build vm

package replay

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/tests/chain"
	"github.com/glowplug-os/glowplug/tests/vm/guest"
	"github.com/glowplug-os/glowplug/tests/vm/writelog"
)

func link(name string) string { return "/dev/disk/by-id/virtio-" + name }

// links are those of the disks that the config is about.
func links() (all []string) {
	for _, disk := range Disks[:4] {
		all = append(all, link(disk.Name))
	}
	return all
}

const (
	rootDisk = 4
	markDisk = 5
)

// A box is a machine whose root is on a disk.
type box struct{ *chain.Machine }

// newBox makes one. The root is not mounted.
func newBox(t *testing.T) box {
	b := box{chain.New(t, guest.Program(t, "ignition"), chain.OnFourDisks(links()))}
	t.Cleanup(func() { b.end(t) })
	return b
}

func (b box) mountRoot(t *testing.T, at string) {
	guest.Run(t, "mount", link(Disks[rootDisk].Name), at)
}

// makeRoot puts what the root has onto its disk, and mounts that.
func (b box) makeRoot(t *testing.T) {
	guest.Run(t, "mkfs.ext4", "-q", link(Disks[rootDisk].Name))
	dir := t.TempDir()
	b.mountRoot(t, dir)
	guest.Run(t, "cp", "-a", b.Root()+"/.", dir)
	guest.Run(t, "umount", dir)
	b.mountRoot(t, b.Root())
}

// end takes all down that is mounted, open or running.
func (b box) end(t *testing.T) {
	b.Cut(t)
	for unix.Unmount(b.Root(), 0) == nil {
	}
}

// mark says in the log that something begins or ends.
func mark(t *testing.T, text string) {
	guest.Run(t, "sync")
	disk, err := os.OpenFile(link(Disks[markDisk].Name), os.O_WRONLY|os.O_SYNC, 0)
	require.NoError(t, err)
	defer disk.Close()
	block := make([]byte, 4096)
	copy(block, text)
	_, err = disk.WriteAt(block, 0)
	require.NoError(t, err)
}

// The machine that this runs in notes all writes.
func TestABootWhoseWritesAreNoted(t *testing.T) {
	b := newBox(t)
	b.makeRoot(t)
	mark(t, "begin")
	_, err := b.Watched(t.Context(), nil)
	require.NoError(t, err)
	b.end(t)
	mark(t, "end")
}

// disks are those of the machine one after the other, as the log has them.
type disks struct{ files []*os.File }

func openDisks(t *testing.T) disks {
	var d disks
	for _, disk := range Disks {
		file, err := os.OpenFile(link(disk.Name), os.O_RDWR, 0)
		require.NoError(t, err)
		d.files = append(d.files, file)
	}
	return d
}

// at is the disk that a byte of the log is on, and where there.
func (d disks) at(at int64) (*os.File, int64) {
	for i, disk := range Disks {
		if at < disk.MiB<<20 {
			return d.files[i], at
		}
		at -= disk.MiB << 20
	}
	panic("behind the last disk")
}

func (d disks) WriteAt(p []byte, at int64) (int, error) {
	file, at := d.at(at)
	return file.WriteAt(p, at)
}

func (d disks) Discard(at, size int64) error {
	file, at := d.at(at)
	return unix.Fallocate(int(file.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, at, size)
}

// close has the kernel read the tables of what was written.
func (d disks) close(t *testing.T) {
	for i, file := range d.files {
		require.NoError(t, file.Sync())
		require.NoError(t, file.Close())
		guest.ReadTable(t, link(Disks[i].Name))
	}
	guest.Run(t, "udevadm", "settle")
}

// onto makes disks as these entries leave them, which the kernel and udev see then as in a machine that starts.
func (b box) onto(t *testing.T, log *writelog.Log, entries []int) {
	t.Helper()
	// udev reads tables again, too, whenever a disk is closed. Partitions that come, go and come would be taken out of
	// arrays that began in between, which is written on the others. It has begun some that were there before, too.
	const settings = "/etc/mdadm/mdadm.conf"
	before, _ := os.ReadFile(settings)
	require.NoError(t, os.MkdirAll(filepath.Dir(settings), 0o755))
	require.NoError(t, os.WriteFile(settings, []byte("AUTO -all\n"), 0o644))
	b.TakeDown(t)
	for _, disk := range Disks {
		guest.Blank(t, link(disk.Name))
	}
	d := openDisks(t)
	require.NoError(t, log.Do(entries, d))
	d.close(t)
	require.NoError(t, os.WriteFile(settings, before, 0o644))
	b.Cut(t)
	b.mountRoot(t, b.Root())
}

// readLog reads the log, and says between which entries the boot is.
func readLog(t *testing.T) (log *writelog.Log, begin, end int) {
	file, err := os.Open(link(LogDisk))
	require.NoError(t, err)
	t.Cleanup(func() { file.Close() })
	log, err = writelog.Read(file)
	require.NoError(t, err)
	first := int64(0)
	for _, disk := range Disks[:markDisk] {
		first += disk.MiB << 20
	}
	var marks []int
	for i, e := range log.Entries {
		if e.At >= first && e.Size > 0 && e.Flags&writelog.Discard == 0 {
			marks = append(marks, i)
		}
	}
	require.Len(t, marks, 2)
	return log, marks[0] + 1, marks[1]
}

// A cut is where the power goes, and what of the last writes is on the disks.
type cut struct {
	before int
	left   []int
	text   string
}

// cuts draws some: every other one is right behind a flush, the others somewhere between two, where any of the writes
// since may be missing. Flushes are as likely each, however much is written between them.
func cuts(log *writelog.Log, begin, end, count int) (all []cut) {
	random := rand.New(rand.NewPCG(18, 1))
	flushes := []int{begin}
	for i := begin; i < end; i++ {
		if log.Entries[i].Flags&writelog.Flush != 0 {
			flushes = append(flushes, i+1)
		}
	}
	for i := range count {
		n := random.IntN(len(flushes))
		next := end
		if n+1 < len(flushes) {
			next = flushes[n+1]
		}
		before := flushes[n]
		if i%2 == 1 {
			before += random.IntN(next - before)
		}
		left := log.Left(before, random)
		all = append(all, cut{before, left, fmt.Sprintf("behind flush %d of %d, with %d of %d writes since", n,
			len(flushes)-1, len(left)-flushes[n], before-flushes[n])})
	}
	return all
}

// Whatever a power cut has left of a boot's writes, the boot that begins again ends as one that nothing has happened
// to.
func TestABootOnWhatAPowerCutLeaves(t *testing.T) {
	text, err := os.ReadFile("/vm/" + CountFile)
	require.NoError(t, err)
	count, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	log, begin, end := readLog(t)
	t.Logf("%d entries, the boot from %d to %d", len(log.Entries), begin, end)

	b := newBox(t)
	b.onto(t, log, log.Left(end, rand.New(rand.NewPCG(0, 0))))
	want := chain.TreeOnFourDisks(t, b.Machine)
	b.end(t)
	assert.Contains(t, want["/srv/index.html"], "hello-there")
	assert.Contains(t, want["swap"], "swap")
	assert.Contains(t, want["/etc/passwd"], "core")

	for i, c := range cuts(log, begin, end, count) {
		t.Run(fmt.Sprintf("%d %s", i, c.text), func(t *testing.T) {
			b := newBox(t)
			b.onto(t, log, c.left)
			over := isOver(t)
			lines, err := b.Watched(t.Context(), nil)
			if over { // the volume has a key that only the system knows, which this boot is about to begin
				require.ErrorContains(t, err, "is not to be lost: the config has no key that opens it")
				return
			}
			require.NoError(t, err, strings.Join(lines, "\n"))
			b.Cut(t)
			got := chain.TreeOnFourDisks(t, b.Machine)
			b.end(t)
			require.Empty(t, cmp.Diff(want, got))
		})
	}
}

// isOver: the stages of the boot had come to their end, as the volume says whose mark the last of them takes off.
func isOver(t *testing.T) bool {
	array, err := filepath.EvalSymlinks("/dev/md/mirror")
	if err != nil {
		return false // there is none yet, or udev has not begun it
	}
	if exec.Command("cryptsetup", "isLuks", array).Run() != nil {
		return false
	}
	header := guest.Run(t, "cryptsetup", "luksDump", array)
	return strings.Contains(header, "(no subsystem)")
}
