package document_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/tests/configs"
)

func mustParse(t require.TestingT, rest string) *document.Document {
	doc, problems := parse(config.V3_6, rest)
	require.Empty(t, problems)
	return doc
}

type mergeExample struct{ claim, parent, child, want string }

// docs/peer/spec.md Appendix B, worked by hand.
func mergeExamples() []mergeExample {
	return []mergeExample{
		{
			"a file's fields merge one by one, headers by exact name, fragments follow each other",
			`"storage": {"files": [{"path": "/a", "user": {"id": 1}, "append": [{"source": "data:,1"}],
				"contents": {"source": "http://p", "verification": {"hash": "sha256-bb"}, "httpHeaders": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]}}]}`,
			`"storage": {"files": [{"path": "/a", "user": {"name": "x"}, "mode": 0, "append": [{"source": "data:,1"}],
				"contents": {"source": "http://c", "httpHeaders": [{"name": "X"}, {"name": "y", "value": "3"}]}}]}`,
			`{"storage":{"files":[{"path":"/a","user":{"id":1,"name":"x"},` +
				`"append":[{"source":"data:,1"},{"source":"data:,1"}],` +
				`"contents":{"httpHeaders":[{"name":"Y","value":"2"},{"name":"y","value":"3"}],"source":"http://c",` +
				`"verification":{"hash":"sha256-bb"}},"mode":0}]}}`,
		},
		{
			"a node of another type takes the place of the parent's",
			`"storage": {"files": [{"path": "/a"}, {"path": "/b"}], "links": [{"path": "/c"}], ` +
				`"directories": [{"path": "/d"}]}`,
			`"storage": {"directories": [{"path": "/a"}], "files": [{"path": "/c"}, {"path": "/d"}], ` +
				`"links": [{"path": "/b"}]}`,
			`{"storage":{"directories":[{"path":"/a"}],"files":[{"path":"/c"},{"path":"/d"}],"links":[{"path":"/b"}]}}`,
		},
		{
			"kernel arguments move between the lists",
			`"kernelArguments": {"shouldExist": ["a", "b"], "shouldNotExist": ["c", "d"]}`,
			`"kernelArguments": {"shouldNotExist": ["a", "e"], "shouldExist": ["b", "c"]}`,
			`{"kernelArguments":{"shouldExist":["b","c"],"shouldNotExist":["d","a","e"]}}`,
		},
		{
			"partitions are known by number, else by label",
			`"storage": {"disks": [{"device": "/d", ` +
				`"partitions": [{"number": 1, "label": "x", "sizeMiB": 5}, {"label": "y", "sizeMiB": 1}]}]}`,
			`"storage": {"disks": [{"device": "/d", ` +
				`"partitions": [{"label": "y", "sizeMiB": 2}, {"label": "z"}, {"number": 1, "sizeMiB": 0}]}]}`,
			`{"storage":{"disks":[{"device":"/d",` +
				`"partitions":[{"label":"x","number":1,"sizeMiB":0},{"label":"y","sizeMiB":2},{"label":"z"}]}]}}`,
		},
		{
			"a label does not find a partition that has a number",
			`"storage": {"disks": [{"device": "/d", "partitions": [{"number": 1, "label": "x"}]}]}`,
			`"storage": {"disks": [{"device": "/d", "partitions": [{"label": "x"}]}]}`,
			`{"storage":{"disks":[{"device":"/d","partitions":[{"label":"x","number":1},{"label":"x"}]}]}}`,
		},
		{
			"empty contents of a unit override, absent ones of a drop-in do not",
			`"systemd": {"units": [{"name": "a.service", "enabled": true, "contents": "[Unit]", ` +
				`"dropins": [{"name": "a.conf", "contents": "x"}]}]}`,
			`"systemd": {"units": [{"name": "a.service", "enabled": false, "contents": "", "mask": true, ` +
				`"dropins": [{"name": "a.conf"}, {"name": "b.conf"}]}]}`,
			`{"systemd":{"units":[{"contents":"","dropins":[{"contents":"x","name":"a.conf"},{"name":"b.conf"}],` +
				`"enabled":false,"mask":true,"name":"a.service"}]}}`,
		},
		{
			"lists of plain values become their ordered union, options follow each other",
			`"passwd": {"users": [{"name": "u", "groups": ["a", "b"], "sshAuthorizedKeys": ["k"]}]},
			 "storage": {"raid": [{"name": "r", "devices": ["/a", "/b"], "options": ["-v"]}], "filesystems": [{"device": "/d", "options": ["-q"], "mountOptions": ["ro"]}],
			   "luks": [{"name": "l", "options": ["-v"], "openOptions": ["-a"]}]}`,
			`"passwd": {"users": [{"name": "u", "groups": ["c", "a"], "sshAuthorizedKeys": ["k", "l"]}]},
			 "storage": {"raid": [{"name": "r", "devices": ["/c", "/a"], "options": ["-v"]}], "filesystems": [{"device": "/d", "options": ["-q"], "mountOptions": ["ro"]}],
			   "luks": [{"name": "l", "options": ["-v"], "openOptions": ["-a", "-b"]}]}`,
			`{"passwd":{"users":[{"groups":["a","b","c"],"name":"u","sshAuthorizedKeys":["k","l"]}]},` +
				`"storage":{"filesystems":[{"device":"/d","mountOptions":["ro","ro"],"options":["-q","-q"]}],` +
				`"luks":[{"name":"l","openOptions":["-a","-b"],"options":["-v","-v"]}],` +
				`"raid":[{"devices":["/a","/b","/c"],"name":"r","options":["-v","-v"]}]}}`,
		},
		{
			"a child's present zero values win",
			`"passwd": {"users": [{"name": "u", "uid": 5, "shell": "/bin/sh", "system": true}]}`,
			`"passwd": {"users": [{"name": "u", "uid": 0, "shell": "", "system": false}]}`,
			`{"passwd":{"users":[{"name":"u","shell":"","system":false,"uid":0}]}}`,
		},
		{
			"items keep the parent's order, new ones follow",
			`"passwd": {"users": [{"name": "a"}, {"name": "b"}]}`,
			`"passwd": {"users": [{"name": "c"}, {"name": "b", "uid": 1}, {"name": "a", "uid": 2}]}`,
			`{"passwd":{"users":[{"name":"a","uid":2},{"name":"b","uid":1},{"name":"c"}]}}`,
		},
		{
			"a header with a value takes the place of the parent's",
			`"storage": {"files": [{"path": "/a", "contents": ` +
				`{"source": "http://c", "httpHeaders": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]}}]}`,
			`"storage": {"files": [{"path": "/a", "contents": {"httpHeaders": [{"name": "X", "value": "3"}]}}]}`,
			`{"storage":{"files":[{"path":"/a","contents":{"httpHeaders":[{"name":"X","value":"3"},` +
				`{"name":"Y","value":"2"}],"source":"http://c"}}]}}`,
		},
		{
			"a header without a value that deletes nothing stays",
			``, `"storage": {"files": ` +
				`[{"path": "/a", "contents": {"source": "http://c", "httpHeaders": [{"name": "X"}]}}]}`,
			`{"storage":{"files":[{"path":"/a","contents":{"httpHeaders":[{"name":"X"}],"source":"http://c"}}]}}`,
		},
	}
}

func TestMergeExamples(t *testing.T) {
	for _, c := range mergeExamples() {
		t.Run(c.claim, func(t *testing.T) {
			merged := document.Merge(mustParse(t, c.parent), mustParse(t, c.child))
			assert.Equal(t, c.want, sparse(t, merged))
			assert.Equal(t, config.Newest, merged.Version)
		})
	}
}

func TestAuthoritiesAndReferencesMergeBySource(t *testing.T) {
	doc := func(config string) *document.Document {
		d, problems := configParse(`{"ignition": {"version": "3.6.0", ` + config + `}}`)
		require.Empty(t, problems)
		return d
	}
	parent := doc(`"security": {"tls": ` +
		`{"certificateAuthorities": [{"source": "http://a"}, {"source": "http://b"}]}}, "timeouts": {"httpTotal": 5}`)
	child := doc(`"security": {"tls": {"certificateAuthorities": [{"source": "http://c"}, {"source": "http://a", ` +
		`"compression": "gzip"}]}}, "config": {"replace": {"source": "http://r"}, "merge": [{"source": "http://m"}]}`)
	ignition := document.Merge(parent, child).Config().Ignition
	assert.Equal(t, ignition, document.MergeIgnition(parent, child), "the metadata alone is the same")
	var authorities []string
	for _, a := range ignition.Security.TLS.CertificateAuthorities {
		authorities = append(authorities, strings.TrimSuffix(*a.Source+" "+text(a.Compression), " "))
	}
	assert.Equal(t, []string{"http://a gzip", "http://b", "http://c"}, authorities)
	assert.Equal(t, "http://r", *ignition.Config.Replace.Source, "references of a child are kept as data")
	assert.Len(t, ignition.Config.Merge, 1)
	assert.Equal(t, 5, *ignition.Timeouts.HTTPTotal)
	assert.Equal(t, config.Newest.String(), ignition.Version)
}

func configParse(text string) (*document.Document, []diag.Problem) {
	return configs.Parse("x", []byte(text))
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func TestMergedDocumentsKeepTheirPlaces(t *testing.T) {
	parent, _ := configs.Parse("parent.ign",
		[]byte(`{"ignition": {"version": "3.6.0"}, "passwd": {"users": [{"name": "a", "uid": 1}]}}`))
	child, _ := configs.Parse("child.ign", []byte(`{"ignition": {"version": "3.0.0"}, `+
		`"passwd": {"users": [{"name": "a", "shell": "/bin/sh"}, {"name": "b"}]}}`))
	merged := document.Merge(parent, child)
	for path, want := range map[string]string{"$.passwd.users.0.uid": "parent.ign 1",
		"$.passwd.users.0.shell": `child.ign "/bin/sh"`, "$.passwd.users.1": `child.ign {"name": "b"}`} {
		place := merged.At(path, tree.Index{}).Place()
		assert.Equal(t, want, place.Doc.Name+" "+place.Doc.Text[place.Span.Start:place.Span.End], path)
	}
}

func TestMergingDocumentsOfOneArenaIsTheSame(t *testing.T) {
	arena := tree.NewArena()
	read := func(text string) *document.Document {
		root, problem := arena.ParseJSON(&diag.Document{Text: text})
		require.Nil(t, problem)
		doc, problems, ignored := document.Decode(root)
		require.Empty(t, append(problems, ignored...))
		return doc
	}
	const parent = `{"ignition": {"version": "3.0.0"}, ` +
		`"storage": {"files": [{"path": "/a", "mode": 1023}], "links": [{"path": "/l"}]}}`
	const child = `{"ignition": {"version": "3.6.0"}, ` +
		`"storage": {"files": [{"path": "/a", "overwrite": true}, {"path": "/b\u0041"}]}}`
	p, _ := configParse(parent)
	c, _ := configParse(child)
	assert.Equal(t, encode(t, document.Merge(read(parent), read(child))), encode(t, document.Merge(p, c)))
}

// drawn draws a config's JSON: every field there or not, values from so few that keys meet. Keys of an item are always
// there.
type drawn struct {
	*rapid.T
	// Without these, merging is associative; see TestMergeIsAssociativeWhereNothingIsTakenAway.
	deletes bool
}

func (d drawn) value(t reflect.Type, path string) any {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Struct:
		object := map[string]any{}
		for _, f := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous || name == "version" {
				continue
			}
			isKey := f.Type.Kind() == reflect.String || name == "source" || name == "value" && !d.deletes
			if isKey || rapid.IntRange(0, 2).Draw(d.T, path+"."+name+"?") == 0 {
				object[name] = d.value(f.Type, path+"."+name)
			}
		}
		return object
	case reflect.Slice:
		list := []any{}
		for i := range rapid.IntRange(0, 3).Draw(d.T, path+"#") {
			list = append(list, d.value(t.Elem(), fmt.Sprintf("%s.%d", path, i)))
		}
		return list
	case reflect.String:
		names := []string{"/a", "/b", "", "c"}
		if !d.deletes && strings.HasPrefix(path, "$.kernelArguments") || strings.HasPrefix(path, "$.storage") &&
			strings.HasSuffix(path, ".path") {
			// Names of one list are no names of the others.
			if !d.deletes {
				kind, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(path, "$.storage."),
					"$.kernelArguments."), ".")
				names = []string{"/" + kind + "1", "/" + kind + "2", "/" + kind + "3"}
			}
		}
		return rapid.SampledFrom(names).Draw(d.T, path)
	case reflect.Int:
		return rapid.IntRange(0, 2).Draw(d.T, path)
	default:
		return rapid.Bool().Draw(d.T, path)
	}
}

// document draws a config without duplicates.
func (d drawn) document(name string) string {
	root := d.value(reflect.TypeFor[config.Config](), "$").(map[string]any)
	ignition, _ := root["ignition"].(map[string]any)
	if ignition == nil {
		ignition = map[string]any{}
		root["ignition"] = ignition
	}
	ignition["version"] = "3.6.0"
	for {
		text, err := json.Marshal(root)
		require.NoError(d.T, err)
		doc, problems := configs.Parse(name, text)
		require.Empty(d.T, problems)
		twice := doc.Duplicates()
		if len(twice) == 0 {
			return string(text)
		}
		remove(root, strings.Split(twice[0].Path, ".")[1:])
	}
}

// remove takes an item out of a list.
func remove(from any, path []string) any {
	switch at := from.(type) {
	case map[string]any:
		at[path[0]] = remove(at[path[0]], path[1:])
	case []any:
		i, _ := strconv.Atoi(path[0])
		if len(path) == 1 {
			return slices.Delete(at, i, i+1)
		}
		at[i] = remove(at[i], path[1:])
	}
	return from
}

func jsonOf(t require.TestingT, doc *document.Document) string {
	text, err := doc.JSON()
	require.NoError(t, err)
	return string(text)
}

func read(t require.TestingT, text string) *document.Document {
	doc, problems := configs.Parse("x", []byte(text))
	require.True(t, !diag.Fatal(problems), "%v", problems)
	return doc
}

// What a document of 3.4.0 says is taken out wherever it ends up; what others say stays.
func TestAdvertisementsOf340GoApartFromTheCache(t *testing.T) {
	tangs := func(version string, servers ...string) *document.Document {
		var list []string
		for _, s := range servers {
			list = append(list,
				fmt.Sprintf(`{"url":"http://%s","thumbprint":"t","advertisement":"{\"by\":\"%s\"}"}`, s, version))
		}
		return read(t, fmt.Sprintf(`{"ignition":{"version":%q},"storage":{"luks":[{"name":"l","device":"/a",`+
			`"clevis":{"tang":[%s]}}]}}`, version, strings.Join(list, ",")))
	}
	merged := document.Merge(tangs("3.5.0", "a", "b"), document.Merge(tangs("3.4.0", "b", "c"), tangs("3.6.0", "d")))
	whole := merged.Config()
	text, apart := merged.Cached()
	assert.Equal(t, []document.Advertisement{{"l", "http://b", `{"by":"3.4.0"}`}, {"l", "http://c", `{"by":"3.4.0"}`}},
		apart)
	assert.NotContains(t, string(text), "3.4.0")
	assert.Contains(t, string(text), `{\"by\":\"3.5.0\"}`)
	assert.Contains(t, string(text), `{\"by\":\"3.6.0\"}`)

	back := read(t, string(text))
	back.Advertise(apart)
	assert.Equal(t, whole, back.Config())

	newer := tangs("3.5.0", "a")
	text, apart = newer.Cached()
	assert.Empty(t, apart)
	assert.Equal(t, jsonOf(t, newer), string(text))
}

const emptyConfig = `{"ignition":{"version":"3.6.0"}}`

// mergeLaws hold for every two documents that are free of errors and have no item twice.
func mergeLaws(t require.TestingT, parent, child string) {
	p, c := read(t, parent), read(t, child)
	before := []string{jsonOf(t, p), jsonOf(t, c)}

	// Merging with an empty document says the same, on either side.
	require.Equal(t, before[0], jsonOf(t, document.Merge(read(t, parent), read(t, emptyConfig))))
	require.Equal(t, before[1], jsonOf(t, document.Merge(read(t, emptyConfig), read(t, child))))

	merged := document.Merge(p, c)
	result := jsonOf(t, merged)
	// Merging leaves what is merged as it was, and can be repeated.
	require.Equal(t, before, []string{jsonOf(t, p), jsonOf(t, c)})
	require.Equal(t, result, jsonOf(t, document.Merge(p, c)))
	// No item is there twice afterwards.
	require.Empty(t, told(merged.Duplicates()))
	// The result is a config: read again, it says the same.
	again, problems := configs.Parse("merged", []byte(result))
	require.Empty(t, told(problems))
	require.Equal(t, result, jsonOf(t, again))
	require.Empty(t, told(again.Duplicates()))
	// The metadata alone merges like the whole.
	require.Equal(t, merged.Config().Ignition, document.MergeIgnition(p, c))
}

func TestMergeLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn{t, true}
		mergeLaws(t, d.document("parent"), d.document("child"))
	})
}

// Merging several documents from the left or from the right gives the same, unless one of them takes something away: a
// header without a value deletes one of its parent only, and so does a node (or a kernel argument) that moves to
// another list. If the taker is merged into its child first, it finds nothing there to take, and what it should have
// taken comes back with the parent, or keeps its old place.
func TestMergeIsAssociativeWhereNothingIsTakenAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn{t, false}
		a, b, c := d.document("a"), d.document("b"), d.document("c")
		left := document.Merge(document.Merge(read(t, a), read(t, b)), read(t, c))
		right := document.Merge(read(t, a), document.Merge(read(t, b), read(t, c)))
		require.Equal(t, jsonOf(t, left), jsonOf(t, right))
	})
	for claim, texts := range map[string][3]string{
		"a header": {
			`"storage": {"files": ` +
				`[{"path": "/a", "contents": {"source": "http://x", "httpHeaders": [{"name": "X", "value": "1"}]}}]}`,
			`"storage": {"files": ` +
				`[{"path": "/a", "contents": {"source": "http://x", "httpHeaders": [{"name": "X", "value": "2"}]}}]}`,
			`"storage": {"files": ` +
				`[{"path": "/a", "contents": {"source": "http://x", "httpHeaders": [{"name": "X"}]}}]}`,
		},
		"a node": {`"storage": {"files": [{"path": "/a", "mode": 1}]}`, `"storage": {"links": [{"path": "/a"}]}`,
			`"storage": {"files": [{"path": "/a"}]}`},
		"a kernel argument": {`"kernelArguments": {"shouldExist": ["a", "b"]}`,
			`"kernelArguments": {"shouldNotExist": ["a"]}`, `"kernelArguments": {"shouldExist": ["a"]}`},
	} {
		left := document.Merge(document.Merge(mustParse(t, texts[0]), mustParse(t, texts[1])), mustParse(t, texts[2]))
		right := document.Merge(mustParse(t, texts[0]), document.Merge(mustParse(t, texts[1]), mustParse(t, texts[2])))
		assert.NotEqual(t, encode(t, left), encode(t, right), claim)
	}
}

var mergeSeeds = []string{
	emptyConfig,
	`{"ignition":{"version":"3.0.0"},` +
		`"storage":{"files":[{"path":"/a","mode":1023},{"path":"/b"}],"links":[{"path":"/c"}]}}`,
	`{"ignition":{"version":"3.6.0"},"storage":{"files":[{"path":"/c"}],"directories":[{"path":"/a"}],` +
		`"disks":[{"device":"/d","partitions":[{"number":1},{"label":"x"}]}]}}`,
	`{"ignition":{"version":"3.3.0","config":{"merge":[{"source":"http://a","httpHeaders":[{"name":"X"}]}]}},` +
		`"kernelArguments":{"shouldExist":["a"],"shouldNotExist":["b",null]}}`,
	`{"Ignition":{"version":"3.4.0"},"storage":{"luks":[{"name":"l","clevis":{"tang":[{"url":"u"}]},` +
		`"openOptions":["a"]}]},"storage":{"raid":[{"name":"r","devices":["/a"]}]}}`,
	`{"ignition":{"version":"3.7.0-experimental","proxy":{"noProxy":["a"]}},"systemd":{"units":[{"name":"a",` +
		`"dropins":[{"name":"b","contents":""}]}]},"passwd":{"users":[{"name":"u","groups":["g"]},null]}}`,
}

// FuzzMerge holds the laws of merging (see mergeLaws) for any two texts that are configs.
func FuzzMerge(f *testing.F) {
	for _, a := range mergeSeeds {
		for _, b := range mergeSeeds {
			f.Add(a, b)
		}
	}
	f.Fuzz(func(t *testing.T, parent, child string) {
		for _, text := range []string{parent, child} {
			doc, problems := configs.Parse("x", []byte(text))
			if doc == nil || diag.Fatal(problems) || len(doc.Duplicates()) > 0 {
				return
			}
		}
		mergeLaws(t, parent, child)
	})
}

// FuzzLoad: any bytes are read without a panic, and what comes of them is a fixed point. Reading the JSON of a document
// finds nothing wrong with it and gives the same JSON; the canonical tree and the Config say the same.
func FuzzLoad(f *testing.F) {
	for _, seed := range mergeSeeds {
		f.Add([]byte(seed))
	}
	f.Add([]byte("{\"ignition\":{\"version\":\"3.6.0\"}," +
		"\"storage\":{\"files\":[{\"path\":\"/\\u00e4\xff\",\"mode\":-0}],\"files\":5,\"x\":{}},\"Passwd\":null}"))
	f.Add([]byte(`{"ignition":{"version":"3.2.0"},` +
		`"storage":{"luks":[{"clevis":{"custom":null}}],"disks":[{"partitions":[{"number":00}]}]}}`))
	f.Add([]byte("#cloud-config\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, problems := configs.Parse("x", text)
		for _, p := range problems {
			require.NotEmpty(t, p.Code)
			require.NotEmpty(t, p.Message)
			require.NotNil(t, p.Place.Doc)
			_ = diag.Style{}.Text(p)
		}
		if doc == nil {
			require.False(t, !diag.Fatal(problems))
			return
		}
		_ = doc.Duplicates()
		first := jsonOf(t, doc)
		var c config.Config
		require.NoError(t, json.Unmarshal([]byte(first), &c), first)
		require.Equal(t, *doc.Config(), c)
		again, found := configs.Parse("again", []byte(first))
		require.Empty(t, told(found), first)
		require.Equal(t, first, jsonOf(t, again))
	})
}

func TestPartsOfADocumentCanBeListed(t *testing.T) {
	doc := mustParse(t, `"storage": {"files": [{"path": "/a", "append": [{"source": "data:,"}]}], `+
		`"disks": [{"device": "/d", "partitions": [{"number": 1}]}]}, "kernelArguments": {"shouldExist": ["a"]}`)
	var paths []string
	doc.Items(func(path string, place diag.Place) {
		paths = append(paths, path)
		assert.Equal(t, place, doc.At(path, tree.Index{}).Place())
	})
	slices.Sort(paths)
	assert.Equal(t, []string{"$.kernelArguments.shouldExist.0", "$.storage.disks.0", "$.storage.disks.0.partitions.0",
		"$.storage.files.0", "$.storage.files.0.append.0"}, paths)
}
