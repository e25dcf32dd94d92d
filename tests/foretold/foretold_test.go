package foretold

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/trees"
)

func mode(m int64) *int64 { return &m }

// What is done is not what is told: each way in which that can be is found out.
func TestWhatIsDoneOtherwiseIsAFault(t *testing.T) {
	made := Action{ID: "file:/etc/f", Effect: "create", Subject: "file /etc/f", Changes: []Change{{Path: "/etc/f",
		Now: &Node{Kind: "file", Mode: mode(0o644)}, Difference: []string{"+text"}}}}
	old := &Node{Kind: "file"}
	same := Action{ID: "x", Changes: []Change{{Path: "/etc/old", Was: old, Now: old}}}
	replaced := Action{ID: "file:/etc/old", Effect: "destroy", Subject: "file /etc/old", Changes: []Change{{
		Path: "/etc/old", Was: old, Now: &Node{Kind: "link", Link: "f"}}}}
	for claim, c := range map[string]struct {
		plan  []Action
		do    string // in the root, by a shell
		fault string // "" for none
	}{
		"as told":                   {[]Action{made}, "echo text >etc/f", ""},
		"nothing":                   {[]Action{made}, "", "/etc/f is nothing, not file 0644"},
		"no change":                 {[]Action{same}, "", "nothing has changed"},
		"another kind":              {[]Action{made}, "mkdir -m 755 etc/f", "/etc/f is directory 0755"},
		"another text":              {[]Action{made}, "echo other >etc/f", `/etc/f has no line "text"`},
		"another mode":              {[]Action{made}, "echo text >etc/f; chmod 600 etc/f", "not file 0644"},
		"more":                      {nil, "echo >etc/g", "/etc/g was nothing and is file"},
		"more above":                {[]Action{made}, "mkdir srv; echo text >etc/f", "/srv was nothing"},
		"it goes":                   {[]Action{replaced}, "ln -sf f etc/old", ""},
		"another link":              {[]Action{replaced}, "ln -sf g etc/old", "not link to f"},
		"it goes, and nobody tells": {nil, "rm etc/old", "is nothing, of which nothing was told"},
		"it is written anew":        {nil, "cp etc/old new; mv new etc/old", "/etc/old was file"},
	} {
		t.Run(claim, func(t *testing.T) {
			dir := t.TempDir()
			trees.Populate(t, dir, map[string]string{"etc/old": "old"})
			before, err := Look(dir)
			require.NoError(t, err)
			shell := exec.Command("sh", "-c", "umask 22; "+c.do)
			shell.Dir = dir
			require.NoError(t, shell.Run())
			after, err := Look(dir)
			require.NoError(t, err)
			p := Plan{Actions: c.plan}
			faults := p.Trees(before, after)
			if c.fault == "" {
				assert.Empty(t, faults)
				return
			}
			require.NotEmpty(t, faults)
			assert.Contains(t, faults[0], c.fault)
		})
	}
}

func TestStepsThatRunOtherwiseAreFaults(t *testing.T) {
	plan := []Action{{ID: "a", Effect: "create", Subject: "a"}, {ID: "b", Effect: "keep", Subject: "b"},
		{ID: "c", Effect: "deferred", Subject: "c"}}
	a, b, c := Deed{"create a", "a", true}, Deed{"keep b", "b", false}, Deed{"deferred c", "c", true}
	for claim, test := range map[string]struct {
		deeds []Deed
		fault string
	}{
		"as told":        {[]Deed{a, b, c}, ""},
		"one less":       {[]Deed{a, b}, "planned and not done: deferred c (c)"},
		"one more":       {[]Deed{a, b, c, a}, "done and not planned: create a (a)"},
		"another order":  {[]Deed{a, c, b}, "planned was keep b (b), what came is deferred c (c)"},
		"another effect": {[]Deed{{"change a", "a", true}, b, c}, "what came is change a (a)"},
		"another ID":     {[]Deed{{"create a", "x", true}, b, c}, "what came is create a (x)"},
		"it was there":   {[]Deed{{"create a", "a", false}, b, c}, "planned was create a (a), and it was there"},
	} {
		faults := Deeds(plan, test.deeds)
		if test.fault == "" {
			assert.Empty(t, faults, claim)
		} else if assert.Len(t, faults, 1, claim) {
			assert.Contains(t, faults[0], test.fault, claim)
		}
	}
}

func TestDeedsAreReadFromTheLog(t *testing.T) {
	assert.Equal(t, []Deed{{Name: "create file /a", Did: true}, {Name: "keep file /b"}}, Logged(
		"INFO     : files: [started]  create file /a\nINFO     : files: [finished] create file /a\n"+
			"DEBUG    : files: [kept]     keep file /b\nINFO     : disks: [finished] x\nINFO     : files passed\n",
		"files: "))
}

func TestASecondPlanMaySayWhatThePageLetsIt(t *testing.T) {
	rows, err := Exceptions()
	require.NoError(t, err)
	enable := Action{ID: "enable:a.service", Effect: "deferred", Subject: "enable a.service"}
	assert.Empty(t, rows.Empty(Plan{Actions: []Action{{ID: "file:/etc/f", Effect: "keep"}}}, nil))
	assert.Empty(t, rows.Empty(Plan{Actions: []Action{enable}, Exit: 3}, nil))
	assert.NotEmpty(t, rows.Empty(Plan{Actions: []Action{{ID: enable.ID, Effect: "create"}}, Exit: 3}, nil))
	assert.NotEmpty(t, rows.Empty(Plan{Actions: []Action{{ID: "file:/etc/f", Effect: "deferred"}}, Exit: 3}, nil))
	assert.NotEmpty(t, rows.Empty(Plan{Exit: 3}, nil))
}

// layered has a volume with a key on an array, one without on a partition, and filesystems on both.
const layered = `{"storage": {
	"disks": [{"device": "/dev/vda", "wipeTable": true, "partitions": [{"label": "a"}]}, {"device": "/dev/vdb"}],
	"raid": [{"name": "r", "devices": ["/dev/vdb1", "/dev/disk/by-partlabel/a"]}, {"name": "s", "devices": ["/dev/vdb2"]}],
	"luks": [{"name": "k", "device": "/dev/md/r", "keyFile": {"source": "data:,k"}}, {"name": "n", "device": "/dev/vdb3",
		"keyFile": {"source": null}}],
	"filesystems": [{"device": "/dev/mapper/n", "path": "/n"}, {"device": "/dev/vdb1"}, {"device": "/dev/vda1"},
		{"device": "/dev/vdc", "wipeFilesystem": true}]}}`

// A row is about an entry, and lets pass what lies on that, but nothing else.
func TestASecondPlanMaySayOfAnEntryWhatItsSettingsLetIt(t *testing.T) {
	rows, err := Exceptions()
	require.NoError(t, err)
	does := func(effect, id, origin string) Action {
		return Action{ID: id, Effect: effect, Subject: "x", Origin: "$.storage." + origin}
	}
	table := does("destroy", "$.storage.disks.0", "disks.0")
	array := does("create", "raid:r", "raid.0")
	noKey := does("destroy", "luks-format:n", "luks.1")
	inside := does("create", "$.storage.filesystems.0", "filesystems.0")
	swap := does("create", "$.storage.filesystems.3", "filesystems.3")
	file := Action{ID: "file:/n/f", Effect: "create", Subject: "file /n/f", Origin: "$.storage.files.0"}
	inUse := func(origin string) []Conflict { return []Conflict{{"it is in use", "$.storage." + origin, ""}} }
	for claim, c := range map[string]struct {
		actions   []Action
		conflicts []Conflict
		faults    int
	}{
		"a table that is wiped, and an array on it": {[]Action{table, array}, nil, 0},
		"a filesystem on it":                        {[]Action{table, does("deferred", "f", "filesystems.2")}, nil, 0},
		"an array on no such table":                 {[]Action{array}, nil, 1},
		"an array on another table":                 {[]Action{table, does("create", "raid:s", "raid.1")}, nil, 1},
		"a volume without a key, and what is in it": {[]Action{noKey, inside, file}, nil, 0},
		"a file in what is not made":                {[]Action{noKey, file}, nil, 1},
		"a file beside one that is in no folder":    {[]Action{swap, file}, nil, 1},
		"a volume with a key":                       {[]Action{does("destroy", "luks-format:k", "luks.0")}, nil, 1},
		"a filesystem elsewhere":                    {[]Action{noKey, does("create", "f", "filesystems.1")}, nil, 1},
		"a volume without a key that is open":       {[]Action{inside}, inUse("luks.1"), 0},
		"a volume with a key that cannot be made":   {nil, inUse("luks.0"), 1},
		"a disk whose table is wiped":               {nil, inUse("disks.0"), 0},
		"a disk of which nothing is given up":       {nil, inUse("disks.1"), 1},
	} {
		faults := rows.Empty(Plan{Actions: c.actions, Conflicts: c.conflicts, Exit: 4}, []byte(layered))
		assert.Len(t, faults, c.faults, claim)
	}
}

func TestASecondPlanMaySayOfFilesWhatTheirSettingsLetThem(t *testing.T) {
	rows, err := Exceptions()
	require.NoError(t, err)
	const config = `{"storage": {"directories": [{"path": "/d", "overwrite": true}, {"path": "/e"}],
		"files": [{"path": "/far", "overwrite": true}, {"path": "/d/f"}, {"path": "/e/f"}],
		"links": [{"path": "/l", "target": "far", "hard": true}, {"path": "/m", "target": "/far"}]}}`
	does := func(effect, id, origin, detail string) Action {
		_, at, _ := strings.Cut(id, ":")
		return Action{ID: id, Effect: effect, Subject: "x " + at, Detail: detail, Origin: "$.storage." + origin}
	}
	anew := does("destroy", "directory:/d", "directories.0", "")
	far := does("destroy", "file:/far", "files.0", "from http://h/f, replaces what is there")
	for claim, c := range map[string]struct {
		actions []Action
		faults  int
	}{
		"a directory with overwrite, and what is in it": {
			[]Action{anew, does("create", "file:/d/f", "files.1", "")}, 0},
		"what is in another": {[]Action{anew, does("create", "file:/e/f", "files.2", "")}, 1},
		"another directory":  {[]Action{does("destroy", "directory:/e", "directories.1", "")}, 1},
		"a file from a server, and a hard link to it": {
			[]Action{far, does("deferred", "hard link:/l", "links.0", "")}, 0},
		"a symbolic link to it":  {[]Action{far, does("destroy", "link:/m", "links.1", "")}, 1},
		"a file that is inline":  {[]Action{does("destroy", "file:/far", "files.0", "inline")}, 1},
		"a hard link by itself":  {[]Action{does("deferred", "hard link:/l", "links.0", "")}, 1},
		"a file of no overwrite": {[]Action{does("destroy", "file:/e/f", "files.2", "from http://h/f")}, 1},
	} {
		assert.Len(t, rows.Empty(Plan{Actions: c.actions, Exit: 4}, []byte(config)), c.faults, claim)
	}
}

func TestASumTellsAllOfATree(t *testing.T) {
	dir := t.TempDir()
	trees.Populate(t, dir, map[string]string{"f": "text", "d/": "", "l": "-> f"})
	last, err := Sum(dir)
	require.NoError(t, err)
	again, err := Sum(dir)
	require.NoError(t, err)
	require.Equal(t, last, again)
	for _, do := range []func() error{
		func() error { return os.Chmod(filepath.Join(dir, "f"), 0o600) },
		func() error { return os.WriteFile(filepath.Join(dir, "f"), []byte("tex!"), 0o600) },
		func() error { return os.Link(filepath.Join(dir, "f"), filepath.Join(dir, "g")) },
		func() error { return os.Remove(filepath.Join(dir, "d")) },
	} {
		require.NoError(t, do())
		sum, err := Sum(dir)
		require.NoError(t, err)
		assert.NotEqual(t, last, sum)
		last = sum
	}
}

// bootPlan is of two tables and a volume, and the log that tells of them.
func bootPlan() (Plan, string) {
	table := func(id string) Action {
		return Action{Stage: "disks", ID: id, Effect: "change", Subject: "partition table of /dev/vda"}
	}
	volume := Action{Stage: "disks", ID: "luks:data", Effect: "deferred", Subject: "luks data"}
	volume.Outcomes = []struct{ Found, Verdict string }{{"nothing", "format"}, {"anything else", "refuse"}}
	return Plan{Actions: []Action{table("wipe"), table("write"), volume,
			{Stage: "mount", Effect: "keep", Subject: "mount /srv"},
			{Stage: "files", Effect: "deferred", Subject: "file /srv/f", Detail: "what is mounted at /srv"}}},
		`DEBUG    : disks: createPartitions: [kept]     change partition table of /dev/vda
INFO     : disks: createPartitions: [finished] change partition table of /dev/vda
INFO     : disks: createLuks: [finished] create luks data
INFO     : disks: createLuks: [finished] change luks data
INFO     : mount: [finished] create mount /srv
INFO     : files: [finished] create file /srv/f
DEBUG    : files: [finished] create result file /etc/.ignition-result.json
`
}

func TestABootIsHeldAgainstItsPlan(t *testing.T) {
	p, log := bootPlan()
	assert.Empty(t, p.Boot(log))
	for line := range strings.Lines(log) {
		if !strings.Contains(line, "result file") && !strings.Contains(line, "luks data") {
			assert.Len(t, p.Boot(strings.Replace(log, line, "", 1)), 1, line)
		}
	}
	assert.Equal(t, []string{"done and not planned: keep luks data"},
		p.Boot(log+"DEBUG    : disks: createLuks: [kept]     keep luks data\n"))
	p.Actions[2].Outcomes = p.Actions[2].Outcomes[1:]
	assert.NotEmpty(t, p.Boot(log), "it was to be refused")
}
