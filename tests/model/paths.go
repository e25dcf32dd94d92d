// Package model lists what a version of configs has, for tests that go through all of it.
package model

import (
	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/language"
)

// Paths lists the paths of all fields that a version of configs has, in the model's order, with * for list items.
func Paths(v config.Version) (paths []string) {
	language.Config().Walk(func(s *language.Shape) {
		if s.Name != "" && s.Since <= v {
			paths = append(paths, s.Path)
		}
	})
	return paths
}
