package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/tests/manual"
)

var update = flag.Bool("update", false, "write the manual's pages and the option tables of the docs")

// holds compares a file with what it is made of, or writes it.
func holds(t *testing.T, file, text string) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	stands, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, text, string(stands), "`make man` writes it anew")
}

func TestDocumentedOptionsAreThoseOfTheTable(t *testing.T) {
	tables := 0
	pages, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	for _, page := range pages {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		tables += strings.Count(string(text), "<!-- options: ")
		made, err := manual.WithTables(string(text), cli.Rows(documented()))
		require.NoError(t, err, page)
		holds(t, page, made)
	}
	assert.GreaterOrEqual(t, tables, 2)
}

func TestDocumentedPagesOfTheManualAreThoseOfTheTable(t *testing.T) {
	pages := manual.Pages(documented())
	want := map[string]bool{}
	for _, page := range pages {
		holds(t, "../../docs/man/"+page.File, page.Text)
		want[page.File] = true
	}
	there, err := os.ReadDir("../../docs/man")
	require.NoError(t, err)
	for _, file := range there {
		assert.True(t, want[file.Name()], "%s is made of no command", file.Name())
	}
	for _, name := range []string{"glowplug.1", "butane.1", "glowplug-validate.1", "ignition-validate.1", "ignition.8",
		"ignition-apply.8", "ignition-rmcfg.8", "ignition-generator.8"} {
		assert.True(t, want[name], name)
	}
}

func TestPagesOfTheManualAreWellFormed(t *testing.T) {
	for _, program := range [][]string{{"mandoc", "-T", "lint", "-W", "warning"}, {"man", "--warnings", "-l"}} {
		if _, err := exec.LookPath(program[0]); err != nil {
			continue
		}
		pages, err := filepath.Glob("../../docs/man/*.*")
		require.NoError(t, err)
		for _, page := range pages {
			command := exec.Command(program[0], append(program[1:], page)...)
			command.Env = append(os.Environ(), "MANPAGER=cat", "LC_ALL=C.UTF-8")
			out, err := command.CombinedOutput()
			assert.NoError(t, err, "%s\n%s", page, out)
			assert.NotContains(t, string(out), "warning:")
		}
	}
}

// Rows say the same of themselves whatever is made of them.
func TestEveryRowIsComplete(t *testing.T) {
	for _, c := range cli.Rows(documented()) {
		assert.NotEmpty(t, c.Short, c.Called)
		assert.NotEmpty(t, c.Usage, c.Called)
		assert.NotEmpty(t, c.Product+c.Called, c.Called)
		assert.False(t, strings.HasSuffix(c.Short, "."), c.Called)
		names := map[string]bool{}
		for _, o := range c.Options {
			assert.NotNil(t, o.Set, "%s --%s", c.Called, o.Long)
			assert.True(t, o.Hidden || o.Words != "", "%s --%s", c.Called, o.Long)
			for _, name := range []string{o.Long, string(rune(o.Short))} {
				assert.False(t, names[name] && name != "\x00", "%s has two options %s", c.Called, name)
				names[name] = true
			}
		}
	}
}

func TestCompletionIsWellFormed(t *testing.T) {
	for shell, check := range map[string][]string{"bash": {"-n"}, "zsh": {"-n"}, "fish": {"--no-execute"}} {
		status, script, stderr := call("glowplug", "completion", shell)
		require.Zero(t, status, stderr)
		for _, name := range []string{"glowplug", "butane", "ignition", "ignition-apply", "glowplug-validate"} {
			assert.Contains(t, script, name)
		}
		path, err := exec.LookPath(shell)
		if err != nil {
			require.NotEqual(t, "bash", shell)
			continue
		}
		file := filepath.Join(t.TempDir(), "script")
		require.NoError(t, os.WriteFile(file, []byte(script), 0o600))
		out, err := exec.Command(path, append(check, file)...).CombinedOutput()
		assert.NoError(t, err, "%s: %s", shell, out)
	}
	for _, args := range [][]string{{}, {"csh"}, {"bash", "zsh"}} {
		status, _, stderr := call("glowplug", append([]string{"completion"}, args...)...)
		assert.Equal(t, cli.ExitUsage, status)
		assert.Contains(t, stderr, "bash, zsh and fish are")
	}
}

func TestBashCompletes(t *testing.T) {
	_, script, _ := call("glowplug", "completion", "bash")
	for line, want := range map[string]string{
		"glowplug va":                         "validate",
		"glowplug --v":                        "--version",
		"glowplug validate --fo":              "--format",
		"glowplug validate --format l":        "line",
		"glowplug validate --format = l":      "line",
		"glowplug validate --color n":         "never",
		"glowplug validate ./sch":             "./schema.go",
		"glowplug completion z":               "zsh",
		"glowplug help conv":                  "convert",
		"glowplug platforms digital":          "digitalocean",
		"glowplug schema fco":                 "fcos",
		"glowplug schema fcos f":              "",
		"glowplug schema fcos 1.6":            "1.6.0",
		"glowplug schema ignition 3.5":        "3.5.0",
		"glowplug schema fcos 1.6.0 1.5":      "",
		"glowplug --st":                       "--stage --state-file",
		"glowplug validate -d ../glowplug-v":  "../glowplug-validate",
		"glowplug convert --files-dir ./mai":  "",
		"glowplug convert -o ./main.":         "./main.go",
		"glowplug explain path-rel":           "path-relative",
		"glowplug explain path-relative p":    "",
		"glowplug convert --to 3.1":           "3.1.0",
		"glowplug rmcfg --platform virtual":   "virtualbox",
		"glowplug rmcfg --platform aw":        "",
		"butane --raw-":                       "--raw-errors",
		"butane --input":                      "",
		"ignition --stage fetch-":             "fetch-offline",
		"ignition --platform digital":         "digitalocean",
		"ignition-rmcfg --pl":                 "--platform",
		"glowplug-validate --strict --files-": "--files-dir",
	} {
		words := strings.Fields(line)
		test := script + "\nCOMP_WORDS=(" + strings.Join(words, " ") + "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n" +
			"_" + strings.ReplaceAll(words[0], "-", "_") + "; echo \"${COMPREPLY[*]}\"\n"
		command := exec.Command("bash", "--norc", "-c", test)
		out, err := command.CombinedOutput()
		require.NoError(t, err, "%s: %s", line, out)
		assert.Equal(t, want, strings.TrimSpace(string(out)), line)
	}
}
