//go:build unix

package load_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// site makes a folder of local files, with things beside it that are not in it.
func site(t *testing.T) string {
	t.Helper()
	top := t.TempDir()
	dir := filepath.Join(top, "files")
	for _, d := range []string{"files/tree/d", "files/special", "files/links", "outside/d"} {
		require.NoError(t, os.MkdirAll(filepath.Join(top, d), 0o755))
	}
	for name, text := range map[string]string{"files/a": "in\n", "files/tree/d/b": "in\n", "outside/secret": "out\n",
		"outside/d/c": "out\n"} {
		require.NoError(t, os.WriteFile(filepath.Join(top, name), []byte(text), 0o644))
	}
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "special/pipe"), 0o644))
	for name, target := range map[string]string{
		"inner": "tree/d/b", "absolute": filepath.Join(dir, "a"), "outer": "../outside/secret", "device": "/dev/null",
		"pipe": "special/pipe", "outer-folder": "../outside", "inner-folder": "tree", "loop": "loop",
		"links/out": "/etc/hostname",
	} {
		require.NoError(t, os.Symlink(target, filepath.Join(dir, name)))
	}
	large, err := os.Create(filepath.Join(dir, "large"))
	require.NoError(t, err)
	require.NoError(t, large.Truncate(256<<20+1)) // a hole, not written
	require.NoError(t, large.Close())
	return dir
}

// inFolder says what comes of a document in a folder of local files: its first problem, or "".
func inFolder(t *testing.T, body string, options load.Options) string {
	t.Helper()
	r := load.ReadWith(tree.NewArena(), "x.bu", "variant: fcos\nversion: 1.7.0\n"+body, options)
	for _, p := range diag.For(diag.Workstation, r.Problems) {
		return p.Message
	}
	require.NotNil(t, r.Config)
	return ""
}

func TestLocalFilesAreRegularFilesOfTheFolder(t *testing.T) {
	options, err := load.Folder(site(t))
	require.NoError(t, err)
	for name, want := range map[string]string{
		"a": "", "tree/d/b": "", "inner": "", "absolute": "", "inner-folder/d/b": "",
		"outer":                 "it leads out of the folder of local files",
		"outer-folder/d/c":      "it leads out of the folder of local files",
		"device":                "it leads out of the folder of local files",
		"special/pipe":          "it is no regular file",
		"pipe":                  "it is no regular file",
		"large":                 "it is larger than 256 MiB",
		"tree":                  "is a directory",
		"absent":                "no such file or directory",
		"loop":                  "too many links",
		"../outside/secret":     "the path \"../outside/secret\" leads out of the folder of local files",
		"outer-folder/../../a":  "the path \"outer-folder/../../a\" leads out of the folder of local files",
		"outer-folder/../tree/": "is a directory",
	} {
		for _, body := range []string{
			"storage: {files: [{path: /a, contents: {local: %}}]}",
			"systemd: {units: [{name: a.service, contents_local: %}]}",
			"passwd: {users: [{name: a, ssh_authorized_keys_local: [%]}]}",
		} {
			// A key or a unit of this text is none, which is not what this is about.
			found := inFolder(t, strings.ReplaceAll(body, "%", name), options)
			if want != "" {
				assert.Contains(t, found, want, "%s: %s", name, body)
			} else {
				assert.NotContains(t, found, "local", "%s: %s", name, body)
			}
		}
	}
}

func TestTreesAreFoldersOfTheFolder(t *testing.T) {
	options, err := load.Folder(site(t))
	require.NoError(t, err)
	for name, want := range map[string]string{
		"tree": "", "inner-folder": "", "links": "",
		"outer-folder":   "it leads out of the folder of local files",
		"outer-folder/d": "it leads out of the folder of local files",
		"special":        "\"special/pipe\" is neither a file nor a folder nor a link",
		"pipe":           "\"pipe\" is not a folder",
		"outer":          "it leads out of the folder of local files",
	} {
		found := inFolder(t, "storage: {trees: [{local: "+name+", path: /opt}]}", options)
		if want == "" {
			assert.Empty(t, found, name)
		} else {
			assert.Contains(t, found, want, name)
		}
	}
}

// However a folder is called, it holds the same.
func TestTheNameOfAFolderDoesNotMoveItsBorder(t *testing.T) {
	dir := site(t)
	require.NoError(t, os.Symlink("/", filepath.Join(dir, "root")))
	require.NoError(t, os.Symlink("files", filepath.Join(dir, "../by-link")))
	require.NoError(t, os.Symlink("tree/d", filepath.Join(dir, "deep")))
	const outside = "it leads out of the folder of local files"
	for _, c := range []struct{ here, folder string }{
		{dir, "."}, {dir, "./"}, {dir, "../files"}, {dir, "tree/.."}, {dir, "../by-link"}, {dir, "deep/../.."},
		{dir + "/tree", ".."}, {dir + "/tree/d", "../.."}, {dir + "/tree/d", "../../"}, {dir + "/..", "files"},
		{dir + "/../by-link", "."}, {dir + "/../by-link/tree", ".."},
	} {
		t.Chdir(c.here)
		options, err := load.Folder(c.folder)
		require.NoError(t, err)
		for name, want := range map[string]string{"a": "", "inner": "", "absolute": "", "outer": outside,
			"links/out": outside, "outer-folder/d/c": outside, "root/etc/passwd": outside} {
			for _, body := range []string{"storage: {files: [{path: /a, contents: {local: %}}]}",
				"passwd: {users: [{name: a, ssh_authorized_keys_local: [%]}]}",
				"systemd: {units: [{name: a.service, contents_local: %}]}"} {
				found := inFolder(t, strings.ReplaceAll(body, "%", name), options)
				if want != "" {
					assert.Contains(t, found, want, "%s: %s: %s", c, name, body)
				} else {
					assert.NotContains(t, found, "local", "%s: %s: %s", c, name, body)
				}
			}
		}
		for name, want := range map[string]string{"tree": "", "inner-folder": "", "outer-folder": outside,
			"root": outside, "root/etc": outside} {
			found := inFolder(t, "storage: {trees: [{local: "+name+", path: /opt}]}", options)
			assert.Equal(t, want != "", strings.Contains(found, outside), "%s: %s: %s", c, name, found)
		}
	}
}

// Under the name butane links lead where they lead, and a device is read; a pipe would never end there either.
func TestThePeerFollowsLinksAnywhere(t *testing.T) {
	options, err := load.PeerFolder(site(t))
	require.NoError(t, err)
	options.Butane = true
	for name, want := range map[string]string{"a": "", "outer": "", "device": "", "outer-folder/d/c": "",
		"pipe": "it is no regular file"} {
		found := inFolder(t, "storage: {files: [{path: /a, contents: {local: "+name+"}}]}", options)
		if want == "" {
			assert.Empty(t, found, name)
		} else {
			assert.Contains(t, found, want, name)
		}
	}
}

// Whoever misspells the folder is told of the folder, and not of the files alone.
func TestAMissingFolderIsCalledSo(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o644))
	for name, want := range map[string]string{
		"nodir": "there is no folder " + dir + "/nodir, which --files-dir names",
		"file":  dir + "/file, which --files-dir names, is no folder",
		".":     "it is looked for in " + dir + ", the folder that --files-dir names",
	} {
		options, err := load.Folder(filepath.Join(dir, name))
		require.NoError(t, err)
		for _, body := range []string{"storage: {files: [{path: /a, contents: {local: a}}]}\n",
			"storage: {trees: [{local: a}]}\n"} {
			r := load.ReadWith(tree.NewArena(), "x.bu", "variant: fcos\nversion: 1.7.0\n"+body, options)
			require.NotEmpty(t, r.Problems)
			assert.Equal(t, want, r.Problems[0].Hint, name)
		}
	}
}
