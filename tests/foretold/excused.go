package foretold

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/block"
)

// excused are the actions so far that rows have.
type excused struct {
	rows   Rows
	config any
	found  bool     // there are some
	names  []string // of devices, of folders on them, of folders and of files that they are about
}

// has tells whether a row has an action, and takes it in.
func (x *excused) has(a *Action) bool {
	has := slices.ContainsFunc(x.rows, func(r Row) bool {
		is, _ := path.Match(r.id, strings.ReplaceAll(a.ID, "/", ":"))
		return is && slices.Contains(r.effects, a.Effect) && strings.Contains(a.Detail, r.words) &&
			r.set(a, x.config) && (!r.lies || x.under(a))
	})
	if has {
		x.found = true
		x.names = append(x.names, names(entry(x.config, a.Origin))...)
	}
	return has
}

// under tells whether an action is about what is to lie on one of the devices, or in one of the folders, or is one of
// the files by another name.
func (x *excused) under(a *Action) bool {
	return slices.ContainsFunc(a.on(x.config), func(at string) bool {
		return slices.ContainsFunc(x.names, func(name string) bool { return within(name, at) })
	})
}

// within tells whether a path is that of a device, of a partition of it, or of what is in a folder.
func within(name, at string) bool {
	rest, is := strings.CutPrefix(at, name)
	byNode := strings.HasPrefix(name, "/dev/") && !strings.HasPrefix(name, "/dev/disk/")
	return is && name != "" && (byNode || rest == "" || rest[0] == '/' || strings.HasPrefix(rest, "-part"))
}

// on are the devices that the entry of an action is made of, or where something is made.
func (a *Action) on(config any) (all []string) {
	_, e := entry(config, a.Origin)
	devices, _ := e["devices"].([]any)
	for _, each := range append(devices, e["device"]) {
		if device, is := each.(string); is {
			all = append(all, device)
		}
	}
	if hard, _ := e["hard"].(bool); hard {
		target, _ := e["target"].(string)
		all = append(all, path.Join("/", target))
	}
	for word := range strings.FieldsSeq(a.Subject) {
		if path.IsAbs(word) {
			all = append(all, word)
		}
	}
	return all
}

// entry is that of storage which an origin is in, and of what kind it is.
func entry(config any, origin string) (kind string, e map[string]any) {
	keys := strings.Split(origin, ".") // $, storage, luks, 0
	if len(keys) < 4 {
		return "", nil
	}
	root, _ := config.(map[string]any)
	storage, _ := root[keys[1]].(map[string]any)
	all, _ := storage[keys[2]].([]any)
	if i, err := strconv.Atoi(keys[3]); err == nil && i < len(all) {
		e, _ = all[i].(map[string]any)
	}
	return keys[2], e
}

// names are those of the devices that an entry makes, or of a disk, whose partitions have names that begin so; and of
// where a filesystem belongs, or what a root gets.
func names(kind string, e map[string]any) (all []string) {
	name, _ := e["name"].(string)
	switch kind {
	case "disks":
		disk, _ := e["device"].(string)
		all = append(all, disk)
		parts, _ := e["partitions"].([]any)
		for _, each := range parts {
			p, _ := each.(map[string]any)
			label, _ := p["label"].(string)
			guid, _ := p["guid"].(string)
			all = append(all, block.PartitionLinks(label, guid)...)
		}
	case "raid":
		all = append(all, "/dev/md/"+path.Base(name))
	case "luks":
		all = append(all, "/dev/mapper/"+name)
	case "filesystems", "directories", "files", "links":
		at, _ := e["path"].(string)
		all = append(all, at)
	}
	return all
}
