package root

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

const testRecord = "/var/lib/record"

// accountRoot has two files that change together; one that is new comes with them.
func accountRoot(t *testing.T) (r *Root, dir string, all []Replacement) {
	t.Helper()
	dir = t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "etc"), 0o755))
	for name, mode := range map[string]os.FileMode{"passwd": 0o644, "shadow": 0o640} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "etc", name), []byte("old "+name), 0o600))
		require.NoError(t, os.Chmod(filepath.Join(dir, "etc", name), mode))
	}
	r, err := Open(dir)
	require.NoError(t, err)
	t.Cleanup(func() { r.Close() })
	leave := Attrs{UID: -1, GID: -1, Mode: 0o600}
	return r, dir, []Replacement{
		{Name: "/etc/passwd", Content: []byte("new passwd"), New: leave, Backup: "/etc/passwd-"},
		{Name: "/etc/shadow", Content: []byte("new shadow"), New: leave, Backup: "/etc/shadow-"},
		{Name: "/etc/subuid", Content: []byte("new subuid"), New: leave, Backup: "/etc/subuid-"},
	}
}

// entriesOf gives the contents of a directory by name.
func entriesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range list {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		found[e.Name()] = string(text)
	}
	return found
}

func TestFilesThatChangeTogetherKeepAttributesAndBackups(t *testing.T) {
	r, dir, all := accountRoot(t)
	err := unix.Setxattr(filepath.Join(dir, "etc/shadow"), "user.label", []byte("x"), 0)
	labels := !errors.Is(err, unix.ENOTSUP) // some filesystems have no such attributes
	if labels {
		require.NoError(t, err)
	}
	require.NoError(t, r.Commit(testRecord, all))
	assert.Equal(t, map[string]string{
		"passwd": "new passwd", "shadow": "new shadow", "subuid": "new subuid", "passwd-": "old passwd",
		"shadow-": "old shadow",
	}, entriesOf(t, filepath.Join(dir, "etc")))
	info, err := os.Stat(filepath.Join(dir, "etc/shadow"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), info.Mode())
	if labels {
		value := make([]byte, 8)
		n, err := unix.Getxattr(filepath.Join(dir, "etc/shadow"), "user.label", value)
		require.NoError(t, err)
		assert.Equal(t, "x", string(value[:n]))
	}
	assert.NoDirExists(t, filepath.Join(dir, "var"), "nor is anything else left behind")
}

func TestACommitThatIsCutOffIsFinishedByTheNextRun(t *testing.T) {
	for renamed := range 4 {
		r, dir, all := accountRoot(t)
		c := commit{r, testRecord}
		var list []pending
		var temps []*Temp
		for _, p := range all {
			temp, err := c.stage(p)
			require.NoError(t, err)
			temps = append(temps, temp)
			list = append(list, pending{"/etc/" + temp.tmp, p.Name, p.Backup})
		}
		_, err := c.write(list)
		require.NoError(t, err)
		for i, temp := range temps[:renamed] {
			require.NoError(t, c.backup(all[i].Name, all[i].Backup))
			require.NoError(t, temp.Place(true))
		}
		// Here the power is cut. The next run knows nothing but what is on disk.
		again, err := Open(dir)
		require.NoError(t, err)
		require.NoError(t, again.Recover(testRecord))
		assert.Equal(t, map[string]string{
			"passwd": "new passwd", "shadow": "new shadow", "subuid": "new subuid", "passwd-": "old passwd",
			"shadow-": "old shadow",
		}, entriesOf(t, filepath.Join(dir, "etc")))
		assert.NoFileExists(t, filepath.Join(dir, testRecord))
		require.NoError(t, again.Close())
	}
}

func TestACommitCutOffBeforeItsRecordHasChangedNothing(t *testing.T) {
	r, dir, all := accountRoot(t)
	_, err := commit{r, testRecord}.stage(all[0])
	require.NoError(t, err)
	again, err := Open(dir)
	require.NoError(t, err)
	defer again.Close()
	require.NoError(t, again.Recover(testRecord))
	assert.Equal(t, "old passwd", entriesOf(t, filepath.Join(dir, "etc"))["passwd"])
	require.NoError(t, again.Commit(testRecord, all), "leftovers are in nobody's way")
	assert.Len(t, entriesOf(t, filepath.Join(dir, "etc")), 5)
}

func TestARecordThatIsNotOursRenamesNothing(t *testing.T) {
	for name, record := range map[string]string{
		"another directory": `[{"temp":"/tmp/.glowplug-0","name":"/etc/passwd"}]`,
		"another name":      `[{"temp":"/etc/evil","name":"/etc/passwd"}]`,
		"another backup":    `[{"temp":"/etc/.glowplug-0","name":"/etc/passwd","backup":"/etc/shadow"}]`,
		"a backup upwards":  `[{"temp":"/etc/.glowplug-0","name":"/etc/passwd","backup":"/etc/passwd/../shadow"}]`,
		"no record at all":  `{`,
	} {
		t.Run(name, func(t *testing.T) {
			r, dir, _ := accountRoot(t)
			require.NoError(t, os.MkdirAll(filepath.Join(dir, "var/lib"), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(dir, testRecord), []byte(record), 0o600))
			for _, temp := range []string{"etc/evil", "etc/.glowplug-0"} {
				require.NoError(t, os.WriteFile(filepath.Join(dir, temp), []byte("evil"), 0o600))
			}
			before := entriesOf(t, filepath.Join(dir, "etc"))
			require.Error(t, r.Recover(testRecord))
			assert.Equal(t, before, entriesOf(t, filepath.Join(dir, "etc")))
		})
	}
}

func TestWhatIsNoFileIsNotReplaced(t *testing.T) {
	r, dir, all := accountRoot(t)
	require.NoError(t, os.Symlink("/elsewhere", filepath.Join(dir, "etc/subuid")))
	require.Error(t, r.Commit(testRecord, all))
	assert.Equal(t, map[string]string{"passwd": "old passwd", "shadow": "old shadow"},
		withoutLinks(t, filepath.Join(dir, "etc")))
}

func withoutLinks(t *testing.T, dir string) map[string]string {
	t.Helper()
	require.NoError(t, os.Remove(filepath.Join(dir, "subuid")))
	return entriesOf(t, dir)
}
