package providers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// textMax is how large a config may be that a platform holds, packed or not.
const textMax = tree.TextMax

// drive is user data in a file on a filesystem with a label.
type drive struct {
	label string        // FAT has capitals only, so the label in capitals will do too
	files []string      // the first of these that passes; absolute
	wait  time.Duration // for the device to appear; 0 is for ever
	// absent says that a device that does not appear, or cannot be read, means that there is no config.
	absent bool
	// pass, where not nil, says whether a text is what is looked for.
	pass func(text []byte) bool
}

// labels are those that the device may have.
func (d drive) labels() []string {
	if upper := strings.ToUpper(d.label); upper != d.label {
		return []string{d.label, upper}
	}
	return []string{d.label}
}

// read is the drive as a source.
func (d drive) read(ctx context.Context, m *Machine) (Document, error) {
	doc, err := d.find(ctx, m)
	if err == nil || errors.Is(err, ErrNone) || !d.absent || ctx.Err() != nil {
		return doc, err
	}
	if errors.Is(err, errNoDevice) {
		m.Log.Info(err.Error())
	} else {
		m.Log.Warn("taken for no config: " + err.Error())
	}
	return Document{}, ErrNone
}

func (d drive) find(ctx context.Context, m *Machine) (Document, error) {
	device, err := device(ctx, m, d.wait, d.labels()...)
	if err != nil {
		return Document{}, err
	}
	var text []byte
	err = mount(ctx, m, device, "", func(files fs.FS) error {
		for _, name := range d.files {
			found, err := readFile(files, name)
			switch {
			case err != nil && len(d.files) == 1:
				return err
			case err != nil:
				m.Log.Warn("passed over: " + device + ": " + err.Error())
				continue
			}
			if !tree.IsBlank(found) && (d.pass == nil || d.pass(found)) {
				text = found
				return nil
			}
		}
		return nil
	})
	if err != nil {
		return Document{}, err
	}
	return Document{Text: text}, nil
}

// device waits for a device with one of some labels.
func device(ctx context.Context, m *Machine, wait time.Duration, labels ...string) (string, error) {
	limited, stop := appearing(ctx, wait)
	defer stop()
	found, err := poll(limited, m, fmt.Sprintf("a device with the label %q", labels[0]), time.Second,
		func() (string, bool, error) {
			for _, label := range labels {
				if device, err := m.Labelled(label); err != nil {
					return "", true, fmt.Errorf("the device with the label %q: %w", label, err)
				} else if device != "" {
					return device, true, nil
				}
			}
			return "", false, nil
		})
	if errors.Is(err, errNoDevice) {
		err = diag.WithHint(err, fmt.Sprintf("give the machine a drive whose filesystem has the label %q", labels[0]))
	}
	return found, err
}

func mount(ctx context.Context, m *Machine, device, kind string, use func(fs.FS) error) error {
	if err := m.Mount(ctx, device, kind, use); err != nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	return nil
}

// readFile reads a file of a mounted drive; one that is missing is empty.
func readFile(files fs.FS, name string) ([]byte, error) {
	text, err := readRegular(files, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

// readRegular reads a file, unless it is one of those that may never end or never open.
func readRegular(files fs.FS, name string) ([]byte, error) {
	name = strings.TrimPrefix(name, "/")
	if info, err := fs.Stat(files, name); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", name)
	}
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, name)
}

// readAll reads a stream that may be at most textMax long.
func readAll(r io.Reader, name string) ([]byte, error) { return readMost(r, name, textMax) }

func readMost(r io.Reader, name string, most int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(text)) > most {
		err = tooLong(name, most)
	}
	return text, err
}

func tooLong(name string, most int64) error {
	return fmt.Errorf("%s: longer than %d MiB", name, most>>20)
}

// readDrive reads the file that the kernel command line names; that it or the device is missing is an error
// (docs/peer/engine.md §4.2).
func readDrive(ctx context.Context, m *Machine, d Drive) (text []byte, err error) {
	device, err := device(ctx, m, 30*time.Second, d.Label)
	if err != nil {
		return nil, err
	}
	err = mount(ctx, m, device, "", func(files fs.FS) (err error) {
		text, err = readRegular(files, d.Path)
		return err
	})
	return text, err
}
