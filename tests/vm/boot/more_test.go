//go:build vmhost

package boot

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/foretold"
	"github.com/glowplug-os/glowplug/tests/vm/machine"
)

// What this config would make again cannot be made as long as the system runs, and a plan says so: the tables of two
// disks are wiped, and a volume has a random key.
func TestTheSameWithTrixie(t *testing.T) {
	firstAndSecond(t, "trixie", testdata(t, "machine.ign"), func(t *testing.T, p foretold.Plan) {
		assert.Len(t, p.Conflicts, 3)
		for _, c := range p.Conflicts {
			assert.Contains(t, c.Message, "in use")
		}
	})
}

// The helper for kernel arguments is called in every first boot of a config that has them, and reboots if it had to
// change something. qemu, which starts the kernel here, is the boot loader.
func TestKernelArgumentsTakeOneReboot(t *testing.T) {
	t.Parallel()
	b := newBox(t, "bookworm")
	config := oneFile(object{"source": "data:,made"})
	config["kernelArguments"] = object{"shouldExist": []string{"wanted=1"}, "shouldNotExist": []string{"unwanted"}}
	text := withProof(t, encode(t, config))
	const asked = "--should-exist wanted=1 --should-not-exist unwanted\n"

	// systemd ends the helper and the stage, which is no failure.
	for _, how := range []string{"force", "all"} {
		o := b.first(text, nil, "unwanted", "test.reboot="+how)
		assert.Equal(t, asked, o.kargs)
		assert.True(t, o.says("reboot: Restarting system"), "%s", o.Tail(20))
		assert.True(t, o.says("Ignition ends before kargs is done: the machine shuts down"), "%s", o.Tail(20))
		assert.False(t, o.says("Ignition failed"), "%s", o.Tail(20))
		assert.Empty(t, o.proof)
	}

	checks := append(withoutNetwork(),
		check{"the arguments", "grep -o -w -e wanted=1 -e unwanted /proc/cmdline", "wanted=1"})
	o := b.first(text, append(checks, ofItself), "wanted=1")
	assert.Equal(t, asked, o.kargs)
	o.must(checks)
	nothingToDo(t, o.plan(ofItself))
}

// The disk of the root itself gets a partition in its free space, which is mounted before files are written.
func TestAPartitionInTheFreeSpaceOfTheRootsDisk(t *testing.T) {
	t.Parallel()
	b := newBox(t, "bookworm")
	config := object{
		"ignition": object{"version": "3.4.0"},
		"storage": object{
			"disks": []object{{"device": "/dev/disk/by-id/virtio-root",
				"partitions": []object{{"label": "var", "number": 2}}}},
			"filesystems": []object{{"device": "/dev/disk/by-partlabel/var", "format": "ext4", "label": "VAR",
				"path": "/var"}},
			"files": []object{{"path": "/var/lib/made", "contents": object{"source": "data:,made"}}},
		},
		"systemd": object{"units": []object{{"name": "var.mount", "enabled": true,
			"contents": "[Mount]\nWhat=/dev/disk/by-partlabel/var\nWhere=/var\nType=ext4\n[Install]\n" +
				"RequiredBy=local-fs.target\n"}}},
	}
	checks := []check{
		{"nothing has failed", "systemctl --failed --no-legend --plain --no-pager", ""},
		{"partitions of the root's disk",
			"lsblk -nlo PARTLABEL /dev/disk/by-id/virtio-root | grep . | sort | tr '\\n' ' '", "root var"},
		{"the mount", "findmnt -nro LABEL /var", "VAR"},
		{"the file on it", "cat /var/lib/made", "made"},
		{"nothing of the file on the root",
			"mkdir -p /run/root && mount --bind / /run/root && ls /run/root/var/lib/made 2>/dev/null | wc -l", "0"},
	}
	o := b.first(withProof(t, encode(t, config)), append(checks, ofItself))
	o.must(checks)
	nothingToDo(t, o.plan(ofItself))
	b.again(checks).must(checks)
}

// cutSeed makes the moments of the power cuts the same in every run.
const cutSeed = 20261124

// A first boot may lose its power at any moment. The next one ends as if it had not.
func TestPowerCuts(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(cutSeed, 0))
	for range 5 {
		// That many lines of the disks, mount and files stages are logged in one boot of this config.
		after := 1 + random.IntN(linesLogged)
		t.Run(fmt.Sprintf("after %d lines", after), func(t *testing.T) {
			t.Parallel()
			b := newBox(t, "bookworm")
			config := withProof(t, testdata(t, "machine.ign"))
			seen := 0
			b.spec.Until = func(line machine.Line) bool {
				if strings.Contains(line.Text, "ignition[") {
					seen++
				}
				return seen >= after
			}
			o := b.first(config, nil, "systemd.journald.forward_to_console=1")
			require.True(t, o.Cut, "the boot logs %d lines only:\n%s", seen, o.Tail(40))
			t.Logf("cut after: %s", o.Tail(1))
			b.spec.Until = nil
			b.first(config, asDescribed).must(asDescribed)
		})
	}
}

const linesLogged = 120

// A first boot has systemd go by the presets of the image for every unit; what the config says of a unit comes before
// them.
func TestPresetsOfAFirstBoot(t *testing.T) {
	t.Parallel()
	const unit = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n[Install]\n" +
		"WantedBy=multi-user.target\n"
	config := object{
		"ignition": object{"version": "3.4.0"},
		"storage": object{"files": []object{with("/etc/systemd/system-preset/99-default.preset",
			"enable off.service\nenable left.service\nenable ssh.service\ndisable *\n", object{"overwrite": true})}},
		"systemd": object{"units": []object{
			{"name": "on.service", "enabled": true, "contents": unit},
			{"name": "off.service", "enabled": false, "contents": unit},
			{"name": "left.service", "contents": unit},
			{"name": "ssh.service", "enabled": false},
		}},
	}
	checks := []check{
		{"nothing has failed", "systemctl --failed --no-legend --plain --no-pager", ""},
		{"what the config enables", "systemctl is-enabled on.service && systemctl is-active on.service",
			"enabled\nactive"},
		{"what it disables", "systemctl is-enabled off.service ssh.service; systemctl is-active off.service " +
			"ssh.service; true", "disabled\ndisabled\ninactive\ninactive"},
		{"what it says nothing of", "systemctl is-enabled left.service && systemctl is-active left.service",
			"enabled\nactive"},
	}
	b := newBox(t, "bookworm")
	o := b.first(withProof(t, encode(t, config)), append(checks, ofItself))
	o.must(checks)
	nothingToDo(t, o.plan(ofItself))
	b.again(checks).must(checks)
}
