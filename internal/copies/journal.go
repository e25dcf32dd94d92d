package copies

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// A journal is what is to be renamed. Each takes the place of the image from its copy. Names are those that the images
// have from the folder of the journal, so that they are the same images when the folder has been moved.
type journal struct {
	Images []string `json:"images"`
}

// entry is what the journal beside an image says of another: JSON takes no bytes that are no UTF-8.
func entry(beside, image string) (string, error) {
	name, err := filepath.Rel(filepath.Dir(beside), image)
	return string([]rune(name)), err
}

func writeJournals(images []string) error {
	for _, beside := range images {
		if err := writeJournal(beside, images); err != nil {
			return errors.Join(err, removeJournals(images))
		}
	}
	return nil
}

func writeJournal(beside string, images []string) error {
	var j journal
	for _, image := range images {
		name, err := entry(beside, image)
		if err != nil {
			return err
		}
		j.Images = append(j.Images, name)
	}
	text, err := json.Marshal(j)
	if err != nil {
		return err
	}
	return writeNew(beside+journalSuffix, append(text, '\n'))
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

// journalBeside reads a journal. Anybody who may write to the folder may have made it, so it is one only if it is of
// this user, and nobody else can have written to it. It may be anything: a pipe is not waited for, and has nothing that
// is a journal.
func journalBeside(image string) ([]byte, error) {
	const most = 1 << 20
	name := image + journalSuffix
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if errors.Is(err, unix.ELOOP) {
		return nil, strange(name, "is a link, and no journal of images")
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var is unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &is); err != nil {
		return nil, err
	}
	const others = 0o022
	switch {
	case is.Mode&unix.S_IFMT != unix.S_IFREG:
		return nil, strange(name, "is no file, and no journal of images")
	case int(is.Uid) != os.Geteuid():
		return nil, strange(name, fmt.Sprintf("belongs to the user with the id %d, and this is run by %d", is.Uid,
			os.Geteuid()))
	case is.Mode&others != 0:
		return nil, strange(name, fmt.Sprintf("others may write to it (mode %04o), so it may be no journal of ours",
			is.Mode&0o7777))
	}
	return io.ReadAll(io.LimitReader(f, most))
}

// strange is about what has the name of a journal.
func strange(name, why string) error {
	return diag.WithHint(fmt.Errorf("%s: %s", diag.Name(name), why), "see who has made it: where it is of a run that "+
		"was interrupted, let the same user run that again; else remove it")
}

// finish goes on with a journal, which is only about images that are meant.
func finish(beside string, text []byte, images []string) error {
	name := diag.Name(beside + journalSuffix)
	var j journal
	if err := json.Unmarshal(text, &j); err != nil {
		return diag.WithHint(fmt.Errorf("%s: is no journal of images: %w", name, err),
			"see what it is, and move it away")
	}
	by := map[string]string{}
	for _, image := range images {
		called, err := entry(beside, image)
		if err != nil {
			return err
		}
		by[called] = image
	}
	var meant []string
	for _, called := range j.Images {
		image, is := by[called]
		if !is {
			return diag.WithHint(fmt.Errorf("%s: an interrupted run was about %s too", name, diag.Name(called)),
				"name all the images that it was about, or remove the journal and what ends with "+newSuffix+
					" to keep the old ones")
		}
		meant = append(meant, image)
	}
	for _, image := range meant {
		if err := os.Rename(image+newSuffix, image); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := flush(filepath.Dir(image)); err != nil {
			return err
		}
	}
	return removeJournals(meant)
}
