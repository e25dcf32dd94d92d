package main

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
)

func TestVolumesThatImagesDoNotGetAreRefused(t *testing.T) {
	yes, pin := true, "tang"
	for name, c := range map[string]struct {
		volume config.Luks
		path   string
	}{
		"a key": {config.Luks{}, ""},
		"a TPM": {config.Luks{Clevis: config.Clevis{Tpm2: &yes}}, "$.storage.luks.0.clevis.tpm2"},
		"a TPM among servers": {config.Luks{Clevis: config.Clevis{Tpm2: &yes, Tang: []config.Tang{{URL: "http://x"}}}},
			"$.storage.luks.0.clevis.tpm2"},
		"servers": {config.Luks{Clevis: config.Clevis{Tang: []config.Tang{{URL: "http://x"}}}},
			"$.storage.luks.0.clevis"},
		"Clevis' own form": {config.Luks{Clevis: config.Clevis{Custom: config.ClevisCustom{Pin: &pin}}},
			"$.storage.luks.0.clevis"},
		"a crypto card": {config.Luks{Cex: config.Cex{Enabled: &yes}}, "$.storage.luks.0.cex"},
	} {
		t.Run(name, func(t *testing.T) {
			path, err := unfit(&config.Config{Storage: config.Storage{Luks: []config.Luks{c.volume}}})
			assert.Equal(t, c.path, path)
			if c.path != "" {
				require.ErrorContains(t, err, "leave it to the first boot")
			}
		})
	}
}

func TestWhatTheMachineNeedsForUnits(t *testing.T) {
	on, off := true, false
	for want, unit := range map[bool]config.Unit{true: {Enabled: &off}, false: {Enabled: &on}} {
		cfg := config.Config{Systemd: config.Systemd{Units: []config.Unit{{Name: "a.service"}, unit}}}
		assert.Equal(t, want, slices.Contains(toolsFor(cfg), "systemctl"))
	}
}
