package load_test

import (
	"fmt"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
)

func read(text string) load.Result { return load.Read(tree.NewArena(), "x.ign", text) }

// told puts problems into short lines.
func told(problems []diag.Problem) []string {
	lines := []string{}
	for _, p := range problems {
		lines = append(lines, fmt.Sprintf("%s %s %s", p.Severity, p.Code, p.Path))
	}
	return lines
}

func TestTextsOfOtherProgramsAreNamed(t *testing.T) {
	for _, c := range []struct{ text, what, hint string }{
		{"#cloud-config\nusers:\n- name: a\n", "a cloud-config file", "cloud-init reads it"},
		{"#!/bin/sh\necho hello\n", "a script", "a unit that runs it"},
		{"MIME-Version: 1.0\nContent-Type: multipart/mixed\n", "a MIME message", "cloud-init reads it"},
		{"Content-Type: multipart/mixed\nMIME-Version: 1.0\n", "a MIME message", "cloud-init reads it"},
		{"---\nfoo: bar\n", "YAML, but nothing that is known here", "a config is a JSON object"},
		{"apiVersion: v1\nkind: Pod\n", "a Kubernetes object", "out of its spec"},
		{"apiVersion: machineconfiguration.openshift.io/v1\nkind: MachineConfig\n", "a MachineConfig", "spec.config"},
		{"services:\n  web:\n    image: nginx\n", "a compose file", "a unit that runs it"},
		{"ignition:\n  version: 3.4.0\n", "YAML with the keys of an Ignition config", "write variant: fcos"},
		{"version: 1.6.0\nstorage:\n  files: []\n", "YAML without a variant", "add the lines variant"},
		{"autoinstall:\n  version: 1\n", "an autoinstall file", "Ubuntu's installer"},
		{"<!DOCTYPE html>\n<html></html>\n", "an HTML page", "an error page"},
		{"\n  <?xml version=\"1.0\"?>\n", "HTML or XML", "an error page"},
		{"\x1f\x8b\x08\x00\x00\x00", "gzip-compressed data", "decompress"},
		{"\xfd7zXZ\x00\x00\x04\xe6", "xz-compressed data", "decompress"},
		{"H4sIAAAAAAAA\n", "gzip-compressed data in base64", "decode"},
		{"eyJpZ25pdGlvbiI6e319", "JSON in base64", "decode"},
		{"# nothing yet\n", "a text of comments only", "a config is a JSON object"},
		{"#cloud-config\napiVersion: machineconfiguration.openshift.io/v1\nkind: MachineConfig\n", "a MachineConfig",
			"spec.config"},
		{"#cloud-config\nignition:\n  version: 3.4.0\n", "YAML with the keys of an Ignition config",
			"write variant: fcos"},
		{"#cloud-config\nusers:\n\t- name: a\n", "a cloud-config file", "cloud-init reads it"},
		{"---\n", "a blank YAML document", "was empty when"},
		{"--- # web\n", "a blank YAML document", "was empty when"},
		{"# web\n---\n...\n", "a blank YAML document", "was empty when"},
		{"...\n", "a blank YAML document", "was empty when"},
		{"~\n", "a blank YAML document", "was empty when"},
		{"--- ~\n", "a blank YAML document", "was empty when"},
		{"{% if a %}\n{}\n{% endif %}\n", "a template", "fill it in"},
		{"- hosts: all\n  tasks: []\n", "YAML, a list", "a config is a JSON object"},
		{"---\n# x\n- a\n", "YAML, a list", "a config is a JSON object"},
		{"- a: [\n", "YAML, a list", "a config is a JSON object"},
		{"#include\nhttp://example.com/\n", "a cloud-init include file", "cloud-init reads it"},
		{"#include-once\nhttp://example.com/\n", "a cloud-init include file", "cloud-init reads it"},
		{"#cloud-config-archive\n- type: x\n", "a cloud-config archive", "cloud-init reads it"},
		{"#cloud-boothook\n#!/bin/sh\n", "a boot hook of cloud-init", "cloud-init reads it"},
		{"#part-handler\ndef list_types():\n", "a part handler of cloud-init", "cloud-init reads it"},
		{"#cloud-config\n", "a cloud-config file", "cloud-init reads it"},
		{"## template: jinja\n#cloud-config\nusers: []\n", "a template of cloud-init", "cloud-init reads it"},
		{"## template: jinja\n#cloud-config\n{% if a %}\n", "a template of cloud-init", "cloud-init reads it"},
		{"[Unit]\nDescription=a\n", "a systemd unit", "systemd.units"},
		{"; web\n# b\n[Service]\r\nExecStart=/a\r\n", "a systemd unit", "systemd.units"},
		{"[Container]\nImage=a\n", "a quadlet of podman", "as a file"},
		{"[connection]\nid=a\n", "an INI file", "as a file"},
		{"-----BEGIN PGP MESSAGE-----\n", "a key, a certificate or an encrypted message", "decrypt"},
		{"#!/bin/sh\nservices: x\n", "a compose file", "a unit that runs it"},
	} {
		t.Run(c.what, func(t *testing.T) {
			r := read(c.text)
			require.Len(t, r.Problems, 1)
			p := r.Problems[0]
			assert.Equal(t, "this is "+c.what+", not a config", p.Message)
			assert.Contains(t, p.Hint, c.hint)
			assert.Equal(t, "json-syntax", string(p.Code))
			assert.False(t, r.Valid(diag.Workstation))
			assert.False(t, r.Valid(diag.Peer))
			assert.Nil(t, r.Config)
		})
	}
	assert.Contains(t, read("{#cloud-config").Problems[0].Message, "JSON has no comments",
		"what is meant as JSON is read as JSON")
}

func TestTheFormOfATextIsFoundOut(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		code string // of the only problem
	}{
		"a config in JSON":                    {`{"ignition": {"version": "3.6.0"}}`, ""},
		"Butane in YAML":                      {"variant: fcos\nversion: 1.7.0\n", ""},
		"Butane after a comment and a marker": {"# web server\n---\nvariant: fcos\nversion: 1.7.0\n", ""},
		"Butane in JSON":                      {`{"variant": "fcos", "version": "1.7.0"}`, ""},
		"Butane in YAML with braces":          {`{variant: fcos, version: 1.7.0}`, ""},
		"Butane with a byte order mark":       {"\ufeffvariant: fcos\nversion: 1.7.0\n", ""},
		"Butane in UTF-16": {"\xff\xfe{\x00v\x00a\x00r\x00i\x00a\x00n\x00t\x00:\x00 \x00f\x00c\x00o\x00s\x00," +
			"\x00v\x00e\x00r\x00s\x00i\x00o\x00n\x00:\x00 \x001\x00.\x007\x00.\x000\x00}\x00", ""},
		"a merge key comes first":          {"<<: {variant: fcos}\nvariant: fcos\nversion: 1.7.0\n", ""},
		"a config that also has a variant": {`{"ignition": {"version": "3.6.0"}, "variant": "fcos"}`, "key-unknown"},
		"Butane that is no YAML":           {"variant: fcos\nversion: 1.7.0\nstorage:\n\tfiles: []\n", "yaml-syntax"},
		"Butane that also has ignition.version": {"variant: fcos\nversion: 1.7.0\nignition: {version: 3.6.0}\n",
			"key-unknown"},
		"Butane that also has ignition.version, with a mark": {"\ufeffignition: {version: 3.6.0}\nvariant: fcos\n" +
			"version: 1.7.0\n", "key-unknown"},
		"Butane in YAML with braces and ignition.version": {`{variant: fcos, version: 1.7.0, ` +
			`ignition: {version: 3.6.0}}`, "key-unknown"},
		"Butane that looks like a MachineConfig": {"variant: fcos\nversion: 1.7.0\napiVersion: v1\n",
			"key-unknown"},
		"Butane below the comment of a cloud-config": {"#cloud-config\nvariant: fcos\nversion: 1.7.0\n", ""},
		"Butane below the first line of a script":    {"#!/usr/bin/env butane\nvariant: fcos\nversion: 1.7.0\n", ""},
		"Butane in JSON with a byte order mark":      {"\ufeff" + `{"variant": "fcos", "version": "1.7.0"}`, ""},
		"broken Butane below the comment of a cloud-config": {"#cloud-config\nvariant: fcos\nversion: 1.7.0\n" +
			"storage:\n\tfiles: []\n", "yaml-syntax"},
		"a config with a byte order mark": {"\ufeff" + `{"ignition": {"version": "3.6.0"}}`, "byte-order-mark"},
		"a config in UTF-16":              {utf16Of(`{"ignition": {"version": "3.6.0"}}`, true), "byte-order-mark"},
		"a mistake in a config with a byte order mark": {"\ufeff" + `{"ignition": {"version": "3.6.0",}}`,
			"json-syntax"},
		"JSON with a mistake":           {`{"ignition": {"version": "3.6.0",}}`, "json-syntax"},
		"a word":                        {"hello", "json-syntax"},
		"white space":                   {" \n", "json-syntax"},
		"a dash":                        {"-\n", "json-syntax"},
		"a list of JSON with a mistake": {"[a, b]\n", "json-syntax"},
		"a list of JSON that looks like a section": {"[\"a=b\"\n", "json-syntax"},
		"a variant that is not known":              {"variant: beos\nversion: 1.0.0\n", "variant-unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			r := read(c.text)
			if c.code == "" {
				assert.Empty(t, diag.For(diag.Workstation, r.Problems))
				assert.NotNil(t, r.Config)
				return
			}
			require.Len(t, r.Problems, 1)
			assert.Equal(t, c.code, string(r.Problems[0].Code))
		})
	}
}

func TestWhatIsWrongWithTheConfigOfADocumentIsSaidOfTheDocument(t *testing.T) {
	r := read("variant: fcos\nversion: 1.7.0\n" +
		"storage:\n  files:\n    - path: a\n  links: [{path: /b, hard: true, target: /c, user: {id: 1}}]\n")
	require.Len(t, r.Problems, 2)
	diag.Sort(r.Problems)
	assert.Equal(t, []string{"error path-relative $.storage.files.0.path",
		"warning hard-link-owner $.storage.links.0.user.id"}, told(r.Problems))
	assert.Equal(t, "x.ign:5:13", r.Problems[0].Place.String())
	assert.Equal(t, "x.ign:6:57", r.Problems[1].Place.String())
}

func TestAConfigKnowsTheLinesOfItsDocument(t *testing.T) {
	r := read("variant: fcos\nversion: 1.7.0\n" +
		"boot_device:\n  layout: x86_64\n  mirror:\n    devices: [/dev/a, /dev/b]\n")
	require.Empty(t, r.Problems)
	assert.Equal(t, "x.ign:6:23", r.Config.At("$.storage.disks.1.partitions.2.label", tree.Index{}).Place().String())
}

func TestThereAreNoLocalFilesAtBoot(t *testing.T) {
	r := read("variant: fcos\nversion: 1.7.0\n" +
		"storage:\n  files:\n    - path: /a\n      contents:\n        local: motd\n")
	require.Len(t, r.Problems, 1)
	assert.Equal(t, "no-files-dir", string(r.Problems[0].Code))
	assert.Equal(t, "x.ign:7:16", r.Problems[0].Place.String())
	assert.Contains(t, r.Problems[0].Hint, "glowplug convert")
	assert.False(t, r.Valid(diag.Boot))
}

func TestConfigsAreWrittenAtOtherVersions(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		to   config.Version
		want string // JSON, or the first problem
	}{
		"an older version that can say it all": {`{"ignition": {"version": "3.6.0"}, "storage": {"files": ` +
			`[{"path": "/a"}]}}`, config.V3_0, `{"ignition":{"version":"3.0.0"},"storage":{"files":[{"path":"/a"}]}}`},
		"a newer version": {`{"ignition": {"version": "3.1.0"}}`, config.V3_6, `{"ignition":{"version":"3.6.0"}}`},
		"a newer version clears bits that had no effect": {`{"ignition": {"version": "3.1.0"}, ` +
			`"storage": {"files": [{"path": "/a", "mode": 2541}]}}`, config.V3_6,
			`{"ignition":{"version":"3.6.0"},"storage":{"files":[{"path":"/a","mode":493}]}}`},
		"a document": {"variant: fcos\nversion: 1.7.0\nstorage:\n  files:\n    - {path: /a, contents: {inline: x}}\n",
			config.V3_0, `{"ignition":{"version":"3.0.0"},` +
				`"storage":{"files":[{"path":"/a","contents":{"compression":"","source":"data:,x"}}]}}`},
		"a field that came later": {`{"ignition": {"version": "3.6.0"}, ` +
			`"storage": {"luks": [{"name": "a", "device": "/dev/b"}]}}`, config.V3_1,
			`x.ign:1:48: $.storage.luks: the key "luks" came with version 3.2.0, so 3.1.0 cannot say this`},
		"a field of a document": {"variant: fcos\nversion: 1.7.0\nkernel_arguments: {should_exist: [a]}\n",
			config.V3_2, `x.ign:3:1: $.kernel_arguments: the key "kernel_arguments" came with version 3.3.0, ` +
				`so 3.2.0 cannot say this`},
		"a value that came later": {`{"ignition": {"version": "3.6.0"}, ` +
			`"storage": {"files": [{"path": "/a", "contents": {"source": "arn:aws:s3:::b/k"}}]}}`, config.V3_3,
			`x.ign:1:96: $.storage.files.0.contents.source: the scheme arn came with version 3.4.0; `},
		"bits that count only later": {`{"ignition": {"version": "3.6.0"}, ` +
			`"storage": {"files": [{"path": "/a", "mode": 2541}]}}`, config.V3_5, `x.ign:1:81: ` +
			`$.storage.files.0.mode: set-id and sticky bits count from version 3.6.0 on, so 3.5.0 would lose them`},
		"a link without a target, before": {`{"ignition": {"version": "3.0.0"}, ` +
			`"storage": {"links": [{"path": "/a", "target": "b"}]}}`, config.V3_3,
			`{"ignition":{"version":"3.3.0"},"storage":{"links":[{"path":"/a","target":"b"}]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			r := read(c.text)
			require.True(t, r.Valid(diag.Workstation))
			out, problems := r.JSONAt(c.to, false, nil)
			if out != nil {
				assert.Equal(t, c.want+"\n", string(out))
				return
			}
			require.NotEmpty(t, problems)
			assert.Contains(t, problems[0].Error(), c.want)
		})
	}
}

func TestProblemsComeInTheOrderOfTheRules(t *testing.T) {
	r := read("{\"zz\": 1, \"ignition\": {\"version\": \"3.6.0\"},\n" +
		`"storage": {"files": [{"path": "a", "zz": 2}, {"path": "/b", "mode": "0644"}, {"path": "/c"}, ` +
		`{"path": "/c"}]}, "systemd": {"units": [{"name": "` + "\xff" + `"}]}}`)
	assert.Equal(t, []string{
		"error wrong-type $.storage.files.1.mode",
		"error path-relative $.storage.files.0.path",
		"error unit-name-extension $.systemd.units.0.name",
		"error duplicate $.storage.files.3",
		"warning key-unknown $.zz",
		"warning key-unknown $.storage.files.0.zz",
		"error not-utf8 $",
	}, told(r.Problems))
	assert.False(t, r.Valid(diag.Peer))
}

func TestRulesDoNotBlameWhatAWrongKindTookAway(t *testing.T) {
	r := read(`{"ignition": {"version": "3.6.0"}, ` +
		`"storage": {"files": [{"path": 5}, {"path": "b"}], "disks": [{"device": {}, "partitions": [{}]}]}}`)
	assert.Equal(t, []string{"error wrong-type $.storage.files.0.path", "error wrong-type $.storage.disks.0.device",
		"error path-relative $.storage.files.1.path"}, told(r.Problems))
}

func TestValidityDependsOnTheAudience(t *testing.T) {
	for text, want := range map[string][3]bool{ // workstation, boot, peer
		`{"ignition": {"version": "3.6.0"}}`:                                                    {true, true, true},
		`{"ignition": {"version": "3.6.0"}, "zz": 1}`:                                           {true, true, true},
		`{"ignition": {"version": "3.6.0"}, "passwd": {"users": [{"name": "a", "uid": -1}]}}`:   {false, true, true},
		`{"ignition": {"version": "3.6.0"}, "passwd": {"users": [{"name": "a", "name": "b"}]}}`: {false, true, true},
		`{"ignition": {"version": "3.6.0"}, "storage": {"files": [{}]}}`:                        {false, false, false},
		`{}`:  {false, false, false},
		``:    {false, false, false},
		`{"a`: {false, false, false},
	} {
		r := read(text)
		assert.Equal(t, want, [3]bool{r.Valid(diag.Workstation), r.Valid(diag.Boot), r.Valid(diag.Peer)}, text)
	}
}

// utf16Of writes plain characters as UTF-16, with a byte order mark or without one.
func utf16Of(text string, mark bool) string {
	var b strings.Builder
	if mark {
		b.WriteString("\xff\xfe")
	}
	for i := range len(text) {
		b.WriteString(text[i:i+1] + "\x00")
	}
	return b.String()
}

func TestWhatIsWrongWithATextIsNamed(t *testing.T) {
	const config = `{"ignition": {"version": "3.6.0"}}`
	utf32 := strings.NewReplacer("\x00", "\x00\x00\x00").Replace(utf16Of(config, false))
	for _, c := range []struct{ text, message, place string }{
		{"\n", "the text is blank", "x.ign:2:1"},
		{" \t\r\n", "the text is blank", "x.ign:2:1"},
		{"\ufeff\n", "the text is blank", "x.ign:2:1"},
		{"\x00\x00\x00", "the text has nothing but NUL bytes", "x.ign:1:1"},
		{strings.Repeat("\x00", 512), "the text has nothing but NUL bytes", "x.ign:1:1"},
		{config + "\x00\x00", "the text ends in NUL bytes, 2 in all", "x.ign:1:35"},
		{config + "\n\x00\x00\n", "the text ends in NUL bytes, 2 in all", "x.ign:2:1"},
		{"variant: fcos\nversion: 1.7.0\n\x00", "the text ends in NUL bytes, 1 in all", "x.ign:3:1"},
		{`{"ignition": 'x'}` + "\x00", "a string starts with a single quote", "x.ign:1:14"},
		{utf16Of(config, false), "this is text in UTF-16 without a byte order mark, not in UTF-8", "x.ign:1:2"},
		{"\x00" + utf16Of(config, false), "this is text in UTF-16 without a byte order mark, not in UTF-8",
			"x.ign:1:1"},
		{utf16Of(config, true) + "\x00", "this is text in UTF-16, cut off in the middle of a character, not in UTF-8",
			"x.ign:1:1"},
		{utf32, "this is text in UTF-32, not in UTF-8", "x.ign:1:2"},
		{"\xff\xfe\x00\x00" + utf32, "this is text in UTF-32, not in UTF-8", "x.ign:1:1"},
		{"#cloud-config\n" + config, "JSON has no comments", "x.ign:1:1"},
	} {
		r := read(c.text)
		require.Len(t, r.Problems, 1, "%q", c.text)
		assert.Equal(t, c.message, r.Problems[0].Message, "%q", c.text)
		assert.Equal(t, c.place, r.Problems[0].Place.String(), "%q", c.text)
		assert.Equal(t, "json-syntax", string(r.Problems[0].Code), "%q", c.text)
		assert.False(t, r.Valid(diag.Boot))
	}
}

// What the peer does not read at all we read, except under its names.
func TestAMarkIsAnErrorForThePeerOnly(t *testing.T) {
	const config = `{"ignition": {"version": "3.6.0"}, "zz": 1}`
	for _, text := range []string{"\ufeff" + config, utf16Of(config, true)} {
		r := read(text)
		assert.True(t, r.Valid(diag.Workstation))
		assert.True(t, r.Valid(diag.Boot))
		assert.False(t, r.Valid(diag.Peer))
		assert.Equal(t, "error at line 1 col 2: "+r.Problems[0].Message,
			diag.PeerLine(diag.For(diag.Peer, r.Problems)[0]))
	}
}

func TestAModeInOctalDigitsIsToldOnce(t *testing.T) {
	text := `{"ignition": {"version": "3.4.0"}, "storage": {"files": [{"path": "/a", "mode": 644}]}}`
	for audience, want := range map[diag.Audience]string{diag.Workstation: "mode-octal", diag.Peer: "mode-special"} {
		problems := diag.For(audience, read(text).Problems)
		require.Len(t, problems, 1)
		assert.Equal(t, want, string(problems[0].Code))
	}
}

func TestWhatIsTooShortIsToldInFull(t *testing.T) {
	in := func(storage string) string { return `{"ignition": {"version": "3.4.0"}, "storage": ` + storage + `}` }
	document := "variant: fcos\nversion: 1.5.0\nstorage: "
	for text, want := range map[string]string{
		in(`{"files": [{"path": "/a", "contents": "x"}]}`):             `write {"source": "data:,…"}`,
		in(`{"files": [{"path": "/a", "user": "x"}]}`):                 `write {"name": "…"}`,
		in(`{"files": ["/a"]}`):                                        `write {"path": "…"}`,
		in(`{"disks": ["/dev/sda"]}`):                                  `write {"device": "…"}`,
		in(`{"files": [{"path": "/a", "contents": {"inline": "x"}}]}`): "inline is a key of Butane documents",
		in(`{"files": [{"path": "/a", "contents": {"local": "x"}}]}`):  "local is a key of Butane documents",
		document + "{files: [{path: /a, contents: x}]}":                "{inline: …}",
		document + "{files: [{path: /a, group: x}]}":                   "{name: …}",
		document + "{directories: [/a]}":                               "{path: …}",
		document + "{trees: [a]}":                                      "{path: …}",
		`{"ignition": {"version": 3.4}}`:                               `as in "3.4.0"`,
		`{"ignition": {"version": 7}}`:                                 `as in "3.6.0"`,
		`{"storage": {}}`:                                              `add "ignition": {"version": "3.6.0"}`,
		`{"frob": {}}`:                                                 "the smallest config is",
	} {
		problems := read(text).Problems
		require.NotEmpty(t, problems, text)
		assert.Contains(t, problems[0].Hint, want, text)
	}
}

// A limit that stays while a plan is made, which is larger than its document, has nearly all work be collecting.
func TestTheCollectorIsPacedForADocumentOnly(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	end := load.PaceCollector("{}")
	assert.Less(t, debug.SetMemoryLimit(-1), before)
	end()
	assert.Equal(t, before, debug.SetMemoryLimit(-1))
}
