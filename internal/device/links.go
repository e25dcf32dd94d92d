package device

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// A Link is a name that should lead to a node.
type Link struct{ Name, Node string }

// Leads is an error unless a link leads to its node.
func (d *Devices) Leads(link Link) error {
	is, err := d.Node(link.Name)
	if err != nil {
		return err
	}
	want, err := d.Node(link.Node)
	if err != nil {
		return err
	}
	if is != want {
		return fmt.Errorf("%s leads to %s", diag.Name(link.Name), is)
	}
	return nil
}

// Lead waits until a link leads to its node. Of two devices that claim one name udev gives it to the one that it looked
// at last, so it is asked to look at the right one.
func (d *Devices) Lead(ctx context.Context, link Link) error {
	if d.Leads(link) == nil {
		return nil
	}
	if err := d.Settle(ctx, link.Node); err != nil {
		return err
	}
	return d.poll(ctx, d.patience(), fmt.Sprintf("%s to lead to %s", diag.Name(link.Name), diag.Name(link.Node)),
		func() (bool, error) {
			err := d.Leads(link)
			return err == nil, err
		})
}

// known waits until udev has seen nodes as what they are now: each claims its link. Where it leads is another question,
// as other devices may claim it too. If udev makes no links of their kind nobody can be misled.
func (d *Devices) known(ctx context.Context, links []Link) error {
	links = slices.DeleteFunc(slices.Clone(links), func(l Link) bool {
		_, err := os.Stat(filepath.Dir(l.Name))
		return err != nil
	})
	if !d.udev() {
		return nil
	}
	return d.poll(ctx, d.patience(), "udev", func() (bool, error) {
		for _, link := range links {
			if d.Leads(link) == nil {
				continue
			}
			number, is := Number(link.Node)
			if !is || !slices.Contains(d.claims(number), link.Name) {
				return false, fmt.Errorf("udev does not know %s as %s", diag.Name(link.Node), diag.Name(link.Name))
			}
		}
		return true, nil
	})
}

// claims are the links that udev's database has for a device, whether or not they lead to it: a line S: each, below
// /dev.
func (d *Devices) claims(number uint64) []string {
	return claimed(d.at(fmt.Sprintf("/run/udev/data/b%d:%d", unix.Major(number), unix.Minor(number))))
}

func claimed(entry string) (links []string) {
	text, err := os.ReadFile(entry)
	if err != nil {
		return nil // the device has just gone, or is not known yet
	}
	for line := range strings.Lines(string(text)) {
		if link, is := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "S:"); is {
			links = append(links, "/dev/"+link)
		}
	}
	return links
}

// Claims are the nodes that claim links whose names begin with some text, by link.
func (d *Devices) Claims(prefix string) map[string][]string {
	all := map[string][]string{}
	entries, _ := filepath.Glob(d.at("/run/udev/data") + "/b*") // no pattern that could be wrong
	for _, entry := range entries {
		for _, link := range claimed(entry) {
			if strings.HasPrefix(link, "/dev/"+prefix) {
				node := numbered(d.at("/sys/dev/block/"), strings.TrimPrefix(filepath.Base(entry), "b"))
				all[link] = append(all[link], node)
			}
		}
	}
	return all
}

// numbered is the node of a device by its numbers, as "8:1", which a folder of sysfs has links for.
func numbered(folder, numbers string) string {
	link, err := os.Readlink(filepath.Join(folder, numbers))
	if err != nil {
		return "device " + numbers
	}
	return block.NodeOf(filepath.Base(link))
}
