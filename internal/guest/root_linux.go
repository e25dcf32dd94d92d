package guest

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// whose says where the root comes from.
type whose uint8

const (
	none  whose = iota // there is none, and none is needed
	found              // it is on the disks
	made               // the config mounts it
)

// rootOf says where the root comes from, and finds it, before anything is changed.
func (m *machine) rootOf(ctx context.Context, cfg config.Config) (whose, error) {
	for i := range cfg.Storage.Filesystems {
		if p := config.Says(cfg.Storage.Filesystems[i].Path); p != "" && filepath.Clean(p) == "/" {
			return made, nil
		}
	}
	var err error
	if m.found, err = m.findRoot(ctx); err != nil {
		return none, err
	}
	switch what := needsRoot(cfg); {
	case m.found.device != "":
		return found, nil
	case what != "":
		return none, diag.WithHint(errors.New("no filesystem has a system on it, and the config has "+what),
			"name images of which one has a root with /usr/lib/os-release on ext4, xfs or btrfs; or have the config "+
				"make a filesystem with the path /")
	}
	return none, nil
}

// needsRoot is something of a config that is not to be done without a root; "" for nothing.
func needsRoot(cfg config.Config) string {
	s := cfg.Storage
	for _, each := range []struct {
		is   int
		what string
	}{
		{len(s.Files) + len(s.Directories) + len(s.Links), "files"},
		{len(cfg.Passwd.Users) + len(cfg.Passwd.Groups), "users or groups"},
		{len(cfg.Systemd.Units), "units"}, {len(s.Luks), "volumes, whose keys are left in a root"},
	} {
		if each.is > 0 {
			return each.what
		}
	}
	for i := range s.Filesystems {
		if config.Says(s.Filesystems[i].Path) != "" {
			return "a filesystem with a path"
		}
	}
	return ""
}

// resolver answers for the names that this host knows, in qemu's network (qemu(1), -netdev user).
const resolver = "10.0.2.3"

// network brings up the card, with the addresses that qemu has for it.
func (m *machine) network(ctx context.Context) error {
	cards, err := filepath.Glob("/sys/class/net/*/device")
	if err != nil || len(cards) != 1 {
		return errors.Join(errors.New("the machine has not one network card"), err)
	}
	card := filepath.Base(filepath.Dir(cards[0]))
	for _, args := range [][]string{{"link", "set", "lo", "up"}, {"link", "set", card, "up"},
		{"address", "add", "10.0.2.15/24", "dev", card}, {"route", "add", "default", "via", "10.0.2.2"}} {
		if _, err := m.tools.Run(ctx, tool.Command{Tool: "ip", Args: args}); err != nil {
			return err
		}
	}
	return os.WriteFile("/etc/resolv.conf", []byte("nameserver "+resolver+"\n"), 0o644)
}
