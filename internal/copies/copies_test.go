package copies

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// two makes two images in a folder.
func two(t *testing.T) (dir string, images []string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"a.img", "b.img"} {
		image := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(image, []byte("old "+name), 0o640))
		images = append(images, image)
	}
	return dir, images
}

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func text(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(content)
}

// worked opens images, begins, and writes to what is worked on.
func worked(t *testing.T, images []string, inPlace bool) *Set {
	t.Helper()
	s, finished, err := Open(images, inPlace)
	require.NoError(t, err)
	assert.False(t, finished)
	t.Cleanup(s.Close)
	require.NoError(t, s.Begin(t.Context()))
	for _, image := range images {
		require.NoError(t, os.WriteFile(s.Work(image), []byte("new"), 0o600))
	}
	return s
}

func TestImagesAreReplacedTogether(t *testing.T) {
	for name, inPlace := range map[string]bool{"by copies": false, "in place": true} {
		t.Run(name, func(t *testing.T) {
			dir, images := two(t)
			s := worked(t, images, inPlace)
			require.NoError(t, s.Ready())
			require.NoError(t, s.Commit())
			assert.Equal(t, []string{"a.img", "b.img"}, names(t, dir))
			for _, image := range images {
				assert.Equal(t, "new", text(t, image))
				info, err := os.Stat(image)
				require.NoError(t, err)
				assert.Equal(t, os.FileMode(0o640), info.Mode().Perm())
			}
		})
	}
}

func TestWhatIsGivenUpLeavesTheOldImages(t *testing.T) {
	dir, images := two(t)
	s := worked(t, images, false)
	require.NoError(t, s.Abandon())
	assert.Equal(t, []string{"a.img", "b.img"}, names(t, dir))
	assert.Equal(t, "old a.img", text(t, images[0]))
}

func TestWhatIsGivenUpInPlaceIsMarked(t *testing.T) {
	dir, images := two(t)
	s := worked(t, images, true)
	require.NoError(t, s.Abandon())
	assert.Equal(t, []string{"a.img.incomplete", "b.img.incomplete"}, names(t, dir))
}

func TestWhatCannotBeginChangesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		inPlace bool
		way     string
	}{"a copy": {false, newSuffix}, "in place": {true, incompleteSuffix}} {
		t.Run(name, func(t *testing.T) {
			_, images := two(t)
			s, _, err := Open(images, c.inPlace)
			require.NoError(t, err)
			t.Cleanup(s.Close)
			require.NoError(t, os.WriteFile(images[1]+c.way, []byte("other"), 0o600))
			require.Error(t, s.Begin(t.Context()))
			assert.Equal(t, "old a.img", text(t, images[0]))
			assert.Equal(t, "old b.img", text(t, images[1]))
			assert.Equal(t, "other", text(t, images[1]+c.way))
			assert.NoFileExists(t, images[0]+c.way)
		})
	}
}

func TestARunThatIsCutOffIsPutAnEndTo(t *testing.T) {
	for name, c := range map[string]struct {
		left     func(t *testing.T, s *Set)
		finished bool
		want     []string
	}{
		"while it works": {func(*testing.T, *Set) {}, false, []string{"old a.img", "old b.img"}},
		"before it renames": {func(t *testing.T, s *Set) {
			require.NoError(t, writeJournals(s.images))
		}, true, []string{"new", "new"}},
		"between two journals": {func(t *testing.T, s *Set) {
			require.NoError(t, writeJournals(s.images))
			require.NoError(t, os.Remove(s.images[1]+journalSuffix))
		}, true, []string{"new", "new"}},
		"between two renames": {func(t *testing.T, s *Set) {
			require.NoError(t, writeJournals(s.images))
			require.NoError(t, os.Rename(s.Work(s.images[0]), s.images[0]))
		}, true, []string{"new", "new"}},
		"before the journals go": {func(t *testing.T, s *Set) {
			require.NoError(t, writeJournals(s.images))
			require.NoError(t, s.rename())
			require.NoError(t, os.Remove(s.images[0]+journalSuffix))
		}, true, []string{"new", "new"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, images := two(t)
			s := worked(t, images, false)
			c.left(t, s)
			s.Close()
			again, finished, err := Open(images, false)
			require.NoError(t, err)
			again.Close()
			assert.Equal(t, c.finished, finished)
			assert.Equal(t, []string{"a.img", "b.img"}, names(t, dir))
			assert.Equal(t, c.want, []string{text(t, images[0]), text(t, images[1])})
		})
	}
}

func TestAJournalIsOnlyAboutImagesThatAreMeant(t *testing.T) {
	_, images := two(t)
	worked(t, images, false).Close()
	require.NoError(t, writeJournals(images))
	_, _, err := Open(images[:1], false)
	require.ErrorContains(t, err, "an interrupted run was about "+images[1]+" too")
	assert.Equal(t, "old b.img", text(t, images[1]))
	require.NoError(t, os.WriteFile(images[0]+journalSuffix, []byte("{"), 0o600))
	_, _, err = Open(images[:1], false)
	require.ErrorContains(t, err, "is no journal of images")
}

func TestWhoIsAtWorkIsLeftAlone(t *testing.T) {
	_, images := two(t)
	s := worked(t, images, false)
	_, _, err := Open(images, false)
	require.ErrorContains(t, err, "is in use: a program has a lock on it")
	assert.Equal(t, "new", text(t, s.Work(images[0])))
}

func TestCopiesHaveTheHolesOfTheirFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "sparse")
	f, err := os.Create(file)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, f.Truncate(256<<20))
	for _, at := range []int64{0, 70 << 20, 256<<20 - 4096} {
		_, err := f.WriteAt(bytes.Repeat([]byte{7}, 4096), at)
		require.NoError(t, err)
	}
	to := filepath.Join(dir, "copy")
	require.NoError(t, duplicate(t.Context(), f, to))
	is, err := os.Stat(to)
	require.NoError(t, err)
	assert.EqualValues(t, 256<<20, is.Size())
	assert.Less(t, is.Sys().(*syscall.Stat_t).Blocks*512, int64(4<<20))
	assert.True(t, text(t, file) == text(t, to))
}

func TestACopyThatIsInterruptedGoes(t *testing.T) {
	dir, images := two(t)
	f, err := os.Open(images[0])
	require.NoError(t, err)
	defer f.Close()
	ctx, stop := context.WithCancelCause(t.Context())
	stop(errors.New("interrupted"))
	require.ErrorContains(t, duplicate(ctx, f, filepath.Join(dir, "copy")), "interrupted")
	assert.Equal(t, []string{"a.img", "b.img"}, names(t, dir))
}

func TestWhoWaitsForARunDoesNotGetTheFileThatItHasReplaced(t *testing.T) {
	_, images := two(t)
	old, err := os.Open(images[0])
	require.NoError(t, err)
	defer old.Close()
	assert.True(t, named(old, images[0]))
	s := worked(t, images, false)
	require.NoError(t, s.Ready())
	require.NoError(t, s.Commit())
	assert.False(t, named(old, images[0]))
	require.NoError(t, os.Remove(images[0]))
	assert.False(t, named(old, images[0]))
}

func TestWhatCannotBeMadeReadyLeavesTheOldImages(t *testing.T) {
	dir, images := two(t)
	s := worked(t, images, false)
	require.NoError(t, os.MkdirAll(images[1]+journalSuffix+"/x", 0o700)) // is in the way
	require.Error(t, s.Ready())
	require.NoError(t, os.RemoveAll(images[1]+journalSuffix))
	require.NoError(t, s.Abandon())
	assert.Equal(t, []string{"a.img", "b.img"}, names(t, dir))
	assert.Equal(t, "old a.img", text(t, images[0]))
	assert.Empty(t, Pending(images))
}

func TestNamesThatOnlyARunGives(t *testing.T) {
	for name, want := range map[string]bool{"a.img": false, "a.img.glowplug-new": true, "x.glowplug-journal": true,
		"a.incomplete": true, "incomplete": false} {
		assert.Equal(t, want, Reserved(name), name)
	}
	_, images := two(t)
	require.NoError(t, writeJournals(images[1:]))
	assert.Equal(t, images[1], Pending(images))
}

func TestOneFileByTwoNamesIsNotTwoImages(t *testing.T) {
	_, images := two(t)
	require.NoError(t, os.Remove(images[1]))
	require.NoError(t, os.Link(images[0], images[1]))
	_, _, err := Open(images, false)
	require.ErrorContains(t, err, "image "+images[1]+": is the same file as "+images[0])
}

func TestWhatIsNoJournalIsNeitherWaitedForNorTaken(t *testing.T) {
	_, images := two(t)
	require.NoError(t, syscall.Mkfifo(images[0]+journalSuffix, 0o600))
	_, _, err := Open(images, false)
	require.ErrorContains(t, err, "is no journal of images")
}
