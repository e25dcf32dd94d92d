package feasible

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
)

// presetPath is the file in which units of a config are enabled (docs/peer/engine.md §11.6).
const presetPath = "/etc/systemd/system-preset/20-ignition.preset"

var errPresets = errors.New("the presets of units are a file at " + presetPath)

// presets refuses what keeps that file from being written, which is found out only when it is: a directory in its
// place, also one for what is below, and a link that leads to a directory above it.
func presets(cfg *config.Config) (all []*plan.StepError) {
	if !slices.ContainsFunc(cfg.Systemd.Units, func(u config.Unit) bool { return u.Enabled != nil }) {
		return nil
	}
	refuse := func(list string, i int, at string) {
		origin := fmt.Sprintf("$.storage.%s.%d", list, i)
		all = append(all, &plan.StepError{Subject: diag.Name(at), Origin: origin, Err: errPresets})
	}
	for i, d := range cfg.Storage.Directories {
		if strings.HasPrefix(d.Path+"/", presetPath+"/") {
			refuse("directories", i, d.Path)
		}
	}
	for i, f := range cfg.Storage.Files {
		if strings.HasPrefix(f.Path, presetPath+"/") {
			refuse("files", i, f.Path)
		}
	}
	for i, l := range cfg.Storage.Links {
		to := path.Join("/", config.Says(l.Target))
		if !strings.HasPrefix(config.Says(l.Target), "/") {
			to = path.Join(path.Dir(presetPath), config.Says(l.Target))
		}
		back := l.Path == presetPath && !config.Says(l.Hard) &&
			strings.HasPrefix(presetPath+"/", strings.TrimSuffix(to, "/")+"/")
		if back || strings.HasPrefix(l.Path, presetPath+"/") {
			refuse("links", i, l.Path)
		}
	}
	return all
}
