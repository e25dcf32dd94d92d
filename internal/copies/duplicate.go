package copies

import (
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// piece is how much is copied between two looks at whether to go on.
const piece = 64 << 20

// duplicate copies a file to one that is not there yet, holes as holes. The copy has the mode of the file and, where
// that may be, its owner.
func duplicate(ctx context.Context, from *os.File, to string) (err error) {
	info, err := from.Stat()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(err, os.Remove(to))
		}
	}()
	if stat := (unix.Stat_t{}); unix.Fstat(int(from.Fd()), &stat) == nil {
		_ = f.Chown(int(stat.Uid), int(stat.Gid)) // who is not root keeps what is its own
	}
	if err := f.Chmod(info.Mode().Perm()); err != nil {
		return err
	}
	// One that shares its blocks with the file costs nothing (ioctl_ficlonerange(2)).
	if unix.IoctlFileClone(int(f.Fd()), int(from.Fd())) == nil {
		return nil
	}
	if err := f.Truncate(info.Size()); err != nil {
		return err
	}
	return copyData(ctx, from, f, info.Size())
}

// copyData copies what is no hole.
func copyData(ctx context.Context, from, to *os.File, size int64) error {
	for at := int64(0); at < size; {
		begin, end, err := data(from, at, size)
		if err != nil {
			return err
		}
		for at = begin; at < end; at += piece {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			n := min(piece, end-at)
			if _, err := to.Seek(at, io.SeekStart); err != nil {
				return err
			}
			if _, err := from.Seek(at, io.SeekStart); err != nil {
				return err
			}
			// By copy_file_range(2), where that may be.
			if _, err := io.CopyN(to, from, n); err != nil {
				return err
			}
		}
		at = end
	}
	return nil
}

// data is the next stretch of a file that is no hole (lseek(2)). Where the filesystem cannot say, it is all.
func data(f *os.File, at, size int64) (begin, end int64, err error) {
	begin, err = f.Seek(at, unix.SEEK_DATA)
	switch {
	case errors.Is(err, unix.ENXIO):
		return size, size, nil
	case errors.Is(err, unix.EINVAL):
		return at, size, nil
	case err != nil:
		return 0, 0, err
	}
	end, err = f.Seek(begin, unix.SEEK_HOLE)
	return begin, min(end, size), err
}
