//go:build disk

package browser_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/machines"
	"github.com/glowplug-os/glowplug/tests/prepared"
)

// config has two disks, of which one holds something, an array, a volume, and all else that a page shows.
const config = `variant: fcos
version: 1.5.0
kernel_arguments: {should_exist: [quiet]}
passwd:
  groups: [{name: web}]
  users:
    - {name: core, groups: [web], ssh_authorized_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA core@example.com]}
    - {name: old, should_exist: false}
storage:
  disks:
    - device: /dev/vda
      partitions:
        - {number: 1, label: boot, size_mib: 16}
        - {number: 2, label: tiny, size_mib: 1}
        - {number: 3, label: md-a}
    - device: /dev/vdb
      wipe_table: true
      partitions: [{number: 1, label: md-b}]
    - device: /dev/vdc
      partitions:
        - {number: 3, label: more, size_mib: 8}
        - {number: 4, label: logs, size_mib: 4}
        - {number: 5, label: swap, size_mib: 2}
  raid: [{name: data, level: raid1, devices: [/dev/disk/by-partlabel/md-a, /dev/disk/by-partlabel/md-b]}]
  luks: [{name: data, device: /dev/md/data, wipe_volume: true}]
  filesystems:
    - {device: /dev/vda1, format: vfat, path: /boot}
    - {device: /dev/mapper/data, format: xfs, wipe_filesystem: true, path: /srv}
  directories: [{path: /etc/web, mode: 0750}]
  files:
    - {path: /etc/motd, overwrite: true, contents: {inline: "Welcome.\nIt is a web server.\nBye.\n"}}
    - {path: /etc/web/secret.conf, overwrite: true, mode: 0600, contents: {inline: "key"}}
    - {path: /etc/web/site.conf, mode: 0644, contents: {source: https://example.com/site.conf}}
    - {path: /opt/a/very/deep/place/with/a-name-that-is-long-enough-to-need-two-lines-on-a-phone.conf}
    - {path: /etc/hosts, contents: {inline: other}}
  links: [{path: /etc/localtime, target: ../usr/share/zoneinfo/Europe/Berlin, overwrite: true}]
systemd:
  units:
    - name: web.service
      enabled: true
      contents: "[Service]\nExecStart=/usr/bin/web\n[Install]\nWantedBy=multi-user.target\n"
      dropins: [{name: 10-more.conf, contents: "[Service]\nRestart=always\n"}]
    - {name: old.service, mask: true}
`

// there is what the root has.
var there = map[string]string{
	"etc/motd": "Welcome.\nIt is a mail server.\nBye.\n", "etc/hosts": "127.0.0.1 localhost\n",
	"etc/web/secret.conf": "old key",
	"etc/passwd":          "root:x:0:0:root:/root:/bin/bash\nold:x:1000:1000::/home/old:/bin/bash\n",
	"etc/group":           "root:x:0:\nold:x:1000:\n", "etc/shadow": "root:*:1::::::\nold:$6$abc$def:1::::::\n",
	"etc/gshadow": "root:*::\nold:!::\n", "etc/login.defs": "", "home/old/letter": "Dear reader\n",
	"usr/bin/bash": "", "etc/os-release": "ID=debian\nVERSION_ID=12\n",
}

// written is the page of the config in a folder.
func written(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range there {
		file := filepath.Join(dir, "root", name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "web.bu"), []byte(config), 0o600))
	old := machines.NewDisk(t, 64, machines.Part(1, 1, 40, "photos"))
	copy(old[1<<20+1024:], machines.Ext4("photos"))
	parts := machines.NewDisk(t, 64, machines.Part(1, 1, 10, "first"), machines.Part(2, 20, 2, "second"))
	for name, disk := range map[string][]byte{"a.img": machines.NewDisk(t, 64), "b.img": old, "c.img": parts} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), disk, 0o600))
	}
	program, err := filepath.Abs("../../bin/glowplug")
	require.NoError(t, err)
	c := exec.Command(program, "plan", "--root", "root", "--disk", "/dev/vda=a.img", "--disk", "/dev/vdb=b.img",
		"--disk", "/dev/vdc=c.img", "--format", "html", "web.bu")
	c.Dir = dir
	page, err := c.Output()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 1, exit.ExitCode(), "%s", exit.Stderr)
	file := filepath.Join(dir, "plan.html")
	require.NoError(t, os.WriteFile(file, page, 0o600))
	return file
}

func TestAPageIsReadableAtEveryWidth(t *testing.T) {
	axe, err := os.ReadFile(filepath.Join(prepared.By(t, "./prepare"), "node_modules/axe-core/axe.min.js"))
	require.NoError(t, err)
	page, b := written(t), start(t)
	for _, width := range []int{360, 1024, 2560} {
		for _, scheme := range []string{"light", "dark"} {
			t.Run(fmt.Sprintf("%d %s", width, scheme), func(t *testing.T) {
				b.t = t
				b.open(page, width, scheme)
				picture := filepath.Join(t.ArtifactDir(), "page.png")
				require.NoError(t, os.WriteFile(picture, b.picture(), 0o600))
				assert.Len(t, b.told("Network.requestWillBeSent"), 1, "the page loads nothing but itself")
				assert.Empty(t, b.told("Log.entryAdded"), "and breaks no rule of its policy")
				fits(t, b, width)
				b.evaluate(string(axe)+"; undefined", nil)
				assert.Empty(t, violations(b))
			})
		}
	}
}

// fits: the style sheet is in force, nothing is wider than the window, and no part of a disk is too small to be read.
func fits(t *testing.T, b *browser, width int) {
	t.Helper()
	var display string
	b.evaluate(`getComputedStyle(document.querySelector("main")).display`, &display)
	assert.Equal(t, "grid", display)
	var wide int
	b.evaluate(`document.documentElement.scrollWidth`, &wide)
	assert.LessOrEqual(t, wide, width)
	var least struct{ Width, Height float64 }
	b.evaluate(`(() => { const all = [...document.querySelectorAll(".bar > li")].map(e => e.getBoundingClientRect());
		return {width: Math.min(...all.map(r => r.width)), height: Math.min(...all.map(r => r.height))} })()`, &least)
	assert.Greater(t, least.Width, 90.0)
	assert.Greater(t, least.Height, 20.0)
	var out []string
	b.evaluate(`[...document.querySelectorAll("main *")].filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth)
		.map(e => e.outerHTML.slice(0, 100))`, &out)
	assert.Empty(t, out, "what is wider than its place")
}

// violations are what axe-core finds, a line for each element.
func violations(b *browser) (all []string) {
	var found struct {
		Violations []struct {
			ID    string
			Nodes []struct{ HTML, FailureSummary string }
		}
		Passes []struct{ ID string }
	}
	b.evaluate(`axe.run(document, {resultTypes: ["violations", "incomplete", "passes"]})`, &found)
	rules := map[string]bool{}
	for _, p := range found.Passes {
		rules[p.ID] = true
	}
	for _, rule := range []string{"color-contrast", "heading-order", "list", "document-title"} {
		if !rules[rule] {
			all = append(all, rule+" was not tried")
		}
	}
	for _, v := range found.Violations {
		for _, n := range v.Nodes {
			all = append(all, strings.Join([]string{v.ID, n.HTML, n.FailureSummary}, ": "))
		}
	}
	return all
}

func TestPartsOfADiskAreDrawnToScale(t *testing.T) {
	prepared.By(t, "./prepare")
	page, b := written(t), start(t)
	b.open(page, 1024, "light")
	var parts []struct {
		Text  string
		Width float64
	}
	b.evaluate(`[...document.querySelectorAll("[aria-label='Before: /dev/vdb'] > li")].map(e => (
		{text: e.textContent, width: e.getBoundingClientRect().width}))`, &parts)
	require.Len(t, parts, 2)
	assert.Contains(t, parts[0].Text, "photos")
	assert.InDelta(t, 40.0/23.0, parts[0].Width/parts[1].Width, 0.1)
}

func TestWhatIsFoldedIsPrinted(t *testing.T) {
	prepared.By(t, "./prepare")
	page, b := written(t), start(t)
	b.open(page, 1024, "light")
	const visible = `(() => { const all = [...document.querySelectorAll("details:not([open]) table")];
		return all.filter(e => e.checkVisibility()).length / all.length })()`
	var share float64
	b.evaluate(visible, &share)
	assert.Zero(t, share)
	b.media("print", "light")
	b.evaluate(visible, &share)
	assert.InDelta(t, 1, share, 0)
}
