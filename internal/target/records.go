package target

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/field"
	"github.com/glowplug-os/glowplug/internal/root"
)

// StateDir is where the root keeps what a run that is repeated has to know. It is beside the account files, keys and
// most of what is appended to, so that it is there as long as they are: /var may be a filesystem that such a run makes
// anew.
const StateDir = field.Records

const recordLimit = 16 << 20

// Private is for what only root, or who runs this, need read.
var Private = root.Attrs{UID: -1, GID: -1, Mode: 0o600}

// ReadRecord reads a file of ours in StateDir, if it is there. The version is where its reader puts it.
func ReadRecord(v View, file, what string, to any, version *int) error {
	text, err := v.ReadFile(file, recordLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if json.Unmarshal(text, to) != nil || *version != 1 {
		return Damaged(file, what)
	}
	return nil
}

// Damaged is the error of a record that cannot be read. It is not taken for an empty one: who removes it decides that.
func Damaged(file, what string) error {
	return diag.WithHint(fmt.Errorf("%s: not %s", file, what),
		"remove the file; a run then no longer knows what earlier runs noted there: what they appended to, or made")
}

// WriteRecord has a record on disk when it returns.
func (m *Means) WriteRecord(file string, record any) error {
	text, err := json.Marshal(record)
	if err != nil {
		return err
	}
	return m.WriteText(file, Private, false, string(text)+"\n")
}
