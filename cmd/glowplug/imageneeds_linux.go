package main

import (
	"encoding/json"
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
		case v.Clevis.Opens() && !ofServers(&v.Clevis.Custom):
			return fmt.Sprintf("$.storage.luks.%d.clevis.custom", i), errors.New("is no policy of Tang servers " +
				"alone, and may bind a volume to one machine; leave it to the first boot")
		}
	}
	return "", nil
}

// ofServers tells of a policy in Clevis' own form whether all its pins are Tang servers, which all machines reach. So
// is none.
func ofServers(c *config.ClevisCustom) bool {
	pin := config.Says(c.Pin)
	return pin == "" || serversAlone(pin, json.RawMessage(config.Says(c.Config)), 0)
}

// serversAlone: sss has pins in it, of each kind one or a list (clevis-encrypt-sss(1)).
func serversAlone(pin string, policy json.RawMessage, depth int) bool {
	const deepest = 8
	switch {
	case pin == "tang":
		return true
	case pin != "sss" || depth == deepest:
		return false
	}
	var shared struct{ Pins map[string]json.RawMessage }
	if json.Unmarshal(policy, &shared) != nil {
		return false
	}
	for pin, each := range shared.Pins {
		var several []json.RawMessage
		if json.Unmarshal(each, &several) != nil {
			several = []json.RawMessage{each}
		}
		for _, policy := range several {
			if !serversAlone(pin, policy, depth+1) {
				return false
			}
		}
	}
	return true
}

// disables: a config disables a unit, which an image may have enabled. To enable one takes no program.
func disables(cfg config.Config) bool {
	return slices.ContainsFunc(cfg.Systemd.Units, func(u config.Unit) bool { return u.Enabled != nil && !*u.Enabled })
}

// bindingTools are what Clevis is, and what its scripts call where a policy is of Tang servers. Some versions do
// without the second part.
var (
	bindingTools = []string{"clevis", "clevis-luks-bind", "clevis-luks-unlock", "clevis-luks-common-functions",
		"clevis-encrypt-sss", "clevis-encrypt-tang", "clevis-decrypt", "clevis-decrypt-sss", "clevis-decrypt-tang",
		"jose", "curl", "bash", "cat", "cut", "find", "grep", "head", "id", "mktemp", "rm", "sed", "sort", "tail",
		"touch", "tr"}
	bindingExtras = []string{"awk", "basename", "luksmeta", "pwmake"}
	// The words that no password may be, without which pwmake makes none: of Debian and its like, and of others.
	bindingFiles = []string{"/var/cache/cracklib/cracklib_dict.hwm", "/var/cache/cracklib/cracklib_dict.pwd",
		"/var/cache/cracklib/cracklib_dict.pwi", "/usr/share/cracklib/pw_dict.hwm", "/usr/share/cracklib/pw_dict.pwd",
		"/usr/share/cracklib/pw_dict.pwi"}
)

// scriptsFor are the programs that a config needs of which some are scripts, and what those call.
func scriptsFor(cfg config.Config) []string {
	bound := func(v config.Luks) bool { return v.Clevis.Opens() }
	if !slices.ContainsFunc(cfg.Storage.Luks, bound) {
		return nil
	}
	return bindingTools
}
