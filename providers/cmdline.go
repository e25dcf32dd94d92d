package providers

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/cmdline"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/source"
)

// The arguments that name a config (docs/peer/engine.md §2.2).
const (
	argURL    = "ignition.config.url"
	argDevice = "ignition.config.device"
	argPath   = "ignition.config.path"
)

// A Drive is a file on a local device.
type Drive struct {
	Label string // of the device's filesystem; one path component
	Path  string // absolute and clean, on the device
}

// A CommandLine is what the kernel command line says about the config: a URL, a drive, or neither. Where both are
// given the URL counts and Drive is zero.
type CommandLine struct {
	URL   string
	Drive Drive
	Notes []string // warnings about what was left out of account; they hold no secrets
}

// ParseCommandLine reads the text of /proc/cmdline. The last of a key counts, keys without a value do not. What is
// given and cannot be used is an error: a URL that is none, a device without a path, or the other way round. Without it
// the machine would come up as if its user had wanted nothing.
func ParseCommandLine(text string) (CommandLine, error) {
	url, device, file := cmdline.Last(text, argURL), cmdline.Last(text, argDevice), cmdline.Last(text, argPath)
	if url == "" {
		drive, err := driveOf(device, file)
		return CommandLine{Drive: drive}, err
	}
	c := CommandLine{URL: url}
	if device != "" || file != "" {
		c.Notes = append(c.Notes, argURL+" is given: "+argDevice+" and "+argPath+" are ignored")
	}
	return c, usableURL(argURL, url)
}

// usableURL tells why a URL that an argument of the kernel gives cannot be fetched. It may hold a password, so it is
// not repeated.
func usableURL(argument, url string) error {
	fault := source.Check(url, config.Newest)
	if fault == nil {
		fault = source.WarnURL(url)
	}
	if fault == nil {
		return nil
	}
	return diag.WithHint(fmt.Errorf("%s: %s", argument, fault.Message), fault.Hint)
}

func driveOf(device, file string) (Drive, error) {
	switch {
	case device == "" && file == "":
		return Drive{}, nil
	case file == "":
		return Drive{}, errors.New(argDevice + " needs " + argPath + " beside it")
	case device == "":
		return Drive{}, errors.New(argPath + " needs " + argDevice + " beside it")
	case device == "." || device == ".." || strings.Contains(device, "/"):
		return Drive{}, fmt.Errorf("%s=%s: a label of a filesystem is meant, not a path", argDevice, device)
	}
	return Drive{Label: device, Path: path.Clean("/" + file)}, nil
}

// config gets what the command line names; found is false where it names nothing.
func (c CommandLine) config(ctx context.Context, m *Machine) (d Document, found bool, err error) {
	var text []byte
	switch {
	case c.URL != "":
		text, err = m.Get(ctx, c.URL)
	case c.Drive == Drive{}:
		return Document{}, false, nil
	default:
		text, err = readDrive(ctx, m, c.Drive)
	}
	if err != nil {
		return Document{}, true, fmt.Errorf("kernel command line: %w", err)
	}
	d, err = written(FromCommandLine, text)
	return d, true, err
}
