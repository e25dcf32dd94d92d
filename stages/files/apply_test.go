package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/tests/trees"
)

// sources are what the fetcher of the tests gives for URLs that are no data: URLs.
var sources = map[string]string{"http://h/big": strings.Repeat("0123456789abcdef", 10000),
	"http://h/small": "from afar\n"}

var errNotFound = errors.New("not found")

// fetcher gets data: URLs and sources. Every second body breaks off once and starts again, as one from a server may.
type fetcher struct {
	mu            sync.Mutex // files are fetched side by side
	calls, failAt int
}

func (f *fetcher) fetch(_ context.Context, r config.Resource, to target.Sink) error {
	f.mu.Lock()
	f.calls++
	call := f.calls
	f.mu.Unlock()
	raw := *r.Source
	body, ok := sources[raw]
	if rest, isData := strings.CutPrefix(raw, "data:,"); isData {
		body, _ = url.PathUnescape(rest)
	} else if !ok && raw != "" {
		return errNotFound
	}
	if call == f.failAt {
		_, _ = io.WriteString(to, body[:len(body)/2])
		return errNotFound
	}
	if call%2 == 0 {
		if _, err := io.WriteString(to, body[:len(body)/2]); err != nil {
			return err
		}
		if err := to.Reset(); err != nil {
			return err
		}
	}
	_, err := io.WriteString(to, body)
	return err
}

// systemctl is a stand-in that knows a unit as enabled by a file of its name in /enabled.
const systemctl = `#!/bin/sh
root=$2 verb=$3 unit=$4
case $verb in
is-enabled) test -e "$root/enabled/$unit" || test -L "$root/enabled/$unit" ;;
disable) rm "$root/enabled/$unit" || exit 1; case $unit in *@.*) find "$root/etc/systemd/system" -not -path '*/.*' -name "${unit%.*}*" -type l -delete; rmdir "$root"/etc/systemd/system/*.wants 2>/dev/null || : ;; esac ;;
enable) case $unit in bad*) echo "it is bad" >&2; exit 1 ;; esac; case $unit in half*) mkdir -p "$root/enabled"; : >"$root/enabled/$unit"; echo "an alias is taken" >&2; exit 1 ;; esac; mkdir -p "$root/enabled"; : >"$root/enabled/$unit" ;;
esac
`

func tools(t *testing.T) *tool.Set {
	t.Helper()
	file := filepath.Join(t.TempDir(), "systemctl")
	require.NoError(t, os.WriteFile(file, []byte(systemctl), 0o755))
	return tool.New(map[string]string{"systemctl": file}, nil)
}

// options are those of whoever runs the tests: root may set any owner, others only their own.
func options(t *testing.T, dir string) Options {
	t.Helper()
	root, err := root.Open(dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = root.Close() })
	return Options{Means: target.Means{Root: root, Fetch: (&fetcher{}).fetch, Identity: target.Identity{
		Privileged: os.Geteuid() == 0, UID: uint32(os.Getuid()), Groups: []uint32{uint32(os.Getgid())}}}}
}

func me() (uid, gid int) { return trees.Owner() }

// apply plans and runs as a command does, from the state that the root is in, but for the sync at the end: hundreds of
// runs would wait for the disk.
func apply(cfg config.Config, o Options) error {
	steps, err := Plan(cfg, target.Of(o.Root), o)
	if err != nil {
		return err
	}
	return steps.Run(context.Background(), plan.Options{})
}

var errCut = errors.New("cut off")

// cutAfter has a plan fail when its first n steps are over.
func cutAfter(steps plan.Plan, n int) plan.Plan {
	return slices.Insert(slices.Clone(steps), n, plan.Step{
		Prepare: func(context.Context) error { return nil }, // as its neighbours may have, which it does not part
		Do:      func(context.Context) error { return errCut },
	})
}

// applyFirst is apply cut off after n steps.
func applyFirst(t *testing.T, n int, cfg config.Config, o Options) {
	t.Helper()
	steps, err := Plan(cfg, target.Of(o.Root), o)
	require.NoError(t, err)
	require.ErrorIs(t, cutAfter(steps, n).Run(context.Background(), plan.Options{}), errCut)
}

func populate(t *testing.T, dir string, tree map[string]string) { trees.Populate(t, dir, tree) }

func snapshot(t *testing.T, dir string) map[string]string { return trees.Snapshot(t, dir) }

// rich uses everything that a run changes, on a root where much is there already.
func rich(t *testing.T) (config.Config, map[string]string) {
	t.Helper()
	uid, gid := me()
	text := fmt.Sprintf(`{
	"storage":{
	 "directories":[{"path":"/d","overwrite":true,"mode":448},{"path":"/srv/www","user":{"id":%d},"group":{"id":%d}},{"path":"/kept","mode":1005},{"path":"/d/sub"},{"path":"/etc/systemd/drop","overwrite":true}],
	 "files":[
	  {"path":"/d/one","contents":{"source":"data:,one"}},
	  {"path":"/d/log","append":[{"source":"data:,new%%0a"}]},
	  {"path":"/srv/www/index","contents":{"source":"http://h/big"},"append":[{"source":"data:,tail"},{"source":"http://h/small"}],"mode":2541,"user":{"id":%d}},
	  {"path":"/etc/hosts","append":[{"source":"data:,added%%0a"},{"source":"data:,twice%%0a"}],"mode":416},
	  {"path":"/etc/far","append":[{"source":"http://h/small"},{"source":"http://h/big"}]},
	  {"path":"/etc/fresh","append":[{"source":"data:,a"},{"source":"http://h/small"}]},
	  {"path":"/etc/touch"},{"path":"/etc/there","group":{"id":%d}},
	  {"path":"/etc/over","contents":{"source":"http://h/small"},"overwrite":true},
	  {"path":"/etc/over-dir","contents":{"source":"data:,file"},"overwrite":true,"mode":256},
	  {"path":"/through/x","contents":{"source":"data:,through"}},
	  {"path":"/etc/systemd/system/masked.service","contents":{"source":"data:,gone"}},
	  {"path":"/var/run/early","contents":{"source":""}}],
	 "links":[
	  {"path":"/srv/l","target":"www/index","user":{"id":%d}},{"path":"/etc/same","target":"there"},{"path":"/etc/swap","target":"/d","overwrite":true},
	  {"path":"/through","target":"/d/sub"},
	  {"path":"/hard","target":"/d/one","hard":true},{"path":"/d/hard2","target":"hard","hard":true},{"path":"/hardlink","target":"/srv/l","hard":true},
	  {"path":"/enabled/linked.service","target":"x"}]},
	"systemd":{"units":[
	  {"name":"web.service","contents":"[Service]\n","enabled":true,"dropins":[{"name":"a.conf","contents":"[Unit]\n"},{"name":"b.conf","contents":""}]},
	  {"name":"old.service","enabled":false},{"name":"off.service","enabled":false},{"name":"a@x.service","enabled":true},{"name":"a@y.service","enabled":false},
	  {"name":"linked.service","enabled":false},
	  {"name":"masked.service","mask":true},{"name":"unmasked.service","mask":false},{"name":"back.service","mask":false,"contents":"[Unit]\n"},
	  {"name":"solid.service","mask":true,"contents":"[Unit]\n"}]}}`, uid, gid, uid, gid, uid)
	return parse(t, text), map[string]string{
		"d/one": "old", "d/log": "old\n", "d/more/deep": "old", "kept/f": "stays", "etc/hosts": "127.0.0.1\n",
		"etc/far": "near\n", "etc/there": "there",
		"etc/over": "old", "etc/over-dir/x/y": "old", "etc/same": "-> ./there", "etc/swap/x": "old",
		"var/run": "-> /run", "run/": "",
		"enabled/": "", "enabled/old.service": "x", "enabled/a@y.service": "x", "etc/systemd/drop/": "",
		presetPath: "# by the image\nenable web.service", "etc/systemd/system/unmasked.service": "-> /dev/null",
		"etc/systemd/system/back.service":  "-> /dev/null",
		"etc/systemd/system/solid.service": "old",
	}
}

// newRoot makes a populated root of its own.
func newRoot(t *testing.T, tree map[string]string) (string, Options) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "root")
	require.NoError(t, os.Mkdir(dir, 0o755))
	populate(t, dir, tree)
	return dir, options(t, dir)
}

func TestStoppedAnywhereAndRunAgainTheResultIsTheSame(t *testing.T) {
	cfg, tree := rich(t)
	systemctl := tools(t)
	dir, o := newRoot(t, tree)
	o.Tools = systemctl
	require.NoError(t, apply(cfg, o))
	want := snapshot(t, dir)
	checkRich(t, dir)
	require.NoError(t, apply(cfg, o))
	require.Empty(t, cmp.Diff(want, snapshot(t, dir)), "a second run changes nothing")

	steps, err := Plan(cfg, target.Of(o.Root), o)
	require.NoError(t, err)
	for k := range steps {
		dir, o := newRoot(t, tree)
		o.Tools = systemctl
		applyFirst(t, k+1, cfg, o)
		again := options(t, dir)
		again.Tools = systemctl
		require.NoError(t, apply(cfg, again), "after %s", steps[k].Subject)
		require.Empty(t, cmp.Diff(want, snapshot(t, dir)), "after %s", steps[k].Subject)
	}
}

// checkRich looks at what the undisturbed run has left, so that equal results are not equally wrong.
func checkRich(t *testing.T, dir string) {
	t.Helper()
	for name, content := range map[string]string{
		"d/one": "one", "hard": "one", "d/hard2": "one", "d/log": "new\n", "srv/www/index": sources["http://h/big"] +
			"tail" + sources["http://h/small"], "srv/l": sources["http://h/big"] + "tail" + sources["http://h/small"],
		"etc/hosts": "127.0.0.1\nadded\ntwice\n", "etc/far": "near\n" + sources["http://h/small"] +
			sources["http://h/big"], "etc/fresh": "a" + sources["http://h/small"],
		"etc/touch": "", "etc/there": "there", "etc/over": "from afar\n", "etc/over-dir": "file", "d/sub/x": "through",
		"kept/f": "stays", "run/early": "",
		"etc/systemd/system/web.service.d/b.conf": "", "etc/systemd/system/back.service": "[Unit]\n",
		presetPath: "# by the image\nenable web.service\nenable a@.service x\ndisable a@y.service\n" +
			"disable linked.service\ndisable off.service\ndisable old.service\n",
	} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if assert.NoError(t, err, name) && string(got) != content {
			t.Errorf("%s: got %.200q, want %.200q", name, got, content)
		}
	}
	for _, gone := range []string{"d/more", "enabled/old.service", "enabled/linked.service", "enabled/a@y.service",
		"etc/systemd/system/unmasked.service"} {
		_, err := os.Lstat(filepath.Join(dir, gone))
		assert.ErrorIs(t, err, fs.ErrNotExist, gone)
	}
	for _, masked := range []string{"masked.service", "solid.service"} {
		target, err := os.Readlink(filepath.Join(dir, "etc/systemd/system", masked))
		require.NoError(t, err)
		assert.Equal(t, "/dev/null", target)
	}
	for name, mode := range map[string]fs.FileMode{
		"srv/www/index": 0o755 | fs.ModeSetuid, "d": 0o700, "kept": 0o755 | fs.ModeSticky, "etc/hosts": 0o640,
		"etc/over-dir": 0o400, "d/sub": 0o755,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, mode, info.Mode()&^fs.ModeDir, name)
	}
	uid, gid := me()
	for name, want := range map[string][2]int{"srv/www": {uid, gid}, "srv/www/index": {uid, os.Getgid()},
		"etc/there": {os.Getuid(), gid}} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		st := info.Sys().(*syscall.Stat_t)
		assert.Equal(t, want, [2]int{int(st.Uid), int(st.Gid)}, name)
	}
}

func TestAFetchThatFailsLeavesNothingHalfWritten(t *testing.T) {
	cfg, tree := rich(t)
	systemctl := tools(t)
	dir, o := newRoot(t, tree)
	o.Tools = systemctl
	count := &fetcher{}
	o.Fetch = count.fetch
	require.NoError(t, apply(cfg, o))
	want := snapshot(t, dir)
	for n := range count.calls {
		dir, o := newRoot(t, tree)
		o.Tools = systemctl
		o.Fetch = (&fetcher{failAt: n + 1}).fetch
		err := apply(cfg, o)
		require.ErrorIs(t, err, errNotFound)
		var step *plan.StepError
		require.ErrorAs(t, err, &step)
		assert.Regexp(t, `^\$\.storage\.files\.\d+(\.contents|\.append\.\d)?$`, step.Origin)
		for name := range snapshot(t, dir) {
			assert.NotContains(t, name, ".glowplug-")
		}
		again := options(t, dir)
		again.Tools = systemctl
		require.NoError(t, apply(cfg, again))
		require.Empty(t, cmp.Diff(want, snapshot(t, dir)), "failed at fetch %d", n+1)
	}
}

func TestAnAppendThatWasCutOffIsTakenUp(t *testing.T) {
	cfg := storage(t, `'files':[{'path':'/f','append':[{'source':'data:,one'},{'source':'data:,two'}]}]`)
	for name, c := range map[string]struct{ found, want string }{
		"nothing of it there":     {"old", "oldonetwo"},
		"a part of the first":     {"oldon", "oldonetwo"},
		"a part of the second":    {"oldonet", "oldonetwo"},
		"all of it there":         {"oldonetwo", "oldonetwo"},
		"somebody else went on":   {"oldonetwoX", "oldonetwoXonetwo"},
		"another file by now":     {"new", "newonetwo"},
		"a shorter one by now":    {"o", "oonetwo"},
		"just what is to be made": {"onetwo", "onetwo"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, o := newRoot(t, map[string]string{"f": "old"})
			require.NoError(t, apply(cfg, o))
			record, err := os.ReadFile(filepath.Join(dir, recordPath))
			require.NoError(t, err)
			assert.Equal(t, `{"version":1,"files":{"/f":{"size":3,`+
				`"sha256":"cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4"}}}`+"\n", string(record))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "f"), []byte(c.found), 0o644))
			for range 2 {
				require.NoError(t, apply(cfg, o))
				got, err := os.ReadFile(filepath.Join(dir, "f"))
				require.NoError(t, err)
				assert.Equal(t, c.want, string(got))
			}
		})
	}
}

func TestARecordIsMadeOnlyForFilesThatWereThere(t *testing.T) {
	dir, o := newRoot(t, nil)
	require.NoError(t,
		apply(storage(t, `'files':[{'path':'/f','append':[{'source':'data:,x'}]}]`), o))
	assert.NoFileExists(t, filepath.Join(dir, recordPath))
	populate(t, dir, map[string]string{"g": "old", recordPath: "nonsense"})
	err := apply(storage(t, `'files':[{'path':'/g','append':[{'source':'data:,x'}]}]`), o)
	require.EqualError(t, err,
		"file /g ($.storage.files.0): /etc/.glowplug/appended.json: not a record of appended files")
	require.Len(t, diag.Hints(err), 1)
	assert.Contains(t, diag.Hints(err)[0], "remove the file")
}

// A reading counts how often a file is read.
type reading struct {
	fake
	file  string
	times int
}

func (r *reading) ReadFile(path string, limit int64) ([]byte, error) {
	if path == r.file {
		r.times++
	}
	return r.fake.ReadFile(path, limit)
}

func TestAPlanReadsTheRecordOfAppendsOnce(t *testing.T) {
	for file, appends := range map[string]int{"": 0, "a": 1, "b": 300} {
		view := &reading{fake: fake{recordPath: `{"version":1,"files":{}}`}, file: recordPath}
		var entries []string
		for i := range appends {
			at := fmt.Sprintf("/%s%d", file, i)
			view.fake[at] = "x"
			entries = append(entries, `{'path':'`+at+`','append':[{'source':'data:,y'}]}`)
		}
		steps, err := Plan(storage(t, `'files':[`+strings.Join(entries, ",")+`]`), view, inlined(asRoot()))
		require.NoError(t, err)
		assert.Len(t, steps, appends)
		assert.Equal(t, min(appends, 1), view.times)
	}
}

func TestAnAppendWithADigestThatIsDoneIsPlannedAsDone(t *testing.T) {
	_, o := newRoot(t, map[string]string{"f": "old"})
	cfg := storage(t, `'files':[{'path':'/f','append':[{'source':'data:,one',`+
		`'verification':{'hash':'sha256-7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed'}}]}]`)
	for _, want := range []string{"~ file /f  append inline\n", "= file /f  append inline\n"} {
		steps, err := Plan(cfg, target.Of(o.Root), o)
		require.NoError(t, err)
		assert.Equal(t, want, steps.String())
		require.NoError(t, apply(cfg, o))
	}
}

func TestAnAppendFromAServerIsDecidedWhenItRuns(t *testing.T) {
	_, o := newRoot(t, map[string]string{"f": "old"})
	text := "one"
	o.Fetch = func(_ context.Context, _ config.Resource, to target.Sink) error {
		_, err := io.WriteString(to, text)
		return err
	}
	cfg := storage(t, `'files':[{'path':'/f','append':[{'source':'http://h/one'}]}]`)
	for _, want := range []struct {
		text, planned, done string
	}{
		{"one", "? file /f  append from http://h/one, kept if it is this already\n", "1 file, 1 changed"},
		{"one", "? file /f  append from http://h/one, kept if it is this already\n", "nothing to do; 1 unchanged"},
		{"two", "? file /f  append from http://h/one, kept if it is this already\n", "1 file, 1 changed"},
	} {
		text = want.text
		steps, err := Plan(cfg, target.Of(o.Root), o)
		require.NoError(t, err)
		assert.Equal(t, want.planned, steps.String())
		var done report.Done
		require.NoError(t, steps.Run(t.Context(), plan.Options{Tell: func(e plan.Event) {
			done.Hear(report.Files, e)
		}}))
		assert.Equal(t, want.done, done.Over().Summary())
	}
}

func TestAnAppendThatTakesSetIDBitsSaysSo(t *testing.T) {
	steps, err := Plan(storage(t, `'files':[{'path':'/f','append':[{'source':'data:,one'}]}]`),
		setID{fake{"/f": "old"}}, asRoot())
	require.NoError(t, err)
	assert.Equal(t, "~ file /f  append inline, 0755\n", steps.String())
}

// A setID is a root whose files are set-uid.
type setID struct{ fake }

func (v setID) Lstat(at string) (root.Facts, error) {
	found, err := v.fake.Lstat(at)
	if found.Kind == root.File {
		found.Mode = 0o4755
	}
	return found, err
}

func TestHostileRoots(t *testing.T) {
	write := `'files':[{'path':'/x/f','contents':{'source':'data:,new'},'overwrite':true}]`
	for name, c := range map[string]struct {
		tree  map[string]string
		cfg   string
		setup func(t *testing.T, dir string)
		err   string // "" for success
		want  map[string]string
	}{
		"an absolute link stays in the root": {map[string]string{"x": "-> /outside"}, write, nil, "",
			map[string]string{"outside/f": "new"}},
		"a link upwards stays in the root": {map[string]string{"x": "-> ../../../outside"}, write, nil, "",
			map[string]string{"outside/f": "new"}},
		"a link at the file's name is replaced": {map[string]string{"x/f": "-> ../../outside/f"}, write, nil, "",
			map[string]string{"x/f": "new"}},
		"a fifo is replaced, not opened": {map[string]string{"x/": ""}, write, func(t *testing.T, dir string) {
			require.NoError(t, unix.Mkfifo(filepath.Join(dir, "x/f"), 0o644))
		}, "", map[string]string{"x/f": "new"}},
		"a fifo without overwrite is refused": {map[string]string{"x/": ""},
			`'files':[{'path':'/x/f','append':[{'source':'data:,x'}]}]`, func(t *testing.T, dir string) {
				require.NoError(t, unix.Mkfifo(filepath.Join(dir, "x/f"), 0o644))
			}, "file /x/f ($.storage.files.0): a device, fifo or socket is there, which cannot be kept as a file", nil},
		"links in circles": {map[string]string{"x": "-> y", "y": "-> x"}, write, nil,
			"file /x/f ($.storage.files.0): too many symbolic links on the way", nil},
		"a file where a directory is": {map[string]string{"x": "old"}, write, nil,
			"file /x/f ($.storage.files.0): is below /x, which is a regular file", map[string]string{"x": "old"}},
		"a path that grows too long": {map[string]string{"x": "-> " + strings.Repeat("/y", 2000)}, write, nil, "",
			map[string]string{strings.Repeat("/y", 2000)[1:] + "/f": "new"}},
		"the preset file is a directory": {map[string]string{presetPath + "/": ""}, ``, nil,
			"presets 20-ignition.preset: open " + presetPath + ": not a regular file", nil},
		"content that differs": {map[string]string{"x/f": "old"},
			`'files':[{'path':'/x/f','contents':{'source':'data:,new'}}]`, nil, "file /x/f ($.storage.files.0): a " +
				"file with other content is there, and overwrite is not set", map[string]string{"x/f": "old"}},
		"a hard link that differs": {map[string]string{"f": "a", "g": "b"},
			`'links':[{'path':'/f','target':'g','hard':true}]`, nil, "hard link /f ($.storage.links.0): a regular " +
				"file is there, and overwrite is not set", map[string]string{"f": "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, o := newRoot(t, c.tree)
			outside := filepath.Join(filepath.Dir(dir), "outside")
			populate(t, outside, map[string]string{"f": "untouched"})
			if c.setup != nil {
				c.setup(t, dir)
			}
			cfg := storage(t, c.cfg)
			if strings.Contains(name, "preset") {
				cfg = unitsOf(t, `{'name':'a.service','enabled':true}`)
			}
			err := apply(cfg, o)
			if c.err == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, c.err)
			}
			for name, content := range c.want {
				// One name at a time: the whole path is too long for one call.
				assert.Equal(t, content, readDeep(t, dir, name), name)
			}
			text, err := os.ReadFile(filepath.Join(outside, "f"))
			require.NoError(t, err)
			assert.Equal(t, "untouched", string(text))
		})
	}
}

// TestALinkThatIsSwappedInIsNotFollowed has the user of a home put links to the folders of others where the plan saw
// folders.
func TestALinkThatIsSwappedInIsNotFollowed(t *testing.T) {
	for claim, text := range map[string]string{
		"a file is made": `"files":[{"path":"/home/joe/sub/new","contents":{"source":"data:,x"}}]`,
		"a file is replaced": `"files":[{"path":"/home/joe/sub/file","overwrite":true,` +
			`"contents":{"source":"data:,x"}}]`,
		"a file gets a mode":  `"files":[{"path":"/home/joe/sub/file","mode":384}]`,
		"a file grows":        `"files":[{"path":"/home/joe/sub/file","append":[{"source":"data:,x"}]}]`,
		"a folder is made":    `"directories":[{"path":"/home/joe/sub/new"}]`,
		"a folder is emptied": `"directories":[{"path":"/home/joe/sub/dir","overwrite":true}]`,
		"a link is made":      `"links":[{"path":"/home/joe/sub/new","target":"x"}]`,
		"a hard link is made": `"links":[{"path":"/home/joe/sub/new","target":"/etc/file","hard":true}]`,
		"a hard link's file":  `"links":[{"path":"/srv/new","target":"/home/joe/sub/file","hard":true}]`,
	} {
		t.Run(claim, func(t *testing.T) {
			dir, o := newRoot(t, map[string]string{"etc/file": "of root", "etc/dir/file": "of root",
				"home/joe/sub/file": "of joe", "home/joe/sub/dir/x": "of joe", "srv/": ""})
			steps, err := Plan(storage(t, text), target.Of(o.Root), o)
			require.NoError(t, err)
			before := snapshot(t, filepath.Join(dir, "etc"))
			require.NoError(t, os.Rename(filepath.Join(dir, "home/joe/sub"), filepath.Join(dir, "home/joe/away")))
			require.NoError(t, os.Symlink("/etc", filepath.Join(dir, "home/joe/sub")))
			err = steps.Run(t.Context(), plan.Options{})
			require.ErrorIs(t, err, unix.ELOOP)
			assert.Equal(t, before, snapshot(t, filepath.Join(dir, "etc")))
			assert.NoFileExists(t, filepath.Join(dir, "srv/new"))
		})
	}
}

func readDeep(t *testing.T, dir, name string) string {
	t.Helper()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	text, err := root.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}

func TestADirectoryThatTakesNothing(t *testing.T) {
	if os.Geteuid() == 0 { // which writes to every directory
		againAsNobody(t)
		return
	}
	dir, o := newRoot(t, map[string]string{"x/": ""})
	require.NoError(t, os.Chmod(filepath.Join(dir, "x"), 0o555))
	err := apply(storage(t, `'files':[{'path':'/x/f'}]`), o)
	require.EqualError(t, err, "file /x/f ($.storage.files.0): create /x/f: permission denied")
}

// againAsNobody runs the test once more, in a process without rights. The program is run by its descriptor: its
// directory is root's alone.
func againAsNobody(t *testing.T) {
	t.Helper()
	program, err := os.Open("/proc/self/exe")
	require.NoError(t, err)
	defer program.Close()
	c := exec.CommandContext(t.Context(), "/proc/self/fd/3", "-test.run=^"+t.Name()+"$", "-test.v")
	c.ExtraFiles, c.Dir, c.Env = []*os.File{program}, "/", []string{"TMPDIR=/tmp"}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: "+t.Name())
}

func TestADigestSavesTheFetch(t *testing.T) {
	const digest = "sha256-5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03" // of "hello\n"
	cfg := storage(t,
		`'files':[{'path':'/f','contents':{'source':'http://gone/','verification':{'hash':'`+digest+`'}}}]`)
	dir, o := newRoot(t, map[string]string{"f": "hello\n"})
	require.NoError(t, apply(cfg, o))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "f"), []byte("other\n"), 0o644))
	require.EqualError(t, apply(cfg, o),
		"file /f ($.storage.files.0): a file with other content is there, and overwrite is not set")
}

// A large file is not read for a plan, so nobody says that it is replaced where the step may find that it stays.
func TestWhetherALargeFileStaysIsFoundByTheStep(t *testing.T) {
	digest := `, 'verification': {'hash': 'sha256-` + strings.Repeat("0", 64) + `'}`
	for claim, test := range map[string]struct {
		contents string
		want     plan.Effect
	}{
		"inline":                   {`'source': 'data:,x'`, plan.Deferred},
		"of a server, by a digest": {`'source': 'http://gone/'` + digest, plan.Deferred},
		"of a server":              {`'source': 'http://gone/'`, plan.Destroy},
	} {
		dir, o := newRoot(t, map[string]string{"f": ""})
		require.NoError(t, os.Truncate(filepath.Join(dir, "f"), 256<<20+1))
		p, err := Plan(storage(t, `'files':[{'path':'/f','overwrite':true,'contents':{`+test.contents+`}}]`),
			target.Of(o.Root), o)
		require.NoError(t, err, claim)
		assert.Equal(t, test.want, p[0].Effect, claim)
	}
}

// What the config has itself, or a digest of, is compared before the first step runs: the first file is not written.
func TestAConflictThatCanBeSeenIsFoundBeforeAnythingIsWritten(t *testing.T) {
	const digest = "sha256-5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03" // of "hello\n"
	for name, c := range map[string]struct {
		contents, there string
		seen            bool
	}{
		"inline, other":         {`'contents':{'source':'data:,new'}`, "old", true},
		"inline, the beginning": {`'contents':{'source':'data:,new'}`, "newer", true},
		"inline, longer":        {`'contents':{'source':'data:,new'}`, "ne", true},
		"inline, empty":         {`'contents':{'source':''}`, "old", true},
		"inline, alike":         {`'contents':{'source':'data:,new'}`, "new", false},
		"with appends, other":   {`'contents':{'source':'data:,a'},'append':[{'source':'data:,b'}]`, "a", true},
		"with appends, alike":   {`'contents':{'source':'data:,a'},'append':[{'source':'data:,b'}]`, "ab", false},
		"more than a chunk": {`'contents':{'source':'data:,` + strings.Repeat("x", 1<<17) + `'}`,
			strings.Repeat("x", 1<<17-1) + "y", true},
		"a digest of what is afar": {`'contents':{'source':'http://gone/','verification':{'hash':'` + digest + `'}}`,
			"old", true},
		"the digest of what is there": {`'contents':{'source':'http://gone/','verification':{'hash':'` + digest + `'}}`,
			"hello\n", false},
		"afar, without a digest": {`'contents':{'source':'http://h/small'}`, "old", false},
		"overwrite":              {`'contents':{'source':'data:,new'},'overwrite':true`, "old", false},
	} {
		t.Run(name, func(t *testing.T) {
			_, o := newRoot(t, map[string]string{"d/f": c.there})
			_, err := Plan(storage(t, `'files':[{'path':'/a','contents':{'source':'data:,first'}},{'path':'/d/f',`+
				c.contents+`}]`), target.Of(o.Root), o)
			if !c.seen {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err,
				"file /d/f ($.storage.files.1): a file with other content is there, and overwrite is not set")
			assert.Equal(t, []string{"to have it replaced, set overwrite: true for this entry"}, diag.Hints(err))
		})
	}
}

func TestAMatchingLinkGetsItsOwner(t *testing.T) {
	uid, gid := me()
	dir, o := newRoot(t, map[string]string{"l": "-> target/"})
	require.NoError(t, apply(storage(t, fmt.Sprintf(`'links':[{'path':'/l','target':'./target','user':{'id':%d},`+
		`'group':{'id':%d}}]`, uid, gid)), o))
	found, err := o.Root.Lstat("l")
	require.NoError(t, err)
	assert.Equal(t, [2]int{uid, gid}, [2]int{int(found.UID), int(found.GID)})
	target, err := os.Readlink(filepath.Join(dir, "l"))
	require.NoError(t, err)
	assert.Equal(t, "target/", target, "the link itself is not touched")
}

func TestModesDoNotDependOnTheUmask(t *testing.T) {
	old := unix.Umask(0o077)
	defer unix.Umask(old)
	dir, o := newRoot(t, nil)
	cfg := storage(t, `'directories':[{'path':'/d'}],'files':[{'path':'/a/f'}]`)
	cfg.Systemd = unitsOf(t, `{'name':'a.service','contents':'[Unit]','enabled':true}`).Systemd
	require.NoError(t, apply(cfg, o))
	for name, mode := range map[string]fs.FileMode{"d": 0o755, "a": 0o755, "a/f": 0o644,
		"etc/systemd/system/a.service": 0o644, presetPath: 0o644} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, mode, info.Mode().Perm(), name)
	}
}

func TestWithoutSystemctlNothingIsEnabled(t *testing.T) {
	dir, o := newRoot(t, map[string]string{"enabled/a.service": ""})
	o.Tools = tool.New(map[string]string{"systemctl": "/none/systemctl"}, nil)
	require.NoError(t, apply(unitsOf(t, `{'name':'a.service','enabled':false}`), o))
	got, err := os.ReadFile(filepath.Join(dir, presetPath))
	require.NoError(t, err)
	assert.Equal(t, "disable a.service\n", string(got), "a first boot with its presets does not enable it")
}
