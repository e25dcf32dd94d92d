package check_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// codesOf are those of the errors that are told of a config: what its members are, and those of a child; "" for none.
// refer is how it refers to the child: "merge" and "replace" with it at hand, "away" to merge one that is not.
func codesOf(t *testing.T, refer, members, child string) (codes string, told string) {
	t.Helper()
	config := func(ignition, members string) string {
		return strings.ReplaceAll(fmt.Sprintf("{'ignition': {'version': '3.6.0'%s}, %s}", ignition, members), "'", `"`)
	}
	inline := "data:," + url.PathEscape(config("", child))
	ignition := map[string]string{"alone": "", "merge": ", 'config': {'merge': [{'source': '" + inline + "'}]}",
		"replace": ", 'config': {'replace': {'source': '" + inline + "'}}",
		"away":    ", 'config': {'merge': [{'source': 'https://example.com/x'}]}"}[refer]
	got := validate(config(ignition, members), "--format", "line", "--lint", "none", "-")
	var all []string
	for line := range strings.Lines(got.out) {
		if _, after, is := strings.Cut(line, ": error["); is {
			code, _, _ := strings.Cut(after, "]")
			all = append(all, code)
		}
	}
	return strings.Join(all, " "), got.out + got.err
}

// nothing is a member that says nothing.
const nothing = "'kernelArguments': {}"

func TestOurOwnErrorsAreThoseOfTheMergedConfig(t *testing.T) {
	const lone = "'storage': {'raid': [{'name': 'r', 'level': 'raid5', 'devices': ['/dev/a']}]}"
	storage := func(members string) string { return "'storage': {" + members + "}" }
	for claim, c := range map[string]struct{ parent, child, code string }{
		"too few devices of an array": {lone,
			"'storage': {'raid': [{'name': 'r', 'level': 'raid5', 'devices': ['/dev/b']}]}", "raid-few"},
		"nothing but spares": {
			storage("'raid': [{'name': 'r', 'level': 'raid1', 'spares': 1, 'devices': ['/dev/a']}]"),
			storage("'raid': [{'name': 'r', 'level': 'raid1', 'devices': ['/dev/b', '/dev/c']}]"), "raid-all-spares"},
		"an entry below a file": {storage("'files': [{'path': '/a'}, {'path': '/a/b'}]"),
			storage("'directories': [{'path': '/a'}]"), "below-file"},
		"a directory below a file": {storage("'files': [{'path': '/a'}], 'directories': [{'path': '/a/b'}]"),
			storage("'directories': [{'path': '/a'}]"), "below-file"},
		"an entry below a unit": {"'systemd': {'units': [{'name': 'a.service', 'contents': '[Unit]'}]}, " +
			storage("'files': [{'path': '/etc/systemd/system/a.service/b'}]"),
			"'systemd': {'units': [{'name': 'a.service', 'contents': ''}]}", "unit-path"},
		"a file over a mount": {
			storage("'filesystems': [{'device': '/dev/a', 'format': 'ext4', 'path': '/var'}], " +
				"'files': [{'path': '/var'}]"),
			storage("'directories': [{'path': '/var'}]"), "over-mount"},
		"a GUID twice": {storage("'disks': [{'device': '/dev/a', 'partitions': [" +
			"{'number': 1, 'guid': '0FC63DAF-8483-4772-8E79-3D69D8477DE4'}, " +
			"{'number': 2, 'guid': '0FC63DAF-8483-4772-8E79-3D69D8477DE4'}]}]"),
			storage("'disks': [{'device': '/dev/a', 'partitions': [" +
				"{'number': 2, 'guid': '0FC63DAF-8483-4772-8E79-3D69D8477DE5'}]}]"), "partition-guid-twice"},
		"a size below zero": {storage("'disks': [{'device': '/dev/a', 'partitions': [{'number': 1, 'sizeMiB': -1}]}]"),
			storage("'disks': [{'device': '/dev/a', 'partitions': [{'number': 1, 'sizeMiB': 1}]}]"), "number-negative"},
		"the UUID of a filesystem": {storage("'filesystems': [{'device': '/dev/a', 'format': 'ext4', 'uuid': 'x'}]"),
			storage("'filesystems': [{'device': '/dev/a', 'format': 'ext4', " +
				"'uuid': '0fc63daf-8483-4772-8e79-3d69d8477de4'}]"), "filesystem-uuid"},
		"the format that a UUID is for": {
			storage("'filesystems': [{'device': '/dev/a', 'format': 'ext4', 'uuid': '2E24-EC82'}]"),
			storage("'filesystems': [{'device': '/dev/a', 'format': 'vfat'}]"), "filesystem-uuid"},
		"an empty key": {storage("'luks': [{'name': 'v', 'device': '/dev/a', 'keyFile': {'source': 'data:,'}}]"),
			storage("'luks': [{'name': 'v', 'device': '/dev/a', 'keyFile': {'source': 'data:,x'}}]"),
			"luks-key-empty"},
		"a label": {storage("'filesystems': [{'device': '/dev/a', 'format': 'vfat', 'label': 'NO NAME'}]"),
			storage("'filesystems': [{'device': '/dev/a', 'format': 'vfat', 'label': 'ab'}]"), "field-character"},
		"a link's target": {storage("'links': [{'path': '/a', 'target': '" + strings.Repeat("x", 256) + "'}]"),
			storage("'links': [{'path': '/a', 'target': 'x'}]"), "path-long"},
		"an id twice": {"'passwd': {'users': [{'name': 'a', 'uid': 7}, {'name': 'b', 'uid': 7}]}",
			"'passwd': {'users': [{'name': 'b', 'uid': 8}]}", "id-twice"},
		"a field of an account": {"'passwd': {'users': [{'name': 'a', 'gecos': 'a:b'}]}",
			"'passwd': {'users': [{'name': 'a', 'gecos': 'b'}]}", "account-field"},
		"a name of an account that is not made": {"'passwd': {'users': [{'name': 'a/b'}]}",
			"'passwd': {'users': [{'name': 'a/b', 'shouldExist': false}]}", "account-name"},
		"a group that is deleted": {
			"'passwd': {'users': [{'name': 'a', 'groups': ['g']}], 'groups': [{'name': 'g', 'shouldExist': false}]}",
			"'passwd': {'groups': [{'name': 'g', 'shouldExist': true}]}", "group-missing"},
		"an owner that is deleted": {"'passwd': {'users': [{'name': 'a', 'shouldExist': false}]}, " +
			storage("'files': [{'path': '/a', 'user': {'name': 'a'}}]"),
			"'passwd': {'users': [{'name': 'a', 'shouldExist': true}]}", "owner-deleted"},
		"content that is not what its digest says": {storage("'files': [{'path': '/a', 'contents': {" +
			"'source': 'data:,a', 'verification': {'hash': 'sha256-" + strings.Repeat("0", 64) + "'}}}]"),
			storage("'files': [{'path': '/a', 'contents': {'verification': {'hash': " +
				"'sha256-ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb'}, 'source': 'data:,a'}}]"),
			"content-digest"},
		"a header": {storage("'files': [{'path': '/a', 'contents': {'source': 'http://a/b', " +
			"'httpHeaders': [{'name': 'a b', 'value': 'x'}]}}]"),
			storage("'files': [{'path': '/a', 'contents': {'source': 'http://a/b', " +
				"'httpHeaders': [{'name': 'a b'}]}}]"), "header-name"},
		"a device for two things": {
			storage("'filesystems': [{'device': '/dev/a', 'format': 'ext4'}], " +
				"'luks': [{'name': 'v', 'device': '/dev/a'}]"),
			storage("'luks': [{'name': 'v', 'device': '/dev/b'}]"), "device-twice"},
	} {
		t.Run(claim, func(t *testing.T) {
			for refer, want := range map[string]string{"alone": c.code, "merge": "", "away": "", "replace": ""} {
				child := c.child
				if refer == "replace" {
					child = nothing
				}
				got, told := codesOf(t, refer, c.parent, child)
				assert.Equal(t, want, got, "%s: %s", refer, told)
			}
			got, told := codesOf(t, "merge", c.parent, nothing)
			assert.Equal(t, c.code, got, "the merged config has it still: %s", told)
			got, told = codesOf(t, "merge", nothing, c.parent)
			assert.Equal(t, c.code, got, "and where it is the child's: %s", told)
		})
	}
}

func TestTheHalfOfAnEntryMayBeInEither(t *testing.T) {
	const of = "'storage': {'raid': [{'name': 'r', 'level': 'raid5', 'devices': ['/dev/%s']}]}"
	got, told := codesOf(t, "merge", fmt.Sprintf(of, "a"), fmt.Sprintf(of, "b"))
	assert.Empty(t, got, told)
}

func TestAButaneDocumentIsJudgedWithWhatItMerges(t *testing.T) {
	const child = `{"ignition":{"version":"3.6.0"},"storage":{"raid":[{"name":"r","level":"raid5","devices":[%s]}]}}`
	document := func(devices string) string {
		return "variant: flatcar\nversion: 1.1.0\nignition: {config: {merge: [{inline: '" +
			fmt.Sprintf(child, devices) + "'}]}}\nstorage: {raid: [{name: r, level: raid5, devices: [/dev/a]}]}\n"
	}
	got := validate(document(`"/dev/b"`), "--format", "line", "--lint", "none", "-")
	assert.Equal(t, run{}, got, "each has a half")
	got = validate(document(`"/dev/a"`), "--format", "line", "-")
	assert.Equal(t, 1, strings.Count(got.out, ": error[raid-few]"), "each has the same half: %s", got.out)
}

func TestWhatNoChildPutsRightIsTold(t *testing.T) {
	for claim, c := range map[string]struct{ parent, code string }{
		"a name that is missing": {"'passwd': {'users': [{'name': ''}]}", "name-empty"},
		"the name of an array": {"'storage': {'raid': [{'name': 'a b', 'level': 'raid0', " +
			"'devices': ['/dev/a', '/dev/b']}]}", "field-character"},
		"the number of a partition": {"'storage': {'disks': [{'device': '/dev/a', 'partitions': [{'number': -1}]}]}",
			"number-negative"},
		"a path":             {"'storage': {'files': [{'path': '/" + strings.Repeat("x", 256) + "'}]}", "path-long"},
		"the name of a unit": {"'systemd': {'units': [{'name': 'a/b.service'}]}", "unit-name-slash"},
		"the name of a drop-in": {"'systemd': {'units': [{'name': 'b.service', 'dropins': [{'name': 'a/b.conf'}]}]}",
			"unit-name-slash"},
		"an option": {"'storage': {'filesystems': [{'device': '/dev/a', 'format': 'ext4', " +
			"'mountOptions': ['a\\nb']}]}", "field-character"},
		"an argument of the kernel": {"'kernelArguments': {'shouldExist': ['a\\nb']}", "field-character"},
	} {
		t.Run(claim, func(t *testing.T) {
			wants := map[string]string{"alone": c.code, "merge": c.code, "away": c.code, "replace": ""}
			for refer, want := range wants {
				got, told := codesOf(t, refer, c.parent, nothing)
				assert.Equal(t, want, got, "%s: %s", refer, told)
			}
		})
	}
}

// What fetching goes by has an effect before anything is merged.
func TestWhatFetchingGoesByIsToldOfInAnyCase(t *testing.T) {
	for claim, c := range map[string]struct{ ignition, code string }{
		"a time limit": {"'timeouts': {'httpTotal': -1}", "number-negative"},
		"a bundle without a certificate": {
			"'security': {'tls': {'certificateAuthorities': [{'source': 'data:,x'}]}}", "authority-certificate"},
	} {
		for _, how := range []string{"merge': [{'source': 'https://a/x'}]", "replace': {'source': 'https://a/x'}"} {
			text := "{'ignition': {'version': '3.6.0', 'config': {'" + how + "}, " + c.ignition + "}}"
			got := validate(strings.ReplaceAll(text, "'", `"`), "--format", "line", "-")
			assert.Contains(t, got.out, ": error["+c.code+"]", claim)
		}
	}
}
