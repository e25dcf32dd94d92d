package report

import (
	"cmp"
	"strings"
)

// fileNouns are by what the ID of a step of files begins with.
var fileNouns = [...]struct {
	id   string
	noun Noun
	is   share
}{
	{"file", File, whole}, {"directory", Directory, whole}, {"link", Link, whole}, {"hard link", Link, whole},
	{"group", Group, whole}, {"user", User, whole}, {"ssh-keys", User, added}, {"account-files", User, shared},
	{"account-effect", User, shared}, {"unit", Unit, whole}, {"dropin", Unit, whole}, {"mask", Unit, whole},
	{"unmask", Unit, whole}, {"enable", Unit, whole}, {"disable", Unit, whole}, {"state", Unit, shared},
	{"presets", Preset, whole}, {"luks-key", File, whole}, {"volume-key", File, whole}, {"platform-file", File, whole},
	{"crypttab", File, whole}, {"result", File, whole}, {"luks-keys", Directory, whole},
}

// A share is what a step makes of a thing.
type share uint8

const (
	whole  share = iota
	added        // what is there without it is changed by it
	shared       // a part of several things
)

// diskNouns are by what the path of the entry that an action on disks is about begins with.
var diskNouns = [...]struct {
	list string
	noun Noun
}{{"$.storage.disks.", Disk}, {"$.storage.raid.", Array}, {"$.storage.luks.", Volume},
	{"$.storage.filesystems.", Filesystem}}

// Count says what an action of files or on disks is counted as. Disks are told apart by their entries, of which several
// may be about one by its names.
func (a *Action) Count() {
	switch a.Stage {
	case Disks:
		a.countDisks()
	case Files:
		a.countFiles()
	}
}

func (a *Action) countDisks() {
	for _, each := range diskNouns {
		if strings.HasPrefix(a.Origin, each.list) {
			a.Noun, a.Thing = each.noun, strings.TrimSuffix(a.Origin, ".wipeTable")
		}
	}
	if strings.Contains(a.Origin, ".partitions.") {
		a.Noun = Part
	}
}

func (a *Action) countFiles() {
	word, name, _ := strings.Cut(a.ID, ":")
	for _, n := range fileNouns {
		if n.id != word {
			continue
		}
		a.Noun, a.Thing, a.Part = n.noun, cmp.Or(name, word), n.is == added
		switch {
		case n.is == shared:
			a.Thing = ""
		case word == "dropin":
			a.Thing, _, _ = strings.Cut(name, "/")
		}
	}
}
