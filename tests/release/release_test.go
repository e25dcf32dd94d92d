//go:build disk

package release_test

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/build"
)

// committed is when all commits of these tests were made.
var committed = time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC)

// scratch holds the repositories and their releases.
var scratch = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "glowplug-release-") })

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := scratch(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// The first release, and the second one, which lacks an example.
var (
	first  = sync.OnceValues(func() (string, error) { return released("a", "0.1.0", "") })
	second = sync.OnceValues(func() (string, error) { return released("b", "0.2.0", "examples/motd.ign") })
)

func release(t *testing.T, of func() (string, error)) string {
	t.Helper()
	dist, err := of()
	require.NoError(t, err)
	return dist
}

// released makes a repository of what this checkout has, without some file, and gives the folder of its release.
func released(folder, version, without string) (string, error) {
	dir, err := scratch()
	if err != nil {
		return "", err
	}
	checkout := filepath.Join(dir, folder)
	at := committed.Format(time.RFC3339)
	script := exec.Command("sh", "-euc", `
		mkdir -p "$1"
		(cd ../.. && git ls-files -z -co --exclude-standard --deduplicate | tar -c --null --ignore-failed-read -T -) |
			tar -x -C "$1"
		cd "$1"
		[ -z "$3" ] || rm -- "$3"
		git init -q
		git add -A
		git -c user.name=test -c user.email=test@localhost commit -q -m test
		git tag "v$2"`, "sh", checkout, version, without)
	script.Env = append(os.Environ(), "GIT_AUTHOR_DATE="+at, "GIT_COMMITTER_DATE="+at,
		"GIT_CONFIG_GLOBAL=/dev/null")
	if out, err := script.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", version, err, out)
	}
	return made(checkout)
}

// made has a checkout make its release.
func made(checkout string) (string, error) {
	release := exec.Command("make", "release")
	if os.Getenv("GLOWPLUG_RELEASE") != "all" {
		release.Args = append(release.Args, "ARCHES=amd64", "SYSTEMS=")
	}
	release.Dir, release.Env = checkout, append(os.Environ(), "MAKEFLAGS=") // of a make that runs the tests
	if out, err := release.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make release: %w: %s", err, out)
	}
	return filepath.Join(checkout, "dist"), nil
}

func TestTwoFoldersGiveTheSameRelease(t *testing.T) {
	one := release(t, first)
	clone := filepath.Join(t.TempDir(), "in/a/deeper/folder")
	output(t, "git", "clone", "-q", filepath.Dir(one), clone)
	two, err := made(clone)
	require.NoError(t, err)
	names := filesOf(t, one)
	assert.Equal(t, names, filesOf(t, two))
	for _, name := range names {
		assert.Equal(t, digest(t, filepath.Join(one, name)), digest(t, filepath.Join(two, name)), name)
	}
	if os.Getenv("GLOWPLUG_RELEASE") != "all" {
		assert.Equal(t, []string{"SHA256SUMS",
			"glowplug-0.1.0-1.x86_64.rpm", "glowplug-0.1.0-linux-amd64.tar.gz", "glowplug-0.1.0.cdx.json",
			"glowplug-butane-0.1.0-1.noarch.rpm", "glowplug-butane_0.1.0_all.deb",
			"glowplug-ignition-validate-0.1.0-1.noarch.rpm", "glowplug-ignition-validate_0.1.0_all.deb",
			"glowplug-validate-0.1.0-1.x86_64.rpm", "glowplug-validate_0.1.0_amd64.deb", "glowplug_0.1.0_amd64.deb",
			"ignition-glowplug-0.1.0-1.x86_64.rpm", "ignition-glowplug_0.1.0_amd64.deb"}, names)
	}
	check := exec.Command("sha256sum", "--check", "--quiet", "SHA256SUMS")
	check.Dir = one
	out, err := check.CombinedOutput()
	require.NoError(t, err, string(out))
	sums, err := os.ReadFile(filepath.Join(one, "SHA256SUMS"))
	require.NoError(t, err)
	assert.Equal(t, len(names)-1, strings.Count(string(sums), "\n"), "each of the other files has a line")
}

func filesOf(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func digest(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return fmt.Sprintf("%x", sha256.Sum256(content))
}

// unpacked is the archive for Linux, in a folder; every entry of it belongs to root, and is of the commit's time.
func unpacked(t *testing.T, dist, version string) string {
	t.Helper()
	to, name := t.TempDir(), "glowplug-"+version+"-linux-amd64"
	file, err := os.Open(filepath.Join(dist, name+".tar.gz"))
	require.NoError(t, err)
	defer file.Close()
	packed, err := gzip.NewReader(file)
	require.NoError(t, err)
	for archive := tar.NewReader(packed); ; {
		entry, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(entry.Name, name+"/"), entry.Name)
		assert.Equal(t, []int{0, 0}, []int{entry.Uid, entry.Gid}, entry.Name)
		assert.True(t, entry.ModTime.Equal(committed), "%s: %s", entry.Name, entry.ModTime)
	}
	out, err := exec.Command("tar", "-xf", file.Name(), "-C", to).CombinedOutput()
	require.NoError(t, err, string(out))
	return filepath.Join(to, name)
}

func output(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	require.NoError(t, err, "%s: %s", program, out)
	return strings.TrimSpace(string(out))
}

func TestProgramsKnowTheVersionOfTheTag(t *testing.T) {
	folder := unpacked(t, release(t, first), "0.1.0")
	assert.Equal(t, "glowplug 0.1.0", output(t, folder+"/usr/bin/glowplug", "--version"))
	assert.Equal(t, "glowplug-validate 0.1.0", output(t, folder+"/usr/bin/glowplug-validate", "--version"))
	ignition, butane := build.Ignition+"+glowplug.0.1.0", build.Butane+"+glowplug.0.1.0"
	assert.Equal(t, "Ignition "+ignition, output(t, folder+"/usr/bin/ignition-validate", "--version"))
	assert.Equal(t, "Ignition "+ignition, output(t, folder+"/usr/libexec/ignition-apply", "--version"))
	assert.Equal(t, "Butane "+butane, output(t, folder+"/usr/bin/butane", "--version"))
	for _, c := range []struct{ ours, peer string }{{ignition, build.Ignition}, {butane, build.Butane}} {
		output(t, "dpkg", "--compare-versions", c.ours, "ge", c.peer)
		sorted := output(t, "sh", "-c", `printf '%s\n' "$@" | sort -V`, "sh", c.ours, c.peer)
		assert.Equal(t, c.peer+"\n"+c.ours, sorted)
	}
}

func TestTheArchiveForWindowsHasTheProgram(t *testing.T) {
	if os.Getenv("GLOWPLUG_RELEASE") != "all" {
		t.Skip("GLOWPLUG_RELEASE is not all")
	}
	archive, err := zip.OpenReader(filepath.Join(release(t, first), "glowplug-0.1.0-windows-amd64.zip"))
	require.NoError(t, err)
	defer archive.Close()
	var names []string
	for _, file := range archive.File {
		names = append(names, strings.TrimPrefix(file.Name, "glowplug-0.1.0-windows-amd64/"))
		assert.True(t, file.Modified.Equal(committed), file.Name)
	}
	assert.True(t, slices.IsSorted(names))
	for _, name := range []string{"glowplug.exe", "LICENSE", "THIRD-PARTY-LICENSES", "README.md", "docs/validate.md"} {
		assert.Contains(t, names, name)
	}
}

// A bom is what is looked at of a document of CycloneDX.
type bom struct {
	Components []struct {
		Ref    string `json:"bom-ref"`
		Name   string
		Hashes []struct{ Alg, Content string }
	}
	Dependencies []struct {
		Ref       string
		DependsOn []string
	}
}

// What `go version -m` says of a program is what the list says of it.
func TestTheListOfWhatProgramsAreMadeOf(t *testing.T) {
	dist := release(t, first)
	text, err := os.ReadFile(filepath.Join(dist, "glowplug-0.1.0.cdx.json"))
	require.NoError(t, err)
	var list bom
	require.NoError(t, json.Unmarshal(text, &list))
	folder, known := unpacked(t, dist, "0.1.0"), map[string]bool{}
	for _, c := range list.Components {
		known[c.Ref] = true
	}
	for ref, file := range map[string]string{"linux-amd64/glowplug": "usr/bin/glowplug",
		"linux-amd64/glowplug-validate": "usr/bin/glowplug-validate",
		"linux-amd64/ignition":          "usr/lib/dracut/modules.d/30ignition/ignition"} {
		path := filepath.Join(folder, file)
		info, err := buildinfo.ReadFile(path)
		require.NoError(t, err)
		want := []string{"pkg:golang/std@" + strings.TrimPrefix(info.GoVersion, "go")}
		for _, m := range info.Deps {
			want = append(want, "pkg:golang/"+m.Path+"@"+m.Version)
		}
		for _, c := range list.Components {
			if c.Ref == ref {
				assert.Equal(t, digest(t, path), c.Hashes[0].Content)
			}
		}
		require.True(t, known[ref], ref)
		for _, d := range list.Dependencies {
			if d.Ref == ref {
				assert.ElementsMatch(t, want, d.DependsOn)
				want = nil
			}
			for _, on := range d.DependsOn {
				assert.True(t, known[on], "%s is in no component", on)
			}
		}
		assert.Empty(t, want, "%s has no dependencies", ref)
	}
}

func TestWhatHasNoVersionIsNotReleased(t *testing.T) {
	checkout := filepath.Dir(release(t, first))
	change := filepath.Join(checkout, "LICENSE")
	text, err := os.ReadFile(change)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(change, append(text, '\n'), 0o644))
	defer func() { require.NoError(t, os.WriteFile(change, text, 0o644)) }()
	try := exec.Command("make", "release", "ARCHES=amd64", "SYSTEMS=", "DIST="+t.TempDir())
	try.Dir, try.Env = checkout, append(os.Environ(), "MAKEFLAGS=")
	out, err := try.CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(out), "release: the programs have no version of their own: release from a clean clone")
}
