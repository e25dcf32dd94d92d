package array

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// An array is one of the config's, with what was seen of its members.
type array struct {
	config  *config.Raid
	givenUp givenUp
	members []*scene.Seen
	use     use
	holder  scene.User // the array that has the members now, if use says that there is one
}

// look sees the members.
func look(r *config.Raid, gone givenUp, view scene.Scene) (*array, error) {
	a := &array{config: r, givenUp: gone}
	for _, name := range r.Devices {
		seen, err := view.Look(name)
		if err != nil {
			return a, err
		}
		a.members = append(a.members, seen)
	}
	a.use, a.holder = usage(a.members)
	return a, nil
}

// usage tells who has the members: nobody, one md array and nothing else, or somebody.
func usage(members []*scene.Seen) (use, scene.User) {
	var holder scene.User
	held := 0
	for _, m := range members {
		if len(m.UsedBy()) == 0 {
			continue
		}
		by, alone := m.Holder()
		if !alone || by.Use != scene.Array || held > 0 && by.Name != holder.Name {
			return taken, scene.User{}
		}
		holder = by
		held++
	}
	switch {
	case held == 0:
		return free, holder
	case !holder.Runs:
		return idle, holder
	case held == len(members):
		return runs, holder
	}
	return taken, scene.User{}
}

// unknown says why what a member holds cannot be known yet; "" if it is.
func (a *array) unknown() string {
	for _, m := range a.members {
		if m.Unknown != "" {
			return m.Unknown
		}
	}
	return ""
}

func (a *array) judge() verdict { return judge(a.found(), a.mayLose(), a.use) }

// mayLose: the config gives up all members that hold anything.
func (a *array) mayLose() bool {
	for _, m := range a.members {
		if (m.Unknown != "" || !a.isEmpty(m)) && !a.givenUp.has(m.Node) {
			return false
		}
	}
	return true
}

// isEmpty: nothing is lost with what is on the device. An array of the config's that never ran holds nothing.
func (a *array) isEmpty(m *scene.Seen) bool {
	counts := levelNumber(config.Says(a.config.Level)) > 0
	return m.Blank() || m.Member != nil && a.fits(m.Member) && m.Member.Events == 0 && (counts || !m.Member.Filled)
}

// found takes the members together. The kernel counts an event when it starts an array; not of linear and raid0, which
// have no state that could change.
func (a *array) found() content {
	blank, fitting, empty, ran := 0, 0, 0, levelNumber(config.Says(a.config.Level)) <= 0 || a.use == runs
	roles := map[int]bool{}
	for _, m := range a.members {
		if m.Blank() {
			blank++
		}
		if a.isEmpty(m) {
			empty++
		}
		first := a.members[0].Member
		if m.Member != nil && first != nil && m.Member.UUID == first.UUID && a.fits(m.Member) {
			fitting++
			ran = ran || m.Member.Events > 0
			roles[m.Member.Role] = m.Member.Role != block.NoRole
		}
	}
	delete(roles, block.NoRole)
	switch {
	case blank == len(a.members):
		return nothing
	case fitting == len(a.members) && len(roles) == a.active() && ran:
		return same
	case empty == len(a.members):
		return halfMade
	}
	return other
}

// active is how many members are no spares.
func (a *array) active() int {
	if a.config.Spares == nil {
		return len(a.config.Devices)
	}
	return len(a.config.Devices) - *a.config.Spares
}

// fits: a superblock is of an array as the config has it. Metadata, layout and chunks are mdadm's options, which are
// not compared.
func (a *array) fits(m *scene.Member) bool {
	return m.Sound && m.Level == levelNumber(config.Says(a.config.Level)) && m.Disks == a.active() &&
		m.Role < m.Disks && named(a.config, m.Member)
}

// levelNumber is the kernel's number of a level (docs/peer/spec.md §3.4).
func levelNumber(level string) int {
	switch level {
	case "linear":
		return -1
	case "raid0", "stripe":
		return 0
	case "raid1", "mirror":
		return 1
	}
	n, err := strconv.Atoi(strings.TrimPrefix(level, "raid"))
	if err != nil {
		return -100 // what only multipath, faulty and containers have
	}
	return n
}

const nameSize = 32 // bytes in a superblock, cut off where there are more

// named: the name in a superblock, after that of the host that made it, is the config's, or one that mdadm's options
// give. What is called /dev/md5 has the name 5.
func named(r *config.Raid, m block.Member) bool {
	if m.Metadata == "0.90" {
		return true
	}
	name := path.Base(r.Name)
	names := []string{name, strings.TrimPrefix(name, "md")}
	if given := rules.ArrayOption(r, "--name", "-N"); given != "" {
		names = []string{given}
	}
	_, short, qualified := strings.Cut(m.Name, ":")
	return slices.ContainsFunc(names, func(name string) bool {
		cut := name[:min(len(name), nameSize)]
		return m.Name == cut || qualified && (short == name || len(m.Name) == nameSize && short != "" &&
			strings.HasPrefix(name, short))
	})
}

// names are those that the array has or will have.
func (a *array) names() []string {
	if verdict := a.judge(); a.unknown() == "" && (verdict == keep || verdict == assemble) {
		is := a.members[0].Member
		return rules.ArrayNames(a.config, is.Name, is.UUID)
	}
	return rules.ArrayNames(a.config, "", rules.ArrayOption(a.config, "--uuid", "-u"))
}

const memberSetting = "wipeTable of its disk, or wipePartitionEntry of its partition,"

// refusal says which member stands in the way, and what gives it up.
func (a *array) refusal() error {
	for _, m := range a.members {
		seen := *m
		if a.use == idle {
			seen.Users = nil // an array that does not run is stopped
		}
		if err := seen.Free(); err != nil {
			return a.unlike(m, err)
		}
	}
	for _, m := range a.members {
		if a.isEmpty(m) || a.givenUp.has(m.Node) {
			continue
		}
		return kind.UnlessLost(a.unlike(m, fmt.Errorf("%s is not to be lost: it %s", m, a.tell(m))), memberSetting)
	}
	return fmt.Errorf("some members are part of %s", a.holder.Name)
}

// unlike adds to a refusal what there is to be said of the member.
func (a *array) unlike(m *scene.Seen, err error) error {
	return &plan.UnlikeError{Err: err, Differences: []string{diag.Name(m.Path) + " " + a.tell(m)}}
}

// tell says what is on a member, and where an array differs from the config's.
func (a *array) tell(m *scene.Seen) string {
	switch {
	case m.OnlyTable():
		return "has a partition table"
	case m.Member == nil:
		return "is no member of an array"
	case !m.Member.Sound:
		return "is a damaged member of an array"
	case a.fits(m.Member):
		return "is a member of such an array, of which others are missing here"
	}
	return fmt.Sprintf("is a member of another array: level %d, %d active members, name %q", m.Member.Level,
		m.Member.Disks, m.Member.Name)
}

// nameTaken refuses the name of another array that runs: it would stay the other one's.
func (a *array) nameTaken(view scene.Scene) error {
	at := rules.ArrayNode(a.config)
	node, is, err := view.Find(at)
	if err != nil || !is.Runs || is.Name == a.holder.Name {
		return nil
	}
	return kind.Unique(fmt.Errorf("%s is another array already, %s", diag.Name(at), node))
}

// A givenUp tells of nodes whether the config lets what is on them go: with the table of their disk, or their entry in
// it.
type givenUp struct {
	nodes map[string]bool
	disks []string // the start of the nodes of all partitions
}

func gone(s config.Storage, view scene.Scene) givenUp {
	g := givenUp{nodes: map[string]bool{}}
	for _, disk := range s.Disks {
		node, _, err := view.Find(disk.Device)
		if err != nil {
			continue // for the round of partitions to complain of
		}
		if config.Says(disk.WipeTable) {
			g.nodes[node] = true
			g.disks = append(g.disks, strings.TrimSuffix(block.PartitionNode(node, 0), "0"))
		}
		for _, p := range disk.Partitions {
			if p.Number > 0 && config.Says(p.WipePartitionEntry) {
				g.nodes[block.PartitionNode(node, p.Number)] = true
			}
		}
	}
	return g
}

func (g givenUp) has(node string) bool {
	return g.nodes[node] || slices.ContainsFunc(g.disks, func(start string) bool {
		number, is := strings.CutPrefix(node, start)
		return is && number != "" && strings.Trim(number, "0123456789") == ""
	})
}
