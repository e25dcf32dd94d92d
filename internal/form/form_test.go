package form_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/form"
)

func base64Of(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func TestTextsAreCalledByTheirNames(t *testing.T) {
	for text, want := range map[string]string{
		`{"ignition":{}}`:                   "",
		"variant: fcos\n":                   "",
		"# comment\nvariant: fcos\n":        "",
		"":                                  "",
		"---\nvariant: fcos\n":              "",
		"#cloud-config\n":                   "a cloud-config file",
		"\ufeff\n #Cloud-Config":            "a cloud-config file",
		"#!/bin/sh":                         "a script",
		"#include\nhttp://x":                "a cloud-init include file",
		"Content-Type: multipart/mixed":     "a MIME message",
		"MIME-Version: 1.0":                 "a MIME message",
		"## template: jinja\n#cloud-config": "a template of cloud-init",
		"{% if x %}":                        "a template",
		"{{ x }}":                           "a template",
		"<!doctype html>":                   "an HTML page",
		"<html>":                            "an HTML page",
		"<?xml ?>":                          "HTML or XML",
		"apiVersion: v1\nkind: Secret\n":    "a Kubernetes object",
		"#cloud-boothook\n":                 "a boot hook of cloud-init",
		"#part-handler":                     "a part handler of cloud-init",
		"#upstart-job":                      "an upstart job",
		"#systemd-userdata":                 "user data for systemd",
		"\x1f\x8b":                          "damaged gzip",
		"#cloud-config\nvariant: fcos\n":    "",
		"<<: *a\n":                          "",
		`{{"a":1}}`:                         "",
		"[1]":                               "",
		"hello":                             "",
		"hellohello":                        "",
		"#cloud-config-archive\n- a":        "a cloud-config archive",
		"From nobody Sat Jan 1":             "a MIME message",
		"\x1f\x8b\x08\x00":                  "gzip-compressed data",
		"\xfd7zXZ\x00":                      "xz-compressed data",
		"BZh9":                              "bzip2-compressed data",
		"PK\x03\x04":                        "a zip archive",
		"\x7fELF":                           "a program",
		"HTTP/1.1 200 OK":                   "an answer of a server with its header",
		"https://example.com/a.ign\n":       "a URL",
		"data:,%7B":                         "a data: URL",
		"%7b%22":                            "a text in percent-encoding",
		"```json\n{}\n```":                  "a page of Markdown",
		"version https://git-lfs.github.com/spec/v1":                     "a pointer of Git LFS",
		strings.Repeat("a", 257) + "ustar" + strings.Repeat("\x00", 300): "a tar archive",
		base64Of(`{"ignition":{}}`):                                      "JSON in base64",
		base64Of("\x1f\x8b\x08\x00"):                                     "gzip-compressed data in base64",
		base64Of("variant: fcos\n"):                                      "a Butane document in base64",
		base64Of("# c\nversion: 1\n"):                                    "a Butane document in base64",
		base64Of("#cloud-config\n"):                                      "a cloud-config file in base64",
		base64Of("#!/bin/sh\n") + "\n":                                   "a script in base64",
		"\ufeff" + base64Of("<html>"):                                    "an HTML page in base64",
		base64Of(base64Of("{}")):                                         "",
		base64Of(`{"ignition":{}}`)[:18]:                                 "JSON in base64",
		base64Of("some words"):                                           "",
	} {
		f, ok := form.Of(text)
		assert.Equal(t, want, f.What, text)
		assert.Equal(t, want != "", ok, text)
		assert.Equal(t, want != "", f.Hint != "", text)
	}
}
