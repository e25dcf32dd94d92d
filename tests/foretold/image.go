package foretold

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
)

// ImageConfigs are the texts of what an image has below the config of a boot, the least important first. In dirs the
// most important comes first: its file hides those of the same name. One that is empty only hides
// (docs/engine.md, docs/peer/engine.md §4.1).
func ImageConfigs(dirs []string, platform string) (texts []string, err error) {
	for _, sub := range []string{"base.d", filepath.Join("base.platform.d", platform)} {
		named := map[string]string{}
		for _, dir := range slices.Backward(dirs) {
			files, err := filepath.Glob(filepath.Join(dir, sub, "*"))
			if err != nil {
				return nil, err
			}
			for _, file := range files {
				named[filepath.Base(file)] = file
			}
		}
		for _, name := range slices.Sorted(maps.Keys(named)) {
			text, err := os.ReadFile(named[name])
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			if strings.TrimSpace(string(text)) != "" {
				texts = append(texts, string(text))
			}
		}
	}
	return texts, nil
}

// Merged is a config that is merged of others, the least important first. What JSON is merged of itself is in it, or is
// not looked at.
func Merged(texts []string) ([]byte, error) {
	type source struct {
		Source string `json:"source"`
	}
	var merge []source
	for _, text := range texts {
		merge = append(merge, source{"data:," + url.PathEscape(alone(text))})
	}
	return json.Marshal(map[string]any{"ignition": map[string]any{"version": config.Newest.String(),
		"config": map[string]any{"merge": merge}}})
}

// alone leaves out what a config is merged of. One that is no JSON, of an image, stays as it is.
func alone(text string) string {
	var whole map[string]map[string]any
	if json.Unmarshal([]byte(text), &whole) != nil {
		return text
	}
	delete(whole["ignition"], "config")
	left, err := json.Marshal(whole)
	if err != nil {
		return text
	}
	return string(left)
}
