// Package handoff is what one stage leaves for the next (/run files).
//
// Each stage is a process of its own; these files are all that it passes on: the rendered config, a state, the flag
// that asks for the network, and where in the documents each part of the config came from. What the bytes of the
// config mean is not known here. The names and forms are the peer's (docs/peer/engine.md §2.4, §5), because parts of
// existing images read and remove them; the origins are ours.
package handoff

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Config is where the rendered config is, unless an image says otherwise.
const Config = "/run/ignition.json"

// IsConfig tells whether a file is the rendered config of this boot, by any of its names: it has all that it is merged
// of, and says still what that was.
func IsConfig(name string) bool {
	is, err := os.Stat(name)
	other, failed := os.Stat(Config)
	return err == nil && failed == nil && os.SameFile(is, other)
}

// ReportFile is where the report of a boot is then.
const ReportFile = "/run/glowplug/report.json"

// Paths are where the files are.
type Paths struct {
	Config  string // the rendered config
	State   string // /run/ignition/state
	NeedNet string // exists if the network must come up: /run/ignition/neednet
}

// DeviceAliases is the folder of links to devices that the disks stage makes, and by which later stages call them:
// names by label or UUID may lead elsewhere meanwhile. It is beside the state: /run/ignition/dev_aliases.
func (p Paths) DeviceAliases() string { return filepath.Join(filepath.Dir(p.State), "dev_aliases") }

// SaveConfig writes the rendered config in one step, mode 0640. Its folder must exist.
func (p Paths) SaveConfig(text []byte) error {
	return replace(p.Config, text, 0o640)
}

// LoadConfig reads the rendered config; a missing one is an error, as only the fetch stages may do without.
func (p Paths) LoadConfig() ([]byte, error) { return os.ReadFile(p.Config) }

// report is the name of our file beside the rendered config that tells of the boot.
func (p Paths) report() string {
	return filepath.Join(filepath.Dir(p.Config), "glowplug", "report.json")
}

// SaveReport writes the report of the boot in one step, mode 0600, and its folder with 0700.
func (p Paths) SaveReport(text string) error {
	if err := os.MkdirAll(filepath.Dir(p.report()), 0o700); err != nil {
		return err
	}
	return replace(p.report(), []byte(text), 0o600)
}

// LoadReport reads the report of the boot, and tells whether there is one.
func (p Paths) LoadReport() (text []byte, ok bool, err error) { return readWhole(p.report()) }

// RequestNetwork leaves the flag that brings the network up for the next stages.
func (p Paths) RequestNetwork() error {
	if err := os.MkdirAll(filepath.Dir(p.NeedNet), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(p.NeedNet, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	return f.Close()
}

// replace puts a whole file in the place of another. There is no fsync: /run does not outlive a power cut either.
func replace(path string, text []byte, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	err = fill(f, text, mode)
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// fill writes and closes a file. The mode is set apart from creation, which the umask would trim.
func fill(f *os.File, text []byte, mode os.FileMode) error {
	_, err := f.Write(text)
	if err == nil {
		err = f.Chmod(mode)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// readWhole reads a file that may be absent; ok is false then.
func readWhole(path string) (text []byte, ok bool, err error) {
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	text, err = io.ReadAll(f)
	return text, true, err
}
