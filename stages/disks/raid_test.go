package disks

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/tests/machines"
)

// dataAt is where the data of a member begins.
const dataAt = 1 << 20

// A superblock of metadata 1.2, as the kernel's md_p.h has it.
type superblock struct {
	uuid, name    string
	level         int32
	disks, number uint32
	events        uint64
	roles         []uint16
}

func (s superblock) bytes() []byte {
	le, sb := binary.LittleEndian, make([]byte, 256+2*len(s.roles))
	le.PutUint32(sb, 0xa92b4efc)
	le.PutUint32(sb[4:], 1)
	copy(sb[16:32], s.uuid)
	copy(sb[32:64], s.name)
	le.PutUint32(sb[72:], uint32(s.level))
	le.PutUint32(sb[92:], s.disks)
	le.PutUint64(sb[128:], dataAt/512)
	le.PutUint64(sb[144:], 8)
	le.PutUint32(sb[160:], s.number)
	le.PutUint64(sb[200:], s.events)
	le.PutUint32(sb[220:], uint32(len(s.roles)))
	for i, role := range s.roles {
		le.PutUint16(sb[256+2*i:], role)
	}
	var sum uint64
	for i := 0; i+4 <= len(sb); i += 4 {
		sum += uint64(le.Uint32(sb[i:]))
	}
	le.PutUint32(sb[216:], uint32(sum)+uint32(sum>>32))
	return sb
}

const spareRole = 0xffff

// mirror is member number n of an array of two, with a spare.
func mirror(n uint32) superblock {
	return superblock{"0123456789abcdef", "any:data", 1, 2, n, 17, []uint16{0, 1, spareRole, spareRole}}
}

const mirrorConfig = `'raid': [{'name': 'data', 'level': 'raid1', 'spares': 1, 'devices': ['$/a', '$/b', '$/c']}]`

const stripes = `'raid': [{'name': 'data', 'level': 'raid0', 'devices': ['$/a', '$/b']}]`

// allMembers puts a superblock onto each device, changed from that of a mirror.
func allMembers(change func(n int, s *superblock)) func(*bench) {
	return func(b *bench) {
		for n, name := range []string{"a", "b", "c"} {
			s := mirror(uint32(n))
			change(n, &s)
			machines.Put(b.t, filepath.Join(b.dir, name), 4096, s.bytes())
		}
	}
}

func TestArraysAsPeopleReadThem(t *testing.T) {
	kept := func(int, *superblock) {}
	const shape = " array data  level raid1 of $/a, $/b, $/c, 1 of them spare"
	const refused = `array data ($.storage.raid.0): $/a (8 MiB, linux_raid_member "any:data", ` +
		`UUID 30313233-3435-3637-3839-616263646566) is not to be lost: it is `
	for name, c := range map[string]struct {
		config string
		given  func(*bench)
		want   string
	}{
		"blank members get an array":          {given: func(*bench) {}, want: "+" + shape},
		"an array that is there is assembled": {given: allMembers(kept), want: "~" + shape + ", assembled"},
		"its name may be one that options give": {config: `'raid': [{'name': 'x', 'level': 'mirror', ` +
			`'spares': 1, 'options': ['--name=data'], 'devices': ['$/a', '$/b', '$/c']}]`, given: allMembers(kept),
			want: "~ array x  level mirror of $/a, $/b, $/c, 1 of them spare, assembled"},
		"the order of its members does not count": {config: strings.Replace(mirrorConfig,
			"'$/a', '$/b'", "'$/b', '$/a'", 1), given: allMembers(kept),
			want: "~ array data  level raid1 of $/b, $/a, $/c, 1 of them spare, assembled"},
		"one that is cut off between two superblocks is made anew": {given: func(b *bench) {
			s := mirror(0)
			s.events = 0
			machines.Put(b.t, b.dir+"/a", 4096, s.bytes())
		}, want: "-" + shape + `, over ` + ofArray("a")},
		"so is one that never ran": {given: allMembers(func(_ int, s *superblock) { s.events = 0 }),
			want: "-" + shape + ", over " +
				ofArray("a") + "; " + ofArray("b") + "; " + ofArray("c")},
		"one without redundancy never counts": {config: stripes, given: allMembers(func(n int, s *superblock) {
			s.level, s.events = 0, 0
		}), want: "~ array data  level raid0 of $/a, $/b, assembled"},
		"one of another name is not ours": {given: allMembers(func(_ int, s *superblock) { s.name = "them:other" }),
			want: refusedAs(refused, "any:data", "them:other") +
				`a member of another array: level 1, 2 active members, name "them:other"`},
		"one of another level is not ours": {given: allMembers(func(_ int, s *superblock) { s.level = 10 }),
			want: refused + `a member of another array: level 10, 2 active members, name "any:data"`},
		"one that lacks a member is not ours to make anew": {given: func(b *bench) {
			machines.Put(b.t, b.dir+"/a", 4096, mirror(0).bytes())
		}, want: refused + "a member of such an array, of which others are missing here"},
		"one of which a member is out of order neither": {
			given: allMembers(func(n int, s *superblock) { s.roles = []uint16{0, 0xfffe, spareRole, spareRole} }),
			want:  refused + "a member of such an array, of which others are missing here"},
		"a mix of two neither": {given: allMembers(func(n int, s *superblock) {
			s.uuid = strings.Repeat("x", n) + s.uuid[n:]
		}), want: refused + "a member of such an array, of which others are missing here"},
		"a damaged one is not known for ours": {given: func(b *bench) {
			sb := mirror(0).bytes()
			sb[100] = 1
			machines.Put(b.t, b.dir+"/a", 4096, sb)
		}, want: refused + "a damaged member of an array"},
		"a filesystem on a member is not touched": {given: func(b *bench) {
			machines.Put(b.t, b.dir+"/b", 1024, machines.Ext4("box"))
		}, want: `array data ($.storage.raid.0): $/b (8 MiB, ` +
			`ext4 "box") is not to be lost: it is no member of an array`},
		"a partition table neither": {given: func(b *bench) { tableOn(b, "c") },
			want: "array data ($.storage.raid.0): $/c (8 MiB, " +
				"nothing known on it) is not to be lost: it has a partition table"},
		"what the config gives up goes": {config: `'disks': [{'device': '$/b', 'wipeTable': true}], ` + mirrorConfig,
			given: func(b *bench) {
				machines.Put(b.t, b.dir+"/b", 1024, machines.Ext4("box"))
			}, want: "+" + shape},
		"and nothing else": {config: `'disks': [{'device': '$/b', 'wipeTable': true}], ` + mirrorConfig,
			given: func(b *bench) {
				machines.Put(b.t, b.dir+"/b", 1024, machines.Ext4("box"))
				machines.Put(b.t, b.dir+"/c", 1024, machines.Ext4("books"))
			}, want: `array data ($.storage.raid.0): $/c (8 MiB, ` +
				`ext4 "books") is not to be lost: it is no member of an array`},
		"a member cannot be in two arrays": {config: `'raid': [{'name': 'x', 'level': 'raid0', 'devices': ['$/a']}, ` +
			`{'name': 'y', 'level': 'raid0', 'devices': ['$/b', '$/a']}]`, given: func(*bench) {},
			want: "array y ($.storage.raid.1): $/a is in $.storage.raid.0 already"},
		"a member that is not there yet defers all": {config: `'disks': [{'device': '$/d', 'partitions': ` +
			`[{'number': 1, 'label': 'm'}]}], 'raid': [{'name': 'x', 'level': 'raid0', 'devices': ['/dev/md/later']}]`,
			given: func(*bench) {},
			want:  "array x ($.storage.raid.0): not known, because device /dev/md/later: no such file or directory"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			for _, image := range []string{"a", "b", "c", "d"} {
				b.image(image, "")
			}
			if c.config == "" {
				c.config = mirrorConfig
			}
			c.given(b)
			got := strings.TrimSpace(b.preview("{" + c.config + "}"))
			// the plan of disks is before it
			if at := strings.LastIndex(got, " array data  "); at > 0 && strings.Contains(c.config, "disks") {
				got = got[at-1:at] + " array data  " + strings.TrimLeft(got[at+len(" array data  "):], " ")
			}
			assert.Equal(t, c.want, got)
		})
	}
}

// An array without redundancy that lost a superblock looks like one that was never whole, unless there is something in
// it.
func TestHalfAnArrayThatHoldsSomethingIsNotMadeAnew(t *testing.T) {
	const others = "is not to be lost: it is a member of such an array, of which others are missing here"
	table, err := os.ReadFile(machines.File(t, 8, machines.Part(1, 1, 2, "p")))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		at   int64
		data []byte
		want string
	}{
		"nothing known": {dataAt, []byte("?"),
			"- array data  level raid0 of $/a, $/b, over " + ofArray("a")},
		"a filesystem":             {dataAt + 1024, machines.Ext4("box"), others},
		"partitions":               {dataAt, table[:1<<20], others},
		"something past its start": {dataAt + 4096, machines.Ext4("box"), "- array data"},
	} {
		b := newBench(t)
		stripe := mirror(0)
		stripe.level, stripe.events = 0, 0
		machines.Put(t, b.image("a", ""), 4096, stripe.bytes())
		machines.Put(t, b.dir+"/a", c.at, c.data)
		b.image("b", "")
		assert.Contains(t, b.preview("{"+stripes+"}"), c.want, name)
	}
}

// ofArray is how a member of the array of mirror is shown.
func ofArray(name string) string {
	return "$/" + name + ` (8 MiB, linux_raid_member "any:data", UUID 30313233-3435-3637-3839-616263646566)`
}

func refusedAs(text, from, to string) string { return strings.Replace(text, from, to, 1) }

// tableOn puts a partition table with a partition on an image.
func tableOn(b *bench, name string) {
	data, err := os.ReadFile(machines.File(b.t, 8, machines.Part(1, 1, 2, "p")))
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(filepath.Join(b.dir, name), data, 0o600))
}

func TestWhatOnceWentWrongWithAnArrayIsDoneByTheNextRun(t *testing.T) {
	b := newBench(t)
	for _, image := range []string{"a", "b", "c", "d"} {
		b.image(image, "")
	}
	// The "arrays" are there from the start.
	const config = `{'raid': [{'name': '/dev/null', 'level': 'raid1', 'devices': ['$/a', '$/b']}, ` +
		`{'name': '/dev/zero', 'level': 'raid1', 'devices': ['$/c', '$/d']}]}`
	b.tool("mdadm", "echo no space left on device >&2; exit 1")
	_, _, err := b.run(config)
	require.ErrorContains(t, err, "array /dev/null ($.storage.raid.0): mdadm: exit status 1: no space left on device")
	b.tool("mdadm", "exec sleep 600")
	o := b.options
	o.Tools = o.Tools.Within(200 * time.Millisecond)
	_, err = Run(t.Context(), b.storage(config), o)
	require.ErrorContains(t, err, "array /dev/null ($.storage.raid.0): mdadm: has not ended after 200ms")
	b.tool("mdadm", "")
	o = b.options
	o.Tell = func(_ string, e plan.Event) {
		if e.Turn == plan.Finished {
			require.NoError(t, os.Remove(b.dir+"/d"))
		}
	}
	_, err = Run(t.Context(), b.storage(config), o)
	require.EqualError(t, err, "array /dev/zero ($.storage.raid.1): device "+b.dir+"/d: no such file or directory",
		"a member vanishes half-way")
	b.image("d", "")
	_, ran, err := b.run(config)
	require.NoError(t, err)
	assert.Equal(t, 2, strings.Count(ran, "mdadm --create"))
}

// Another array of that name would keep it, and later rounds would take it for ours.
func TestANameThatAnotherArrayHasIsRefused(t *testing.T) {
	b := newBench(t)
	b.image("a", "")
	b.image("b", "")
	const config = `{'raid': [{'name': '/dev/null', 'level': 'raid1', 'devices': ['$/a', '$/b']}]}`
	dir := filepath.Join(b.dir, "sys/class/block/null/md")
	require.NoError(t, os.MkdirAll(dir, 0o700))
	require.NoError(t, os.WriteFile(dir+"/array_state", []byte("clean\n"), 0o600))
	_, ran, err := b.run(config)
	require.EqualError(t, err, "array /dev/null ($.storage.raid.0): /dev/null is another array already, /dev/null")
	assert.Empty(t, ran)
	require.NoError(t, os.WriteFile(dir+"/array_state", []byte("inactive\n"), 0o600))
	_, _, err = b.run(config)
	require.NoError(t, err, "one that does not run has no name to keep")
}

func TestArgumentsOfMdadm(t *testing.T) {
	b := newBench(t)
	for _, image := range []string{"a", "b", "c"} {
		b.image(image, "")
	}
	_, ran, err := b.run(`{'raid': [{'name': 'data', 'level': 'raid1', 'spares': 1, ` +
		`'options': ['--metadata=1.2', '-c', '64'], 'devices': ['$/a', '$/b', '$/c']}]}`)
	require.ErrorContains(t, err, "array data ($.storage.raid.0): device /dev/md/data did not appear",
		"the fake makes none")
	const aliases = " $/aliases$/a $/aliases$/b $/aliases$/c\n"
	assert.Equal(t, "mdadm --create /dev/md/data --force --run --homehost any --level raid1 --raid-devices 2 "+
		"--spare-devices 1 --metadata=1.2 -c 64"+aliases, ran)

	for n, image := range []string{"a", "b", "c"} {
		machines.Put(t, filepath.Join(b.dir, image), 4096, mirror(uint32(n)).bytes())
	}
	_, ran, err = b.run("{" + mirrorConfig + "}")
	require.Error(t, err)
	assert.Equal(t, "mdadm --assemble /dev/md/data"+aliases, ran)
	b.tool("mdadm", "echo mdadm: no devices >&2; exit 1")
	_, _, err = b.run("{" + mirrorConfig + "}")
	require.ErrorContains(t, err, "array data ($.storage.raid.0): mdadm: exit status 1: mdadm: no devices")
}
