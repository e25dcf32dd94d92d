package contrast

import (
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A meaning is what a scalar says, the same for all ways of writing it. The zero meaning is that nothing is said.
type meaning struct {
	says bool
	text string
}

// meaning is that of a scalar of an entry. A value that means the same as none says nothing.
func (c *comparison) meaning(s *language.Shape, n, entry tree.Node) meaning {
	if !n.Exists() {
		return meaning{}
	}
	text := n.Text()
	same := c.same.At(s.Field.Path)
	switch {
	case s.Kind == tree.String:
		return meaningOfText(s, same, text, entry)
	case text == same.Default, text == same.Made && madeAnew(same.Path, entry):
		return meaning{}
	}
	return meaning{true, text}
}

func meaningOfText(s *language.Shape, same config.Sameness, text string, entry tree.Node) meaning {
	value, listed := s.Field.Find(text)
	switch {
	case text == "" && (listed || same.Blank):
		return meaning{}
	case same.Cleaned:
		text = path.Clean(text)
	case same.Path == "storage.filesystems.*.uuid":
		text = block.SeenUUID(entry.Get("format").Text(), text)
	case same.AnyCase:
		text = strings.ToLower(text)
	case value.Means != "":
		text = value.Means
	}
	return meaning{true, text}
}

// madeAnew: what an entry leaves is made anew wherever it differs from what is there, with nothing of that, so a mode
// that is not given is that of what is made.
func madeAnew(mode string, entry tree.Node) bool {
	if mode == "storage.files.*.mode" {
		return entry.Get("contents").Get("source").Exists()
	}
	return entry.Get("overwrite").Text() == "true"
}
