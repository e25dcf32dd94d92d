package copies

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/diag"
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
	begun   []string // images that have a copy, or another name
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
	f, err := os.OpenFile(image, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	s.locks = append(s.locks, f)
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil && !named(f, image) { // a run that has ended meanwhile has put another file in its place
		err = unix.EWOULDBLOCK
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		return diag.WithHint(fmt.Errorf("image %s: is in use: a program has a lock on it", diag.Name(image)),
			"wait until it has ended, and run this again")
	}
	return err
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
		if err != nil {
			return errors.Join(fmt.Errorf("image %s: %w", diag.Name(image), err), s.undo())
		}
		s.begun = append(s.begun, image)
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

// undo takes back what Begin has done while nobody has worked on the files.
func (s *Set) undo() error {
	var failed []error
	for _, image := range s.begun {
		if s.inPlace {
			failed = append(failed, set(Incomplete(image), image))
		} else {
			failed = append(failed, os.Remove(s.Work(image)))
		}
	}
	s.begun = nil
	return errors.Join(failed...)
}

// Abandon leaves the images as they were: copies go. What was changed in place is left under its name for that.
func (s *Set) Abandon() error {
	if s.inPlace {
		return nil
	}
	return s.undo()
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

// A journal is what is to be renamed.
type journal struct {
	Images []string `json:"images"` // each takes the place of the image from its copy
}

func writeJournals(images []string) error {
	text, err := json.Marshal(journal{images})
	if err != nil {
		return err
	}
	for _, image := range images {
		if err := writeNew(image+journalSuffix, append(text, '\n')); err != nil {
			return errors.Join(err, removeJournals(images))
		}
	}
	return nil
}

// writeNew writes a file whole: a journal that is cut off is none.
func writeNew(name string, text []byte) error {
	unfinished := name + newSuffix
	if err := os.Remove(unfinished); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(unfinished, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(unfinished))
	}
	if err := os.Rename(unfinished, name); err != nil {
		return errors.Join(err, os.Remove(unfinished))
	}
	return flush(filepath.Dir(name))
}

func removeJournals(images []string) error {
	var failed []error
	for _, image := range images {
		if err := os.Remove(image + journalSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// recovered ends what an interrupted run has left of images.
func recovered(images []string) (finished bool, err error) {
	for _, image := range images {
		text, err := journalBeside(image)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return false, err
		}
		if err := finish(image, text, images); err != nil {
			return false, err
		}
		finished = true
	}
	for _, image := range images {
		if err := os.Remove(image + newSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return finished, err
		}
	}
	return finished, nil
}

// journalBeside reads a journal. It may be anything, of anybody who may write to the folder: a pipe is not waited for,
// and has nothing that is a journal.
func journalBeside(image string) ([]byte, error) {
	const most = 1 << 20
	f, err := os.OpenFile(image+journalSuffix, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(f, most))
}

// finish goes on with a journal. It may have been left by anybody who may write to the folder, so it is only about
// images that are meant.
func finish(beside string, text []byte, images []string) error {
	name := diag.Name(beside + journalSuffix)
	var j journal
	if err := json.Unmarshal(text, &j); err != nil {
		return diag.WithHint(fmt.Errorf("%s: is no journal of images: %w", name, err),
			"see what it is, and move it away")
	}
	for _, image := range j.Images {
		if !slices.Contains(images, image) {
			return diag.WithHint(fmt.Errorf("%s: an interrupted run was about %s too", name, diag.Name(image)),
				"name all the images that it was about, or remove the journal and what ends with "+newSuffix+
					" to keep the old ones")
		}
	}
	for _, image := range j.Images {
		if err := os.Rename(image+newSuffix, image); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := flush(filepath.Dir(image)); err != nil {
			return err
		}
	}
	return removeJournals(j.Images)
}
