package lint

import (
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
)

// sources advises on each source of a config.
func (l *linter) sources(root *cursor.At, cfg *config.Config) {
	ignition, storage := root.Key("ignition"), root.Key("storage")
	l.source(&cfg.Ignition.Config.Replace, func() *cursor.At { return ignition.To("config", "replace") })
	l.eachSource(cfg.Ignition.Config.Merge, func() *cursor.At { return ignition.To("config", "merge") })
	l.eachSource(cfg.Ignition.Security.TLS.CertificateAuthorities, func() *cursor.At {
		return ignition.To("security", "tls", "certificateAuthorities")
	})
	for i := range cfg.Storage.Files {
		f := &cfg.Storage.Files[i]
		at := func() *cursor.At { return storage.Key("files").Item(i) }
		l.source(&f.Contents, func() *cursor.At { return at().Key("contents") })
		l.eachSource(f.Append, func() *cursor.At { return at().Key("append") })
	}
	for i := range cfg.Storage.Luks {
		l.source(&cfg.Storage.Luks[i].KeyFile, func() *cursor.At { return storage.Key("luks").Item(i).Key("keyFile") })
	}
}

func (l *linter) eachSource(all []config.Resource, list func() *cursor.At) {
	for i := range all {
		l.source(&all[i], func() *cursor.At { return list().Item(i) })
	}
}

// source advises on what comes over a network without a proof of what it is.
func (l *linter) source(r *config.Resource, at func() *cursor.At) {
	if s := text(r.Source); s == "" || s[0]|0x20 == 'd' { // data, as most are
		return
	}
	scheme, rest, _ := strings.Cut(text(r.Source), ":")
	if isPage(rest) {
		l.advise(at().Key("source"), codes.SourcePage, "this is a page about the file, and not the file").
			Advise("write the address that the page has for the raw file")
	}
	if open := []string{"http", "tftp"}; text(r.Verification.Hash) != "" ||
		!slices.Contains(open, strings.ToLower(scheme)) {
		return
	}
	l.advise(at().Key("source"), codes.SourceUnverified,
		"whoever is on the way of %s can change what this machine gets", strings.ToLower(scheme)).
		Advise("add verification.hash, such as the output of `sha512sum FILE` behind \"sha512-\", or fetch it by https")
}

// isPage tells whether an address is one of the pages on which GitHub and GitLab show a file, without its scheme.
func isPage(address string) bool {
	for _, p := range [][2]string{{"//github.com/", "/blob/"}, {"//gitlab.com/", "/-/blob/"}} {
		if strings.HasPrefix(address, p[0]) && strings.Contains(address, p[1]) && !strings.Contains(address, "raw=") {
			return true
		}
	}
	return false
}
