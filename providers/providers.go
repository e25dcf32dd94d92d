// Package providers knows where each platform keeps the config its user gave it. It fetches text; what the text means is
// config's business.
//
// Two sources come before every platform: the kernel command line, and a file that the image itself may carry. What a
// platform needs of the machine comes in through Machine, so that a test is a table of answers.
package providers

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
)

// ErrNone says that a source was asked and that there is no config: its user gave none, or one of zero bytes.
var ErrNone = errors.New("no config provided")

// A Document is a config as its user wrote it.
type Document struct {
	Name string // for messages: a file's path, or "cmdline"
	Text []byte
}

// Machine is what sources ask of the machine and the network.
type Machine struct {
	// Getenv gives an environment variable, "" where it is unset.
	Getenv func(name string) string
	// ReadFile reads a file; its errors are those of the os package.
	ReadFile func(path string) ([]byte, error)
	// Get fetches a URL with the default headers.
	Get func(ctx context.Context, url string) ([]byte, error)
	// ReadDrive mounts a drive read-only, reads one file of it and unmounts. Nil says that drives cannot be read.
	ReadDrive func(ctx context.Context, d Drive) ([]byte, error)
}

// A Platform is one kind of machine, as ignition.platform.id names it.
type Platform struct {
	ID   string // exactly as on the command line
	Name string // what people call it

	config func(ctx context.Context, m Machine) (Document, error)
}

// platforms has a row for each platform, in the order of the ids.
var platforms = [...]Platform{
	{ID: "file", Name: "a local file", config: fromFile},
	{ID: "metal", Name: "bare metal", config: none},
}

// Find gives the platform with an id. There are no aliases and no other spellings.
func Find(id string) (Platform, bool) {
	i := slices.IndexFunc(platforms[:], func(p Platform) bool { return p.ID == id })
	if i < 0 {
		return Platform{}, false
	}
	return platforms[i], true
}

// All gives every platform in the order of the ids.
func All() []Platform { return slices.Clone(platforms[:]) }

// Config asks the platform for the config; ErrNone where it has none.
func (p Platform) Config(ctx context.Context, m Machine) (Document, error) {
	d, err := p.config(ctx, m)
	if err != nil {
		return Document{}, fmt.Errorf("platform %s: %w", p.ID, err)
	}
	return d, nil
}

// none is for platforms without a place for a config; ignition.config.url is for them.
func none(context.Context, Machine) (Document, error) { return Document{}, ErrNone }

// fromFile reads the file that IGNITION_CONFIG_FILE names. A missing one is an error: the platform is asked for by
// those who have put it there.
func fromFile(_ context.Context, m Machine) (Document, error) {
	path := m.Getenv("IGNITION_CONFIG_FILE")
	if path == "" {
		path = "config.ign"
	}
	text, err := m.ReadFile(path)
	if err != nil {
		return Document{}, err
	}
	return written(path, text)
}

// written is the document of a source that was asked; nothing written is no config.
func written(name string, text []byte) (Document, error) {
	if len(text) == 0 {
		return Document{}, ErrNone
	}
	return Document{Name: name, Text: text}, nil
}

// UserConfig reads user.ign from the first of dirs that has one; found is false where none has. An empty file is found
// and ErrNone: it keeps the platform from being asked.
func UserConfig(dirs []string, read func(path string) ([]byte, error)) (d Document, found bool, err error) {
	for _, dir := range dirs {
		path := filepath.Join(dir, "user.ign")
		text, err := read(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return Document{}, true, err
		}
		d, err := written(path, text)
		return d, true, err
	}
	return Document{}, false, nil
}

// Sources are the places where a machine's config may be, in the order in which Config asks them.
type Sources struct {
	CommandLine string   // of the kernel
	Dirs        []string // that may hold user.ign, the most important first
	Platform    Platform
}

// The names of the sources before the platform, as the journal and the state file have them. Beyond them the name is
// the platform's id.
const (
	FromCommandLine = "cmdline"
	FromSystem      = "system"
)

// Config gives the config of the first source that has a say, and that source's name, which is also given with an
// error. ErrNone where that source says that there is no config.
func (s Sources) Config(ctx context.Context, log *slog.Logger, m Machine) (Document, string, error) {
	line, err := ParseCommandLine(s.CommandLine)
	for _, note := range line.Notes {
		log.Warn(note)
	}
	if err != nil {
		return Document{}, FromCommandLine, fmt.Errorf("kernel command line: %w", err)
	}
	if d, found, err := line.config(ctx, m); found {
		return d, FromCommandLine, err
	}
	if d, found, err := UserConfig(s.Dirs, m.ReadFile); found {
		return d, FromSystem, err
	}
	d, err := s.Platform.Config(ctx, m)
	return d, s.Platform.ID, err
}
