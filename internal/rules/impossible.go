package rules

import (
	"path"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// impossible finds what no machine can have as the config has it. The planners refuse it before anything is written,
// so a boot needs no words about it.
func (c *checker) impossible(root *cursor.At, cfg *config.Config) {
	storage := root.Key("storage")
	nodes{c}.roots(storage, &cfg.Storage)
	nodes{c}.linkTargets(storage, &cfg.Storage)
	nodes{c}.ownerNames(storage, &cfg.Storage)
	units{c}.places(root, cfg)
	disks{c}.clashes(&cfg.Storage)
	each(storage.Key("disks"), cfg.Storage.Disks, func(a *cursor.At, d *config.Disk) {
		disks{c}.fits(a.Key("partitions"), d)
	})
}

// roots: the root directory is there, and stays.
func (c nodes) roots(a *cursor.At, s *config.Storage) {
	everyNode(a, s, func(list *cursor.At, i int, at string) {
		if at == "/" && (list.Name() != "directories" || isSet(s.Directories[i].Overwrite)) {
			list.Item(i).Key("path").Errorf(codes.PathRoot, "the root directory itself cannot be replaced").
				Advise("choose another path; a directory may name it without overwrite").Strictly()
		}
	})
}

// linkTargets judges what links name. In old versions a link needs no target.
func (c nodes) linkTargets(a *cursor.At, s *config.Storage) {
	var hard *hardTargets
	for i := range s.Links {
		l := &s.Links[i]
		target := a.Key("links").Item(i).Key("target")
		switch {
		case text(l.Target) == "" && !config.FieldAt("storage.links.*.target").Required.Has(c.version):
			target.Errorf(codes.TargetMissing, "a link needs a target").Advise(`add "target"`).Strictly()
		case text(l.Target) != "" && isSet(l.Hard):
			if hard == nil {
				hard = newHardTargets(s)
			}
			hard.judge(a, target, l)
		}
	}
}

// hardTargets knows what else is where hard links of a config lead.
type hardTargets struct {
	storage     *config.Storage
	directories map[string]int
	files       prefixes
}

func newHardTargets(s *config.Storage) *hardTargets {
	h := &hardTargets{s, map[string]int{}, newPrefixes(len(s.Files), func(i int) string { return s.Files[i].Path })}
	for i, d := range s.Directories {
		h.directories[d.Path] = i
	}
	return h
}

// judge leaves a target that is written as a directory is to the rule that everybody is told. A relative one is from
// the root on (docs/peer/engine.md §11.3).
func (h *hardTargets) judge(a, target *cursor.At, l *config.Link) {
	at := path.Join("/", text(l.Target))
	directory, known := h.directories[at]
	file, found := nearest(h.storage.Files, h.files.above(at))
	switch {
	case at == path.Clean(l.Path):
		target.Errorf(codes.HardLinkTarget, "the hard link names itself").Advise("name another file").Strictly()
	case known && at == text(l.Target):
	case known:
		target.Errorf(codes.HardLinkTarget, "a hard link cannot point at a directory").
			Advise(`name a file, or remove "hard"`).See(a.Key("directories").Item(directory), "this is one").Strictly()
	case found:
		target.Errorf(codes.HardLinkTarget, "the target %s lies below a file", quote(at)).
			Advise("name a file that can be there").See(a.Key("files").Item(int(file)), "this is the file").Strictly()
	}
}

// ownerNames finds owners that no line of passwd(5) or group(5) can name.
func (c nodes) ownerNames(a *cursor.At, s *config.Storage) {
	check := func(list string, i int, n *config.Node) {
		for who, o := range map[string]*config.NodeOwner{"user": &n.User, "group": &n.Group} {
			if name := text(o.Name); name != "" && o.ID == nil {
				refused(a.Key(list).Item(i).Key(who), "name", codes.OwnerName, accounts.NeverOwner(name))
			}
		}
	}
	for i := range s.Directories {
		check("directories", i, &s.Directories[i].Node)
	}
	for i := range s.Files {
		check("files", i, &s.Files[i].Node)
	}
	for i := range s.Links {
		if !isSet(s.Links[i].Hard) {
			check("links", i, &s.Links[i].Node)
		}
	}
}

// places finds entries that are in the way of units: a file above one, or what lies below one.
func (c units) places(root *cursor.At, cfg *config.Config) {
	if len(cfg.Systemd.Units) == 0 {
		return
	}
	above := parents(&cfg.Storage)
	files := newPrefixes(len(cfg.Storage.Files), func(i int) string { return cfg.Storage.Files[i].Path })
	list := root.Key("storage").Key("files")
	// What lies below a text is told at its own place (unitPaths).
	place := func(a *cursor.At, at string, below bool) {
		if file, found := nearest(cfg.Storage.Files, files.above(at)); found {
			a.Errorf(codes.BelowFile, "%s, where this is written, lies below a file", quote(at)).
				Advise("a file cannot hold others; make it a directory").
				See(list.Item(int(file)), "the file is defined here").Strictly()
		} else if below && above[at] {
			a.Errorf(codes.UnitPath, "entries lie below %s, where this is written", quote(at)).
				Advise("choose another path for them").Strictly()
		}
	}
	units, preset := root.To("systemd", "units"), false
	for i, u := range cfg.Systemd.Units {
		a := units.Item(i)
		for k, d := range u.Dropins {
			if d.Contents != nil {
				place(a.Key("dropins").Item(k), path.Join(unit.Dir, u.Name+".d", d.Name), text(d.Contents) == "")
			}
		}
		if u.Mask != nil || text(u.Contents) != "" {
			place(a, path.Join(unit.Dir, u.Name), text(u.Contents) == "" && !isSet(u.Mask))
		}
		if u.Enabled != nil && !preset {
			preset = true
			place(a.Key("enabled"), unit.PresetFile, true)
		}
	}
}
