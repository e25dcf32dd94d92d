package stages

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// baseConfig merges what the image itself wants: the files of base.d and of base.platform.d/<platform>, later names on
// top of earlier ones. In dirs the most important comes first: its file hides those of the same name. nil where there
// is none.
func baseConfig(l *load.Loader, dirs []string, platform string, log *slog.Logger) (*document.Document, error) {
	var docs []*document.Document
	for _, sub := range []string{"base.d", filepath.Join("base.platform.d", platform)} {
		files, err := fragments(dirs, sub)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			doc, err := baseFile(l, file, log)
			if err != nil {
				return nil, fmt.Errorf("base config: %w", err)
			}
			if doc != nil {
				docs = append(docs, doc)
			}
		}
	}
	switch len(docs) {
	case 0:
		return nil, nil
	case 1:
		return docs[0], nil
	}
	return document.Merge(docs[0], docs[1:]...), nil
}

// fragments lists the files of a sub-directory in the order of their names.
func fragments(dirs []string, sub string) ([]string, error) {
	byName := map[string]string{}
	for _, dir := range dirs {
		entries, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("base config: %w", err)
		}
		for _, e := range entries {
			if _, hidden := byName[e.Name()]; !hidden {
				byName[e.Name()] = filepath.Join(dir, sub, e.Name())
			}
		}
	}
	names := make([]string, 0, len(byName))
	for name := range byName {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		names[i] = byName[name]
	}
	return names, nil
}

// baseFile reads one file of a base config. An empty one (a link to /dev/null is one) hides those of the same name and
// says nothing itself; a link to nowhere is passed over with a warning.
func baseFile(l *load.Loader, file string, log *slog.Logger) (*document.Document, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		log.Warn(fmt.Sprintf("base config: %s is a link to a file that is not there; it is left out", file))
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	doc, err := l.Document(file, text)
	if errors.Is(err, load.ErrEmpty) {
		return nil, nil
	}
	return doc, err
}

// emptyConfig is what a machine without a config gets.
func emptyConfig(arena *tree.Arena) *document.Document {
	text := fmt.Sprintf(`{"ignition":{"version":%q}}`, config.Newest.String())
	return load.Read(arena, "empty config", text).Config
}
