package document_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/tests/configs"
)

// told puts problems into short lines: "error wrong-type $.a".
func told(problems []diag.Problem) []string {
	lines := []string{}
	for _, p := range problems {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s", p.Severity, p.Code, p.Path)))
	}
	return lines
}

// parse reads the rest of a config of a version, without its outer braces.
func parse(version config.Version, rest string) (*document.Document, []diag.Problem) {
	text := `{"ignition": {"version": "` + version.String() + `"}`
	if rest != "" {
		text += ", " + rest
	}
	return configs.Parse("x", []byte(text+"}"))
}

func encode(t *testing.T, doc *document.Document) string {
	t.Helper()
	require.NotNil(t, doc)
	text, err := doc.JSON()
	require.NoError(t, err)
	return string(text)
}

// sparse is a document's JSON without what means "not said": empty objects, and the metadata.
func sparse(t *testing.T, doc *document.Document) string {
	t.Helper()
	text := encode(t, doc)
	for {
		shorter := text
		for _, cut := range []string{`"ignition":{"version":"3.7.0-experimental"}`, `"verification":{}`,
			`"contents":{}`, `"group":{}`, `"user":{}`, `"config":{}`, `"replace":{}`, `"proxy":{}`, `"security":{}`,
			`"tls":{}`, `"timeouts":{}`, `"kernelArguments":{}`, `"passwd":{}`, `"storage":{}`, `"systemd":{}`,
			`"cex":{}`, `"clevis":{}`, `"custom":{}`, `"keyFile":{}`} {
			shorter = strings.NewReplacer(","+cut, "", cut+",", "", cut, "").Replace(shorter)
		}
		if shorter == text {
			return text
		}
		text = shorter
	}
}

// docs/peer/spec.md §1.2.
func TestDecodingIsThatOfThePeer(t *testing.T) {
	for _, c := range []struct {
		claim, rest, want string
		problems          []string
	}{
		{"keys are compared without case where none is exact", `"Storage": {"FILES": [{"path": "/a"}]}`,
			`{"storage":{"files":[{"path":"/a"}]}}`, []string{"warning key-case $.Storage"}},
		{"below a key of the wrong case no keys are looked at", `"Storage": {"x": 1, "Files": [{"y": 2}]}`,
			`{"storage":{"files":[{"path":""}]}}`, []string{"warning key-case $.Storage"}},
		{"an exact key beside one of another case: objects accumulate", `"storage": {"files": [{"path": "/a"}]}, ` +
			`"Storage": {"links": [{"path": "/b"}]}`, `{"storage":{"files":[{"path":"/a"}],"links":[{"path":"/b"}]}}`,
			[]string{"warning key-case $.Storage", "error key-duplicate $.storage"}},
		{"keys of objects accumulate", `"storage": {"files": [{"path": "/a"}]}, "storage": {"links": [{"path": "/b"}]}`,
			`{"storage":{"files":[{"path":"/a"}],"links":[{"path":"/b"}]}}`, []string{"error key-duplicate $.storage"}},
		{"of lists that are there twice the last counts",
			`"storage": {"files": [{"path": "/a"}], "files": [{"path": "/b"}]}`,
			`{"storage":{"files":[{"path":"/b"}]}}`, []string{"error key-duplicate $.storage.files"}},
		{"of scalars that are there three times the last counts", `"passwd": {"users": ` +
			`[{"name": "a", "uid": 1, "name": "b", "name": "c"}]}`, `{"passwd":{"users":[{"name":"c","uid":1}]}}`,
			[]string{"error key-duplicate $.passwd.users.0.name", "error key-duplicate $.passwd.users.0.name"}},
		{"keys of inner objects accumulate over outer ones", `"storage": {"files": [{"path": "/a", "user": ` +
			`{"id": 1}, "user": {"name": "u"}}]}`, `{"storage":{"files":[{"path":"/a","user":{"id":1,"name":"u"}}]}}`,
			[]string{"error key-duplicate $.storage.files.0.user"}},
		{"a null between objects that accumulate",
			`"storage": {"files": [{"path": "/a"}]}, "storage": null`, `{"storage":{"files":[{"path":"/a"}]}}`,
			[]string{"error key-duplicate $.storage", "warning null-object $.storage"}},

		{"a null scalar is absent", `"storage": {"files": [{"path": "/a", "mode": null, "overwrite": null}]}`,
			`{"storage":{"files":[{"path":"/a"}]}}`, nil},
		{"a null key of an item is empty", `"passwd": {"users": [{"name": null}]}`,
			`{"passwd":{"users":[{"name":""}]}}`, nil},
		{"a null list is empty", `"storage": {"files": null}`, `{}`, nil},
		{"a null in a list of strings is the empty string", `"kernelArguments": {"shouldExist": ["a", null]}`,
			`{"kernelArguments":{"shouldExist":["a",""]}}`, nil},
		{"a null object is ignored and told", `"storage": null, "passwd": {"users": [{"name": "a"}]}`,
			`{"passwd":{"users":[{"name":"a"}]}}`, []string{"warning null-object $.storage"}},
		{"a null item is an empty one and told", `"storage": {"files": [null]}`, `{"storage":{"files":[{"path":""}]}}`,
			[]string{"warning null-object $.storage.files.0"}},

		{"a number may be negative", `"passwd": {"users": [{"name": "a", "uid": -5}]}`,
			`{"passwd":{"users":[{"name":"a","uid":-5}]}}`, nil},
		{"the largest number", `"passwd": {"users": [{"name": "a", "uid": 9223372036854775807}]}`,
			`{"passwd":{"users":[{"name":"a","uid":9223372036854775807}]}}`, nil},
		{"a number that is too large", `"passwd": {"users": [{"name": "a", "uid": 9223372036854775808}]}`,
			`{"passwd":{"users":[{"name":"a"}]}}`, []string{"error wrong-type $.passwd.users.0.uid"}},
		{"a fraction, even of zero", `"passwd": {"users": [{"name": "a", "uid": 420.0}]}`,
			`{"passwd":{"users":[{"name":"a"}]}}`, []string{"error wrong-type $.passwd.users.0.uid"}},
		{"an exponent", `"passwd": {"users": [{"name": "a", "uid": 1e2}]}`, `{"passwd":{"users":[{"name":"a"}]}}`,
			[]string{"error wrong-type $.passwd.users.0.uid"}},
		{"all wrong kinds are told at once",
			`"storage": {"files": {}, "links": [[]], "disks": [{"device": 1, "wipeTable": "yes"}]}, "passwd": []`,
			`{"storage":{"disks":[{"device":""}],"links":[{"path":""}]}}`, []string{"error wrong-type $.storage.files",
				"error wrong-type $.storage.links.0", "error wrong-type $.storage.disks.0.device",
				"error wrong-type $.storage.disks.0.wipeTable", "error wrong-type $.passwd"}},
		{"an item of a list of strings that is none", `"kernelArguments": {"shouldExist": [1, {}, "a"]}`, "", []string{
			"error wrong-type $.kernelArguments.shouldExist.0", "error wrong-type $.kernelArguments.shouldExist.1"}},

		{"unknown keys are ignored and told, in the order of the text", `"zz": 1, "storage": {"file": [], "": 2}`,
			`{}`, []string{"warning key-unknown $.zz", "warning key-unknown $.storage.file",
				"warning key-unknown $.storage."}},
		{"what an unknown key holds is not looked at", `"zz": {"a": {"b": null, "c": [{}]}}`, `{}`,
			[]string{"warning key-unknown $.zz"}},
		{"explicit empty objects and null lists say nothing",
			`"storage": {"files": null, "disks": []}, "passwd": {}, "systemd": {"units": null}`, `{}`, nil},
		{"bytes that are not UTF-8 are replaced", `"passwd": {"users": [{"name": "` + "a\xff" + `"}]}`,
			`{"passwd":{"users":[{"name":"a\ufffd"}]}}`, []string{"error not-utf8 $"}},
		{"escapes in keys are read", `"\u0073torage": {"files": [{"\u0070ath": "/a"}]}`,
			`{"storage":{"files":[{"path":"/a"}]}}`, nil},
	} {
		t.Run(c.claim, func(t *testing.T) {
			doc, problems := parse(config.V3_6, c.rest)
			if c.problems == nil {
				c.problems = []string{}
			}
			if diff := cmp.Diff(c.problems, told(problems)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if c.want != "" {
				assert.Equal(t, c.want, sparse(t, doc))
			}
		})
	}
}

func TestHintsSayWhatWasMeant(t *testing.T) {
	for _, c := range []struct{ claim, rest, message, hint string }{
		{"a mode in a string", `"storage": {"files": [{"path": "/a", "mode": "0644"}]}`,
			"a number is expected here, not a string", "write permission bits as a decimal number: 420"},
		{"a mode that is no octal number", `"storage": {"files": [{"path": "/a", "mode": "rw"}]}`,
			"a number is expected here, not a string", "420 is 0644"},
		{"another number in a string", `"passwd": {"users": [{"name": "a", "uid": "5"}]}`,
			"a number is expected here, not a string", "remove the quotes"},
		{"a boolean in a string", `"systemd": {"units": [{"name": "a.service", "enabled": "true"}]}`,
			"a boolean is expected here, not a string", "remove the quotes"},
		{"an item without its list", `"storage": {"files": {"path": "/a"}}`, "a list is expected here, not an object",
			"put it into brackets"},
		{"a fraction", `"passwd": {"users": [{"name": "a", "uid": 1.5}]}`, "an integer is expected here",
			"without a fraction"},
		{"more than 64 bits", `"passwd": {"users": [{"name": "a", "uid": 99999999999999999999}]}`,
			"the number does not fit into 64 bits", ""},
		{"a misspelt key", `"storage": {"flies": []}`, `the key "flies" is not known here; it is ignored`,
			`did you mean "files"?`},
		{"a singular", `"systemd": {"unit": []}`, `the key "unit" is not known here`, `did you mean "units"?`},
		{"a missing letter, in capitals", `"storage": {"FILESYSTEM": []}`, `the key "FILESYSTEM" is not known here`,
			`did you mean "filesystems"?`},
		{"swapped letters", `"passwd": {"users": [{"name": "a", "sehll": "/bin/sh"}]}`,
			`the key "sehll" is not known here`, `did you mean "shell"?`},
		{"a key that is like no other", `"systemd": {"networkd": []}`, `the key "networkd" is not known here`,
			"known keys are units"},
		{"a key that belongs one level down", `"storage": {"files": [{"path": "/a", "source": "data:,"}]}`,
			`the key "source" is not known here`, "source belongs below contents"},
		{"one that belongs two levels down", `"storage": {"files": [{"path": "/a", "hash": "x"}]}`,
			`the key "hash" is not known here`, "hash belongs below contents, verification"},
		{"one that belongs to an item", `"storage": {"disks": [{"device": "/a", "sizeMiB": 1}]}`,
			`the key "sizeMiB" is not known here`, "sizeMiB belongs below an item of partitions"},
		{"one that belongs to either of two", `"storage": {"files": [{"path": "/a", "name": "root"}]}`,
			`the key "name" is not known here`, "name belongs below group or user"},
		{"one that belongs down and is misspelt", `"storage": {"files": [{"path": "/a", "sourcce": "x"}]}`,
			`the key "sourcce" is not known here`, `did you mean "source"? it belongs below contents`},
		{"a list that belongs below a section", `"files": []`, `the key "files" is not known here`,
			"files belongs below storage"},
		{"the text of a document below contents", `"storage": {"files": [{"path": "/a", "local": "x"}]}`,
			`the key "local" is not known here`, `write "contents": {"source": "data:,…"}`},
		{"a key that a newer version has below", `"kernelArgs": {"shouldExist": []}`,
			`the key "kernelArgs" is not known here`, "kernelArguments"},
		{"a very long key", `"systemd": {"` + strings.Repeat("units", 20) + `": []}`, "is not known here",
			"known keys are units"},
		{"a key of another case", `"storage": {"Files": []}`, `the key "Files" differs from "files" in case`,
			`write "files"`},
		{"a key that is there twice", `"storage": {"files": [], "files": []}`,
			`the key "files" stands here for the second time; only this value counts`, "remove one of the two"},
	} {
		t.Run(c.claim, func(t *testing.T) {
			_, problems := parse(config.V3_6, c.rest)
			require.Len(t, problems, 1)
			assert.Contains(t, problems[0].Message, c.message)
			assert.Contains(t, problems[0].Hint, c.hint)
			if c.hint == "" {
				assert.Empty(t, problems[0].Hint)
			}
		})
	}
}

func TestKeysOfNewerVersionsAreIgnored(t *testing.T) {
	const luks = `"storage": {"luks": [{"name": "l", "device": "/dev/a", "discard": true, "cex": {"enabled": true}, ` +
		`"wipeVolum": 1}]}, "kernelArguments": {"shouldExist": ["a"]}`
	doc, problems := parse(config.V3_1, luks)
	assert.Equal(t, []string{"warning key-too-new $.storage.luks", "warning key-too-new $.kernelArguments"},
		told(problems), "what is below is not looked at")
	assert.Equal(t, `{}`, sparse(t, doc))

	doc, problems = parse(config.V3_3, luks)
	assert.Equal(t, []string{"warning key-too-new $.storage.luks.0.discard", "warning key-too-new $.storage.luks.0.cex",
		"warning key-unknown $.storage.luks.0.wipeVolum"}, told(problems))
	assert.Contains(t, problems[0].Message,
		`the key "discard" came with version 3.4.0; in a config of version 3.3.0 it is ignored`)
	assert.NotContains(t, encode(t, doc), "discard", "an ignored value does not come back with the newest version")

	_, problems = parse(config.V3_1, `"Kernelarguments": {}`)
	assert.Equal(t, []string{"warning key-unknown $.Kernelarguments"}, told(problems))
}

func TestWarningsOfOneObjectComeInTheOrderOfTheText(t *testing.T) {
	_, problems := parse(config.V3_6, `"systemd": {"b": 1}, "passwd": {"a": 1}, "x": 1`)
	assert.Equal(t, []string{"warning key-unknown $.systemd.b", "warning key-unknown $.passwd.a",
		"warning key-unknown $.x"}, told(problems))
}

// docs/peer/spec.md §1.1.
func TestVersionsAreDetected(t *testing.T) {
	for _, c := range []struct{ claim, text, want string }{
		{"the oldest", `{"ignition": {"version": "3.0.0"}}`, "3.0.0"},
		{"the newest", `{"ignition": {"version": "3.7.0-experimental"}}`, "3.7.0-experimental"},
		{"components are numbers", `{"ignition": {"version": "03.06.00"}}`, "3.6.0"},
		{"keys are compared without case", `{"Ignition": {"Version": "3.6.0"}}`, "3.6.0"},
		{"the last of several counts", `{"ignition": {"version": "2.0.0"}, "ignition": {"version": "3.1.0"}}`, "3.1.0"},
		{"an escape is read", `{"ignition": {"version": "3\u002e6.0"}}`, "3.6.0"},
		{"a wrong kind elsewhere does not matter here", `{"ignition": {"version": "3.6.0"}, "storage": 5}`, "3.6.0"},

		{"no bytes", ``, "empty"},
		{"nothing but space", " \n", "json-syntax"},
		{"no object", `[]`, "wrong-type"},
		{"a string", `"3.6.0"`, "wrong-type"},
		{"null", `null`, "version-missing"},
		{"an empty object", `{}`, "version-missing"},
		{"no version", `{"ignition": {}}`, "version-missing"},
		{"a null version", `{"ignition": {"version": null}}`, "version-missing"},
		{"an empty version", `{"ignition": {"version": ""}}`, "version-missing"},
		{"a null ignition", `{"ignition": null}`, "version-missing"},
		{"a version that is a number", `{"ignition": {"version": 3.6}}`, "wrong-type"},
		{"an ignition that is a list", `{"ignition": []}`, "wrong-type"},
		{"spec 1", `{"ignitionVersion": 1}`, "version-missing"},
		{"two components", `{"ignition": {"version": "3.6"}}`, "version-syntax"},
		{"space", `{"ignition": {"version": " 3.6.0"}}`, "version-syntax"},
		{"a letter before it", `{"ignition": {"version": "v3.6.0"}}`, "version-syntax"},
		{"a number beyond 64 bits", `{"ignition": {"version": "3.6.99999999999999999999"}}`, "version-syntax"},
		{"four components", `{"ignition": {"version": "3.6.0.0"}}`, "version-syntax"},
		{"a pre-release of odd letters", `{"ignition": {"version": "3.6.0-ä"}}`, "version-syntax"},
		{"build metadata", `{"ignition": {"version": "3.6.0+x"}}`, "version-unknown"},
		{"a patch", `{"ignition": {"version": "3.6.1"}}`, "version-unknown"},
		{"experimental without saying so", `{"ignition": {"version": "3.7.0"}}`, "version-unknown"},
		{"experimental no more", `{"ignition": {"version": "3.6.0-experimental"}}`, "version-unknown"},
		{"spec 2", `{"ignition": {"version": "2.3.0"}}`, "version-unknown"},
		{"the future", `{"ignition": {"version": "4.0.0"}}`, "version-unknown"},
	} {
		t.Run(c.claim, func(t *testing.T) {
			doc, problems := configs.Parse("x", []byte(c.text))
			if doc != nil {
				assert.Equal(t, c.want, doc.Version.String())
				return
			}
			require.Len(t, problems, 1, "nothing else can be said of such a text")
			assert.Equal(t, c.want, string(problems[0].Code))
			assert.Equal(t, diag.Error, problems[0].Severity)
			assert.NotNil(t, problems[0].Place.Doc)
		})
	}
}

// The numbers that are there are kept.
func TestHintsCompleteVersions(t *testing.T) {
	for text, hint := range map[string]string{
		`"3.4"`: "write three numbers: 3.4.0", `3.4`: `as in "3.4.0"`, `"3.9"`: "write three numbers: 3.6.0",
		`"1.5"`: "the version of a Butane document", `"3"`: "write three numbers: 3.6.0",
	} {
		_, problems := configs.Parse("x", []byte(`{"ignition": {"version": `+text+`}}`))
		require.Len(t, problems, 1)
		assert.Contains(t, problems[0].Hint, hint, text)
	}
}

func TestHintsAboutVersions(t *testing.T) {
	for version, hint := range map[string]string{
		"2.3.0": "must be rewritten for spec 3", "3.7.0": "still experimental: 3.7.0-experimental",
		"3.5.1": "write 3.5.0", "3.6.0+x": "write 3.6.0",
		"4.0.0": "versions 3.0.0 to 3.6.0 and 3.7.0-experimental are known", "3.8.0": "versions 3.0.0 to 3.6.0",
		"3.6":                    "write three numbers: 3.6.0",
		strings.Repeat("9", 100): "write three numbers",
	} {
		_, err := config.ParseVersion(version)
		var wrong *config.VersionError
		require.ErrorAs(t, err, &wrong, version)
		assert.Contains(t, wrong.Hint, hint, version)
		assert.Less(t, len(wrong.Message), 100, "a long version is cut")
	}
	_, problems := configs.Parse("x", []byte(`{"ignitionVersion": 1}`))
	assert.Contains(t, problems[0].Hint, "spec 1")
}

// docs/peer/spec.md §7.
func TestUpgradingKeepsTheMeaning(t *testing.T) {
	const nodes = `"storage": {"files": [{"path": "/a", "mode": 1023}, {"path": "/b", "mode": 420}, {"path": "/c"}], ` +
		`"directories": [{"path": "/d", "mode": 2541}]}`
	for v := config.V3_0; v <= config.Newest; v++ {
		doc, problems := parse(v, nodes)
		require.Empty(t, problems)
		assert.Equal(t, 1023, *doc.Config().Storage.Files[0].Mode, "its own version says what it says")
		c := doc.Upgrade().Config()
		assert.Equal(t, config.Newest, doc.Version)
		assert.Equal(t, config.Newest.String(), c.Ignition.Version)
		want := []int{1023, 2541}
		if v < config.V3_6 {
			want = []int{0o777, 2541 &^ 0o7000}
		}
		assert.Equal(t, want, []int{*c.Storage.Files[0].Mode, *c.Storage.Directories[0].Mode}, v)
		assert.Equal(t, 420, *c.Storage.Files[1].Mode)
		assert.Nil(t, c.Storage.Files[2].Mode)
	}
	for v := config.V3_0; v <= config.Newest; v++ {
		doc, _ := parse(v, `"storage": {"links": [{"path": "/a"}], "raid": [{"name": "r"}]}`)
		s := doc.Upgrade().Config().Storage
		if v < config.V3_3 {
			require.NotNil(t, s.Links[0].Target, "up to 3.2.0 what is not there is empty")
			assert.Equal(t, "", *s.Links[0].Target)
			assert.Equal(t, "", *s.Raid[0].Level)
		} else {
			assert.Nil(t, s.Links[0].Target)
			assert.Nil(t, s.Raid[0].Level)
		}
	}
	doc, _ := parse(config.V3_4, `"storage": {"luks": [{"name": "l", "device": "/a", `+
		`"clevis": {"tang": [{"url": "http://x", "thumbprint": "t", "advertisement": "{}"}]}}]}`)
	assert.Equal(t, "{}", *doc.Upgrade().Config().Storage.Luks[0].Clevis.Tang[0].Advertisement,
		"kept, unlike in the peer")
	assert.Equal(t, encode(t, doc), encode(t, doc.Upgrade()), "twice is once")
}

func TestDuplicatesAreFoundWhereTheyMeanTheSame(t *testing.T) {
	for _, c := range []struct {
		claim, rest string
		path, first string
	}{
		{"files", `"storage": {"files": [{"path": "/a"}, {"path": "/b"}, {"path": "/a"}]}`, "$.storage.files.2",
			"$.storage.files.0"},
		{"a file and a directory", `"storage": {"files": [{"path": "/b"}, {"path": "/a"}], ` +
			`"directories": [{"path": "/a"}]}`, "$.storage.files.1", "$.storage.directories.0"},
		{"a link and a file, behind empty lists", `"storage": {"directories": [], "files": ` +
			`[{"path": "/x"}, {"path": "/a"}], "links": [{"path": "/a"}]}`, "$.storage.links.0", "$.storage.files.1"},
		{"kernel arguments of both lists", `"kernelArguments": {"shouldExist": ["a", "b"], "shouldNotExist": ["b"]}`,
			"$.kernelArguments.shouldNotExist.0", "$.kernelArguments.shouldExist.1"},
		{"keys of a user", `"passwd": {"users": [{"name": "a", "sshAuthorizedKeys": ["k", "k"]}]}`,
			"$.passwd.users.0.sshAuthorizedKeys.1", "$.passwd.users.0.sshAuthorizedKeys.0"},
		{"users without a name", `"passwd": {"users": [{}, {}]}`, "$.passwd.users.1", "$.passwd.users.0"},
		{"partitions by number", `"storage": {"disks": [{"device": "/d", "partitions": [{"number": 1, "label": "a"}, ` +
			`{"number": 1, "label": "b"}]}]}`, "$.storage.disks.0.partitions.1", "$.storage.disks.0.partitions.0"},
		{"partitions by label", `"storage": {"disks": [{"device": "/d", "partitions": [{"label": "a"}, ` +
			`{"number": 0, "label": "a"}]}]}`, "$.storage.disks.0.partitions.1", "$.storage.disks.0.partitions.0"},
		{"open options", `"storage": {"luks": [{"name": "l", "openOptions": ["a", "a"]}]}`,
			"$.storage.luks.0.openOptions.1", "$.storage.luks.0.openOptions.0"},
		{"headers",
			`"storage": {"files": [{"path": "/a", "append": [{"httpHeaders": [{"name": "X"}, {"name": "X"}]}]}]}`,
			"$.storage.files.0.append.0.httpHeaders.1", "$.storage.files.0.append.0.httpHeaders.0"},
		{"a user twice where nothing means the same: case", `"passwd": {"users": [{"name": "a"}, {"name": "A"}]}`, "",
			""},
		{"a label and the same label with a number", `"storage": {"disks": ` +
			`[{"device": "/d", "partitions": [{"label": "a"}, {"number": 1, "label": "a"}]}]}`, "", ""},
		{"fragments", `"storage": {"files": [{"path": "/a", "append": [{"source": "data:,"}, {"source": "data:,"}]}]}`,
			"", ""},
		{"options", `"storage": {"raid": [{"name": "r", "options": ["-v", "-v"]}], "luks": [{"name": "l", "options": ` +
			`["-v", "-v"]}], "filesystems": [{"device": "/d", "options": ["-v", "-v"], "mountOptions": ["ro", "ro"]}]}`,
			"", ""},
		{"the same partition on two disks", `"storage": {"disks": [{"device": "/d", "partitions": [{"number": 1}]}, ` +
			`{"device": "/e", "partitions": [{"number": 1}]}]}`, "", ""},
	} {
		t.Run(c.claim, func(t *testing.T) {
			doc, _ := parse(config.V3_6, c.rest)
			problems := doc.Duplicates()
			if c.path == "" {
				assert.Empty(t, problems)
				return
			}
			require.Len(t, problems, 1)
			assert.Equal(t, "error duplicate "+c.path, told(problems)[0])
			require.Len(t, problems[0].Related, 1)
			assert.Equal(t, c.first, problems[0].Related[0].Path)
			assert.NotEqual(t, problems[0].Place, problems[0].Related[0].Place)
		})
	}
}

func TestWhatIsThereTwiceIsNamedButNoSecret(t *testing.T) {
	doc, _ := parse(config.V3_6, `"ignition": {"version": "3.6.0", "config": {"merge": [{"source": "http://u:sekrit@h/"}, {"source": "http://u:sekrit@h/"}]}},
		"passwd": {"users": [{"name": "core", "sshAuthorizedKeys": ["sekrit", "sekrit"]}, {"name": "core"}]}, "kernelArguments": {"shouldExist": ["sekrit"], "shouldNotExist": ["sekrit"]}`)
	problems := doc.Duplicates()
	require.Len(t, problems, 4)
	for _, p := range problems {
		assert.NotContains(t, p.Error()+p.Hint, "sekrit")
	}
	assert.Contains(t, []string{problems[0].Message, problems[1].Message, problems[2].Message, problems[3].Message},
		`name "core" is there twice in users`)
}

func TestAtFindsTheDeepestNodeOnTheWay(t *testing.T) {
	doc, _ := parse(config.V3_6, `"storage": {"files": [{"path": "/a"}, {"path": "/b", "user": {"id": 5}}]}`)
	index := map[string]string{
		"$": "{", "$.storage.files.1.path": `"/b"`, "$.storage.files.1.user.id": "5",
		"$.storage.files.1.user.name": `{"id": 5}`,
		"$.storage.files.7.path":      `[{"path": "/a"}`, "$.storage.links.0": `{"files"`,
		"$.storage.files.x":  `[{"path"`,
		"$.storage.files.-1": `[{"path"`,
	}
	for path, want := range index {
		place := doc.At(path, tree.Index{}).Place()
		assert.True(t, strings.HasPrefix(place.Doc.Text[place.Span.Start:], want), path)
	}
}
