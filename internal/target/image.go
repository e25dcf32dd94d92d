package target

import (
	"errors"
	"fmt"
)

// An Image is what the builder of an image has decided of how configs are carried out in it.
type Image struct {
	// KeysFragment puts SSH keys into ~/.ssh/authorized_keys.d/ignition instead of ~/.ssh/authorized_keys.
	KeysFragment bool `json:"writeAuthorizedKeysFragment"`
	// Accounts says what makes groups and users.
	Accounts Backend `json:"accountBackend"`
	// ResultFile is where the booted system finds out that it was provisioned; "" for nowhere.
	ResultFile string `json:"resultFile"`
	// ReportFile is where the report of the boot is left in the root; "" for nowhere.
	ReportFile string `json:"reportFile"`
	// MetricsDir is the folder of node_exporter's textfile collector, which gets metrics of the boot; "" for none.
	MetricsDir string `json:"prometheusDir"`
	// Relabel says whether what is written gets SELinux labels.
	Relabel Relabel `json:"selinuxRelabel"`
}

// DefaultResultFile is the peer's (docs/peer/engine.md §5).
const DefaultResultFile = "/etc/.ignition-result.json"

// DefaultReportFile is beside it.
const DefaultReportFile = "/etc/.glowplug-report.json"

// DefaultImage is that of an image whose builder has decided nothing.
func DefaultImage() Image {
	return Image{KeysFragment: true, Accounts: Native, ResultFile: DefaultResultFile, ReportFile: DefaultReportFile}
}

// A Backend is what makes accounts.
type Backend string

// The backends: edits of our own, or the root's own useradd and its kin.
const (
	Native      Backend = "native"
	ShadowUtils Backend = "shadow-utils"
)

// UnmarshalText takes the backends that there are.
func (b *Backend) UnmarshalText(text []byte) error {
	switch *b = Backend(text); *b {
	case Native, ShadowUtils:
		return nil
	}
	return fmt.Errorf("the account backend %q is not known: native and shadow-utils are known", text)
}

// Relabel says whether what is written gets SELinux labels. In the initramfs no policy is loaded, so nothing has one by
// itself.
type Relabel uint8

// The choices. RelabelAuto is on for a root that has a policy; RelabelOn takes it for an error if it has none.
const (
	RelabelAuto Relabel = iota
	RelabelOn
	RelabelOff
)

var errRelabel = errors.New("may be auto, on or off")

// UnmarshalText reads "auto", "on" or "off"; the words of the peer's build option, true, 1, false and 0, are good too.
func (r *Relabel) UnmarshalText(text []byte) error {
	switch string(text) {
	case "auto":
		*r = RelabelAuto
	case "on", "true", "1":
		*r = RelabelOn
	case "off", "false", "0":
		*r = RelabelOff
	default:
		return errRelabel
	}
	return nil
}
