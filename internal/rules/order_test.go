package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/tests/configs"
)

// manyWrongs breaks rules of every section; the members stand in an order that is not the model's.
const manyWrongs = `{"systemd":{"units":[{"name":"a"},{"name":"a@.service","contents":"[A]\nb=c"},{"name":"a@1.service","enabled":true}]},
"storage":{"raid":[{"name":"r","level":"x"}],"links":[{"path":"/l"}],"filesystems":[{"device":"/d","format":"x"}],
"files":[{"path":"/l/f"},{"path":"f","mode":9999},{"path":"/l/f"}],"disks":[{"device":"/d","partitions":[{}]}],"directories":[{}],"mood":1},
"passwd":{"users":[{"name":"u"},{"name":"u"}]},
"ignition":{"version":"3.6.0","config":{"merge":[{}]}}}`

func TestRulesAreToldInTheOrderOfTheModel(t *testing.T) {
	doc, _ := configs.Parse("test.ign", []byte(manyWrongs))
	require.NotNil(t, doc)
	assert.Equal(t, []string{
		"error source-missing $.ignition.config.merge.0",
		"error below-link $.storage.files.0",
		"error below-link $.storage.files.2",
		"error target-missing $.storage.links.0.target",
		"warning filesystem-on-table $.storage.filesystems.0.device",
		"error path-missing $.storage.directories.0.path",
		"error partition-unnamed $.storage.disks.0.partitions.0",
		"error path-relative $.storage.files.1.path",
		"error mode-range $.storage.files.1.mode",
		"error format-unknown $.storage.filesystems.0.format",
		"error raid-level $.storage.raid.0.level",
		"error raid-devices $.storage.raid.0.devices",
		"warning template-not-installable $.systemd.units.2.contents",
		"error unit-name-extension $.systemd.units.0.name",
		"error duplicate $.passwd.users.1",
		"error duplicate $.storage.files.2",
	}, found(rules.Document(doc)))
}

func TestTextTellsProblemsInTheOrderOfTheText(t *testing.T) {
	_, problems := configs.Judge("test.ign", []byte(manyWrongs))
	require.Len(t, problems, 17)
	last := -1
	for _, p := range problems {
		assert.GreaterOrEqual(t, p.Place.Span.Start, last)
		last = p.Place.Span.Start
	}
	assert.Equal(t, "error unit-name-extension $.systemd.units.0.name", found(problems)[0])
	assert.Equal(t, "error source-missing $.ignition.config.merge.0", found(problems)[16])
}

func TestTextThatIsNoConfigGivesNoDocument(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "error empty $",
		" ":                                "error json-syntax ",
		"{}":                               "error version-missing $.ignition.version",
		`{"ignition":{"version":"3.6"}}`:   "error version-syntax $.ignition.version",
		`{"ignition":{"version":"9.0.0"}}`: "error version-unknown $.ignition.version",
		`{"ignition":{"version":3}}`:       "error wrong-type $.ignition.version",
		"[]":                               "error wrong-type $",
	} {
		doc, problems := configs.Judge("test.ign", []byte(text))
		assert.Nil(t, doc, text)
		assert.Equal(t, []string{want}, found(problems), text)
	}
}

func TestRulesAreSilentWhereAValueIsOfTheWrongKind(t *testing.T) {
	_, problems := configs.Judge("test.ign",
		[]byte(write("3.6.0 storage luks: [{'name':'a','device':1,'label':'"+hex64+"'},{'name':'b'}]")))
	assert.Equal(t, []string{"error wrong-type $.storage.luks.0.device", "error path-missing $.storage.luks.1.device"},
		found(problems))
}

func TestRulesOfAMergedConfigDoNotLookForDuplicates(t *testing.T) {
	doc, _ := configs.Parse("test.ign",
		[]byte(write("3.0.0 storage files: [{'path':'/a'},{'path':'/a'},{'path':'b'}]")))
	require.NotNil(t, doc)
	assert.Equal(t, []string{"error path-relative $.storage.files.2.path"}, found(rules.Rules(doc)))
}

func TestWhatARuleQuotesIsCutShort(t *testing.T) {
	_, problems := configs.Judge("test.ign",
		[]byte(write("3.6.0 storage files: [{'path':'"+strings.Repeat("x", 1<<20)+"'}]")))
	require.Len(t, problems, 2)
	for _, p := range problems {
		assert.Less(t, len(p.Message), 300)
	}
}

// list writes n items; in the format the number of an item stands for every %[1]d.
func list(n int, format string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf(format, i+1)
	}
	return "[" + strings.Join(items, ",") + "]"
}

// count says how many problems there are, with those that were not kept.
func count(problems []diag.Problem) (n int) {
	for _, p := range problems {
		n += p.Count()
	}
	return n
}

// Anything quadratic in these would take minutes or run out of memory.
func TestSizesThatWouldHangIfAnythingWereQuadratic(t *testing.T) {
	const n = 20_000
	deep := strings.Repeat("/a", 10_000)
	for name, c := range map[string]struct {
		short string
		want  int
	}{
		"nodes below a link": {"3.6.0 storage: {'links':[{'path':'/l','target':'x'}],'files':" +
			list(n, "{'path':'/l/%d'}") + "}", n},
		"as many links as nodes": {"3.6.0 storage: {'links':" + list(n, "{'path':'/l%[1]d','target':'x'}") +
			",'files':" + list(n, "{'path':'/l%d/f'}") + "}", n},
		"links of many lengths": {"3.6.0 storage: {'links':" + list(200, "{'path':'/l%0[1]*[1]d','target':'x'}") +
			",'files':" + list(n, "{'path':'"+deep[:400]+"/%d'}") + "}", 0},
		"files below a file": {"3.6.0 storage files: [{'path':'/f'}," + list(n, "{'path':'/f/%d'}")[1:], 1},
		"deep paths": {"3.6.0 storage: {'links':[{'path':'/l','target':'x'}],'files':" +
			list(100, "{'path':'"+deep+"/%d'}") + "}", 100},
		"partitions that overlap": {"3.6.0 storage disks: [{'device':'/d','partitions':" +
			list(n, "{'number':%d,'startMiB':1,'sizeMiB':9}") + "}]", 1},
		"fixed partitions": {"3.6.0 storage disks: [{'device':'/d','partitions':" +
			list(n, "{'number':%[1]d,'startMiB':%[1]d,'sizeMiB':1}") + "}]", 0},
		"partitions of the same number": {"3.6.0 storage disks: [{'device':'/d','partitions':" +
			list(n, "{'number':1,'label':'%d'}") + "}]", 2 * (n - 1)},
		"problems in one list":       {"3.6.0 storage files: " + list(50_000, "{'path':'%d'}"), 50_000},
		"duplicates in one list":     {"3.6.0 storage files: " + list(n, "{'path':'/a','mode':%[1]d00000}"), 2*n - 1},
		"unknown keys in one object": {"3.6.0 storage: {" + strings.Trim(list(n, "'key%d':1"), "[]") + "}", n},
		"a key many times in one object": {"3.6.0 : {'storage':{" +
			strings.TrimSuffix(list(n, "'files':[{'path':'/%d'}]")[1:], "]") + "}}", n - 1},
		"nodes below as many equal links": {"3.6.0 storage: {'links':" + list(n, "{'path':'/l','target':'%d'}") +
			",'files':" + list(n, "{'path':'/l/%d'}") + "}", 2*n - 1},
		"files below as many equal files": {"3.6.0 storage files: " + strings.TrimSuffix(list(n,
			"{'path':'/f','mode':%[1]d00000}"), "]") + "," + list(n, "{'path':'/f/%d'}")[1:], 2 * n},
		"instances of a template": {`3.6.0 systemd units: [{'name':'a@.service','contents':'[A]\nb=c'},` +
			list(n, "{'name':'a@%d.service','enabled':true}")[1:], n},
		"a long unit": {`3.6.0 systemd units: [{'name':'a.service','contents':'[A]\n` + strings.Repeat(`b=c\\\n`, n) +
			`\n'}]`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := configs.Judge("test.ign", []byte(write(c.short)))
			assert.Equal(t, c.want, count(problems))
			assert.Less(t, len(problems), 10_000, "those that nobody reads are counted only")
		})
	}
}

// All pairs are told, as the peer does. They grow no faster than the text: a path must be as long as it has links above
// it.
func TestPairsOfNodesAndLinksAreAllTold(t *testing.T) {
	const links = 100
	paths := make([]string, links)
	for i := range paths {
		paths[i] = fmt.Sprintf("{'path':'%s','target':'x'}", strings.Repeat("/l", i+1))
	}
	_, problems := configs.Judge("test.ign", []byte(write("3.6.0 storage links: ["+strings.Join(paths, ",")+"]")))
	assert.Equal(t, links*(links-1)/2, count(problems))
}
