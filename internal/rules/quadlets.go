package rules

import (
	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// quadlet: what podman makes units of has their grammar. The peer does not look into files.
func (c *checker) quadlet(a *at, f *config.File) {
	if !unit.IsQuadletFile(f.Path) || text(f.Contents.Compression) != "" {
		return
	}
	contents, known := source.Inline(text(f.Contents.Source))
	if fault := unit.Check(contents); known && fault != nil {
		a.key("contents").key("source").errorf(codes.QuadletSyntax, "%s", fault.Message).hint("%s", fault.Hint).
			stricter().line(contents, fault.At)
	}
}
