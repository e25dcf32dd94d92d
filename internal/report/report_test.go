package report

import (
	_ "embed"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/plan"
)

//go:embed schema.json
var schema string

const mib = 1 << 20

// example is a plan with something of everything.
func example() *Plan {
	whole := &Layout{Bytes: 1000 * mib, Partitions: []Partition{{2, "data", 500 * mib, 500 * mib, "/dev/vda2"},
		{1, "root", mib, 299 * mib, "/dev/vda1"}}}
	after := &Layout{Bytes: 1000 * mib, Partitions: []Partition{{1, "root", mib, 299 * mib, "/dev/vda1"}}}
	return &Plan{
		Actions: []Action{
			{Stage: Arguments, Noun: Argument, Thing: "quiet", Effect: plan.Deferred, Subject: "kernel argument quiet",
				Detail: "added if it is not there"},
			{Stage: Disks, Noun: Part, Thing: "a", Effect: plan.Destroy, Subject: "partition 2 of /dev/vda",
				Detail: `deleted; was "data"`, Group: "/dev/vda", Loses: []Loss{{"/dev/vda2", `ext4 "data"`}}},
			{Stage: Disks, Noun: Disk, Thing: "d", Effect: plan.Change, Subject: "partition table of /dev/vda",
				Detail: "written, and the kernel told", Group: "/dev/vda", Before: whole, After: after},
			{Stage: Disks, Noun: Volume, Thing: "v", Effect: plan.Deferred, Subject: "luks v",
				Detail:   "formatted, or opened",
				Outcomes: []Outcome{{"nothing", "format"}, {"anything else", "refuse"}}},
			{Stage: Mount, Effect: plan.Keep, Subject: "mount /var"},
			{Stage: Files, Noun: User, Thing: "core", Effect: plan.Create, Subject: "user core"},
			{Stage: Files, Noun: User, Effect: plan.Change, Subject: "account files", Detail: "passwd",
				Changes: []Change{{Path: "/etc/passwd", Was: file(0o644), Now: file(-1), Texts: true,
					WasText: "root:x:0\n", NowText: "root:x:0\ncore:x:1\n"}}},
			{Stage: Files, Noun: File, Thing: "/f", Effect: plan.Destroy, Subject: "file /f", Detail: "inline, 0600",
				Changes: []Change{{Path: "/f", Was: file(0o644), Now: file(0o600), Secret: true}}},
			{Stage: Files, Noun: File, Thing: "/g", Effect: plan.Keep, Subject: "file /g"},
			{Stage: Files, Noun: Directory, Thing: "/d", Effect: plan.Destroy, Subject: "directory /d",
				Loses: []Loss{{"/d", "a directory with 3 files"}}},
			{Stage: Files, Noun: Unit, Thing: "a.service", Effect: plan.Create, Subject: "unit a.service"},
			{Stage: Files, Noun: Unit, Thing: "a.service", Effect: plan.Deferred, Subject: "enable a.service",
				Detail: "if it is not enabled then"},
		},
		Notes: []string{"what a server sends"},
	}
}

func file(mode int64) Node { return Node{Kind: "file", Mode: mode, UID: -1, GID: -1} }

func TestPeopleSeeTheSummaryFirstAndLastAndWhatIsDestroyedAboveAll(t *testing.T) {
	var b strings.Builder
	require.NoError(t, example().WriteText(&b))
	const summary = "1 disk: 1 partition (1 lost), 1 encrypted volume (1 decided later); 1 file, 1 replaced; " +
		"1 directory, 1 replaced; 1 user; 1 unit; 1 kernel argument; 1 unchanged\n"
	assert.Equal(t, summary+`
Destroyed
  - /dev/vda2: ext4 "data"
  - /d: a directory with 3 files

Kernel arguments
  ? kernel argument quiet: added if it is not there

Disk /dev/vda
    before  |1 root            |.............|2 data                      |
    after   |1 root             |.........................................| 1000 MiB
  - partition 2 of /dev/vda: deleted; was "data"
  ~ partition table of /dev/vda: written, and the kernel told

Arrays, encrypted volumes and filesystems
  ? luks v: formatted, or opened
        if there is nothing: format
        if there is anything else: refuse

Accounts
  + user core
  ~ account files: passwd
         root:x:0
        +core:x:1

Files, directories and links
  - file /f: inline, 0600
        /f: mode 0600, was 0644; the content is not shown, as not everybody may read it
  - directory /d

Units
  + unit a.service
  ? enable a.service: if it is not enabled then

Notes
  what a server sends

`+summary, b.String())
}

func TestTheStatusTellsWhetherAnythingIsLost(t *testing.T) {
	action := func(a Action) *Plan { return &Plan{Actions: []Action{a}} }
	deferred := func(found, verdict string) *Plan {
		return action(Action{Stage: Disks, Effect: plan.Deferred, Outcomes: []Outcome{{"nothing", "make"},
			{found, verdict}}})
	}
	for claim, test := range map[string]struct {
		plan *Plan
		want Exit
	}{
		"nothing":           {&Plan{}, NothingToDo},
		"all is there":      {action(Action{Stage: Files, Effect: plan.Keep}), NothingToDo},
		"a new file":        {action(Action{Stage: Files, Effect: plan.Create}), Changing},
		"a file replaced":   {action(Action{Stage: Files, Effect: plan.Destroy}), Changing},
		"a full directory":  {action(Action{Stage: Files, Effect: plan.Destroy, Loses: []Loss{{}}}), Destroying},
		"a table":           {action(Action{Stage: Disks, Effect: plan.Destroy}), Destroying},
		"refused otherwise": {deferred("something else", "refuse"), Changing},
		"perhaps lost":      {deferred("something else", "make"), Destroying},
		"our own half":      {deferred("another volume (unfinished)", "recreate"), Changing},
		"what only blkid finds is refused": {action(Action{Stage: Disks, Effect: plan.Create,
			Outcomes: []Outcome{{"nothing", "as planned"}, {"what only blkid finds", "refuse"}}}), Changing},
		"conflicts before all": {&Plan{Conflicts: []Conflict{{}}, Actions: []Action{{Stage: Disks,
			Effect: plan.Destroy}}}, InTheWay},
	} {
		t.Run(claim, func(t *testing.T) { assert.Equal(t, test.want, test.plan.Exit()) })
	}
}

func TestAPlanOfNothingIsALine(t *testing.T) {
	var b strings.Builder
	p := &Plan{Actions: []Action{{Stage: Files, Noun: File, Thing: "/f", Effect: plan.Keep}}}
	require.NoError(t, p.WriteText(&b))
	assert.Equal(t, "nothing to do; 1 unchanged\n", b.String())
}

func TestDifferences(t *testing.T) {
	for claim, test := range map[string]struct {
		was, now string
		want     []string
	}{
		"nothing": {"a\n", "a\n", nil},
		"two changes far from each other": {"a\n1\n2\n3\n4\n5\n6\nb\n", "x\n1\n2\n3\n4\n5\n6\ny\n",
			[]string{"-a", "+x", " 1", " 2", "@ 2 lines stay", " 5", " 6", "-b", "+y"}},
		"a line in the middle": {"1\n2\n3\n4\n5\n6\n7\n", "1\n2\n3\nx\n5\n6\n7\n",
			[]string{" 2", " 3", "-4", "+x", " 5", " 6"}},
		"a line end": {"a", "a\n", []string{"-a (no line end)", "+a"}},
		"a blank at an end": {"a \nb\n", "a\nb  \t\n",
			[]string{"-a  (a blank at its end)", "-b", "+a", "+b  \t (3 blanks at its end)"}},
		"blanks and no line end": {"a ", "a\n", []string{"-a  (a blank at its end) (no line end)", "+a"}},
		"blanks alone":           {"  \nb \n", "b \n", []string{"-   (2 blanks at its end)", " b "}},
		"all is new":             {"", "a\nb\n", []string{"+a", "+b"}},
		"all goes":               {"a\n", "", []string{"-a"}},
		"what stays between":     {"a\nb\nc\n", "x\nb\ny\n", []string{"-a", "+x", " b", "-c", "+y"}},
	} {
		t.Run(claim, func(t *testing.T) { assert.Equal(t, test.want, Difference(test.was, test.now)) })
	}
}

func TestALongDifferenceTakesNoTimeToFind(t *testing.T) {
	was, now := strings.Repeat("a\n", 200_000), strings.Repeat("b\n", 200_000)
	assert.Len(t, Difference(was, now), 400_000)
}

func TestABarHasRoomForEveryPartition(t *testing.T) {
	l := &Layout{Bytes: 128 * mib}
	for i := range int64(128) {
		l.Partitions = append(l.Partitions, Partition{int(i + 1), "", i * mib, mib, ""})
	}
	assert.Equal(t, 129, strings.Count(l.Bar(), "|"))
	assert.Equal(t, "|"+strings.Repeat(".", barColumns-2)+"|", (&Layout{Bytes: 2 * mib}).Bar())
	assert.Equal(t, "||", (&Layout{}).Bar())
}

func TestJSONIsAsTheSchemaSays(t *testing.T) {
	schema, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("plan.json", schema))
	compiled, err := c.Compile("plan.json")
	require.NoError(t, err)
	with := example()
	with.Conflicts = []Conflict{{Message: "no", Origin: "$.storage", Place: "a:1:2", Hints: []string{"do"}}}
	for _, p := range []*Plan{example(), with, {}} {
		var b strings.Builder
		require.NoError(t, p.WriteJSON(&b))
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(b.String()))
		require.NoError(t, err)
		require.NoError(t, compiled.Validate(value), b.String())
	}
	var got map[string]any
	var b strings.Builder
	require.NoError(t, example().WriteJSON(&b))
	require.NoError(t, json.Unmarshal([]byte(b.String()), &got))
	assert.EqualValues(t, Version, got["version"])
	assert.EqualValues(t, 4, got["exit"])
	got["more"] = true
	require.Error(t, compiled.Validate(got), "the schema lists all keys")
}
