//go:build disk

package disk

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/chain"
	"github.com/glowplug-os/glowplug/tests/faults"
)

// chainConfig has partitions on two disks, of which the second has a table already, four formats, and mounts inside
// each other. 1@ and 2@ are the disks. #### are
// digits drawn for them: there is no second btrfs, and no second xfs that is mounted, with the UUID of another.
const chainConfig = `{
  "ignition": {"version": "3.4.0"},
  "passwd": {"users": [{"name": "core", "homeDir": "/var/home/core", "passwordHash": "$6$x"}]},
  "storage": {
    "disks": [
      {"device": "1@", "partitions": [
        {"number": 1, "label": "srv", "sizeMiB": 64, "guid": "11111111-1111-4111-8111-111111111111"},
        {"number": 2, "label": "swap", "sizeMiB": 16, "guid": "22222222-2222-4222-8222-222222222222"},
        {"number": 3, "label": "var", "guid": "33333333-3333-4333-8333-333333333333"}]},
      {"device": "2@", "wipeTable": true, "partitions": [
        {"number": 1, "label": "data", "sizeMiB": 128, "guid": "44444444-4444-4444-8444-444444444444"},
        {"number": 2, "label": "log", "sizeMiB": 32, "guid": "55555555-5555-4555-8555-555555555555"}]}],
    "filesystems": [
      {"device": "1@p1", "format": "ext4", "label": "srv", "path": "/srv", "uuid": "66666666-6666-4666-8666-666666666666"},
      {"device": "1@p2", "format": "swap", "label": "swap", "uuid": "77777777-7777-4777-8777-777777777777"},
      {"device": "1@p3", "format": "xfs", "label": "var", "path": "/var", "uuid": "88888888-8888-4888-8888-88888888####"},
      {"device": "2@p1", "format": "btrfs", "label": "data", "path": "/var/lib/data", "uuid": "99999999-9999-4999-8999-99999999####"},
      {"device": "2@p2", "format": "ext4", "uuid": "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa", "wipeFilesystem": true, "path": "/var/home", "mountOptions": ["noatime"]}],
    "directories": [{"path": "/var/lib/data/deep", "mode": 448}],
    "files": [
      {"path": "/srv/index.html", "contents": {"source": "data:,hello"}, "append": [{"source": "data:,%20there"}]},
      {"path": "/var/lib/data/deep/file", "user": {"name": "core"}, "contents": {"source": "data:,deep"}}],
    "links": [{"path": "/var/www", "target": "/srv"}]
  },
  "systemd": {"units": [{"name": "a.service", "enabled": true, "contents": "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"}]}
}`

// A pair is two disks, of which the second has a table with something on it when a boot begins.
type pair struct{ first, second, digits string }

// pairs attaches two: the boots that are not disturbed are of one test.
func pairs(t *testing.T) chan pair {
	all := make(chan pair, 2)
	for range cap(all) {
		p := pair{loopDeviceOf(t, chain.Memory(t), "512M"), loopDeviceOf(t, chain.Memory(t), "512M"),
			fmt.Sprintf("%04x", rand.IntN(1<<16))}
		t.Cleanup(func() { // the kernel would show them on whatever is attached next
			for _, disk := range []string{p.first, p.second} {
				_ = exec.Command("partx", "--delete", disk).Run()
			}
		})
		all <- p
	}
	return all
}

// onDisks is a boot on disks. Each has mounts of its own.
func onDisks(t *testing.T) *chain.Trial {
	free := pairs(t)
	var taken sync.Map // by folders
	of := func(m *chain.Machine) pair {
		p, _ := taken.Load(m.Dir)
		return p.(pair)
	}
	return &chain.Trial{
		Fresh: func(t *testing.T) *chain.Machine {
			ownMounts(t)
			p := <-free
			t.Cleanup(func() { free <- p })
			chainBlank(t, p.first)
			chainBlank(t, p.second)
			must(t, "sgdisk", "--new=1:0:+100M", "--change-name=1:old", p.second)
			fill := strings.NewReplacer("1@", p.first, "2@", p.second, "####", p.digits)
			m := chain.New(t, program(t, "ignition"), fill.Replace(chainConfig))
			taken.Store(m.Dir, p)
			return m
		},
		Result: func(t *testing.T, m *chain.Machine) map[string]string { return chainTree(t, m, of(m)) },
		Names: func(m *chain.Machine) *strings.Replacer {
			return strings.NewReplacer(m.Dir, "", of(m).first, "1@", of(m).second, "2@",
				filepath.Base(of(m).first), "1@", filepath.Base(of(m).second), "2@")
		},
		Leave: ofLibraries,
	}
}

// chainTree looks at everything that was made, each filesystem mounted where the booted system would have it.
func chainTree(t *testing.T, m *chain.Machine, p pair) map[string]string {
	t.Helper()
	for _, each := range [][2]string{{p.first + "p1", "/srv"}, {p.first + "p3", "/var"},
		{p.second + "p1", "/var/lib/data"}, {p.second + "p2", "/var/home"}} {
		must(t, "mount", each[0], m.Root()+each[1])
	}
	require.NoError(t, m.Again(t.Context()))
	tree := chain.Tree(t, m.Root())
	m.Cut(t)
	for name, disk := range map[string]string{"1@": p.first, "2@": p.second} {
		must(t, "sgdisk", "--verify", disk)
		tree["table of "+name] = withoutIdentity(must(t, "sfdisk", "--dump", disk), disk)
		parts, err := filepath.Glob(disk + "p*")
		require.NoError(t, err)
		for _, part := range parts {
			found := must(t, "blkid", "-p", "-o", "export", "-s", "TYPE", "-s", "LABEL", "-s", "UUID", part)
			tree["found on "+name+strings.TrimPrefix(part, disk)] = strings.NewReplacer(part, "", // it tells its name
				"888"+p.digits+"\n", "888\n", "999"+p.digits+"\n", "999\n").Replace(found)
		}
	}
	return tree
}

// withoutIdentity leaves out what a new table gets at random.
func withoutIdentity(dump, disk string) string {
	var kept []string
	for line := range strings.Lines(dump) {
		if !strings.HasPrefix(line, "label-id:") && !strings.HasPrefix(line, "device:") {
			kept = append(kept, strings.ReplaceAll(line, disk, "DISK"))
		}
	}
	return strings.Join(kept, "")
}

// Killed right before any call that changes something, also of tools, and so before and after each step and each run of
// a tool too, a boot that begins again ends as one that was not disturbed.
func TestABootOnDisksConvergesWhereverItIsCutOff(t *testing.T) {
	c := onDisks(t)
	var points []faults.Point
	t.Run("undisturbed", func(t *testing.T) {
		all, want := c.Undisturbed(t)
		assert.Contains(t, want["/srv/index.html"], "hello there")
		assert.Contains(t, want["/var/home/core"], " 1000:")
		assert.Contains(t, want["found on 1@p2"], "swap")
		points = changing(all)
	})
	require.Greater(t, len(points), 300)
	killed(t, "disks", c, sample(t, points, 12), func(int) bool { return false })
}

// The same of calls that fail, here of tools too.
func TestABootOnDisksWithACallThatFails(t *testing.T) {
	c := onDisks(t)
	var all []chance
	t.Run("undisturbed", func(t *testing.T) {
		points, _ := c.Undisturbed(t)
		all = chances(points)
	})
	failing(t, "disks", c, sample(t, all, 16))
}

// The same of tools that do something else than they should.
func TestABootOnDisksWithToolsThatMisbehave(t *testing.T) {
	c := onDisks(t)
	t.Run("undisturbed", func(t *testing.T) { c.Undisturbed(t) })
	misled(t, "disks", c, 6, "wipefs", "mkfs.ext4", "mkfs.xfs", "mkfs.btrfs", "mkswap", "mount", "blkid")
}

// chainBlank makes a disk as it came, for the kernel too.
func chainBlank(t *testing.T, disk string) {
	t.Helper()
	parts, err := filepath.Glob(disk + "p*")
	require.NoError(t, err)
	for _, part := range parts {
		must(t, "partx", "--delete", "--nr", strings.TrimPrefix(part, disk+"p"), disk)
	}
	size, err := os.OpenFile(disk, os.O_RDWR, 0)
	require.NoError(t, err)
	defer size.Close()
	must(t, "blkdiscard", "--force", disk)
}
