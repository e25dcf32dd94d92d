package target

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/root"
)

var (
	entryWords = map[string]Entry{"file with source": FileWithSource, "file without source": FileWithout,
		"directory": Directory, "symbolic link": Symlink, "hard link": HardLink}
	thereWords = map[string]root.Kind{"nothing": root.Absent, "file": root.File, "directory": root.Directory,
		"link": root.Symlink, "other": root.Other}
	boolWords    = map[string]bool{"yes": true, "no": false}
	matchWords   = map[string]Match{"differs": Differs, "alike": Alike, "same": Same}
	verdictWords = map[string]Verdict{"make": MakeNew, "replace": Replace, "keep": Keep, "done": Done, "refuse": Refuse}
)

// cell gives the values that a cell of the table stands for.
func cell[T comparable](t *testing.T, words map[string]T, text string) []T {
	t.Helper()
	var all []T
	for word := range strings.SplitSeq(text, ", ") {
		if word == "any" {
			for _, v := range words {
				all = append(all, v)
			}
			continue
		}
		v, ok := words[word]
		require.True(t, ok, "unknown word %q", word)
		all = append(all, v)
	}
	return all
}

type input struct {
	want      Entry
	there     root.Kind
	overwrite bool
	m         Match
}

// documented reads the table of docs/files.md, in which every input stands exactly once.
func documented(t *testing.T) map[input]Verdict {
	t.Helper()
	text, err := os.ReadFile("../../docs/files.md")
	require.NoError(t, err)
	table := map[input]Verdict{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "| "), " | ")
		if _, isEntry := entryWords[cells[0]]; len(cells) != 5 || !isEntry {
			continue
		}
		for _, want := range cell(t, entryWords, cells[0]) {
			for _, there := range cell(t, thereWords, cells[1]) {
				for _, overwrite := range cell(t, boolWords, cells[2]) {
					for _, m := range cell(t, matchWords, cells[3]) {
						in := input{want, there, overwrite, m}
						require.NotContains(t, table, in, line)
						table[in] = cell(t, verdictWords, cells[4])[0]
					}
				}
			}
		}
	}
	return table
}

func TestJudgeIsTheTableInTheDocs(t *testing.T) {
	table := documented(t)
	assert.Len(t, table, 5*5*2*3)
	for in, expected := range table {
		assert.Equal(t, expected, Judge(in.want, in.there, in.overwrite, in.m), "%+v", in)
	}
}

func TestNothingThatMayNotGoIsReplaced(t *testing.T) {
	for in := range documented(t) {
		if in.overwrite || in.m != Differs {
			continue
		}
		assert.True(t, slices.Contains([]Verdict{MakeNew, Keep, Refuse}, Judge(in.want, in.there, false, Differs)),
			"%+v", in)
	}
}
