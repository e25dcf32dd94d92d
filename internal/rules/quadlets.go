package rules

import (
	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// quadlet holds a file from which podman makes a unit against the grammar of units. The peer does not look into files.
func (c units) quadlet(a *cursor.At, f *config.File) {
	if !unit.IsQuadletFile(f.Path) || text(f.Contents.Compression) != "" {
		return
	}
	contents, known := source.Inline(text(f.Contents.Source))
	if fault := unit.Check(contents); known && fault != nil {
		line(a.Key("contents").Key("source").Errorf(codes.QuadletSyntax, "%s", fault.Message).
			Advise("%s", fault.Hint).Strictly(), contents, fault.At)
	}
}
