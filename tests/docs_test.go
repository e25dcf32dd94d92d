package tests

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each row of docs/rerun.md names the tests that show it.
func TestEveryRowAboutASecondRunHasATest(t *testing.T) {
	page, err := os.ReadFile("../docs/rerun.md")
	require.NoError(t, err)
	grep := exec.Command("grep", "-rhoE", "--include=*_test.go", "^func Test[A-Za-z0-9]+", "..")
	out, err := grep.Output()
	require.NoError(t, err)
	tests := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		tests[strings.TrimSpace(strings.TrimPrefix(line, "func "))] = true
	}
	name := regexp.MustCompile(`\bTest[A-Za-z0-9]+`)
	rows := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(line, "|\n"), " | ")
		if len(cells) != 3 || strings.HasPrefix(line, "| the first run left") ||
			strings.HasPrefix(line, "| a second plan says") {
			continue
		}
		rows++
		found := name.FindAllString(cells[2], -1)
		assert.NotEmpty(t, found, line)
		for _, test := range found {
			assert.True(t, tests[test], "%s is in docs/rerun.md and nowhere else", test)
		}
	}
	assert.Greater(t, rows, 20)
}

const (
	largeLines = 1000 // product lines from which on a package has a file doc.go
	docLines   = 15   // that it has at least: half a page
)

func TestLargePackagesAreExplained(t *testing.T) {
	for _, p := range everyPackage(t) {
		if p.isTest() {
			continue
		}
		lines := 0
		for _, name := range slices.Concat(p.GoFiles, p.IgnoredGoFiles) {
			if name != "doc.go" && !strings.HasSuffix(name, "_test.go") {
				lines += linesOf(t, filepath.Join(p.Dir, name))
			}
		}
		if lines <= largeLines {
			continue
		}
		doc := filepath.Join(p.Dir, "doc.go")
		if assert.FileExists(t, doc, "%s has %d lines: doc.go says what comes in, what goes out, "+
			"in which order it works, what is surprising", p.path(), lines) {
			assert.GreaterOrEqual(t, linesOf(t, doc), docLines, "%s/doc.go: half a page", p.path())
		}
	}
}

func linesOf(t *testing.T, file string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return bytes.Count(text, []byte("\n"))
}
