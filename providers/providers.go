package providers

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/form"
	"github.com/glowplug-os/glowplug/internal/tree"
)

var (
	// ErrNone says that a source was asked and that there is no config: its user gave none, or nothing but blanks.
	ErrNone = errors.New("no config provided")
	// ErrAbsent says that the machine is not of the kind that the platform is for.
	ErrAbsent = errors.New("this machine is not on that platform")
	// ErrCannot says that a platform does not offer what it is asked for.
	ErrCannot = errors.New("the platform does not offer that")
)

// A Document is a config as its user wrote it.
type Document struct {
	Name string // for messages: a file's path, or "cmdline"
	Text []byte
	// Files are for the files stage to write. They are given beside ErrNone too.
	Files []File
	// Once says that the platform does not give it again. Whoever asks again puts the text into Machine.Said.
	Once bool
}

// A File is one that a platform wants on the machine. Its owner is root.
type File struct {
	Path string
	Mode uint32
	Text diag.Secret
}

const fileSource = "data:;base64,"

// State gives the file as the state keeps it for the files stage: as a config spells it, and replacing what is there.
func (f File) State() (json.RawMessage, error) {
	type contents struct {
		Source string `json:"source"`
	}
	return json.Marshal(struct {
		Path      string   `json:"path"`
		Overwrite bool     `json:"overwrite"`
		Mode      uint32   `json:"mode"`
		Contents  contents `json:"contents"`
	}{f.Path, true, f.Mode, contents{fileSource + base64.StdEncoding.EncodeToString([]byte(f.Text.Reveal()))}})
}

// FileOf reads a file back that State has put into the state; an error is about one of another kind.
func FileOf(state json.RawMessage) (File, error) {
	var f struct {
		Path     string `json:"path"`
		Mode     uint32 `json:"mode"`
		Contents struct {
			Source string `json:"source"`
		} `json:"contents"`
	}
	err := json.Unmarshal(state, &f)
	encoded, ours := strings.CutPrefix(f.Contents.Source, fileSource)
	if err != nil || !ours {
		return File{}, errors.New("not a file that a platform has given")
	}
	text, err := base64.StdEncoding.DecodeString(encoded)
	return File{f.Path, f.Mode, diag.Secret(text)}, err
}

// Network says whether a platform's config can be had before the network is up.
type Network string

// The answers.
const (
	NeedsNetwork   Network = "yes"
	NoNetwork      Network = "no"
	MayNeedNetwork Network = "maybe"
)

// A finder gives user data. A blank text is as good as ErrNone; a Name is given only where "<id> user data" would not
// do.
type finder func(ctx context.Context, m *Machine) (Document, error)

// A Platform is one kind of machine, as ignition.platform.id names it.
type Platform struct {
	ID      string // exactly as on the command line
	Name    string // what people call it
	Source  string // where the config is, in words
	Network Network
	Note    string // what else its users should know; one sentence, or ""

	config finder
	// shared: the user data may be meant for cloud-init alone, and then is no config.
	shared bool
	status func(ctx context.Context, m *Machine, stage string, failure error) error
	remove func(ctx context.Context, m *Machine) error
	region func(ctx context.Context, m *Machine) (string, error)
}

// Find gives the platform with an id. There are no aliases and no other spellings.
func Find(id string) (Platform, bool) {
	all := platforms()
	i := slices.IndexFunc(all, func(p Platform) bool { return p.ID == id })
	if i < 0 {
		return Platform{}, false
	}
	return all[i], true
}

// All gives every platform in the order of the ids.
func All() []Platform { return platforms() }

// IDs are those of all platforms.
func IDs() (ids []string) {
	for _, p := range platforms() {
		ids = append(ids, p.ID)
	}
	return ids
}

// Unknown says of an id that no platform has it, and which have one.
func Unknown(id string) error {
	err := fmt.Errorf("the platform %q is not known: platforms are %s", id, strings.Join(IDs(), ", "))
	if near := diag.Nearest(id, IDs()); near != "" {
		return diag.WithHint(err, "did you mean "+near+"?")
	}
	return err
}

// Reports: the platform takes reports of how stages end.
func (p Platform) Reports() bool { return p.status != nil }

// Removes: the config can be deleted where the platform keeps it.
func (p Platform) Removes() bool { return p.remove != nil }

// Config asks the platform for the config; ErrNone where it has none, and then the Document may still have Files. Where
// Machine is offline and the platform needs the network it is fetch.ErrNeedNet. Packed texts come unpacked.
func (p Platform) Config(ctx context.Context, m Machine) (Document, error) {
	d, err := p.ask(ctx, m.complete())
	if d.Name == "" && len(d.Text) > 0 {
		d.Name = p.ID + " user data"
	}
	if err != nil {
		return d, p.named(err)
	}
	return d, nil
}

func (p Platform) ask(ctx context.Context, m *Machine) (Document, error) {
	if m.Offline && p.Network == NeedsNetwork {
		return Document{}, fetch.ErrNeedNet
	}
	d, err := p.config(ctx, m)
	if m.Said != "" && (errors.Is(err, ErrNone) || err == nil && tree.IsBlank(d.Text)) {
		d.Text, d.Once, err = []byte(m.Said.Reveal()), true, nil
	}
	if err != nil {
		d.Text = nil
		return d, err
	}
	if d.Text, err = unwrap(d.Text); err != nil {
		return d, fmt.Errorf("the user data: %w", err)
	}
	if tree.IsBlank(d.Text) {
		d.Text = nil
		return d, ErrNone
	}
	if !p.shared {
		return d, nil
	}
	if f, other := form.ByStart(string(d.Text)); other && f.CloudInit {
		m.Log.Warn("the user data is " + f.What + ", taken for no config: " + f.Hint)
		d.Text = nil
		return d, ErrNone
	}
	return d, nil
}

// Report tells the platform how a stage ended; nothing happens where it takes no reports.
func (p Platform) Report(ctx context.Context, m Machine, stage string, failure error) error {
	switch {
	case p.status == nil:
		return nil
	case m.Offline:
		return p.named(fetch.ErrNeedNet)
	}
	return p.named(p.status(ctx, m.complete(), stage, failure))
}

// Remove deletes the config where the platform keeps it; ErrCannot where that is not possible.
func (p Platform) Remove(ctx context.Context, m Machine) error {
	if p.remove == nil {
		return p.named(ErrCannot)
	}
	return p.named(p.remove(ctx, m.complete()))
}

// Region is where the machine is, "" where the platform has no such thing. It is asked once, before the config: the
// sources of what the config refers to may depend on it.
func (p Platform) Region(ctx context.Context, m Machine) (string, error) {
	switch {
	case p.region == nil:
		return "", nil
	case m.Offline:
		return "", p.named(fetch.ErrNeedNet)
	}
	region, err := p.region(ctx, m.complete())
	return region, p.named(err)
}

func (p Platform) named(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, ErrAbsent) {
		err = diag.WithHint(err, "the kernel argument ignition.platform.id names the platform; glowplug platforms "+
			"lists those that there are")
	}
	return fmt.Errorf("platform %s: %w", p.ID, err)
}

// none is for platforms without a place for a config; ignition.config.url is for them.
func none(context.Context, *Machine) (Document, error) { return Document{}, ErrNone }

// fromFile reads the file that IGNITION_CONFIG_FILE names. A missing one is an error: the platform is asked for by
// those who have put it there.
func fromFile(_ context.Context, m *Machine) (Document, error) {
	path := m.Getenv("IGNITION_CONFIG_FILE")
	if path == "" {
		path = "config.ign"
	}
	text, err := m.ReadFile(path)
	return Document{Name: path, Text: text}, err
}

// written is the document of a source that was asked, unpacked as a platform's is; nothing written is no config.
func written(name string, text []byte) (Document, error) {
	text, err := unwrap(text)
	switch {
	case err != nil:
		return Document{}, fmt.Errorf("%s: %w", name, err)
	case tree.IsBlank(text):
		return Document{}, ErrNone
	}
	return Document{Name: name, Text: text}, nil
}

// UserConfig reads user.ign from the first of dirs that has one; found is false where none has. A blank file is found
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
	m.Log, m.CommandLine = log, s.CommandLine
	line, err := ParseCommandLine(s.CommandLine)
	for _, note := range line.Notes {
		log.Warn(note)
	}
	if err != nil {
		return Document{}, FromCommandLine, fmt.Errorf("kernel command line: %w", err)
	}
	if d, found, err := line.config(ctx, m.complete()); found {
		return d, FromCommandLine, err
	}
	if d, found, err := UserConfig(s.Dirs, m.ReadFile); found {
		return d, FromSystem, err
	}
	d, err := s.Platform.Config(ctx, m)
	return d, s.Platform.ID, err
}
