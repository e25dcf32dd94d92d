package guest

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// hidden are warnings of what a config puts where the root's fstab(5) mounts something, and the config does not. As in
// a first boot it lies in the root, below what is mounted there later.
func hidden(cfg config.Config, tab, passwd string) (warnings []string) {
	hides := map[string]bool{} // places, and whether something is mounted there that hides what the config puts there
	for _, at := range mountedByTab(tab) {
		hides[at] = true
	}
	for _, f := range mounted(cfg.Storage) {
		hides[f.at] = false
	}
	below := map[string][]string{}
	for _, path := range puts(cfg, passwd) {
		for at := filepath.Dir(path); at != "/"; at = filepath.Dir(at) {
			if hides[at] {
				below[at] = append(below[at], path)
			}
			if _, is := hides[at]; is {
				break
			}
		}
	}
	for _, at := range slices.Sorted(maps.Keys(below)) {
		what := diag.Name(below[at][0])
		if more := len(below[at]) - 1; more > 0 {
			what += " and " + diag.Count(more, "more path")
		}
		warnings = append(warnings, "/etc/fstab of the image mounts something at "+diag.Name(at)+", which will hide "+
			what+": a filesystem of the config with this path has it mounted")
	}
	return warnings
}

// mountedByTab are the places at which a fstab(5) mounts something by itself.
func mountedByTab(tab string) (all []string) {
	for _, e := range tabEntries(tab) {
		if at := filepath.Clean(e.at); filepath.IsAbs(at) && at != "/" && !slices.Contains(e.options, "noauto") {
			all = append(all, at)
		}
	}
	return all
}

// puts are the places at which a config puts something: of users, their homes as far as they get one, or keys.
func puts(cfg config.Config, passwd string) (all []string) {
	s := cfg.Storage
	for i := range s.Directories {
		all = append(all, s.Directories[i].Path)
	}
	for i := range s.Files {
		all = append(all, s.Files[i].Path)
	}
	for i := range s.Links {
		all = append(all, s.Links[i].Path)
	}
	for i := range cfg.Passwd.Users {
		u := &cfg.Passwd.Users[i]
		home, is := homeIn(passwd, u.Name)
		goes, makes := u.ShouldExist != nil && !*u.ShouldExist, !is && !config.Says(u.NoCreateHome)
		if goes || !makes && len(u.SSHAuthorizedKeys) == 0 {
			continue
		}
		if !is {
			home = config.Says(u.HomeDir)
		}
		if home == "" {
			home = "/home/" + u.Name
		}
		all = append(all, home)
	}
	for i := range all {
		all[i] = filepath.Clean("/" + all[i])
	}
	return all
}

// homeIn is the home that a user has in passwd(5).
func homeIn(passwd, user string) (home string, is bool) {
	const homeAt = 5
	for line := range strings.Lines(passwd) {
		if fields := strings.Split(line, ":"); fields[0] == user && len(fields) > homeAt {
			return fields[homeAt], true
		}
	}
	return "", false
}
