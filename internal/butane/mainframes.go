package butane

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
)

// mainframeRules: images for mainframes have no partition labels, so two of the layouts need the name of the disk. The
// peer reports the layout for mistakes in the device too.
func mainframeRules(boot *cursor.At, l layout) {
	name, luks := boot.Key("layout"), boot.Key("luks")
	device, cex := luks.Key("device"), luks.To("cex", "enabled").IsTrue()
	s390x := strings.HasPrefix(name.Text(), "s390x")
	if l.device != "" {
		if device.Text() == "" {
			name.Errorf(codes.LayoutDevice, "the layout %s needs to know the disk", l.name).Advise("add luks.device")
		} else if !endsWithDisk(device.Text(), l.device) {
			name.Errorf(codes.LayoutDevice, "%q is not a disk for the layout %s", device.Text(), l.name).
				Advise("luks.device is a whole disk, such as %sa", l.device)
		}
	}
	if s390x && boot.To("mirror", "devices").Count() > 0 {
		name.Errorf(codes.LayoutMirror, "boot disks of the layout %s cannot be mirrored", name.Text())
	}
	switch {
	case cex && name.Text() == "":
		luks.Key("cex").Errorf(codes.CEXLayout,
			"Crypto Express adapters are for s390x only").Advise("add an s390x layout")
	case cex && !s390x:
		name.Errorf(codes.CEXLayout, "Crypto Express adapters are for s390x only").Advise("choose an s390x layout")
	}
	if cex && (luks.Key("tpm2").IsTrue() || luks.Key("tang").Count() > 0) {
		luks.Errorf(codes.CEXClevis, "a Crypto Express adapter cannot be used together with Tang servers or a TPM")
	}
}

// endsWithDisk: the peer looks at the end of the name only.
func endsWithDisk(device, prefix string) bool {
	if device == "" {
		return false
	}
	letter := device[len(device)-1]
	return 'a' <= letter && letter <= 'z' && strings.HasSuffix(device[:len(device)-1], prefix)
}
