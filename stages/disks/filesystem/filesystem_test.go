package filesystem

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
	"github.com/glowplug-os/glowplug/tests/machines"
	"github.com/glowplug-os/glowplug/tests/verdicts"
)

func TestVerdictsAreThoseOfTheDocument(t *testing.T) {
	table := verdicts.Of(t, "What becomes of a filesystem")
	for _, want := range []wish{wishNothing, wishEmpty, wishFormat} {
		for _, wipe := range []bool{true, false} {
			for _, found := range contents {
				if want == wishEmpty && found == theFormat {
					continue // no device holds a format "none"
				}
				for fits, word := range map[bool]string{true: "as asked", false: "other"} {
					assert.Equal(t, table.On(string(want), verdicts.Yes(wipe), string(found), word),
						string(judge(want, wipe, found, fits)), "%s, %t, %s, %s", want, wipe, found, word)
				}
			}
		}
	}
	table.Used()
}

func TestWhatIsUnfinishedIsTold(t *testing.T) {
	xfs, ext4 := block.Signature{Type: "xfs"}, block.Signature{Type: "ext4"}
	entry := fsOf("/dev/vdb", "xfs")
	for want, c := range map[content]block.Content{
		nothing: {}, theFormat: {Signatures: []block.Signature{xfs}}, other: {Signatures: []block.Signature{ext4}},
		unfinished:        {Signatures: []block.Signature{xfs}, Unfinished: true},
		unfinishedAndMore: {Signatures: []block.Signature{xfs, ext4}, Unfinished: true, Ambivalent: true},
	} {
		assert.Equal(t, want, found(&entry, c))
	}
}

func fsOf(dev, format string, more ...func(*config.Filesystem)) config.Filesystem {
	entry := config.Filesystem{Device: dev, Format: &format}
	for _, each := range more {
		each(&entry)
	}
	return entry
}

func mayWipe(f *config.Filesystem) { f.WipeFilesystem = machines.To(true) }

func labelled(label string) func(*config.Filesystem) {
	return func(f *config.Filesystem) { f.Label = &label }
}

func numbered(uuid string) func(*config.Filesystem) {
	return func(f *config.Filesystem) { f.UUID = &uuid }
}

func TestFilesystemPlans(t *testing.T) {
	const uuid = "12345678-9abc-def0-1234-56789abcdef0"
	ext4, xfs := block.Signature{Type: "ext4", Label: "data", UUID: uuid}, block.Signature{Type: "xfs"}
	half := machines.Holds(xfs)
	half.Content.Unfinished = true
	more := machines.Holds(xfs, ext4)
	more.Content.Unfinished = true
	busy := machines.Holds(ext4)
	busy.Users = []scene.User{{Use: scene.Mount, Name: "/srv"}}
	below := machines.Partitioned()
	below.Busy = map[int][]scene.User{1: busy.Users}
	sealed := machines.Holds()
	sealed.ReadOnly = true
	parts := machines.Partitioned()
	later := scene.Seen{Node: "/dev/md/x", Unknown: "the array is not there yet"}
	for name, c := range map[string]struct {
		on    scene.Seen
		entry config.Filesystem
		want  string // the plan, or the error
	}{
		"a blank device gets the filesystem": {machines.Holds(), fsOf("/dev/vdb", "ext4", labelled("data")),
			`+ filesystem on /dev/vdb  ext4 "data"`},
		"what is as wanted is kept": {machines.Holds(ext4), fsOf("/dev/vdb", "ext4"),
			`= filesystem on /dev/vdb  ext4 "data", UUID ` + uuid},
		"a UUID is the same in either case": {machines.Holds(ext4),
			fsOf("/dev/vdb", "ext4", numbered(strings.ToUpper(uuid))),
			`= filesystem on /dev/vdb  ext4 "data", UUID ` + uuid},
		"a vfat's number needs no dash": {machines.Holds(block.Signature{Type: "vfat", UUID: "1234-ABCD"}),
			fsOf("/dev/vdb", "vfat", numbered("1234abcd")), `= filesystem on /dev/vdb  vfat, UUID 1234-ABCD`},
		"a vfat's number may have a dash": {machines.Holds(), fsOf("/dev/vdb", "vfat", numbered("1234-abcd")),
			`+ filesystem on /dev/vdb  vfat, UUID 1234-ABCD`},
		"a label is the same letter by letter only": {machines.Holds(ext4), fsOf("/dev/vdb", "ext4", labelled("Data")),
			`filesystem on /dev/vdb ($.storage.filesystems.0): /dev/vdb (20 GiB, ext4 "data", UUID ` + uuid +
				`) is in the way: the label is "data", not "Data"`},
		"an empty label is a label": {machines.Holds(ext4), fsOf("/dev/vdb", "ext4", labelled("")),
			`filesystem on /dev/vdb ($.storage.filesystems.0): /dev/vdb (20 GiB, ext4 "data", UUID ` + uuid +
				`) is in the way: the label is "data", not ""`},
		"a UUID that differs": {machines.Holds(ext4),
			fsOf("/dev/vdb", "ext4", numbered("00000000-9abc-def0-1234-56789abcdef0")),
			`filesystem on /dev/vdb ($.storage.filesystems.0): /dev/vdb (20 GiB, ext4 "data", UUID ` +
				uuid + `) is in the way: the UUID is ` +
				uuid + `, not 00000000-9abc-def0-1234-56789abcdef0`},
		"another type is not lost": {machines.Holds(ext4), fsOf("/dev/vdb", "xfs", labelled("new")),
			`filesystem on /dev/vdb ($.storage.filesystems.0): /dev/vdb (20 GiB, ext4 "data", UUID ` + uuid +
				`) is in the way: wanted is xfs "new"`},
		"another type is lost if that is allowed": {machines.Holds(ext4), fsOf("/dev/vdb", "xfs", mayWipe),
			`- filesystem on /dev/vdb  xfs; ext4 "data", UUID ` + uuid + ` on /dev/vdb is lost`},
		"the same is made again if that is asked": {machines.Holds(ext4), fsOf("/dev/vdb", "ext4", mayWipe),
			`- filesystem on /dev/vdb  ext4; ext4 "data", UUID ` + uuid + ` on /dev/vdb is lost`},
		"what is unfinished is made anew": {half, fsOf("/dev/vdb", "ext4"),
			`+ filesystem on /dev/vdb  ext4, again: the xfs on it was not made to its end`},
		"what is unfinished is wiped": {half, fsOf("/dev/vdb", "none"),
			`+ filesystem on /dev/vdb  an empty device, again: the xfs on it was not made to its end`},
		"what is beside an unfinished one is not lost": {more, fsOf("/dev/vdb", "xfs"),
			`filesystem on /dev/vdb ($.storage.filesystems.0): /dev/vdb (20 GiB, xfs; also ext4 "data", UUID ` + uuid +
				`) is in the way: it holds more than an unfinished xfs`},
		"the first of two is kept": {machines.Holds(ext4, xfs), fsOf("/dev/vdb", "ext4"),
			`= filesystem on /dev/vdb  ext4 "data", UUID ` + uuid + `; also xfs`},
		"the second of two does not count": {machines.Holds(xfs, ext4), fsOf("/dev/vdb", "ext4"),
			`filesystem on /dev/vdb ($.storage.filesystems.0): /dev/vdb (20 GiB, xfs; also ext4 "data", UUID ` + uuid +
				`) is in the way: wanted is ext4`},
		"nothing is wanted and there": {machines.Holds(), fsOf("/dev/vdb", "none"),
			`= filesystem on /dev/vdb  nothing known on it`},
		"nothing is wanted, and wiped as asked": {machines.Holds(), fsOf("/dev/vdb", "none", mayWipe),
			`~ filesystem on /dev/vdb  an empty device, wiped although nothing is known on it`},
		"something is wiped if that is allowed": {machines.Holds(ext4), fsOf("/dev/vdb", "none", mayWipe),
			`- filesystem on /dev/vdb  an empty device; ext4 "data", UUID ` + uuid + ` on /dev/vdb is lost`},
		"something is not wiped if not": {machines.Holds(ext4), fsOf("/dev/vdb", "none"),
			`filesystem on /dev/vdb ($.storage.filesystems.0): /dev/vdb (20 GiB, ext4 "data", UUID ` + uuid +
				`) is in the way: wanted is an empty device`},
		"a device in use is refused": {busy, fsOf("/dev/vdb", "xfs", mayWipe), `filesystem on /dev/vdb ` +
			`($.storage.filesystems.0): /dev/vdb (20 GiB, ext4 "data", UUID ` + uuid + `) is in use: mounted at /srv`},
		"a device whose partition is in use is refused": {below, fsOf("/dev/vdb", "xfs", mayWipe), `filesystem on ` +
			`/dev/vdb ($.storage.filesystems.0): /dev/vdb (20 GiB, nothing known on it) is in use: mounted at /srv`},
		"a device in use is kept": {busy, fsOf("/dev/vdb", "ext4"),
			`= filesystem on /dev/vdb  ext4 "data", UUID ` + uuid},
		"a read-only device is refused": {sealed, fsOf("/dev/vdb", "xfs"),
			`filesystem on /dev/vdb ($.storage.filesystems.0): /dev/vdb (20 GiB, nothing known on it) is read-only`},
		"partitions are not lost": {parts, fsOf("/dev/vdb", "xfs"),
			`filesystem on /dev/vdb ($.storage.filesystems.0): /dev/vdb (20 GiB, nothing known on it) has ` +
				`partitions`},
		"partitions are lost if that is allowed": {parts, fsOf("/dev/vdb", "xfs", mayWipe),
			`- filesystem on /dev/vdb  xfs; its partition table on /dev/vdb is lost`},
		"an empty device has no partitions": {parts, fsOf("/dev/vdb", "none"),
			`filesystem on /dev/vdb ($.storage.filesystems.0): /dev/vdb (20 GiB, nothing known on it) has ` +
				`partitions`},
		"no format asks for nothing": {machines.Holds(ext4), fsOf("/dev/vdb", ""), ``},
		"virtiofs has no device":     {scene.Seen{}, fsOf("shared", "virtiofs"), ``},
		"what cannot be known is decided later": {later, fsOf("/dev/vdb", "ext4"), `? filesystem on /dev/vdb  ext4: ` +
			`made if nothing is on it then, kept if it is this, else refused (the array is not there yet)`},
		"what cannot be known is wiped if allowed": {later, fsOf("/dev/vdb", "ext4", mayWipe),
			`? filesystem on /dev/vdb  ext4, whatever is on it then (the array is not there yet)`},
		"what cannot be known has to be nothing": {later, fsOf("/dev/vdb", "none"), `? filesystem on /dev/vdb  an ` +
			`empty device: refused if anything is on it then (the array is not there yet)`},
	} {
		t.Run(name, func(t *testing.T) {
			text, _ := planText(machines.Told{c.entry.Device: c.on}, c.entry)
			assert.Equal(t, c.want, text)
		})
	}
}

// planText is a plan, or its error, as text.
func planText(v scene.Scene, entries ...config.Filesystem) (string, *kind.Planned) {
	p, err := planAll(config.Storage{Filesystems: entries}, v, nil)
	if err != nil {
		return err.Error(), p
	}
	var all plan.Plan
	for _, lane := range p.Lanes {
		all = append(all, lane.Bind(nil)...)
	}
	return strings.TrimSpace(all.String()), p
}

// What the first makes is what the second finds.
func TestTwoNamesOfOneDevice(t *testing.T) {
	const uuid, other = "12345678-9abc-def0-1234-56789abcdef0", "00000000-9abc-def0-1234-56789abcdef0"
	const link, lost = "/dev/disk/by-id/x", "/dev/vdb is the device of $.storage.filesystems."
	ext4, xfs := block.Signature{Type: "ext4", Label: "data"}, block.Signature{Type: "xfs"}
	type all = []config.Filesystem
	for name, c := range map[string]struct {
		on      []block.Signature
		entries all
		want    string // the signs of the plan, or a part of the error
	}{
		"what is there both keep": {[]block.Signature{ext4},
			all{fsOf("/dev/vdb", "ext4"), fsOf(link, "ext4")}, "=="},
		"what the first makes the second keeps": {nil, all{fsOf("/dev/vdb", "btrfs"), fsOf(link, "btrfs")}, "+="},
		"and the third": {nil,
			all{fsOf("/dev/vdb", "swap"), fsOf(link, "swap"), fsOf(link+"2", "swap")}, "+=="},
		"with its label": {nil,
			all{fsOf("/dev/vdb", "xfs", labelled("a")), fsOf(link, "xfs", labelled("a"))}, "+="},
		"not without one": {nil,
			all{fsOf("/dev/vdb", "xfs", labelled("a")), fsOf(link, "xfs", labelled(""))}, lost + "0"},
		"or a label that the first has not": {nil, all{fsOf("/dev/vdb", "xfs"), fsOf(link, "xfs", labelled("a"))},
			lost + "0"},
		"with its UUID": {nil, all{fsOf("/dev/vdb", "xfs", numbered(uuid)),
			fsOf(link, "xfs", numbered(strings.ToUpper(uuid)))}, "+="},
		"not with another": {nil, all{fsOf("/dev/vdb", "xfs", numbered(uuid)), fsOf(link, "xfs", numbered(other))},
			lost + "0"},
		"not with one that nobody knows": {nil, all{fsOf("/dev/vdb", "xfs"), fsOf(link, "xfs", numbered(uuid))},
			lost + "0"},
		"a label that only what is there has": {[]block.Signature{ext4},
			all{fsOf("/dev/vdb", "ext4"), fsOf(link, "ext4", labelled("data"))}, "=="},
		"which the first takes away": {[]block.Signature{ext4},
			all{fsOf("/dev/vdb", "ext4", mayWipe), fsOf(link, "ext4", labelled("data"))}, lost + "0"},
		"what the first makes over something else": {[]block.Signature{xfs},
			all{fsOf("/dev/vdb", "ext4", mayWipe), fsOf(link, "ext4")}, "-="},
		"what the second would make again": {[]block.Signature{ext4},
			all{fsOf("/dev/vdb", "ext4"), fsOf(link, "ext4", mayWipe)}, lost + "0"},
		"another format": {nil, all{fsOf("/dev/vdb", "ext4"), fsOf(link, "xfs")}, lost + "0"},
		"a third of another format": {nil, all{fsOf("/dev/vdb", "ext4"), fsOf(link, "ext4"), fsOf(link+"2", "xfs")},
			lost + "1"},
		"an empty device beside a filesystem": {nil, all{fsOf("/dev/vdb", "ext4"), fsOf(link, "none")}, lost + "0"},
		"a filesystem on what is to be empty": {nil, all{fsOf("/dev/vdb", "none"), fsOf(link, "ext4")}, lost + "0"},
		"what is empty is so twice":           {nil, all{fsOf("/dev/vdb", "none"), fsOf(link, "none")}, "=="},
		"as what is wiped is": {[]block.Signature{xfs}, all{fsOf("/dev/vdb", "none", mayWipe), fsOf(link, "none")},
			"-="},
	} {
		t.Run(name, func(t *testing.T) {
			view := machines.Told{}
			for _, path := range []string{"/dev/vdb", link, link + "2"} {
				seen := machines.Holds(c.on...)
				seen.Node = "/dev/vdb"
				view[path] = seen
			}
			text, p := planText(view, c.entries...)
			if strings.HasPrefix(c.want, lost) {
				assert.Contains(t, text, c.want+" as well, so one of the two would be lost")
				return
			}
			signs := ""
			for line := range strings.Lines(text) {
				signs += line[:1]
			}
			assert.Equal(t, c.want, signs, text)
			last := p.After[len(p.After)-1].Seen.Content
			assert.Equal(t, keep, judgeEntry(&c.entries[len(c.entries)-1], last), "what will be there")
		})
	}
}

func TestAllRefusalsAreNamed(t *testing.T) {
	v := machines.Told{
		"/dev/vdb": machines.Holds(block.Signature{Type: "ext4"}),
		"/dev/vdc": machines.Holds(block.Signature{Type: "swap"}),
		"/dev/vdd": machines.Holds(),
	}
	text, p := planText(v, fsOf("/dev/vdb", "xfs"), fsOf("/dev/vdc", "xfs"), fsOf("/dev/vdd", "xfs"))
	assert.Contains(t, text, "/dev/vdb (")
	assert.Contains(t, text, "/dev/vdc (")
	assert.Len(t, p.Lanes, 1)
	for hint, on := range map[string]scene.Seen{
		"if what is there may be lost set wipeFilesystem to true": v["/dev/vdb"],
		"if not name one of them as the device":                   machines.Partitioned(),
	} {
		_, err := planAll(config.Storage{Filesystems: []config.Filesystem{fsOf("/dev/vdb", "xfs")}},
			machines.Told{"/dev/vdb": on}, nil)
		assert.Contains(t, strings.Join(diag.Hints(err), " "), hint)
	}
}

func TestAnEntryThatAsksForNothingWaitsForItsDevice(t *testing.T) {
	wants := wants(config.Storage{Filesystems: []config.Filesystem{{Device: "/dev/vdb"},
		fsOf("tag", "virtiofs"), fsOf("/dev/vdc", "swap")}})
	assert.Equal(t, []kind.Want{
		{
			Path: "/dev/vdb",
			Entry: &kind.Entry{
				ID:      "$.storage.filesystems.0",
				Subject: "filesystem on /dev/vdb",
				Origin:  "$.storage.filesystems.0",
			},
		},
		{
			Path: "/dev/vdc",
			Entry: &kind.Entry{
				ID:      "$.storage.filesystems.2",
				Subject: "filesystem on /dev/vdc",
				Origin:  "$.storage.filesystems.2",
			},
		},
	}, wants)
}

func TestPredictedNames(t *testing.T) {
	_, p := planText(machines.Told{"/dev/disk/by-path/x": {Node: "/dev/vdb"}},
		fsOf("/dev/disk/by-path/x", "vfat", labelled("EFI SYS&1"), numbered("1234abcd")))
	require.Len(t, p.After, 1)
	assert.Equal(t, []string{"/dev/disk/by-path/x", "/dev/vdb", `/dev/disk/by-label/EFI\x20SYS\x261`,
		"/dev/disk/by-uuid/1234-ABCD"}, p.After[0].Names)
	assert.Equal(t, block.Signature{Type: "vfat", Label: "EFI SYS&1", UUID: "1234-ABCD"},
		p.After[0].Seen.Content.First())
	assert.Equal(t, "größe", block.LinkName("größe"))
}

// The argument lists are those of docs/peer/engine.md §9.4.
func TestArgumentsOfMakers(t *testing.T) {
	for want, entry := range map[string]config.Filesystem{
		"mkfs.ext4 -b 1024 -F -U ab -L x /d": fsOf("", "ext4", numbered("AB"), labelled("x"),
			func(f *config.Filesystem) { f.Options = []string{"-b", "1024"} }),
		"mkfs.btrfs --force -U ab -L x /d": fsOf("", "btrfs", numbered("AB"), labelled("x")),
		"mkfs.xfs -f -m uuid=ab -L x /d":   fsOf("", "xfs", numbered("AB"), labelled("x")),
		"mkswap -f -U ab -L x /d":          fsOf("", "swap", numbered("AB"), labelled("x")),
		"mkfs.fat -i 1234abcd -n X /d":     fsOf("", "vfat", numbered("1234-ABCD"), labelled("X")),
		"mkfs.fat /d":                      fsOf("", "vfat"),
		"mkfs.ext4 -F -U  -L  /d":          fsOf("", "ext4", numbered(""), labelled("")),
	} {
		assert.Equal(t, want,
			strings.Join(append([]string{makers[*entry.Format].tool}, makerArgs(&entry, "/d")...), " "))
	}
}
