package stages

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// An entry is one of the config, as it is verified.
type verifiedEntry struct {
	origin, subject string
	on              subjectOf
	silent          bool // a planner may have nothing to say of it
}

// A subjectOf is what has to be looked at for an entry.
type subjectOf uint8

const (
	aKernel subjectOf = iota
	aDisk
	aRoot
)

// of tells whether an entry is verified, and whether planners have to say something of it then.
func (e *verifiedEntry) of(q *Question) (heard, is bool) {
	switch e.on {
	case aKernel:
		is = q.CommandLine != nil || q.AtRest
	case aDisk:
		is = q.Devices != nil
	case aRoot:
		is = q.Root != nil
	}
	return !e.silent, is
}

// entriesOf lists the entries of a config, in its order.
func entriesOf(cfg *config.Config) (all []verifiedEntry) {
	add := func(on subjectOf, silent bool, subject, at string, i int) {
		all = append(all, verifiedEntry{at + "." + strconv.Itoa(i), subject, on, silent})
	}
	for i, a := range cfg.KernelArguments.ShouldExist {
		add(aKernel, false, "kernel argument "+argumentName(string(a)), "$.kernelArguments.shouldExist", i)
	}
	for i, a := range cfg.KernelArguments.ShouldNotExist {
		add(aKernel, false, "kernel argument "+argumentName(string(a)), "$.kernelArguments.shouldNotExist", i)
	}
	s := &cfg.Storage
	for i, d := range s.Disks {
		add(aDisk, true, "disk "+diag.Name(d.Device), "$.storage.disks", i)
		for k, p := range d.Partitions {
			add(aDisk, false, fmt.Sprintf("partition %s of %s", partitionName(p), diag.Name(d.Device)),
				fmt.Sprintf("$.storage.disks.%d.partitions", i), k)
		}
	}
	for i, r := range s.Raid {
		add(aDisk, false, "array "+diag.Name(r.Name), "$.storage.raid", i)
	}
	for i, v := range s.Luks {
		add(aDisk, false, "luks "+diag.Name(v.Name), "$.storage.luks", i)
	}
	for i, f := range s.Filesystems {
		format := config.Says(f.Format)
		silent := format == "" || format == "virtiofs"
		add(aDisk, silent, "filesystem on "+diag.Name(f.Device), "$.storage.filesystems", i)
	}
	for i, g := range cfg.Passwd.Groups {
		add(aRoot, false, "group "+diag.Name(g.Name), "$.passwd.groups", i)
	}
	for i, u := range cfg.Passwd.Users {
		add(aRoot, false, "user "+diag.Name(u.Name), "$.passwd.users", i)
	}
	return append(all, entriesOfRoot(cfg)...)
}

func entriesOfRoot(cfg *config.Config) (all []verifiedEntry) {
	add := func(silent bool, subject, at string, i int) {
		all = append(all, verifiedEntry{at + "." + strconv.Itoa(i), subject, aRoot, silent})
	}
	s := &cfg.Storage
	for i, d := range s.Directories {
		add(false, "directory "+diag.Name(d.Path), "$.storage.directories", i)
	}
	for i, f := range s.Files {
		add(false, "file "+diag.Name(f.Path), "$.storage.files", i)
	}
	for i, l := range s.Links {
		word := "link "
		if config.Says(l.Hard) {
			word = "hard link "
		}
		add(false, word+diag.Name(l.Path), "$.storage.links", i)
	}
	for i, u := range cfg.Systemd.Units {
		add(true, "unit "+diag.Name(u.Name), "$.systemd.units", i)
		for k, d := range u.Dropins {
			if d.Contents != nil {
				add(false, "drop-in "+diag.Name(u.Name+"/"+d.Name), fmt.Sprintf("$.systemd.units.%d.dropins", i), k)
			}
		}
	}
	return all
}

func partitionName(p config.Partition) string {
	switch {
	case p.Number != 0:
		return strconv.Itoa(p.Number)
	case config.Says(p.Label) != "":
		return strconv.Quote(*p.Label)
	}
	return "without a number"
}

// argumentName leaves out a value, which may be secret.
func argumentName(argument string) string {
	name, _, is := strings.Cut(argument, "=")
	if is {
		name += "=…"
	}
	return name
}

// verifiedLists are those whose entries are verified each.
var verifiedLists = map[string]bool{"shouldExist": true, "shouldNotExist": true, "disks": true, "partitions": true,
	"raid": true, "luks": true, "filesystems": true, "groups": true, "users": true, "directories": true, "files": true,
	"links": true, "units": true, "dropins": true}

// entryAt is the innermost entry that a path of the config is in; "" for none.
func entryAt(origin string) string {
	words := strings.Split(origin, ".")
	for n := len(words); n >= 2; n-- {
		if _, err := strconv.Atoi(words[n-1]); err == nil && verifiedLists[words[n-2]] {
			return strings.Join(words[:n], ".")
		}
	}
	return ""
}
