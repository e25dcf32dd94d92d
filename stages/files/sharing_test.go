package files

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// linkedRoot has three files: x and y are one, z is a copy of them.
func linkedRoot(t *testing.T) (string, Options) {
	t.Helper()
	dir, o := newRoot(t, map[string]string{"srv/x": "one\n", "srv/z": "one\n", "l": "-> srv"})
	require.NoError(t, os.Link(filepath.Join(dir, "srv/x"), filepath.Join(dir, "srv/y")))
	return dir, o
}

const appendA = `'files':[{'path':'/srv/x','append':[{'source':'data:,A'}]},`

func TestEntriesForTwoNamesOfAFileThatCannotBothHoldAreRefused(t *testing.T) {
	for claim, c := range map[string]struct{ cfg, err string }{
		"both append": {appendA + `{'path':'/srv/y','append':[{'source':'data:,B'}]}]`,
			"file /srv/y ($.storage.files.1): /srv/x ($.storage.files.0) and /srv/y are one file, " +
				"and both append to it"},
		"both append the same": {appendA + `{'path':'/srv/y','append':[{'source':'data:,A'}]}]`,
			"file /srv/y ($.storage.files.1): /srv/x ($.storage.files.0) and /srv/y are one file, " +
				"and both append to it"},
		"both append, one by way of a link": {appendA + `{'path':'/l/y','append':[{'source':'data:,B'}]}]`,
			"file /l/y ($.storage.files.1): /srv/x ($.storage.files.0) and /l/y are one file, and both append to it"},
		"a server gives what is appended": {appendA + `{'path':'/srv/y','append':[{'source':'http://h/small'}]}]`,
			"file /srv/y ($.storage.files.1): /srv/x ($.storage.files.0) and /srv/y are one file, " +
				"and both append to it"},
		"one has contents": {appendA + `{'path':'/srv/y','contents':{'source':'data:,one%0A'}}]`,
			"file /srv/y ($.storage.files.1): /srv/x ($.storage.files.0) and /srv/y are one file, " +
				"and one gives its contents while the other appends to it"},
		"one has contents and comes first": {`'files':[{'path':'/srv/y','contents':{'source':'data:,one%0AA'}},` +
			`{'path':'/srv/x','append':[{'source':'data:,A'}]}]`,
			"file /srv/x ($.storage.files.1): /srv/y ($.storage.files.0) and /srv/x are one file, " +
				"and one gives its contents while the other appends to it"},
		"two modes": {`'files':[{'path':'/srv/x','mode':384},{'path':'/srv/y','mode':420}]`,
			"file /srv/y ($.storage.files.1): /srv/x ($.storage.files.0) and /srv/y are one file, " +
				"and they give it different owners or modes"},
		"a mode, and that of a new file": {`'files':[{'path':'/srv/x','mode':384},` +
			`{'path':'/srv/y','contents':{'source':'data:,one%0A'}}]`,
			"file /srv/y ($.storage.files.1): /srv/x ($.storage.files.0) and /srv/y are one file, " +
				"and they give it different owners or modes"},
		"the same place by way of a hard link of the config": {appendA[:len(appendA)-1] +
			`],'links':[{'path':'/srv/x','target':'/srv/z','hard':true}]`,
			"hard link /srv/x ($.storage.links.0): is at the same place as file /srv/x ($.storage.files.0): /srv/x"},
		"the same place by way of a folder's link": {appendA + `{'path':'/l/x','append':[{'source':'data:,B'}]}]`,
			"file /l/x ($.storage.files.1): is at the same place as file /srv/x ($.storage.files.0): /srv/x"},
	} {
		t.Run(claim, func(t *testing.T) {
			dir, o := linkedRoot(t)
			before := snapshot(t, dir)
			err := apply(storage(t, c.cfg), o)
			require.EqualError(t, err, c.err)
			if strings.Contains(c.err, "are one") {
				assert.NotEmpty(t, diag.Hints(err))
			}
			assert.Equal(t, before, snapshot(t, dir), "refused before anything is touched")
		})
	}
}

func TestOwnersOfTwoNamesOfAFileAreCompared(t *testing.T) {
	for claim, c := range map[string]struct {
		x, y string
		ok   bool
	}{
		"two users":                      {`'user':{'id':1}`, `'user':{'id':2}`, false},
		"two groups":                     {`'group':{'id':1}`, `'group':{'id':2}`, false},
		"one user":                       {`'user':{'id':1}`, `'user':{'id':1}`, true},
		"a user and a group":             {`'user':{'id':1}`, `'group':{'id':1}`, true},
		"a user and no word":             {`'user':{'id':1}`, `'overwrite':false`, true},
		"set-id bits that another takes": {`'mode':2541`, `'overwrite':false`, false},
		"a mode and no word":             {`'mode':384`, `'overwrite':false`, true},
	} {
		t.Run(claim, func(t *testing.T) {
			root := doubled{fake{"/x": "1", "/y": "1"}, map[string]string{"/y": "/x"}, 2}
			cfg := storage(t, `'files':[{'path':'/x',`+c.x+`},{'path':'/y',`+c.y+`}]`)
			_, err := Plan(cfg, root, inlined(asRoot()))
			if c.ok {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, "file /y ($.storage.files.1): /x ($.storage.files.0) and /y are one file, "+
				"and they give it different owners or modes")
			_, err = Plan(cfg, root, inlined(Options{Means: target.Means{NoOwner: true}}))
			assert.NoError(t, err, "owners that are not set do not count")
		})
	}
}

func TestEntriesForTwoNamesOfAFileThatCanBothHoldDo(t *testing.T) {
	for claim, c := range map[string]struct {
		cfg    string
		x, y   string
		linked bool
	}{
		"an append has all names": {appendA[:len(appendA)-1] + `]`, "one\nA", "one\nA", true},
		"an append and an entry that keeps": {appendA + `{'path':'/srv/y','mode':384},{'path':'/srv/z'}]`,
			"one\nA", "one\nA", true},
		"one mode": {`'files':[{'path':'/srv/x','mode':384},{'path':'/srv/y','mode':384}]`, "one\n", "one\n", true},
		"an append, and other content with overwrite": {
			appendA + `{'path':'/srv/y','overwrite':true,'contents':{'source':'data:,new'}}]`, "one\nA", "new", false},
		"an append, and the content that is there with overwrite": {
			appendA + `{'path':'/srv/y','overwrite':true,'contents':{'source':'data:,one%0A'}}]`,
			"one\nA", "one\n", false},
		"the content that is there with overwrite, and an append": {
			`'files':[{'path':'/srv/x','overwrite':true,'contents':{'source':'data:,one%0A'}},` +
				`{'path':'/srv/y','append':[{'source':'data:,B'}]}]`, "one\n", "one\nB", false},
		"what an append makes, with overwrite": {
			appendA + `{'path':'/srv/y','overwrite':true,'contents':{'source':'data:,one%0AA'}}]`,
			"one\nA", "one\nA", false},
		"both with overwrite": {`'files':[{'path':'/srv/x','overwrite':true,'contents':{'source':'data:,1'}},` +
			`{'path':'/srv/y','overwrite':true,'contents':{'source':'data:,2'}}]`, "1", "2", false},
		"both with what is there": {`'files':[{'path':'/srv/x','contents':{'source':'data:,one%0A'}},` +
			`{'path':'/srv/y','contents':{'source':'data:,one%0A'}}]`, "one\n", "one\n", true},
		"an append, and a hard link that is there": {appendA[:len(appendA)-1] +
			`],'links':[{'path':'/srv/y','target':'/srv/x','hard':true}]`, "one\nA", "one\nA", true},
		"an append, and a hard link to something else": {appendA[:len(appendA)-1] +
			`],'links':[{'path':'/srv/y','target':'/srv/z','hard':true,'overwrite':true}]`, "one\nA", "one\n", false},
	} {
		t.Run(claim, func(t *testing.T) {
			dir, _ := linkedRoot(t)
			for range 3 {
				require.NoError(t, apply(storage(t, c.cfg), options(t, dir)))
				for name, want := range map[string]string{"x": c.x, "y": c.y, "z": "one\n"} {
					got, err := os.ReadFile(filepath.Join(dir, "srv", name))
					require.NoError(t, err)
					assert.Equal(t, want, string(got), name)
				}
				assert.Equal(t, c.linked, sameNames(t, dir, "srv/x", "srv/y"))
			}
		})
	}
}

// A doubled root has things at second places: what is at a place, or below it, is one with what is at the other.
type doubled struct {
	fake
	of    map[string]string
	links uint64
}

func (d doubled) Lstat(p string) (root.Facts, error) {
	first := p
	for at, of := range d.of {
		if rest, below := strings.CutPrefix(p+"/", at+"/"); below {
			first = strings.TrimSuffix(of+"/"+rest, "/")
		}
	}
	f, err := d.fake.Lstat(first)
	if f.Kind == root.Absent {
		return f, err
	}
	f.Dev, f.Ino, f.Links = 1, 7, d.links
	for _, b := range []byte(first) {
		f.Ino = f.Ino*31 + uint64(b)
	}
	return f, err
}

// TestPlacesThatAreOneByAMount has /srv mounted at /data as well, and the file /srv/x at /x.
func TestPlacesThatAreOneByAMount(t *testing.T) {
	root := doubled{fake{"/srv/x": "1", "/srv/d/": "", "/data/": "mounted", "/x": "mounted"},
		map[string]string{"/data": "/srv", "/x": "/srv/x"}, 1}
	const one = "are one place, and only one entry can be there"
	for claim, c := range map[string]struct{ cfg, err string }{
		"two appends": {`'files':[{'path':'/srv/x','append':[{'source':'data:,A'}]},` +
			`{'path':'/data/x','append':[{'source':'data:,B'}]}]`,
			"file /data/x ($.storage.files.1): /srv/x ($.storage.files.0) and /data/x are one file, " +
				"and both append to it"},
		"two appends to a file that is mounted": {`'files':[{'path':'/srv/x','append':[{'source':'data:,A'}]},` +
			`{'path':'/x','append':[{'source':'data:,B'}]}]`, "file /x ($.storage.files.1): " +
			"/srv/x ($.storage.files.0) and /x are one file, and both append to it"},
		"two appends to a file that is not there": {`'files':[{'path':'/srv/n','append':[{'source':'data:,A'}]},` +
			`{'path':'/data/n','append':[{'source':'data:,B'}]}]`, "file /data/n ($.storage.files.1): " +
			"/srv/n ($.storage.files.0) and /data/n are one file, and both append to it"},
		"an append and a file made anew": {`'files':[{'path':'/srv/x','append':[{'source':'data:,A'}]},` +
			`{'path':'/data/x','overwrite':true,'contents':{'source':'data:,B'}}]`,
			"file /data/x ($.storage.files.1): /srv/x ($.storage.files.0) and /data/x " + one},
		"two files that are not there": {`'files':[{'path':'/srv/n/f','contents':{'source':'data:,A'}},` +
			`{'path':'/data/n/f','contents':{'source':'data:,B'}}]`,
			"file /data/n/f ($.storage.files.1): /srv/n/f ($.storage.files.0) and /data/n/f " + one},
		"a file and a link": {`'files':[{'path':'/srv/n'}],'links':[{'path':'/data/n','target':'x'}]`,
			"link /data/n ($.storage.links.0): /srv/n ($.storage.files.0) and /data/n " + one},
		"two modes of a folder": {`'directories':[{'path':'/srv/d','mode':448},{'path':'/data/d','mode':493}]`,
			"directory /data/d ($.storage.directories.1): /srv/d ($.storage.directories.0) and /data/d are one " +
				"directory, and they give it different owners or modes"},
		"two modes of what is mounted": {`'directories':[{'path':'/srv','mode':448},{'path':'/data','mode':493}]`,
			"directory /data ($.storage.directories.1): /srv ($.storage.directories.0) and /data are one " +
				"directory, and they give it different owners or modes"},
		"two modes of a new folder": {`'directories':[{'path':'/srv/n','mode':448},{'path':'/data/n','mode':493}]`,
			"directory /data/n ($.storage.directories.1): /srv/n ($.storage.directories.0) and /data/n are one " +
				"directory, and they give it different owners or modes"},
		"one mode of a folder": {`'directories':[{'path':'/srv/d','mode':448},{'path':'/data/d','mode':448},` +
			`{'path':'/data'},{'path':'/srv/n'},{'path':'/data/n'}]`, ""},
		"a mode and an append": {`'files':[{'path':'/srv/x','mode':384},` +
			`{'path':'/data/x','append':[{'source':'data:,B'}]}]`, ""},
		"other names": {`'files':[{'path':'/srv/n','append':[{'source':'data:,A'}]},` +
			`{'path':'/data/m','append':[{'source':'data:,B'}]},{'path':'/n'}]`, ""},
	} {
		t.Run(claim, func(t *testing.T) {
			_, err := Plan(storage(t, c.cfg), root, inlined(asRoot()))
			if c.err == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.err)
			assert.NotEmpty(t, diag.Hints(err))
		})
	}
}
