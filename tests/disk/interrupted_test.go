//go:build disk

package disk

import (
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"flag"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/chain"
	"github.com/glowplug-os/glowplug/tests/faults"
)

// everything has something of all that a config can have done to a root. @ is a server.
var everything = `{
  "ignition": {"version": "3.6.0", "config": {"merge": [{"source": "@/child"}]},
    "security": {"tls": {"certificateAuthorities": []}}},
  "kernelArguments": {"shouldExist": ["quiet"], "shouldNotExist": ["debug"]},
  "passwd": {
    "groups": [{"name": "apps"}, {"name": "old", "shouldExist": false}, {"name": "staff", "gid": 500}],
    "users": [
      {"name": "core", "passwordHash": "$6$new", "groups": ["apps", "staff"], "sshAuthorizedKeys": ["ssh-ed25519 AAAA"]},
      {"name": "ann", "homeDir": "/home/anna", "uid": 1500, "groups": ["apps"], "sshAuthorizedKeys": ["ssh-ed25519 BBBB"]},
      {"name": "gone", "shouldExist": false}]},
  "storage": {
    "directories": [{"path": "/fresh", "overwrite": true, "mode": 448}, {"path": "/srv/www", "user": {"name": "core"}}],
    "files": [
      {"path": "/fresh/one", "contents": {"source": "data:,one"}},
      {"path": "/etc/hosts", "mode": 416, "append": [{"source": "data:,a%0a"}, {"source": "@/text"}]},
      {"path": "/etc/replaced", "overwrite": true, "contents": {"source": "@/text", "verification": {"hash": "HASH"}}},
      {"path": "/etc/was-dir", "overwrite": true, "contents": {"source": "data:,file"}},
      {"path": "/srv/www/index", "mode": 2541, "contents": {"source": "@/text"}, "append": [{"source": "data:,tail"}]},
      {"path": "/srv/www/packed", "user": {"name": "core"}, "group": {"name": "staff"},
        "contents": {"compression": "gzip", "source": "data:;base64,PACKED"}},
      {"path": "/srv/www/large", "contents": {"source": "@/large"}},
      {"path": "/etc/touch"}],
    "links": [
      {"path": "/etc/link", "target": "hosts"}, {"path": "/etc/swapped", "target": "/fresh", "overwrite": true},
      {"path": "/hard", "target": "/fresh/one", "hard": true}]},
  "systemd": {"units": [
    {"name": "web.service", "enabled": true, "contents": "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n", "dropins": [{"name": "a.conf", "contents": "[Unit]\nDescription=web\n"}]},
    {"name": "old.service", "enabled": false}, {"name": "masked.service", "mask": true}, {"name": "unmasked.service", "mask": false}
  ]}
}`

const childOfEverything = `{"ignition": {"version": "3.0.0"}, ` +
	`"storage": {"files": [{"path": "/etc/child", "contents": {"source": "data:,child"}}]}}`

// rootOfEverything is what it meets. Names that end in a slash are directories; the owner is before the text.
var rootOfEverything = map[string]string{
	"etc/passwd":      "0 root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\ngone:x:1001:1001::/home/gone:/bin/sh\n",
	"etc/shadow":      "0 root:*:19000::::::\nann:$6$old:19000::::::\ngone:!:19000::::::\n",
	"etc/group":       "0 root:x:0:\nmail:x:8:\nstaff:x:50:gone\nann:x:1000:\ngone:x:1001:\nold:x:1002:\n",
	"etc/gshadow":     "0 root:*::\nmail:*::\nstaff:*::gone\nann:!::\ngone:!::\nold:!::\n",
	"etc/subuid":      "0 ann:100000:65536\ngone:165536:65536\n",
	"etc/login.defs":  "0 USERGROUPS_ENAB yes\nMAIL_DIR /var/mail\n",
	"etc/skel/.rc":    "0 # rc\n",
	"etc/skel/d/deep": "0 x", "home/ann/": "1000", "home/ann/notes": "1000 notes", "home/gone/": "1001",
	"home/gone/d/": "1001", "home/gone/d/x": "1001 x", "var/mail/gone": "1001 mail", "var/mail/ann": "1000 mail",
	"etc/default/useradd": "0 CREATE_MAIL_SPOOL=yes\n",
	"fresh/old/deep":      "0 x", "etc/hosts": "0 127.0.0.1\n", "etc/replaced": "0 old", "etc/was-dir/x": "0 old",
	"etc/swapped/x": "0 old", "etc/systemd/system-preset/20-ignition.preset": "0 # the image's\n",
	"usr/lib/systemd/system/old.service":                       "0 [Install]\nWantedBy=multi-user.target\n",
	"etc/systemd/system/unmasked.service":                      "-> /dev/null",
	"etc/systemd/system/multi-user.target.wants/other.service": "-> /usr/lib/systemd/system/other.service",
	"etc/systemd/system/multi-user.target.wants/old.service":   "-> /usr/lib/systemd/system/old.service",
}

func serveText(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, map[string]string{"/child": childOfEverything, "/text": "from afar\n",
			"/large": strings.Repeat("0123456789abcde\n", 20<<10)}[r.URL.Path])
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func everythingFrom(server string) string {
	hash := sha512.Sum512([]byte("from afar\n"))
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte("packed"))
	_ = w.Close()
	return strings.NewReplacer("@", server, "HASH", "sha512-"+hex.EncodeToString(hash[:]),
		"PACKED", base64.StdEncoding.EncodeToString(packed.Bytes())).Replace(everything)
}

// machineOfEverything is one that has had no boot.
func machineOfEverything(t *testing.T, server string) *chain.Machine {
	t.Helper()
	m := chain.New(t, program(t, "ignition"), everythingFrom(server))
	for name, text := range rootOfEverything {
		at := filepath.Join(m.Root(), name)
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
		var owner int
		switch target, is := strings.CutPrefix(text, "-> "); {
		case is:
			require.NoError(t, os.Symlink(target, at))
			continue
		case strings.HasSuffix(name, "/"):
			_, err := fmt.Sscan(text, &owner)
			require.NoError(t, err)
			require.NoError(t, os.MkdirAll(at, 0o755))
		default:
			id, text, _ := strings.Cut(text, " ")
			_, err := fmt.Sscan(id, &owner)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(at, []byte(text), 0o644))
		}
		require.NoError(t, os.Chown(at, owner, owner))
		require.NoError(t, os.Chtimes(at, chain.Old, chain.Old))
	}
	helper := filepath.Join(m.Dir, "bin", "ignition-kargs-helper")
	require.NoError(t, os.Mkdir(filepath.Dir(helper), 0o755))
	require.NoError(t, os.WriteFile(helper, []byte("#!/bin/sh\nexit 0\n"), 0o755))
	m.Env = []string{"PATH=" + filepath.Dir(helper) + ":" + os.Getenv("PATH")}
	return m
}

// onRoot is a boot of everything, on a root alone.
func onRoot(t *testing.T) *chain.Trial {
	server := serveText(t)
	return &chain.Trial{
		Fresh:  func(t *testing.T) *chain.Machine { return machineOfEverything(t, server) },
		Result: func(t *testing.T, m *chain.Machine) map[string]string { return chain.Tree(t, m.Root()) },
		Names:  func(m *chain.Machine) *strings.Replacer { return strings.NewReplacer(m.Dir, "") },
		Leave:  ofLibraries,
	}
}

// sample picks as many as a run is to take, the same each time; a share of all, or all, where GLOWPLUG_FAULTS says so.
func sample[T any](t *testing.T, all []T, count int) []T {
	t.Helper()
	if text := os.Getenv("GLOWPLUG_FAULTS"); text != "" {
		share, err := strconv.ParseFloat(text, 64)
		require.NoError(t, err, "GLOWPLUG_FAULTS is how much of all is tried: 1 is all")
		count = int(math.Ceil(share * float64(len(all))))
	}
	var some []T
	for _, i := range rand.New(rand.NewPCG(18, 1)).Perm(len(all))[:min(count, len(all))] {
		some = append(some, all[i])
	}
	return some
}

// besides has a test run beside others, but on disks: mkfs.btrfs looks at all disks of the machine, and for a moment a
// partition of another test cannot be deleted.
func besides(t *testing.T, name string) {
	if name != "disks" {
		t.Parallel()
	}
}

// killed has a boot killed at points, and counts.
func killed(t *testing.T, name string, c *chain.Trial, points []faults.Point, keepRun func(i int) bool) {
	t.Helper()
	var reached, missed, failed atomic.Int32
	t.Run("killed", func(t *testing.T) {
		for i, p := range points {
			t.Run(p.String(), func(t *testing.T) {
				besides(t, name)
				t.Cleanup(func() {
					if t.Failed() {
						failed.Add(1)
					}
				})
				if c.Killed(t, p, keepRun(i)) {
					reached.Add(1)
				} else {
					missed.Add(1)
				}
			})
		}
	})
	note(t, "killed "+name, fmt.Sprintf("| boots killed | not reached | differences |\n|---|---|---|\n"+
		"| %d | %d | %d |\n", reached.Load(), missed.Load(), failed.Load()))
	assert.Less(t, int(missed.Load()), max(3, len(points)/20), "points that a second boot does not come to")
}

func changing(points []faults.Point) []faults.Point {
	return slices.DeleteFunc(slices.Clone(points), func(p faults.Point) bool { return !p.Changes() })
}

// A chance is one fault at one point.
type chance struct {
	faults.Point
	faults.Fault
}

func chances(points []faults.Point) (all []chance) {
	for _, p := range points {
		if p.Repeats() {
			continue
		}
		for _, f := range faults.Of(p) {
			if p.Program == "systemctl" && f.Name == "EACCES" {
				continue // it takes a unit that it may not read for none: docs/reliability.md
			}
			all = append(all, chance{p, f})
		}
	}
	return all
}

// failing has calls of a boot fail, and counts what came of it.
func failing(t *testing.T, name string, c *chain.Trial, all []chance) {
	var tally chain.Tally
	t.Run("failing", func(t *testing.T) {
		for _, each := range all {
			t.Run(each.String(), func(t *testing.T) {
				besides(t, name)
				o := chain.Missed
				t.Cleanup(func() { tally.Count(each.Class, each.Fault.Name, o, t.Failed()) })
				var message string
				o, message = c.Faulted(t, each.Point, each.Do)
				t.Log(o, message)
			})
		}
	})
	note(t, "failing "+name, tally.Table())
}

func (c chance) String() string { return c.Fault.Name + " " + c.Point.String() }

// note shows a table and, where the docs are to have it, puts it there.
func note(t *testing.T, name, table string) {
	t.Helper()
	t.Log("\n" + table)
	if !*updateTables {
		return
	}
	const page = "../../docs/reliability.md"
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	begin, end := "<!-- table: "+name+" -->\n", "<!-- end of table -->"
	before, rest, found := strings.Cut(string(text), begin)
	require.True(t, found, name)
	_, after, found := strings.Cut(rest, end)
	require.True(t, found, name)
	require.NoError(t, os.WriteFile(page, []byte(before+begin+table+end+after), 0o644))
}

var updateTables = flag.Bool("update", false, "write the tables of docs/reliability.md")

// Killed right before any call that changes something, writes a line of the log, or starts or ends a tool, so before
// and after each step and each run of a tool too, a boot that begins again from the top ends as one that was not
// disturbed.
func TestABootOfARootConvergesWhereverItIsKilled(t *testing.T) {
	c := onRoot(t)
	points, want := c.Undisturbed(t)
	assert.Contains(t, want["/etc/hosts"], "127.0.0.1\na\nfrom afar\n")
	assert.Contains(t, want["/etc/passwd"],
		"\nann:x:1500:1000::/home/anna:/bin/sh\ncore:x:1002:1002::/home/core:/bin/bash\n")
	assert.Contains(t, want["/hard"], " same as /fresh/one")
	assert.Contains(t, want["/home/anna/notes"], "-rw-r--r-- 1500:1000 old | notes")
	assert.NotContains(t, want, "/etc/systemd/system/multi-user.target.wants/old.service")
	points = changing(points)
	require.Greater(t, len(points), 300)
	killed(t, "root", c, sample(t, points, 60), func(i int) bool { return i%2 == 0 })
}

// A call that fails is told, or does no harm; what is half done is nowhere to be seen, and the next boot does it all.
func TestABootOfARootWithACallThatFails(t *testing.T) {
	c := onRoot(t)
	points, _ := c.Undisturbed(t)
	all := chances(points)
	some := sample(t, all, 80)
	for _, once := range onceWrong {
		i := slices.IndexFunc(all, func(each chance) bool { return each.String() == once })
		if assert.GreaterOrEqual(t, i, 0, "no boot comes to %s", once) {
			some = append(some, all[i])
		}
	}
	failing(t, "root", c, some)
}

// onceWrong are faults that have shown something that was to be mended: a unit stayed enabled, a reason was another, a
// temporary file stayed.
var onceWrong = []string{
	"EIO files: ignition, execve 1 /usr/bin/systemctl",
	"EINTR files: systemctl, openat 1 /root/etc/systemd/system.attached/old.service",
	"EIO files: ignition, statx 1 /root/home/gone",
	"EROFS files: ignition, unlinkat 1 /root/etc/.glowplug-3b28df7b43e00694",
}

// garbage are a million bytes that are no text.
const garbage = `head -c 1000000 /dev/zero | tr '\0' '\377'`

// misbehaviour are scripts in the place of tools. $REAL is the tool.
var misbehaviour = map[string]string{
	"fails":                     "exit 1",
	"fails when all is done":    `"$REAL" "$@"; exit 1`,
	"is killed":                 "kill -9 $$",
	"hangs":                     "exec sleep 20",
	"writes garbage and fails":  garbage + "; " + garbage + " >&2; exit 1",
	"writes garbage and works":  garbage + ` >&2; exec "$REAL" "$@"`,
	"leaves a child that stays": `sleep 20 & exec "$REAL" "$@"`,
}

// misled has tools do something else than they should, and counts. A sample has so many.
func misled(t *testing.T, name string, c *chain.Trial, count int, tools ...string) {
	t.Helper()
	var all [][2]string
	for _, what := range slices.Sorted(maps.Keys(misbehaviour)) {
		for _, tool := range tools {
			all = append(all, [2]string{tool, what})
		}
	}
	var tally chain.Tally
	t.Run("misled", func(t *testing.T) {
		for _, each := range sample(t, all, count) {
			tool, what := each[0], each[1]
			script := misbehaviour[what]
			if tool == "systemctl" && strings.Contains(script, "exit 1") { // it says no so
				script = `case "$*" in *is-enabled*) exec "$REAL" "$@" ;; esac; ` + script
			}
			t.Run(tool+" "+what, func(t *testing.T) {
				besides(t, name)
				o := chain.Missed
				t.Cleanup(func() { tally.Count(tool, what, o, t.Failed()) })
				var message string
				o, message = c.Misled(t, tool, script)
				t.Log(o, message)
			})
		}
	})
	note(t, "misled "+name, tally.Table())
}

// A tool that misbehaves is named, and the next boot, with one that does not, does all.
func TestABootOfARootWithToolsThatMisbehave(t *testing.T) {
	c := onRoot(t)
	c.Undisturbed(t)
	misled(t, "root", c, 8, "systemctl", "ignition-kargs-helper")
}

// No file can be large: what is written in part is not there, and the reason is given.
func TestABootOfARootThatTakesNoLargeFiles(t *testing.T) {
	c := onRoot(t)
	c.Undisturbed(t)
	o, message := c.Small(t, 100<<10)
	assert.Equal(t, chain.Told, o)
	assert.Contains(t, message, "file /srv/www/large (")
	assert.Contains(t, message, "file too large")
}

// ofLibraries are calls of tools that have nothing to do with what they are for.
func ofLibraries(c faults.Call) bool {
	if c.Program == "ignition" {
		return false
	}
	for _, dir := range []string{"/usr/lib/", "/lib/", "/etc/ld", "/usr/share/locale", "/etc/locale", "/proc/", "/sys/",
		"/usr/share/locale"} {
		if strings.HasPrefix(c.About, dir) {
			return true
		}
	}
	return false
}
