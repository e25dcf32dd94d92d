package feasible

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// made is a root in memory. Of files it has the text.
type made struct {
	links        // that are there
	mode  uint32 // of directories
	facts map[string]root.Facts
	texts map[string]string
	names map[string][]string // of directories

	kept   map[int]bool // filesystems that hold what is there, by their numbers
	mounts []string     // where they are
}

// newRoot makes the root that suits a config.
func newRoot(cfg *config.Config, suits suitable) *made {
	m := &made{links: links{}, mode: 0o755, facts: map[string]root.Facts{}, texts: map[string]string{},
		names: map[string][]string{}, kept: map[int]bool{}}
	turns := newLinks(cfg)
	if suits >= full {
		m.links, m.mode = turns, 0o777
	}
	m.facts["/"] = root.Facts{Kind: root.Directory, Mode: m.mode}
	for at, to := range m.links {
		m.put(at, root.Facts{Kind: root.Symlink, Mode: 0o777, Target: to})
	}
	a := newPeople(cfg, suits)
	files := a.files()
	for name, text := range files {
		m.file(name, text)
	}
	m.accountFiles(cfg, a, files)
	for _, h := range a.homes {
		m.directory(m.place(h.path), h.owner)
	}
	for _, at := range turns.wanted(cfg) {
		m.file(at, "")
	}
	if suits != bare {
		m.keep(&cfg.Storage)
	}
	return m
}

// keep has what the root has hold by filesystems that need not be made anew, where these are mounted.
func (m *made) keep(s *config.Storage) {
	for i, f := range s.Filesystems {
		if at := config.Says(f.Path); mayKeep(s, &f) && at != "" && target.CheckPath(at) == nil {
			m.kept[i] = true
			if at != "/" {
				m.mounts = append(m.mounts, at)
				m.directory(at, 0)
			}
		}
	}
	slices.Sort(m.mounts)
}

// mayKeep: neither the filesystem is wiped nor the volume that it is on.
func mayKeep(s *config.Storage, f *config.Filesystem) bool {
	return !config.Says(f.WipeFilesystem) && !slices.ContainsFunc(s.Luks, func(l config.Luks) bool {
		return config.Says(l.WipeVolume) && f.Device == path.Join("/dev/mapper", l.Name)
	})
}

// file makes one, unless something is there.
func (m *made) file(at, text string) {
	at = m.lead(at)
	if _, there := m.facts[at]; there {
		return
	}
	m.put(at, root.Facts{Kind: root.File, Mode: 0o644, Size: int64(len(text)), Links: 1,
		Ino: uint64(len(m.facts))})
	m.texts[at] = text
}

// accountFiles have the modes and owners that the config has for them: systems differ in those of /etc/shadow.
func (m *made) accountFiles(cfg *config.Config, a *people, texts map[string]string) {
	for i := range cfg.Storage.Files {
		f := &cfg.Storage.Files[i]
		if _, is := texts[f.Path]; !is {
			continue
		}
		at := m.lead(f.Path)
		is := m.facts[at]
		if f.Mode != nil {
			is.Mode = uint32(*f.Mode)
		}
		is.UID, is.GID = a.owner(ofUsers, f.User), a.owner(ofGroups, f.Group)
		m.facts[at] = is
	}
}

func (m *made) directory(at string, owner uint32) {
	m.put(at, root.Facts{Kind: root.Directory, Mode: m.mode, UID: owner, GID: owner})
}

// put makes the directories above too.
func (m *made) put(at string, f root.Facts) {
	if !strings.HasPrefix(at, "/") || target.CheckPath(at) != nil {
		return
	}
	if _, there := m.facts[at]; there {
		return
	}
	if target.Up(at) != "/" {
		m.directory(target.Up(at), 0)
	}
	m.facts[at] = f
	m.names[target.Up(at)] = append(m.names[target.Up(at)], path.Base(at))
}

// Lstat tells what is there.
func (m *made) Lstat(at string) (root.Facts, error) { return m.facts[at], nil }

// ReadFile reads a file where links lead to it.
func (m *made) ReadFile(name string, _ int64) ([]byte, error) {
	text, there := m.texts[m.lead(path.Clean(name))]
	if !there {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}

// Open opens a file.
func (m *made) Open(at string) (target.Content, error) {
	text, err := m.ReadFile(at, 0)
	if err != nil {
		return nil, err
	}
	return content{strings.NewReader(string(text))}, nil
}

// Names lists a directory.
func (m *made) Names(dir string) ([]string, error) { return m.names[dir], nil }

// Mounts are those of filesystems that are kept.
func (m *made) Mounts() ([]string, error) { return m.mounts, nil }

type content struct{ *strings.Reader }

func (content) Close() error { return nil }

// places are those of files and homes.
func (m *made) places() []string {
	all := slices.Collect(maps.Keys(m.texts))
	for at, f := range m.facts {
		if f.Kind == root.Directory && f.UID != 0 {
			all = append(all, at)
		}
	}
	return all
}
