package butane

import "github.com/glowplug-os/glowplug/internal/language"

// Shape is that of documents of all variants and versions.
func Shape() *language.Shape { return documents() }
