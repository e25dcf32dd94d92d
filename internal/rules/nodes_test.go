package rules_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/tests/configs"
)

// told lists the codes of what a workstation is told of a config of a version with these members.
func told(version, members string) (list []string) {
	_, problems := configs.Judge("x", []byte(`{"ignition": {"version": "`+version+`"}, `+members+`}`))
	for _, p := range diag.For(diag.Workstation, problems) {
		list = append(list, string(p.Code)+" "+p.Path)
	}
	return list
}

func TestAModeInOctalDigitsIsNotSaidToNeedAVersion(t *testing.T) {
	for _, mode := range []string{"1755", "1777", "2775", "3777"} {
		assert.Equal(t, []string{"mode-octal $.storage.directories.0.mode"},
			told("3.4.0", `"storage": {"directories": [{"path": "/a", "mode": `+mode+`}]}`))
	}
	assert.Equal(t, []string{"mode-special $.storage.directories.0.mode"},
		told("3.4.0", `"storage": {"directories": [{"path": "/a", "mode": 1005}]}`))
}

func TestAWrongKindHidesOnlyWhatItMayHaveBroughtAbout(t *testing.T) {
	for _, c := range []struct {
		claim, members string
		want           []string
	}{
		{"an item", `"storage": {"files": [{"path": "a"}, "x", {"path": "b"}]}`, []string{
			"path-relative $.storage.files.0.path", "wrong-type $.storage.files.1",
			"path-relative $.storage.files.2.path"}},
		{"all of a list", `"storage": {"files": {}, "links": [{"path": "a", "target": "b"}]}`, []string{
			"wrong-type $.storage.files", "path-relative $.storage.links.0.path"}},
		{"a section", `"storage": 5, "passwd": {"users": [{}]}`, []string{
			"wrong-type $.storage", "name-empty $.passwd.users.0"}},
		{"a list of users", `"passwd": {"users": 7, "groups": [{}]}`, []string{
			"wrong-type $.passwd.users", "name-empty $.passwd.groups.0"}},
		{"a member of an item", `"storage": {"raid": [{"name": "a", "devices": 5, "level": "raid1"}, {"name": "b"}]}`,
			[]string{"wrong-type $.storage.raid.0.devices", "raid-devices $.storage.raid.1.devices",
				"raid-level $.storage.raid.1.level"}},
		{"items of texts", `"passwd": {"users": [{"name": "a", "groups": [5, "5", 5]}]}`, []string{
			"wrong-type $.passwd.users.0.groups.0", "wrong-type $.passwd.users.0.groups.2"}},
		{"an item like one without a path", `"storage": {"files": ["x", {}]}`, []string{
			"wrong-type $.storage.files.0", "path-missing $.storage.files.1.path"}},
		{"a source", `"storage": {"files": [{"path": "/a", "overwrite": true, "contents": {"source": 5}}]}`, []string{
			"wrong-type $.storage.files.0.contents.source"}},
	} {
		assert.ElementsMatch(t, c.want, told("3.6.0", c.members), c.claim)
	}
}

func TestWhatIsNamelessIsNotSaidToBeThereTwice(t *testing.T) {
	for _, c := range []struct {
		members string
		want    []string
	}{
		{`"passwd": {"users": [{}, {}]}`, []string{"name-empty $.passwd.users.0", "name-empty $.passwd.users.1"}},
		{`"storage": {"files": [{}, {}]}`, []string{"path-missing $.storage.files.0.path",
			"path-missing $.storage.files.1.path"}},
		{`"storage": {"disks": [{"device": "/dev/a", "partitions": [{}, {}]}]}`, []string{
			"partition-unnamed $.storage.disks.0.partitions.0", "partition-unnamed $.storage.disks.0.partitions.1"}},
		{`"kernelArguments": {"shouldExist": ["", ""]}`, []string{"duplicate $.kernelArguments.shouldExist.1"}},
	} {
		assert.ElementsMatch(t, c.want, told("3.6.0", c.members), c.members)
	}
}
