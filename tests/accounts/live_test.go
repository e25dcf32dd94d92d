//go:build disk

package accounts

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/stages/users"
	"github.com/glowplug-os/glowplug/tests/prepared"
)

var update = flag.Bool("update", false, "write what the tools did to testdata")

var releases = []string{"bookworm", "trixie"}

// TestTheToolsStillDo runs every case with the tools of each release. What they do must be what is recorded.
func TestTheToolsStillDo(t *testing.T) {
	var all []record
	for _, release := range releases {
		all = append(all, live(t, release)...)
	}
	var text strings.Builder
	for _, r := range merge(t, all) {
		text.WriteString(encode(t, r))
	}
	path := filepath.Join("testdata", recordedFile)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(text.String()), 0o644))
		return
	}
	recorded, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(strings.SplitAfter(string(recorded), "\n"), strings.SplitAfter(text.String(), "\n")),
		"recorded (-) and live (+); -update writes it")
}

// live runs the cases in a copy of the root of a release.
func live(t *testing.T, release string) []record {
	original := prepared.By(t, "./prepare", release)
	theirs, ours := newMachine(t, original), newMachine(t, original)
	var records []record
	for _, c := range cases(t) {
		r := record{testCase: c, Releases: []string{release}}
		theirs.reset(&r)
		if r.Failed = theirs.apply(r.Config); r.Failed == "" {
			r.After, r.Left = theirs.changed(&r), theirs.listing()
		}
		records = append(records, r)
		t.Run(release+" "+c.Name, func(t *testing.T) { sideBySide(t, theirs, ours, r) })
	}
	return records
}

func newMachine(t *testing.T, original string) *machine {
	m := &machine{t: t, root: filepath.Join(t.TempDir(), "root")}
	out, err := exec.Command("cp", "-a", "--reflink=auto", original, m.root).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return m
}

// sideBySide has the files stage, as it ships, do in one root what the tools have done in the other, and compares
// account files and homes. Nothing is told to it about the tools: it finds out by itself.
func sideBySide(t *testing.T, theirs, ours *machine, r record) {
	for _, m := range []*machine{theirs, ours} {
		whole := m.t
		m.t = t
		defer func() { m.t = whole }()
	}
	ours.reset(&r)
	if hidden := r.hideHashes(); len(hidden) > 0 {
		// The tools write hashes where everybody can read them, unless they are given a file to write them to. We make
		// that file.
		theirs.reset(&r)
		for _, path := range hidden {
			require.NoError(t, os.Chown(theirs.root+path, 0, 0))
			require.NoError(t, os.Chmod(theirs.root+path, 0o600))
		}
		r.Failed = theirs.apply(r.Config)
	}
	before := ours.evidence()
	err := ours.stage(r.Config)
	switch _, listed := asWanted[r.Name]; {
	case r.Failed != "":
		require.Error(t, err, "the tools said: %s", r.Failed)
		assert.Empty(t, cmp.Diff(before, ours.evidence()), "what cannot be had changes nothing")
	case listed:
		require.NoError(t, err)
		assert.NotEmpty(t, cmp.Diff(theirs.evidence(), ours.evidence()), "no exception is needed")
	default:
		require.NoError(t, err)
		assert.Empty(t, cmp.Diff(theirs.evidence(), ours.evidence()),
			"what the tools left (-) and what the stage does (+)")
	}
}

// hideHashes gives the case empty files for hashes, where it has none and hashes to put there, and tells which.
func (r *record) hideHashes() (hidden []string) {
	hide := func(path string, wanted bool) {
		if text, listed := r.Files[path]; listed && text == nil && wanted {
			r.Files = maps.Clone(r.Files)
			r.set(path, "")
			hidden = append(hidden, path)
		}
	}
	hide(accounts.ShadowFile,
		slices.ContainsFunc(r.Config.Users, func(u config.PasswdUser) bool { return or(u.PasswordHash) != "" }))
	hide(accounts.GShadowFile,
		slices.ContainsFunc(r.Config.Groups, func(g config.PasswdGroup) bool { return or(g.PasswordHash) != "" }))
	return hidden
}

// stage plans and runs the files stage, as a boot does.
func (m *machine) stage(p config.Passwd) error {
	root, err := root.Open(m.root)
	require.NoError(m.t, err)
	defer root.Close()
	steps, err := files.Plan(config.Config{Passwd: p}, target.Of(root), files.Options{
		Means:    target.Means{Root: root, Identity: target.Identity{Privileged: true}},
		Accounts: files.MakeAccounts, Users: users.Options{Today: today}})
	if err != nil {
		return err
	}
	return steps.Run(m.t.Context(), plan.Options{})
}

// evidence is every account file and every node of the trees, with content, owner and mode.
func (m *machine) evidence() []string {
	var all []string
	for _, path := range accounts.Editable() {
		if _, err := os.Lstat(m.root + path); err == nil {
			all = append(all, strings.SplitAfter(m.node(m.root+path).line(path), "\n")...)
		}
	}
	return append(all, m.listing()...)
}

// merge puts releases together that did the same, whatever they said.
func merge(t *testing.T, all []record) []record {
	var merged []record
	at := map[string]int{}
	for _, r := range all {
		same := r
		same.Releases = nil
		if r.Failed != "" {
			same.Failed = "it did"
		}
		key := encode(t, same)
		if i, there := at[key]; there {
			merged[i].Releases = append(merged[i].Releases, r.Releases...)
			continue
		}
		at[key] = len(merged)
		merged = append(merged, r)
	}
	return merged
}

func encode(t *testing.T, r record) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	require.NoError(t, e.Encode(r))
	return b.String()
}

// A machine is a root that one case after the other is tried in.
type machine struct {
	t    *testing.T
	root string
}

var trees = []string{"/home", "/srv", "/var/mail"}

func (m *machine) reset(r *record) {
	t := m.t
	for _, tree := range append([]string{"/etc/skel", "/usr/etc"}, trees...) {
		require.NoError(t, os.RemoveAll(m.root+tree))
	}
	for _, path := range accounts.Inputs() {
		require.NoError(t, os.RemoveAll(m.root+path))
	}
	for path, text := range r.before() {
		require.NoError(t, os.WriteFile(m.root+path, []byte(text), 0o644))
		if path == accounts.ShadowFile || path == accounts.GShadowFile {
			require.NoError(t, os.Chown(m.root+path, 0, 42))
			require.NoError(t, os.Chmod(m.root+path, 0o640))
		}
	}
	require.NoError(t, os.WriteFile(m.root+accounts.NSSwitchFile,
		[]byte("passwd: files\ngroup: files\nshadow: files\ngshadow: files\n"), 0o644))
	for _, line := range append(slices.Clone(baseNodes), r.Nodes...) {
		m.make(line)
	}
}

func (m *machine) make(line string) {
	t := m.t
	at, n := parseNode(t, line)
	at = m.root + at
	switch n.kind {
	case "dir":
		require.NoError(t, os.MkdirAll(at, 0o755))
	case "file":
		require.NoError(t, os.WriteFile(at, []byte(n.rest), 0o644))
	case "link":
		require.NoError(t, os.Symlink(n.rest, at))
	}
	require.NoError(t, os.Lchown(at, int(n.uid), int(n.gid)))
	if n.kind != "link" {
		require.NoError(t, syscall.Chmod(at, n.mode))
	}
}

// apply runs the tools as docs/peer/engine.md §11.5 has it, chrooted instead of with --root. It gives what the first
// one said that failed.
func (m *machine) apply(p config.Passwd) string {
	for _, g := range p.Groups {
		if argv := m.groupArgs(g); argv != nil {
			if said := m.tool(argv...); said != "" {
				return said
			}
		}
	}
	for _, u := range p.Users {
		argv := m.userArgs(u)
		if argv == nil {
			continue
		}
		if said := m.tool(argv...); said != "" {
			return said
		}
		if u.PasswordHash != nil && !gone(u.ShouldExist) {
			if said := m.tool("usermod", "--password", hashArg(*u.PasswordHash), u.Name); said != "" {
				return said
			}
		}
	}
	return ""
}

func hashArg(hash string) string {
	if hash == "" {
		return "*"
	}
	return hash
}

func (m *machine) groupArgs(g config.PasswdGroup) []string {
	exists := m.exists(accounts.GroupFile, g.Name)
	if gone(g.ShouldExist) {
		if !exists {
			return nil
		}
		return []string{"groupdel", g.Name}
	}
	argv := []string{"groupadd"}
	if exists {
		argv[0] = "groupmod"
	}
	if g.Gid != nil {
		argv = append(argv, "--gid", strconv.FormatUint(uint64(*g.Gid), 10))
	}
	if or(g.PasswordHash) != "" {
		argv = append(argv, "--password", *g.PasswordHash)
	}
	if !exists && or(g.System) {
		argv = append(argv, "--system")
	}
	return append(argv, g.Name)
}

func (m *machine) userArgs(u config.PasswdUser) []string {
	exists := m.exists(accounts.PasswdFile, u.Name)
	if gone(u.ShouldExist) {
		if !exists {
			return nil
		}
		return []string{"userdel", "--remove", u.Name}
	}
	var argv []string
	if exists {
		argv = []string{"usermod"}
		if or(u.HomeDir) != "" {
			argv = append(argv, "--home", *u.HomeDir, "--move-home")
		}
	} else {
		argv = newUserArgs(u)
	}
	if u.PasswordHash != nil || !exists {
		argv = append(argv, "--password", hashArg(or(u.PasswordHash)))
	}
	if u.UID != nil {
		argv = append(argv, "--uid", strconv.FormatUint(uint64(*u.UID), 10))
	}
	for _, o := range []struct {
		flag  string
		value *string
	}{{"--comment", u.Gecos}, {"--gid", u.PrimaryGroup}} {
		if or(o.value) != "" {
			argv = append(argv, o.flag, *o.value)
		}
	}
	if len(u.Groups) > 0 {
		argv = append(argv, "--groups", strings.Join(u.Groups, ","))
	}
	if or(u.Shell) != "" {
		argv = append(argv, "--shell", *u.Shell)
	}
	if exists && len(argv) == 1 {
		return nil // usermod without an option is a usage error
	}
	return append(argv, u.Name)
}

func newUserArgs(u config.PasswdUser) []string {
	argv := []string{"useradd"}
	if or(u.HomeDir) != "" {
		argv = append(argv, "--home-dir", *u.HomeDir)
	}
	if or(u.NoCreateHome) {
		argv = append(argv, "--no-create-home")
	} else {
		argv = append(argv, "--create-home")
	}
	for flag, set := range map[string]*bool{"--no-user-group": u.NoUserGroup, "--system": u.System,
		"--no-log-init": u.NoLogInit} {
		if or(set) {
			argv = append(argv, flag)
		}
	}
	return argv
}

func (m *machine) exists(path, name string) bool {
	text, err := os.ReadFile(m.root + path)
	require.NoError(m.t, err)
	return bytes.Contains(append([]byte("\n"), text...), []byte("\n"+name+":"))
}

// tool runs one in the root, where /proc is what it is on a machine that runs: with glibc before 2.39, chmod of what is
// no link takes it, and useradd copies no folders of a skeleton without.
func (m *machine) tool(argv ...string) string {
	run := exec.Command("unshare", append([]string{"--mount", "sh", "-c",
		`mount -t proc proc "$0/proc" && exec chroot "$0" "$@"`, m.root}, argv...)...)
	run.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", fmt.Sprintf("SOURCE_DATE_EPOCH=%d", epoch)}
	out, err := run.CombinedOutput()
	if err == nil {
		return ""
	}
	return fmt.Sprintf("%s: %v: %s", argv[0], err, bytes.TrimSpace(out))
}

func (m *machine) changed(r *record) map[string]string {
	files := map[string]string{}
	before := r.before()
	for _, path := range accounts.Editable() {
		text, err := os.ReadFile(m.root + path)
		old, was := before[path]
		if os.IsNotExist(err) {
			require.False(m.t, was, "%s went", path)
			continue
		}
		require.NoError(m.t, err)
		if string(text) != old || !was {
			files[path] = string(text)
		}
	}
	return files
}

func (m *machine) listing() []string {
	tree := tree{}
	for _, top := range trees {
		err := filepath.WalkDir(m.root+top, func(path string, _ fs.DirEntry, err error) error {
			require.NoError(m.t, err)
			tree[strings.TrimPrefix(path, m.root)] = m.node(path)
			return nil
		})
		require.NoError(m.t, err)
	}
	return tree.list()
}

func (m *machine) node(path string) node {
	var st syscall.Stat_t
	require.NoError(m.t, syscall.Lstat(path, &st))
	n := node{kind: "dir", mode: st.Mode & 0o7777, uid: st.Uid, gid: st.Gid}
	switch st.Mode & syscall.S_IFMT {
	case syscall.S_IFREG:
		text, err := os.ReadFile(path)
		require.NoError(m.t, err)
		n.kind, n.rest = "file", string(text)
	case syscall.S_IFLNK:
		to, err := os.Readlink(path)
		require.NoError(m.t, err)
		n.kind, n.rest = "link", to
	}
	return n
}
