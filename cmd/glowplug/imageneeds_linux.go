package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/glowplug-os/glowplug/config"
)

// unfit is the first part of a config that images cannot get.
func unfit(cfg *config.Config) (path string, why error) {
	for i := range cfg.Storage.Luks {
		switch v := &cfg.Storage.Luks[i]; {
		case config.Says(v.Cex.Enabled):
			return fmt.Sprintf("$.storage.luks.%d.cex", i),
				errors.New("binds a volume to the crypto card of one machine; leave it to the first boot")
		case config.Says(v.Clevis.Tpm2):
			return fmt.Sprintf("$.storage.luks.%d.clevis.tpm2", i),
				errors.New("binds a volume to the TPM of one machine; leave it to the first boot")
		case v.Clevis.Opens():
			return fmt.Sprintf("$.storage.luks.%d.clevis", i),
				errors.New("binds a volume by Clevis, which is not done in images; leave it to the first boot")
		}
	}
	return "", nil
}

// disables: a config disables a unit, which an image may have enabled. To enable one takes no program.
func disables(cfg config.Config) bool {
	return slices.ContainsFunc(cfg.Systemd.Units, func(u config.Unit) bool { return u.Enabled != nil && !*u.Enabled })
}
