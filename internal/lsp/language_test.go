package lsp_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type edit struct {
	Range   span
	NewText string
}

type item struct {
	Label, Detail, FilterText string
	Documentation             struct{ Value string }
	TextEdit                  edit
}

// offered opens a text with a cursor in it, and gives what may stand there.
func offered(t *testing.T, marked string) (items []item) {
	t.Helper()
	text, params := cursor(marked)
	c := connected(t)
	c.open(uri, text)
	return result[struct{ Items []item }](c, "textDocument/completion", params).Items
}

func labels(items []item) string {
	var all []string
	for _, i := range items {
		all = append(all, i.Label)
	}
	return strings.Join(all, " ")
}

func TestWhatMayStandAtAPlaceIsOffered(t *testing.T) {
	const config = `{"ignition": {"version": "3.1.0"}, `
	for _, c := range []struct{ claim, text, want string }{
		{"in an empty document, what says its language first", "|", "variant version boot_device grub ignition " +
			"kernel_arguments passwd storage systemd"},
		{"the variants", "variant: |", "fcos flatcar r4e fiot openshift"},
		{"the versions of the variant", "variant: fiot\nversion: |\n", "1.0.0 1.1.0-experimental"},
		{"versions where a word is", "version: 1|\nvariant: r4e\n", "1.1.0 1.0.0 1.2.0-experimental"},
		{"keys of an object that is new", good + "systemd:\n  |", "units"},
		{"keys that are not there yet, in an item, whatever follows",
			good + "storage:\n  links:\n    - path: /a\n      |\n      hard: yes\n    - target: b\n",
			"group overwrite user target"},
		{"keys by the first letters", good + "storage:\n  links:\n    - pa|\n      target: /b\n",
			"path group overwrite user hard"},
		{"keys in the middle of one", good + "storage:\n  fi|les: []\n",
			"directories disks files filesystems links luks raid trees"},
		{"items of a list", good + "passwd:\n  groups:\n    |", "name gid password_hash should_exist system"},
		{"items as far left as keys", good + "passwd:\n  groups:\n  - |", "name gid password_hash should_exist system"},
		{"keys in brackets", good + "passwd: {groups: [{name: a, |", "gid password_hash should_exist system"},
		{"values of a closed list", good + "storage:\n  filesystems:\n    - format: |",
			"ext4 btrfs xfs vfat swap none"},
		{"values in quotes", good + "storage:\n  filesystems:\n    - format: \"e|\"",
			"ext4 btrfs xfs vfat swap none"},
		{"truth values", good + "passwd: {users: [{system: |", "true false"},
		{"nothing in a block of text", good + "storage: {files: [{path: /a, contents: {inline: |a", ""},
		{"nothing where all is said", good + "storage:\n  files:\n    - path: /|a\n", ""},
		{"keys below a block of text",
			good + "systemd:\n  units:\n    - contents: >\n        [A]\n        a: b\n      |\n",
			"name dropins enabled mask contents_local"},
		{"only what the version knows", "variant: fcos\nversion: 1.0.0\nsystemd:\n  units:\n    - name: a\n      |",
			"contents dropins enabled mask"},
		{"not what the variant cannot have", "variant: openshift\nversion: 4.20.0\npasswd:\n  |", "users"},
		{"keys of configs in JSON", config + `"storage": {"|`, "directories disks files filesystems links raid"},
		{"keys in JSON between others", config + `"storage": {"files": [], |, "links": []}}`,
			"directories disks filesystems raid"},
		{"keys in JSON within quotes", config + `"storage": {"files": [{"pa|": "/a", "mode": 1}]}}`,
			"path group overwrite user append contents"},
		{"values in JSON", config + `"storage": {"filesystems": [{"format": "|"}]}}`, "ext4 btrfs xfs vfat swap"},
		{"versions in JSON", `{"ignition": {"version": |`,
			"3.6.0 3.5.0 3.4.0 3.3.0 3.2.0 3.1.0 3.0.0 3.7.0-experimental"},
		{"nothing behind a value", good + "storage:\n  links:\n    - path: /a |\n", ""},
		{"nothing behind a value in brackets", good + "storage: {links: [{path: /a |}]}", ""},
		{"nothing behind a bracket", good + "storage: {links: [{path: /a} |]}", ""},
		{"nothing in a comment", good + "# |", ""},
		{"nothing in front of JSON", "|{}", ""},
		{"nothing behind JSON", "{}\n|", ""},
		{"in a line of its own though a comma is missing", config + "\"passwd\": {\"groups\": []\n|\n}}", "users"},
		{"nothing in a list in JSON", config + `"passwd": {"groups": [|`, ""},
		{"a document in JSON", `{"variant": "fcos", "version": "1.6.0", "systemd": {|`, "units"},
	} {
		assert.Equal(t, c.want, labels(offered(t, c.text)), c.claim)
	}
}

func TestWhatIsOfferedCanBeWritten(t *testing.T) {
	for _, c := range []struct{ claim, text, label, want string }{
		{"a key of an object", good + "|", "storage", good + "storage:"},
		{"a key of a text", good + "systemd: {units: [{n|}]}", "name", good + "systemd: {units: [{name: }]}"},
		{"an item", good + "passwd:\n  users:\n    |", "name", good + "passwd:\n  users:\n    - name: "},
		{"an item after its dash", good + "passwd:\n  users:\n    - n|", "name",
			good + "passwd:\n  users:\n    - name: "},
		{"a key with its colon", good + "pass|: {}", "passwd", good + "passwd: {}"},
		{"a value", good + "passwd: {users: [{system:|", "true", good + "passwd: {users: [{system: true"},
		{"a key in JSON", `{"ignition": {|}}`, "version", `{"ignition": {"version": }}`},
		{"a key in JSON, begun", `{"ignition": {"ver|"}}`, "version", `{"ignition": {"version": }}`},
		{"a value in JSON", `{"ignition": {"version": "3|"}}`, "3.4.0", `{"ignition": {"version": "3.4.0"}}`},
		{"beyond the basic plane", good + "# 😀\nsystemd: {x: \"😀\", u|}", "units",
			good + "# 😀\nsystemd: {x: \"😀\", units: }"},
	} {
		text, _, _ := strings.Cut(c.text, "|")
		text += strings.SplitN(c.text, "|", 2)[1]
		at := strings.Index(c.text, "|")
		line := strings.Count(c.text[:at], "\n")
		before := c.text[strings.LastIndexByte(c.text[:at], '\n')+1 : at]
		cl := connected(t)
		cl.open(uri, text)
		column := len(before) - 2*strings.Count(before, "😀")
		items := result[struct{ Items []item }](cl, "textDocument/completion", fmt.Sprintf(`{"textDocument": {"uri": `+
			`"file:///w.bu"}, "position": {"line": %d, "character": %d}}`, line, column)).Items
		found := false
		for _, i := range items {
			if i.Label == c.label {
				found = true
				assert.Equal(t, c.want, written(text, i.TextEdit), c.claim)
			}
		}
		assert.True(t, found, c.claim)
	}
}

// written is a text with an edit made, in columns of UTF-16.
func written(text string, e edit) string {
	offset := func(line, column int) int {
		at := 0
		for range line {
			at += strings.IndexByte(text[at:], '\n') + 1
		}
		for _, r := range text[at:] {
			if column <= 0 {
				break
			}
			column--
			if r > 0xffff {
				column--
			}
			at += len(string(r))
		}
		return at
	}
	start, end := offset(e.Range.Start.Line, e.Range.Start.Character), offset(e.Range.End.Line, e.Range.End.Character)
	return text[:start] + e.NewText + text[end:]
}

func TestAKeyIsExplained(t *testing.T) {
	type hovered struct {
		Contents struct{ Value string }
		Range    span
	}
	for text, want := range map[string][]string{
		good + "storage:\n  files:\n    - pa|th: /a\n": {"`storage.files.*.path`: text", "Since fcos 1.0.0.",
			"https://github.com/glowplug-os/glowplug/blob/main/docs/config.md"},
		good + "storage: {disks: [{partitions: [{size_mib: |1}]}]}": {"sizeMiB", "number"},
		good + "storage: {filesystems: [{format: e|xt4}]}":          {"One of `ext4`, `btrfs`"},
		"varian|t: fcos\nversion: 1.6.0\n":                          {"One of `fcos`, `flatcar`"},
		"variant: fcos\nversio|n: 1.6.0\n":                          {"One of `1.7.0`, `1.6.0`"},
		good + "storage: {trees: [{lo|cal: a}]}":                    {"Only documents in YAML have it."},
		"variant: openshift\nversion: 4.8.0\npasswd: {groups: [{na|me": {
			"A document of openshift 4.8.0 cannot have it"},
		"variant: fcos\nversion: 1.0.0\nstorage: {luk|s: []}": {"It came with fcos 1.2.0",
			"set version to"},
		`{"ignition": {"version": "3.0.0"}, "storage": {"lu|ks": []}}`:            {"It came with version 3.2.0"},
		`{"ignition": {"version": "3.0.0"}, "passwd": {"users": [{"homeD|ir": [}`: {"In YAML it is `home_dir`."},
		good + "passwd: {users: [{name: a, groups: [wh|eel]}]}": {"`passwd.users.*.groups.*`: text",
			"groups"},
	} {
		marked, params := cursor(text)
		c := connected(t)
		c.open(uri, marked)
		got := result[hovered](c, "textDocument/hover", params)
		for _, words := range want {
			assert.Contains(t, got.Contents.Value, words, text)
		}
	}
	c := connected(t)
	other := "services:\n  storage: {}\n"
	c.open("file:///compose.yaml", other)
	about := `{"textDocument": {"uri": "file:///compose.yaml"}, "position": {"line": 1, "character": 3}}`
	assert.Equal(t, "null", string(c.ask("textDocument/hover", about).Result), "it is no config")
	assert.Equal(t, "null", string(c.ask("textDocument/completion", about).Result))
	for _, text := range []string{"|", "# variant|: a\n", good + "nothing|: a\n",
		good + "storage:\n  |\n", "{|", "}|"} {
		marked, params := cursor(text)
		c := connected(t)
		c.open(uri, marked)
		assert.Equal(t, "null", string(c.ask("textDocument/hover", params).Result), text)
	}
}

func TestProblemsAreThoseOfTheCheck(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.service"), []byte("[Unit]\nA=b\noops\n"), 0o600))
	c := connected(t, fmt.Sprintf(`{"files-dir": %q}`, dir))
	got := c.open(uri, good+`storage:
  files:
    - path: /a
    - path: /a # 😀
systemd:
  units:
    - name: a.service
      contents_local: a.service
    - {name: "😀", path: b}
`)
	require.Len(t, got.Diagnostics, 4)
	twice, unit, key := got.Diagnostics[0], got.Diagnostics[1], got.Diagnostics[2]
	assert.Equal(t, "duplicate", twice.Code)
	assert.Equal(t, 1, twice.Severity)
	assert.Equal(t, "https://github.com/glowplug-os/glowplug/blob/main/docs/problems.md#keys-and-values",
		twice.CodeDescription.Href)
	require.Len(t, twice.RelatedInformation, 1)
	assert.Equal(t, "it is first defined here", twice.RelatedInformation[0].Message)
	assert.Equal(t, uri, twice.RelatedInformation[0].Location.URI)
	assert.Equal(t, 4, twice.RelatedInformation[0].Location.Range.Start.Line)
	assert.Equal(t, "9:22-9:31", unit.Range.String(), "where the document names the file")
	require.Len(t, unit.RelatedInformation, 1)
	assert.Equal(t, "file://"+dir+"/a.service", unit.RelatedInformation[0].Location.URI)
	assert.Equal(t, "2:0-2:4", unit.RelatedInformation[0].Location.Range.String())
	assert.Equal(t, "10:13-10:17", key.Range.String(), "columns are those of UTF-16")

	_, params := cursor(strings.Repeat("\n", 9) + "                      |")
	places := result[[]struct {
		URI   string
		Range span
	}](c, "textDocument/definition", params)
	require.Len(t, places, 1)
	assert.Equal(t, "file://"+dir+"/a.service", places[0].URI)
	assert.Equal(t, "2:0-2:4", places[0].Range.String(), "it is the line of the file")
}

func TestANoteLeadsToItsPlace(t *testing.T) {
	text, params := cursor(good + "storage:\n  files:\n    - path: /a\n    - pa|th: /a\n")
	c := connected(t)
	c.open(uri, text)
	places := result[[]struct {
		URI   string
		Range span
	}](c, "textDocument/definition", params)
	require.Len(t, places, 1)
	assert.Equal(t, 4, places[0].Range.Start.Line)
}

func TestAnAliasLeadsToItsAnchor(t *testing.T) {
	text, params := cursor(good + "storage:\n  files:\n    - &ab {path: /b}\n    - &a {path: /a}\n" +
		"    - &abc {path: /c}\n    - <<: *|a\n")
	c := connected(t)
	c.open(uri, text)
	places := result[[]struct {
		URI   string
		Range span
	}](c, "textDocument/definition", params)
	require.NotEmpty(t, places)
	assert.Equal(t, uri, places[0].URI)
	assert.Equal(t, "5:6-5:8", places[0].Range.String())
}

type action struct {
	Title, Kind string
	IsPreferred bool
	Diagnostics []diagnostic
	Edit        struct{ Changes map[string][]edit }
}

func actions(c *client, line int, only string) []action {
	return result[[]action](c, "textDocument/codeAction", fmt.Sprintf(`{"textDocument": {"uri": %q}, "range": `+
		`{"start": {"line": %d, "character": 0}, "end": {"line": %d, "character": 99}}, "context": {%s}}`,
		uri, line, line, only))
}

func TestFixesAreOffered(t *testing.T) {
	const text = good + "storage:\n  files:\n    - {path: a, mdoe: 0644}\n    - {path: /b, mdoe: 0644}\n"
	c := connected(t)
	c.open(uri, text)
	all := actions(c, 4, "")
	require.Len(t, all, 2)
	for i, want := range []action{{Title: "Write mode", Kind: "quickfix"},
		{Title: "Put right all that is certain", Kind: "source.fixAll"}} {
		assert.Equal(t, want.Title, all[i].Title)
		assert.Equal(t, want.Kind, all[i].Kind)
	}
	assert.Equal(t, strings.Replace(text, "mdoe", "mode", 1), written(text, all[0].Edit.Changes[uri][0]))
	require.Len(t, all[0].Diagnostics, 1)
	assert.Equal(t, "key-unknown", all[0].Diagnostics[0].Code)

	assert.Empty(t, actions(c, 0, ""))
	assert.Len(t, actions(c, 4, `"only": ["quickfix"]`), 1)
	everything := actions(c, 0, `"only": ["source.fixAll"]`)
	require.Len(t, everything, 1)
	assert.Equal(t, strings.ReplaceAll(text, "mdoe", "mode"), written(text, everything[0].Edit.Changes[uri][0]))
	assert.Empty(t, actions(c, 4, `"only": ["refactor"]`))
}

func TestTheTitleOfAFixHasNoSecret(t *testing.T) {
	const text = `{"ignition": {"version": "3.6.0"}, "storage": {"files": [{"path": "/a", "contents": ` +
		`{"source": "data:,my secret"}}]}}`
	c := connected(t, `{"lint": "none"}`)
	c.open(uri, text)
	all := actions(c, 0, `"only": ["quickfix"]`)
	require.Len(t, all, 1)
	assert.Equal(t, "Put right what may be a secret", all[0].Title)
	assert.Equal(t, strings.Replace(text, "my secret", "my%20secret", 1), written(text, all[0].Edit.Changes[uri][0]))
}

func TestObjectsAndListsAreListed(t *testing.T) {
	type symbol struct {
		Name     string
		Children []symbol
	}
	var shown func(all []symbol) string
	shown = func(all []symbol) (text string) {
		for _, s := range all {
			text += s.Name + "(" + shown(s.Children) + ")"
		}
		return text
	}
	c := connected(t)
	for text, want := range map[string]string{
		good + "storage:\n  files:\n    - path: /a\n      mode: 1\n    - path: /b\n": "storage(files(/a()/b()))",
		`{"passwd": {"users": [{"name": "a", "groups": ["b"]}`:                       "passwd(users(a(groups())))",
		`{"a": [{"source": "https://me:pw@a.example/x?token=s", "b": []}, {"passwordHash": "s", "b": []}, {"c": "s", ` +
			`"b": []}, {"name": "X-Token: s", "b": []}]}`: "a(https://…@a.example/x?token=…()[redacted]()" +
			"[redacted]()X-Token:…())",
		// what has a colon need not be a URL
		`{"a": [{"passwordHash": "s/s:s", "b": []}, {"value": "Basic s/s:s", "b": []}, {"c": "s/s:s", "b": []}, ` +
			`{"name": "X/Token: s", "b": []}, {"path": "/a:b", "b": []}]}`: "a([redacted]()[redacted]()" +
			"[redacted]()X/Token:…()/a:b())",
		"": "", strings.Repeat("[", 100_000): "", "{" + strings.Repeat(`"a": {`, 100_000): strings.Repeat("a(", 15) +
			strings.Repeat(")", 15),
	} {
		c.open(uri, text)
		got := result[[]symbol](c, "textDocument/documentSymbol", `{"textDocument": {"uri": "file:///w.bu"}}`)
		if len(want) > 100 || len(text) < 1000 {
			assert.Equal(t, want, shown(got), "%.80s", text)
		}
	}
}

func TestOfAVeryLargeTextTheProblemsAreTold(t *testing.T) {
	const config = `{"ignition": {"version": "3.6.0"}, "a": 1, "passwd": {}}`
	text, params := cursor("|" + config + strings.Repeat(" ", 17<<20))
	c := connected(t)
	assert.Len(t, c.open(uri, text).Diagnostics, 1)
	for _, method := range []string{"hover", "completion", "documentSymbol"} {
		assert.Equal(t, "null", string(c.ask("textDocument/"+method, params).Result))
	}
	assert.Equal(t, "[]", string(c.ask("textDocument/definition", params).Result))
}
