package disks

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/field"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/rules"
)

// impossible refuses what a config itself shows to fail, whatever the machine is like, before anything is written.
func impossible(s config.Storage) error {
	var all []error
	for i, d := range s.Disks {
		all = append(all, guidTwice(i, d))
	}
	for i, v := range s.Luks {
		all = append(all, newVolume(nil, i, v).step.Fail(impossibleVolume(v)))
	}
	for i, f := range s.Filesystems {
		all = append(all, filesystemStep(i, f).Fail(impossibleFilesystem(f)))
	}
	return errors.Join(all...)
}

func impossibleVolume(v config.Luks) error {
	switch uuid := value(v.UUID); {
	case uuid != "" && !block.TakesUUID("crypto_LUKS", uuid):
		return fmt.Errorf("a volume takes no UUID like %s", diag.Name(uuid))
	case !isTrue(v.Cex.Enabled) && rules.IsEmptyKey(v.KeyFile, config.Newest):
		return errEmptyKey
	}
	return nil
}

// impossibleFilesystem: one that is there already may have a label that its maker refuses.
func impossibleFilesystem(f config.Filesystem) error {
	switch {
	case asked(f) != askFormat:
		return nil
	case f.UUID != nil && !block.TakesUUID(*f.Format, *f.UUID):
		return fmt.Errorf("%s takes no UUID like %s", *f.Format, diag.Name(*f.UUID))
	case isTrue(f.WipeFilesystem):
		return unfitLabel(f)
	}
	return nil
}

// unfitLabel tells why a filesystem cannot be made with its label.
func unfitLabel(f config.Filesystem) error {
	if fault, stops := field.Label(value(f.Format)).Check(value(f.Label)); fault != nil && stops {
		return fault
	}
	return nil
}

func isUnfit(f config.Filesystem) bool { return asked(f) == askFormat && unfitLabel(f) != nil }

// unlabelled refuses a label that no maker takes as soon as it is known that the filesystem will have to be made: by
// what is on its device now, or by what a round will leave there.
func unlabelled(s config.Storage, look func(path string) (Seen, bool)) error {
	var all []error
	for i, f := range s.Filesystems {
		if !isUnfit(f) {
			continue
		}
		if seen, known := look(f.Device); known && seen.Unknown == "" && judge(f, seen.Content) == fateMake {
			all = append(all, filesystemStep(i, f).Fail(unfitLabel(f)))
		}
	}
	return errors.Join(all...)
}

// now is what is on a device, if it is there.
func (w *work) now(path string) (Seen, bool) {
	seen, err := w.Devices.Look(path)
	return Seen{Device: seen}, err == nil
}

// left is what a round will leave.
func (p planned) left(path string) (Seen, bool) {
	at := slices.IndexFunc(p.after, func(each prediction) bool { return slices.Contains(each.names, path) })
	if at < 0 {
		return Seen{}, false
	}
	return p.after[at].seen, true
}

func guidTwice(index int, d config.Disk) error {
	first := map[string]int{}
	for i, p := range d.Partitions {
		guid := strings.ToLower(value(p.GUID))
		if guid == "" || p.ShouldExist != nil && !*p.ShouldExist {
			continue
		}
		if other, twice := first[guid]; twice {
			at := fmt.Sprintf("%s.partitions.%d", origin("disks", index), i)
			return plan.Step{ID: at, Subject: "disk " + diag.Name(d.Device),
				Origin: at}.Fail(sameGUID(guid, fmt.Sprintf("partition entry %d", other)))
		}
		first[guid] = i
	}
	return nil
}

func sameGUID(guid, other string) error {
	return diag.WithHint(fmt.Errorf("the GUID %s is that of %s as well", strings.ToLower(guid), other),
		"give each partition its own GUID, or none for a random one")
}
