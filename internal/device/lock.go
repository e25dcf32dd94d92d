package device

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/logs"
	"github.com/glowplug-os/glowplug/internal/scene"
)

// exclusivePatience is how long others may look at a disk: mdadm and lvm open exclusively what udev shows them.
const exclusivePatience = 5 * time.Second

// A Claim is a disk that nobody else is to touch. Its lock is the one that udev takes before it looks at a disk or at
// any of its partitions, and that partitioning tools take (systemd.io, Locking Block Device Access).
type Claim struct {
	// Seen is what was seen under the lock.
	Seen    *scene.Seen
	devices *Devices
	f       *os.File
}

// Claim waits until it has a disk to itself, and looks at it. Alone is for one that nothing may use, nor any of its
// partitions: the kernel then lets nobody mount them either. Without write only the kernel can be told of partitions.
func (d *Devices) Claim(ctx context.Context, path string, write, alone bool) (*Claim, error) {
	node, err := d.Node(path)
	if err != nil {
		return nil, err
	}
	f, err := d.openClaim(ctx, node, write, alone)
	if err != nil {
		return nil, err
	}
	c := &Claim{Seen: &scene.Seen{Path: path, Node: node, SectorSize: 512}, devices: d, f: f}
	if err = d.lock(ctx, f, node); err == nil {
		err = d.Scene().observe(c.Seen, f)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (d *Devices) openClaim(ctx context.Context, node string, write, alone bool) (*os.File, error) {
	flags := os.O_RDONLY
	if write {
		flags = os.O_RDWR
	}
	if alone {
		return d.OpenAlone(ctx, node, flags)
	}
	return d.Open(node, flags)
}

// poll asks until the answer is yes, for so long. It gives the last error of the question, or why it was told to stop.
// What takes long is told, as there may be no limit.
func (d *Devices) poll(ctx context.Context, patience time.Duration, what string, ask func() (bool, error)) error {
	done, err := ask()
	if done {
		return err
	}
	defer logs.Begin(d.Log, logs.Activity{What: func() string { return "waiting for " + what }, Wait: true})()
	late, again, tell := time.NewTimer(patience), time.NewTicker(pollEvery), time.NewTicker(pollTellEvery)
	defer late.Stop()
	defer again.Stop()
	defer tell.Stop()
	for attempts, waited := 1, time.Duration(0); ; {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-late.C:
			return err
		case <-tell.C:
			waited += pollTellEvery
			tellWait(d.Log, what, waited, patience, attempts, err)
		case <-again.C:
			attempts++
			if done, err = ask(); done {
				return err
			}
		}
	}
}

// tellWait says what is waited for.
func tellWait(log *slog.Logger, what string, waited, patience time.Duration, attempts int, last error) {
	if log == nil {
		return
	}
	until := ""
	if patience < forever {
		until = ", until " + patience.String()
	}
	log.Info(fmt.Sprintf("waiting for %s since %s%s (looked %d times): %v", what, waited, until, attempts, last))
}

func (d *Devices) patience() time.Duration {
	if d.Patience == 0 {
		return DefaultPatience
	}
	return d.Patience
}

func (d *Devices) lock(ctx context.Context, f *os.File, node string) error {
	err := d.poll(ctx, d.patience(), "the lock of "+diag.Name(node), func() (bool, error) {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		return !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR), err
	})
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = fmt.Errorf("locked by %s for more than %s", locker(d.at("/proc"), f), d.patience())
	}
	if err != nil {
		return fmt.Errorf("device %s: %w", diag.Name(node), err)
	}
	return nil
}

// locker names who holds the lock of a file: /proc/locks has the process, with device and inode in the sixth field
// (proc(5)).
func locker(proc string, f *os.File) string {
	const unknown = "another process"
	var stat unix.Stat_t
	list, err := os.Open(filepath.Join(proc, "locks"))
	if err != nil || unix.Fstat(int(f.Fd()), &stat) != nil {
		return unknown
	}
	defer list.Close()
	want := fmt.Sprintf("%02x:%02x:%d", unix.Major(stat.Dev), unix.Minor(stat.Dev), stat.Ino)
	for lines := bufio.NewScanner(list); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 6 || fields[1] != "FLOCK" || fields[5] != want {
			continue
		}
		name, _ := os.ReadFile(filepath.Join(proc, fields[4], "comm"))
		return diag.Printable(strings.TrimSpace(string(name))) + " (process " + fields[4] + ")"
	}
	return unknown
}

// Close ends the claim. udev looks at a disk that was written to when it is closed.
func (c *Claim) Close() {
	if c.f != nil {
		_ = c.f.Close() // what was written is synced
		c.f = nil
	}
}

// ReadAt reads the disk.
func (c *Claim) ReadAt(p []byte, at int64) (int, error) { return c.f.ReadAt(p, at) }

// WriteAt writes to the disk. It is there for good after Sync.
func (c *Claim) WriteAt(p []byte, at int64) (int, error) {
	n, err := c.f.WriteAt(p, at)
	return n, c.failed(err)
}

// Sync waits until what was written is on the disk.
func (c *Claim) Sync() error { return c.failed(c.f.Sync()) }

// failed drops what the kernel has in memory of the disk after a write that failed: it counts as written there, and who
// reads it again would take it for what is on the disk.
func (c *Claim) failed(err error) error {
	if err == nil {
		return nil
	}
	_ = unix.IoctlSetInt(int(c.f.Fd()), unix.BLKFLSBUF, 0) // of no use with an image file
	return cause(err)
}

var zeroes [64 << 10]byte

// Zero overwrites bytes with zeros.
func (c *Claim) Zero(at, n int64) error {
	for n > 0 {
		wrote, err := c.WriteAt(zeroes[:min(n, int64(len(zeroes)))], at)
		if err != nil {
			return err
		}
		at, n = at+int64(wrote), n-int64(wrote)
	}
	return c.Sync()
}

// Found reads the partition table again.
func (c *Claim) Found() (block.Found, error) {
	return block.Inspect(c.f, c.Seen.Size, c.Seen.SectorSize)
}
