package stages

import (
	"bytes"
	"context"
	"crypto/rand"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/tests/machines"
	"github.com/glowplug-os/glowplug/tests/trees"
)

// A situation is what a plan is made of.
type situation struct {
	config  string
	root    trees.Fake
	devices scene.Images
	today   int64
	salt    byte
}

func (s situation) plan(t *testing.T) *report.Plan {
	t.Helper()
	o := circumstances()
	o.Files.Users.Today, o.Random = s.today, rand.Reader
	var devices scene.Scene
	if s.devices != nil {
		devices = s.devices.Scene()
	}
	f, err := Plan(t.Context(), configOf(t, s.config), devices, s.root, o)
	require.NoError(t, err)
	p := f.Report(true)
	require.NoError(t, f.Mark(t.Context(), p, bytes.Repeat([]byte{s.salt}, report.SaltBytes)))
	return p
}

const markedConfig = `{'storage': {'files': [
		{'path': '/etc/f', 'overwrite': true, 'contents': {'source': 'data:,new'}},
		{'path': '/etc/far', 'contents': {'source': 'http://host/a?token=1',
			'httpHeaders': [{'name': 'A', 'value': '1'}]}},
		{'path': '/etc/kept'},
		{'path': '/srv/gone', 'overwrite': true, 'contents': {'source': 'data:,'}}]},
	'passwd': {'users': [{'name': 'left', 'shouldExist': false},
		{'name': 'core', 'passwordHash': '$6$a', 'sshAuthorizedKeys': ['a b']}]},
	'systemd': {'units': [{'name': 'a.service', 'contents': '[Unit]', 'enabled': true}]}}`

func here() situation {
	return situation{config: markedConfig, today: 20000, root: trees.Fake{"/etc/f": "old", "/etc/kept": "",
		"/etc/passwd": "root:x:0:0:root:/root:/bin/sh\nleft:x:0:0::/home/left:\n",
		"/etc/shadow": "root:$6$other:1::::::\n", "/home/left/a/b": "old", "/var/mail/left": "old",
		"/srv/gone/a/b": "old", "/srv/gone/c": "old", "/srv/gone/link": "-> a",
		"/etc/group": "root:x:0:\n", "/etc/gshadow": "root:*::\n"}}
}

func TestDigestsTellPlansOfOtherThingsApart(t *testing.T) {
	first := here().plan(t)
	var text bytes.Buffer
	require.NoError(t, first.WriteJSON(&text))
	saved, err := report.ReadSaved("p.json", text.Bytes())
	require.NoError(t, err)
	in := func(old, with string) func(*situation) {
		return func(s *situation) {
			require.Contains(t, s.config, old)
			s.config = string(bytes.ReplaceAll([]byte(s.config), []byte(old), []byte(with)))
		}
	}
	const mail, home = "account-effect:0", "account-effect:1"
	user := []string{"user:core", "account-effect:2", "ssh-keys:core"}
	for claim, test := range map[string]struct {
		change func(*situation)
		differ []string // the IDs of actions
	}{
		"nothing":            {func(*situation) {}, nil},
		"another day":        {func(s *situation) { s.today++ }, nil},
		"a file beside":      {func(s *situation) { s.root["/etc/beside"] = "x" }, nil},
		"other content":      {in("data:,new", "data:,never"), []string{"file:/etc/f"}},
		"another query":      {in("token=1", "token=2"), []string{"file:/etc/far"}},
		"another header":     {in("'value': '1'", "'value': '2'"), []string{"file:/etc/far"}},
		"another key":        {in("a b", "a c"), user},
		"another hash":       {in("$6$a", "$6$b"), append(user, "account-files")},
		"another unit":       {in("[Unit]", "[Socket]"), []string{"unit:a.service"}},
		"another file there": {func(s *situation) { s.root["/etc/f"] = "odd" }, []string{"file:/etc/f"}},
		"another hash there": {func(s *situation) { s.root["/etc/shadow"] = "root:$6$more:1::::::\n" },
			[]string{"account-files"}},
		"another file below a directory that goes": {func(s *situation) { s.root["/srv/gone/a/b"] = "odd" },
			[]string{"file:/srv/gone"}},
		"another name below it": {func(s *situation) {
			delete(s.root, "/srv/gone/c")
			s.root["/srv/gone/d"] = "old"
		}, []string{"file:/srv/gone"}},
		"another place below it": {func(s *situation) {
			delete(s.root, "/srv/gone/c")
			s.root["/srv/gone/a/c"] = "old"
		}, []string{"file:/srv/gone"}},
		"another link below it": {func(s *situation) { s.root["/srv/gone/link"] = "-> b" },
			[]string{"file:/srv/gone"}},
		"another file in a home that goes": {func(s *situation) { s.root["/home/left/a/b"] = "odd" }, []string{home}},
		"another mail":                     {func(s *situation) { s.root["/var/mail/left"] = "odd" }, []string{mail}},
		"what is kept is not there": {func(s *situation) { delete(s.root, "/etc/kept") },
			[]string{"file:/etc/kept"}},
	} {
		t.Run(claim, func(t *testing.T) {
			now := here()
			test.change(&now)
			p := now.plan(t)
			differ := map[string]bool{}
			for i, a := range p.Actions {
				if b := first.Actions[i]; a.Digest != b.Digest || a.Effect != b.Effect {
					differ[a.ID] = true
				}
			}
			for _, id := range test.differ {
				assert.True(t, differ[id], id)
			}
			assert.Len(t, differ, len(test.differ), differ)
			lines, err := saved.Compare(p)
			require.NoError(t, err)
			assert.Equal(t, len(test.differ) == 0, len(lines) == 0, lines)
		})
	}
}

func TestTheDayOfAPasswordIsNoOtherPlanWhereverShadowIs(t *testing.T) {
	dir := t.TempDir()
	trees.Populate(t, dir, map[string]string{"usr/etc/passwd": "root:x:0:0::/root:/bin/sh\n", "etc": "-> usr/etc",
		"usr/etc/shadow": "root:*:1::::::\n", "usr/etc/group": "users:x:100:\n"})
	in, err := root.Open(dir)
	require.NoError(t, err)
	defer in.Close()
	var digests []string
	for _, today := range []int64{20000, 20001} {
		o := circumstances()
		o.Files.Users.Today = today
		f, err := Plan(t.Context(), configOf(t, `{'passwd': {'users': [{'name': 'core', 'passwordHash': '$6$a'}]}}`),
			nil, target.WholeOf(in), o)
		require.NoError(t, err)
		p := f.Report(true)
		require.NoError(t, f.Mark(t.Context(), p, bytes.Repeat([]byte{1}, report.SaltBytes)))
		i := slices.IndexFunc(p.Actions, func(a report.Action) bool { return a.ID == "account-files" })
		digests = append(digests, p.Actions[i].Digest)
	}
	assert.Equal(t, digests[0], digests[1])
}

func TestMarkingAPlanEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	f, err := Plan(ctx, configOf(t, markedConfig), nil, here().root, circumstances())
	require.NoError(t, err)
	cancel(assert.AnError)
	require.ErrorIs(t, f.Mark(ctx, f.Report(true), nil), assert.AnError)
}

func TestPlansOfOtherSaltsHaveOtherDigests(t *testing.T) {
	other := here()
	other.salt++
	met := map[string]bool{}
	for _, p := range []*report.Plan{here().plan(t), other.plan(t)} {
		for _, a := range p.Actions {
			assert.False(t, a.Digest != "" && met[a.Digest], a.ID)
			met[a.Digest] = true
		}
	}
}

func TestGUIDsAndKeysThatAreMadeUpAreNoOtherPlan(t *testing.T) {
	s := situation{config: raidConfig, root: trees.Fake{"/boot/": "", "/srv/": ""},
		devices: scene.Images{"/dev/vda": machines.NewDisk(t, 64).Image(), "/dev/vdb": machines.NewDisk(t, 64).Image()}}
	var text bytes.Buffer
	require.NoError(t, s.plan(t).WriteJSON(&text))
	saved, err := report.ReadSaved("p.json", text.Bytes())
	require.NoError(t, err)
	lines, err := saved.Compare(s.plan(t))
	require.NoError(t, err)
	assert.Empty(t, lines)
	s.devices["/dev/vdb"] = machines.NewDisk(t, 128).Image()
	lines, err = saved.Compare(s.plan(t))
	require.NoError(t, err)
	assert.NotEmpty(t, lines)
}
