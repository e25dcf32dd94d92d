package rules_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/tests/configs"
)

func TestHintsSayWhatCanBeWritten(t *testing.T) {
	unit := func(name string) string { return "3.6.0 systemd units: [{" + name + "}]" }
	for _, c := range []struct{ claim, config, message, hint string }{
		{"no path", "3.6.0 storage files: [{'mode':420}]", "a path is missing", "add an absolute path"},
		{"no device", "3.6.0 storage filesystems: [{'format':'ext4','path':'/a'}]", "the device is missing",
			`add "device"`},
		{"a unit without a name", unit("'enabled':true"), "a unit needs a name", "as web.service"},
		{"a drop-in without a name", unit("'name':'a.service','dropins':[{}]"), "a drop-in needs a name",
			"as 10-web.conf"},
		{"a section in lower case", unit(`'name':'a.service','contents':'[service]\nExecStart=/a\n'`),
			"no section [service]", "write [Service]"},
		{"a section of other programs", unit(`'name':'a.service','contents':'[Servis]\n[X-Serv]\nA=b\n'`),
			"no section [Servis]", "write [Service]"},
		{"a misspelt [Install], told once", unit(`'name':'a.service','enabled':true,` +
			`'contents':'[Service]\nExecStart=/a\n[Instal]\nWantedBy=x\n'`), "no section [Instal]", "write [Install]"},
		{"what is wanted and unwanted", "3.6.0 kernelArguments: {'shouldExist':['a'],'shouldNotExist':['a']}",
			"the same value is both in shouldExist and in shouldNotExist", "keep one of the two"},
		{"a path in two lists", "3.6.0 storage: {'files':[{'path':'/a'}],'directories':[{'path':'/a'}]}",
			`path "/a" is both in directories and in files`, "keep one of the two"},
		{"a number twice, told once", "3.6.0 storage disks: [{'device':'/dev/a','partitions':[{'number':1}," +
			"{'number':1}]}]", "two partitions have the number 1", "the next free one"},
		{"a label twice, told once", "3.6.0 storage disks: [{'device':'/dev/a','partitions':[{'label':'a'}," +
			"{'label':'a'}]}]", "two partitions have the label", "differ"},
		{"a mode past all bits, told once", "3.4.0 storage files: [{'path':'/a','mode':99999}]", "not within", ""},
		{"what is below a file, told once", "3.6.0 storage files: [{'path':'/a'},{'path':'/a/b'},{'path':'/a/c'}]",
			`2 paths lie below the file "/a", the first is "/a/b"`, "make it a directory"},
		{"what is below two files, at the nearer", "3.6.0 storage: {'files':[{'path':'/a'},{'path':'/a/b'}]," +
			"'directories':[]}", `the path "/a/b" lies below the file "/a"`, "make it a directory"},
	} {
		t.Run(c.claim, func(t *testing.T) {
			_, problems := configs.Judge("test.ign", []byte(write(c.config)))
			told := diag.For(diag.Workstation, problems)
			require.Len(t, told, 1)
			assert.Contains(t, told[0].Message, c.message)
			assert.Contains(t, told[0].Hint, c.hint)
		})
	}
}

func TestEachFileHasWhatIsNextBelowIt(t *testing.T) {
	_, problems := configs.Judge("test.ign", []byte(write("3.6.0 storage files: [{'path':'/a'},{'path':'/a/b'},"+
		"{'path':'/a/b/c'},{'path':'/a/b/d'}]")))
	require.Equal(t, []string{"error below-file $.storage.files.1.path", "error below-file $.storage.files.2.path"},
		found(problems))
	assert.Contains(t, problems[1].Message, "2 paths")
}
