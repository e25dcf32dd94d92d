package stages

import (
	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A Rendering is a config as a fetch stage leaves it for the stages that follow: with all that it is merged of, and
// where each part of it came from.
type Rendering struct{ Text, Origins []byte }

// RenderingOf makes one of a config that has all that it is merged of.
func RenderingOf(doc *document.Document) Rendering {
	text, _ := doc.Cached()
	return Rendering{text, originsOf(doc).Encode(text)}
}

// Leave writes it for the stages that follow, with a state that says that a user wants it.
func (r Rendering) Leave(paths handoff.Paths, name string) error {
	if err := paths.SaveConfig(r.Text); err != nil {
		return err
	}
	if err := paths.SaveOrigins(r.Origins); err != nil {
		return err
	}
	var state handoff.State
	state.Record(handoff.FetchedConfig{Kind: "user", Source: name})
	return paths.SaveState(state)
}

// Rendered reads a config that a fetch stage has left.
func Rendered(text []byte) (config.Config, error) {
	doc, err := rendered(tree.NewArena(), &diag.Document{Name: handoff.Config, Text: string(text)})
	if err != nil {
		return config.Config{}, err
	}
	return *doc.Upgrade().Config(), nil
}
