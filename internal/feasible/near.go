package feasible

import (
	"errors"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/target"
)

// A part is a config with those of its files and directories that can be refused for what else there is, for their
// paths or for the names of their owners: most cannot, and planning them would take longer than all rules.
type part struct {
	config.Config
	files, directories []int // where they stand in the whole config
}

// nearby are places, and what is above and below them.
type nearby struct {
	at, above map[string]bool
	below     map[string]bool // of directories that were asked for, whether they are at or below a place
}

func newNearby(places []string) nearby {
	n := nearby{map[string]bool{}, map[string]bool{"/": true}, map[string]bool{"/": false}}
	for _, at := range places {
		if !strings.HasPrefix(at, "/") {
			continue
		}
		n.at[at] = true
		for up := target.Up(at); !n.above[up]; up = target.Up(up) {
			n.above[up] = true
		}
	}
	return n
}

// has tells whether a path is at, above or below one of the places.
func (n nearby) has(at string) bool {
	return n.at[at] || n.above[at] || !strings.HasPrefix(at, "/") || n.within(target.Up(at))
}

func (n nearby) within(dir string) bool {
	is, known := n.below[dir]
	if !known {
		is = n.at[dir] || n.within(target.Up(dir))
		n.below[dir] = is
	}
	return is
}

// near gives the part of a config that is near to places.
func near(cfg *config.Config, places []string) part {
	p, n := part{Config: *cfg}, newNearby(places)
	p.Storage.Files, p.Storage.Directories = nil, nil
	for i := range cfg.Storage.Files {
		if f := &cfg.Storage.Files[i]; n.has(f.Path) || isOdd(&f.Node) {
			p.Storage.Files, p.files = append(p.Storage.Files, *f), append(p.files, i)
		}
	}
	for i := range cfg.Storage.Directories {
		if d := &cfg.Storage.Directories[i]; n.has(d.Path) || isOdd(&d.Node) {
			p.Storage.Directories, p.directories = append(p.Storage.Directories, *d), append(p.directories, i)
		}
	}
	return p
}

// isEmpty: nothing is left to be planned.
func (p *part) isEmpty() bool {
	return len(p.files)+len(p.directories)+len(p.Storage.Links)+len(p.Storage.Filesystems)+len(p.Storage.Luks)+
		len(p.Systemd.Units)+len(p.Passwd.Users)+len(p.Passwd.Groups) == 0
}

// isOdd: the node itself may be none that can be.
func isOdd(n *config.Node) bool {
	return target.CheckPath(n.Path) != nil || isOddName(n.User.Name) || isOddName(n.Group.Name)
}

// isOddName: a name of an account is other than those that all systems take.
func isOddName(name *string) bool {
	return strings.HasPrefix(config.Says(name), "-") || strings.ContainsFunc(config.Says(name), func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
	})
}

// whole has refusals name the entries as the whole config does, in their messages too.
func (p *part) whole(all []*plan.StepError) {
	for _, r := range all {
		r.Origin = p.renumber(r.Origin)
		message, others := apart(r.Err.Error())
		for _, other := range others {
			message += " (" + p.renumber(other) + ")"
		}
		if len(others) > 0 {
			r.Err = diag.WithHint(errors.New(message), strings.Join(diag.Hints(r.Err), "; "))
		}
	}
}

func (p *part) renumber(origin string) string {
	for list, to := range map[string][]int{"$.storage.files.": p.files, "$.storage.directories.": p.directories} {
		rest, is := strings.CutPrefix(origin, list)
		number, tail, deeper := strings.Cut(rest, ".")
		if i, err := strconv.Atoi(number); is && err == nil && i < len(to) {
			origin = list + strconv.Itoa(to[i])
			if deeper {
				origin += "." + tail
			}
			return origin
		}
	}
	return origin
}
