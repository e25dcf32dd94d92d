package stages

import (
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages/leave"
	"github.com/glowplug-os/glowplug/tests/trees"
)

// protections are by path; "under" a path those of all that is there.
type protections map[string]root.Protection

func (p protections) of(at string) (root.Protection, error) {
	for d := at; ; d = target.Up(d) {
		if got, is := p["under "+d]; is {
			return got, nil
		}
		if d == "/" {
			return p[at], nil
		}
	}
}

const (
	makes    = `'files': [{'path': '/d/f', 'contents': {'source': 'data:,x'}}]`
	replaces = `'files': [{'path': '/d/old', 'contents': {'source': 'data:,x'}, 'overwrite': true}]`
	appends  = `'files': [{'path': '/d/old', 'append': [{'source': 'data:,x'}]}]`
	modes    = `'files': [{'path': '/d/old', 'mode': 384}]`
	mkdir    = `'directories': [{'path': '/d/new'}]`
	mkdirs   = `'directories': [{'path': '/d/new/deep'}]`
	chmods   = `'directories': [{'path': '/d', 'mode': 448}]`
	empties  = `'directories': [{'path': '/d', 'overwrite': true}]`
	names    = `'links': [{'path': '/d/l', 'target': '/d/in/x', 'hard': true}]`
	links    = `'links': [{'path': '/d/l', 'target': 'x'}]`
	keeps    = `'directories': [{'path': '/d'}], 'files': [{'path': '/d/old'}]`
	appears  = `'files': [{'path': '/d/old', 'append': [{'source': 'http://h/x'}]}]`
)

func TestAPlanTellsWhatCannotBeWritten(t *testing.T) {
	frozen, grows, denied := root.Protection{Immutable: true}, root.Protection{AppendOnly: true},
		root.Protection{Denied: true}
	only := root.Protection{ReadOnly: true}
	const (
		isFrozen = " has the immutable flag of chattr(1), so nothing can be changed there"
		isGrown  = " has the append-only flag of chattr(1), so nothing can be replaced or removed there"
		isDenied = " cannot be written to by who runs this"
		isOnly   = " is on a read-only file system"
		isOther  = " belongs to somebody else than who runs this"
	)
	for claim, test := range map[string]struct {
		entries string
		of      protections
		user    bool // who runs this is no root
		err     string
	}{
		"a root that can be written": {makes, nil, false, ""},
		"a root that is read-only":   {makes, protections{"under /": only}, false, "file /d/f: the root" + isOnly},
		"nothing to do there":        {keeps, protections{"under /": only}, false, ""},
		"only a server knows":        {appears, protections{"/d/old": frozen}, false, ""},
		"one for all that is there": {makes + ", " + mkdirs, protections{"under /": only}, false,
			"file /d/f: the root" + isOnly + " (one more change goes there)"},
		"another filesystem": {makes, protections{"under /mnt": only}, false, ""},
		"its mount is named": {strings.ReplaceAll(mkdirs, "/d/", "/mnt/x/"), protections{"under /mnt": only}, false,
			"directory /mnt/x/new/deep: /mnt" + isOnly},
		"a mode on a read-only filesystem": {modes, protections{"under /": only}, false,
			"file /d/old: the root" + isOnly},
		"a directory that is immutable": {makes, protections{"/d": frozen}, false, "file /d/f: /d" + isFrozen},
		"a link in it":                  {links, protections{"/d": frozen}, false, "link /d/l: /d" + isFrozen},
		"a directory in it": {mkdirs, protections{"/d": frozen}, false,
			"directory /d/new/deep: /d" + isFrozen},
		"its own mode": {chmods, protections{"/d": frozen}, false,
			"directory /d: /d" + isFrozen},
		"that of a file in it": {modes, protections{"/d": frozen}, false, ""},
		"one above it":         {makes, protections{"/": frozen}, false, ""},
		"a file that is immutable": {replaces, protections{"/d/old": frozen}, false,
			"file /d/old: /d/old" + isFrozen},
		"and is to get a mode": {modes, protections{"/d/old": frozen}, false,
			"file /d/old: /d/old" + isFrozen},
		"and is to grow": {appends, protections{"/d/old": frozen}, false,
			"file /d/old: /d/old" + isFrozen},
		"and is in a directory that goes": {empties, protections{"/d/old": frozen}, false,
			"directory /d: /d/old" + isFrozen},
		"and is deeper in it": {empties, protections{"/d/in/x": frozen}, false,
			"directory /d: /d/in/x" + isFrozen},
		"a directory in one that goes": {empties, protections{"/d/in": frozen}, false,
			"directory /d: /d/in" + isFrozen},
		"what goes with a directory": {empties + ", " + replaces, protections{"/d/old": frozen}, false,
			"directory /d: /d/old" + isFrozen},
		"a file that only grows": {appends, protections{"/d/old": grows}, false,
			"file /d/old: /d/old" + isGrown},
		"a file that is immutable and gets a hard link": {names, protections{"/d/in/x": frozen}, false,
			"hard link /d/l: /d/in/x has the immutable flag of chattr(1), so it can get no hard link"},
		"one that only grows and gets one": {names, protections{"/d/in/x": grows}, false,
			"hard link /d/l: /d/in/x has the append-only flag of chattr(1), so it can get no hard link"},
		"two of them": {`'links': [{'path': '/d/l', 'target': '/d/in/x', 'hard': true},
			{'path': '/d/m', 'target': '/d/in/x', 'hard': true}]`, protections{"/d/in/x": frozen}, false,
			"hard link /d/l: /d/in/x has the immutable flag of chattr(1), so it can get no hard link " +
				"(one more change goes there)"},
		"one that goes with its directory": {`'directories': [{'path': '/d/in', 'overwrite': true}],
			'files': [{'path': '/d/in/x'}], ` + names, protections{"/d/in/x": frozen}, false,
			"directory /d/in: /d/in/x" + isFrozen},
		"one that gets a symbolic link": {strings.Replace(names, "true", "false", 1), protections{"/d/in/x": frozen},
			false, ""},
		"one whose directory only grows": {names, protections{"/d/in": grows}, false, ""},
		"one that the config makes":      {strings.ReplaceAll(makes+", "+names, "in/x", "f"), nil, false, ""},
		"a directory that only grows":    {makes, protections{"/d": grows}, false, "file /d/f: /d" + isGrown},
		"a directory in one":             {mkdir, protections{"/d": grows}, false, ""},
		"a way in one": {mkdirs, protections{"/d": grows}, false,
			"directory /d/new/deep: /d" + isGrown},
		"a directory of another": {makes, protections{"/d": denied}, true, "file /d/f: /d" + isDenied},
		"whose mode is given first": {makes + ", " + chmods, protections{"/d": denied}, true,
			"directory /d: /d" + isOther},
		"a file of another": {appends, protections{"/d/old": denied}, true,
			"file /d/old: /d/old" + isDenied},
		"that is replaced":      {replaces, protections{"/d/old": denied}, true, ""},
		"that is to get a mode": {modes, nil, true, "file /d/old: /d/old" + isOther},
		"one in a directory of another, goes": {empties, protections{"/d/in": denied}, true,
			"directory /d: /d/in" + isDenied},
		"a file in a sticky directory": {strings.ReplaceAll(replaces, "/d/old", "/tmp/old"), nil, true,
			"file /tmp/old: /tmp/old" + isOther},
		"root may replace it": {strings.ReplaceAll(replaces, "/d/old", "/tmp/old"), nil, false, ""},
	} {
		t.Run(claim, func(t *testing.T) {
			o := circumstances()
			o.Files.Privileged, o.Files.NoOwner, o.Files.UID = !test.user, true, 1000
			o.Protection = test.of.of
			all := inTheWay(t, test.entries, o)
			if test.err == "" {
				require.Empty(t, all)
				return
			}
			require.Len(t, all, 1)
			subject, rest, _ := strings.Cut(all[0].Error(), " ($.")
			_, rest, _ = strings.Cut(rest, ")")
			assert.Equal(t, test.err, subject+rest)
			assert.NotEmpty(t, diag.Hints(all[0]))
		})
	}
}

// inTheWay plans entries of storage in a root, and gives what is in their way, which is a note of a boot.
func inTheWay(t *testing.T, entries string, o Circumstances) []error {
	t.Helper()
	from := fetcher{Client: fetch.New(nil, "")}
	o.Files.Fetch = from.write
	tree := sticky777{trees.Fake{"/d/old": "old", "/d/in/x": "", "/mnt/x/": "", "/mnt/": "mounted", "/tmp/old": ""},
		o.Protection}
	cfg := configOf(t, `{'storage': {`+entries+`}}`)
	f, err := Plan(t.Context(), cfg, nil, tree, o)
	require.NotEmpty(t, f.Files.Steps)
	var all []error
	if err != nil {
		all = diag.Errors(err)
	}
	o.Boot = func(*Forecast) *leave.Boot { return &leave.Boot{} }
	f, err = Plan(t.Context(), cfg, nil, tree, o)
	require.NoError(t, err, "a boot may find it otherwise")
	var notes []string
	for _, each := range all {
		if o.Files.Privileged { // as each boot is
			notes = append(notes, "as it is now, a boot fails at "+each.Error())
		}
	}
	if o.Files.Privileged {
		assert.Equal(t, notes, f.Report(false).Notes)
	}
	return all
}

// A sticky777 is a root in which anybody may write to /tmp.
type sticky777 struct {
	trees.Fake
	protect protector
}

func (v sticky777) Lstat(at string) (root.Facts, error) {
	f, err := v.Fake.Lstat(at)
	if at == "/tmp" {
		f.Mode = 0o1777
	}
	return f, err
}

func (v sticky777) Through(at string, visit func(root.Node) error) error {
	way := []string{}
	return v.Fake.Through(at, func(n root.Node) error {
		way = append(way[:n.Depth], n.Name)
		n.In = protected{n.In, v.protect, target.Up(at) + "/" + strings.Join(way, "/")}
		return visit(n)
	})
}

type protected struct {
	root.Inside
	protect protector
	at      string
}

func (p protected) Protection() (root.Protection, error) { return p.protect(path.Clean(p.at)) }
