package stages

import (
	"fmt"
	"slices"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/source"
)

// NeedsNetwork names the first part of a config that cannot be had without the network, "" where there is none
// (docs/peer/engine.md §7).
func NeedsNetwork(cfg *config.Config) string {
	ignition := &cfg.Ignition
	for i := range ignition.Config.Merge {
		if isRemote(&ignition.Config.Merge[i]) {
			return fmt.Sprintf("$.ignition.config.merge.%d", i)
		}
	}
	if isRemote(&ignition.Config.Replace) {
		return "$.ignition.config.replace"
	}
	for i := range ignition.Security.TLS.CertificateAuthorities {
		if isRemote(&ignition.Security.TLS.CertificateAuthorities[i]) {
			return fmt.Sprintf("$.ignition.security.tls.certificateAuthorities.%d", i)
		}
	}
	for i := range cfg.Storage.Files {
		f := &cfg.Storage.Files[i]
		if isRemote(&f.Contents) ||
			slices.ContainsFunc(f.Append, func(r config.Resource) bool { return isRemote(&r) }) {
			return fmt.Sprintf("$.storage.files.%d", i)
		}
	}
	for i := range cfg.Storage.Luks {
		if volumeNeedsNetwork(&cfg.Storage.Luks[i]) {
			return fmt.Sprintf("$.storage.luks.%d", i)
		}
	}
	return ""
}

// volumeNeedsNetwork: binding to a Tang server does without only if the config brings its advertisement.
func volumeNeedsNetwork(l *config.Luks) bool {
	custom := l.Clevis.Custom.NeedsNetwork
	return isRemote(&l.KeyFile) || custom != nil && *custom ||
		slices.ContainsFunc(l.Clevis.Tang, func(t config.Tang) bool { return config.Says(t.Advertisement) == "" })
}

func isRemote(r *config.Resource) bool {
	if config.Says(r.Source) == "" {
		return false
	}
	scheme, _ := source.Scheme(*r.Source)
	return scheme != "data" && scheme != ""
}
