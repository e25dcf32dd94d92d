package main

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
)

func TestVolumesThatOneMachineAloneCouldOpenAreRefused(t *testing.T) {
	yes := true
	custom := func(pin, policy string) config.Clevis {
		return config.Clevis{Custom: config.ClevisCustom{Pin: &pin, Config: &policy}}
	}
	for name, c := range map[string]struct {
		volume config.Luks
		path   string
	}{
		"a key":        {config.Luks{}, ""},
		"Tang servers": {config.Luks{Clevis: config.Clevis{Tang: []config.Tang{{URL: "http://x"}}}}, ""},
		"a TPM": {config.Luks{Clevis: config.Clevis{Tpm2: &yes, Tang: []config.Tang{{URL: "http://x"}}}},
			"$.storage.luks.0.clevis.tpm2"},
		"a crypto card":              {config.Luks{Cex: config.Cex{Enabled: &yes}}, "$.storage.luks.0.cex"},
		"Clevis' own pin for Tang":   {config.Luks{Clevis: custom("tang", `{"url": "http://x"}`)}, ""},
		"Clevis' own pin for a TPM":  {config.Luks{Clevis: custom("tpm2", `{}`)}, "$.storage.luks.0.clevis.custom"},
		"a pin that nobody knows":    {config.Luks{Clevis: custom("null", `{}`)}, "$.storage.luks.0.clevis.custom"},
		"a policy that is no policy": {config.Luks{Clevis: custom("sss", `x`)}, "$.storage.luks.0.clevis.custom"},
		"several servers": {config.Luks{Clevis: custom("sss",
			`{"t": 1, "pins": {"tang": [{"url": "x"}, {"url": "y"}], "sss": {"pins": {"tang": {}}}}}`)}, ""},
		"a TPM further in": {config.Luks{Clevis: custom("sss",
			`{"t": 1, "pins": {"tang": {}, "sss": [{"pins": {"tang": {}}}, {"pins": {"tpm2": {}}}]}}`)},
			"$.storage.luks.0.clevis.custom"},
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
