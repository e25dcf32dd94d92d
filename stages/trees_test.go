package stages

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/tests/trees"
)

// ofDirectory plans a config in a directory.
func ofDirectory(t *testing.T, dir, config string) *report.Plan {
	t.Helper()
	in, err := root.Open(dir)
	require.NoError(t, err)
	defer in.Close()
	f, err := Plan(t.Context(), configOf(t, config), nil, target.WholeOf(in), circumstances())
	require.NoError(t, err)
	p := f.Report(true)
	require.NoError(t, f.Mark(t.Context(), p, bytes.Repeat([]byte{1}, report.SaltBytes)))
	return p
}

const goes = `{'storage': {'directories': [{'path': '/d', 'overwrite': true}]}}`

// deep makes directories in each other, deeper than a path can say, and gives the last one.
func deep(t *testing.T, dir string) *os.Root {
	t.Helper()
	at, err := os.OpenRoot(dir)
	require.NoError(t, err)
	for range 100 {
		require.NoError(t, at.Mkdir(strings.Repeat("n", 100), 0o755))
		below, err := at.OpenRoot(strings.Repeat("n", 100))
		require.NoError(t, err)
		require.NoError(t, at.Close())
		at = below
	}
	t.Cleanup(func() { _ = at.Close() })
	return at
}

func TestWhatLiesDeeperThanPathsReachIsPartOfAPlan(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "d"), 0o755))
	bottom := deep(t, filepath.Join(dir, "d"))
	require.NoError(t, bottom.WriteFile("f", []byte("old"), 0o644))
	first := ofDirectory(t, dir, goes)
	assert.Equal(t, []report.Loss{{Where: "/d", What: "a directory with 101 entries"}}, first.Actions[0].Loses)
	assert.Equal(t, first.Actions[0].Digest, ofDirectory(t, dir, goes).Actions[0].Digest)
	require.NoError(t, bottom.WriteFile("f", []byte("odd"), 0o644))
	assert.NotEqual(t, first.Actions[0].Digest, ofDirectory(t, dir, goes).Actions[0].Digest)
}

func TestADirectoryThatCannotBeLookedIntoIsToldAsThat(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may look into any")
	}
	dir := t.TempDir()
	trees.Populate(t, dir, map[string]string{"d/a/f": "", "d/b": ""})
	shut := filepath.Join(dir, "d/a")
	require.NoError(t, os.Chmod(shut, 0))
	defer func() { _ = os.Chmod(shut, 0o755) }()
	in, err := root.Open(dir)
	require.NoError(t, err)
	defer in.Close()
	teller := &teller{trees: target.WholeOf(in)}
	assert.Equal(t, "a directory with at least 2 entries", teller.holding("/d"))
	assert.Equal(t, "a directory that cannot be looked into", teller.holding("/d/a"))
}

// What is made of other nodes, or of other extended attributes, is another plan.
func TestDigestsHaveAllThatGoes(t *testing.T) {
	const replaces = `{'storage': {'files': [{'path': '/d', 'overwrite': true, 'contents': {'source': 'data:,new'}}]}}`
	const below = "/d/x"
	node := func(kind uint32, number uint64) func(string) error {
		return func(at string) error { return unix.Mknod(at, kind|0o600, int(number)) }
	}
	mark := func(make func(string) error, name string, value string) func(string) error {
		return func(at string) error {
			if err := make(at); err != nil {
				return err
			}
			return unix.Lsetxattr(at, name, []byte(value), 0)
		}
	}
	file := func(at string) error { return os.WriteFile(at, nil, 0o600) }
	mkdir := func(at string) error { return os.Mkdir(at, 0o700) }
	link := func(at string) error { return os.Symlink("to", at) }
	const capability, access, inherits = "security.capability", "system.posix_acl_access", "system.posix_acl_default"
	// linux/capability.h, struct vfs_cap_data
	const mayRun = "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	const mayBind = "\x01\x00\x00\x02\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	acl := func(user byte) string { // acl(5) as the kernel has it, linux/posix_acl_xattr.h
		return "\x02\x00\x00\x00\x01\x00\x06\x00\xff\xff\xff\xff\x02\x00\x04\x00" + string(user) + "\x00\x00\x00" +
			"\x04\x00\x00\x00\xff\xff\xff\xff\x10\x00\x04\x00\xff\xff\xff\xff\x20\x00\x00\x00\xff\xff\xff\xff"
	}
	for claim, test := range map[string]struct {
		at, config string
		one, other func(at string) error
	}{
		"a socket for a fifo":        {below, goes, node(unix.S_IFIFO, 0), node(unix.S_IFSOCK, 0)},
		"another device":             {below, goes, node(unix.S_IFCHR, 0x103), node(unix.S_IFCHR, 0x105)},
		"a block device":             {below, goes, node(unix.S_IFCHR, 0x103), node(unix.S_IFBLK, 0x103)},
		"an attribute of a file":     {below, goes, mark(file, "user.a", "1"), mark(file, "user.a", "2")},
		"of another name":            {below, goes, mark(file, "user.a", "1"), mark(file, "user.b", "1")},
		"of a directory":             {below, goes, mark(mkdir, "user.a", "1"), mkdir},
		"of a link":                  {below, goes, mark(link, "trusted.a", "1"), link},
		"capabilities":               {below, goes, mark(file, capability, mayRun), mark(file, capability, mayBind)},
		"an access list":             {below, goes, mark(file, access, acl(1)), mark(file, access, acl(2))},
		"a default access list":      {below, goes, mark(mkdir, inherits, acl(1)), mark(mkdir, inherits, acl(2))},
		"an attribute of what goes":  {"/d", goes, mark(mkdir, "user.a", "1"), mkdir},
		"of a file that is replaced": {"/d", replaces, mark(file, "user.a", "1"), mark(file, "user.a", "2")},
		"a fifo that is replaced":    {"/d", replaces, node(unix.S_IFIFO, 0), node(unix.S_IFSOCK, 0)},
	} {
		t.Run(claim, func(t *testing.T) {
			var digests []string
			for _, make := range []func(string) error{test.one, test.one, test.other} {
				dir := t.TempDir()
				require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, test.at)), 0o755))
				if err := make(filepath.Join(dir, test.at)); err != nil {
					t.Skip("cannot be made here:", err)
				}
				if test.at == "/d" && test.config == goes {
					require.NoError(t, os.WriteFile(filepath.Join(dir, "d/f"), nil, 0o644))
				}
				digests = append(digests, ofDirectory(t, dir, test.config).Actions[0].Digest)
			}
			assert.Equal(t, digests[0], digests[1])
			assert.NotEqual(t, digests[0], digests[2])
		})
	}
}
