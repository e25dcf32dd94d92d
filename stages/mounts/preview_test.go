package mounts

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/tests/trees"
)

func filesystem(device, at string) config.Filesystem {
	format := "ext4"
	return config.Filesystem{Device: device, Format: &format, Path: &at}
}

// contents gives each filesystem a content, by its place in the list.
func contents(all ...Content) func(int) Content { return func(i int) Content { return all[i] } }

func TestAFirstBootLeavesTheDirectoriesOfItsMounts(t *testing.T) {
	s := config.Storage{Filesystems: []config.Filesystem{filesystem("/dev/b", "/var/log/old"),
		filesystem("/dev/a", "/var"), filesystem("/dev/c", "/var/lib/x"), filesystem("/dev/d", "/srv/a")}}
	steps, after, err := Preview(s, trees.Fake{"/var/": "", "/var/spool/f": "x", "/etc/f": "y"},
		contents(Unknown, Empty, Unknown, Unknown))
	require.NoError(t, err)
	assert.Equal(t, `= mount /var          ext4 of /dev/a
+ mount /srv/a        ext4 of /dev/d, makes /srv, /srv/a
+ mount /var/log/old  ext4 of /dev/b, makes /var/log, /var/log/old
+ mount /var/lib/x    ext4 of /dev/c, makes /var/lib, /var/lib/x
`, steps.String())
	for at, want := range map[string]root.Kind{"/var": root.Directory, "/var/spool": root.Absent,
		"/var/log": root.Directory, "/var/log/old": root.Directory, "/var/log/old/f": root.Absent,
		"/srv": root.Directory, "/etc/f": root.File} {
		found, err := after.Lstat(at)
		require.NoError(t, err)
		assert.Equal(t, want, found.Kind, at)
	}
	_, err = after.ReadFile("/var/spool/f", 10)
	require.ErrorIs(t, err, fs.ErrNotExist)
	text, err := after.ReadFile("/etc/f", 10)
	require.NoError(t, err)
	assert.Equal(t, "y", string(text))
	names, err := after.Names("/var")
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"log", "lib"}, names)
	mounted, err := after.Mounts()
	require.NoError(t, err)
	assert.Equal(t, []string{"/srv/a", "/var", "/var/lib/x", "/var/log/old"}, mounted)
}

func TestWhatIsOnAFilesystemThatIsKeptIsUnknown(t *testing.T) {
	s := config.Storage{Filesystems: []config.Filesystem{filesystem("/dev/r", "/"), filesystem("/dev/a", "/var"),
		filesystem("/dev/b", "/var/x")}}
	steps, after, err := Preview(s, trees.Fake{"/var/": "", "/etc/f": ""}, contents(Unknown, Unknown, Empty))
	require.NoError(t, err)
	assert.Equal(t, `= mount /       ext4 of /dev/r
= mount /var    ext4 of /dev/a
? mount /var/x  ext4 of /dev/b, made unless /var has it
`, steps.String())
	for at, want := range map[string]bool{"/etc/f": false, "/var": false, "/var/y": true, "/var/x": false,
		"/var/x/f": false} {
		_, is := after.Unknown(at)
		assert.Equal(t, want, is, at)
	}
}

func TestAPreviewTellsAllThatIsInTheWay(t *testing.T) {
	s := config.Storage{Filesystems: []config.Filesystem{filesystem("/dev/a", "/f"), filesystem("/dev/b", "/l"),
		filesystem("/dev/c", "/ok")}}
	steps, _, err := Preview(s, trees.Fake{"/f": "x", "/l": "-> f", "/ok/": ""}, contents(0, 0, 0))
	require.ErrorContains(t, err, "mount /f ($.storage.filesystems.0)")
	require.ErrorContains(t, err, "mount /l ($.storage.filesystems.1)")
	assert.Equal(t, "= mount /ok  ext4 of /dev/c\n", steps.String())
}

func TestOfManyDirectoriesAFewAreNamed(t *testing.T) {
	s := config.Storage{Filesystems: []config.Filesystem{filesystem("/dev/a", strings.Repeat("/d", 30)),
		filesystem("/dev/b", strings.Repeat("/d", 31))}}
	steps, after, err := Preview(s, trees.Fake{}, contents(Empty, Empty))
	require.NoError(t, err)
	assert.Equal(t, 20, strings.Count(steps[0].Detail, "/d, ")) // each but the last of those that are named, and that
	assert.Contains(t, steps[0].Detail, ", and 10 more")
	assert.NotContains(t, steps[1].Detail, "more", "the directories above are there by then")
	names, err := after.Names(strings.Repeat("/d", 29))
	require.NoError(t, err)
	assert.Equal(t, []string{"d"}, names)
}
