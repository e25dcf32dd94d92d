package copies

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/diag"
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
	marked, err := s.Abandon()
	require.NoError(t, err)
	assert.Empty(t, marked)
	assert.Equal(t, []string{"a.img", "b.img"}, names(t, dir))
	assert.Equal(t, "old a.img", text(t, images[0]))
}

func TestWhatIsGivenUpInPlaceIsMarked(t *testing.T) {
	dir, images := two(t)
	s := worked(t, images, true)
	marked, err := s.Abandon()
	require.NoError(t, err)
	assert.Equal(t, []string{images[0] + incompleteSuffix, images[1] + incompleteSuffix}, marked)
	assert.Equal(t, []string{"a.img.incomplete", "b.img.incomplete"}, names(t, dir))
}

func TestWhatNobodyHasWrittenToInPlaceGetsItsNameBack(t *testing.T) {
	for name, c := range map[string]struct {
		old  bool // the images were there for a while
		work func(t *testing.T, file string)
		want []string
	}{
		"nothing": {true, func(*testing.T, string) {}, []string{"a.img", "b.img"}},
		"a write of what was there": {true, func(t *testing.T, file string) {
			require.NoError(t, os.WriteFile(file, []byte("old"), 0o600))
		}, []string{"a.img.incomplete", "b.img"}},
		"a hole": {true, func(t *testing.T, file string) {
			f, err := os.OpenFile(file, os.O_RDWR, 0)
			require.NoError(t, err)
			require.NoError(t, unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 0, 2))
			require.NoError(t, f.Close())
		}, []string{"a.img.incomplete", "b.img"}},
		"another file": {true, func(t *testing.T, file string) {
			require.NoError(t, os.Rename(file, file+"-moved"))
			require.NoError(t, os.WriteFile(file, []byte("old a.img"), 0o600))
		}, []string{"a.img.incomplete", "a.img.incomplete-moved", "b.img"}},
		"nothing, to images that have just been made": {false, func(*testing.T, string) {},
			[]string{"a.img.incomplete", "b.img.incomplete"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, images := two(t)
			before := time.Now()
			if c.old {
				before = before.Add(-time.Hour)
			}
			for _, image := range images {
				require.NoError(t, os.Chtimes(image, before, before))
			}
			s, _, err := Open(images, true)
			require.NoError(t, err)
			t.Cleanup(s.Close)
			require.NoError(t, s.Begin(t.Context()))
			c.work(t, s.Work(images[0]))
			marked, err := s.Abandon()
			require.NoError(t, err)
			assert.Equal(t, c.want, names(t, dir))
			for _, name := range marked {
				assert.FileExists(t, name)
			}
		})
	}
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
	require.ErrorContains(t, err, "an interrupted run was about b.img too")
	assert.Equal(t, "old b.img", text(t, images[1]))
	require.NoError(t, os.WriteFile(images[0]+journalSuffix, []byte("{"), 0o600))
	_, _, err = Open(images[:1], false)
	require.ErrorContains(t, err, "is no journal of images")
}

// The journals of a folder are about its images wherever it is by now, and about others by the way to them.
func TestAFolderWithJournalsCanBeMoved(t *testing.T) {
	above := t.TempDir()
	var images, moved []string
	for _, name := range []string{"x/a", "y/not \xff UTF-8"} {
		at := filepath.Join(above, "before", name)
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
		require.NoError(t, os.WriteFile(at, []byte("old"), 0o600))
		images, moved = append(images, at), append(moved, filepath.Join(above, "behind", name))
	}
	worked(t, images, false).Close()
	require.NoError(t, writeJournals(images))
	require.NoError(t, os.Rename(filepath.Join(above, "before"), filepath.Join(above, "behind")))
	s, finished, err := Open(moved, false)
	require.NoError(t, err)
	s.Close()
	assert.True(t, finished)
	for _, image := range moved {
		assert.Equal(t, "new", text(t, image))
		assert.Len(t, names(t, filepath.Dir(image)), 1)
	}
}

func TestAJournalThatOthersMayHaveMadeIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(t *testing.T, journal string)
		says   string
	}{
		"others may write to it": {func(t *testing.T, journal string) {
			require.NoError(t, os.Chmod(journal, 0o620))
		}, "others may write to it (mode 0620), so it may be no journal of ours"},
		"it is of another": {func(t *testing.T, journal string) {
			if os.Geteuid() != 0 {
				t.Skip("needs root")
			}
			require.NoError(t, os.Chown(journal, 1234, -1))
		}, "belongs to the user with the id 1234, and this is run by 0"},
		"it is a link": {func(t *testing.T, journal string) {
			require.NoError(t, os.Rename(journal, journal+"-moved"))
			require.NoError(t, os.Symlink(journal+"-moved", journal))
		}, "is a link, and no journal of images"},
		"it is a pipe": {func(t *testing.T, journal string) {
			require.NoError(t, os.Remove(journal))
			require.NoError(t, syscall.Mkfifo(journal, 0o600))
		}, "is no file, and no journal of images"},
	} {
		t.Run(name, func(t *testing.T) {
			_, images := two(t)
			worked(t, images, false).Close()
			require.NoError(t, writeJournals(images))
			c.change(t, images[0]+journalSuffix)
			_, _, err := Open(images, false)
			require.EqualError(t, err, images[0]+journalSuffix+": "+c.says)
			assert.NotEmpty(t, diag.Hints(err))
			assert.Equal(t, "old a.img", text(t, images[0]))
			assert.Equal(t, "old b.img", text(t, images[1]))
		})
	}
}

func TestAJournalThatNamesAPathFromTheTopIsAboutNothingThatIsMeant(t *testing.T) {
	_, images := two(t)
	worked(t, images, false).Close()
	require.NoError(t, os.WriteFile(images[0]+journalSuffix, []byte(`{"images":["`+images[0]+`"]}`), 0o600))
	_, _, err := Open(images, false)
	require.ErrorContains(t, err, "an interrupted run was about "+images[0]+" too")
	assert.Equal(t, "old a.img", text(t, images[0]))
}

// A program that takes no lock is seen all the same.
func TestAnImageThatIsWrittenToIsLeftAlone(t *testing.T) {
	_, images := two(t)
	other, err := os.OpenFile(images[1], os.O_WRONLY, 0)
	require.NoError(t, err)
	_, _, err = Open(images, false)
	require.ErrorContains(t, err, "image "+images[1]+": is in use: process ")
	require.ErrorContains(t, err, "has it open for writing")
	require.NoError(t, other.Close())
	s, _, err := Open(images, false)
	require.NoError(t, err)
	s.Close()
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
	marked, err := s.Abandon()
	require.NoError(t, err)
	assert.Empty(t, marked)
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
