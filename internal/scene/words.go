package scene

import (
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// String tells what is on a device as people know it: `/dev/vda1 (20 GiB, ext4 "data", UUID ...)`.
func (s *Seen) String() string {
	return fmt.Sprintf("%s (%s, %s)", diag.Name(s.Node), Bytes(s.Size), Describe(s.Content))
}

// Describe says in words what a device is filled with.
func Describe(c block.Content) string {
	if len(c.Signatures) == 0 {
		return "nothing known on it"
	}
	var all []string
	for _, s := range c.Signatures {
		text := s.Type
		if s.Label != "" {
			text += fmt.Sprintf(" %q", s.Label)
		}
		if s.UUID != "" {
			text += ", UUID " + diag.Name(s.UUID) // of some kinds it is whatever bytes are there
		}
		all = append(all, text)
	}
	return strings.Join(all, "; also ")
}

// Bytes is a size in the largest binary unit of which it has at least one, to a tenth: "1.5 GiB".
func Bytes(n int64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	i, size := 0, float64(n)
	for size >= 1024 && i < len(units)-1 {
		size /= 1024
		i++
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", size), ".0") + " " + units[i]
}

// InUse adds to an error about a device in use what helps.
func InUse(err error) error {
	return diag.WithHint(err, "end what uses the device, or name another one in the config")
}

// Free is an error unless nobody uses the device, or a partition of it, and it takes writes.
func (s *Seen) Free() error {
	switch {
	case len(s.UsedBy()) > 0:
		return InUse(fmt.Errorf("%s is in use: %s", s, Words(s.UsedBy())))
	case s.ReadOnly:
		return diag.WithHint(fmt.Errorf("%s is read-only", s),
			"let the device take writes, or name another one in the config")
	}
	return nil
}
