package feasible

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/target"
)

// links are the symbolic links of a config, by their paths.
type links map[string]string

func newLinks(cfg *config.Config) links {
	l := links{}
	for _, each := range cfg.Storage.Links {
		if !config.Says(each.Hard) {
			l[path.Clean(each.Path)] = config.Says(each.Target)
		}
	}
	return l
}

// wanted are the places of what hard links name and no entry makes.
func (l links) wanted(cfg *config.Config) (all []string) {
	hard := map[string]bool{}
	for _, at := range l.targets(cfg) {
		hard[at] = true
	}
	if len(hard) == 0 {
		return nil
	}
	taken, files := map[string]bool{}, map[string]bool{}
	for list, kind := range map[string]map[string]bool{"directories": {}, "files": files, "links": {}} {
		cfg.Values("storage."+list+".*.path", func(_ func() string, at string) bool {
			at = l.place(at)
			kind[at] = true
			for ; !taken[at]; at = path.Dir(at) {
				taken[at] = true
			}
			return true
		})
	}
	maps.DeleteFunc(hard, func(at string, _ bool) bool {
		return taken[at] || at == target.StateDir || isBelow(at, files)
	})
	return slices.Sorted(maps.Keys(hard))
}

// targets are the places that hard links name, from the root on.
func (l links) targets(cfg *config.Config) (all []string) {
	for _, each := range cfg.Storage.Links {
		if config.Says(each.Hard) && config.Says(each.Target) != "" {
			all = append(all, l.place(path.Join("/", config.Says(each.Target))))
		}
	}
	return all
}

// place is where a path is, its last name not followed.
func (l links) place(at string) string {
	at = path.Clean(at)
	return path.Join(l.lead(path.Dir(at)), path.Base(at))
}

// lead goes along a path as far as the links of the config turn it.
func (l links) lead(at string) string {
	const most = 40 // path_resolution(7)
	for range most {
		next, turned := l.turn(at)
		if !turned {
			break
		}
		at = next
	}
	return at
}

// turn replaces the first link on the way.
func (l links) turn(at string) (next string, turned bool) {
	at = path.Clean(at)
	for i := 1; i <= len(at) && len(l) > 0; i++ {
		if i < len(at) && at[i] != '/' {
			continue
		}
		to, is := l[at[:i]]
		if !is {
			continue
		}
		if !strings.HasPrefix(to, "/") {
			to = path.Join(path.Dir(at[:i]), to)
		}
		return path.Join(to, at[i:]), true
	}
	return at, false
}

func isBelow(at string, files map[string]bool) bool {
	for ; at != "/"; at = path.Dir(at) {
		if files[at] {
			return true
		}
	}
	return false
}
