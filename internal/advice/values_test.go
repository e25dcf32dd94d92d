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

func TestWhatWasMeantByAValue(t *testing.T) {
	disk := func(name string) string { return `"storage": {"disks": [{"device": "` + name + `"}]}` }
	file := func(path string) string { return `"storage": {"files": [{"path": "` + path + `"}]}` }
	level := func(name string) string {
		return `"storage": {"raid": [{"name": "r", "devices": ["/dev/a", "/dev/b"], "level": "` + name + `"}]}`
	}
	format := func(name string) string {
		return "storage:\n  filesystems:\n    - device: /dev/a\n      format: " + name
	}
	for _, c := range []adviceCase{
		{"the name of a disk", disk("sda"), `write "/dev/sda"`, ""},
		{"in a document", "storage: {disks: [{device: vda}]}", `write "/dev/vda"`, ""},
		{"the name of a link to one", disk("disk/by-label/x"), `write "/dev/disk/by-label/x"`, ""},
		{"a tag of one", disk("LABEL=root"), `write "/dev/disk/by-label/root"`, ""},
		{"a device of an array", `"storage": {"raid": [{"name": "r", "level": "raid1", "devices": ["/dev/a", "vdb"]}]}`,
			`write "/dev/vdb"`, ""},
		{"a path from the root on", disk("dev/vda"), "start it with /", `"/dev/vda"`},
		{"blanks around a path", file(" /etc/q"), "take off the blanks", `"/etc/q"`},
		{"a home", file("~/x"), "write the path of the home", ""},
		{"a variable", file("$HOME/x"), "variables are not filled in", ""},
		{"another system's path", file(`C:\\foo`), "write a path of the machine", ""},
		{"curly quotes", file("“/etc/q/”"), "take off the quotes that are part of it: /etc/q", `"/etc/q"`},
		{"a template", file("{{ path }}"), "a template has to be filled in", ""},
		{"a path from where somebody stands", file("./x"), "such as /x", ""},
		{"a tag that is too new to be one", `{"ignition": {"version": "3.4.0"}, "storage": {"filesystems": ` +
			`[{"device": "tag", "format": "virtiofs"}]}}`, "3.7.0-experimental", ""},
		{"a digest with a colon", `"storage": {"files": [{"path": "/a", "contents": {"source": "data:,", ` +
			`"verification": {"hash": "sha256:` + strings.Repeat("0", 64) + `"}}}]}`, "write sha256- in front",
			`"sha256-` + strings.Repeat("0", 64) + `"`},
		{"a byte of a data: URL", `"storage": {"files": [{"path": "/a", "contents": {"source": "data:,a{b"}}]}`,
			"byte 2 behind the comma: write %7B", `"data:,a%7Bb"`},
		{"a key of another section", `"storage": {"units": []}`, "units belongs below systemd", ""},
		{"a section in another one", `"storage": {"passwd": {}}`, "passwd belongs at the top, not below storage", ""},
		{"a key that is like none", `"storage": {"files": [{"path": "/a", "data": "x"}]}`, "known keys are", ""},
		{"a short one at the top", `"null": 1`, "known keys are", ""},
		{"a key of which there is the opposite only, with more than a truth value",
			"passwd: {users: [{name: a, create: {}}]}", "known keys are", ""},
		{"a file", file("etc/motd"), "start it with /", `"/etc/motd"`},
		{"a word", file("motd"), "start it with /", ""},

		{"a level in capitals", level("RAID1"), "write raid1; what there is: linear, raid0", `"raid1"`},
		{"a level with a dash", level("raid-1"), "write raid1;", `"raid1"`},
		{"a misspelt level", level("rad6"), "write raid6;", ""},
		{"no level at all", level("none"), "levels are", ""},
		{"a format in capitals", format("XFS"), "write xfs; what there is: ext4", "xfs"},
		{"another name of a format", format("fat32"), "write vfat;", ""},
		{"another format", format("zfs"), "formats are", ""},
		{"a format that is too new", format("virtiofs"), "1.8.0-experimental", ""},
		{"a compression in capitals", `"storage": {"files": [{"path": "/a", "contents": {"source": "data:,", ` +
			`"compression": "GZIP"}}]}`, "write gzip;", `"gzip"`},
		{"a scheme", `"storage": {"files": [{"path": "/a", "contents": {"source": "htps://a/b"}}]}`,
			"write https: in front; sources begin with http", ""},
		{"a name in the place of a scheme", `"storage": {"files": [{"path": "/a", "contents": {"source": "htp:a"}}]}`,
			"a source starts with", ""},

		{"a misspelt kind of unit", `"systemd": {"units": [{"name": "c.servcie"}]}`, "write .service, if", ""},
		{"a kind in capitals", `"systemd": {"units": [{"name": "c.SERVICE"}]}`, "in lower case", `"c.service"`},
		{"a drop-in without a kind", `"systemd": {"units": [{"name": "a.service", "dropins": [{"name": "override"}]}]}`,
			"write override.conf;", `"override.conf"`},
		{"a drop-in in capitals", "systemd: {units: [{name: a.service, dropins: [{name: a.CONF}]}]}", "write a.conf;",
			"a.conf"},
		{"another file", `"systemd": {"units": [{"name": "a.service", "dropins": [{"name": "a.bak"}]}]}`,
			"end in .conf only", ""},
	} {
		c.check(t)
	}
}

func TestWhichVersionWasMeant(t *testing.T) {
	for _, c := range []adviceCase{
		{"a v in front", `{"ignition": {"version": "v3.4.0"}}`, "write three numbers: 3.4.0", `"3.4.0"`},
		{"a blank behind", `{"ignition": {"version": "3.4.0 "}}`, "write three numbers: 3.4.0", `"3.4.0"`},
		{"two numbers", `{"ignition": {"version": "3.1"}}`, "write three numbers: 3.1.0", `"3.1.0"`},
		{"a letter in the place of a number", `{"ignition": {"version": "3.4.x"}}`, "write three numbers: 3.4.0", ""},
		{"two numbers of an experimental one", `{"ignition": {"version": "3.7"}}`,
			"this version is still experimental: 3.7.0-experimental", ""},
		{"an experimental one without the word", `{"ignition": {"version": "3.7.0"}}`,
			"this version is still experimental: 3.7.0-experimental", ""},
		{"with another word", `{"ignition": {"version": "3.7.0-dev"}}`,
			"this version is still experimental: 3.7.0-experimental", ""},
		{"a stable one with a word", `{"ignition": {"version": "3.4.0-experimental"}}`, "write 3.4.0", ""},
		{"a letter in that of a document", "variant: fcos\nversion: 1.5.x\n", "write three numbers: 1.5.0", ""},
		{"an experimental one of a document", "variant: fcos\nversion: 1.8.0\n",
			"this version is still experimental: 1.8.0-experimental", ""},
		{"a number", `{"ignition": {"version": 3.4}}`, "write three numbers in quotes", `"3.4.0"`},
		{"none of a version", `{"ignition": {"version": "latest"}}`, "write three numbers: 3.6.0", ""},
		{"a version of documents", `{"ignition": {"version": "1.5.0"}}`,
			"1.5.0 is a version of Butane documents; fcos 1.5.0 makes configs of version 3.4.0", ""},
		{"one of spec 2", `{"ignition": {"version": "2.3.0"}}`, "must be rewritten for spec 3", ""},
		{"beside ignition", `{"version": "3.4.0", "storage": {}}`,
			`below ignition: "ignition": {"version": "3.4.0"}`, ""},
		{"a v in front, in a document", "variant: fcos\nversion: v1.5.0\n", "write three numbers: 1.5.0", "1.5.0"},
		{"a version of configs in a document", "variant: fcos\nversion: 3.4.0\n",
			"3.4.0 is a version of configs; fcos 1.5.0 makes configs of version 3.4.0", ""},
		{"of another variant", "variant: flatcar\nversion: 3.2.0\n",
			"flatcar 1.0.0 makes configs of version 3.3.0", ""},
		{"another name of a variant", "variant: coreos\nversion: 1.5.0\n", "write fcos; the variants are", ""},
		{"a misspelt variant", "variant: flatcr\nversion: 1.0.0\n", "write flatcar;", ""},
		{"a variant that is not there any more", "variant: rhcos\nversion: 0.1.0\n", "openshift took its place", ""},
	} {
		c.check(t)
	}
}

func TestWhatIsNoJSONIsShownFromItsStart(t *testing.T) {
	problems := load.Read(tree.NewArena(), "x", "\n- a: 1\n").Problems
	advice.Give(problems)
	require.Len(t, problems, 1)
	assert.Equal(t, diag.Span{Start: 1, End: 2}, problems[0].Place.Span)
}

func TestTheFirstIsThatOfTheText(t *testing.T) {
	for lists, want := range map[string]string{
		`"directories": [{"path": "/a"}], "files": [{"path": "/a"}]`: "it is first defined here",
		`"files": [{"path": "/a"}], "directories": [{"path": "/a"}]`: "it is defined here too",
	} {
		told := advised(`"storage": {` + lists + `}`)
		require.Len(t, told, 1)
		assert.Equal(t, want, told[0].Related[0].Message)
	}
	told := advised("storage:\n  files: [{path: /a}]\n  directories: [{path: /a}]")
	assert.Equal(t, "it is defined here too", told[0].Related[0].Message)
}
