package tests

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
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

var testName = regexp.MustCompile(`\bTest[A-Za-z0-9]+`)

// testNames are those of all tests, whatever their tags.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	grep := exec.Command("grep", "-rhoE", "--include=*_test.go", "^func Test[A-Za-z0-9]+", "..")
	out, err := grep.Output()
	require.NoError(t, err)
	tests := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		tests[strings.TrimSpace(strings.TrimPrefix(line, "func "))] = true
	}
	return tests
}

// Each row of docs/rerun.md names the tests that show it.
func TestEveryRowAboutASecondRunHasATest(t *testing.T) {
	page, err := os.ReadFile("../docs/rerun.md")
	require.NoError(t, err)
	tests, rows := testNames(t), 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(line, "|\n"), " | ")
		if len(cells) != 3 || strings.HasPrefix(line, "| the first run left") ||
			strings.HasPrefix(line, "| a second plan says") {
			continue
		}
		rows++
		found := testName.FindAllString(cells[2], -1)
		assert.NotEmpty(t, found, line)
		for _, test := range found {
			assert.True(t, tests[test], "%s is in docs/rerun.md and nowhere else", test)
		}
	}
	assert.Greater(t, rows, 20)
}

// Each row of the README names tests, or a figure of tests/bench.
func TestEveryReasonOfTheREADMEIsShown(t *testing.T) {
	bench, err := os.ReadFile("bench/main.go")
	require.NoError(t, err)
	tests, figure := testNames(t), regexp.MustCompile("`go run ./tests/bench -only ([a-z-]+)`")
	rows := tableRows(t, "../README.md")
	assert.Greater(t, len(rows), 8)
	for _, row := range rows {
		require.Len(t, row, 2)
		found, measured := testName.FindAllString(row[1], -1), figure.FindStringSubmatch(row[1])
		assert.True(t, found != nil || measured != nil, row[0])
		for _, test := range found {
			assert.True(t, tests[test], "%s is in the README and nowhere else", test)
		}
		if measured != nil {
			assert.Contains(t, string(bench), `{"`+measured[1]+`", `)
		}
	}
}

// What the README counts is as many as that.
func TestFiguresOfTheREADMEAreThoseOfTheirSources(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	for file, words := range map[string]string{
		"validate": "%d,%03d recorded verdicts", "butane": "%d,%03d translations",
	} {
		f, err := os.Open("parity/testdata/" + file + ".jsonl.gz")
		require.NoError(t, err)
		defer f.Close()
		unzipped, err := gzip.NewReader(f)
		require.NoError(t, err)
		text, err := io.ReadAll(unzipped)
		require.NoError(t, err)
		count := bytes.Count(text, []byte("\n"))
		assert.Contains(t, string(readme), fmt.Sprintf(words, count/1000, count%1000))
	}
	page, err := os.ReadFile("../docs/reliability.md")
	require.NoError(t, err)
	killed := regexp.MustCompile(`(?s)table: killed root -->.*?\| (\d+) \| 0 \| 0 \|.*?` +
		`table: killed disks -->.*?\| (\d+) \| 0 \| 0 \|`).FindStringSubmatch(string(page))
	require.NotNil(t, killed, "boots that were not reached, or differ")
	assert.Contains(t, string(readme), killed[1]+" boots of a root killed, "+killed[2]+" on disks, no difference")
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
