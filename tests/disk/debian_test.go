//go:build disk

package disk

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type object = map[string]any

// A file is an entry of storage.files and what must come of it.
type file struct {
	entry    object
	at       string // where it is in the root
	content  string
	mode     fs.FileMode
	uid, gid int
}

// A link is an entry of storage.links and what must come of it.
type link struct {
	entry object
	at    string
	to    string // the text of a symbolic link, or the path in the root that a hard link names
	hard  bool
}

func plain(text string) object { return object{"source": "data:," + url.PathEscape(text)} }

func base64ed(text string) object {
	return object{"source": "data:text/plain;base64," + base64.StdEncoding.EncodeToString([]byte(text))}
}

// squeezed is compressed content; its digest is that of the text.
func squeezed(text string) object {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	sum := sha512.Sum512([]byte(text))
	return object{
		"source": "data:;base64," + base64.StdEncoding.EncodeToString(packed.Bytes()), "compression": "gzip",
		"verification": object{"hash": "sha512-" + hex.EncodeToString(sum[:])},
	}
}

func digested(text string) object {
	sum := sha256.Sum256([]byte(text))
	r := base64ed(text)
	r["verification"] = object{"hash": "sha256-" + hex.EncodeToString(sum[:])}
	return r
}

// wantedFiles are 40 files: each way of giving content, owners and modes, and each thing that can be in the way.
func wantedFiles(original string) []file {
	debianVersion, err := os.ReadFile(filepath.Join(original, "etc/debian_version"))
	if err != nil {
		panic(err) // debian() has made sure that the tree is there
	}
	long := strings.Repeat("a line that is long enough to be worth compressing\n", 4000)
	files := []file{
		{object{"path": "/etc/hostname", "overwrite": true, "contents": plain("node-1\n")}, "/etc/hostname", "node-1\n",
			0o644, 0, 0},
		{object{"path": "/etc/issue", "overwrite": true, "mode": 0o600, "contents": base64ed("none\n")}, "/etc/issue",
			"none\n", 0o600, 0, 0},
		{object{"path": "/etc/debian_version", "append": []object{plain("one\n"), base64ed("two\n")}},
			"/etc/debian_version", string(debianVersion) + "one\ntwo\n", 0o644, 0, 0},
		{object{"path": "/etc/new-and-appended", "contents": plain("start\n"), "append": []object{plain("end\n")}},
			"/etc/new-and-appended", "start\nend\n", 0o644, 0, 0},
		{object{"path": "/etc/only-appended", "mode": 0o640, "append": []object{plain("all\n")}}, "/etc/only-appended",
			"all\n", 0o640, 0, 0},
		{object{"path": "/etc/empty"}, "/etc/empty", "", 0o644, 0, 0},
		{object{"path": "/etc/empty-source", "contents": object{"source": ""}}, "/etc/empty-source", "", 0o644, 0, 0},
		{object{"path": "/etc/by-id", "user": object{"id": 1234}, "group": object{"id": 4321}, "contents": plain("x")},
			"/etc/by-id", "x", 0o644, 1234, 4321},
		{object{"path": "/etc/by-name", "user": object{"name": "www-data"}, "group": object{"name": "adm"},
			"mode": 0o440, "contents": plain("x")}, "/etc/by-name", "x", 0o440, 33, 4},
		{object{"path": "/etc/only-user", "user": object{"name": "daemon"}, "contents": plain("x")}, "/etc/only-user",
			"x", 0o644, 1, 0},
		{object{"path": "/opt/deep/er/than/before", "contents": plain("deep\n")}, "/opt/deep/er/than/before", "deep\n",
			0o644, 0, 0},
		{object{"path": "/bin/through-a-link", "mode": 0o755, "contents": plain("#!/bin/sh\n")},
			"/usr/bin/through-a-link", "#!/bin/sh\n", 0o755, 0, 0},
		{object{"path": "/var/run/through-an-absolute-link", "contents": plain("run\n")},
			"/run/through-an-absolute-link", "run\n", 0o644, 0, 0},
		{object{"path": "/lib/through-a-link", "contents": plain("lib\n")}, "/usr/lib/through-a-link", "lib\n", 0o644,
			0, 0},
		{object{"path": "/usr/local/bin/set-id", "mode": 0o6755, "contents": plain("#!/bin/sh\n")},
			"/usr/local/bin/set-id", "#!/bin/sh\n", 0o755 | fs.ModeSetuid | fs.ModeSetgid, 0, 0},
		{object{"path": "/usr/local/share/squeezed", "contents": squeezed(long)}, "/usr/local/share/squeezed", long,
			0o644, 0, 0},
		{object{"path": "/usr/local/share/digested", "contents": digested(long)}, "/usr/local/share/digested", long,
			0o644, 0, 0},
		{object{"path": "/usr/local/share/b\u00e4r 100%", "contents": plain("name\n")},
			"/usr/local/share/b\u00e4r 100%", "name\n", 0o644, 0, 0},
		{object{"path": "/usr/local/share/bytes", "contents": base64ed("\x00\xff\n\r")}, "/usr/local/share/bytes",
			"\x00\xff\n\r", 0o644, 0, 0},
		{object{"path": "/etc/no-access", "mode": 0, "contents": plain("x")}, "/etc/no-access", "x", 0, 0, 0},
	}
	for i := len(files); i < 40; i++ {
		path, text := fmt.Sprintf("/etc/app.d/%02d.conf", i), strings.Repeat(fmt.Sprintf("setting %d\n", i), i*i)
		files = append(files, file{object{"path": path, "mode": 0o600 + i%8, "contents": base64ed(text)}, path, text,
			fs.FileMode(0o600 + i%8), 0, 0})
	}
	return files
}

func wantedLinks() []link {
	links := []link{
		{object{"path": "/srv/current", "target": "v1"}, "/srv/current", "v1", false},
		{object{"path": "/etc/localtime", "target": "../usr/share/zoneinfo/Etc/UTC", "overwrite": true},
			"/etc/localtime", "../usr/share/zoneinfo/Etc/UTC", false},
		{object{"path": "/etc/dangling", "target": "/nowhere/at/all"}, "/etc/dangling", "/nowhere/at/all", false},
		{object{"path": "/etc/out-of-here", "target": "../../../../../etc/passwd"}, "/etc/out-of-here",
			"../../../../../etc/passwd", false},
		{object{"path": "/bin/same", "target": "/usr/bin/through-a-link", "hard": true}, "/usr/bin/same",
			"/usr/bin/through-a-link", true},
		{object{"path": "/etc/passwd-too", "target": "/etc/passwd", "hard": true}, "/etc/passwd-too", "/etc/passwd",
			true},
		{object{"path": "/etc/owned-link", "target": "hostname", "user": object{"id": 7}, "group": object{"id": 8}},
			"/etc/owned-link", "hostname", false},
	}
	for i := len(links); i < 10; i++ {
		path, to := fmt.Sprintf("/opt/links/%d", i), fmt.Sprintf("../../etc/app.d/%02d.conf", 30+i)
		links = append(links, link{object{"path": path, "target": to}, path, to, false})
	}
	return links
}

const appUnit = "[Unit]\nDescription=An application\n\n[Service]\nExecStart=/bin/sleep infinity\n\n[Install]\n" +
	"WantedBy=multi-user.target\n"
const workerUnit = "[Unit]\nDescription=Worker %i\n\n[Service]\nExecStart=/bin/sleep %i\n\n[Install]\n" +
	"WantedBy=multi-user.target\n"

// wantedUnits are 6 units; enabledAfter is what systemctl must answer once their presets have been applied.
var wantedUnits = []object{
	{"name": "app.service", "enabled": true, "contents": appUnit, "dropins": []object{
		{"name": "10-limits.conf", "contents": "[Service]\nLimitNOFILE=4096\n"},
		{"name": "20-nothing.conf", "contents": ""},
	}},
	{"name": "worker@.service", "contents": workerUnit},
	{"name": "worker@1.service", "enabled": true},
	{"name": "getty@tty1.service", "enabled": false},
	{"name": "apt-daily.timer", "enabled": false},
	{"name": "systemd-pstore.service", "mask": true},
}

var enabledBefore = map[string]string{"getty@tty1.service": "enabled", "apt-daily.timer": "enabled",
	"systemd-pstore.service": "enabled"}

var enabledAfter = map[string]string{
	"app.service": "enabled", "worker@1.service": "enabled",
	"getty@tty1.service": "disabled", "apt-daily.timer": "disabled", "systemd-pstore.service": "masked",
}

// unitFiles are the files that the units above become.
var unitFiles = map[string]string{
	"/etc/systemd/system/app.service":                   appUnit,
	"/etc/systemd/system/app.service.d/10-limits.conf":  "[Service]\nLimitNOFILE=4096\n",
	"/etc/systemd/system/app.service.d/20-nothing.conf": "",
	"/etc/systemd/system/worker@.service":               workerUnit,
	"/etc/systemd/system-preset/20-ignition.preset": "enable app.service\ndisable apt-daily.timer\n" +
		"disable getty@.service\ndisable getty@tty1.service\nenable worker@.service 1\n",
}

func wantedConfig(files []file, links []link) object {
	var entries, linkEntries []object
	for _, f := range files {
		entries = append(entries, f.entry)
	}
	for _, l := range links {
		linkEntries = append(linkEntries, l.entry)
	}
	return object{
		"ignition": object{"version": "3.6.0"},
		"storage": object{
			"directories": []object{{"path": "/srv/v1", "mode": 0o2775, "group": object{"name": "www-data"}},
				{"path": "/var/cache", "mode": 0o750}},
			"files": entries, "links": linkEntries,
		},
		"systemd": object{"units": wantedUnits},
	}
}

func (f file) check(t *testing.T, root string) {
	t.Helper()
	info, err := os.Lstat(root + f.at)
	if !assert.NoError(t, err) {
		return
	}
	assert.Equal(t, f.mode.String(), info.Mode().String(), f.at)
	uid, gid := owner(t, info)
	assert.Equal(t, []int{f.uid, f.gid}, []int{uid, gid}, f.at)
	content, err := os.ReadFile(root + f.at)
	require.NoError(t, err)
	assert.True(t, f.content == string(content), "the content of %s, %d bytes", f.at, len(content))
}

func (l link) check(t *testing.T, root string) {
	t.Helper()
	info, err := os.Lstat(root + l.at)
	if !assert.NoError(t, err) {
		return
	}
	if l.hard {
		target, err := os.Lstat(root + l.to)
		require.NoError(t, err)
		assert.True(t, os.SameFile(info, target), l.at)
		return
	}
	target, err := os.Readlink(root + l.at)
	require.NoError(t, err)
	assert.Equal(t, l.to, target)
	uid, gid := owner(t, info)
	want := []int{0, 0}
	if l.entry["user"] != nil {
		want = []int{7, 8}
	}
	assert.Equal(t, want, []int{uid, gid}, l.at)
}

func checkDirectory(t *testing.T, path, mode string, uid, gid int) {
	t.Helper()
	info, err := os.Lstat(path)
	require.NoError(t, err)
	gotUID, gotGID := owner(t, info)
	assert.Equal(t, mode, info.Mode().String(), path)
	assert.Equal(t, []int{uid, gid}, []int{gotUID, gotGID}, path)
}

// isEnabled asks the systemctl of this machine about a root; it answers by its words, and fails for some of them.
func isEnabled(root, unit string) string {
	out, _ := exec.Command("systemctl", "--root", root, "is-enabled", unit).Output()
	return strings.TrimSpace(string(out))
}

func agrees(t *testing.T, root string, want map[string]string) {
	t.Helper()
	for unit, answer := range want {
		assert.Equal(t, answer, isEnabled(root, unit), unit)
	}
}

func checkTree(t *testing.T, root string, files []file, links []link) {
	t.Helper()
	for _, f := range files {
		f.check(t, root)
	}
	for _, l := range links {
		l.check(t, root)
	}
	for at, content := range unitFiles {
		file{at: at, content: content, mode: 0o644}.check(t, root)
	}
	masked, err := os.Readlink(root + "/etc/systemd/system/systemd-pstore.service")
	require.NoError(t, err)
	assert.Equal(t, "/dev/null", masked)
	checkDirectory(t, root+"/srv/v1", (fs.ModeDir | fs.ModeSetgid | 0o775).String(), 0, 33)
	checkDirectory(t, root+"/var/cache", (fs.ModeDir | 0o750).String(), 0, 0)
	checkDirectory(t, root+"/opt/deep/er/than", (fs.ModeDir | 0o755).String(), 0, 0)
	nothingHalfWritten(t, root, nil)
}

func TestADebianRootTakesAConfig(t *testing.T) {
	both(t, func(t *testing.T, w way) {
		root := debian(t)
		agrees(t, root, enabledBefore)
		files, links := wantedFiles(root), wantedLinks()
		require.Len(t, files, 40)
		require.Len(t, links, 10)
		require.Len(t, wantedUnits, 6)
		config := writeConfig(t, wantedConfig(files, links))

		code, out := w.run(t, root, config)
		require.Equal(t, 0, code, out)
		checkTree(t, root, files, links)

		var presets []string
		for _, u := range wantedUnits {
			if u["enabled"] != nil {
				presets = append(presets, u["name"].(string))
			}
		}
		must(t, "systemctl", append([]string{"--root", root, "preset"}, presets...)...)
		agrees(t, root, enabledAfter)
		must(t, "systemctl", "--root", root, "preset-all")
		agrees(t, root, enabledAfter)

		verdict := must(t, "systemd-analyze", "verify", "--root", root, "--recursive-errors=yes", "--man=no",
			"app.service", "worker@1.service")
		assert.Empty(t, verdict)

		code, out = w.run(t, root, config)
		require.Equal(t, 0, code, out)
		checkTree(t, root, files, links)
		agrees(t, root, enabledAfter)
	})
}

func TestApplyRunsPresetsItself(t *testing.T) {
	root := debian(t)
	config := writeConfig(t, wantedConfig(nil, []link{{entry: object{"path": "/srv/current", "target": "v1"}}}))
	code, out := call(t, exec.Command(program(t, "glowplug"), "apply", "--root", root, config))
	require.Equal(t, 0, code, out)
	agrees(t, root, enabledAfter)
}
