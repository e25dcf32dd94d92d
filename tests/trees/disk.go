// Package trees makes directory trees for tests, in memory and on disk, and tells all of one.
package trees

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Populate writes a tree: directories end in a slash, links hold "-> target", the rest are files.
func Populate(t *testing.T, dir string, tree map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		at, text := filepath.Join(dir, name), tree[name]
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			require.NoError(t, os.Symlink(target, at))
		} else if strings.HasSuffix(name, "/") {
			require.NoError(t, os.MkdirAll(at, 0o755))
		} else {
			require.NoError(t, os.WriteFile(at, []byte(text), 0o644))
		}
	}
}

// Snapshot tells all of a tree but times: kind, mode, owner, content, and which names are one file.
func Snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	all, first := map[string]string{}, map[uint64]string{}
	require.NoError(t, filepath.WalkDir(dir, func(p string, _ fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := os.Lstat(p)
		require.NoError(t, err)
		st := info.Sys().(*syscall.Stat_t)
		name := strings.TrimPrefix(p, dir)
		text := fmt.Sprintf("%v %d:%d", info.Mode(), st.Uid, st.Gid)
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(p)
			require.NoError(t, err)
			text += " -> " + target
		case info.Mode().IsRegular():
			content, err := os.ReadFile(p)
			require.NoError(t, err)
			text += " " + string(content)
		}
		if before, ok := first[st.Ino]; ok && !info.IsDir() {
			text += " same as " + before
		} else {
			first[st.Ino] = name
		}
		all[name] = text
		return nil
	}))
	return all
}

// Owner gives an owner that whoever runs the tests may set: somebody else where that is possible.
func Owner() (uid, gid int) {
	if os.Geteuid() == 0 {
		return 1234, 2345
	}
	return os.Getuid(), os.Getgid()
}
