package fleet

import (
	_ "embed"
	"errors"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/report"
)

//go:embed schema.json
var schema string

// planOf is a plan whose steps have these effects.
func planOf(effects ...plan.Effect) *report.Plan {
	p := &report.Plan{}
	for _, e := range effects {
		p.Actions = append(p.Actions, report.Action{Stage: report.Files, ID: "file:/f", Effect: e, Subject: "file /f",
			Noun: report.File, Thing: "/f"})
	}
	return p
}

func row(t *testing.T, machine string, p *report.Plan) Row {
	t.Helper()
	r, err := Of(machine, p)
	require.NoError(t, err)
	return r
}

func TestMachinesOfEqualPlansAreAGroupAndTheWorstComesFirst(t *testing.T) {
	t.Parallel()
	table := &Table{}
	assert.Equal(t, report.NothingToDo, table.Exit())
	table.Add(row(t, "a", planOf(plan.Keep)))
	assert.Equal(t, report.NothingToDo, table.Exit())
	table.Add(row(t, "b", planOf(plan.Create)))
	assert.Equal(t, report.Changing, table.Exit())
	table.Add(row(t, "c\n", planOf(plan.Keep)))
	table.Add(NotKnown("d", []string{"device /dev/vdb", "device /dev/vdc"}))
	assert.Equal(t, report.Destroying, table.Exit())
	conflict := planOf(plan.Create)
	conflict.Conflicts = []report.Conflict{{Message: "no"}}
	table.Add(row(t, "e", conflict))
	assert.Equal(t, report.InTheWay, table.Exit())
	table.Add(Failed("f", errors.New("facts: \x1b")))
	var b strings.Builder
	require.NoError(t, table.Write(&b))
	assert.Equal(t, `machines  changes destroys conflicts
       1        1        0         1  1 conflict; 1 file
   e
       1        -        -         -  facts: \x1b
   f
       1        -        -         -  not known: device /dev/vdb, and 1 more
   d
       1        1        0         0  1 file
   b
       2        0        0         0  nothing to do; 1 unchanged
   a, c\n
6 machines with 3 plans; 1 without a plan; 1 with conflicts; 1 not known; 1 changed; 2 as described
`, b.String())
}

func TestNamesOfManyMachinesGoOnSeveralLines(t *testing.T) {
	t.Parallel()
	table := &Table{}
	for range 30 {
		table.Add(Row{Machine: "machine-1", Plan: "a"})
	}
	table.Add(Row{Machine: strings.Repeat("long", 100), Plan: "b"})
	var b strings.Builder
	require.NoError(t, table.Write(&b))
	lines := strings.Split(b.String(), "\n")
	require.Len(t, lines, 10)
	assert.Equal(t, "  "+strings.Repeat(" machine-1,", 9), lines[2])
	assert.True(t, strings.HasSuffix(lines[5], "machine-1"))
}

func TestRowsAreBySchema(t *testing.T) {
	t.Parallel()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("fleet.json", value))
	compiled, err := c.Compile("fleet.json")
	require.NoError(t, err)
	for _, r := range []Row{row(t, "a", planOf(plan.Create)), NotKnown("b", []string{"x"}),
		Failed("c", errors.New("no"))} {
		var b strings.Builder
		require.NoError(t, r.WriteJSON(&b))
		assert.Equal(t, 1, strings.Count(b.String(), "\n"))
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(b.String()))
		require.NoError(t, err)
		require.NoError(t, compiled.Validate(value), b.String())
	}
}
