package units

import (
	"github.com/glowplug-os/glowplug/internal/unit"
)

// alongWith gives the units that are enabled along with others (Also=), which may be enabled so themselves, and for
// each the first that is enabled by the config or by presets of a first boot. It is empty where the config disables
// nothing.
func (f *finder) alongWith(all []wanted) (map[string]string, error) {
	type enabled struct{ name, first string }
	var queue []enabled
	disables := false
	for _, w := range all {
		disables = disables || !w.Enabled
		if w.Enabled {
			queue = append(queue, enabled{w.Name, w.Name})
		}
	}
	along := map[string]string{}
	if !disables {
		return along, nil
	}
	others, err := f.presetUnits(all)
	if err != nil {
		return nil, err
	}
	for _, name := range others {
		queue = append(queue, enabled{name, name})
	}
	for ; len(queue) > 0; queue = queue[1:] {
		of := queue[0]
		found, err := f.find(of.name)
		if err != nil {
			return nil, err
		}
		if of.name != of.first && along[found.name] == "" {
			along[found.name] = of.first // it was named by an alias
		}
		for _, name := range found.install.Also {
			if along[name] == "" {
				along[name] = of.first
				queue = append(queue, enabled{name, of.first})
			}
		}
	}
	return along, nil
}

// presetUnits gives the units with Also= that the config says nothing of, and that presets of a first boot enable.
func (f *finder) presetUnits(all []wanted) ([]string, error) {
	said := map[string]bool{}
	for _, w := range all {
		said[w.Name] = true
	}
	names, err := f.names()
	if err != nil {
		return nil, err
	}
	rules, err := f.presetRules(func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	var enabled []string
	for _, name := range names {
		if said[name] {
			continue
		}
		in, err := f.enabling(name)
		if err != nil {
			return nil, err
		}
		if len(in.Also) > 0 && rules.enable(name, in) {
			enabled = append(enabled, name)
		}
	}
	return enabled, nil
}

// enable tells whether presets enable a unit. They do where no line says anything of it (systemd.preset(5)).
func (rules presetRules) enable(name string, in unit.Install) bool {
	_, instance, isInstance := unit.SplitInstance(name)
	stands := !isInstance || instance != "" || in.StandsAlone()
	for _, r := range rules {
		if r.Matches(name) {
			return r.Verb == "enable" && (stands || len(r.Instances) > 0)
		}
	}
	return stands
}
