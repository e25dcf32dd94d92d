package stages

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/providers"
)

// The test binary is also the process that is killed: with these set it provisions a folder and ends itself at a log
// line.
const (
	folderVariable = "GLOWPLUG_TEST_FOLDER"
	endVariable    = "GLOWPLUG_TEST_END"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(folderVariable); dir != "" {
		end, _ := strconv.Atoi(os.Getenv(endVariable))
		if err := provision(dir, &lines{end: end}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// lines counts what is logged, and kills the process at a line. Steps are logged when they start and when they are
// finished.
type lines struct {
	mu         sync.Mutex
	end, count int
	text       []string
}

func (l *lines) Enabled(context.Context, slog.Level) bool { return true }
func (l *lines) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *lines) WithGroup(string) slog.Handler            { return l }

func (l *lines) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
	l.text = append(l.text, r.Message)
	if l.count == l.end {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // the signal is on its way
	}
	return nil
}

// provision runs the stages of a boot on a folder.
func provision(dir string, log slog.Handler) error {
	platform, _ := providers.Find("file")
	id := target.Identity{Privileged: os.Geteuid() == 0, UID: uint32(os.Geteuid()),
		Groups: []uint32{uint32(os.Getegid())}}
	for _, name := range []string{"fetch", "kargs", "disks", "mount", "files", "umount"} {
		err := Run(context.Background(), Boot{
			Stage: name, Platform: platform, Root: filepath.Join(dir, "root"),
			Paths: handoff.Paths{Config: filepath.Join(dir, "run/ignition.json"),
				State: filepath.Join(dir, "run/ignition/state"), NeedNet: filepath.Join(dir, "run/ignition/neednet")},
			CommandLine: filepath.Join(dir, "cmdline"), FetchTimeout: time.Minute, Identity: id, Log: slog.New(log),
			Today:  20000,
			Tools:  tool.New(map[string]string{"systemctl": filepath.Join(dir, "systemctl")}, nil),
			Getenv: func(string) string { return filepath.Join(dir, "config.ign") },
		})
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// crashConfig has something of everything that a stage changes. @ is the server.
const crashConfig = `{
  "ignition": {"version": "3.6.0", "config": {"merge": [{"source": "@/child"}]}},
  "storage": {
    "directories": [{"path": "/fresh", "overwrite": true, "mode": 448}, {"path": "/srv/www"}],
    "files": [
      {"path": "/fresh/one", "contents": {"source": "data:,one"}},
      {"path": "/etc/hosts", "mode": 416, "append": [{"source": "data:,a%0a"}, {"source": "@/text"}]},
      {"path": "/etc/replaced", "overwrite": true, "contents": {"source": "@/text"}},
      {"path": "/etc/was-dir", "overwrite": true, "contents": {"source": "data:,file"}},
      {"path": "/srv/www/index", "mode": 2541, "contents": {"source": "@/text"}, "append": [{"source": "data:,tail"}]},
      {"path": "/etc/touch"}
    ],
    "links": [
      {"path": "/etc/link", "target": "hosts"}, {"path": "/etc/swapped", "target": "/fresh", "overwrite": true},
      {"path": "/hard", "target": "/fresh/one", "hard": true}
    ]
  },
  "systemd": {"units": [
    {"name": "web.service", "enabled": true, "contents": "[Install]\nWantedBy=multi-user.target\n", "dropins": [{"name": "a.conf", "contents": "[Unit]\n"}]},
    {"name": "old.service", "enabled": false}, {"name": "masked.service", "mask": true}, {"name": "unmasked.service", "mask": false}
  ]}PASSWD
}`

// crashAccounts makes, changes, moves and removes accounts. Only root can.
const crashAccounts = `,
  "passwd": {
    "groups": [{"name": "apps"}, {"name": "old", "shouldExist": false}, {"name": "staff", "gid": 500}],
    "users": [
      {"name": "core", "passwordHash": "$6$new", "groups": ["apps", "staff"], "sshAuthorizedKeys": ["ssh-ed25519 AAAA"]},
      {"name": "ann", "homeDir": "/home/anna", "uid": 1500, "groups": ["apps"], "sshAuthorizedKeys": ["ssh-ed25519 BBBB"]},
      {"name": "gone", "shouldExist": false}
    ]
  }`

// crashRoot is what these accounts meet.
var crashRoot = map[string]string{
	"root/etc/passwd": "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n" +
		"gone:x:1001:1001::/home/gone:/bin/sh\n",
	"root/etc/shadow":          "root:*:19000::::::\nann:$6$old:19000::::::\ngone:!:19000::::::\n",
	"root/etc/group":           "root:x:0:\nmail:x:8:\nstaff:x:50:gone\nann:x:1000:\ngone:x:1001:\nold:x:1002:\n",
	"root/etc/gshadow":         "root:*::\nmail:*::\nstaff:*::gone\nann:!::\ngone:!::\nold:!::\n",
	"root/etc/subuid":          "ann:100000:65536\ngone:165536:65536\n",
	"root/etc/login.defs":      "USERGROUPS_ENAB yes\nMAIL_DIR /var/mail\n",
	"root/etc/skel/.profile":   "# profile\n",
	"root/etc/skel/d/deep":     "x",
	"root/home/ann/notes":      "notes",
	"root/home/gone/d/x":       "x",
	"root/var/mail/gone":       "mail",
	"root/var/mail/ann":        "mail",
	"root/etc/default/useradd": "CREATE_MAIL_SPOOL=yes\n",
}

const crashChild = `{"ignition": {"version": "3.0.0"}, ` +
	`"storage": {"files": [{"path": "/etc/child", "contents": {"source": "data:,child"}}]}}`

const fakeSystemctl = `#!/bin/sh
case $3 in
is-enabled) test -e "$2/enabled/$4" ;;
disable) rm "$2/enabled/$4" ;;
esac
`

// crashFolder makes what a boot starts from. It is in memory where that is possible: each run waits for the filesystem.
func crashFolder(t *testing.T, server string) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "glowplug-")
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	config := strings.ReplaceAll(crashConfig, "@", server)
	if os.Geteuid() == 0 {
		config = strings.Replace(config, "PASSWD", crashAccounts, 1)
	}
	files := map[string]string{
		"config.ign": strings.Replace(config, "PASSWD", "", 1), "cmdline": "quiet", "systemctl": fakeSystemctl,
		"run/README":          "",
		"root/fresh/old/deep": "x", "root/etc/hosts": "127.0.0.1\n", "root/etc/replaced": "old",
		"root/etc/was-dir/x": "old", "root/etc/swapped/x": "old",
		"root/enabled/old.service": "", "root/etc/systemd/system-preset/20-ignition.preset": "# the image's\n",
	}
	maps.Copy(files, crashRoot)
	for name, text := range files {
		at := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
		write(t, at, text, 0o755)
	}
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "root/etc/systemd/system"), 0o755))
	require.NoError(t, os.Symlink("/dev/null", filepath.Join(dir, "root/etc/systemd/system/unmasked.service")))
	if os.Geteuid() == 0 {
		for name, id := range map[string]int{"home/ann": 1000, "home/ann/notes": 1000, "home/gone": 1001,
			"home/gone/d": 1001, "home/gone/d/x": 1001, "var/mail/ann": 1000, "var/mail/gone": 1001} {
			require.NoError(t, os.Chown(filepath.Join(dir, "root", name), id, id))
		}
	}
	return dir
}

// snapshot tells all of a tree but times: mode, owner, content, and which names are one file.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	all, first := map[string]string{}, map[uint64]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := os.Lstat(path)
		require.NoError(t, err)
		st := info.Sys().(*syscall.Stat_t)
		name := strings.TrimPrefix(path, dir)
		text := fmt.Sprintf("%v %d:%d ", info.Mode(), st.Uid, st.Gid)
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			require.NoError(t, err)
			text += target
		case info.Mode().IsRegular():
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			text += string(content)
		}
		if before, ok := first[st.Ino]; ok && !d.IsDir() {
			text += " same as " + before
		}
		first[st.Ino] = name
		all[name] = text
		return nil
	}))
	return all
}

func checkCrashAccounts(t *testing.T, all map[string]string) {
	t.Helper()
	assert.Contains(t, all["/etc/passwd"],
		"\nann:x:1500:1000::/home/anna:/bin/sh\ncore:x:1002:1002::/home/core:/bin/bash\n")
	assert.Contains(t, all["/etc/shadow"], "\nann:$6$old:19000::::::\ncore:$6$new:20000:")
	assert.Contains(t, all["/etc/group"], "\nstaff:x:500:core\n")
	assert.Equal(t, "-rwxr-xr-x 1500:1000 notes", all["/home/anna/notes"])
	assert.Equal(t, "-rwxr-xr-x 1002:1002 x", all["/home/core/d/deep"])
	assert.Equal(t, "-rw------- 1002:1002 ssh-ed25519 AAAA\n", all["/home/core/.ssh/authorized_keys"])
	assert.Equal(t, "-rw------- 1500:1000 ssh-ed25519 BBBB\n", all["/home/anna/.ssh/authorized_keys"])
	for _, gone := range []string{"/home/ann", "/home/gone", "/var/mail/gone"} {
		assert.NotContains(t, all, gone)
	}
}

func crashServer(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, map[string]string{"/child": crashChild, "/text": "from afar\n"}[r.URL.Path])
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// Killed at any line that it logs, so before, between and after all steps of all stages, a boot that starts from the
// top ends as one that was not disturbed.
func TestABootKilledAnywhereConvergesWhenRepeated(t *testing.T) {
	t.Parallel()
	server := crashServer(t)
	undisturbed, log := crashFolder(t, server), &lines{}
	require.NoError(t, provision(undisturbed, log))
	want := snapshot(t, filepath.Join(undisturbed, "root"))
	assert.Contains(t, want["/etc/hosts"], "127.0.0.1\na\nfrom afar\n")
	assert.Contains(t, want["/srv/www/index"], "from afar\ntail")
	assert.Contains(t, want["/hard"], " same as /fresh/one")
	assert.Contains(t, want["/etc/child"], "child")
	assert.NotContains(t, want, "/enabled/old.service")
	if os.Geteuid() == 0 {
		checkCrashAccounts(t, want)
	}
	finished := 0
	for _, line := range log.text {
		if strings.HasPrefix(line, "[finished]") {
			finished++
		}
	}
	require.GreaterOrEqual(t, finished, 18, "most lines are about steps")

	for k := 1; k <= log.count; k++ {
		t.Run(fmt.Sprintf("line %d", k), func(t *testing.T) {
			dir := crashFolder(t, server)
			child := exec.Command(os.Args[0])
			child.Env = append(os.Environ(), folderVariable+"="+dir, endVariable+"="+strconv.Itoa(k))
			out, err := child.CombinedOutput()
			require.ErrorContains(t, err, "signal: killed", "%s", out)
			if k%2 == 0 { // /run does not outlive a power cut
				require.NoError(t, os.RemoveAll(filepath.Join(dir, "run")))
				require.NoError(t, os.Mkdir(filepath.Join(dir, "run"), 0o755))
			}
			require.NoError(t, provision(dir, &lines{}), log.text[k-1])
			require.Empty(t, cmp.Diff(want, snapshot(t, filepath.Join(dir, "root"))), log.text[k-1])
		})
	}
}
