package files

import (
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/config"
)

// Unsupported is a part of a config that is not acted on.
type Unsupported struct {
	Origin string // config path
	What   string // `user "core"`
}

// A list of a config, by the field that its items are called by.
type list struct{ field, what string }

// Unacted lists the accounts of a config, for where they are not made.
func Unacted(cfg config.Config) []Unsupported {
	return items(cfg, list{"passwd.groups.*.name", "group"}, list{"passwd.users.*.name", "user"})
}

// NotInDirectory lists the parts of a config that a plain directory cannot take: those of disks, and kernel arguments,
// which may hold secrets.
func NotInDirectory(cfg config.Config) []Unsupported {
	return items(cfg, list{"storage.disks.*.device", "disk"}, list{"storage.raid.*.name", "raid"},
		list{"storage.luks.*.name", "luks"}, list{"storage.filesystems.*.device", "filesystem on"},
		list{"kernelArguments.shouldExist.*", "kernel argument"},
		list{"kernelArguments.shouldNotExist.*", "kernel argument"})
}

func items(cfg config.Config, lists ...list) (all []Unsupported) {
	for _, l := range lists {
		cfg.Values(l.field, func(path func() string, name string) bool {
			u := Unsupported{path(), l.what}
			if named := !strings.HasSuffix(l.field, "*"); named {
				u.Origin = u.Origin[:strings.LastIndexByte(u.Origin, '.')]
				if name != "" {
					u.What = fmt.Sprintf("%s %q", l.what, name)
				}
			}
			all = append(all, u)
			return true
		})
	}
	return all
}
