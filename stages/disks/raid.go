package disks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/tool"
)

func raidRound() round {
	return round{
		name: "createRaids",
		wants: func(s config.Storage) []want {
			var all []want
			for i, r := range s.Raid {
				for _, member := range r.Devices {
					all = append(all, want{member, arraySubject(r), origin("raid", i)})
				}
			}
			return all
		},
		plan: planArrays,
	}
}

func arraySubject(r config.Raid) string { return "array " + diag.Name(r.Name) }

func arrayStep(index int, r config.Raid) plan.Step {
	return plan.Step{ID: "raid:" + r.Name, Subject: arraySubject(r), Origin: origin("raid", index)}
}

// arrayNeeds are the tools that the config's arrays need: to be missed before the first round changes anything.
func arrayNeeds(s config.Storage) (all []need) {
	for i, r := range s.Raid {
		all = append(all, need{"mdadm", arrayStep(i, r)})
	}
	return all
}

// arrayPath is where an array appears (docs/peer/engine.md §9.2).
func arrayPath(name string) string {
	if strings.HasPrefix(name, "/dev") {
		return name
	}
	return "/dev/md/" + name
}

// What the members of an array hold, taken together.
type arrayContent string

const (
	arrayNothing  arrayContent = "nothing"
	arraySame     arrayContent = "this array"
	arrayHalfMade arrayContent = "this array (half made)"
	arrayOther    arrayContent = "anything else"
)

// Who uses the members of an array.
type arrayUse string

const (
	membersFree  arrayUse = "no"
	membersIdle  arrayUse = "an array that does not run"
	membersRun   arrayUse = "an array that runs"
	membersTaken arrayUse = "otherwise"
)

type arrayVerdict string

const (
	arrayCreate   arrayVerdict = "create"
	arrayRecreate arrayVerdict = "recreate"
	arrayAssemble arrayVerdict = "assemble"
	arrayKeep     arrayVerdict = "keep"
	arrayRefuse   arrayVerdict = "refuse"
)

// judgeArray decides what becomes of an array (docs/disks.md has the table). GivenUp: the config gives up all members
// that hold anything else.
func judgeArray(found arrayContent, givenUp bool, use arrayUse) arrayVerdict {
	switch {
	case use == membersTaken:
		return arrayRefuse
	case found == arraySame && use == membersRun:
		return arrayKeep
	case use == membersRun:
		return arrayRefuse
	case found == arraySame:
		return arrayAssemble
	case found == arrayHalfMade:
		return arrayRecreate
	case use == membersIdle:
		return arrayRefuse
	case found == arrayNothing:
		return arrayCreate
	case givenUp:
		return arrayRecreate
	}
	return arrayRefuse
}

// An array is one of the config's, with what was seen of its members.
type array struct {
	*work
	config  config.Raid
	step    plan.Step
	givenUp func(node string) bool
	members []member
	// holder is the array in sysfs that has the members now; "" for none.
	holder string
	use    arrayUse
}

// A member is a device of an array and what it says of it.
type member struct {
	seen  Seen
	super block.Member
	is    bool // it has a superblock
	// filled: where the array's data begins on it there is something known.
	filled bool
}

// owners tell which entry a device belongs to, by its node: two that made something of one would destroy each other's.
type owners map[string]string

func (o owners) claim(seen Seen, origin string) error {
	if other, is := o[seen.Node]; is && seen.Node != "" {
		return fmt.Errorf("%s is in %s already", diag.Name(seen.Path), other)
	}
	o[seen.Node] = origin
	return nil
}

func planArrays(s config.Storage, v View, w *work) (planned, error) {
	var p planned
	var lane plan.Plan // one: mdadm picks numbers of arrays, which must not race
	gone, owners := givenUp(s, w.Devices), owners{}
	for i, r := range s.Raid {
		a := &array{work: w, config: r, step: arrayStep(i, r), givenUp: gone}
		unknown, err := a.observe(v)
		if err != nil {
			return p, a.step.Fail(err)
		}
		for _, m := range a.members {
			if err := owners.claim(m.seen, a.step.Origin); err != nil {
				return p, a.step.Fail(err)
			}
		}
		verdict := a.judge()
		readOnly := slices.ContainsFunc(a.members, func(m member) bool { return m.seen.ReadOnly })
		if unknown == "" && (verdict == arrayRefuse || readOnly && verdict != arrayKeep) {
			return p, a.step.Fail(a.refusal())
		}
		if err := a.nameTaken(v); err != nil {
			return p, a.step.Fail(err)
		}
		a.describe(verdict, unknown)
		p.blanks = append(p.blanks, a.blanks(verdict)...)
		p.means = append(p.means, a.meaning())
		lane = append(lane, a.step)
		if unknown != "" || verdict != arrayKeep {
			p.after = append(p.after, a.expected(verdict))
		}
	}
	if lane != nil {
		p.lanes = []plan.Plan{lane}
	}
	return p, nil
}

// observe looks at the members. Unknown says why what one of them holds cannot be known yet.
func (a *array) observe(v View) (unknown string, err error) {
	a.members = nil
	for _, name := range a.config.Devices {
		m := member{}
		if m.seen, err = v.Device(name); err != nil {
			return "", err
		}
		if m.seen.Unknown == "" && m.seen.Content.First().Type == "linux_raid_member" {
			err = a.read(&m.seen, func(r io.ReaderAt, size int64) (err error) {
				if m.super, m.is, err = block.ReadMember(r, size); err == nil && m.is {
					m.filled, err = filled(r, size, m)
				}
				return err
			})
			if err != nil {
				return "", err
			}
		}
		if unknown == "" {
			unknown = m.seen.Unknown
		}
		a.members = append(a.members, m)
	}
	a.use, a.holder, err = a.usage()
	return unknown, err
}

// read opens a device to read more of it than was seen. One that will only be there later becomes unknown.
func (w *work) read(seen *Seen, read func(io.ReaderAt, int64) error) error {
	f, err := w.Devices.Open(seen.Node, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		seen.Unknown = "it is not there yet"
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := read(f, seen.Size); err != nil {
		return fmt.Errorf("device %s: %w", diag.Name(seen.Path), err)
	}
	return nil
}

const partOf = "part of "

// usage tells who has the members: nobody, one md array and nothing else, or somebody.
func (a *array) usage() (arrayUse, string, error) {
	holder, held := "", 0
	for _, m := range a.members {
		switch users := m.seen.Users; {
		case len(users) == 0:
			continue
		case len(users) > 1 || !strings.HasPrefix(users[0], partOf) || holder != "" && users[0] != partOf+holder:
			return membersTaken, "", nil
		}
		holder = strings.TrimPrefix(m.seen.Users[0], partOf)
		held++
	}
	if held == 0 {
		return membersFree, "", nil
	}
	runs, err := a.Devices.Sys().ArrayRuns(holder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return membersTaken, "", nil // no md array
	case err != nil:
		return "", "", err
	case !runs:
		return membersIdle, holder, nil
	case held == len(a.members):
		return membersRun, holder, nil
	}
	return membersTaken, "", nil
}

func (a *array) judge() arrayVerdict {
	givenUp := !slices.ContainsFunc(a.members, func(m member) bool { return !a.isEmpty(m) && !a.givenUp(m.seen.Node) })
	return judgeArray(a.found(), givenUp, a.use)
}

// isEmpty: nothing is lost with what is on the device. An array of the config's that never ran holds nothing.
func (a *array) isEmpty(m member) bool {
	counts := arrayLevel(value(a.config.Level)) > 0
	return m.seen.isBlank() || m.is && a.fits(m.super) && m.super.Events == 0 && (counts || !m.filled)
}

// filled looks at what a member holds of its array. What is there by chance in one that is new is taken for it too.
func filled(r io.ReaderAt, size int64, m member) (bool, error) {
	const behind = 128 << 10 // for a superblock at the end
	at := m.super.DataOffset
	if at < 0 || at > size-behind {
		return false, nil
	}
	data := io.NewSectionReader(r, at, size-behind-at)
	content, err := block.Probe(data, data.Size())
	if err != nil || len(content.Signatures) > 0 {
		return true, err
	}
	found, err := block.Inspect(data, data.Size(), m.seen.SectorSize)
	return found.Lists(), err
}

// found takes the members together. The kernel counts an event when it starts an array; not of linear and raid0, which
// have no state that could change.
func (a *array) found() arrayContent {
	blank, fitting, empty, ran := 0, 0, 0, arrayLevel(value(a.config.Level)) <= 0 || a.use == membersRun
	roles := map[int]bool{}
	for _, m := range a.members {
		if m.seen.isBlank() {
			blank++
		}
		if a.isEmpty(m) {
			empty++
		}
		if m.is && m.super.UUID == a.members[0].super.UUID && a.fits(m.super) {
			fitting++
			ran = ran || m.super.Events > 0
			roles[m.super.Role] = m.super.Role != block.NoRole
		}
	}
	delete(roles, block.NoRole)
	switch {
	case blank == len(a.members):
		return arrayNothing
	case fitting == len(a.members) && len(roles) == a.active() && ran:
		return arraySame
	case empty == len(a.members):
		return arrayHalfMade
	}
	return arrayOther
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
func (a *array) fits(m block.Member) bool {
	return m.Sound && m.Level == arrayLevel(value(a.config.Level)) && m.Disks == a.active() && m.Role < m.Disks &&
		a.named(m)
}

// arrayLevel is the kernel's number of a level (docs/peer/spec.md §3.4).
func arrayLevel(level string) int {
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

const arrayNameSize = 32 // bytes in a superblock, cut off where there are more

// named: the name in a superblock, after that of the host that made it, is the config's, or one that mdadm's options
// give. What is called /dev/md5 has the name 5.
func (a *array) named(m block.Member) bool {
	if m.Metadata == "0.90" {
		return true
	}
	name := path.Base(a.config.Name)
	names := []string{name, strings.TrimPrefix(name, "md")}
	for i, option := range a.config.Options {
		if given, is := strings.CutPrefix(option, "--name="); is {
			names = []string{given}
		} else if (option == "--name" || option == "-N") && i+1 < len(a.config.Options) {
			names = []string{a.config.Options[i+1]}
		}
	}
	_, short, qualified := strings.Cut(m.Name, ":")
	return slices.ContainsFunc(names, func(name string) bool {
		cut := name[:min(len(name), arrayNameSize)]
		return m.Name == cut || qualified && (short == name || len(m.Name) == arrayNameSize && short != "" &&
			strings.HasPrefix(name, short))
	})
}

const memberSetting = "wipeTable of its disk, or wipePartitionEntry of its partition,"

// refusal says which member stands in the way, and what gives it up.
func (a *array) refusal() error {
	for _, m := range a.members {
		if a.use == membersIdle {
			m.seen.Users = nil // an array that does not run is stopped
		}
		if err := m.seen.Free(); err != nil {
			return err
		}
	}
	for _, m := range a.members {
		if a.isEmpty(m) || a.givenUp(m.seen.Node) {
			continue
		}
		return unlessLost(fmt.Errorf(`%s is not to be lost: it %s; "wipeTable": true of its disk or `+
			`"wipePartitionEntry": true of its partition allows it`, m.seen, a.tell(m)), memberSetting)
	}
	return fmt.Errorf("some members are part of %s", a.holder)
}

// tell says what is on a member, and where an array differs from the config's.
func (a *array) tell(m member) string {
	switch {
	case m.seen.onlyTable():
		return "has a partition table"
	case !m.is:
		return "is no member of an array"
	case !m.super.Sound:
		return "is a damaged member of an array"
	case a.fits(m.super):
		return "is a member of such an array, of which others are missing here"
	}
	return fmt.Sprintf("is a member of another array: level %d, %d active members, name %q", m.super.Level,
		m.super.Disks, m.super.Name)
}

// describe completes the step.
func (a *array) describe(verdict arrayVerdict, unknown string) {
	shape := fmt.Sprintf("level %s of %s", value(a.config.Level), strings.Join(a.config.Devices, ", "))
	if n := len(a.config.Devices) - a.active(); n > 0 {
		shape += fmt.Sprintf(", %d of them spare", n)
	}
	s := &a.step
	switch {
	case unknown != "":
		s.Effect, s.Detail = plan.Deferred,
			shape+": made if its members are blank or given up, assembled if they hold it; "+unknown
	case verdict == arrayCreate:
		s.Effect, s.Detail = plan.Create, shape
	case verdict == arrayRecreate:
		s.Effect, s.Detail = plan.Destroy, shape+", over "+a.lost()
	case verdict == arrayAssemble:
		s.Effect, s.Detail = plan.Change, shape+", assembled"
	default:
		s.Effect, s.Detail = plan.Keep, shape
	}
	planned := a.members
	s.Check = a.check
	s.Do = func(ctx context.Context) error { return a.do(ctx, planned) }
}

func (a *array) lost() string {
	var all []string
	for _, m := range a.members {
		if !m.seen.isBlank() {
			all = append(all, m.seen.String())
		}
	}
	return strings.Join(all, "; ")
}

// expected is the array once the step is done. One that is new may show what its members held where its data begins.
func (a *array) expected(verdict arrayVerdict) prediction {
	unknown := "a new array may show what its members held before"
	if verdict == arrayAssemble {
		unknown = "the array does not run yet"
	}
	at := arrayPath(a.config.Name)
	return prediction{[]string{at}, Seen{Device: device.Device{Path: at, Node: at}, Unknown: unknown}}
}

func (a *array) check(context.Context) (plan.State, error) {
	if _, err := a.observe(a.reached()); err != nil {
		return plan.Pending, err
	}
	switch a.judge() {
	case arrayKeep:
		node, err := a.Devices.Node(arrayPath(a.config.Name))
		if _, creating := os.Lstat(a.creating()); err == nil && node == "/dev/"+a.holder && creating != nil {
			return plan.Done, nil
		}
	case arrayRefuse:
		return plan.Conflict, a.refusal()
	}
	return plan.Pending, nil
}

// do acts on what is there now: a run that was cut off may have left more than was planned on, but nothing else may be
// there.
func (a *array) do(ctx context.Context, was []member) error {
	if _, err := a.observe(a.reached()); err != nil {
		return err
	}
	verdict := a.judge()
	if verdict == arrayRefuse {
		return a.refusal()
	}
	if verdict == arrayKeep {
		named, err := a.ready(ctx)
		if named || err != nil {
			return err
		}
		verdict = arrayAssemble
	}
	if a.holder != "" {
		if _, err := a.Tools.Run(ctx,
			tool.Command{Tool: "mdadm", Args: []string{"--stop", "/dev/" + a.holder}}); err != nil {
			return err
		}
		if err := a.created(); err != nil {
			return err
		}
	}
	for i, m := range a.members {
		if verdict == arrayRecreate && !a.isEmpty(m) && !sameContent(m.seen, was[i].seen) {
			return fmt.Errorf("%s has changed since it was looked at", m.seen)
		}
		if err := unused(ctx, a.Devices, m.seen.Node); err != nil {
			return err
		}
	}
	if _, err := a.Tools.Run(ctx, tool.Command{Tool: "mdadm", Args: a.arguments(verdict)}); err != nil {
		return err
	}
	at := arrayPath(a.config.Name)
	if err := a.Devices.Wait(ctx, []string{at}); err != nil {
		return err
	}
	node, err := a.node()
	if err != nil {
		return err
	}
	return a.Devices.Lead(ctx, device.Link{Name: at, Node: node})
}

// nameTaken refuses the name of another array that runs: it would stay the other one's.
func (a *array) nameTaken(v View) error {
	at := arrayPath(a.config.Name)
	node, err := a.Devices.Node(at)
	if _, preview := v.(*expected); err != nil || preview || node == "/dev/"+a.holder {
		return nil // a preview does not stop what will be stopped
	}
	if runs, err := a.Devices.Sys().ArrayRuns(block.DeviceName(node)); err != nil || !runs {
		return nil
	}
	return unique(fmt.Errorf("%s is another array already, %s", diag.Name(at), node))
}

// creating is a file by which mdadm tells udev that it has not done yet with an array that it makes: udev takes the
// array for not ready as long as the file is there (01-md-raid-creating.rules). If mdadm is killed it stays.
func (a *array) creating() string {
	return filepath.Join("/", a.Devices.Root, "/run/mdadm/creating-"+a.holder)
}

// created takes back that mdadm is making the array.
func (a *array) created() error {
	if err := os.Remove(a.creating()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// ready makes an array that runs ready to use, and tells whether it runs under its name: one that somebody else has
// started may have been given another. Nobody uses it if not.
func (a *array) ready(ctx context.Context) (named bool, err error) {
	node := "/dev/" + a.holder
	if err := a.created(); err != nil {
		return false, err
	}
	if err := a.Devices.Settle(ctx, node); err != nil {
		return false, err
	}
	at := arrayPath(a.config.Name)
	if is, err := a.Devices.Node(at); err == nil {
		if is != node {
			return false, unique(fmt.Errorf("%s leads to %s, the array runs as %s", diag.Name(at), is, node))
		}
		return true, a.Devices.Wait(ctx, []string{at})
	}
	users, err := a.Devices.Users(node)
	if err == nil && len(users) > 0 {
		err = device.InUse(fmt.Errorf("the array runs as %s, not as %s, and is in use: %s", node, at,
			strings.Join(users, ", ")))
	}
	return false, err
}

func sameContent(a, b Seen) bool {
	return a.Node == b.Node && a.Size == b.Size && a.Partitioned == b.Partitioned &&
		reflect.DeepEqual(a.Content, b.Content)
}

// unused makes sure that nobody, in any namespace, has a device mounted or built upon: no list has mounts of other
// namespaces, and none of a disk has those of its partitions.
func unused(ctx context.Context, d *device.Devices, path string) error {
	return d.Alone(ctx, path, os.O_RDONLY, func(*os.File) error { return nil })
}

// arguments are those of docs/peer/engine.md §9.2, and for an array that is there all along its members.
func (a *array) arguments(verdict arrayVerdict) []string {
	args := []string{"--assemble", arrayPath(a.config.Name)}
	if verdict != arrayAssemble {
		args = []string{"--create", a.config.Name, "--force", "--run", "--homehost", "any", "--level",
			value(a.config.Level), "--raid-devices", strconv.Itoa(a.active())}
		if n := len(a.config.Devices) - a.active(); n > 0 {
			args = append(args, "--spare-devices", strconv.Itoa(n))
		}
		args = append(args, a.config.Options...)
	}
	for _, name := range a.config.Devices {
		args = append(args, a.Devices.AliasOf(name))
	}
	return args
}

// givenUp tells of nodes whether the config lets what is on them go: with the table of their disk, or their entry in
// it.
func givenUp(s config.Storage, d *device.Devices) func(node string) bool {
	nodes := map[string]bool{}
	var disks []string // the start of the nodes of all partitions
	for _, disk := range s.Disks {
		node, err := d.Node(disk.Device)
		if err != nil {
			continue // for the round of partitions to complain of
		}
		if isTrue(disk.WipeTable) {
			nodes[node] = true
			disks = append(disks, strings.TrimSuffix(block.PartitionNode(node, 0), "0"))
		}
		for _, p := range disk.Partitions {
			if p.Number > 0 && isTrue(p.WipePartitionEntry) {
				nodes[block.PartitionNode(node, p.Number)] = true
			}
		}
	}
	return func(node string) bool {
		return nodes[node] || slices.ContainsFunc(disks, func(start string) bool {
			number, is := strings.CutPrefix(node, start)
			return is && number != "" && strings.Trim(number, "0123456789") == ""
		})
	}
}
