package units

import (
	"errors"
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// systemctl disables a template, also one that another unit names in Also=, by removing all links of its instances:
// their masks, and those of instances that the config enables. What is to stay is kept in asideDir meanwhile, by hard
// links, with which SELinux labels stay too. systemd passes over hidden names. A run that finds the directory puts back
// what an interrupted one has left there.
const asideDir = unitDir + "/.glowplug-aside"

// A linkJudge tells whether a link below unitDir stays when a unit is disabled.
type linkJudge func(at, to string) bool

// staying keeps masks, of units and of dependencies, and the links of units that the config enables.
func staying(all []wanted) linkJudge {
	enabled := map[string]bool{}
	for _, w := range all {
		enabled[w.Name] = w.Enabled
	}
	return func(at, to string) bool {
		name, of := path.Base(at), path.Base(to)
		if on, says := enabled[name]; says && on || isMask(at, to) {
			return true
		} else if says {
			return false
		}
		_, _, ofTemplate := unit.SplitInstance(of)
		return enabled[of] && !ofTemplate
	}
}

// isMask tells whether a link leads to /dev/null.
func isMask(at, to string) bool {
	if !path.IsAbs(to) {
		to = path.Join(target.Up(at), to)
	}
	return path.Clean(to) == maskTarget
}

// keeping does what may remove links, and puts those back that are to stay.
func (r runner) keeping(stays linkJudge, do func() error) error {
	err := r.eachLink(unitDir, func(at string, found root.Facts) error {
		if !stays(at, found.Target) {
			return nil
		}
		return r.copyLink(at, asideDir+strings.TrimPrefix(at, unitDir), found)
	})
	if err == nil {
		err = do()
		r.Root.Forget() // systemctl removes directories that it has emptied
	}
	_, errBack := r.putBack()
	return errors.Join(err, errBack)
}

// putBack makes those links again that are only in asideDir, and removes that, if it is there.
func (r runner) putBack() (isThere bool, err error) {
	if found, err := r.Root.Lstat(asideDir); err != nil || found.Kind == root.Absent {
		return false, err
	}
	err = r.eachLink(asideDir, func(at string, found root.Facts) error {
		place := unitDir + strings.TrimPrefix(at, asideDir)
		if there, err := r.Root.Lstat(place); err != nil || there.Kind != root.Absent {
			return err
		}
		return r.copyLink(at, place, found)
	})
	if err != nil {
		return true, err
	}
	return true, r.Root.RemoveAll(asideDir)
}

// copyLink gives a link another name or, where its filesystem has no hard links, makes one like it.
func (r runner) copyLink(from, to string, found root.Facts) error {
	if _, err := r.Root.MkdirAll(target.Up(to), target.DirMode); err != nil {
		return err
	}
	if r.Root.Link(from, to, true) == nil {
		return nil
	}
	return r.Root.Symlink(found.Target, to, root.Attrs{UID: int64(found.UID), GID: int64(found.GID), Mode: -1}, true)
}

// eachLink calls do for the links of a directory and of those in it, hidden ones left out.
func (r runner) eachLink(dir string, do func(at string, found root.Facts) error) error {
	names, err := r.Root.Names(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		at := path.Join(dir, name)
		found, err := r.Root.Lstat(at)
		switch {
		case err != nil:
		case strings.HasPrefix(name, "."):
		case found.Kind == root.Symlink:
			err = do(at, found)
		case found.Kind == root.Directory:
			err = r.eachLink(at, do)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
