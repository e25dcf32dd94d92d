package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/tests/configs"
)

// write makes a config of "3.6.0 storage files: [...]": a version, the keys that lead to a member, and the member.
// After "3.6.0 : {" come all members beside the version, up to the end. Single quotes stand for double ones.
func write(short string) string {
	version, rest, _ := strings.Cut(short, " ")
	head, member, _ := strings.Cut(rest, ": ")
	body := strings.TrimSuffix(strings.TrimPrefix(member, "{"), "}")
	for i, key := range slices.Backward(strings.Fields(head)) {
		if i < len(strings.Fields(head))-1 {
			member = "{" + body + "}"
		}
		if key == "ignition" {
			member = fmt.Sprintf("{'version': '%s', %s}", version, body)
		}
		body = fmt.Sprintf("'%s': %s", key, member)
	}
	if !strings.HasPrefix(head, "ignition") {
		body = fmt.Sprintf("'ignition': {'version': '%s'}, %s", version, body)
	}
	return strings.ReplaceAll("{"+body+"}", "'", `"`)
}

// found gives problems as "severity code path", in the order in which they came.
func found(problems []diag.Problem) []string {
	all := []string{}
	for _, p := range problems {
		all = append(all, fmt.Sprintf("%s %s %s", p.Severity, p.Code, p.Path))
	}
	return all
}

// A ruleCase is a config that breaks one rule in the smallest way, and its nearest neighbour that does not. The rules
// are named as docs/peer/spec.md §4 names them; rules of ours have no name.
type ruleCase struct {
	claim, rule     string
	breaks, passes  string
	want            []string
	hint, note      string // what the hint and the message of the first note contain
	stricter, laxer bool
}

const (
	hex64  = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	hex128 = hex64 + hex64
	guid   = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
)

var genericCases = []ruleCase{
	{claim: "a path stands in a list twice", rule: "R-DUP",
		breaks: "3.0.0 storage files: [{'path':'/a'},{'path':'/a'}]",
		passes: "3.0.0 storage files: [{'path':'/a'},{'path':'/b'}]",
		want:   []string{"error duplicate $.storage.files.1"}, hint: "remove one", note: "first defined here"},
	{claim: "a file stands where a directory does", rule: "R-DUP",
		breaks: "3.6.0 storage: {'files':[{'path':'/a'}],'directories':[{'path':'/a'}]}",
		passes: "3.6.0 storage: {'files':[{'path':'/a'}],'directories':[{'path':'/b'}]}",
		want:   []string{"error duplicate $.storage.files.0"}, note: "first defined here"},
	{claim: "a kernel argument must and must not be there", rule: "R-DUP",
		breaks: "3.3.0 kernelArguments: {'shouldExist':['a'],'shouldNotExist':['a']}",
		passes: "3.3.0 kernelArguments: {'shouldExist':['a'],'shouldNotExist':['b']}",
		want:   []string{"error duplicate $.kernelArguments.shouldNotExist.0"}, note: "first defined here"},
	{claim: "a group is listed twice; options may be", rule: "R-DUP",
		breaks: "3.6.0 passwd users: [{'name':'a','groups':['x','x']}]",
		passes: "3.6.0 storage filesystems: " +
			"[{'device':'/dev/a','format':'ext4','options':['x','x'],'mountOptions':['y','y']}]",
		want: []string{"error duplicate $.passwd.users.0.groups.1"}, note: "first defined here"},
	{claim: "a key is not known", rule: "R-UNUSED",
		breaks: "3.6.0 storage files: [{'path':'/a','mood':1}]",
		passes: "3.6.0 storage files: [{'path':'/a','mode':1}]",
		want:   []string{"warning key-unknown $.storage.files.0.mood"}, hint: `did you mean "mode"?`},
	{claim: "a key is newer than the config's version", rule: "R-UNUSED",
		breaks: "3.1.0 storage luks: []", passes: "3.2.0 storage luks: []",
		want: []string{"warning key-too-new $.storage.luks"}, hint: "3.2.0 or newer"},
	{claim: "a key has the wrong case", rule: "R-UNUSED",
		breaks: "3.6.0 Storage: {}", passes: "3.6.0 storage: {}",
		want: []string{"warning key-case $.Storage"}, hint: `"storage"`},
	{claim: "null stands where an object belongs", rule: "R-TREE",
		breaks: "3.6.0 storage files: [null, {'path':'/a'}]", passes: "3.6.0 storage files: null",
		want: []string{"warning null-object $.storage.files.0", "error path-missing $.storage.files.0.path"},
		hint: "leave the key out"},
	{claim: "null is no custom pin but in 3.2.0", rule: "R-TREE",
		breaks: "3.3.0 storage luks: [{'name':'a','device':'/dev/a','clevis':null}]",
		passes: "3.2.0 storage luks: [{'name':'a','device':'/dev/a','clevis':null}]",
		want:   []string{"warning null-object $.storage.luks.0.clevis"}},
	{claim: "a path is missing", rule: "R-ABSPATH",
		breaks: "3.0.0 storage directories: [{}]", passes: "3.0.0 storage directories: [{'path':'/'}]",
		want: []string{"error path-missing $.storage.directories.0.path"}, hint: "add"},
	{claim: "a path is relative", rule: "R-ABSPATH",
		breaks: "3.0.0 storage directories: [{'path':'a'}]", passes: "3.0.0 storage directories: [{'path':'/a'}]",
		want: []string{"error path-relative $.storage.directories.0.path"}, hint: "/"},
	{claim: "a path has a slash at its end", rule: "R-ABSPATH",
		breaks: "3.0.0 storage directories: [{'path':'/a/'}]", passes: "3.0.0 storage directories: [{'path':'/a'}]",
		want: []string{"error path-unclean $.storage.directories.0.path"}, hint: `write "/a"`},
	{claim: "a path has dots", rule: "R-ABSPATH",
		breaks: "3.0.0 storage directories: [{'path':'/a/../b'}]",
		passes: "3.0.0 storage directories: [{'path':'/..b'}]",
		want:   []string{"error path-unclean $.storage.directories.0.path"}, hint: `write "/b"`},
	{claim: "a value is of the wrong kind",
		breaks: "3.6.0 storage files: [{'path':'/a','mode':'0644'}]",
		passes: "3.6.0 storage files: [{'path':'/a','mode':420}]",
		want:   []string{"error wrong-type $.storage.files.0.mode"}, hint: "420"},
	{claim: "a number has a fraction",
		breaks: "3.6.0 storage files: [{'path':'/a','mode':420.0}]",
		passes: "3.6.0 storage files: [{'path':'/a','mode':420}]",
		want:   []string{"error wrong-type $.storage.files.0.mode"}, hint: "fraction"},
	{claim: "a number does not fit",
		breaks: "3.6.0 ignition: {'timeouts':{'httpTotal':9223372036854775808}}",
		passes: "3.6.0 ignition: {'timeouts':{'httpTotal':9223372036854775807}}",
		want:   []string{"error wrong-type $.ignition.timeouts.httpTotal"}},
	{claim: "an object stands where a list belongs",
		breaks: "3.6.0 storage files: {'path':'/a'}", passes: "3.6.0 storage files: [{'path':'/a'}]",
		want: []string{"error wrong-type $.storage.files"}, hint: "brackets"},
	{claim: "a key stands in an object twice",
		breaks: "3.6.0 storage files: [{'path':'/b','path':'/a'}]", passes: "3.6.0 storage files: [{'path':'/a'}]",
		want: []string{"error key-duplicate $.storage.files.0.path"}, note: "stands here first", stricter: true},
	{claim: "a text is not UTF-8",
		breaks: "3.6.0 storage files: [{'path':'/\xff'}]", passes: "3.6.0 storage files: [{'path':'/\u00e4'}]",
		want: []string{"error not-utf8 $"}, stricter: true},
}

var ignitionCases = []ruleCase{
	{claim: "a config to merge has no source", rule: "R-SRCREQ",
		breaks: "3.1.0 ignition config merge: [{}]", passes: "3.0.0 ignition config merge: [{}]",
		want: []string{"error source-missing $.ignition.config.merge.0"}, hint: "source"},
	{claim: "a config to merge has a bad source, which is told of both", rule: "R-SRCREQ",
		breaks: "3.1.0 ignition config merge: [{'source':'oem:///a'}]",
		passes: "3.1.0 ignition config merge: [{'source':'http://a/b'}]",
		want: []string{"error url-scheme $.ignition.config.merge.0",
			"error url-scheme $.ignition.config.merge.0.source"}},
	{claim: "a certificate bundle has no source", rule: "R-SRCREQ",
		breaks: "3.1.0 ignition security tls certificateAuthorities: [{}]",
		passes: "3.1.0 ignition security tls certificateAuthorities: [{'source':'http://a/b'}]",
		want:   []string{"error source-missing $.ignition.security.tls.certificateAuthorities.0"}},
	{claim: "a certificate bundle of 3.0.0 has no source", rule: "R-SRC",
		breaks: "3.0.0 ignition security tls certificateAuthorities: [{}]",
		passes: "3.0.0 ignition security tls certificateAuthorities: [{'source':'https://h/ca'}]",
		want:   []string{"error source-missing $.ignition.security.tls.certificateAuthorities.0.source"}},
	{claim: "a replacement has a bad source; one without any is none", rule: "R-SRC",
		breaks: "3.6.0 ignition config replace: {'source':'/a'}", passes: "3.6.0 ignition config replace: {}",
		want: []string{"error url-no-scheme $.ignition.config.replace.source"}, hint: "starts with"},
	{claim: "a file's source is no URL", rule: "R-SRC",
		breaks: "3.6.0 storage files: [{'path':'/a','contents':{'source':'http://a b/'}}]",
		passes: "3.6.0 storage files: [{'path':'/a','contents':{'source':'http://a/b%20'}}]",
		want:   []string{"error url-host $.storage.files.0.contents.source"}},
	{claim: "a fragment's source is newer than the version", rule: "R-SRC",
		breaks: "3.1.0 storage files: [{'path':'/a','append':[{'source':'gs://b/k'}]}]",
		passes: "3.2.0 storage files: [{'path':'/a','append':[{'source':'gs://b/k'}]}]",
		want:   []string{"error url-scheme-version $.storage.files.0.append.0.source"}, hint: "3.2.0"},
	{claim: "an ARN is newer than the version", rule: "R-SRC",
		breaks: "3.3.0 storage files: [{'path':'/a','contents':{'source':'arn:aws:s3:::b/k'}}]",
		passes: "3.4.0 storage files: [{'path':'/a','contents':{'source':'arn:aws:s3:::b/k'}}]",
		want:   []string{"error url-scheme-version $.storage.files.0.contents.source"}, hint: "3.4.0"},
	{claim: "an S3 object's version is empty", rule: "R-SRC",
		breaks: "3.6.0 storage files: [{'path':'/a','contents':{'source':'s3://b/k?versionId='}}]",
		passes: "3.6.0 storage files: [{'path':'/a','contents':{'source':'s3://b/k?versionId=1'}}]",
		want:   []string{"error s3-version $.storage.files.0.contents.source"}},
	{claim: "a data: URL has no comma", rule: "R-SRC",
		breaks: "3.0.0 storage files: [{'path':'/a','contents':{'source':'data:'}}]",
		passes: "3.0.0 storage files: [{'path':'/a','contents':{'source':'data:,'}}]",
		want:   []string{"error data-comma $.storage.files.0.contents.source"}, hint: "data:,content"},
	{claim: "a compression is not known", rule: "R-COMP",
		breaks: "3.0.0 storage files: [{'path':'/a','contents':{'source':'data:,','compression':'xz'}}]",
		passes: "3.0.0 storage files: [{'path':'/a','contents':{'source':'data:,','compression':''}}]",
		want:   []string{"error compression-unknown $.storage.files.0.contents.compression"}, hint: "gzip"},
	{claim: "a digest has no source", rule: "R-VERSRC",
		breaks: "3.0.0 storage files: [{'path':'/a','contents':{'verification':{'hash':'sha512-" + hex128 + "'}}}]",
		passes: "3.0.0 storage files: [{'path':'/a','contents':{'source':'','verification':{'hash':'sha512-" +
			"cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce" +
			"47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e'}}}]",
		want: []string{"error hash-without-source $.storage.files.0.contents.verification.hash"}, hint: "add a source"},
	{claim: "a digest of a replacement has no source, since 3.1.0", rule: "R-VERSRC",
		breaks: "3.1.0 ignition config replace: {'verification':{'hash':'sha512-" + hex128 + "'}}",
		passes: "3.0.0 ignition config replace: {'verification':{'hash':'sha512-" + hex128 + "'}}",
		want:   []string{"error hash-without-source $.ignition.config.replace.verification.hash"}},
	{claim: "a digest has no function", rule: "R-HASH",
		breaks: "3.6.0 storage files: [{'path':'/a','contents':{'source':'data:,','verification':{'hash':''}}}]",
		passes: "3.6.0 storage files: [{'path':'/a','contents':{'source':'data:,','verification':{'hash':null}}}]",
		want:   []string{"error hash-form $.storage.files.0.contents.verification.hash"}, hint: "sha512"},
	{claim: "a hash function is in capitals", rule: "R-HASH",
		breaks: "3.6.0 storage files: [{'path':'/a','contents':{'source':'https://h/a','verification':{'hash':'SHA256-" +
			hex64 + "'}}}]",
		passes: "3.6.0 storage files: [{'path':'/a','contents':{'source':'https://h/a','verification':{'hash':'sha256-" +
			hex64 + "'}}}]",
		want: []string{"error hash-function $.storage.files.0.contents.verification.hash"}, hint: "lower case"},
	{claim: "sha256 came with 3.1.0", rule: "R-HASH",
		breaks: "3.0.0 storage files: [{'path':'/a','contents':{'source':'https://h/a','verification':{'hash':'sha256-" +
			hex64 + "'}}}]",
		passes: "3.1.0 storage files: [{'path':'/a','contents':{'source':'https://h/a','verification':{'hash':'sha256-" +
			hex64 + "'}}}]",
		want: []string{"error hash-function-version $.storage.files.0.contents.verification.hash"}, hint: "3.1.0"},
	{claim: "a digest has the length of another function's", rule: "R-HASH",
		breaks: "3.6.0 storage files: [{'path':'/a','contents':{'source':'https://h/a','verification':{'hash':'sha512-" +
			hex64 + "'}}}]",
		passes: "3.6.0 storage files: [{'path':'/a','contents':{'source':'https://h/a','verification':{'hash':'sha512-" +
			hex128 + "'}}}]",
		want: []string{"error hash-length $.storage.files.0.contents.verification.hash"}, hint: "sha256"},
	{claim: "a digest is not hexadecimal",
		breaks: "3.6.0 storage files: [{'path':'/a','contents':{'source':'https://h/a','verification':{'hash':'sha256-" +
			hex64[:63] + "g'}}}]",
		passes: "3.6.0 storage files: [{'path':'/a','contents':{'source':'https://h/a','verification':{'hash':'sha256-" +
			hex64[:63] + "F'}}}]",
		want: []string{"error hash-digits $.storage.files.0.contents.verification.hash"}, stricter: true},
	{claim: "a data: URL has headers", rule: "R-HDRSCHEME",
		breaks: "3.1.0 storage files: [{'path':'/a','contents':{'source':'data:,','httpHeaders':[{'name':'a'}]}}]",
		passes: "3.1.0 storage files: [{'path':'/a','contents':{'source':'data:,','httpHeaders':[]}}]",
		want:   []string{"error headers-scheme $.storage.files.0.contents.httpHeaders"}, hint: "change the source"},
	{claim: "headers have no source", rule: "R-HDRSCHEME",
		breaks: "3.1.0 storage files: [{'path':'/a','contents':{'httpHeaders':[{'name':'a'}]}}]",
		passes: "3.1.0 storage files: [{'path':'/a','contents':{'source':'HTTPS://a/','httpHeaders':[{'name':'a'}]}}]",
		want:   []string{"error headers-scheme $.storage.files.0.contents.httpHeaders"}},
	{claim: "a header has no name", rule: "R-HDRNAME",
		breaks: "3.1.0 ignition config replace: {'source':'http://a/','httpHeaders':[{'value':'v'}]}",
		passes: "3.1.0 ignition config replace: {'source':'http://a/','httpHeaders':[{'name':'n','value':'v'}]}",
		want:   []string{"error header-name $.ignition.config.replace.httpHeaders.0.name"}},
	{claim: "a header's value is empty", rule: "R-HDRVAL",
		breaks: "3.1.0 ignition config replace: {'source':'http://a/','httpHeaders':[{'name':'n','value':''}]}",
		passes: "3.1.0 ignition config replace: {'source':'http://a/','httpHeaders':[{'name':'n'}]}",
		want:   []string{"error header-value $.ignition.config.replace.httpHeaders.0.value"},
		hint:   "leave the value out"},
	{claim: "a header has neither name nor value", rule: "R-HDRVAL",
		breaks: "3.1.0 ignition config replace: {'source':'http://a/','httpHeaders':[{'name':'','value':''}]}",
		passes: "3.1.0 ignition config replace: {'source':'http://a/','httpHeaders':[{'name':'n','value':'v'}]}",
		want: []string{"error header-name $.ignition.config.replace.httpHeaders.0.name",
			"error header-value $.ignition.config.replace.httpHeaders.0.value"}},
	{claim: "two headers differ in case only",
		breaks: "3.1.0 ignition config replace: " +
			"{'source':'http://a/','httpHeaders':[{'name':'n','value':'v'},{'name':'N','value':'v'}]}",
		passes: "3.1.0 ignition config replace: " +
			"{'source':'http://a/','httpHeaders':[{'name':'n','value':'v'},{'name':'m','value':'v'}]}",
		want: []string{"warning header-case $.ignition.config.replace.httpHeaders.1.name"}, note: "the earlier one",
		stricter: true},
	{claim: "a URL names no host",
		breaks: "3.6.0 storage files: [{'path':'/a','contents':{'source':'http:///a'}}]",
		passes: "3.6.0 storage files: [{'path':'/a','contents':{'source':'http://a'}}]",
		want:   []string{"error url-no-host $.storage.files.0.contents.source"}, hint: "http://host/path",
		stricter: true},
	{claim: "an S3 object is compressed",
		breaks: "3.6.0 storage files: [{'path':'/a','contents':{'source':'s3://b/k','compression':'gzip'}}]",
		passes: "3.6.0 storage files: [{'path':'/a','contents':{'source':'https://b/k','compression':'gzip'}}]",
		want:   []string{"error compression-s3 $.storage.files.0.contents.compression"}, hint: "uncompressed",
		stricter: true},
	{claim: "a proxy is empty", rule: "R-PROXY",
		breaks: "3.1.0 ignition proxy: {'httpProxy':''}", passes: "3.1.0 ignition proxy: {'httpProxy':null}",
		want: []string{"error proxy-scheme $.ignition.proxy.httpProxy"}, hint: "leave the key out"},
	{claim: "a proxy is no URL", rule: "R-PROXY",
		breaks: "3.1.0 ignition proxy: {'httpsProxy':'http://a:b'}",
		passes: "3.1.0 ignition proxy: {'httpsProxy':'https://a:1'}",
		want:   []string{"error url-port $.ignition.proxy.httpsProxy"}},
	{claim: "the proxy for https is reached by http", rule: "R-PROXYINSEC",
		breaks: "3.1.0 ignition proxy: {'httpsProxy':'http://a'}",
		passes: "3.1.0 ignition proxy: {'httpProxy':'http://a'}",
		want:   []string{"warning proxy-insecure $.ignition.proxy.httpsProxy"}, hint: "https://"},
	{claim: "a time limit is negative",
		breaks: "3.0.0 ignition timeouts: {'httpTotal':-1}", passes: "3.0.0 ignition timeouts: {'httpTotal':0}",
		want: []string{"error number-negative $.ignition.timeouts.httpTotal"}, stricter: true},
	{claim: "a user has no name",
		breaks: "3.0.0 passwd users: [{}]", passes: "3.0.0 passwd users: [{'name':'a'}]",
		want: []string{"error name-empty $.passwd.users.0"}, hint: "name", stricter: true},
}

var replaceCases = []ruleCase{
	{claim: "a config that is replaced says more",
		breaks: "3.6.0 ignition: {'config':{'replace':{'source':'http://a/b'},'merge':[{'source':'http://a/c'}]}}",
		passes: "3.6.0 ignition: {'config':{'replace':{'source':'http://a/b'}},'timeouts':{'httpTotal':5}," +
			"'proxy':{'noProxy':['a']}}",
		want: []string{"warning replace-drops $.ignition.config.replace"}, hint: "below merge", stricter: true},
}

var diskCases = []ruleCase{
	{claim: "a disk has no device, and its partitions are not compared", rule: "R-DISKDEV",
		breaks: "3.6.0 storage disks: [{'partitions':[{'number':1,'label':'a'},{'number':2,'label':'a'}]}]",
		passes: "3.6.0 storage disks: [{'device':'/dev/a'}]",
		want:   []string{"error path-missing $.storage.disks.0.device"}},
	{claim: "two partitions share a number", rule: "R-PNUMDUP",
		breaks: "3.6.0 storage disks: [{'device':'/dev/a','partitions':[{'number':1},{'number':1}]}]",
		passes: "3.6.0 storage disks: " +
			"[{'device':'/dev/a','partitions':[{'number':0,'label':'a'},{'number':0,'label':'b'}]}]",
		want: []string{"error partition-number $.storage.disks.0.partitions.1",
			"error duplicate $.storage.disks.0.partitions.1"}, note: "the first one", hint: "0"},
	{claim: "two partitions overlap", rule: "R-POVERLAP",
		breaks: "3.6.0 storage disks: [{'device':'/dev/a'," +
			"'partitions':[{'number':1,'startMiB':1,'sizeMiB':2},{'number':2,'startMiB':2,'sizeMiB':1}]}]",
		passes: "3.6.0 storage disks: [{'device':'/dev/a'," +
			"'partitions':[{'number':1,'startMiB':1,'sizeMiB':2},{'number':2,'startMiB':3,'sizeMiB':1}]}]",
		want: []string{"error partition-overlap $.storage.disks.0.partitions.1"}, hint: "move", note: "the other one"},
	{claim: "the first overlap is told alone, at the partition that the first one meets", rule: "R-POVERLAP",
		breaks: "3.6.0 storage disks: " +
			"[{'device':'/dev/a','partitions':[{'number':1,'startMiB':50,'sizeMiB':1},{'number':2,'startMiB':10," +
			"'sizeMiB':5},{'number':3,'startMiB':9,'sizeMiB':100},{'number':4,'startMiB':12,'sizeMiB':1}]}]",
		passes: "3.6.0 storage disks: " +
			"[{'device':'/dev/a','partitions':[{'number':1,'startMiB':0,'sizeMiB':5},{'number':2,'startMiB':3}]}]",
		want: []string{"error partition-overlap $.storage.disks.0.partitions.2"}, note: "the other one"},
	{claim: "two partitions share a label", rule: "R-PLABELDUP",
		breaks: "3.6.0 storage " +
			"disks: [{'device':'/dev/a','partitions':[{'number':1,'label':''},{'number':2,'label':''}]}]",
		passes: "3.6.0 storage disks: [{'device':'/dev/a','partitions':[{'number':1,'label':''},{'number':2}]}]",
		want:   []string{"error partition-label-twice $.storage.disks.0.partitions.1"}, hint: "differ",
		note: "the first one"},
	{claim: "a partition that must be absent has a size", rule: "R-PNONEXIST",
		breaks: "3.6.0 storage disks: [{'device':'/dev/a'," +
			"'partitions':[{'number':1,'shouldExist':false,'sizeMiB':0}]}]", passes: "3.6.0 storage disks: " +
			"[{'device':'/dev/a','partitions':[{'number':1,'shouldExist':false,'guid':'','typeGuid':''}]}]",
		want: []string{"error partition-absent $.storage.disks.0.partitions.0"}, hint: "keep"},
	{claim: "a partition has neither number nor label", rule: "R-PNEEDID",
		breaks: "3.6.0 storage disks: [{'device':'/dev/a','partitions':[{}]}]",
		passes: "3.6.0 storage disks: [{'device':'/dev/a','partitions':[{'label':''}]}]",
		want:   []string{"error partition-unnamed $.storage.disks.0.partitions.0"}, hint: "label"},
	{claim: "a partition's label has 37 bytes", rule: "R-PLABEL",
		breaks: "3.6.0 storage disks: [{'device':'/dev/a','partitions':[{'label':'" + hex64[:37] + "'}]}]",
		passes: "3.6.0 storage disks: [{'device':'/dev/a','partitions':[{'label':'" + hex64[:36] + "'}]}]",
		want:   []string{"error partition-label-long $.storage.disks.0.partitions.0.label"}},
	{claim: "a partition's label has a colon", rule: "R-PLABEL",
		breaks: "3.6.0 storage disks: [{'device':'/dev/a','partitions':[{'label':'a:b'}]}]",
		passes: "3.6.0 storage disks: [{'device':'/dev/a','partitions':[{'label':'a;b'}]}]",
		want:   []string{"error partition-label-colon $.storage.disks.0.partitions.0.label"}},
	{claim: "a GUID lacks a digit", rule: "R-PGUID",
		breaks: "3.6.0 storage disks: [{'device':'/dev/a','partitions':[{'number':1,'guid':'" + guid[1:] + "'}]}]",
		passes: "3.6.0 storage disks: [{'device':'/dev/a','partitions':[{'number':1,'guid':'" + guid + "'}]}]",
		want:   []string{"error guid $.storage.disks.0.partitions.0.guid"}, hint: "GUIDs look like"},
	{claim: "a type has a letter that is no digit", rule: "R-PGUID",
		breaks: "3.6.0 storage disks: [{'device':'/dev/a','partitions':[{'number':1,'typeGuid':'g" + guid[1:] + "'}]}]",
		passes: "3.6.0 storage disks: [{'device':'/dev/a','partitions':[{'number':1,'typeGuid':''}]}]",
		want:   []string{"error guid $.storage.disks.0.partitions.0.typeGuid"}},
	{claim: "two partitions of a disk have one GUID, in whatever case",
		breaks: "3.6.0 storage disks: [{'device':'/dev/a','partitions':[{'number':1,'guid':'" + guid +
			"'},{'number':2,'guid':'" + strings.ToLower(guid) + "'}]}]",
		passes: "3.6.0 storage disks: [{'device':'/dev/a','partitions':[{'number':1,'guid':''}," +
			"{'number':2,'guid':''}]},{'device':'/dev/b','partitions':[{'number':1,'guid':'" + guid + "'}]}]",
		want: []string{"error partition-guid-twice $.storage.disks.0.partitions.1.guid"}, hint: "random",
		note: "the first one", stricter: true},
	{claim: "partitions of two disks have one GUID",
		breaks: "3.6.0 storage disks: [{'device':'/dev/a','partitions':[{'number':1,'guid':'" + guid +
			"'}]},{'device':'/dev/b','partitions':[{'number':1,'guid':'" + strings.ToLower(guid) + "'}]}]",
		passes: "3.6.0 storage disks: [{'device':'/dev/a','partitions':[{'number':1,'label':'a'}]}," +
			"{'device':'/dev/b','partitions':[{'number':1,'label':'a'}]}]",
		want: []string{"warning partition-guid-shared $.storage.disks.1.partitions.0.guid"}, hint: "random",
		note: "the other one", stricter: true},
	{claim: "a filesystem goes by a label that partitions of two disks get",
		breaks: "3.6.0 storage: {'disks':[{'device':'/dev/a','partitions':[{'number':1,'label':'a b'}]}," +
			"{'device':'/dev/b','partitions':[{'number':1,'label':'a b'}]}]," +
			"'filesystems':[{'device':'/dev/disk/by-partlabel/a\\\\x20b','format':'ext4'}]}",
		passes: "3.6.0 storage: {'disks':[{'device':'/dev/a','partitions':[{'number':1,'label':'a b'}]}," +
			"{'device':'/dev/b','partitions':[{'number':1,'label':'b'}]}]," +
			"'filesystems':[{'device':'/dev/disk/by-partlabel/a\\\\x20b','format':'ext4'}]}",
		want: []string{"error device-ambiguous $.storage.filesystems.0.device"}, hint: "another name",
		note: "one of them", stricter: true},
	{claim: "an array goes by a GUID that partitions of two disks get",
		breaks: "3.6.0 storage: {'disks':[{'device':'/dev/a','partitions':[{'number':1,'guid':'" +
			guid + "'}]},{'device':'/dev/b','partitions':[{'number':1,'guid':'" + guid + "'}]}],'raid':[{'name':'r'," +
			"'level':'raid1','devices':['/dev/c','/dev/disk/by-partuuid/" + strings.ToLower(guid) + "']}]}",
		passes: "3.6.0 storage: {'disks':[{'device':'/dev/a','partitions':[{'number':1,'guid':'" +
			guid + "'}]}],'raid':[{'name':'r','level':'raid1','devices':['/dev/c','/dev/disk/by-partuuid/" +
			strings.ToLower(guid) + "']}]}",
		want: []string{"error device-ambiguous $.storage.raid.0.devices.1"}, note: "one of them", stricter: true},
	{claim: "a partition starts below zero",
		breaks: "3.6.0 storage disks: [{'device':'/dev/a','partitions':[{'number':1,'startMiB':-1}]}]",
		passes: "3.6.0 storage disks: [{'device':'/dev/a','partitions':[{'number':1,'startMiB':0}]}]",
		want:   []string{"error number-negative $.storage.disks.0.partitions.0.startMiB"}, stricter: true},
	{claim: "a RAID level is missing", rule: "R-RAIDLEVEL",
		breaks: "3.3.0 storage raid: [{'name':'r','devices':['/dev/a']}]",
		passes: "3.3.0 storage raid: [{'name':'r','level':'mirror','devices':['/dev/a']}]",
		want:   []string{"error raid-level $.storage.raid.0.level"}, hint: "raid10"},
	{claim: "a RAID level is not known", rule: "R-RAIDLEVEL",
		breaks: "3.0.0 storage raid: [{'name':'r','level':'raid7','devices':['/dev/a']}]",
		passes: "3.0.0 storage raid: [{'name':'r','level':'6','devices':['/dev/a','/dev/b','/dev/c','/dev/d']}]",
		want:   []string{"error raid-level $.storage.raid.0.level"}},
	{claim: "a stripe has spares", rule: "R-RAIDSPARES",
		breaks: "3.0.0 storage raid: [{'name':'r','level':'stripe','spares':1,'devices':['/dev/a','/dev/b']}]",
		passes: "3.0.0 storage raid: [{'name':'r','level':'stripe','spares':0,'devices':['/dev/a','/dev/b']}]",
		want:   []string{"error raid-spares $.storage.raid.0.level"}, hint: "redundancy"},
	{claim: "an array has no devices", rule: "R-RAIDDEVS",
		breaks: "3.0.0 storage raid: [{'name':'r','level':'raid1','devices':[]}]",
		passes: "3.0.0 storage raid: [{'name':'r','level':'raid1','devices':['/dev/a']}]",
		want:   []string{"error raid-devices $.storage.raid.0.devices"}, hint: "list the devices"},
	{claim: "an array's device is relative", rule: "R-RAIDDEVS",
		breaks: "3.0.0 storage raid: [{'name':'r','level':'raid1','devices':['/dev/a','sdb']}]",
		passes: "3.0.0 storage raid: [{'name':'r','level':'raid1','devices':['/dev/a','/dev/sdb']}]",
		want:   []string{"error path-relative $.storage.raid.0.devices.1"}},
	{claim: "an array is nothing but spares",
		breaks: "3.6.0 storage raid: [{'name':'r','level':'raid1','spares':1,'devices':['/dev/a']}]",
		passes: "3.6.0 storage raid: [{'name':'r','level':'raid1','spares':1,'devices':['/dev/a','/dev/b']}]",
		want:   []string{"error raid-all-spares $.storage.raid.0.spares"}, stricter: true},
	{claim: "an array of level 6 is of three devices and a spare",
		breaks: "3.6.0 storage raid: [{'name':'r','level':'6','spares':1,'devices':['/a','/b','/c','/d']}]",
		passes: "3.6.0 storage raid: [{'name':'r','level':'6','spares':1,'devices':['/a','/b','/c','/d','/e']}]",
		want:   []string{"error raid-few $.storage.raid.0.devices"}, stricter: true},
	{claim: "an array of level 5 is of one device",
		breaks: "3.6.0 storage raid: [{'name':'r','level':'raid5','devices':['/a']}]",
		passes: "3.6.0 storage raid: [{'name':'r','level':'raid5','devices':['/a','/b']}]",
		want:   []string{"error raid-few $.storage.raid.0.devices"}, stricter: true},
	{claim: "an array of level 10 is of one device and a spare",
		breaks: "3.6.0 storage raid: [{'name':'r','level':'10','spares':1,'devices':['/a','/b']}]",
		passes: "3.6.0 storage raid: [{'name':'r','level':'raid10','spares':1,'devices':['/a','/b','/c']}]",
		want:   []string{"error raid-few $.storage.raid.0.devices"}, stricter: true},
	{claim: "a filesystem's path is relative", rule: "R-FSPATH",
		breaks: "3.0.0 storage filesystems: [{'device':'/dev/a','format':'ext4','path':'var'}]",
		passes: "3.0.0 storage filesystems: [{'device':'/dev/a','format':'ext4','path':''}]",
		want:   []string{"error path-relative $.storage.filesystems.0.path"}},
	{claim: "a filesystem has no device", rule: "R-FSDEV",
		breaks: "3.0.0 storage filesystems: [{'format':'ext4'}]",
		passes: "3.0.0 storage filesystems: [{'format':'ext4','device':'/dev/a'}]",
		want:   []string{"error path-missing $.storage.filesystems.0.device"}},
	{claim: "a virtiofs tag has 37 bytes", rule: "R-FSDEV",
		breaks: "3.7.0-experimental storage filesystems: [{'format':'virtiofs','device':'" + hex64[:37] + "'}]",
		passes: "3.7.0-experimental storage filesystems: [{'format':'virtiofs','device':'" + hex64[:36] + "'}]",
		want:   []string{"error virtiofs-tag $.storage.filesystems.0.device"}},
	{claim: "a filesystem has options and no format", rule: "R-FSFORMATREQ",
		breaks: "3.1.0 storage filesystems: [{'device':'/dev/a','mountOptions':['ro']}]",
		passes: "3.1.0 storage filesystems: [{'device':'/dev/a','mountOptions':[],'wipeFilesystem':false,'label':''}]",
		want:   []string{"error format-missing $.storage.filesystems.0.format"},
		hint:   "formats are ext4, btrfs, xfs, vfat, swap"},
	{claim: "a format is newer than the version", rule: "R-FSFORMAT",
		breaks: "3.2.0 storage filesystems: [{'device':'/dev/a','format':'none'}]",
		passes: "3.3.0 storage filesystems: [{'device':'/dev/a','format':'none'}]",
		want:   []string{"error format-unknown $.storage.filesystems.0.format"}, hint: "3.3.0 or newer"},
	{claim: "virtiofs is newer than the version, so its tag is no path", rule: "R-FSFORMAT",
		breaks: "3.6.0 storage filesystems: [{'device':'tag','format':'virtiofs'}]",
		passes: "3.7.0-experimental storage filesystems: [{'device':'tag','format':'virtiofs'}]",
		want: []string{"error path-relative $.storage.filesystems.0.device",
			"error format-unknown $.storage.filesystems.0.format"}},
	{claim: "a format is not known", rule: "R-FSFORMAT",
		breaks: "3.6.0 storage filesystems: [{'device':'/dev/a','format':'zfs'}]",
		passes: "3.6.0 storage filesystems: [{'device':'/dev/a','format':'btrfs'}]",
		want:   []string{"error format-unknown $.storage.filesystems.0.format"},
		hint:   "ext4, btrfs, xfs, vfat, swap, none"},
	{claim: "a label has no format", rule: "R-FSLABELFMT",
		breaks: "3.6.0 storage filesystems: [{'device':'/dev/a','label':'l'}]",
		passes: "3.6.0 storage filesystems: [{'device':'/dev/a','label':'l','format':'xfs'}]",
		want: []string{"error format-missing $.storage.filesystems.0.format",
			"error label-without-format $.storage.filesystems.0.label"}},
	{claim: "a label of vfat has 12 bytes", rule: "R-FSLABELLEN",
		breaks: "3.6.0 storage filesystems: [{'device':'/dev/a','format':'vfat','label':'" + hex64[:12] + "'}]",
		passes: "3.6.0 storage filesystems: [{'device':'/dev/a','format':'vfat','label':'" + hex64[:11] + "'}]",
		want:   []string{"error label-long $.storage.filesystems.0.label"}},
	{claim: "a label of btrfs has 255 bytes",
		breaks: "3.6.0 storage filesystems: [{'device':'/dev/a','format':'btrfs','wipeFilesystem':true,'label':'" +
			hex128 + hex128[1:] + "'}]",
		passes: "3.6.0 storage filesystems: [{'device':'/dev/a','format':'btrfs','wipeFilesystem':true,'label':'" +
			hex128 + hex128[2:] + "'},{'device':'/dev/b','format':'btrfs','label':'" + hex128 + hex128[1:] + "'}]",
		want: []string{"error field-long $.storage.filesystems.0.label"}, stricter: true},
	{claim: "a label of vfat has a dot",
		breaks: "3.6.0 storage filesystems: [{'device':'/dev/a','format':'vfat','label':'EFI.SYS'," +
			"'wipeFilesystem':true}]",
		passes: "3.6.0 storage filesystems: [{'device':'/dev/a','format':'ext4','label':'EFI.SYS'," +
			"'wipeFilesystem':true},{'device':'/dev/b','format':'vfat','label':'EFI.SYS'}]",
		want: []string{"error field-character $.storage.filesystems.0.label"}, stricter: true},
	{claim: "a label of vfat means none",
		breaks: "3.6.0 storage filesystems: [{'device':'/dev/a','format':'vfat','label':'NO NAME'}]",
		passes: "3.6.0 storage filesystems: [{'device':'/dev/a','format':'vfat','label':'no name'}]",
		want:   []string{"error field-character $.storage.filesystems.0.label"}, stricter: true},
	{claim: "a label holds a line separator",
		breaks: "3.6.0 storage filesystems: [{'device':'/dev/a','format':'xfs','label':'a\u2028b'}]",
		passes: "3.6.0 storage filesystems: [{'device':'/dev/a','format':'xfs','label':'a b'}]",
		want:   []string{"error field-character $.storage.filesystems.0.label"}, stricter: true},
	{claim: "the UUID of a vfat is none of 32 bits",
		breaks: "3.6.0 storage filesystems: [{'device':'/dev/a','format':'vfat','uuid':'" + guid + "'}]",
		passes: "3.6.0 storage filesystems: [{'device':'/dev/a','format':'vfat','uuid':'2E24-ec82'}]",
		want:   []string{"error filesystem-uuid $.storage.filesystems.0.uuid"}, hint: "2E24-EC82", stricter: true},
	{claim: "the UUID of an ext4 has no dashes",
		breaks: "3.6.0 storage filesystems: [{'device':'/dev/a','format':'ext4','uuid':'" + hex64[:32] + "'}]",
		passes: "3.6.0 storage filesystems: [{'device':'/dev/a','format':'ext4','uuid':'random'}]",
		want:   []string{"error filesystem-uuid $.storage.filesystems.0.uuid"}, hint: "UUIDs look like",
		stricter: true},
	{claim: "no UUID is wanted of an ext4 that is made",
		breaks: "3.6.0 storage filesystems: [{'device':'/dev/a','format':'ext4','uuid':'','wipeFilesystem':true}]",
		passes: "3.6.0 storage filesystems: [{'device':'/dev/a','format':'ext4','uuid':''}]",
		want:   []string{"error filesystem-uuid $.storage.filesystems.0.uuid"}, stricter: true},
	{claim: "no number is wanted of a vfat",
		breaks: "3.6.0 storage filesystems: [{'device':'/dev/a','format':'vfat','uuid':''}]",
		passes: "3.6.0 storage filesystems: [{'device':'/dev/a','format':'vfat','uuid':'0'}]",
		want:   []string{"error filesystem-uuid $.storage.filesystems.0.uuid"}, stricter: true},
	{claim: "a virtiofs has a label", rule: "R-FSLABELLEN",
		breaks: "3.7.0-experimental storage filesystems: [{'device':'t','format':'virtiofs','label':'l'}]",
		passes: "3.7.0-experimental storage filesystems: [{'device':'t','format':'virtiofs','label':''}]",
		want:   []string{"error virtiofs-block $.storage.filesystems.0.label"}},
	{claim: "a virtiofs has what a block device has", rule: "R-FSNOBLOCK",
		breaks: "3.7.0-experimental storage filesystems: " +
			"[{'device':'t','format':'virtiofs','uuid':'u','wipeFilesystem':true,'options':['o']}]",
		passes: "3.7.0-experimental storage filesystems: " +
			"[{'device':'t','format':'virtiofs','uuid':'','wipeFilesystem':false,'options':[]}]",
		want: []string{"error virtiofs-block $.storage.filesystems.0.uuid", "error virtiofs-block " +
			"$.storage.filesystems.0.wipeFilesystem", "error virtiofs-block $.storage.filesystems.0.options"}},
	{claim: "a filesystem takes a disk with partitions", rule: "R-FSPARTDISK",
		breaks: "3.6.0 storage: {'disks':[{'device':'/dev/a','wipeTable':true,'partitions':[{'number':1}]}]," +
			"'filesystems':[{'device':'/dev/a','format':'ext4','wipeFilesystem':true}]}",
		passes: "3.6.0 storage: {'disks':[{'device':'/dev/a','partitions':[{'number':1}]}]," +
			"'filesystems':[{'device':'/dev/a1','format':'ext4'}]}",
		want: []string{"warning filesystem-on-table $.storage.filesystems.0.device"}, hint: "partitions",
		note: "partitioned here"},
	{claim: "wiping a table takes a filesystem along", rule: "R-FSIMPLICITWIPE",
		breaks: "3.6.0 storage: " +
			"{'disks':[{'device':'/dev/a','wipeTable':true}],'filesystems':[{'device':'/dev/a','format':'ext4'}]}",
		passes: "3.6.0 storage: {'disks':[{'device':'/dev/a','wipeTable':true}]," +
			"'filesystems':[{'device':'/dev/a','format':'ext4','wipeFilesystem':true}]}",
		want: []string{"warning filesystem-wiped $.storage.filesystems.0.device"}, hint: "wipeFilesystem",
		note: "wiped here"},
}

var luksCases = []ruleCase{
	{claim: "the name of a volume has a slash", rule: "R-LUKSNAME",
		breaks: "3.2.0 storage luks: [{'name':'a/b','device':'/dev/a'}]",
		passes: "3.2.0 storage luks: [{'name':'a-b','device':'/dev/a'}]",
		want:   []string{"error luks-name $.storage.luks.0.name"}},
	{claim: "a LUKS label has 48 bytes", rule: "R-LUKSLABEL",
		breaks: "3.2.0 storage luks: [{'name':'a','device':'/dev/a','label':'" + hex64[:48] + "'}]",
		passes: "3.2.0 storage luks: [{'name':'a','device':'/dev/a','label':'" + hex64[:47] + "'}]",
		want:   []string{"error luks-label-long $.storage.luks.0.label"}},
	{claim: "the UUID of a volume is none",
		breaks: "3.2.0 storage luks: [{'name':'a','device':'/dev/a','uuid':'a'}]", passes: "3.2.0 storage luks: " +
			"[{'name':'a','device':'/dev/a','uuid':'" + guid + "'},{'name':'b','device':'/dev/b','uuid':''}]",
		want: []string{"error luks-uuid $.storage.luks.0.uuid"}, hint: "UUIDs look like", stricter: true},
	{claim: "a key is empty; no source is no key",
		breaks: "3.2.0 storage luks: [{'name':'a','device':'/dev/a','keyFile':{'source':'data:;base64,'}}]",
		passes: "3.2.0 storage luks: [{'name':'a','device':'/dev/a','keyFile':{'source':''}}," +
			"{'name':'b','device':'/dev/b','keyFile':{'source':'data:,k'}},{'name':'c','device':'/dev/c'}]",
		want: []string{"error luks-key-empty $.storage.luks.0.keyFile.source"}, hint: "random", stricter: true},
	{claim: "the digest of a key is that of nothing",
		breaks: "3.2.0 storage luks: [{'name':'a','device':'/dev/a','keyFile':{'source':'http://h/k'," +
			"'verification':{'hash':'sha256-E3B0C44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'}}}]",
		passes: "3.2.0 storage luks: [{'name':'a','device':'/dev/a'," +
			"'keyFile':{'source':'http://h/k','verification':{'hash':'sha256-" + hex64 + "'}}}]",
		want: []string{"error luks-key-empty $.storage.luks.0.keyFile.source"}, stricter: true},
	{claim: "a volume has no device", rule: "R-LUKSDEV",
		breaks: "3.2.0 storage luks: [{'name':'a'}]", passes: "3.2.0 storage luks: [{'name':'a','device':'/dev/a'}]",
		want: []string{"error path-missing $.storage.luks.0.device"}},
	{claim: "more pins than there are open a volume",
		breaks: "3.2.0 storage luks: [{'name':'a','device':'/dev/a','clevis':{'tpm2':true,'threshold':2}}]",
		passes: "3.2.0 storage luks: [{'name':'a','device':'/dev/a','clevis':{'tpm2':true,'threshold':2," +
			"'tang':[{'url':'http://a','thumbprint':'t'}]}},{'name':'b','device':'/dev/b','clevis':{'threshold':0}}," +
			"{'name':'c','device':'/dev/c','clevis':{'tpm2':true,'threshold':1}}," +
			"{'name':'d','device':'/dev/d','clevis':{'tpm2':true}}]",
		want: []string{"error clevis-threshold $.storage.luks.0.clevis.threshold"}, hint: "from 1", stricter: true},
	{claim: "no pins open a volume",
		breaks: "3.2.0 storage luks: [{'name':'a','device':'/dev/a','clevis':{'tpm2':true,'threshold':0}}]",
		passes: "3.6.0 storage luks: [{'name':'a','device':'/dev/a','clevis':{'threshold':0," +
			"'custom':{'pin':'mine','config':'{}'}}}]",
		want: []string{"error clevis-threshold $.storage.luks.0.clevis.threshold"}, stricter: true},
	{claim: "a volume has a threshold and no pins",
		breaks: "3.2.0 storage luks: [{'name':'a','device':'/dev/a','clevis':{'threshold':1}}]",
		passes: "3.2.0 storage luks: [{'name':'a','device':'/dev/a','clevis':{}}]",
		want:   []string{"error clevis-threshold $.storage.luks.0.clevis.threshold"}, stricter: true},
	{claim: "a custom pin stands beside a TPM", rule: "R-CLEVISMIX",
		breaks: "3.3.0 storage luks: " +
			"[{'name':'a','device':'/dev/a','clevis':{'tpm2':true,'custom':{'pin':'tpm2','config':'{}'}}}]",
		passes: "3.3.0 storage luks: [{'name':'a','device':'/dev/a','clevis':{'tpm2':true,'custom':{}}}]",
		want:   []string{"error clevis-mixed $.storage.luks.0.clevis"}, hint: "keep either"},
	{claim: "an empty custom pin counts in 3.2.0", rule: "R-CLEVISMIX",
		breaks: "3.2.0 storage luks: [{'name':'a','device':'/dev/a','clevis':{'threshold':1,'custom':{}}}]",
		passes: "3.2.0 storage luks: [{'name':'a','device':'/dev/a','clevis':{'threshold':0,'custom':{}}}]",
		want:   []string{"error clevis-mixed $.storage.luks.0.clevis"}},
	{claim: "a key's source is bad, which is told twice", rule: "R-LUKSKEY",
		breaks: "3.2.0 storage luks: [{'name':'a','device':'/dev/a','keyFile':{'source':'file:///k'}}]",
		passes: "3.2.0 storage luks: [{'name':'a','device':'/dev/a','keyFile':{'source':''}}]",
		want:   []string{"error url-scheme $.storage.luks.0.keys", "error url-scheme $.storage.luks.0.keyFile.source"}},
	{claim: "a custom pin has a config and no name", rule: "R-CLEVISPIN",
		breaks: "3.6.0 storage luks: [{'name':'a','device':'/dev/a','clevis':{'custom':{'config':'{}'}}}]",
		passes: "3.6.0 storage luks: [{'name':'a','device':'/dev/a','clevis':{'custom':{'config':'','pin':''}}}]",
		want:   []string{"error clevis-pin-missing $.storage.luks.0.clevis.custom.pin"}},
	{claim: "any pin goes since 3.6.0", rule: "R-CLEVISPIN",
		breaks: "3.5.0 storage luks: [{'name':'a','device':'/dev/a','clevis':{'custom':{'config':'{}','pin':'mine'}}}]",
		passes: "3.6.0 storage luks: [{'name':'a','device':'/dev/a','clevis':{'custom':{'config':'{}','pin':'mine'}}}]",
		want:   []string{"error clevis-pin $.storage.luks.0.clevis.custom.pin"}, hint: "3.6.0"},
	{claim: "a custom pin has no config", rule: "R-CLEVISCFG",
		breaks: "3.2.0 storage luks: [{'name':'a','device':'/dev/a','clevis':{'custom':{'pin':'tang'}}}]",
		passes: "3.2.0 storage luks: [{'name':'a','device':'/dev/a','clevis':{'custom':{'pin':'tang','config':'{}'}}}]",
		want:   []string{"error clevis-config-missing $.storage.luks.0.clevis.custom.config"}},
	{claim: "needing the network counts since 3.3.0", rule: "R-CLEVISCFG",
		breaks: "3.3.0 storage luks: [{'name':'a','device':'/dev/a','clevis':{'custom':{'needsNetwork':true}}}]",
		passes: "3.2.0 storage luks: [{'name':'a','device':'/dev/a','clevis':{'custom':{'needsNetwork':true}}}]",
		want: []string{"error clevis-pin-missing $.storage.luks.0.clevis.custom.pin",
			"error clevis-config-missing $.storage.luks.0.clevis.custom.config"}},
	{claim: "the URL of a Tang server is not http", rule: "R-TANGURL",
		breaks: "3.2.0 storage luks: [{'name':'a','device':'/dev/a','clevis':{'tang':[{'url':'a','thumbprint':'t'}]}}]",
		passes: "3.2.0 storage luks: " +
			"[{'name':'a','device':'/dev/a','clevis':{'tang':[{'url':'http://a','thumbprint':'t'}]}}]",
		want: []string{"error tang-url $.storage.luks.0.clevis.tang.0.url"}},
	{claim: "a Tang server has no thumbprint", rule: "R-TANGTHP",
		breaks: "3.2.0 storage luks: [{'name':'a','device':'/dev/a'," +
			"'clevis':{'tang':[{'url':'http://a','thumbprint':''}]}}]", passes: "3.2.0 storage luks: " +
			"[{'name':'a','device':'/dev/a','clevis':{'tang':[{'url':'https://a','thumbprint':'t'}]}}]",
		want: []string{"error tang-thumbprint $.storage.luks.0.clevis.tang.0.thumbprint"}},
	{claim: "an advertisement is not JSON", rule: "R-TANGADV",
		breaks: "3.4.0 storage luks: [{'name':'a','device':'/dev/a'," +
			"'clevis':{'tang':[{'url':'http://a','thumbprint':'t','advertisement':'{'}]}}]",
		passes: "3.4.0 storage luks: [{'name':'a','device':'/dev/a'," +
			"'clevis':{'tang':[{'url':'http://a','thumbprint':'t','advertisement':'{}'}]}}]",
		want: []string{"error tang-advertisement $.storage.luks.0.clevis.tang.0.advertisement"}},
	{claim: "Crypto Express stands beside Clevis", rule: "R-CEXCLEVIS",
		breaks: "3.5.0 storage luks: [{'name':'a','device':'/dev/a','cex':{'enabled':true},'clevis':{'tpm2':true}}]",
		passes: "3.5.0 storage luks: [{'name':'a','device':'/dev/a','cex':{'enabled':true},'clevis':{'tpm2':false}}]",
		want:   []string{"error cex-clevis $.storage.luks.0.cex"}},
	{claim: "Crypto Express stands beside a key", rule: "R-CEXKEY",
		breaks: "3.5.0 storage luks: [{'name':'a','device':'/dev/a'," +
			"'cex':{'enabled':true},'keyFile':{'source':'data:,k'}}]", passes: "3.5.0 storage luks: " +
			"[{'name':'a','device':'/dev/a','cex':{'enabled':false},'keyFile':{'source':'data:,k'}}]",
		want: []string{"error cex-key $.storage.luks.0.cex"}},
}

var nodeCases = []ruleCase{
	{claim: "a link's path is relative", rule: "R-NODEPATH",
		breaks: "3.6.0 storage links: [{'path':'a','target':'b'}]",
		passes: "3.6.0 storage links: [{'path':'/a','target':'b'}]",
		want:   []string{"error path-relative $.storage.links.0.path"}},
	{claim: "an owner is given twice", rule: "R-IDNAME",
		breaks: "3.6.0 storage files: [{'path':'/a','user':{'id':0,'name':'root'}}]",
		passes: "3.6.0 storage files: [{'path':'/a','user':{'id':0,'name':''}}]",
		want:   []string{"error owner-twice $.storage.files.0.user"}, hint: "keep one"},
	{claim: "a group is given twice", rule: "R-IDNAME",
		breaks: "3.6.0 storage links: [{'path':'/a','target':'b','group':{'id':0,'name':'root'}}]",
		passes: "3.6.0 storage links: [{'path':'/a','target':'b','group':{'name':'root'}}]",
		want:   []string{"error owner-twice $.storage.links.0.group"}},
	{claim: "a mode has more than twelve bits", rule: "R-MODE",
		breaks: "3.6.0 storage files: [{'path':'/a','mode':4096}]",
		passes: "3.6.0 storage files: [{'path':'/a','mode':4095}]",
		want:   []string{"error mode-range $.storage.files.0.mode"}},
	{claim: "a mode is negative", rule: "R-MODE",
		breaks: "3.6.0 storage directories: [{'path':'/a','mode':-1}]",
		passes: "3.6.0 storage directories: [{'path':'/a','mode':0}]",
		want:   []string{"error mode-range $.storage.directories.0.mode"}},
	{claim: "special bits have no effect before 3.6.0", rule: "R-MODESPECIAL",
		breaks: "3.5.0 storage directories: [{'path':'/a','mode':1023}]",
		passes: "3.6.0 storage directories: [{'path':'/a','mode':1023}]",
		want:   []string{"warning mode-special $.storage.directories.0.mode"}, hint: "3.6.0"},
	{claim: "a mode looks like octal digits",
		breaks: "3.6.0 storage files: [{'path':'/a','mode':644}]",
		passes: "3.6.0 storage files: [{'path':'/a','mode':420}]",
		want:   []string{"warning mode-octal $.storage.files.0.mode"}, hint: "0644 is written 420", stricter: true},
	{claim: "there is nothing to overwrite with", rule: "R-OVERWRITE",
		breaks: "3.0.0 storage files: [{'path':'/a','overwrite':true}]",
		passes: "3.0.0 storage files: [{'path':'/a','overwrite':true,'contents':{'source':''}}]",
		want:   []string{"error overwrite-nothing $.storage.files.0.overwrite"}, hint: "data:,"},
	{claim: "each node below each link is told", rule: "R-BELOWLINK",
		breaks: "3.6.0 storage: {'directories':[{'path':'/l/d'}],'files':[{'path':'/l/k/f'}]," +
			"'links':[{'path':'/l','target':'x'},{'path':'/l/k','target':'y'}]}",
		passes: "3.6.0 storage: " +
			"{'directories':[{'path':'/ld'}],'files':[{'path':'/lf'}],'links':[{'path':'/l','target':'x'}]}",
		want: []string{"error below-link $.storage.directories.0", "error below-link $.storage.files.0",
			"error below-link $.storage.files.0", "error below-link $.storage.links.1"},
		hint: "points at", note: "the link is defined here"},
	{claim: "a link has no target", rule: "R-LINKTARGET",
		breaks: "3.3.0 storage links: [{'path':'/a','hard':true,'target':'','user':{'id':1}}]",
		passes: "3.3.0 storage links: [{'path':'/a','target':'b'}]",
		want:   []string{"error target-missing $.storage.links.0.target"}, hint: "target"},
	{claim: "a hard link points at a directory", rule: "R-HARDDIR",
		breaks: "3.6.0 storage: {'directories':[{'path':'/d'}],'links':[{'path':'/l','target':'/d','hard':true}]}",
		passes: "3.6.0 storage: {'directories':[{'path':'/d'}],'links':[{'path':'/l','target':'/d'}]}",
		want:   []string{"error hard-link-directory $.storage.links.0"}, hint: "hard",
		note: "the directory is defined here"},
	{claim: "a hard link has owners", rule: "R-HARDOWNER",
		breaks: "3.6.0 storage links: [{'path':'/l','target':'/f','hard':true,'user':{'id':0},'group':{'name':''}}]",
		passes: "3.6.0 storage links: [{'path':'/l','target':'/f','user':{'id':0}}]",
		want: []string{"warning hard-link-owner $.storage.links.0.user.id",
			"warning hard-link-owner $.storage.links.0.group.name"}, hint: "target"},
	{claim: "a file stands where a unit is written", rule: "R-SYSTEMDPATH",
		breaks: "3.6.0 : {'storage':{'files':[{'path':'/etc/systemd/system/a.service'}]}," +
			"'systemd':{'units':[{'name':'a.service','contents':'[A]'}]}}",
		passes: "3.6.0 : {'storage':{'files':[{'path':'/etc/systemd/system/a.service'}]}," +
			"'systemd':{'units':[{'name':'a.service','contents':''}]}}",
		want: []string{"error unit-path $.storage.files.0.path"}, hint: "keep either",
		note: "the unit is defined here"},
	{claim: "a file stands below a unit",
		breaks: "3.6.0 : {'storage':{'files':[{'path':'/etc/systemd/system/a.service/b'}]}," +
			"'systemd':{'units':[{'name':'a.service','contents':'[A]'}]}}",
		passes: "3.6.0 : {'storage':{'files':[{'path':'/etc/systemd/system/a.service.d/b'}]}," +
			"'systemd':{'units':[{'name':'a.service','contents':'[A]'}]}}",
		want: []string{"error unit-path $.storage.files.0.path"}, note: "the unit is defined here", stricter: true},
	{claim: "a link stands where a drop-in is written", rule: "R-SYSTEMDPATH",
		breaks: "3.6.0 : {'storage':{'links':[{'path':'/etc/systemd/system/a.service.d/b.conf','target':'x'}]}," +
			"'systemd':{'units':[{'name':'a.service','dropins':[{'name':'b.conf','contents':'[A]'}]}]}}",
		passes: "3.6.0 : {'storage':{'links':[{'path':'/etc/systemd/system/a.service.d/c.conf','target':'x'}]}," +
			"'systemd':{'units':[{'name':'a.service','dropins':[{'name':'b.conf','contents':'[A]'}]}]}}",
		want: []string{"error unit-path $.storage.links.0.path"}, note: "the unit is defined here"},
	{claim: "a unit is enabled that only enables others",
		breaks: "3.6.0 systemd units: [{'name':'a.service','enabled':true,'contents':'[Install]\\nAlso=b.socket\\n'}]",
		passes: "3.6.0 systemd units: [{'name':'a.service','enabled':true,'contents':'[Install]\\nAlso=b.socket\\n'," +
			"'dropins':[{'name':'a.conf','contents':'[Install]\\nWantedBy=c.target\\n'}]}]",
		want: []string{"warning unit-only-also $.systemd.units.0.contents"}, hint: "WantedBy=", stricter: true},
	{claim: "an instance is enabled and its template masked",
		breaks: "3.6.0 systemd units: [{'name':'a@x.service','enabled':true},{'name':'a@.service','mask':true}]",
		passes: "3.6.0 systemd units: [{'name':'a@x.service','enabled':true," +
			"'contents':'[Install]\\nWantedBy=x.target\\n'},{'name':'a@.service','mask':true}]",
		want: []string{"warning unit-other-name $.systemd.units.0.enabled"}, hint: "other name", stricter: true},
	{claim: "a unit is enabled by an alias, and disabled by its name",
		breaks: "3.6.0 systemd units: [{'name':'a.service','enabled':true},{'name':'b.service'," +
			"'enabled':false,'contents':'[Install]\\nWantedBy=x.target\\nAlias=a.service\\n'}]",
		passes: "3.6.0 systemd units: [{'name':'a.service','enabled':true},{'name':'b.service'," +
			"'enabled':true,'contents':'[Install]\\nWantedBy=x.target\\nAlias=a.service\\n'}]",
		want: []string{"warning unit-other-name $.systemd.units.0.enabled"}, hint: "other name", stricter: true},
	{claim: "the alias that enabling makes is masked",
		breaks: "3.6.0 systemd units: [{'name':'a.service','mask':true},{'name':'b.service'," +
			"'enabled':true,'contents':'[Install]\\nWantedBy=x.target\\nAlias=a.service\\n'}]",
		passes: "3.6.0 systemd units: [{'name':'c.service','mask':true},{'name':'b.service'," +
			"'enabled':true,'contents':'[Install]\\nWantedBy=x.target\\nAlias=a.service\\n'}]",
		want: []string{"warning unit-other-name $.systemd.units.1.enabled"}, hint: "other name", stricter: true},
	{claim: "a template is enabled and its default instance disabled",
		breaks: "3.6.0 systemd units: [{'name':'a@.service','enabled':true," +
			"'contents':'[Install]\\nWantedBy=x.target\\nDefaultInstance=one\\n'},{'name':'a@one.service'," +
			"'enabled':false}]",
		passes: "3.6.0 systemd units: [{'name':'a@.service','enabled':true," +
			"'contents':'[Install]\\nWantedBy=x.target\\nDefaultInstance=one\\n'},{'name':'a@one.service'," +
			"'enabled':false},{'name':'a@two.service','enabled':true}]",
		want: []string{"warning unit-other-name $.systemd.units.0.enabled"}, hint: "other name", stricter: true},
	{claim: "a template is enabled and its default instance masked",
		breaks: "3.6.0 systemd units: [{'name':'a@.service','enabled':true," +
			"'contents':'[Install]\\nWantedBy=x.target\\nDefaultInstance=one\\n'},{'name':'a@one.service'," +
			"'mask':true}]",
		passes: "3.6.0 systemd units: [{'name':'a@.service','enabled':true," +
			"'contents':'[Install]\\nWantedBy=x.target\\nDefaultInstance=one\\n'},{'name':'a@two.service'," +
			"'mask':true}]",
		want: []string{"warning unit-other-name $.systemd.units.0.enabled"}, hint: "other name", stricter: true},
	{claim: "a link masks a unit that is enabled",
		breaks: "3.6.0 : {'storage':{'links':[{'path':'/etc/systemd/system/a.service'," +
			"'target':'/dev/null'}]},'systemd':{'units':[{'name':'a.service','enabled':true}]}}",
		passes: "3.6.0 : {'storage':{'links':[{'path':'/etc/systemd/system/b.service'," +
			"'target':'/dev/null'}]},'systemd':{'units':[{'name':'a.service','enabled':true}]}}",
		want: []string{"warning unit-other-name $.systemd.units.0.enabled"}, hint: "other name", stricter: true},
	{claim: "a link makes an alias of a unit that is masked",
		breaks: "3.6.0 : {'storage':{'links':[{'path':'/etc/systemd/system/a.service'," +
			"'target':'b.service'}]},'systemd':{'units':[{'name':'a.service','enabled':true}," +
			"{'name':'b.service','mask':true}]}}",
		passes: "3.6.0 : {'storage':{'links':[{'path':'/etc/systemd/system/a.service'," +
			"'target':'b.service'}]},'systemd':{'units':[{'name':'a.service','enabled':true}," +
			"{'name':'b.service','mask':false}]}}",
		want: []string{"warning unit-other-name $.systemd.units.0.enabled"}, hint: "other name", stricter: true},
	{claim: "a quadlet has a line without =",
		breaks: "3.6.0 storage files: [{'path':'/etc/containers/systemd/a.container'," +
			"'contents':{'source':'data:,%5BContainer%5D%0AImage'}}]",
		passes: "3.6.0 storage files: [{'path':'/etc/containers/systemd/a.container','contents':{'source':" +
			"'data:,%5BContainer%5D%0AImage=x%0A'}},{'path':'/etc/a.container','contents':{'source':'data:,Image'}}]",
		want: []string{"error quadlet-syntax $.storage.files.0.contents.source"}, hint: "Name=value", stricter: true},
	{claim: "a drop-in of a quadlet has an open section",
		breaks: "3.6.0 storage files: [{'path':'/home/a/.config/containers/systemd/a.pod.d/b.conf'," +
			"'contents':{'source':'data:;base64,W1BvZAo='}}]",
		passes: "3.6.0 storage files: [{'path':'/home/a/.config/containers/systemd/a.pod.d/b.conf'," +
			"'contents':{'source':'data:;base64,W1BvZF0K'}},{'path':'/etc/containers/systemd/b.pod'," +
			"'contents':{'source':'http://h/b.pod'}}]",
		want: []string{"error quadlet-syntax $.storage.files.0.contents.source"}, hint: "[Name]", stricter: true},
	{claim: "a file is among the engine's records",
		breaks: "3.6.0 storage files: [{'path':'/etc/.glowplug/a'}]",
		passes: "3.6.0 storage files: [{'path':'/etc/.glowplugs/a'},{'path':'/etc/glowplug/a'}]",
		want:   []string{"error path-reserved $.storage.files.0.path"}, hint: "another path", stricter: true},
	{claim: "a directory is in their place",
		breaks: "3.6.0 storage directories: [{'path':'/etc/.glowplug'}]",
		passes: "3.6.0 storage directories: [{'path':'/etc'}]",
		want:   []string{"error path-reserved $.storage.directories.0.path"}, stricter: true},
	{claim: "a link is in their place",
		breaks: "3.6.0 storage links: [{'path':'/etc/.glowplug','target':'/x'}]",
		passes: "3.6.0 storage links: [{'path':'/x','target':'/etc/.glowplug'}]",
		want:   []string{"error path-reserved $.storage.links.0.path"}, stricter: true},
	{claim: "a filesystem is mounted over them",
		breaks: "3.6.0 storage filesystems: [{'device':'/dev/a','format':'ext4','path':'/etc/.glowplug'}]",
		passes: "3.6.0 storage filesystems: [{'device':'/dev/a','format':'ext4','path':'/etc'}]",
		want:   []string{"error path-reserved $.storage.filesystems.0.path"}, stricter: true},
	{claim: "a home is among them",
		breaks: "3.6.0 passwd users: [{'name':'a','homeDir':'/etc/.glowplug/a'}]",
		passes: "3.6.0 passwd users: [{'name':'a','homeDir':'/srv/a'}]",
		want:   []string{"error path-reserved $.passwd.users.0.homeDir"}, stricter: true},
	{claim: "a file lies below a file",
		breaks: "3.6.0 storage files: [{'path':'/a'},{'path':'/a/b'}]",
		passes: "3.6.0 storage files: [{'path':'/a'},{'path':'/ab'}]",
		want:   []string{"error below-file $.storage.files.1.path"}, hint: "directory",
		note:     "the file is defined here",
		stricter: true},
	{claim: "an owner's id is negative",
		breaks: "3.6.0 storage files: [{'path':'/a','user':{'id':-1}}]",
		passes: "3.6.0 storage files: [{'path':'/a','user':{'id':0}}]",
		want:   []string{"error number-negative $.storage.files.0.user.id"}, stricter: true},
}

var unitCases = []ruleCase{
	{claim: "a unit's name has no kind", rule: "R-UNITNAME",
		breaks: "3.0.0 systemd units: [{'name':'a.Service'}]", passes: "3.0.0 systemd units: [{'name':'a.service'}]",
		want: []string{"error unit-name-extension $.systemd.units.0.name"}, hint: "lower case"},
	{claim: "a unit's name leads out of its directory",
		breaks: "3.0.0 systemd units: [{'name':'../a.service'}]",
		passes: "3.0.0 systemd units: [{'name':'..-a.service'}]",
		want:   []string{"error unit-name-slash $.systemd.units.0.name"}, stricter: true},
	{claim: "a unit's section is not closed", rule: "R-UNITTEXT",
		breaks: `3.0.0 systemd units: [{'name':'a.service','contents':'[A\n'}]`,
		passes: `3.0.0 systemd units: [{'name':'a.service','contents':'[A]\n'}]`,
		want:   []string{"error unit-section-open $.systemd.units.0.contents"}, hint: "[Name]"},
	{claim: "a drop-in's line has no equals sign", rule: "R-UNITTEXT",
		breaks: `3.0.0 systemd units: [{'name':'a.service','dropins':[{'name':'b.conf','contents':'[A]\nb\n'}]}]`,
		passes: `3.0.0 systemd units: [{'name':'a.service','dropins':[{'name':'b.conf','contents':'[A]\nb=\n'}]}]`,
		want:   []string{"error unit-no-equals $.systemd.units.0.dropins.0.contents"}, hint: "="},
	{claim: "a line of a unit has 2048 bytes",
		breaks: `3.0.0 systemd units: [{'name':'a.service','contents':'[A]\nb=` + strings.Repeat("x", 8192) + `\n'}]`,
		passes: `3.0.0 systemd units: [{'name':'a.service','contents':'[A]\nb=` + strings.Repeat("x", 2000) + `\n'}]`,
		want:   []string{"warning unit-line-long $.systemd.units.0.contents"}, hint: `\`, laxer: true},
	{claim: "an enabled unit cannot be installed", rule: "R-NOINSTALL",
		breaks: `3.0.0 systemd units: [{'name':'a.service','enabled':true,'contents':'[Install]\n[A]\nb=c'}]`,
		passes: `3.0.0 systemd units: [{'name':'a.service','enabled':true,'contents':'[Install]\nWantedBy=x'}]`,
		want:   []string{"warning unit-not-installable $.systemd.units.0.contents"}, hint: "WantedBy="},
	{claim: "an enabled instance's template cannot be installed", rule: "R-TEMPLATENOINSTALL",
		breaks: `3.0.0 systemd units: [{'name':'a@.service','contents':'[A]\nb=c'},` +
			`{'name':'a@1.service','enabled':true}]`, passes: `3.0.0 systemd units: ` +
			`[{'name':'a@.service','contents':'[A]\nb=c'},{'name':'b@1.service','enabled':true}]`,
		want: []string{"warning template-not-installable $.systemd.units.1.contents"}, hint: "template",
		note: "the template is defined here"},
	{claim: "a name has a line end that becomes part of a line",
		breaks: `3.2.0 storage luks: [{'name':'a\nb','device':'/dev/a'}]`,
		passes: `3.2.0 storage luks: [{'name':'a-b','device':'/dev/a'}]`,
		want:   []string{"error field-character $.storage.luks.0.name"}, hint: "crypttab", stricter: true},
	{claim: "a name of the device mapper is too long",
		breaks: "3.2.0 storage luks: [{'name':'" + strings.Repeat("x", 128) + "','device':'/dev/a'}]",
		passes: "3.2.0 storage luks: [{'name':'" + strings.Repeat("x", 127) + "','device':'/dev/a'}]",
		want:   []string{"error field-long $.storage.luks.0.name"}, stricter: true},
	{claim: "a name of an array is a path below nothing that mdadm makes",
		breaks: "3.0.0 storage raid: [{'name':'/dev/data','level':'raid1','devices':['/dev/a']}]",
		passes: "3.0.0 storage raid: [{'name':'/dev/md/data','level':'raid1','devices':['/dev/a']}]",
		want:   []string{"error field-character $.storage.raid.0.name"}, stricter: true},
	{claim: "a name of an array is another one in the link",
		breaks: "3.0.0 storage raid: [{'name':'a~b','level':'raid1','devices':['/dev/a']}]",
		passes: "3.0.0 storage raid: [{'name':'a@b','level':'raid1','devices':['/dev/a']}]",
		want:   []string{"error field-character $.storage.raid.0.name"}, stricter: true},
	{claim: "a name of an array is longer than a superblock has it",
		breaks: "3.0.0 storage raid: [{'name':'" + strings.Repeat("x", 33) + "','level':'raid1','devices':['/dev/a']}]",
		passes: "3.0.0 storage raid: [{'name':'" + strings.Repeat("x", 32) + "','level':'raid1','devices':['/dev/a']}]",
		want:   []string{"error field-long $.storage.raid.0.name"}, stricter: true},
	{claim: "a kernel argument has a line end; blanks and quotes are fine",
		breaks: `3.3.0 kernelArguments shouldExist: ['a', 'b\nc']`,
		passes: `3.3.0 kernelArguments shouldExist: ['a', 'b=\"c d\" e']`,
		want:   []string{"error field-character $.kernelArguments.shouldExist.1"}, stricter: true},
	{claim: "the file of a TFTP server has a NUL byte",
		breaks: "3.0.0 storage files: [{'path':'/a','contents':{'source':'tftp://h/a%00octet'}}]",
		passes: "3.0.0 storage files: [{'path':'/a','contents':{'source':'tftp://h/a%20b'}}]",
		want:   []string{"error url-tftp-control $.storage.files.0.contents.source"}, stricter: true},
	{claim: "a mount unit is not called by its path",
		breaks: `3.0.0 systemd units: [{'name':'a-b.mount','contents':'[Mount]\nWhere=/a-b\n'}]`,
		passes: `3.0.0 systemd units: [{'name':'a-b.mount','contents':'[Mount]\nWhere=/a/b/\n'}]`,
		want:   []string{"warning unit-name-path $.systemd.units.0.name"}, hint: "systemd-escape --path --suffix=mount",
		stricter: true},
	{claim: "an automount unit is not called by its path, which a drop-in has",
		breaks: `3.0.0 systemd units: [{'name':'a.automount',` +
			`'contents':'[Automount]\nWhere=/a\n','dropins':[{'name':'x.conf','contents':'[Automount]\nWhere=/b\n'}]}]`,
		passes: `3.0.0 systemd units: [{'name':'a.automount','contents':'[Automount]\nWhere=/b\n',` +
			`'dropins':[{'name':'x.conf','contents':'[Automount]\nWhere=/a\n'}]}]`,
		want: []string{"warning unit-name-path $.systemd.units.0.name"}, stricter: true},
	{claim: "a swap unit is not called by its path",
		breaks: `3.0.0 systemd units: [{'name':'swap.swap','contents':'[Swap]\nWhat=/dev/vdb\n'}]`,
		passes: `3.0.0 systemd units: [{'name':'dev-vdb.swap','contents':'[Swap]\nWhat=/dev/vdb\n'}]`,
		want:   []string{"warning unit-name-path $.systemd.units.0.name"}, stricter: true},
	{claim: "a unit is both masked and enabled",
		breaks: `3.0.0 systemd units: [{'name':'a.service','mask':true,'enabled':true}]`,
		passes: `3.0.0 systemd units: ` +
			`[{'name':'a.service','mask':true,'enabled':false},{'name':'b.service','mask':false,'enabled':true}]`,
		want: []string{"warning unit-masked-enabled $.systemd.units.0.enabled"}, stricter: true},
	{claim: "a unit is masked and has a text",
		breaks: `3.0.0 systemd units: [{'name':'a.service','mask':true,'contents':'[A]\n'}]`,
		passes: `3.0.0 systemd units: [{'name':'a.service','mask':false,'contents':'[A]\n'},{'name':'b.service',` +
			`'mask':true,'contents':''}]`,
		want: []string{"warning unit-masked-contents $.systemd.units.0.contents"}, hint: "remove mask or contents",
		stricter: true},
	{claim: "a file stands below the place where the mask of a unit goes",
		breaks: `3.0.0 : {'storage':{'files':[{'path':'/etc/systemd/system/a.service/b'}]},` +
			`'systemd':{'units':[{'name':'a.service','mask':true}]}}`,
		passes: `3.0.0 : {'storage':{'files':[{'path':'/etc/systemd/system/a.service.d/b'}]},` +
			`'systemd':{'units':[{'name':'a.service','mask':true}]}}`,
		want: []string{"error unit-path $.storage.files.0.path"}, hint: "put it elsewhere", note: "is defined here",
		stricter: true},
	{claim: "a file stands where the mask of a unit goes",
		breaks: `3.0.0 : {'storage':{'files':[{'path':'/etc/systemd/system/a.service'}]},` +
			`'systemd':{'units':[{'name':'a.service','mask':true}]}}`,
		passes: `3.0.0 : {'storage':{'files':[{'path':'/etc/systemd/system/a.service'}],` +
			`'links':[{'path':'/etc/systemd/system/b.service','target':'/dev/null'}]},` +
			`'systemd':{'units':[{'name':'a.service','mask':false},{'name':'b.service','mask':true}]}}`,
		want: []string{"warning unit-masked-contents $.storage.files.0.path"},
		hint: "keep either the unit or this entry", note: "is masked here", stricter: true},
	{claim: "a section is spelled almost as one of systemd",
		breaks: `3.0.0 systemd units: [{'name':'a.service','contents':'[Unit]\n[Sevice]\nA=b\n'}]`,
		passes: `3.0.0 systemd units: [{'name':'a.service','contents':'[Unit]\n[Service]\nA=b\n[X-Unit]\n'}]`,
		want:   []string{"warning unit-section-name $.systemd.units.0.contents"}, hint: "write [Service]",
		stricter: true},
	{claim: "a template cannot be enabled alone",
		breaks: `3.0.0 systemd units: [{'name':'a@.service','enabled':true,'contents':'[Install]\nWantedBy=x.target'}]`,
		passes: `3.0.0 systemd units: ` +
			`[{'name':'a@.service','enabled':true,'contents':'[Install]\nWantedBy=x.target\nDefaultInstance=y'},` +
			`{'name':'b@.service','enabled':true,'contents':'[Install]\nWantedBy=x.target'},{'name':'b@1.service',` +
			`'enabled':true},{'name':'c@.service','enabled':true,'contents':'[Install]\nWantedBy=x@.target'}]`,
		want: []string{"warning template-without-instance $.systemd.units.0.enabled"}, hint: "a@1.service",
		stricter: true},
	{claim: "a drop-in does not end in .conf", rule: "R-DROPINNAME",
		breaks: "3.0.0 systemd units: [{'name':'a.service','dropins':[{'name':'b.conf.bak'}]}]",
		passes: "3.0.0 systemd units: [{'name':'a.service','dropins':[{'name':'b.conf'}]}]",
		want:   []string{"error dropin-name-extension $.systemd.units.0.dropins.0.name"}, hint: ".conf"},
	{claim: "a drop-in is hidden",
		breaks: "3.0.0 systemd units: [{'name':'a.service','dropins':[{'name':'.conf'}]}]",
		passes: "3.0.0 systemd units: [{'name':'a.service','dropins':[{'name':'a.conf'}]}]",
		want:   []string{"error unit-name-empty $.systemd.units.0.dropins.0.name"}, stricter: true},
}

func ruleCases() []ruleCase {
	return slices.Concat(genericCases, ignitionCases, replaceCases, diskCases, luksCases, nodeCases, unitCases,
		accountCases)
}

// others are what only a workstation asks for.
func others(doc *document.Document) []diag.Problem {
	if doc == nil {
		return nil
	}
	return rules.Further(doc)
}

func TestRules(t *testing.T) {
	for _, c := range ruleCases() {
		t.Run(c.claim, func(t *testing.T) {
			doc, problems := configs.Judge("test.ign", []byte(write(c.breaks)))
			problems = append(problems, others(doc)...)
			require.Equal(t, c.want, found(problems))
			p := problems[0]
			assert.Contains(t, p.Hint, c.hint)
			assert.Equal(t, c.note != "", len(p.Related) > 0, "notes: %v", p.Related)
			if c.note != "" {
				assert.Contains(t, p.Related[0].Message, c.note)
				assert.NotEqual(t, p.Place, p.Related[0].Place)
			}
			for _, p := range problems {
				assert.Equal(t, c.stricter, p.Stricter, "stricter")
				assert.Equal(t, c.laxer, p.Laxer, "laxer")
				assert.NotNil(t, p.Place.Doc)
				assert.NotEmpty(t, p.Message)
				assert.False(t, strings.HasSuffix(p.Message, "."), p.Message)
			}
			doc, problems = configs.Judge("test.ign", []byte(write(c.passes)))
			problems = append(problems, others(doc)...)
			assert.Empty(t, found(problems), "the neighbour")
		})
	}
}

// specRules are the names of all rules that the language has.
const specRules = `R-DUP R-UNUSED R-TREE R-ABSPATH R-SRC R-SRCREQ R-COMP R-VERSRC R-HASH R-HDRSCHEME R-HDRNAME R-HDRVAL R-PROXY
	R-PROXYINSEC R-DISKDEV R-PNUMDUP R-POVERLAP R-PLABELDUP R-PNONEXIST R-PNEEDID R-PLABEL R-PGUID R-RAIDLEVEL R-RAIDSPARES
	R-RAIDDEVS R-FSPATH R-FSDEV R-FSFORMATREQ R-FSFORMAT R-FSLABELFMT R-FSLABELLEN R-FSNOBLOCK R-FSPARTDISK R-FSIMPLICITWIPE
	R-LUKSNAME R-LUKSLABEL R-LUKSDEV R-CLEVISMIX R-LUKSKEY R-CLEVISPIN R-CLEVISCFG R-TANGURL R-TANGTHP R-TANGADV R-CEXCLEVIS
	R-CEXKEY R-NODEPATH R-IDNAME R-MODE R-MODESPECIAL R-OVERWRITE R-BELOWLINK R-LINKTARGET R-HARDDIR R-HARDOWNER R-SYSTEMDPATH
	R-UNITNAME R-UNITTEXT R-NOINSTALL R-TEMPLATENOINSTALL R-DROPINNAME`

func TestEveryRuleHasACase(t *testing.T) {
	names := map[string]bool{"": true}
	for _, c := range ruleCases() {
		names[c.rule] = true
	}
	for rule := range strings.FieldsSeq(specRules) {
		assert.True(t, names[rule], rule)
		delete(names, rule)
	}
	assert.Len(t, names, 1, "no case names a rule that there is not")
}

func TestWhoIsToldOfOurOwnRules(t *testing.T) {
	told := func(audience diag.Audience, text string) []string {
		doc, problems := configs.Judge("test.ign", []byte(text))
		problems = append(problems, others(doc)...)
		return found(diag.For(audience, problems))
	}
	ours := 0
	for _, c := range ruleCases() {
		text := write(c.breaks)
		if c.stricter {
			ours++
			assert.Equal(t, c.want, told(diag.Workstation, text), c.claim)
			for _, line := range told(diag.Boot, text) {
				assert.Regexp(t, "^warning ", line, "%s: at boot", c.claim)
			}
			assert.Len(t, told(diag.Boot, text), len(c.want), c.claim)
			assert.Empty(t, told(diag.Peer, text), "%s: under the peer's names", c.claim)
		}
		if c.laxer {
			ours++
			assert.Equal(t, c.want, told(diag.Boot, text), c.claim)
			assert.Equal(t, strings.Replace(c.want[0], "warning", "error", 1), told(diag.Peer, text)[0], c.claim)
		}
	}
	assert.GreaterOrEqual(t, ours, 15)
}

// The peer looks at a unit's contents only, and warns of what a drop-in makes right.
func TestInstallInADropinIsEnough(t *testing.T) {
	for _, unit := range []string{
		`{'name':'a.service','enabled':true,'contents':'[Service]\n',` +
			`'dropins':[{'name':'x.conf','contents':'[Install]\nWantedBy=x'}]}`,
		`{'name':'a@.service','contents':'[Service]\n',` +
			`'dropins':[{'name':'x.conf','contents':'[Install]\nWantedBy=x'}]},{'name':'a@1.service','enabled':true}`,
	} {
		_, problems := configs.Judge("test.ign", []byte(write("3.0.0 systemd units: ["+unit+"]")))
		assert.Empty(t, diag.For(diag.Workstation, problems))
		assert.Len(t, diag.For(diag.Peer, problems), 1)
	}
}
