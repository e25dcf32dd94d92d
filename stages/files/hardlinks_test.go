package files

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/target"
)

const linked = `'files':[{'path':'/t','overwrite':true,'contents':{'source':'http://h/small'}}],
	'links':[{'path':'/a','target':'/t','hard':true},{'path':'/b','target':'/a','hard':true}]`

// sameNames tells which of some names are of one file.
func sameNames(t *testing.T, dir string, names ...string) bool {
	t.Helper()
	first, err := os.Lstat(filepath.Join(dir, names[0]))
	require.NoError(t, err)
	for _, name := range names[1:] {
		other, err := os.Lstat(filepath.Join(dir, name))
		require.NoError(t, err)
		if !os.SameFile(first, other) {
			return false
		}
	}
	return true
}

func TestHardLinksFollowAFileThatEachRunMakesAnew(t *testing.T) {
	for claim, between := range map[string]func(dir string) error{
		"nothing happened": func(string) error { return nil },
		"one link is gone": func(dir string) error { return os.Remove(filepath.Join(dir, "a")) },
		"there was no record yet": func(dir string) error {
			return os.RemoveAll(filepath.Join(dir, target.StateDir))
		},
		"the target was made anew, no more": func(dir string) error { return anew(dir, "t") },
		"so was a link": func(dir string) error {
			return os.Rename(filepath.Join(dir, "b"), filepath.Join(dir, "c"))
		},
	} {
		t.Run(claim, func(t *testing.T) {
			dir, _ := newRoot(t, nil)
			for range 3 {
				require.NoError(t, apply(storage(t, linked), options(t, dir)))
				assert.True(t, sameNames(t, dir, "t", "a", "b"))
				require.NoError(t, between(dir))
				_ = os.Remove(filepath.Join(dir, "c"))
			}
		})
	}
}

// anew puts a copy of a file in its place.
func anew(dir, name string) error {
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	at := filepath.Join(dir, name)
	if err := os.WriteFile(at+".new", text, 0o644); err != nil {
		return err
	}
	return os.Rename(at+".new", at)
}

func TestAPlanKnowsWhatBecomesOfALinkWhoseTargetMayBeMadeAnew(t *testing.T) {
	const link, chain = `'links':[{'path':'/a','target':'/t','hard':true}]`, `,{'path':'/b','target':'/a','hard':true}]`
	const force = `'links':[{'path':'/a','target':'/t','hard':true,'overwrite':true}]`
	const refused = "hard link /a ($.storage.links.0): a regular file is there, and overwrite is not set"
	file := func(content, more string) string {
		return `'files':[{'path':'/t','overwrite':true,'contents':{'source':'` + content + `'}` + more + `}],`
	}
	chained := strings.TrimSuffix(link, "]") + chain
	symbolic := func(to string) string {
		return `'links':[{'path':'/a','target':'/t','hard':true},{'path':'/t','target':'` + to + `','overwrite':true}]`
	}
	for claim, c := range map[string]struct{ first, second, planned, err string }{
		"the same again":     {file("data:,x", "") + link, "", "= hard link /a  to /t\n", ""},
		"a chain, once more": {file("data:,x", "") + chained, "", "= hard link /b  to /a\n", ""},
		"with overwrite":     {file("data:,x", "") + force, "", "= hard link /a  to /t\n", ""},
		"from a server": {file("http://h/small", "") + link, "",
			"? hard link /a  to /t, linked to the new file if it is a copy of that, refused otherwise\n", ""},
		"a chain to a server": {file("http://h/small", "") + chained, "",
			"? hard link /b  to /a, linked to the new file if", ""},
		"from a server, with overwrite": {file("http://h/small", "") + force, "",
			"- hard link /a  to /t, replaces what is there\n", ""},
		"another content": {file("data:,x", "") + link, file("data:,y", "") + link, "", refused},
		"another content, with overwrite": {file("data:,x", "") + force, file("data:,y", "") + force,
			"- hard link /a  to /t, replaces what is there\n", ""},
		"another mode": {file("data:,x", "") + link, file("data:,x", `,'mode':384`) + link, "", refused},
		"appended to": {file("data:,x", "") + link, `'files':[{'path':'/t','append':[{'source':'data:,y'}]}],` + link,
			"= hard link /a  to /t\n", ""},
		"another mode of what stays": {file("data:,x", "") + link, `'files':[{'path':'/t','mode':384}],` + link,
			"= hard link /a  to /t\n", ""},
		"not of the config": {file("data:,x", "") + link, link, "= hard link /a  to /t\n", ""},
		"a symbolic link":   {symbolic("x"), "", "= hard link /a  to /t\n", ""},
		"another symbolic link": {symbolic("x"), symbolic("y"), "",
			"hard link /a ($.storage.links.0): a symbolic link is there, and overwrite is not set"},
	} {
		t.Run(claim, func(t *testing.T) {
			dir, _ := newRoot(t, nil)
			require.NoError(t, apply(storage(t, c.first), options(t, dir)))
			second, o := storage(t, cmp.Or(c.second, c.first)), options(t, dir)
			before := snapshot(t, dir)
			steps, err := Plan(second, target.Of(o.Root), o)
			if c.err != "" {
				require.EqualError(t, err, c.err)
				require.EqualError(t, apply(second, o), c.err)
				assert.Equal(t, before, snapshot(t, dir), "refused before anything is touched")
				return
			}
			require.NoError(t, err)
			assert.Contains(t, steps.String(), c.planned)
			require.NoError(t, apply(second, o))
			assert.True(t, sameNames(t, dir, "t", "a"))
		})
	}
}

// Somebody puts a file of theirs in the place of a link that a run has made. What goes before the link is removed, or
// written anew, must not be touched for a plan that cannot be carried out.
func TestAFileInThePlaceOfALinkOfOursIsRefusedBeforeAnythingIsTouched(t *testing.T) {
	const emptied = `'directories':[{'path':'/d','overwrite':true}],`
	const hl = `'links':[{'path':'/hl','target':'/d/f','hard':true}]`
	const chain = `'links':[{'path':'/m','target':'/d/f','hard':true},{'path':'/hl','target':'/m','hard':true}]`
	file := func(from, more string) string {
		return `'files':[{'path':'/d/f','contents':{'source':'` + from + `'` + more + `}}],`
	}
	const madeAnew = `'files':[{'path':'/d/f','overwrite':true,'contents':{'source':'data:,x'}}],`
	const server, empty = "http://h/small", `'files':[{'path':'/d/f'}],`
	const symlink = `'links':[{'path':'/hl','target':'/d/f','hard':true},{'path':'/d/f','target':'x'}]`
	write := func(text string, mode os.FileMode) func(string) error {
		return func(at string) error { return os.WriteFile(at, []byte(text), mode) }
	}
	symbolic := func(to string) func(string) error {
		return func(at string) error { return os.Symlink(to, at) }
	}
	for claim, c := range map[string]struct {
		cfg string
		put func(at string) error
		is  string
	}{
		"in a directory that is emptied": {emptied + file("data:,x", "") + hl, write("mine", 0o644),
			"a regular file"},
		"with the length of ours":           {emptied + file("data:,x", "") + hl, write("y", 0o644), "a regular file"},
		"with another mode":                 {emptied + file("data:,x", "") + hl, write("x", 0o600), "a regular file"},
		"of a file without contents":        {emptied + empty + hl, write("mine", 0o644), "a regular file"},
		"of a file that is made anew":       {madeAnew + hl, write("mine", 0o644), "a regular file"},
		"from a server":                     {emptied + file(server, "") + hl, write("mine", 0o644), "a regular file"},
		"of a symbolic link":                {emptied + symlink, write("mine", 0o644), "a regular file"},
		"a symbolic link":                   {emptied + file("data:,x", "") + hl, symbolic("x"), "a symbolic link"},
		"a symbolic link to somewhere else": {emptied + symlink, symbolic("y"), "a symbolic link"},
	} {
		t.Run(claim, func(t *testing.T) {
			dir, _ := newRoot(t, nil)
			cfg, at := storage(t, c.cfg), filepath.Join(dir, "hl")
			require.NoError(t, apply(cfg, options(t, dir)))
			require.NoError(t, os.Remove(at))
			require.NoError(t, c.put(at))
			require.NoError(t, write("precious", 0o644)(filepath.Join(dir, "d/p")))
			before := snapshot(t, dir)
			require.EqualError(t, apply(cfg, options(t, dir)),
				"hard link /hl ($.storage.links.0): "+c.is+" is there, and overwrite is not set")
			assert.Equal(t, before, snapshot(t, dir))
		})
	}
	for claim, c := range map[string]struct{ cfg, planned string }{
		"a link to a file in a directory that is emptied": {emptied + file("data:,x", "") + hl,
			"- hard link /hl  to /d/f, linked to the new file\n"},
		"a chain of them": {emptied + file("data:,x", "") + chain,
			"hard link /hl  to /m, linked to the new file\n"},
		"to one without contents": {emptied + empty + hl, "- hard link /hl  to /d/f, linked to the new file\n"},
		"to a symbolic link":      {emptied + symlink, "- hard link /hl  to /d/f, linked to the new file\n"},
		"to a file from a server": {emptied + file(server, "") + hl,
			"? hard link /hl  to /d/f, linked to the new file if"},
	} {
		t.Run(claim, func(t *testing.T) {
			dir, _ := newRoot(t, nil)
			cfg := storage(t, c.cfg)
			require.NoError(t, apply(cfg, options(t, dir)))
			for range 2 { // a link of the run before, and then a copy, as a run leaves it that was cut off
				o := options(t, dir)
				steps, err := Plan(cfg, target.Of(o.Root), o)
				require.NoError(t, err)
				assert.Contains(t, steps.String(), c.planned)
				require.NoError(t, apply(cfg, o))
				assert.True(t, sameNames(t, dir, "d/f", "hl"))
				if !strings.Contains(c.cfg, "'target':'x'") && !strings.Contains(c.cfg, "/m") {
					require.NoError(t, anew(dir, "hl"))
				}
			}
		})
	}
}

func TestACopyOfAFileThatStaysIsLinkedToItAgain(t *testing.T) {
	dir, _ := newRoot(t, nil)
	cfg := storage(t, `'files':[{'path':'/t','overwrite':true,'contents':{'source':'data:,x'}}],`+
		`'links':[{'path':'/hl','target':'/t','hard':true}]`)
	require.NoError(t, apply(cfg, options(t, dir)))
	require.NoError(t, anew(dir, "hl"))
	o := options(t, dir)
	steps, err := Plan(cfg, target.Of(o.Root), o)
	require.NoError(t, err)
	assert.Contains(t, steps.String(), "- hard link /hl  to /t, linked to it again\n")
	require.NoError(t, apply(cfg, o))
	assert.True(t, sameNames(t, dir, "t", "hl"))
}

func TestAFileThatEqualsAHardLinksTargetIsNotOursByThat(t *testing.T) {
	const one = `'links':[{'path':'/a','target':'/t','hard':true}]`
	const refusal = "hard link /a ($.storage.links.0): a regular file is there, and overwrite is not set"
	for claim, c := range map[string]struct {
		cfg  string
		tree map[string]string
		more func(dir string) error
		err  string
	}{
		"a file of the image": {one, map[string]string{"t": "x", "a": "x"}, nil, refusal},
		"a hard link of the image": {one, map[string]string{"t": "x", "a": "x"},
			func(dir string) error { return os.Link(filepath.Join(dir, "a"), filepath.Join(dir, "other")) }, refusal},
		"a link that an earlier run made and that has got another name": {one,
			map[string]string{"t": "x", "a": "x", "etc/.glowplug/links.json": `{"version":1,"links":["/a"]}`},
			func(dir string) error { return os.Link(filepath.Join(dir, "a"), filepath.Join(dir, "other")) }, refusal},
		"a symbolic link of the image": {one, map[string]string{"t": "-> x", "a": "-> x"}, nil,
			"hard link /a ($.storage.links.0): a symbolic link is there, and overwrite is not set"},
		"a file that an earlier run did not come to": {`'links':[{'path':'/b','target':'/t','hard':true},` +
			`{'path':'/a','target':'/t','hard':true}]`, map[string]string{"t": "x", "a": "x"}, nil,
			"hard link /a ($.storage.links.1): a regular file is there, and overwrite is not set"},
	} {
		t.Run(claim, func(t *testing.T) {
			dir, o := newRoot(t, c.tree)
			if c.more != nil {
				require.NoError(t, c.more(dir))
			}
			before := snapshot(t, dir)
			for range 2 {
				require.EqualError(t, apply(storage(t, c.cfg), o), c.err)
				assert.Equal(t, before, snapshot(t, dir), "refused before anything is touched")
			}
		})
	}
	t.Run("with overwrite it is replaced", func(t *testing.T) {
		dir, o := newRoot(t, map[string]string{"t": "x", "a": "x"})
		require.NoError(t, apply(storage(t, `'links':[{'path':'/a','target':'/t','hard':true,'overwrite':true}]`), o))
		assert.True(t, sameNames(t, dir, "t", "a"))
		assert.NoDirExists(t, filepath.Join(dir, target.StateDir), "and nothing has to be noted")
	})
	t.Run("a link whose target stays needs no record", func(t *testing.T) {
		dir, o := newRoot(t, map[string]string{"t": "x"})
		for range 2 {
			require.NoError(t, apply(storage(t, one), o))
		}
		assert.True(t, sameNames(t, dir, "t", "a"))
		assert.NoDirExists(t, filepath.Join(dir, target.StateDir))
	})
}

// Files with overwrite have the planner ask what is emptied, which knows only places.
func TestAHardLinkWithoutAPlaceIsRefusedBesideAFileThatIsMadeAnew(t *testing.T) {
	const made = `'files':[{'path':'/a','overwrite':true,'contents':{'source':'data:,x'}}],'links':[`
	const below = "target /a/x is below file /a ($.storage.files.0), which is no directory"
	long := strings.Repeat("n", 256)
	for claim, c := range map[string]struct{ links, err string }{
		"its name is too long": {`{'path':'/` + long + `','target':'/a','hard':true}]`,
			"a path ($.storage.links.0.path): a name in the path is longer than 255 bytes"},
		"its path has a NUL byte": {`{'path':'/l\u0000','target':'/a','hard':true}]`,
			"a path ($.storage.links.0.path): the path has a NUL byte"},
		"its path is relative": {`{'path':'l','target':'/a','hard':true}]`,
			"hard link l ($.storage.links.0): the path is not absolute"},
		"its place is below the file": {`{'path':'/a/l','target':'/a','hard':true}]`,
			"hard link /a/l ($.storage.links.0): is below file /a ($.storage.files.0), which is no directory"},
		"its target is below the file": {`{'path':'/l','target':'/a/x','hard':true}]`,
			"hard link /l ($.storage.links.0): " + below},
		"its target's target is below the file": {`{'path':'/l','target':'/m','hard':true},` +
			`{'path':'/m','target':'/a/x','hard':true}]`,
			"hard link /m ($.storage.links.1): " + below},
		"it names itself by another that is too long": {`{'path':'/l','target':'/` + long + `','hard':true}]`,
			"a target ($.storage.links.0.target): a name in the path is longer than 255 bytes"},
	} {
		for state, root := range map[string]fake{"new": {}, "repeated": {"/a": "x", "/l": "x"}} {
			t.Run(claim+", "+state, func(t *testing.T) {
				_, err := Plan(storage(t, made+c.links), root, inlined(asRoot()))
				require.ErrorContains(t, err, c.err)
			})
		}
	}
}
