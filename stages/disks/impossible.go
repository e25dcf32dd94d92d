package disks

import (
	"errors"
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/host"
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
		if f.UUID != nil && asked(f) == askFormat && !block.TakesUUID(*f.Format, *f.UUID) {
			all = append(all,
				filesystemStep(i, f).Fail(fmt.Errorf("%s takes no UUID like %s", *f.Format, host.Show(*f.UUID))))
		}
	}
	return errors.Join(all...)
}

func impossibleVolume(v config.Luks) error {
	switch uuid := value(v.UUID); {
	case uuid != "" && !block.TakesUUID("crypto_LUKS", uuid):
		return fmt.Errorf("a volume takes no UUID like %s", host.Show(uuid))
	case !isTrue(v.Cex.Enabled) && rules.IsEmptyKey(v.KeyFile, config.Newest):
		return errEmptyKey
	}
	return nil
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
			return host.Step{ID: at, Subject: "disk " + host.Show(d.Device),
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
