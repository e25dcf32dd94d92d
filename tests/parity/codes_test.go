package parity

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// heard is what an audience is told of a problem.
func heard(p diag.Problem, to diag.Audience) string {
	for _, told := range diag.For(to, []diag.Problem{p}) {
		return told.Severity.String()
	}
	return ""
}

// A notInTable finds problems that are not what the rows of their codes say, with a text that has them.
type notInTable map[string]string

func (n notInTable) look(table map[codes.Code]codes.Row, p diag.Problem, text string) {
	is := codes.Telling{Workstation: heard(p, diag.Workstation), Boot: heard(p, diag.Boot), Peer: heard(p, diag.Peer)}
	row, known := table[p.Code]
	kinds := row.Kinds()
	if row.Kind == codes.Error {
		kinds = append(kinds, codes.OurError, codes.PeersError) // see Kinds
	}
	if !known || !slices.ContainsFunc(kinds, func(k codes.Kind) bool { return k.Told() == is }) {
		n[fmt.Sprintf("%s is %+v", p.Code, is)] = text
	}
}

// Severity and audience of every problem in the recorded cases are those of the table.
func TestRecordedCasesRaiseWhatTheTableSays(t *testing.T) {
	table, raised, wrong := map[codes.Code]codes.Row{}, map[codes.Code]bool{}, notInTable{}
	for _, row := range codes.Rows() {
		table[row.Code] = row
	}
	look := func(text string, o load.Options) {
		for _, p := range load.ReadWith(tree.NewArena(), "case", text, o).Problems {
			if p.More == 0 {
				raised[p.Code] = true
				wrong.look(table, p, text)
			}
		}
	}
	for _, row := range rows[vector](t, "spec-vectors.jsonl") {
		look(row.Config, load.Options{})
	}
	for _, row := range rows[verdict](t, "validate.jsonl.gz") {
		look(row.Config, load.Options{})
	}
	for _, row := range rows[translation](t, "butane.jsonl.gz") {
		files, dir := row.write(t)
		look(row.YAML, load.Options{Files: files, FilesDir: dir, Local: true})
		look(row.YAML, load.Options{Files: files, FilesDir: dir, Local: true, Butane: true})
	}
	assert.Empty(t, wrong)
	require.Greater(t, len(raised), 100)
}
