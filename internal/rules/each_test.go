package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/tests/configs"
)

// Rules that ask for any of several things: each of them alone is enough. %s is where it stands.
func TestOneOfManyIsEnough(t *testing.T) {
	for _, c := range []struct {
		claim, around, want string
		members             []string
	}{
		{"what needs a format", "3.6.0 storage filesystems: [{'device':'/dev/a',%s}]",
			"error format-missing $.storage.filesystems.0.format",
			[]string{"'path':'/a'", "'uuid':'u'", "'wipeFilesystem':true", "'options':['o']", "'mountOptions':['o']"}},
		{"what an absent partition cannot have",
			"3.6.0 storage disks: [{'device':'/dev/a','partitions':[{'number':1,'shouldExist':false,%s}]}]",
			"error partition-absent $.storage.disks.0.partitions.0", []string{"'label':''", "'guid':'" + guid + "'",
				"'typeGuid':'" + guid + "'", "'startMiB':0", "'sizeMiB':0"}},
		{"what Crypto Express excludes", "3.6.0 storage luks: [{'name':'a','device':'/dev/a','cex':{'enabled':true}," +
			"'clevis':{%s}}]", "error cex-clevis $.storage.luks.0.cex", []string{"'tpm2':true", "'threshold':1",
			"'tang':[{'url':'http://a','thumbprint':'t'}]", "'custom':{'pin':'p','config':'{}'}"}},
		{"what a custom pin excludes", "3.6.0 storage luks: [{'name':'a','device':'/dev/a'," +
			"'clevis':{'custom':{'pin':'p','config':'{}'},%s}}]", "error clevis-mixed $.storage.luks.0.clevis",
			[]string{"'tpm2':true", "'threshold':1", "'tang':[{'url':'http://a','thumbprint':'t'}]"}},
		{"levels without redundancy", "3.6.0 storage raid: [{'name':'r','devices':['/a','/b'],'spares':1,%s}]",
			"error raid-spares $.storage.raid.0.level",
			[]string{"'level':'linear'", "'level':'raid0'", "'level':'0'", "'level':'stripe'"}},
		{"owners of a hard link", "3.6.0 storage links: [{'path':'/a','target':'/b','hard':true,%s}]",
			"warning hard-link-owner $.storage.links.0.",
			[]string{"'user':{'id':0}", "'user':{'name':''}", "'group':{'id':0}", "'group':{'name':''}"}},
		{"digests of nothing", "3.0.0 storage files: [{'path':'/a',%s}]",
			"error hash-without-source $.storage.files.0.", []string{"'contents':{'verification':{'hash':'sha512-" +
				hex128 + "'}}", "'append':[{'verification':{'hash':'sha512-" + hex128 + "'}}]"}},
		{"numbers below zero", "3.6.0 %s", "error number-negative $.",
			[]string{"ignition timeouts: {'httpResponseHeaders':-1}", "passwd groups: [{'name':'a','gid':-1}]",
				"passwd users: [{'name':'a','uid':-1}]", "storage raid: [{'name':'r','level':'1'," +
					"'devices':['/a'],'spares':-1}]", "storage disks: [{'device':'/a','partitions':[{'number':-1}]}]",
				"storage disks: [{'device':'/a','partitions':[{'number':1,'sizeMiB':-1}]}]",
				"storage directories: [{'path':'/a','group':{'id':-1}}]"}},
		{"what needs a name", "3.6.0 %s", "error name-empty $.",
			[]string{"passwd groups: [{}]", "passwd users: [{}]", "storage raid: [{'level':'1','devices':['/a']}]",
				"storage luks: [{'device':'/a'}]"}},
	} {
		for _, member := range c.members {
			_, problems := configs.Judge("test.ign", []byte(write(fmt.Sprintf(c.around, member))))
			if all := found(problems); assert.Len(t, all, 1, "%s: %s", c.claim, member) {
				assert.True(t, strings.HasPrefix(all[0], c.want), "%s: %s: %s", c.claim, member, all[0])
			}
		}
	}
}

func TestLabelsOfEachFormatHaveTheirLength(t *testing.T) {
	for format, limit := range map[string]int{"btrfs": 256, "ext4": 16, "swap": 15, "vfat": 11, "xfs": 12} {
		for _, c := range []struct {
			length int
			want   []string
		}{{limit, []string{}}, {limit + 1, []string{"error label-long $.storage.filesystems.0.label"}}} {
			if format == "btrfs" && c.length == limit { // which its maker refuses: a rule of ours
				continue
			}
			_, problems := configs.Judge("test.ign", []byte(write(fmt.Sprintf("3.6.0 storage filesystems: "+
				"[{'device':'/dev/a','format':'%s','label':'%s'}]", format, strings.Repeat("l", c.length)))))
			assert.Equal(t, c.want, found(problems), "%s %d", format, c.length)
		}
	}
	_, problems := configs.Judge("test.ign",
		[]byte(write("3.6.0 storage filesystems: [{'device':'/dev/a','format':'virtiofs','label':'l'}]")))
	assert.Equal(t, []string{"error format-unknown $.storage.filesystems.0.format"}, found(problems),
		"a label means nothing where the format does not")
}

func TestAUnitThatThePeerRefusesIsNotLookedAtFurther(t *testing.T) {
	for _, contents := range []string{`[A]\nb=` + strings.Repeat("x", 8192) + `\n`, `[A\n`} {
		_, problems := configs.Judge("test.ign",
			[]byte(write("3.6.0 systemd units: [{'name':'a.service','enabled':true,'contents':'"+contents+"'}]")))
		assert.Len(t, problems, 1)
	}
}

func TestAVersionMayHaveZerosInFront(t *testing.T) {
	_, problems := configs.Judge("test.ign", []byte(`{"ignition":{"version":"03.06.0"}}`))
	assert.Empty(t, problems)
}
