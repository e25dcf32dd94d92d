package butane

import "github.com/glowplug-os/glowplug/internal/language"

// Shape is the shape of documents of all variants and versions.
func Shape() *language.Shape { return documents() }
