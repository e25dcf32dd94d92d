package tests

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const exampleFiles = "../examples/files"

func TestButaneExamplesConvertWithoutWarnings(t *testing.T) {
	examples, err := filepath.Glob("../examples/*.bu")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(examples), 4)
	for _, example := range examples {
		t.Run(filepath.Base(example), func(t *testing.T) {
			made := filepath.Join(t.TempDir(), "made.ign")
			require.Empty(t, run(t, "glowplug", "convert", "--strict", "--raw", "--files-dir", exampleFiles, "-o", made,
				withoutOpenShift(t, example)))
			assert.Equal(t, "valid: 1 file, 0 errors, 0 warnings\n", run(t, "glowplug-validate", "--strict", made))
		})
	}
}

// withoutOpenShift: a raw config cannot say what the section openshift does, and says so.
func withoutOpenShift(t *testing.T, example string) string {
	text, err := os.ReadFile(example)
	require.NoError(t, err)
	before, section, found := strings.Cut(string(text), "\nopenshift:\n")
	if !found {
		return example
	}
	_, after, _ := strings.Cut(section, "\nstorage:\n")
	plain := filepath.Join(t.TempDir(), filepath.Base(example))
	require.NoError(t, os.WriteFile(plain, []byte(before+"\nstorage:\n"+after), 0o600))
	return plain
}

func TestTheWebExampleIsTheSameInYAML(t *testing.T) {
	made, root := filepath.Join(t.TempDir(), "web.ign"), t.TempDir()
	run(t, "glowplug", "convert", "--files-dir", exampleFiles, "-o", made, "../examples/web.bu")
	run(t, "glowplug", "apply", "--root", root, "--no-owner", "--no-preset", "--offline", made)
	assert.Empty(t, cmp.Diff(webRoot, listing(t, root, webRoot)))
}

// The examples of docs/config.md are converted where they are generated. Here they do what they can to a directory.
func TestTheExamplesOfTheLanguageApply(t *testing.T) {
	text, err := os.ReadFile("../docs/config.md")
	require.NoError(t, err)
	local := t.TempDir()
	for name, content := range map[string]string{"site/index.html": "<h1>Hello</h1>\n",
		"site/bin/check": "#!/bin/sh\n"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(local, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(local, name), []byte(content), 0o644))
	}
	made := 0
	for i, part := range strings.Split(string(text), "```yaml\nvariant")[1:] {
		document := "variant" + part[:strings.Index(part, "```")]
		if strings.Contains(document, "merge:") {
			continue // what it merges is on a server that nobody has
		}
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			file, root := filepath.Join(t.TempDir(), "example.bu"), t.TempDir()
			require.NoError(t, os.WriteFile(file, []byte(document), 0o600))
			assert.Contains(t, run(t, "glowplug-validate", "--strict", "--files-dir", local, file),
				"valid: 1 file, 0 errors, 0 warnings")
			image(t, root)
			args := []string{"apply", "--root", root, "--files-dir", local, "--no-preset", "--offline",
				"--ignore-unsupported", file}
			if os.Geteuid() != 0 {
				args = append(args, "--no-owner")
			}
			run(t, "glowplug", args...)
			for _, path := range wantedPaths(t, run(t, "glowplug", "convert", "--raw", "--files-dir", local, file)) {
				_, err := os.Lstat(filepath.Join(root, path))
				assert.NoError(t, err, document)
				made++
			}
		})
	}
	assert.Greater(t, made, 10)
}

// image gives a root what every image has that the examples build on: the user core, and a home.
func image(t *testing.T, root string) {
	t.Helper()
	home := filepath.Join(root, "home/core")
	require.NoError(t, os.MkdirAll(home, 0o755))
	require.NoError(t, os.Mkdir(filepath.Join(root, "etc"), 0o755))
	if os.Geteuid() == 0 {
		require.NoError(t, os.Chown(home, 1000, 1000))
	}
	require.NoError(t,
		os.WriteFile(filepath.Join(root, "etc/passwd"), []byte("core:x:1000:1000::/home/core:/bin/bash\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(root, "etc/group"), []byte("core:x:1000:\n"), 0o644))
}

// wantedPaths are what a config makes in a directory.
func wantedPaths(t *testing.T, made string) (paths []string) {
	t.Helper()
	_, made, _ = strings.Cut("\n"+made, "\n{") // warnings come first
	var cfg struct {
		Storage struct{ Directories, Files, Links []struct{ Path string } }
		Systemd struct {
			Units []struct{ Name, Contents string }
		}
	}
	require.NoError(t, json.Unmarshal([]byte("{"+made), &cfg))
	for _, node := range slices.Concat(cfg.Storage.Directories, cfg.Storage.Files, cfg.Storage.Links) {
		paths = append(paths, node.Path)
	}
	for _, unit := range cfg.Systemd.Units {
		if unit.Contents != "" {
			paths = append(paths, "/etc/systemd/system/"+unit.Name)
		}
	}
	return paths
}
