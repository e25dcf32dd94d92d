package disks

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// meanings are by name. A name with several has none that could be relied on.
type meanings map[string][]*kind.Meaning

func (all meanings) add(more []*kind.Meaning) {
	for _, m := range more {
		for _, name := range m.Names {
			if !slices.ContainsFunc(all[name], func(other *kind.Meaning) bool {
				return other.Origin == m.Origin || other.Node != "" && other.Node == m.Node
			}) {
				all[name] = append(all[name], m)
			}
		}
	}
}

// of gives the meaning of a device's name for an entry of the config. What an entry calls its own device by is what it
// finds there.
func (all meanings) of(each kind.Want) (m *kind.Meaning, is bool, err error) {
	found := slices.DeleteFunc(slices.Clone(all[path.Clean(each.Path)]), func(m *kind.Meaning) bool {
		return m.Origin == each.Origin
	})
	switch len(found) {
	case 0:
		return m, false, nil
	case 1:
		return found[0], true, nil
	}
	return m, false, each.Fail(kind.Unique(fmt.Errorf("device %s: the config calls %s so, and %s as well",
		diag.Name(each.Path), found[0], found[1])))
}

// lead waits until devices that the config makes are behind the names by which it goes on.
func (r *run) lead(ctx context.Context, wants []kind.Want) error {
	for _, each := range wants {
		m, is, err := r.means.of(each)
		if err != nil {
			return err
		}
		if !is {
			continue
		}
		node, err := m.At(r.Scene)
		if err == nil {
			err = wait(ctx, r.Devices, []kind.Want{each})
		}
		if err == nil {
			err = misled(each, m, r.Devices.Lead(ctx, device.Link{Name: each.Path, Node: node}))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func misled(each kind.Want, m *kind.Meaning, err error) error {
	if err == nil {
		return nil
	}
	return each.Fail(kind.Unique(fmt.Errorf("device %w, which is not %s, as the config has it", err, m)))
}

// alias makes the link by which tools get a device: to what the config means, where it says so.
func (r *run) alias(each kind.Want) error {
	m, is, err := r.means.of(each)
	if err != nil {
		return err
	}
	at := each.Path
	if is {
		if at, err = m.At(r.Scene); err != nil {
			return each.Fail(err)
		}
	}
	if err := r.Devices.Alias(each.Path, at); err != nil {
		return each.Fail(err)
	}
	return nil
}

// coincide holds names of entries against what others of the same round will call so.
func (r *run) coincide(wants []kind.Want, means []*kind.Meaning) error {
	same := meanings{}
	same.add(means)
	for _, each := range wants {
		m, is, err := same.of(each)
		if err != nil {
			return err
		}
		if !is || m.Node == "" {
			continue
		}
		if err := misled(each, m,
			r.Devices.Leads(device.Link{Name: r.Devices.AliasOf(each.Path), Node: m.Node})); err != nil {
			return err
		}
	}
	return nil
}

// twins tells of partitions of the config whose GUID others have too: a link by it may lead to them the next time.
// Their disks may be copies of each other, which is no mistake by itself.
func (r *run) twins(means []*kind.Meaning) {
	if r.Log == nil {
		return
	}
	claims := r.Devices.Claims("disk/by-partuuid/")
	for _, m := range means {
		if nodes := claims[m.GUID]; len(nodes) > 1 {
			r.Warn("%s: its GUID %s is that of several partitions: %s; a name by GUID may lead to any of them", m.What,
				path.Base(m.GUID), strings.Join(nodes, ", "))
		}
	}
}

// distinct refuses names that the config gives to several things of one kind and then goes by.
func distinct(s config.Storage, means []*kind.Meaning) error {
	all := meanings{}
	all.add(means)
	var failed []error
	for _, row := range rows() {
		for _, each := range row.Wants(s) {
			_, _, err := all.of(each)
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}
