package main

import (
	"embed"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb" // registers the format
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm"
)

// Each of these files describes a package, in nfpm's terms. Sources are below the folder of a system of the stage.
//
//go:embed packages
var descriptions embed.FS

// writePackages makes a deb and an rpm of each package for each architecture of Linux; of one without programs, one
// for all.
func (r *release) writePackages() error {
	entries, err := descriptions.ReadDir("packages")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		done := map[string]bool{}
		for _, system := range r.systems {
			arch, isLinux := strings.CutPrefix(system, "linux-")
			if !isLinux {
				continue
			}
			for _, format := range []string{"deb", "rpm"} {
				if err := r.writePackage(entry.Name(), arch, format, done); err != nil {
					return fmt.Errorf("%s: %s: %w", entry.Name(), format, err)
				}
			}
		}
	}
	return nil
}

// packageVersion is a version as both deb and rpm sort it: what comes before a release is below it, and has no dash.
func packageVersion(version string) string {
	number, before, isBefore := strings.Cut(version, "-")
	if !isBefore {
		return number
	}
	return number + "~" + strings.ReplaceAll(before, "-", ".")
}

func (r *release) writePackage(description, arch, format string, done map[string]bool) error {
	text, err := descriptions.Open("packages/" + description)
	if err != nil {
		return err
	}
	defer text.Close()
	settings := map[string]string{"VERSION": packageVersion(r.version), "ARCH": arch}
	config, err := nfpm.ParseWithEnvMapping(text, func(name string) string { return settings[name] })
	if err != nil {
		return err
	}
	info, err := config.Get(format)
	if err != nil {
		return err
	}
	info.MTime, info.RPM.BuildHost = r.time, "localhost"
	info.Maintainer, info.Vendor = "glowplug <glowplug-os@users.noreply.github.com>", "glowplug"
	info.Homepage, info.License, info.Section = "https://github.com/glowplug-os/glowplug", "Apache-2.0", "admin"
	for _, content := range info.Contents {
		if content.Type != files.TypeSymlink && content.Type != files.TypeDir {
			content.Source = filepath.Join(r.stage, "linux-"+arch, content.Source)
		}
	}
	packager, err := nfpm.Get(format)
	if err != nil {
		return err
	}
	info = nfpm.WithDefaults(info)
	name := packager.ConventionalFileName(info)
	if done[name] {
		return nil
	}
	done[name] = true
	return r.create(name, func(w io.Writer) error { return packager.Package(info, w) })
}
