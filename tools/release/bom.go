package main

import (
	"io"
	"slices"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

const project = "github.com/glowplug-os/glowplug"

// writeBOM lists the programs, with their digests, and the modules that each is linked of, as CycloneDX has it.
func (r *release) writeBOM() error {
	self := cdx.Component{Type: cdx.ComponentTypeApplication, BOMRef: "glowplug", Name: "glowplug", Version: r.version,
		PackageURL: "pkg:golang/" + project + "@v" + r.version, Licenses: licenses([]string{"Apache-2.0"}),
		ExternalReferences: &[]cdx.ExternalReference{{Type: cdx.ERTypeVCS, URL: "https://" + project}},
		Properties:         &[]cdx.Property{{Name: "commit", Value: r.commit}}}
	var components []cdx.Component
	var dependencies []cdx.Dependency
	var programs []string
	for _, p := range r.programs {
		component, dependency := p.component(r.version)
		programs = append(programs, component.BOMRef)
		components, dependencies = append(components, component), append(dependencies, dependency)
	}
	for _, m := range r.modules {
		components = append(components, m.component())
		dependencies = append(dependencies, cdx.Dependency{Ref: m.purl()})
	}
	dependencies = append(dependencies, cdx.Dependency{Ref: self.BOMRef, Dependencies: &programs})
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{Timestamp: r.time.UTC().Format(time.RFC3339), Component: &self}
	bom.Components, bom.Dependencies = &components, &dependencies
	return r.create("glowplug-"+r.version+".cdx.json", func(w io.Writer) error {
		return cdx.NewBOMEncoder(w, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).Encode(bom)
	})
}

// component is the program, with the modules that it is linked of.
func (p *program) component(version string) (cdx.Component, cdx.Dependency) {
	ref := p.system + "/" + p.name
	linked := []string{"pkg:golang/std@" + strings.TrimPrefix(p.info.GoVersion, "go")}
	for _, m := range p.info.Deps {
		linked = append(linked, "pkg:golang/"+m.Path+"@"+m.Version)
	}
	slices.Sort(linked)
	return cdx.Component{Type: cdx.ComponentTypeApplication, BOMRef: ref, Group: p.system, Name: p.name,
			Version: version, Hashes: &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: p.sha256}}},
		cdx.Dependency{Ref: ref, Dependencies: &linked}
}

func (m *module) component() cdx.Component {
	c := cdx.Component{Type: cdx.ComponentTypeLibrary, BOMRef: m.purl(), Name: m.path, Version: m.version,
		PackageURL: m.purl(), Licenses: licenses(m.licenses)}
	if m.sum != "" {
		c.Properties = &[]cdx.Property{{Name: "go.sum", Value: m.sum}}
	}
	return c
}

func licenses(ids []string) *cdx.Licenses {
	var all cdx.Licenses
	for _, id := range ids {
		all = append(all, cdx.LicenseChoice{License: &cdx.License{ID: id}})
	}
	return &all
}
