package advice_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/advice"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// advised reads a text, and gives what a person is told of it: of members of a config, or of a Butane document.
func advised(text string) []diag.Problem {
	switch {
	case strings.HasPrefix(text, "variant"), strings.HasPrefix(text, "{"):
	case strings.HasPrefix(text, `"`):
		text = `{"ignition": {"version": "3.6.0"}, ` + text + "}"
	default:
		text = "variant: fcos\nversion: 1.7.0\n" + text + "\n"
	}
	problems := load.Read(tree.NewArena(), "x", text).Problems
	advice.Give(problems)
	return diag.For(diag.Workstation, problems)
}

// An adviceCase is a text, a part of the hint of its first problem, and what is safe to write there, "" for nothing.
type adviceCase struct{ claim, text, hint, fix string }

func (c adviceCase) check(t *testing.T) {
	t.Run(c.claim, func(t *testing.T) {
		told := advised(c.text)
		require.NotEmpty(t, told)
		assert.Contains(t, told[0].Hint, c.hint)
		if c.fix == "" {
			assert.Nil(t, told[0].Fix)
			return
		}
		require.NotNil(t, told[0].Fix)
		assert.True(t, told[0].Fix.Safe)
		assert.Equal(t, c.fix, told[0].Fix.Text())
	})
}

func TestInsteadOfAValueOfAnotherKind(t *testing.T) {
	for _, c := range []adviceCase{
		{"octal digits with a zero in front are octal (mode)", `"storage": {"files": [{"mode": "0644"}]}`,
			"write permission bits as a decimal number: 420", "420"},
		{"as they are where octal can be written (mode)", "storage:\n  files:\n    - mode: \"0644\"",
			"remove the quotes", "0644"},
		{"neither octal nor decimal (mode)", `"storage": {"files": [{"mode": "0888"}]}`,
			"write permission bits as a decimal number: 420 is 0644, 493 is 0755", ""},
		{"nor in YAML (mode)", "storage:\n  files:\n    - mode: \"0899\"",
			"write permission bits in octal digits, as 0644", ""},
		{"a number with a zero in front, which YAML would read as octal (id)",
			"storage:\n  files:\n    - user: {id: \"0123\"}",
			"write 123: without quotes, a zero in front makes the number an octal one", ""},
		{"digits without a zero may be either (mode)", `"storage": {"files": [{"mode": "420"}]}`,
			"write 272 if it is octal, 420 if it is decimal, which is 0644", ""},
		{"whichever is likelier (mode)", `"storage": {"directories": [{"mode": "511"}]}`,
			"write 329 if it is octal, 511 if it is decimal, which is 0777", ""},
		{"in YAML too (mode)", "storage:\n  files:\n    - mode: '420'",
			"write 0420 if it is octal, 420 if it is decimal, which is 0644", ""},
		{"a document in JSON has no octal numbers (mode)", `{"variant": "fcos", "version": "1.7.0", "storage": ` +
			`{"directories": [{"path": "/a", "mode": 1770}]}}`, "write 1016, which is 01770", "1016"},
		{"nor in the modes of trees", `{"variant": "fcos", "version": "1.7.0", "storage": {"trees": [{"local": "a", ` +
			`"dir_mode": 750}]}}`, "write 488, which is 0750", "488"},
		{"nor in those that are in doubt (mode)", `{"variant": "fcos", "version": "1.7.0", "storage": {"files": ` +
			`[{"path": "/a", "mode": 644.5}]}}`, "420 is 0644", ""},
		{"a mode with special bits in YAML", "storage:\n  files:\n    - {path: /a, mode: 1755}", "write 01755",
			"01755"},
		{"one of a tree in YAML", "storage:\n  trees:\n    - {local: a, dir_mode: 755}", "write 0755", "0755"},
		{"words in the place of a section", `"kernelArguments": ["quiet"]`, `write {"shouldExist": […]}`, ""},
		{"one word", `"kernelArguments": "quiet"`, `write {"shouldExist": […]}`, ""},
		{"in a document", "kernel_arguments: [quiet]", "write {should_exist: […]}", ""},
		{"units in the place of their section", `"systemd": [{"name": "a.service"}]`, `write {"units": […]}`, ""},
		{"what several lists of a section can hold", `"storage": [{"path": "/a"}]`,
			"write {…}, with one of directories, disks, files,", ""},
		{"nothing in the place of a section", `"storage": ""`, "write {…}, or leave the key out", ""},
		{"an object in a list", `"storage": {"files": [{"contents": [{"source": "data:,"}]}]}`,
			"write it without the brackets: there is one only", ""},
		{"an object behind a dash", "storage:\n  files:\n    - contents:\n        - inline: a",
			"without the brackets or the dash", ""},
		{"a version in the place of its object", `{"ignition": "3.4.0"}`, `write {"version": "3.4.0"}`, ""},
		{"a version in a list", `{"ignition": {"version": ["3.4.0"]}}`, `write "3.4.0", without brackets`, ""},
		{"a dash without a blank", "storage:\n  files:\n    -path: /a", "put a blank behind the dash, as in - path: …",
			""},
		{"headers by their names", `"storage": {"files": [{"contents": {"source": "http://a/b", "httpHeaders": ` +
			`{"Authorization": "x"}}}]}`, `[{"name": "Authorization", "value": …}]`, ""},
		{"files by their paths", `"storage": {"files": {"/etc/x": {"mode": 420}}}`, `[{"path": "/etc/x", …}]`, ""},
		{"a secret by its path", `"storage": {"files": {"hunter2Hunter2": {}}}`, `[{"path": "…", …}]`, ""},
		{"8 and 9 are decimal (mode)", `"storage": {"files": [{"mode": "493"}]}`,
			"write 493, which is 0755", "493"},
		{"too large a decimal number is octal (mode)", "storage:\n  files:\n    - mode: \"7777\"",
			"write 07777", "07777"},
		{"one digit is the same either way (mode)", `"storage": {"files": [{"mode": "0"}]}`,
			"write permission bits as a decimal number: 0", "0"},
		{"other notations of modes (mode)", "storage:\n  files:\n    - mode: u=rw",
			"write permission bits in octal digits, as 0644", ""},
		{"in JSON (mode)", `"storage": {"files": [{"mode": "u=rw"}]}`,
			"write permission bits as a decimal number: 420 is 0644, 493 is 0755", ""},
		{"a number in quotes (uid)", `"passwd": {"users": [{"uid": "1500"}]}`,
			"remove the quotes", "1500"},
		{"zeros in front are no number of JSON (uid)", `"passwd": {"users": [{"uid": "0150"}]}`,
			"write 150", ""},
		{"a time with its unit (httpTotal)", `"ignition": {"timeouts": {"httpTotal": "30s"}}`,
			"write 30; it counts seconds", ""},
		{"of minutes (http_total)", "ignition:\n  timeouts:\n    http_total: 2m",
			"write 120; it counts seconds", ""},
		{"a size with its unit (size_mib)", "storage:\n  disks:\n    - partitions:\n        - size_mib: 10G",
			"write 10240; it counts MiB", ""},
		{"in mebibytes (sizeMiB)", `"storage": {"disks": [{"partitions": [{"sizeMiB": "512 MiB"}]}]}`,
			"write 512; it counts MiB", ""},
		{"of no unit that is known (start_mib)", "storage:\n  disks:\n    - partitions:\n        - start_mib: 1%",
			"write a whole number of MiB", ""},
		{"a name in the place of an id (id)", "storage:\n  files:\n    - user:\n        id: 'root'",
			"write name: root in place of id", ""},
		{"in JSON (id)", `"storage": {"files": [{"group": {"id": "wheel"}}]}`,
			`write "name": "wheel" in place of id`, ""},
		{"a name in the place of a number (uid)", "passwd:\n  users:\n    - uid: root",
			"write a whole number", ""},
		{"a word for true (enabled)", `"systemd": {"units": [{"enabled": "yes"}]}`,
			"write true", "true"},
		{"of any case (enabled)", `"systemd": {"units": [{"enabled": "TRUE"}]}`,
			"write true", "true"},
		{"a word for false (hard)", `"storage": {"links": [{"hard": "no"}]}`,
			"write false", "false"},
		{"the word itself (enabled)", `"systemd": {"units": [{"enabled": "true"}]}`,
			"remove the quotes", "true"},
		{"a number for true (enabled)", "systemd:\n  units:\n    - enabled: 1",
			"write true", "true"},
		{"neither (enabled)", "systemd:\n  units:\n    - enabled: perhaps",
			"write true or false", ""},
		{"append of spec 2 (append)", `"storage": {"files": [{"append": true}]}`,
			`append is the list of what is added: move the contents there, as "append": [{"source": …}]`, ""},
		{"in a document (append)", "storage:\n  files:\n    - append: true",
			"append is the list of what is added: move the contents there, as append: [{inline: …}]", ""},
		{"a word in the place of a list (groups)", "passwd:\n  users:\n    - groups: wheel",
			"put it into brackets: [wheel]", ""},
		{"several words (groups)", `"passwd": {"users": [{"groups": "wheel,docker"}]}`,
			`put it into brackets: ["wheel", "docker"]`, ""},
		{"a device (devices)", "storage:\n  raid:\n    - devices: /dev/vdb",
			"put it into brackets: [/dev/vdb]", ""},
		{"what may be a secret is not shown (should_exist)", "kernel_arguments:\n  should_exist: quiet",
			"put it into brackets: […]", ""},
		{"a path in the place of a list of files (files)", "storage:\n  files: /etc/motd",
			"write [{path: …}]", ""},
		{"a file in the place of a list of files (files)", `"storage": {"files": {"path": "/a"}}`,
			"put it into brackets: [{…}]", ""},
		{"in a block (files)", "storage:\n  files:\n    path: /a",
			"write it as an item: put a dash in front of its first line, or all of it into brackets", ""},
		{"names in the place of keys (users)", "passwd:\n  users:\n    core:\n      uid: 1",
			"write a list, with the name in each of its items: [{name: core, …}]", ""},
		{"text in the place of contents (contents)", `"storage": {"files": [{"contents": "hello"}]}`,
			`write {"source": "data:,…"}, with the text escaped as in a URL`, ""},
		{"in a document (contents)", "storage:\n  files:\n    - contents: hello",
			"write {inline: …}", ""},
		{"the name of an owner (user)", "storage:\n  files:\n    - user: root",
			"write {name: …}", ""},
		{"the number of an owner (user)", `"storage": {"files": [{"user": 0}]}`,
			`write {"id": …}`, ""},
		{"a list of one (contents)", "storage:\n  files:\n    - contents:\n        - inline: hello",
			"write it without the brackets or the dash: there is one only", ""},
		{"a number in the place of text (level)", `"storage": {"raid": [{"level": 1}]}`,
			"put it into quotes", ""},
		{"an object in the place of text (contents)", "systemd:\n  units:\n    - contents:\n        inline: hello",
			"write the text itself", ""},
		{"a document in JSON takes decimal modes", `{"variant": "fcos", "version": "1.7.0", "storage": {"files": [` +
			`{"path": "/a", "mode": "0644"}]}}`, "write permission bits as a decimal number: 420", "420"},
	} {
		c.check(t)
	}
}

func TestKeyThatSaysTheOpposite(t *testing.T) {
	for _, c := range []adviceCase{
		{"what is written without its no", `"passwd": {"users": [{"name": "a", "createHome": false}]}`,
			`"noCreateHome" says the opposite; write "noCreateHome": true`, ""},
		{"in a document", "passwd:\n  users:\n    - name: a\n      create_home: false",
			"no_create_home says the opposite; write no_create_home: true", ""},
		{"with yes and no", "passwd:\n  users:\n    - name: a\n      user_group: no",
			"no_user_group says the opposite; write no_user_group: true", ""},
		{"where it would be so anyway", `"passwd": {"users": [{"name": "a", "logInit": true}]}`,
			`"noLogInit" says the opposite; write "noLogInit": false`, ""},
		{"misspelt", "passwd:\n  users:\n    - name: a\n      creat_home: false",
			"no_create_home says the opposite; write no_create_home: true", ""},
		{"with a not that the key has not", `"passwd": {"users": [{"name": "a", "shouldNotExist": true}]}`,
			`"shouldExist" says the opposite; write "shouldExist": false`, ""},
		{"with another word", "systemd:\n  units:\n    - name: a.service\n      disabled: true",
			"enabled says the opposite; write enabled: false", ""},
		{"with one that begins so", `"storage": {"files": [{"path": "/a", "nooverwrite": true}]}`,
			`"overwrite" says the opposite; write "overwrite": false`, ""},
		{"with no truth value", "passwd:\n  users:\n    - name: a\n      create_home: maybe",
			"no_create_home says the opposite; write that", ""},
		{"the same in other letters", "passwd:\n  users:\n    - name: a\n      nocreatehome: true",
			`did you mean "no_create_home"?`, "no_create_home"},
		{"a misspelt no", "passwd:\n  users:\n    - name: a\n      no_creat_home: true",
			`did you mean "no_create_home"?`, "no_create_home"},
		{"one letter is missing at the end", "storage:\n  files:\n    - path: /a\n      content: {}",
			`did you mean "contents"?`, "contents"},
		{"one letter too many at the end", "storage:\n  files:\n    - path: /a\n      modes: 420",
			`did you mean "mode"?`, "mode"},
		{"the unit is missing",
			"storage:\n  disks:\n    - device: /dev/a\n      partitions:\n        - number: 1\n          size: 5",
			`did you mean "size_mib"?`, ""},
	} {
		c.check(t)
	}
}

func TestPlacesAreThoseOfWhatIsToBeChanged(t *testing.T) {
	for _, c := range []struct{ claim, text, place, hint string }{
		{"the comma, not the bracket", "{\"ignition\": {\"version\": \"3.6.0\"},\n}", "x:1:34", "remove this comma"},
		{"of a list", "{\"a\": [\n1,\n ]}", "x:2:2", "remove this comma"},
		{"all digits", `{"storage": {"files": [{"mode": 0644}]}}`, "x:1:33", "0644 are written 420"},
	} {
		told := advised(c.text)
		require.Len(t, told, 1, c.claim)
		assert.Equal(t, c.place, told[0].Place.String(), c.claim)
		assert.Contains(t, told[0].Hint, c.hint, c.claim)
	}
}

func TestKeysOfAnotherCaseAreNamedWithThoseBelow(t *testing.T) {
	for _, c := range []adviceCase{
		{"one below", `{"Ignition": {"Version": "3.6.0"}}`, `write "ignition", and below it "version"`, `"ignition"`},
		{"those of items", `"Storage": {"Files": [{"Path": "/a"}, {"Path": "/b"}]}`,
			`write "storage", and below it "files", "path"`, `"storage"`},
		{"none below", `"Storage": {"files": []}`, `write "storage"`, `"storage"`},
	} {
		c.check(t)
	}
}
