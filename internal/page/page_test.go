package page

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/report"
)

const mib = 1 << 20

// raid is a plan of two disks with an array, a volume and a filesystem on them, and a file that changes.
func raid() *report.Plan {
	a := report.Partition{Number: 1, Label: "md-a", Start: mib, Size: 63 * mib, Node: "/dev/vda1"}
	b := report.Partition{Number: 1, Label: "md-b", Start: mib, Size: 63 * mib, Node: "/dev/vdb1"}
	old := report.Partition{Number: 2, Label: "photos", Start: 33 * mib, Size: 31 * mib, Node: "/dev/vdb2"}
	was := &report.Layout{Bytes: 64 * mib, Partitions: []report.Partition{old}}
	disk := func(name string, before *report.Layout, p report.Partition) report.Action {
		return report.Action{Stage: report.Disks, Noun: report.Disk, Effect: plan.Change, Group: name, Before: before,
			Subject: "partition table of " + name, After: &report.Layout{Bytes: 64 * mib,
				Partitions: []report.Partition{p}}}
	}
	return &report.Plan{
		Actions: []report.Action{
			disk("/dev/vda", nil, a), disk("/dev/vdb", was, b),
			{Stage: report.Disks, Noun: report.Part, Effect: plan.Destroy, Group: "/dev/vdb", Subject: "partition 2",
				Loses: []report.Loss{{Where: "/dev/vdb2", What: `ext4 "photos"`}}},
			{Stage: report.Disks, Noun: report.Array, Thing: "r", Effect: plan.Create, Subject: "array data",
				Detail: "level raid1", Made: []string{"/dev/md/data"},
				On: []report.Device{{Name: "/dev/disk/by-partlabel/md-a", Node: "/dev/vda1"}, {Node: "/dev/vdb1"}}},
			{Stage: report.Disks, Noun: report.Volume, Thing: "l", Effect: plan.Create, Subject: "luks data",
				On: []report.Device{{Name: "/dev/md/data", Node: "/dev/md127"}}, Made: []string{"/dev/mapper/data"}},
			{Stage: report.Disks, Noun: report.Filesystem, Thing: "f", Effect: plan.Deferred, Subject: "filesystem",
				Detail: "xfs, whatever is on it", Outcomes: []report.Outcome{{Found: "nothing", Verdict: "make"}},
				On: []report.Device{{Name: "/dev/mapper/data", Node: "/dev/mapper/data"}}},
			{Stage: report.Files, Noun: report.File, Thing: "/etc/motd", Effect: plan.Destroy,
				Subject: "file /etc/motd", Detail: "inline", Changes: []report.Change{{Path: "/etc/motd",
					Was: report.Node{Kind: "file", Mode: 0o644}, Now: report.Node{Kind: "file", Mode: 0o600},
					Texts: true, WasText: "mail\nend\n", NowText: "web\nend\n"}}},
			{Stage: report.Files, Noun: report.User, Thing: "core", Effect: plan.Create, Subject: "user core"},
			{Stage: report.Files, Noun: report.File, Thing: "/kept", Effect: plan.Keep, Subject: "file /kept"},
		},
		Conflicts: []report.Conflict{{Message: "file /x: in the way", Place: "web.bu:3:5",
			Hints: []string{"remove it"}}},
		Notes: []string{"not planned: /boot"},
	}
}

func written(t testing.TB, p *report.Plan) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, Write(&b, p))
	return b.String()
}

// plainly is the text of a page, without elements and with single blanks.
func plainly(page string) string {
	page = page[strings.Index(page, "<body>"):]
	page = regexp.MustCompile("<[^>]*>").ReplaceAllString(page, " ")
	page = strings.NewReplacer("&quot;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(page)
	return strings.Join(strings.Fields(page), " ")
}

// inOrder: each text stands behind the one before it.
func inOrder(t *testing.T, text string, all ...string) {
	t.Helper()
	for _, each := range all {
		_, after, found := strings.Cut(text, each)
		require.True(t, found, "%q is not in %s", each, text)
		text = after
	}
}

func TestWhatIsInTheWayComesFirstAndThenWhatIsDestroyed(t *testing.T) {
	inOrder(t, plainly(written(t, raid())), "Something is in the way", "1 conflict", "In the way",
		"file /x: in the way at web.bu:3:5 remove it", "Destroyed", `/dev/vdb2 ext4 "photos"`, "Disk /dev/vda",
		"Disk /dev/vdb", "Arrays, encrypted volumes and filesystems", "Accounts", "Files, directories and links",
		"Notes", "not planned: /boot")
}

func TestADiskIsDrawnBeforeAndAfterWithWhatLiesOnIt(t *testing.T) {
	text := plainly(written(t, raid()))
	inOrder(t, text, "Disk /dev/vda Before 64 MiB free 64 MiB After 64 MiB 1 md-a 63 MiB new "+
		"array /dev/md/data › encrypted volume /dev/mapper/data › filesystem xfs")
	inOrder(t, text, `Disk /dev/vdb Before 64 MiB free 33 MiB 2 photos 31 MiB goes ext4 "photos" After`,
		"1 md-b 63 MiB new")
}

func TestLayersAreDrawnAboveWhatTheyLieOn(t *testing.T) {
	text := plainly(written(t, raid()))
	inOrder(t, text, "filesystem xfs ? decided later", "encrypted volume /dev/mapper/data + new",
		"array /dev/md/data + new", "array data level raid1", "/dev/vda1 partition 1 md-a, 63 MiB",
		"/dev/vdb1 partition 1 md-b, 63 MiB")
	assert.Equal(t, 1, strings.Count(text, "level raid1"), "an action is shown once")
}

func TestFilesAreATreeWithWhatChanges(t *testing.T) {
	p := raid()
	add := func(at string) {
		p.Actions = append(p.Actions, report.Action{Stage: report.Files, Noun: report.File, Effect: plan.Create,
			Group: at, Subject: "file " + at})
	}
	add("/usr/lib/web/b")
	add("/usr/lib/web/a")
	text := plainly(written(t, p))
	inOrder(t, text, "Files, directories and links 3", "etc/ - replaced motd file: inline mode 0600, was 0644 "+
		"What changes in /etc/motd -mail +web end", "usr/lib/web/ + new a file: + new b file:")
	assert.NotContains(t, text, "/kept")
}

func TestADeepPathIsANameAtItsEnd(t *testing.T) {
	p := &report.Plan{}
	deep := strings.Repeat("/d", 1000)
	for _, at := range []string{deep + "/x", deep + "/y", "/d/d/z"} {
		p.Actions = append(p.Actions, report.Action{Stage: report.Files, Noun: report.File, Effect: plan.Create,
			Group: at, Subject: "file"})
	}
	assert.LessOrEqual(t, strings.Count(written(t, p), "<details"), treeMost)
}

func TestLayersThatLieOnEachOtherInACircleAreListed(t *testing.T) {
	on := func(thing, made, device string) report.Action {
		return report.Action{Stage: report.Disks, Noun: report.Array, Thing: thing, Effect: plan.Create, Subject: thing,
			Made: []string{made}, On: []report.Device{{Name: device, Node: device}, {Name: device, Node: device}}}
	}
	p := &report.Plan{Actions: []report.Action{on("one", "/a", "/b"), on("two", "/b", "/a"), on("self", "/c", "/c")}}
	inOrder(t, plainly(written(t, p)), "Arrays", "+ new one", "+ new two", "+ new self")
}

func TestLayersTakeTimeByTheirNumber(t *testing.T) {
	p := &report.Plan{}
	for i := range 2000 { // each lies on the one below it twice: 2 to the 2000 ways lead down
		below := fmt.Sprint("/", i-1)
		p.Actions = append(p.Actions, report.Action{Stage: report.Disks, Noun: report.Array, Thing: fmt.Sprint(i),
			Effect: plan.Create, Subject: fmt.Sprint("array ", i), Made: []string{fmt.Sprint("/", i)},
			On: []report.Device{{Name: below}, {Name: below}}})
	}
	page := written(t, p)
	assert.Contains(t, plainly(page), "array 0", "what is not drawn is listed")
	assert.Less(t, len(page), 4_000_000)
}

func TestThePolicyAllowsTheStyleSheetAndNothingElse(t *testing.T) {
	page := written(t, raid())
	_, rest, found := strings.Cut(page, "<style>")
	require.True(t, found)
	style, _, found := strings.Cut(rest, "</style>")
	require.True(t, found)
	sum := sha256.Sum256([]byte(style))
	assert.Contains(t, page, "http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;; "+
		"style-src &#39;sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"&#39;; base-uri &#39;none&#39;; "+
		"form-action &#39;none&#39;\"")
	for _, never := range []string{"style=", "<script", "url(", "@import", "src="} {
		assert.NotContains(t, page, never)
	}
}

func TestASecretThatTheTextDoesNotShowIsNotOnThePage(t *testing.T) {
	p := &report.Plan{Actions: []report.Action{{Stage: report.Files, Noun: report.File, Effect: plan.Destroy,
		Subject: "file /f", Changes: []report.Change{{Path: "/f", Was: report.Node{Kind: "file"},
			Now: report.Node{Kind: "file"}, Secret: true, WasText: "hunter2", NowText: "hunter3"}}},
		{Stage: report.Files, Noun: report.File, Effect: plan.Keep, Subject: "file /g", Detail: "hunter4"}}}
	page := written(t, p)
	assert.NotContains(t, page, "hunter")
	assert.Contains(t, page, "the content is not shown, as not everybody may read it")
}

func TestNothingToDoIsSaid(t *testing.T) {
	inOrder(t, plainly(written(t, &report.Plan{})), "What the config will do", "Nothing to do", "nothing to do")
}
