package facts

import (
	"fmt"

	"github.com/glowplug-os/glowplug/internal/target"
)

// Circumstances are what a plan depends on beside looks: who plans, for what, and when.
type Circumstances struct {
	// Boot: the plan is that of a first boot of the machine, not of a directory.
	Boot bool `json:"boot,omitempty"`
	// Rootless says why nothing of a root is in the facts; "" where it is.
	Rootless string   `json:"rootless,omitempty"`
	Who      Identity `json:"who"`
	// Unprivileged: whoever runs this is not root, even where the plan is that of a boot, which is.
	Unprivileged bool `json:"unprivileged,omitempty"`
	// Rendered: the config that facts are for is what a fetch stage has left, which is not merged again.
	Rendered bool `json:"rendered,omitempty"`
	// Images: devices are images of disks that were named.
	Images bool `json:"images,omitempty"`
	// Unasked are disks of which the config of For says nothing, though who took the facts has named them.
	Unasked []Text `json:"unasked,omitempty"`
	// Today is the date that new passwords get, in days since 1970-01-01.
	Today int64 `json:"today"`
	// Systemctl: whoever plans has it, to enable units in a directory.
	Systemctl bool  `json:"systemctl,omitempty"`
	Image     Image `json:"image"`
}

// An Identity is a target.Identity.
type Identity struct {
	Privileged bool     `json:"privileged,omitempty"`
	UID        uint32   `json:"uid,omitempty"`
	GID        uint32   `json:"gid,omitempty"`
	Groups     []uint32 `json:"groups,omitempty"`
}

// An Image is what the image's builder has decided, by the names of distribution.json.
type Image struct {
	KeysFragment bool   `json:"writeAuthorizedKeysFragment"`
	Accounts     string `json:"accountBackend"`
	ResultFile   Text   `json:"resultFile"`
	ReportFile   Text   `json:"reportFile,omitzero"`
	MetricsDir   Text   `json:"prometheusDir,omitzero"`
	Relabel      string `json:"selinuxRelabel"`
}

// relabels are the words for them.
var relabels = map[target.Relabel]string{target.RelabelAuto: "auto", target.RelabelOn: "on", target.RelabelOff: "off"}

// Of notes who plans, on which image.
func (c *Circumstances) Of(who target.Identity, image target.Image) {
	c.Who = Identity(who)
	c.Image = Image{image.KeysFragment, string(image.Accounts), TextOf(image.ResultFile), TextOf(image.ReportFile),
		TextOf(image.MetricsDir), relabels[image.Relabel]}
}

// Identity is who plans.
func (c *Circumstances) Identity() target.Identity { return target.Identity(c.Who) }

// Unnoticed are the disks that were named for facts, and of which the config says nothing.
func (r *Replay) Unnoticed() []string {
	if !r.same {
		return nil // nobody knows
	}
	return stringsOf(r.doc.Circumstances.Unasked)
}

// Decided is what the image's builder has decided.
func (c *Circumstances) Decided() target.Image {
	relabel, _ := keyOf(relabels, c.Image.Relabel)
	return target.Image{KeysFragment: c.Image.KeysFragment, Accounts: target.Backend(c.Image.Accounts),
		ResultFile: c.Image.ResultFile.text, ReportFile: c.Image.ReportFile.text,
		MetricsDir: c.Image.MetricsDir.text, Relabel: relabel}
}

func (c *Circumstances) check() error {
	var backend target.Backend
	if err := backend.UnmarshalText([]byte(c.Image.Accounts)); err != nil {
		return err
	}
	if _, known := keyOf(relabels, c.Image.Relabel); !known {
		return fmt.Errorf("circumstances: the choice %q of labels is not known", c.Image.Relabel)
	}
	if c.Today < 0 {
		return fmt.Errorf("circumstances: the day %d is before 1970", c.Today)
	}
	return nil
}
