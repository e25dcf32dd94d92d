package check

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// plant makes files, each with a text, below a folder.
func plant(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		at := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
		require.NoError(t, os.WriteFile(at, []byte(text), 0o644))
	}
	return dir
}

// names gives what is found, relative to a folder; an error follows the name.
func names(dir string, all []found) (names []string) {
	for _, f := range all {
		name, _ := filepath.Rel(dir, f.name)
		if f.err != nil {
			name += ": " + f.err.Error()
		}
		names = append(names, name)
	}
	return names
}

const aConfig = `{"ignition": {"version": "3.6.0"}}`

func TestConfigsAreFoundInFolders(t *testing.T) {
	dir := plant(t, map[string]string{
		"b/web.IGN": "", "b/a.bu": "", "a.fcc": "", "z.butane": "", "notes.txt": aConfig,
		"config.json": aConfig, "utf16.json": "\xff\xfe{\x00}\x00", "package.json": `{"name": "ignition"}`,
		"broken.json": `{"ignition": {`, "nested.json": `{"a": {"ignition": {}}}`,
		"doc.yaml": "# of a host\nvariant: fcos\nversion: 1.7.0\n", "doc.yml": "variant : fcos\r\n",
		"pod.yaml": "apiVersion: v1\nspec:\n  variant: fcos\n", "list.yaml": "- variant: fcos\n",
		".hidden.ign": "", ".git/x.ign": "", "vendor/deep/x.ign": "", "b/skip.ign": "", "empty/readme": "",
	})
	require.NoError(t, os.Symlink("..", filepath.Join(dir, "b", "loop")))
	require.NoError(t, os.Symlink("a.bu", filepath.Join(dir, "b", "linked.bu")))
	require.NoError(t, os.Symlink("gone", filepath.Join(dir, "b", "dangling.ign")))
	assert.Equal(t, strings.Fields("a.fcc b/a.bu b/linked.bu b/skip.ign b/web.IGN broken.json config.json doc.yaml "+
		"doc.yml vendor/deep/x.ign z.butane"), names(dir, expanded([]string{dir}, nil)))
	assert.Equal(t, strings.Fields("a.fcc b/a.bu b/linked.bu b/web.IGN z.butane"),
		names(dir, expanded([]string{dir}, []string{"vendor", "skip.*", "**/*.json", dir + "/*.y*ml"})))
	assert.Equal(t, []string{"notes.txt", "b/skip.ign", "gone"},
		names(dir, expanded([]string{filepath.Join(dir, "notes.txt"), filepath.Join(dir, "b/skip.ign"),
			filepath.Join(dir, "gone")}, []string{"skip.ign"})), "what is named is read")
	assert.Equal(t, []string{"empty: no config is in this folder"},
		names(dir, expanded([]string{filepath.Join(dir, "empty")}, nil)))
	assert.Equal(t, []found{{name: "-"}}, expanded([]string{"-"}, nil))
}

func TestNamedFilesMayBeTakenAsThoseOfFolders(t *testing.T) {
	dir := plant(t, map[string]string{"a.bu": "", "b/c.ign": "", "vendor/d/e.ign": "", "x.json": "{}", "y.yaml": "a: 1",
		"z.yml": "variant: fcos\n", ".hidden.bu": "", "notes.txt": ""})
	var args []string
	for _, name := range strings.Fields("a.bu b/c.ign vendor/d/e.ign x.json y.yaml z.yml .hidden.bu notes.txt gone") {
		args = append(args, filepath.Join(dir, name))
	}
	all, _ := expand(args, patterns{all: []string{"vendor"}}, true)
	assert.Equal(t, []string{"a.bu", "b/c.ign", "z.yml", "gone"}, names(dir, all))
}

func TestWhatIsAllExcludedIsNotSaidToBeMissing(t *testing.T) {
	dir := plant(t, map[string]string{"old/a.bu": "", "b.ign": "", "readme": ""})
	assert.Equal(t, []string{".: all configs in this folder are excluded"},
		names(dir, expanded([]string{dir}, []string{"old", "b.*"})))
	assert.Equal(t, []string{".: all configs in this folder are excluded"},
		names(dir, expanded([]string{dir}, []string{"**"})))
}

// expanded expands as the command line has it.
func expanded(args, excludes []string) []found {
	all, _ := expand(args, patterns{all: excludes}, false)
	return all
}

func TestPatternsOfPaths(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"*.ign", "a/b/c.ign", true}, {"b", "a/b", true}, {"b", "a/b/c", false}, {"b/", "a/b", true},
		{"a/b", "a/b", true}, {"./a/b", "a/b", true}, {"a/b", "./a/b", true}, {"a/*", "a/b/c", false},
		{"a/**", "a/b/c", true}, {"a/**", "a", true}, {"**/c", "a/b/c", true}, {"**/c", "c", true},
		{"a/**/c", "a/c", true}, {"a/**/c", "a/b/b/c", true}, {"a/**/c", "a/b", false}, {"[", "[", false},
		{strings.Repeat("**/a/", 30) + "b", strings.Repeat("a/", 60) + "c", false},
	} {
		assert.Equal(t, c.want, excluded(c.name, []string{c.pattern}), "%s %s", c.pattern, c.name)
	}
}

func TestAReportIsWrittenAsAWhole(t *testing.T) {
	dir := plant(t, map[string]string{"old": "old", "a/b": ""})
	for _, name := range []string{"new", "old"} {
		require.NoError(t, replace(filepath.Join(dir, name), []byte("text")))
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, "text", string(text))
	}
	require.NoError(t, os.Symlink("old", filepath.Join(dir, "link")))
	require.NoError(t, replace(filepath.Join(dir, "link"), []byte("through")))
	text, err := os.ReadFile(filepath.Join(dir, "old"))
	require.NoError(t, err)
	assert.Equal(t, "through", string(text), "a link stays one")
	require.Error(t, replace(filepath.Join(dir, "a"), nil))
	require.Error(t, replace(filepath.Join(dir, "gone", "x"), nil))
	assert.NoError(t, replace(os.DevNull, []byte("x")))
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}
