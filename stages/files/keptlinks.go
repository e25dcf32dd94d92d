package files

import (
	"errors"
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// systemctl disables a template, also one that another unit names in Also=, by removing all links of its instances:
// their masks, and those of instances that the config enables. What is to stay is kept in asideDir meanwhile, by hard
// links, with which SELinux labels stay too. systemd passes over hidden names. A run that finds the directory puts back
// what an interrupted one has left there.
const asideDir = unitDir + "/.glowplug-aside"

// A linkJudge tells whether a link below unitDir stays when a unit is disabled.
type linkJudge func(at, target string) bool

// staying keeps masks, of units and of dependencies, and the links of units that the config enables.
func staying(all []wanted) linkJudge {
	enabled := map[string]bool{}
	for _, w := range all {
		enabled[w.Name] = w.Enabled
	}
	return func(at, target string) bool {
		name, of := path.Base(at), path.Base(target)
		if on, says := enabled[name]; says && on || isMask(at, target) {
			return true
		} else if says {
			return false
		}
		_, _, ofTemplate := unit.SplitInstance(of)
		return enabled[of] && !ofTemplate
	}
}

// isMask tells whether a link leads to /dev/null.
func isMask(at, target string) bool {
	if !path.IsAbs(target) {
		target = path.Join(up(at), target)
	}
	return path.Clean(target) == maskTarget
}

// keeping does what may remove links, and puts those back that are to stay.
func (w *worker) keeping(stays linkJudge, do func() error) error {
	err := w.eachLink(unitDir, func(at string, found root.Facts) error {
		if !stays(at, found.Target) {
			return nil
		}
		return w.copyLink(at, asideDir+strings.TrimPrefix(at, unitDir), found)
	})
	if err == nil {
		err = do()
		w.Root.Forget() // systemctl removes directories that it has emptied
	}
	_, errBack := w.putBack()
	return errors.Join(err, errBack)
}

// putBack makes those links again that are only in asideDir, and removes that, if it is there.
func (w *worker) putBack() (isThere bool, err error) {
	if found, err := w.Root.Lstat(asideDir); err != nil || found.Kind == root.Absent {
		return false, err
	}
	err = w.eachLink(asideDir, func(at string, found root.Facts) error {
		place := unitDir + strings.TrimPrefix(at, asideDir)
		if there, err := w.Root.Lstat(place); err != nil || there.Kind != root.Absent {
			return err
		}
		return w.copyLink(at, place, found)
	})
	if err != nil {
		return true, err
	}
	return true, w.Root.RemoveAll(asideDir)
}

// copyLink gives a link another name or, where its filesystem has no hard links, makes one like it.
func (w *worker) copyLink(from, to string, found root.Facts) error {
	if _, err := w.Root.MkdirAll(up(to), 0o755); err != nil {
		return err
	}
	if w.Root.Link(from, to, true) == nil {
		return nil
	}
	return w.Root.Symlink(found.Target, to, attributes{UID: int64(found.UID), GID: int64(found.GID), Mode: -1}, true)
}

// eachLink calls do for the links of a directory and of those in it, hidden ones left out.
func (w *worker) eachLink(dir string, do func(at string, found root.Facts) error) error {
	names, err := w.Root.Names(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		at := path.Join(dir, name)
		found, err := w.Root.Lstat(at)
		switch {
		case err != nil:
		case strings.HasPrefix(name, "."):
		case found.Kind == root.Symlink:
			err = do(at, found)
		case found.Kind == root.Directory:
			err = w.eachLink(at, do)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
