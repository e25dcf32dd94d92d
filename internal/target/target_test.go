package target_test

import (
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/tests/trees"
)

func claim(path string, kind root.Kind, link string) *target.Claim {
	return &target.Claim{Subject: "entry " + path, Origin: "$" + path, Path: path, Kind: kind, Link: link}
}

func TestEntriesSettleInTheWorldThatTheyMake(t *testing.T) {
	for name, c := range map[string]struct {
		view    trees.Fake
		entries []*target.Claim
		want    []string // places
		err     string
	}{
		"below a link of the root": {trees.Fake{"/l": "-> d", "/d/": ""},
			[]*target.Claim{claim("/l/f", root.File, "")}, []string{"/d/f"}, ""},
		"below a link of the config, whichever comes first": {trees.Fake{},
			[]*target.Claim{claim("/a/l/f", root.File, ""), claim("/a", root.Symlink, "b"),
				claim("/b/l", root.Symlink, "/c")}, []string{"/c/f", "/a", "/b/l"}, ""},
		"all that cannot be is told": {trees.Fake{"/f": "x"},
			[]*target.Claim{claim("/f/a", root.File, ""), claim("/x", root.File, ""), claim("/y/../x", root.File, ""),
				claim("/x/z", root.File, "")}, []string{"/f/a", "/x", "/x", "/x/z"},
			"entry /f/a ($/f/a): is below /f, which is a regular file\n" +
				"entry /y/../x ($/y/../x): is at the same place as entry /x ($/x): /x\n" +
				"entry /x/z ($/x/z): is below entry /y/../x ($/y/../x), which is no directory"},
		"round and round": {trees.Fake{}, []*target.Claim{claim("/a/x", root.Symlink, "/b"),
			claim("/b/x", root.Symlink, "/a")}, []string{"/a/x", "/b/x"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := target.New(c.view)
			err := in.Settle(c.entries)
			if c.err == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, c.err)
			}
			for i, e := range c.entries {
				assert.Equal(t, c.want[i], e.At)
				assert.Equal(t, c.err != "" && e.Path != "/x", e.Err != nil, e.Path)
			}
		})
	}
}

func TestWhatTheAccountsLeaveIsSeen(t *testing.T) {
	in := target.New(trees.Fake{"/home/ann/": "of 1000", "/home/ann/notes": "mine", "/home/ann/l": "-> notes",
		"/etc/skel/.profile": "# profile", "/srv/": "", "/home/ann/data": "mounted"})
	in.Move("/home/ann", "/srv/ann")
	in.Give("/srv/ann", accounts.Owners{OldUID: 1000, NewUID: 2000})
	in.Put("/home/bob", root.Facts{Kind: root.Directory, UID: 7})
	in.Copy("/etc/skel/.profile", "/home/bob/.profile", root.Facts{Kind: root.File, UID: 7})
	require.NoError(t,
		in.Lay("/home/bob/.ssh/keys", "k", root.Facts{UID: 7, Mode: 0o600}, root.Facts{UID: 7, Mode: 0o700}))
	facts := func(at string) root.Facts {
		f, err := in.Lstat(at)
		require.NoError(t, err)
		return f
	}
	text := func(path string) string {
		content, err := in.ReadFile(path, 99)
		require.NoError(t, err)
		return string(content)
	}
	assert.Equal(t, root.Absent, facts("/home/ann").Kind)
	assert.EqualValues(t, 2000, facts("/srv/ann").UID)
	assert.Equal(t, "mine", text("/srv/ann/l"), "links move along")
	assert.Equal(t, "# profile", text("/home/bob/.profile"))
	assert.EqualValues(t, 0o700, facts("/home/bob/.ssh").Mode)
	assert.Equal(t, "k", text("/home/bob/.ssh/keys"))
	f, err := in.Open("/home/bob/.ssh/keys")
	require.NoError(t, err)
	content, err := io.ReadAll(f)
	require.NoError(t, err)
	assert.Equal(t, "k", string(content))
	names, err := in.Names("/home")
	require.NoError(t, err)
	assert.Equal(t, []string{"bob"}, names)
	mounts, err := in.Mounts()
	require.NoError(t, err)
	assert.Equal(t, []string{"/srv/ann/data"}, mounts, "what is mounted moves along")
	require.Error(t, in.MayGo("/srv/ann", root.Directory))
	in.Remove("/srv/ann")
	assert.Equal(t, root.Absent, facts("/srv/ann/notes").Kind)
}

func TestWhatComesAfterAnEntryIsKnownWhenItIsPlanned(t *testing.T) {
	in := target.New(trees.Fake{"/d/old": "x"})
	emptied := claim("/d", root.Directory, "")
	emptied.Overwrite = true
	require.NoError(t, in.Settle([]*target.Claim{emptied, claim("/d/f", root.File, "")}))
	at, err := in.Place("/d/f")
	require.NoError(t, err)
	in.Take(&target.Claim{ID: "unit:f", At: at})
	require.NotNil(t, in.Over("/d/f"))
	assert.Equal(t, "unit:f", in.Over("/d/f").ID)
	assert.Nil(t, in.Over("/d"))
	assert.Equal(t, "entry /d/f", in.Claimed("/d/f").Subject)
	assert.Len(t, in.Claims(), 3)
	before, err := in.Before("/d/old")
	require.NoError(t, err)
	assert.Equal(t, root.Absent, before.Kind, "the directory is emptied by then")
	_, names, err := in.List("/d")
	require.NoError(t, err)
	assert.Equal(t, []string{"f"}, names)
	_, err = in.Place("/x\x00")
	require.ErrorContains(t, err, "NUL")
}

func TestAContentIsComparedAsFarAsItTakes(t *testing.T) {
	in := target.New(trees.Fake{"/f": "abc"})
	f, err := in.Open("/f")
	require.NoError(t, err)
	for text, want := range map[string]target.Likeness{"abc": target.Equal, "ab": target.ContentShorter,
		"abcd": target.FileShorter, "abx": target.Unequal} {
		got, err := target.Compare(f, target.Query{}, func(to target.Output) error {
			to.Mark()
			if _, err := io.WriteString(to, text[:1]); err != nil {
				return err
			}
			if err := to.Reset(); err != nil {
				return err
			}
			_, err := io.WriteString(to, text)
			return err
		})
		require.NoError(t, err)
		assert.Equal(t, want, got, text)
	}
	broken := errors.New("broken")
	_, err = target.Compare(f, target.Query{}, func(target.Output) error { return broken })
	require.ErrorIs(t, err, broken)
}
