package disks

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// A meaning is what names of devices stand for because the config itself gives them: a label of a partition that it
// makes is that partition, whatever other disk of the machine has one of that label.
type meaning struct {
	names []string
	// what it is, for people, and the entry that makes it.
	what, origin string
	// node is where the names have to lead; "" if only find knows, once it is made.
	node string
	find func() (string, error)
	// guid is the link by a partition's GUID, also of one that nobody gave.
	guid string
}

func (m meaning) at() (string, error) {
	if m.node != "" {
		return m.node, nil
	}
	return m.find()
}

func (m meaning) String() string { return fmt.Sprintf("%s (%s)", m.what, m.origin) }

// meanings are by name. A name with several has none that could be relied on.
type meanings map[string][]meaning

func (all meanings) add(more []meaning) {
	for _, m := range more {
		for _, name := range m.names {
			if !slices.ContainsFunc(all[name], func(other meaning) bool {
				return other.origin == m.origin || other.node != "" && other.node == m.node
			}) {
				all[name] = append(all[name], m)
			}
		}
	}
}

// of gives the meaning of a device's name for an entry of the config. What an entry calls its own device by is what it
// finds there.
func (all meanings) of(each want) (m meaning, is bool, err error) {
	found := slices.DeleteFunc(slices.Clone(all[path.Clean(each.path)]), func(m meaning) bool {
		return m.origin == each.origin
	})
	switch len(found) {
	case 0:
		return m, false, nil
	case 1:
		return found[0], true, nil
	}
	return m, false, each.fail(unique(fmt.Errorf("device %s: the config calls %s so, and %s as well",
		diag.Name(each.path), found[0], found[1])))
}

func unique(err error) error {
	return diag.WithHint(err, "give what the config makes a label, a GUID or a name that nothing else has, "+
		"or name a partition by its disk: /dev/disk/by-id/…-part1")
}

// lead waits until devices that the config makes are behind the names by which it goes on.
func (w *work) lead(ctx context.Context, wants []want) error {
	for _, each := range wants {
		m, is, err := w.means.of(each)
		if err != nil {
			return err
		}
		if !is {
			continue
		}
		node, err := m.at()
		if err == nil {
			err = wait(ctx, w.Devices, []want{each})
		}
		if err == nil {
			err = misled(each, m, w.Devices.Lead(ctx, device.Link{Name: each.path, Node: node}))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func misled(each want, m meaning, err error) error {
	if err == nil {
		return nil
	}
	return each.fail(unique(fmt.Errorf("device %w, which is not %s, as the config has it", err, m)))
}

// alias makes the link by which tools get a device: to what the config means, where it says so.
func (w *work) alias(each want) error {
	m, is, err := w.means.of(each)
	if err != nil {
		return err
	}
	at := each.path
	if is {
		if at, err = m.at(); err != nil {
			return each.fail(err)
		}
	}
	if err := w.Devices.Alias(each.path, at); err != nil {
		return each.fail(err)
	}
	return nil
}

// coincide holds names of entries against what others of the same round will call so.
func (w *work) coincide(wants []want, means []meaning) error {
	same := meanings{}
	same.add(means)
	for _, each := range wants {
		m, is, err := same.of(each)
		if err != nil {
			return err
		}
		if !is || m.node == "" {
			continue
		}
		if err := misled(each, m,
			w.Devices.Leads(device.Link{Name: w.Devices.AliasOf(each.path), Node: m.node})); err != nil {
			return err
		}
	}
	return nil
}

// twins tells of partitions of the config whose GUID others have too: a link by it may lead to them the next time.
// Their disks may be copies of each other, which is no mistake by itself.
func (w *work) twins(means []meaning) {
	if w.Log == nil {
		return
	}
	claims := w.Devices.Claims("disk/by-partuuid/")
	for _, m := range means {
		if nodes := claims[m.guid]; len(nodes) > 1 {
			w.Log.Warn(fmt.Sprintf("%s: its GUID %s is that of several partitions: %s; a name by GUID may lead to "+
				"any of them", m.what, path.Base(m.guid), strings.Join(nodes, ", ")))
		}
	}
}

// meanings are the names of the partitions that an entry lists. The disk has these paths.
func (c *tableChange) meanings(paths []string) (all []meaning) {
	for _, d := range c.decisions {
		if !d.ShouldExist {
			continue
		}
		m := meaning{what: c.subject(d.Number), origin: c.step(d.Index, "").Origin,
			node: c.disk.PartitionNode(d.Number)}
		m.names = append(diskParts(paths, d.Number), block.PartitionLinks(value(d.Label), d.GUID)...)
		// paths of a multipath disk are copies of it
		if p, there := c.table.Partition(d.Number); there && c.disk.Mapper == "" {
			m.guid = byGUID(p.GUID)
		}
		all = append(all, m)
	}
	return all
}

// diskParts are the links to a partition that udev makes from those to its disk.
func diskParts(paths []string, number int) (names []string) {
	for _, path := range paths {
		if strings.HasPrefix(path, "/dev/disk/by-") {
			names = append(names, path+"-part"+strconv.Itoa(number))
		}
	}
	return names
}

// distinct refuses names that the config gives to several partitions and then goes by.
func distinct(s config.Storage, means []meaning) error {
	all := meanings{}
	all.add(means)
	for _, r := range rounds() {
		for _, each := range r.wants(s) {
			if _, _, err := all.of(each); err != nil {
				return err
			}
		}
	}
	return nil
}

// meaning is the array by its names: the config's, and udev's by that in the superblocks (63-md-raid-arrays.rules).
func (a *array) meaning() meaning {
	name := path.Base(a.config.Name)
	return meaning{
		names: []string{arrayPath(a.config.Name), "/dev/disk/by-id/md-name-any:" + name,
			"/dev/disk/by-id/md-name-" + name},
		what: arraySubject(a.config), origin: a.step.Origin, find: a.node,
	}
}

// node is the array that has the members. Where nobody tells, it is what has the array's name.
func (a *array) node() (string, error) {
	if _, err := a.observe(a.reached()); err != nil {
		return "", err
	}
	if a.holder == "" {
		return arrayPath(a.config.Name), nil
	}
	return "/dev/" + a.holder, nil
}

// meanings are the volume's, once it is open, and its device's, which has the label and the UUID.
func (o *volume) meanings() []meaning {
	name := o.config.Name
	inside := meaning{names: []string{mapperPath(name), "/dev/disk/by-id/dm-name-" + name},
		what: volumeSubject(o.config), origin: o.step.Origin, find: o.node}
	outside := meaning{what: "the device of " + volumeSubject(o.config), origin: o.step.Origin, node: o.seen.Node}
	outside.names = block.ContentLinks(value(o.config.Label), strings.ToLower(value(o.config.UUID)))
	return []meaning{inside, outside}
}

// node is the open volume on the device. Where nobody tells, it is what has the volume's name.
func (o *volume) node() (string, error) {
	if err := o.observe(o.reached()); err != nil {
		return "", err
	}
	if o.use != volumeOpen {
		return mapperPath(o.config.Name), nil
	}
	return "/dev/" + strings.TrimPrefix(o.seen.Users[0], partOf), nil
}

func (f *filesystem) meaning() meaning {
	wanted := wantedSignature(f.Filesystem)
	return meaning{names: block.ContentLinks(wanted.Label, wanted.UUID), what: f.step.Subject, origin: f.step.Origin,
		node: f.seen.Node}
}
