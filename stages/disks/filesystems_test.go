package disks

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// fates reads the table of docs/disks.md under its heading.
func fates(t *testing.T) (rows [][]string) {
	t.Helper()
	doc, err := os.ReadFile("../../docs/disks.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(doc), "\n## What becomes of a filesystem\n")
	require.True(t, found)
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "`keep`") {
			break
		}
		if cells := strings.Split(strings.Trim(line, "| \n"), " | "); strings.HasPrefix(line, "| ") {
			require.Len(t, cells, 5)
			rows = append(rows, cells)
		}
	}
	require.NotEmpty(t, rows)
	return rows[1:]
}

func TestTheFatesAreThoseOfTheDocument(t *testing.T) {
	type input struct {
		want                                         asking
		mayWipe, label, uuid, unfinished, ambivalent bool
		found                                        presence
	}
	covers := func(row []string, in input) bool {
		on := map[presence]string{foundNothing: "nothing", foundWanted: "the format",
			foundOther: "something else"}[in.found]
		switch {
		case in.unfinished && in.ambivalent:
			on = "unfinished and more"
		case in.unfinished:
			on = "unfinished"
		case in.want == askEmpty && in.found == foundWanted: // no device holds a format "none"
			on = "something else"
		}
		wish := map[asking]string{askNothing: "nothing", askEmpty: "none", askFormat: "a format"}[in.want]
		fits := map[bool]string{true: "as asked", false: "other"}[in.label && in.uuid]
		is := func(cell, value string) bool {
			for _, each := range strings.Split(cell, ", ") {
				if each == value || each == "any" {
					return true
				}
			}
			return false
		}
		return is(row[0], wish) && is(row[1], map[bool]string{true: "yes", false: "no"}[in.mayWipe]) &&
			is(row[2], on) && is(row[3], fits)
	}
	rows, used := fates(t), map[int]bool{}
	for n := range 3 * 3 * 32 {
		bit := func(k int) bool { return n/9>>k&1 == 1 }
		in := input{asking(n % 3), bit(0), bit(1), bit(2), bit(3), bit(4), presence(n / 3 % 3)}
		got := judgeContent(in.want, in.mayWipe, in.found, in.label, in.uuid, in.unfinished, in.ambivalent)
		hits := 0
		for i, row := range rows {
			if covers(row, in) {
				hits++
				used[i] = true
				assert.Equal(t, row[4], got.String(), "%+v", in)
			}
		}
		assert.Equal(t, 1, hits, "%+v is in so many rows", in)
	}
	assert.Len(t, used, len(rows))
}

// fsView is a machine that a test makes up.
type fsView map[string]Seen

func (v fsView) Device(path string) (Seen, error) {
	seen, ok := v[path]
	if !ok {
		return seen, fmt.Errorf("device %s: no such file or directory", path)
	}
	if seen.Node == "" {
		seen.Node = path
	}
	seen.Path = path
	return seen, nil
}

func (v fsView) Disk(string) (device.Disk, error) { panic("filesystems need no disks") }

func holds(signatures ...block.Signature) Seen {
	return Seen{Device: device.Device{Size: 20 << 30,
		Content: block.Content{Signatures: signatures, Ambivalent: len(signatures) > 1}}}
}

func fsPtr[T any](v T) *T { return &v }

func fsOf(dev, format string, more ...func(*config.Filesystem)) config.Filesystem {
	entry := config.Filesystem{Device: dev, Format: &format}
	for _, each := range more {
		each(&entry)
	}
	return entry
}

func mayWipe(f *config.Filesystem) { f.WipeFilesystem = fsPtr(true) }

func labelled(label string) func(*config.Filesystem) {
	return func(f *config.Filesystem) { f.Label = &label }
}

func numbered(uuid string) func(*config.Filesystem) {
	return func(f *config.Filesystem) { f.UUID = &uuid }
}

func TestFilesystemPlans(t *testing.T) {
	const uuid = "12345678-9abc-def0-1234-56789abcdef0"
	ext4, xfs := block.Signature{Type: "ext4", Label: "data", UUID: uuid}, block.Signature{Type: "xfs"}
	half := holds(xfs)
	half.Content.Unfinished = true
	more := holds(xfs, ext4)
	more.Content.Unfinished = true
	busy := holds(ext4)
	busy.Users = []string{"mounted at /srv"}
	sealed := holds()
	sealed.ReadOnly = true
	parts := holds()
	parts.Partitioned = true
	later := Seen{Device: device.Device{Node: "/dev/md/x"}, Unknown: "the array is not there yet"}
	for name, c := range map[string]struct {
		on    Seen
		entry config.Filesystem
		want  string // the plan, or the error
	}{
		"a blank device gets the filesystem": {holds(), fsOf("/dev/vdb", "ext4", labelled("data")),
			`+ filesystem on /dev/vdb  ext4 "data"`},
		"what is as wanted is kept": {holds(ext4), fsOf("/dev/vdb", "ext4"),
			`= filesystem on /dev/vdb  ext4 "data", UUID ` + uuid},
		"a UUID is the same in either case": {holds(ext4), fsOf("/dev/vdb", "ext4", numbered(strings.ToUpper(uuid))),
			`= filesystem on /dev/vdb  ext4 "data", UUID ` + uuid},
		"a vfat's number needs no dash": {holds(block.Signature{Type: "vfat", UUID: "1234-ABCD"}),
			fsOf("/dev/vdb", "vfat", numbered("1234abcd")), `= filesystem on /dev/vdb  vfat, UUID 1234-ABCD`},
		"a vfat's number may have a dash": {holds(), fsOf("/dev/vdb", "vfat", numbered("1234-abcd")),
			`+ filesystem on /dev/vdb  vfat, UUID 1234-ABCD`},
		"a label is the same letter by letter only": {holds(ext4), fsOf("/dev/vdb", "ext4", labelled("Data")),
			`filesystem on /dev/vdb ($.storage.filesystems.0): /dev/vdb (20 GiB, ext4 "data", UUID ` + uuid +
				`) is in the way: the label is "data", not "Data"; set "wipeFilesystem": true if it may be lost`},
		"an empty label is a label": {holds(ext4), fsOf("/dev/vdb", "ext4", labelled("")),
			`filesystem on /dev/vdb ($.storage.filesystems.0): /dev/vdb (20 GiB, ext4 "data", UUID ` + uuid +
				`) is in the way: the label is "data", not ""; set "wipeFilesystem": true if it may be lost`},
		"a UUID that differs": {holds(ext4), fsOf("/dev/vdb", "ext4", numbered("00000000-9abc-def0-1234-56789abcdef0")),
			`filesystem on /dev/vdb ($.storage.filesystems.0): /dev/vdb (20 GiB, ext4 "data", UUID ` +
				uuid + `) is in the way: the UUID is ` +
				uuid + `, not 00000000-9abc-def0-1234-56789abcdef0; set "wipeFilesystem": true if it may be lost`},
		"another type is not lost": {holds(ext4), fsOf("/dev/vdb", "xfs", labelled("new")),
			`filesystem on /dev/vdb ($.storage.filesystems.0): /dev/vdb (20 GiB, ext4 "data", UUID ` + uuid +
				`) is in the way: wanted is xfs "new"; set "wipeFilesystem": true if it may be lost`},
		"another type is lost if that is allowed": {holds(ext4), fsOf("/dev/vdb", "xfs", mayWipe),
			`- filesystem on /dev/vdb  xfs; ext4 "data", UUID ` + uuid + ` on /dev/vdb is lost`},
		"the same is made again if that is asked": {holds(ext4), fsOf("/dev/vdb", "ext4", mayWipe),
			`- filesystem on /dev/vdb  ext4; ext4 "data", UUID ` + uuid + ` on /dev/vdb is lost`},
		"what is unfinished is made anew": {half, fsOf("/dev/vdb", "ext4"),
			`+ filesystem on /dev/vdb  ext4, again: the xfs on it was not made to its end`},
		"what is unfinished is wiped": {half, fsOf("/dev/vdb", "none"),
			`+ filesystem on /dev/vdb  an empty device, again: the xfs on it was not made to its end`},
		"what is beside an unfinished one is not lost": {more, fsOf("/dev/vdb", "xfs"),
			`filesystem on /dev/vdb ($.storage.filesystems.0): /dev/vdb (20 GiB, xfs; also ext4 "data", UUID ` + uuid +
				`) is in the way: it holds more than an unfinished xfs; set "wipeFilesystem": true if it may be lost`},
		"the first of two is kept": {holds(ext4, xfs), fsOf("/dev/vdb", "ext4"),
			`= filesystem on /dev/vdb  ext4 "data", UUID ` + uuid + `; also xfs`},
		"the second of two does not count": {holds(xfs, ext4), fsOf("/dev/vdb", "ext4"),
			`filesystem on /dev/vdb ($.storage.filesystems.0): /dev/vdb (20 GiB, xfs; also ext4 "data", UUID ` + uuid +
				`) is in the way: wanted is ext4; set "wipeFilesystem": true if it may be lost`},
		"nothing is wanted and there": {holds(), fsOf("/dev/vdb", "none"),
			`= filesystem on /dev/vdb  nothing known on it`},
		"nothing is wanted, and wiped as asked": {holds(), fsOf("/dev/vdb", "none", mayWipe),
			`~ filesystem on /dev/vdb  an empty device, wiped although nothing is known on it`},
		"something is wiped if that is allowed": {holds(ext4), fsOf("/dev/vdb", "none", mayWipe),
			`- filesystem on /dev/vdb  an empty device; ext4 "data", UUID ` + uuid + ` on /dev/vdb is lost`},
		"something is not wiped if not": {holds(ext4), fsOf("/dev/vdb", "none"),
			`filesystem on /dev/vdb ($.storage.filesystems.0): /dev/vdb (20 GiB, ext4 "data", UUID ` + uuid +
				`) is in the way: wanted is an empty device; set "wipeFilesystem": true if it may be lost`},
		"a device in use is refused": {busy, fsOf("/dev/vdb", "xfs", mayWipe), `filesystem on /dev/vdb ` +
			`($.storage.filesystems.0): /dev/vdb (20 GiB, ext4 "data", UUID ` + uuid + `) is in use: mounted at /srv`},
		"a device in use is kept": {busy, fsOf("/dev/vdb", "ext4"),
			`= filesystem on /dev/vdb  ext4 "data", UUID ` + uuid},
		"a read-only device is refused": {sealed, fsOf("/dev/vdb", "xfs"),
			`filesystem on /dev/vdb ($.storage.filesystems.0): /dev/vdb (20 GiB, nothing known on it) is read-only`},
		"partitions are not lost": {parts, fsOf("/dev/vdb", "xfs"),
			`filesystem on /dev/vdb ($.storage.filesystems.0): /dev/vdb (20 GiB, nothing known on it) has ` +
				`partitions; set "wipeFilesystem": true if they may be lost, or name one of them as the device`},
		"partitions are lost if that is allowed": {parts, fsOf("/dev/vdb", "xfs", mayWipe),
			`- filesystem on /dev/vdb  xfs; its partition table on /dev/vdb is lost`},
		"an empty device has no partitions": {parts, fsOf("/dev/vdb", "none"),
			`filesystem on /dev/vdb ($.storage.filesystems.0): /dev/vdb (20 GiB, nothing known on it) has ` +
				`partitions; set "wipeFilesystem": true if they may be lost, or name one of them as the device`},
		"no format asks for nothing": {holds(ext4), fsOf("/dev/vdb", ""), ``},
		"virtiofs has no device":     {Seen{}, fsOf("shared", "virtiofs"), ``},
		"what cannot be known is decided later": {later, fsOf("/dev/vdb", "ext4"), `? filesystem on /dev/vdb  ext4: ` +
			`made if nothing is on it then, kept if it is this, else refused (the array is not there yet)`},
		"what cannot be known is wiped if allowed": {later, fsOf("/dev/vdb", "ext4", mayWipe),
			`? filesystem on /dev/vdb  ext4, whatever is on it then (the array is not there yet)`},
		"what cannot be known has to be nothing": {later, fsOf("/dev/vdb", "none"), `? filesystem on /dev/vdb  an ` +
			`empty device: refused if anything is on it then (the array is not there yet)`},
	} {
		t.Run(name, func(t *testing.T) {
			text, _ := planText(fsView{c.entry.Device: c.on}, c.entry)
			assert.Equal(t, c.want, text)
		})
	}
}

// planText is a plan, or its error, as text.
func planText(v fsView, entries ...config.Filesystem) (string, planned) {
	p, err := planFilesystems(config.Storage{Filesystems: entries}, v,
		&work{Options: Options{Devices: &device.Devices{}}})
	if err != nil {
		return err.Error(), p
	}
	var all plan.Plan
	for _, lane := range p.lanes {
		all = append(all, lane...)
	}
	return strings.TrimSpace(all.String()), p
}

func TestTwoNamesOfOneDevice(t *testing.T) {
	ext4 := block.Signature{Type: "ext4", Label: "data"}
	one, two := holds(ext4), holds(ext4)
	one.Node, two.Node = "/dev/vdb", "/dev/vdb"
	v := fsView{"/dev/vdb": one, "/dev/disk/by-label/data": two}
	text, _ := planText(v, fsOf("/dev/vdb", "ext4", mayWipe), fsOf("/dev/disk/by-label/data", "ext4"))
	assert.Equal(t, "filesystem on /dev/disk/by-label/data ($.storage.filesystems.1): /dev/vdb is the device of "+
		"$.storage.filesystems.0 as well, so one of the two would be lost", text)
	text, _ = planText(v, fsOf("/dev/vdb", "ext4"), fsOf("/dev/disk/by-label/data", "ext4"))
	assert.Equal(t, 2, strings.Count(text, "= filesystem"), text)
}

func TestAllRefusalsAreNamed(t *testing.T) {
	v := fsView{"/dev/vdb": holds(block.Signature{Type: "ext4"}), "/dev/vdc": holds(block.Signature{Type: "swap"}),
		"/dev/vdd": holds()}
	text, p := planText(v, fsOf("/dev/vdb", "xfs"), fsOf("/dev/vdc", "xfs"), fsOf("/dev/vdd", "xfs"))
	assert.Contains(t, text, "/dev/vdb (")
	assert.Contains(t, text, "/dev/vdc (")
	assert.Len(t, p.lanes, 1)
}

func TestAnEntryThatAsksForNothingWaitsForItsDevice(t *testing.T) {
	wants := filesystemWants(config.Storage{Filesystems: []config.Filesystem{{Device: "/dev/vdb"},
		fsOf("tag", "virtiofs"), fsOf("/dev/vdc", "swap")}})
	assert.Equal(t, []want{
		{"/dev/vdb", "filesystem on /dev/vdb", "$.storage.filesystems.0"},
		{"/dev/vdc", "filesystem on /dev/vdc", "$.storage.filesystems.2"},
	}, wants)
}

func TestPredictedNames(t *testing.T) {
	_, p := planText(fsView{"/dev/disk/by-path/x": {Device: device.Device{Node: "/dev/vdb"}}},
		fsOf("/dev/disk/by-path/x", "vfat", labelled("EFI SYS&1"), numbered("1234abcd")))
	require.Len(t, p.after, 1)
	assert.Equal(t, []string{"/dev/disk/by-path/x", "/dev/vdb", `/dev/disk/by-label/EFI\x20SYS\x261`,
		"/dev/disk/by-uuid/1234-ABCD"}, p.after[0].names)
	assert.Equal(t, block.Signature{Type: "vfat", Label: "EFI SYS&1", UUID: "1234-ABCD"},
		p.after[0].seen.Content.First())
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
			strings.Join(append([]string{makers[*entry.Format].tool}, makerArgs(entry, "/d")...), " "))
	}
}

// fakes is a machine of image files with tools that are scripts: $1 to $n are the arguments, $dev the last of them.
type fakes struct {
	dir   string
	names map[string]string
}

// An ext4 of fakes is its magic and a label.
const fakeExt4 = `printf '\123\357' | dd of="$dev" bs=1 seek=1080 conv=notrunc status=none
printf '\104' | dd of="$dev" bs=1 seek=1124 conv=notrunc status=none
printf '\100' | dd of="$dev" bs=1 seek=1120 conv=notrunc status=none
printf data | dd of="$dev" bs=1 seek=1144 conv=notrunc status=none
`

func newFakes(t *testing.T) *fakes {
	f := &fakes{t.TempDir(), map[string]string{}}
	f.tool(t, "wipefs", `dd if=/dev/zero of="$dev" bs=4096 count=1 conv=notrunc status=none`)
	f.tool(t, "mkfs.ext4", fakeExt4)
	return f
}

func (f *fakes) tool(t *testing.T, name, script string) {
	at := filepath.Join(f.dir, name)
	text := "#!/bin/sh\nfor dev; do :; done\necho \"" + name + " $*\" >>" + f.dir + "/log\n" + script + "\n"
	require.NoError(t, os.WriteFile(at, []byte(text), 0o700))
	f.names[name] = at
}

func (f *fakes) image(t *testing.T, name string) string {
	at := filepath.Join(f.dir, name)
	require.NoError(t, os.WriteFile(at, nil, 0o600))
	require.NoError(t, os.Truncate(at, 2<<20))
	return at
}

// run makes the filesystems, and gives the tools that ran, without the folder that all is in.
func (f *fakes) run(ctx context.Context, t *testing.T, entries ...config.Filesystem) (ran string, err error) {
	_ = os.Remove(f.dir + "/log")
	tools := tool.New(f.names, nil)
	o := Options{Tools: tools, Devices: &device.Devices{Tools: tools, Root: f.dir, Aliases: f.dir + "/aliases"},
		Width: 1}
	err = filesystemRound().run(ctx, config.Storage{Filesystems: entries}, &work{Options: o})
	log, _ := os.ReadFile(f.dir + "/log")
	return strings.ReplaceAll(string(log), f.dir, ""), err
}

func TestToolsGetTheAliasAndAreNotRunAgain(t *testing.T) {
	f := newFakes(t)
	image := f.image(t, "disk")
	entry := fsOf(image, "ext4", labelled("data"))
	ran, err := f.run(t.Context(), t, entry)
	require.NoError(t, err)
	assert.Equal(t, "wipefs -a /aliases/disk\nmkfs.ext4 -F -L data /aliases/disk\n", ran)
	ran, err = f.run(t.Context(), t, entry)
	require.NoError(t, err)
	assert.Empty(t, ran)
	mayWipe(&entry)
	ran, err = f.run(t.Context(), t, entry)
	require.NoError(t, err)
	assert.Equal(t, 2, strings.Count(ran, "\n"), ran)
}

func TestUdevLooksAgainAfterAFilesystemIsMade(t *testing.T) {
	f := newFakes(t)
	image := f.image(t, "disk")
	f.tool(t, "udevadm", "")
	require.NoError(t, os.MkdirAll(f.dir+"/run/udev", 0o700))
	require.NoError(t, os.WriteFile(f.dir+"/run/udev/control", nil, 0o600))
	ran, err := f.run(t.Context(), t, fsOf(image, "ext4"))
	require.NoError(t, err)
	assert.Equal(t, "wipefs -a /aliases/disk\nmkfs.ext4 -F /aliases/disk\nudevadm trigger --settle /disk\n", ran)
	ran, err = f.run(t.Context(), t, fsOf(image, "none", mayWipe))
	require.NoError(t, err)
	assert.Equal(t, "wipefs -a /aliases/disk\n", ran)
}

func TestMissingToolsAreNamedBeforeAnythingIsLost(t *testing.T) {
	f := newFakes(t)
	one, two, three := f.image(t, "one"), f.image(t, "two"), f.image(t, "three")
	f.names["mkfs.xfs"], f.names["mkswap"] = f.dir+"/xfs-that-is-not-there", f.dir+"/swap-that-is-not-there"
	ran, err := f.run(t.Context(), t, fsOf(one, "ext4"), fsOf(two, "xfs"), fsOf(three, "swap"))
	require.ErrorIs(t, err, tool.ErrNotFound)
	assert.Contains(t, err.Error(),
		"filesystem on "+two+" ($.storage.filesystems.1): "+f.dir+"/xfs-that-is-not-there: program not found")
	assert.Contains(t, err.Error(),
		"filesystem on "+three+" ($.storage.filesystems.2): "+f.dir+"/swap-that-is-not-there: program not found")
	assert.Empty(t, ran)
}

func TestAToolThatFails(t *testing.T) {
	for name, c := range map[string]struct{ tool, script, want string }{
		"has its own words in the error": {"mkfs.ext4", "echo No space left on device >&2; exit 1",
			"mkfs.ext4: exit status 1: No space left on device"},
		"or is wipefs": {"wipefs", "echo Device or resource busy >&2; exit 1",
			"wipefs: exit status 1: Device or resource busy"},
		"or makes nothing": {"mkfs.ext4", "true",
			"mkfs.ext4 was run, but what is there now is not as wanted: nothing known on it"},
		"or makes something else": {"mkfs.ext4", `printf XFSB | dd of="$dev" bs=1 conv=notrunc status=none; printf ` +
			`'\20\0' | dd of="$dev" bs=1 seek=6 conv=notrunc status=none; printf '\2\0' | dd of="$dev" bs=1 seek=102 ` +
			`conv=notrunc status=none`, "mkfs.ext4 was run, but what is there now is not as wanted: xfs"},
		"or gives it another label": {"mkfs.ext4",
			fakeExt4 + `printf other | dd of="$dev" bs=1 seek=1144 conv=notrunc status=none`,
			`mkfs.ext4 was run, but what is there now is not as wanted: the label is "other"`},
		"or loses the device": {"mkfs.ext4", `rm "$(readlink "$dev")"`, "no such file or directory"},
		"or hangs, and is ended with the run": {"mkfs.ext4", `: >"$0.hangs"; exec sleep 600`,
			"mkfs.ext4: context canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakes(t)
			image := f.image(t, "disk")
			f.tool(t, c.tool, c.script)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			go func() {
				for ctx.Err() == nil {
					if _, err := os.Stat(f.dir + "/mkfs.ext4.hangs"); err == nil {
						stop()
					}
					time.Sleep(time.Millisecond)
				}
			}()
			_, err := f.run(ctx, t, fsOf(image, "ext4", labelled("data")))
			require.ErrorContains(t, err, c.want)
			assert.Contains(t, err.Error(), "filesystem on "+image+" ($.storage.filesystems.0): ")
		})
	}
}

func TestAFilesystemIsNotMadeOverWhatWasNotPlannedFor(t *testing.T) {
	f := newFakes(t)
	image := f.image(t, "disk")
	tools := tool.New(f.names, nil)
	w := &work{Options: Options{Tools: tools,
		Devices: &device.Devices{Tools: tools, Root: f.dir, Aliases: f.dir + "/aliases"}}}
	err := w.Devices.Alias(image, image)
	require.NoError(t, err)
	p, err := planFilesystems(config.Storage{Filesystems: []config.Filesystem{fsOf(image, "ext4", mayWipe)}},
		live{w.Devices}, w)
	require.NoError(t, err)

	data := make([]byte, 4096)
	copy(data[4086:], "SWAP-SPACE")
	require.NoError(t, os.WriteFile(image, append(data, make([]byte, 2<<20-4096)...), 0o600))
	err = p.lanes[0].Run(t.Context(), plan.Options{})
	assert.ErrorContains(t, err, "swap) has changed since it was looked at: it was ")
	assert.NoFileExists(t, f.dir+"/log")

	table, err := os.ReadFile(imageDisk(t, 2, part(1, 1, 0, "somebody's")))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(image, table, 0o600))
	err = p.lanes[0].Run(t.Context(), plan.Options{})
	assert.ErrorContains(t, err, "has changed since it was looked at", "partitions are content as well")
	assert.NoFileExists(t, f.dir+"/log")

	other := f.image(t, "other")
	require.NoError(t, os.WriteFile(image, make([]byte, 2<<20), 0o600))
	require.NoError(t, os.Rename(w.Devices.AliasOf(image), f.dir+"/kept"))
	require.NoError(t, os.Symlink(other, w.Devices.AliasOf(image)))
	assert.ErrorContains(t, p.lanes[0].Run(t.Context(), plan.Options{}), "has changed since it was looked at",
		"another blank device is not the one")
	require.NoError(t, os.Rename(f.dir+"/kept", w.Devices.AliasOf(image)))

	require.NoError(t, p.lanes[0].Run(t.Context(), plan.Options{}))
	require.NoError(t, p.lanes[0].Run(t.Context(), plan.Options{}), "the same plan again meets what it has made")
}

func TestTheMarkOfAVfatInTheMaking(t *testing.T) {
	f := newFakes(t)
	image := f.image(t, "disk")
	fat := `printf '\353\130\220mkfs.fat\0\2\1\40\0\2\0\0\0\10\370\0\0' | dd of="$dev" bs=1 conv=notrunc status=none
printf '\20\0\0\0' | dd of="$dev" bs=1 seek=36 conv=notrunc status=none; printf 'FAT32   ' | dd of="$dev" bs=1 seek=82 conv=notrunc status=none
`
	f.tool(t, "mkfs.fat", fat+"exit 1")
	_, err := f.run(t.Context(), t, fsOf(image, "vfat"))
	require.ErrorContains(t, err, "mkfs.fat: exit status 1")
	devices := &device.Devices{Root: f.dir}
	seen, err := devices.Look(image)
	require.NoError(t, err)
	assert.Equal(t, "vfat", seen.Content.First().Type)
	assert.True(t, seen.Content.Unfinished)

	f.tool(t, "mkfs.fat", fat)
	ran, err := f.run(t.Context(), t, fsOf(image, "vfat"))
	require.NoError(t, err)
	assert.Contains(t, ran, "mkfs.fat")
	seen, err = devices.Look(image)
	require.NoError(t, err)
	assert.False(t, seen.Content.Unfinished)
}

func TestPredictedContentIsWhatIsThenThere(t *testing.T) {
	f := newFakes(t)
	blank, old, half, kept := f.image(t, "blank"), f.image(t, "old"), f.image(t, "half"), f.image(t, "kept")
	_, err := f.run(t.Context(), t, fsOf(old, "ext4"), fsOf(kept, "ext4"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(half, halfXFS(), 0o600))
	s := config.Storage{Filesystems: []config.Filesystem{
		fsOf(blank, "ext4", labelled("data")), fsOf(old, "none", mayWipe), fsOf(half, "ext4", labelled("data")),
		fsOf(kept, "ext4"),
	}}
	devices := &device.Devices{Root: f.dir, Aliases: f.dir + "/aliases"}
	p, err := planFilesystems(s, live{devices}, &work{Options: Options{Devices: devices}})
	require.NoError(t, err)
	_, err = f.run(t.Context(), t, s.Filesystems...)
	require.NoError(t, err)
	for i, entry := range s.Filesystems {
		seen, err := devices.Look(entry.Device)
		require.NoError(t, err)
		assert.Equal(t, seen.Content, p.after[i].seen.Content, entry.Device)
		assert.Equal(t, seen.Size, p.after[i].seen.Size)
	}
}

func TestAPreviewNeedsNoToolsAndRunsNone(t *testing.T) {
	f := newFakes(t)
	image := f.image(t, "disk")
	tools := tool.New(map[string]string{"wipefs": "/nonexistent"}, nil)
	p, err := Preview(config.Storage{Filesystems: []config.Filesystem{fsOf(image, "xfs", labelled("data"))}},
		Options{Tools: tools, Devices: &device.Devices{Tools: tools, Root: f.dir}})
	require.NoError(t, err)
	assert.Equal(t, "+ filesystem on "+image+`  xfs "data"`, strings.TrimSpace(p.String()))
}

// halfXFS is a device with the superblock of an xfs in progress.
func halfXFS() []byte {
	data := make([]byte, 2<<20)
	copy(data, "XFSB\x00\x00\x10\x00")
	data[102], data[126] = 2, 1 // sectors of 512 bytes; sb_inprogress
	return data
}
