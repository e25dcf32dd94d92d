package report

import (
	_ "embed"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
)

//go:embed comparison.json
var comparisonSchema string

func noFields(_, _ string) []string { return nil }

func compared(t *testing.T, was, now *Plan, fields func(was, now string) []string) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, Compare(was, now, fields).WriteText(&b, diag.Style{}))
	return b.String()
}

// other is example, changed in something of everything.
func other() *Plan {
	p := example()
	p.Actions[2].After = &Layout{Bytes: 1000 * mib, Partitions: []Partition{{1, "root", mib, 499 * mib, "/dev/vda1"}}}
	p.Actions[6].Changes[0].NowText = "root:x:0\ndeploy:x:1\n"
	p.Actions[7].Origin = "$.storage.files.7"
	p.Actions[9] = Action{Stage: Files, ID: "directory:/e", Noun: Directory, Thing: "/e", Effect: plan.Create,
		Subject: "directory /e", Detail: "0755"}
	p.Actions[11].Detail = "in any case"
	p.Conflicts = []Conflict{{Message: "file /x: a directory is there", Place: "b.ign:1:2"}}
	p.Notes = nil
	return p
}

func TestPlansAreComparedByWhatTheyDo(t *testing.T) {
	fields := func(_, now string) []string {
		if now == "$.storage.files.7" {
			return []string{"contents"}
		}
		return nil
	}
	assert.Equal(t, `- 1 disk: 1 partition (1 lost), 1 encrypted volume (1 decided later); 1 file, 1 replaced; `+
		`1 directory, 1 replaced; 1 user; 1 unit; 1 kernel argument; 1 unchanged
+ 1 conflict; 1 disk: 1 partition (1 lost), 1 encrypted volume (1 decided later); 1 file, 1 replaced; 1 directory; `+
		`1 user; 1 unit; 1 kernel argument; 1 unchanged

Destroyed
  - /d: a directory with 3 files

In the way
  + b.ign:1:2: file /x: a directory is there

Disk /dev/vda
    was     |1 root             |.........................................|
    now     |1 root                        |..............................| 1000 MiB
  ~ change partition table of /dev/vda: written, and the kernel told

Accounts
  ~ change account files: passwd
         root:x:0
        -core:x:1
        +deploy:x:1

Files, directories and links
  ~ replace file /f: inline, 0600
        the configs differ in contents
  - replace directory /d
  + create directory /e: 0755

Units
  - perhaps enable a.service: if it is not enabled then
  + perhaps enable a.service: in any case

Notes
  - what a server sends
`, compared(t, example(), other(), fields))
}

func TestPlansThatDoTheSameDoNotDiffer(t *testing.T) {
	file := Action{Stage: Files, ID: "file:/f", Subject: "file /f", Effect: plan.Create, Origin: "$.storage.files.0"}
	kept := Action{Stage: Files, ID: "file:/g", Subject: "file /g", Effect: plan.Keep}
	argument := func(id, origin string) Action {
		return Action{Stage: Arguments, ID: id, Thing: id, Subject: "kernel argument a", Effect: plan.Create,
			Origin: origin}
	}
	elsewhere := file
	elsewhere.Origin, elsewhere.Digest = "$.storage.files.1", "1"
	of := func(actions ...Action) Plan { return Plan{Actions: actions} }
	first, second := argument("kargs:shouldExist.0", "a"), argument("kargs:shouldExist.1", "b")
	for claim, c := range map[string][2]Plan{
		"nothing":          {},
		"the same":         {*example(), *example()},
		"entries moved":    {of(file), of(elsewhere)},
		"what one keeps":   {of(file, kept), of(file)},
		"arguments moved":  {of(first), of(second)},
		"in another order": {of(file, first), of(first, file)},
		"on a partition of another number": {of(Action{Stage: Disks, Subject: "luks v", Effect: plan.Create,
			On: []Device{{"/dev/disk/by-partlabel/x", "/dev/vda2"}}}), of(Action{Stage: Disks, Subject: "luks v",
			Effect: plan.Create, On: []Device{{"/dev/disk/by-partlabel/x", "/dev/vda3"}}})},
	} {
		t.Run(claim, func(t *testing.T) {
			for _, ab := range [][2]Plan{c, {c[1], c[0]}} {
				assert.True(t, Compare(&ab[0], &ab[1], noFields).None())
				text := compared(t, &ab[0], &ab[1], noFields)
				assert.True(t, strings.HasPrefix(text, "no difference: "), text)
				assert.Equal(t, 1, strings.Count(text, "\n"))
			}
		})
	}
}

func TestWhatOnePlanKeepsAndTheOtherChangesDiffers(t *testing.T) {
	kept := Action{Stage: Files, ID: "file:/f", Noun: File, Thing: "/f", Subject: "file /f", Effect: plan.Keep}
	changed := kept
	changed.Effect = plan.Change
	assert.Equal(t, "- nothing to do; 1 unchanged\n+ 1 file, 1 changed\n\n"+
		"Files, directories and links\n  + change file /f\n",
		compared(t, &Plan{Actions: []Action{kept}}, &Plan{Actions: []Action{changed}}, noFields))
}

func TestOfSeveralActionsAboutOneThingThoseOfTheSameWordsBelongTogether(t *testing.T) {
	table := func(effect plan.Effect, detail string) Action {
		return Action{Stage: Disks, Group: "a", Subject: "table of a", Effect: effect, Detail: detail}
	}
	wiped, written := table(plan.Destroy, "wiped"), table(plan.Change, "written")
	assert.Equal(t, "- 2 other changes\n+ 1 other change\n\nDestroyed\n  - table of a: wiped\n\nDisk a\n"+
		"  - destroy table of a: wiped\n",
		compared(t, &Plan{Actions: []Action{wiped, written}}, &Plan{Actions: []Action{written}}, noFields))
	assert.True(t, Compare(&Plan{Actions: []Action{wiped, written}}, &Plan{Actions: []Action{written, wiped}},
		noFields).None())
}

func TestEachEntryIsToldOfOnce(t *testing.T) {
	unit := Action{Stage: Files, ID: "unit:a", Noun: Unit, Thing: "a", Subject: "unit a", Effect: plan.Create,
		Origin: "o"}
	enable := unit
	enable.ID, enable.Subject = "enable:a", "enable a"
	p := &Plan{Actions: []Action{unit, enable}}
	assert.Equal(t, "1 unit\n\nUnits\n  ~ create unit a\n        the configs differ in contents\n",
		compared(t, p, p, func(_, _ string) []string { return []string{"contents"} }))
}

func TestWhatIsInTheWayOfBothBlocksAndIsNoDifference(t *testing.T) {
	was := &Plan{Conflicts: []Conflict{{Message: "no", Place: "a:1:1", Origin: "$.a"}, {Message: "no"}}}
	now := &Plan{Conflicts: []Conflict{{Message: "no", Place: "b:2:2", Origin: "$.b"}, {Message: "no"}}}
	c := Compare(was, now, noFields)
	assert.True(t, c.None())
	assert.True(t, c.Blocked())
	now.Conflicts = append(now.Conflicts, Conflict{Message: "no", Place: "last"})
	assert.Equal(t, []Conflict{{Message: "no", Place: "last"}}, Compare(was, now, noFields).Conflicts.Now)
	assert.False(t, Compare(&Plan{}, &Plan{}, noFields).Blocked())
}

func TestAComparisonAsJSONIsAsTheSchemaSays(t *testing.T) {
	c := jsonschema.NewCompiler()
	for name, text := range map[string]string{"schema.json": schema, "comparison.json": comparisonSchema} {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		require.NoError(t, err)
		require.NoError(t, c.AddResource(name, doc))
	}
	compiled, err := c.Compile("comparison.json")
	require.NoError(t, err)
	for _, ab := range [][2]*Plan{{example(), other()}, {other(), example()}, {{}, {}}} {
		var b strings.Builder
		require.NoError(t, Compare(ab[0], ab[1], noFields).WriteJSON(&b))
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(b.String()))
		require.NoError(t, err)
		require.NoError(t, compiled.Validate(value), b.String())
	}
	assert.Error(t, compiled.Validate(map[string]any{"version": 1}))
}

func TestAComparisonHasColoursForTerminals(t *testing.T) {
	var b strings.Builder
	require.NoError(t, Compare(example(), other(), noFields).WriteText(&b, diag.Style{Color: true}))
	assert.Contains(t, b.String(), "  \x1b[1;32m+ create directory /e: 0755\x1b[0m\n")
}
