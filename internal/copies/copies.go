package copies

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/writers"
)

// What names of files end with.
const (
	newSuffix        = ".glowplug-new"
	journalSuffix    = ".glowplug-journal"
	incompleteSuffix = ".incomplete"
)

// Reserved tells whether a name is one that only a run gives: where an image of such a name is meant, it might be taken
// for what a run has left of another.
func Reserved(name string) bool {
	return strings.HasSuffix(name, newSuffix) || strings.HasSuffix(name, journalSuffix) ||
		strings.HasSuffix(name, incompleteSuffix)
}

// Pending is the first image beside which a run has left what is to take its place; "" for none.
func Pending(images []string) string {
	for _, image := range images {
		if _, err := os.Lstat(image + journalSuffix); err == nil {
			return image
		}
	}
	return ""
}

// Incomplete is the name of an image that is worked on in place.
func Incomplete(image string) string { return image + incompleteSuffix }

// A Set is images that change together. It holds a lock on each, which keeps others away from them.
type Set struct {
	images  []string
	inPlace bool
	locks   []*os.File
	begun   []begun
}

// A begun image has a copy, or another name.
type begun struct {
	image string
	work  unix.Stat_t // what is worked on, before anybody has
}

// Open locks images, by paths without links, and puts an end to what an interrupted run has left. Finished: it had come
// so far that its images were to take their places, which they have now.
func Open(images []string, inPlace bool) (s *Set, finished bool, err error) {
	s = &Set{images: images, inPlace: inPlace}
	if err = s.lockAll(); err == nil {
		finished, err = recovered(images)
	}
	if finished && err == nil { // by then other files have the names
		s.Close()
		err = s.lockAll()
	}
	if err != nil {
		s.Close()
		return nil, false, err
	}
	return s, finished, nil
}

func (s *Set) lockAll() error {
	s.locks = nil
	for _, image := range s.images {
		if same := slices.IndexFunc(s.locks, func(f *os.File) bool { return named(f, image) }); same >= 0 {
			return diag.WithHint(fmt.Errorf("image %s: is the same file as %s", diag.Name(image),
				diag.Name(s.images[same])), "name one of them, or a copy for each disk")
		}
		if err := s.lock(image); err != nil {
			return err
		}
	}
	return nil
}

func (s *Set) lock(image string) error {
	writer, err := writerOf(image)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(image, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err == nil {
		s.locks = append(s.locks, f)
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if err == nil && !named(f, image) { // a run that has ended meanwhile has put another file in its place
		err = unix.EWOULDBLOCK
	}
	why := ""
	switch {
	case errors.Is(err, unix.EWOULDBLOCK):
		why = "a program has a lock on it"
	case err == nil && writer != "":
		why = writer + " has it open for writing"
	default:
		return err
	}
	return diag.WithHint(fmt.Errorf("image %s: is in use: %s", diag.Name(image), why),
		"wait until it has ended, and run this again")
}

// writerOf is who has an image open for writing, as nobody has by then for a run; "" for nobody.
func writerOf(image string) (string, error) {
	f, err := os.OpenFile(image, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return writers.Find(f, false), nil
}

// named tells whether a file has a name still.
func named(f *os.File, name string) bool {
	is, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(name)
	return err == nil && os.SameFile(is, there)
}

// Close lets go of the images.
func (s *Set) Close() {
	for _, f := range s.locks {
		_ = f.Close()
	}
}

// Work is the file to work on in the place of an image.
func (s *Set) Work(image string) string {
	if s.inPlace {
		return Incomplete(image)
	}
	return image + newSuffix
}

// Begin makes the files to work on.
func (s *Set) Begin(ctx context.Context) error {
	for i, image := range s.images {
		var err error
		if s.inPlace {
			err = set(image, Incomplete(image))
		} else {
			err = duplicate(ctx, s.locks[i], s.Work(image))
		}
		if err == nil {
			s.begun = append(s.begun, begun{image: image})
			err = unix.Lstat(s.Work(image), &s.begun[i].work)
		}
		if err != nil {
			return errors.Join(fmt.Errorf("image %s: %w", diag.Name(image), err), s.undo(s.begun))
		}
	}
	return nil
}

// set renames a file, unless there is one of the new name, and brings that to disk.
func set(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) { // the filesystem does not know how, as NFS
		if err = os.Link(from, to); err == nil {
			err = os.Remove(from)
		}
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return diag.WithHint(fmt.Errorf("%s is there already", diag.Name(to)), "see what it is, and move it away")
	case err != nil:
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return flush(filepath.Dir(to))
}

// undo takes back what Begin has done.
func (s *Set) undo(all []begun) error {
	var failed []error
	for _, b := range all {
		if s.inPlace {
			failed = append(failed, set(Incomplete(b.image), b.image))
		} else {
			failed = append(failed, os.Remove(s.Work(b.image)))
		}
	}
	s.begun = nil
	return errors.Join(failed...)
}

// Abandon leaves the images as they were: copies go, and what was worked on in place gets its name back if nobody has
// written to it. The rest is left under its name for that, which is given.
func (s *Set) Abandon() (marked []string, err error) {
	var as []begun
	for _, b := range s.begun {
		if s.inPlace && !b.unwritten() {
			marked = append(marked, Incomplete(b.image))
		} else {
			as = append(as, b)
		}
	}
	return marked, s.undo(as)
}

// unwritten: what is worked on in place has been written to by nobody. Each write moves the time of the last one, but
// not measurably one that comes right after another: so what was written to shortly before, which renaming has left the
// time of, is not told from it.
func (b begun) unwritten() bool {
	const shortlySeconds = 1
	var now unix.Stat_t
	if err := unix.Lstat(Incomplete(b.image), &now); err != nil {
		return false
	}
	was := b.work
	return now.Ino == was.Ino && now.Size == was.Size && now.Mtim == was.Mtim &&
		was.Ctim.Sec-was.Mtim.Sec > shortlySeconds
}

// Ready brings the files to disk, and says that they are to take their places. Where it fails, the images are as they
// were.
func (s *Set) Ready() error {
	for _, image := range s.images {
		if err := flush(s.Work(image)); err != nil {
			return err
		}
	}
	if s.inPlace {
		return nil
	}
	return writeJournals(s.images)
}

// Commit puts the files in the place of the images, after Ready. Where it fails, Open goes on with it.
func (s *Set) Commit() error {
	if err := s.rename(); err != nil {
		return err
	}
	return removeJournals(s.images)
}

func (s *Set) rename() error {
	for _, image := range s.images {
		if err := os.Rename(s.Work(image), image); err != nil {
			return err
		}
		if err := flush(filepath.Dir(image)); err != nil {
			return err
		}
	}
	return nil
}

// flush brings a file, or the names of a folder, to disk.
func flush(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
