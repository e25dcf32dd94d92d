package tests

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tableRows gives the cells of the rows of all tables of a page.
func tableRows(t *testing.T, name string) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile("../docs/" + name)
	require.NoError(t, err)
	inTable := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "|---"):
			inTable = true
		case !strings.HasPrefix(line, "|"):
			inTable = false
		case inTable:
			cells := strings.Split(strings.Trim(line, "|"), " | ")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, cells)
		}
	}
	return rows
}

// One difference a row, told by whole sentences: what the peer does, what glowplug does.
func TestDeviationsAreSentences(t *testing.T) {
	sentence := regexp.MustCompile("^[`A-Z].*\\.$")
	seen := map[string]bool{}
	for _, row := range tableRows(t, "deviations.md") {
		if assert.Len(t, row, 4, "row, before, after, notes: %s", row) {
			assert.False(t, seen[row[0]], "two rows are called %s", row[0])
			seen[row[0]] = true
			assert.Regexp(t, sentence, row[1])
			assert.Regexp(t, sentence, row[2])
		}
	}
	assert.Greater(t, len(seen), 100)
}

// Rules that only glowplug has, and those that it takes less strictly, by their codes.
func TestRulesThatThePeerLacksAreDeviations(t *testing.T) {
	told := map[string]bool{}
	for _, row := range tableRows(t, "deviations.md") {
		if strings.HasPrefix(row[0], "`") {
			told[row[0]] = true
		}
	}
	for _, page := range []string{"problems.md", "butane.md"} {
		for _, row := range tableRows(t, page) {
			if strings.HasSuffix(row[1], "stricter") || strings.HasSuffix(row[1], "laxer") {
				assert.True(t, told[row[0]], "docs/deviations.md has no row %s", row[0])
				delete(told, row[0])
			}
		}
	}
	assert.Empty(t, told, "rows of docs/deviations.md for rules that are Ignition's too")
}
