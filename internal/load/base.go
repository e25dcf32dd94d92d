package load

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Base merges what the image itself wants: the files of base.d and of base.platform.d/<platform>, later names on
// top of earlier ones. In dirs the most important comes first: its file hides those of the same name. nil where there
// is none. The caller judges the whole. Nowhere is called for each file that is a link to nowhere, which is passed
// over.
func (l *Loader) Base(dirs []string, platform string, nowhere func(file string)) (*document.Document, error) {
	var docs []*document.Document
	subs := []string{"base.d"}
	if platform != "" {
		subs = append(subs, filepath.Join("base.platform.d", platform))
	}
	for _, sub := range subs {
		files, err := fragments(dirs, sub)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			doc, err := l.baseFile(file, nowhere)
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
// says nothing itself.
func (l *Loader) baseFile(file string, nowhere func(file string)) (*document.Document, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		nowhere(file)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	doc, err := l.DocumentWith(file, text, Options{Merged: true})
	if errors.Is(err, ErrEmpty) {
		return nil, nil
	}
	return doc, err
}

// Empty is what a machine without a config gets.
func Empty(arena *tree.Arena) *document.Document {
	text := fmt.Sprintf(`{"ignition":{"version":%q}}`, config.Newest.String())
	return Read(arena, "empty config", text).Config
}
