package tests

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	maxColumns = 120
	// A word that is longer than this is a URL, a digest or a pattern, which no line break makes shorter.
	longWord = 80
)

// columns counts a tab as four.
func columns(line string) int { return utf8.RuneCountInString(strings.ReplaceAll(line, "\t", "    ")) }

// tooWide gives the lines of a file that have too many columns. These may have more: one with a long word, rows of
// tables and blocks of code in Markdown, texts of several lines within Go, and all of a txtar file but its own
// comments.
func tooWide(name, text string) (wrong []string) {
	exempt := exemptLines(name, text)
	for i, line := range strings.Split(text, "\n") {
		long := func(word string) bool { return columns(word) > longWord }
		if columns(line) > maxColumns && !exempt[i+1] && !slices.ContainsFunc(strings.Fields(line), long) {
			wrong = append(wrong, name+":"+strconv.Itoa(i+1))
		}
	}
	return wrong
}

func exemptLines(name, text string) map[int]bool {
	switch filepath.Ext(name) {
	case ".go":
		return textLines(text)
	case ".md":
		return tableAndCodeLines(text)
	case ".txtar":
		return inputLines(text)
	}
	return nil
}

// textLines are those that a raw text of several lines is on.
func textLines(text string) map[int]bool {
	lines := map[int]bool{}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", text, parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && strings.Contains(l.Value, "\n") {
			for line := fset.Position(l.Pos()).Line; line <= fset.Position(l.End()).Line; line++ {
				lines[line] = true
			}
		}
		return true
	})
	return lines
}

func tableAndCodeLines(text string) map[int]bool {
	lines := map[int]bool{}
	code := false
	for i, line := range strings.Split(text, "\n") {
		indented := strings.HasPrefix(line, "    ")
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			code = !code
		}
		lines[i+1] = code || indented || strings.HasPrefix(line, "|")
	}
	return lines
}

// inputLines are the commands of a txtar file, and its files. One of a platform begins with the facts behind it.
func inputLines(text string) map[int]bool {
	lines := map[int]bool{}
	facts, files := strings.HasPrefix(text, "Facts:"), false
	for i, line := range strings.Split(text, "\n") {
		files = files || strings.HasPrefix(line, "-- ")
		lines[i+1] = files || !facts && !strings.HasPrefix(line, "#")
	}
	return lines
}

// isWritten: a file that somebody writes by hand, and for its own sake. Recordings, data and what tools make are not.
func isWritten(path, text string) bool {
	switch filepath.Ext(path) {
	case ".go", ".md", ".txtar":
		return true
	case ".s", ".sh", ".service", ".target", ".timer", ".rules", ".conf", ".cfg":
		return !strings.Contains(path, "testdata/")
	}
	return filepath.Base(path) == "Makefile" || strings.HasPrefix(text, "#!")
}

func TestLinesAreNotTooWide(t *testing.T) {
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		path, err = filepath.Rel("..", path)
		require.NoError(t, err)
		if d.IsDir() && slices.Contains([]string{".git", "artifacts", "bin", "demo", "docs/peer"}, path) {
			return filepath.SkipDir
		}
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(filepath.Join("..", path))
		if err == nil && isWritten(path, string(text)) {
			assert.Empty(t, tooWide(path, string(text)))
		}
		return err
	})
	require.NoError(t, err)
}

func TestTooWideLinesAreFound(t *testing.T) {
	wide := strings.Repeat("wide ", 25)
	word := strings.Repeat("x", 121)
	for name, c := range map[string]struct {
		file, text string
		wrong      []string
	}{
		"code":                        {"a.go", "package a\n\nconst b = \"" + wide + "\"\n", []string{"a.go:3"}},
		"a comment":                   {"a.go", "// " + wide + "\npackage a\n", []string{"a.go:1"}},
		"a tab is four columns":       {"a.go", "package a\n\n\t// " + strings.Repeat("a ", 57), []string{"a.go:3"}},
		"a character is one column":   {"a.go", "package a\n\n// " + strings.Repeat("é ", 58), nil},
		"a text of several lines":     {"a.go", "package a\n\nconst b = `" + wide + "\n" + wide + "`\n", nil},
		"what follows on it":          {"a.go", "package a\n\nconst b = `\n`\n// " + wide, []string{"a.go:5"}},
		"a word without a place":      {"a.go", "package a\n\nconst b = \"" + word + "\"\n", nil},
		"prose":                       {"a.md", "a\n" + wide, []string{"a.md:2"}},
		"a link that goes on":         {"a.md", "see " + word, nil},
		"a row of a table":            {"a.md", "| " + wide + " |", nil},
		"a block of code":             {"a.md", "```\n" + wide + "\n```\n" + wide, []string{"a.md:4"}},
		"an indented block of code":   {"a.md", "    " + wide, nil},
		"the comment of a test":       {"a.txtar", "# " + wide + "\nexec a " + wide, []string{"a.txtar:1"}},
		"where facts are from":        {"a.txtar", "Facts: " + wide, []string{"a.txtar:1"}},
		"a file of a test":            {"a.txtar", "-- a --\n# " + wide, nil},
		"a script":                    {"a.sh", wide, []string{"a.sh:1"}},
		"what has exactly 120 has it": {"a.sh", strings.Repeat("a ", 60), nil},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.wrong, tooWide(c.file, c.text))
		})
	}
}
