// Package tests holds what is true of the whole module: its floors, its house rules, its binaries and its examples.
package tests

import (
	"bytes"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/glowplug-os/glowplug"

// floors lists every package of the module, ground up. A package imports packages of lower floors only. A new package
// gets a place here, and a line in docs/architecture.md.
var floors = [][]string{
	{"internal/codes", "internal/order", "dracut/kargs"},
	{"internal/diag", "internal/cmdline"},
	{"config", "internal/tree", "internal/unit", "internal/accounts", "internal/block", "internal/cli",
		"internal/zip", "internal/plan", "internal/writers"},
	{"internal/language", "internal/releases", "internal/limits", "internal/form", "internal/scene", "internal/logs",
		"internal/root", "internal/directives", "internal/copies"},
	{"internal/source", "internal/cursor", "internal/report", "internal/results", "internal/bootreport"},
	{"internal/fetch", "internal/tool", "internal/console", "internal/journal", "internal/build", "internal/field",
		"internal/readonly", "internal/page", "internal/fleet", "internal/record", "internal/drift", "internal/push"},
	{"internal/document", "providers", "internal/device", "internal/process", "internal/target", "internal/machine"},
	{"internal/butane", "internal/history", "internal/rules", "stages/disks/kind", "internal/image",
		"internal/facts", "internal/initramfs"},
	{"internal/load", "internal/contrast", "internal/handoff", "internal/advice", "internal/lint", "internal/project",
		"stages/disks/release", "stages/disks/partition", "stages/disks/array", "stages/disks/volume",
		"stages/disks/filesystem"},
	{"validate", "internal/check", "stages/disks", "stages/mounts", "stages/nodes", "stages/users", "stages/units",
		"stages/leave"},
	{"stages/files", "internal/lsp"},
	{"stages", "internal/feasible"},
	{"internal/engine", "stages/against"},
	{"internal/guest"},
	{"cmd/ignition", "cmd/glowplug", "cmd/glowplug-validate"},
}

// pure packages do not touch the machine themselves.
var pure = []string{"internal/codes", "internal/order", "internal/cli", "internal/zip", "internal/diag",
	"internal/cmdline", "internal/tree", "internal/form", "internal/source", "internal/unit", "internal/accounts",
	"internal/field", "internal/plan", "internal/scene", "config", "internal/language", "internal/cursor",
	"internal/document", "internal/butane", "internal/rules", "internal/advice", "internal/lint",
	"internal/directives", "internal/releases", "internal/limits", "internal/report", "internal/results",
	"internal/page", "internal/feasible", "internal/history", "internal/contrast", "internal/facts", "internal/fleet",
	"internal/record", "internal/drift", "internal/bootreport", "validate", "dracut/kargs"}

var impure = []string{"os", "os/exec", "net", "net/http"}

// A listed is what `go list` says of a package.
type listed struct {
	ImportPath, Dir, Name, Doc                         string
	Imports                                            []string
	GoFiles, IgnoredGoFiles, TestGoFiles, XTestGoFiles []string
}

// path is the package's folder in the module.
func (p *listed) path() string { return strings.TrimPrefix(p.ImportPath, module+"/") }

// isTest: packages under tests/ are no part of the programs.
func (p *listed) isTest() bool { return p.path() == "tests" || strings.HasPrefix(p.path(), "tests/") }

// packages are those of the module.
var packages = sync.OnceValues(func() ([]*listed, error) {
	if err := sources(); err != nil {
		return nil, err
	}
	list := exec.Command("go", "list", "-json", "./...")
	list.Dir = ".."
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, err
	}
	var all []*listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		p := &listed{}
		if err := decoder.Decode(p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
})

func everyPackage(t *testing.T) []*listed {
	t.Helper()
	all, err := packages()
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return all
}

func floorOf(path string) int {
	return slices.IndexFunc(floors, func(floor []string) bool { return slices.Contains(floor, path) })
}

// misplaced says what is wrong with where a package stands and what it imports.
func misplaced(path, name string, imports []string) []string {
	var wrong []string
	complain := func(format string, args ...any) { wrong = append(wrong, path+": "+fmt.Sprintf(format, args...)) }
	floor := floorOf(path)
	if floor < 0 {
		complain("has no floor: give it one in tests/floors_test.go and a line in docs/architecture.md")
	}
	if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "misc"}, name) {
		complain("%s says nothing about what the package is for", name)
	}
	for _, imported := range imports {
		if slices.Contains(impure, imported) && slices.Contains(pure, path) {
			complain("imports %s, but is pure", imported)
		}
		if imported == "os/exec" && path != "internal/tool" {
			complain("imports os/exec; only internal/tool runs processes")
		}
		below, ours := strings.CutPrefix(imported, module+"/")
		if ours && floorOf(below) >= floor {
			complain("imports %s, which is not below it", below)
		}
	}
	return wrong
}

func TestImportsGoDown(t *testing.T) {
	for _, p := range everyPackage(t) {
		if !p.isTest() {
			assert.Empty(t, misplaced(p.path(), p.Name, p.Imports))
		}
	}
}

func TestPackagesAreInTheDocs(t *testing.T) {
	text, err := os.ReadFile("../docs/architecture.md")
	require.NoError(t, err)
	for _, p := range everyPackage(t) {
		if !p.isTest() {
			assert.True(t, strings.Contains(string(text), "`"+p.path()+"`"),
				"docs/architecture.md does not say what %s is for", p.path())
		}
	}
}

func TestMisplacedPackagesAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		path, name string
		imports    []string
	}{
		"a package without a floor":       {"internal/new", "new", nil},
		"a package named util":            {"internal/diag", "util", nil},
		"a pure package that reads files": {"config", "config", []string{"os"}},
		"a process outside tool":          {"internal/fetch", "fetch", []string{"os/exec"}},
		"an import upwards":               {"config", "config", []string{module + "/validate"}},
		"an import sideways":              {"internal/tool", "tool", []string{module + "/internal/fetch"}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Len(t, misplaced(c.path, c.name, c.imports), 1)
		})
	}
	assert.Empty(t, misplaced("stages", "stages", []string{"os", module + "/stages/files", module + "/internal/diag"}))
}

// program is one of the binaries, with how large it may be, a package that it has, and what it must not link.
type program struct {
	name     string
	maxBytes int64
	with     string
	without  []string
}

// pruning is switched off by these: they call methods by names that the linker cannot know.
var pruning = []string{"text/template", "html/template", "github.com/alecthomas/kong", "github.com/urfave/cli/v2"}

var programs = []program{
	{"ignition", 12_000_000, "/stages",
		append([]string{module + "/internal/check", module + "/internal/zip", module + "/internal/page", "flag"},
			pruning...)},
	{"glowplug", 16_000_000, "/internal/check", append([]string{"flag"}, pruning...)},
	{"glowplug-validate", 5_500_000, "/internal/check",
		append([]string{"flag", "net", "net/http", "os/exec", module + "/internal/root", module + "/internal/tool",
			module + "/internal/fetch", module + "/internal/page"},
			pruning...)},
}

// scratch is a folder that is removed when all tests are done.
var scratch = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "glowplug-tests-") })

// built is a folder with the programs.
var built = sync.OnceValues(func() (string, error) {
	dir, err := scratch()
	if err != nil {
		return "", err
	}
	return dir, errors.Join(sources(), build("..", dir))
})

// sources looks at what other processes read here, the compiler and `go list`, so that a result that `go test` has kept
// does not outlive it: it takes note of what this process looks at only.
func sources() error {
	return filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", "bin", "demo", "docs", "testdata"}, d.Name()) {
			return filepath.SkipDir
		}
		if slices.Contains([]string{".go", ".mod", ".sum"}, filepath.Ext(path)) {
			_, err = os.Stat(path)
		}
		return err
	})
}

// build has a checkout's programs made as `make build` does, but for the version.
func build(checkout, to string) error {
	build := exec.Command("make", "-s", "build", "VCS=false", "BIN="+to)
	build.Dir = checkout
	build.Env = append(os.Environ(), "MAKEFLAGS=") // of a make that runs the tests
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := scratch(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// binary gives the path of a program.
func binary(t *testing.T, name string) string {
	t.Helper()
	dir, err := built()
	require.NoError(t, err)
	return filepath.Join(dir, name)
}

func TestProgramsStaySmall(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			info, err := os.Stat(binary(t, p.name))
			require.NoError(t, err)
			assert.LessOrEqual(t, info.Size(), p.maxBytes)
		})
	}
}

func TestProgramsDoNotLink(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			list := exec.Command("go", "list", "-deps", "./cmd/"+p.name)
			list.Dir = ".."
			list.Env = append(os.Environ(), "CGO_ENABLED=0")
			out, err := list.Output()
			require.NoError(t, err)
			linked := strings.Fields(string(out))
			require.Contains(t, linked, module+p.with)
			for _, unwanted := range p.without {
				assert.False(t, slices.Contains(linked, unwanted), "%s links %s", p.name, unwanted)
			}
		})
	}
}

func TestProgramsAreStatic(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			file, err := elf.Open(binary(t, p.name))
			require.NoError(t, err)
			defer file.Close()
			for _, segment := range file.Progs {
				assert.NotEqual(t, elf.PT_INTERP, segment.Type, "a static program names no loader")
			}
		})
	}
}

func TestAnotherCheckoutGivesTheSamePrograms(t *testing.T) {
	checkout, to := t.TempDir(), t.TempDir()
	for _, name := range []string{"Makefile", "go.mod", "go.sum", "cmd", "config", "dracut", "internal", "providers",
		"stages", "validate"} {
		require.NoError(t, exec.Command("cp", "-R", filepath.Join("..", name), checkout).Run())
	}
	require.NoError(t, build(checkout, to))
	for _, p := range programs {
		ours, err := os.ReadFile(binary(t, p.name))
		require.NoError(t, err)
		theirs, err := os.ReadFile(filepath.Join(to, p.name))
		require.NoError(t, err)
		assert.True(t, bytes.Equal(ours, theirs), p.name)
	}
}
