// Package verdicts holds decisions against the tables of docs/disks.md.
package verdicts

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A Table is one of the page's.
type Table struct {
	t    *testing.T
	rows [][]string
	used map[int]bool
}

// Of reads the table under a heading.
func Of(t *testing.T, heading string) *Table {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for _, err = os.Stat(filepath.Join(dir, "go.mod")); err != nil && dir != "/"; {
		dir = filepath.Dir(dir)
		_, err = os.Stat(filepath.Join(dir, "go.mod"))
	}
	doc, err := os.ReadFile(filepath.Join(dir, "docs/disks.md"))
	require.NoError(t, err)
	_, section, found := strings.Cut(string(doc), "\n## "+heading+"\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	var rows [][]string
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "| ") {
			rows = append(rows, strings.Split(strings.Trim(line, "| \n"), " | "))
		} else if len(rows) > 0 && !strings.HasPrefix(line, "|") {
			break
		}
	}
	require.NotEmpty(t, rows)
	return &Table{t, rows[1:], map[int]bool{}}
}

// On finds the one row that some inputs are in, and gives its verdict.
func (v *Table) On(inputs ...string) string {
	v.t.Helper()
	var verdicts []string
	for i, row := range v.rows {
		in := true
		for k, input := range inputs {
			in = in && (row[k] == "any" || slices.Contains(strings.Split(row[k], ", "), input))
		}
		if in {
			v.used[i] = true
			verdicts = append(verdicts, row[len(inputs)])
		}
	}
	require.Len(v.t, verdicts, 1, "rows of %q", inputs)
	return verdicts[0]
}

// Used: each row was of use.
func (v *Table) Used() {
	v.t.Helper()
	require.Len(v.t, v.used, len(v.rows))
}

// Yes is how the page has a bool.
func Yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
