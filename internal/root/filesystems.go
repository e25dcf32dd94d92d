package root

import (
	"sync"

	"golang.org/x/sys/unix"
)

// filesystems are those that were written to: a device number, and a descriptor on it for syncfs(2), which takes none
// that is O_PATH. It is negative where there is none.
type filesystems struct {
	mu   sync.Mutex
	open map[uint64]int
}

// add notes the filesystem that a directory is on.
func (f *filesystems) add(dir int, device uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, known := f.open[device]; known {
		return
	}
	fd, _ := openAt(dir, ".", unix.O_RDONLY|unix.O_DIRECTORY) // not where the directory may not be read
	f.put(device, fd)
}

func (f *filesystems) put(device uint64, fd int) {
	if f.open == nil {
		f.open = map[uint64]int{}
	}
	f.open[device] = fd
}

// take has all of others, which are gone then.
func (f *filesystems) take(others *filesystems) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for device, fd := range others.open {
		if _, known := f.open[device]; !known {
			f.put(device, fd)
		} else if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
	others.open = nil
}

// sync writes them to disk. One that there is no descriptor on has the kernel write all.
func (f *filesystems) sync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fd := range f.open {
		if fd < 0 {
			unix.Sync()
		} else if err := unix.Syncfs(fd); err != nil {
			return err
		}
	}
	return nil
}

func (f *filesystems) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fd := range f.open {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
	f.open = nil
}
