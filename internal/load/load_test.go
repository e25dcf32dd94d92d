package load_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
		{"MIME-Version: 1.0\nContent-Type: multipart/mixed\n", "a MIME message", "cloud-init takes such"},
		{"Content-Type: multipart/mixed\nMIME-Version: 1.0\n", "a MIME message", "cloud-init takes such"},
		{"variant: fcos\nversion: 1.6.0\n", "a Butane config", "convert it to JSON"},
		{"---\nvariant: fcos\n", "YAML", "a config is a JSON object"},
		{"apiVersion: v1\nkind: Pod\n", "a Kubernetes object", "out of its spec"},
		{"<!DOCTYPE html>\n<html></html>\n", "HTML or XML", "an error page"},
		{"\n  <?xml version=\"1.0\"?>\n", "HTML or XML", "an error page"},
		{"\x1f\x8b\x08\x00\x00\x00", "gzip-compressed data", "decompress"},
	} {
		t.Run(c.what, func(t *testing.T) {
			r := read(c.text)
			require.Len(t, r.Problems, 1)
			p := r.Problems[0]
			assert.Equal(t, "this is "+c.what+", not a config", p.Message)
			assert.Contains(t, p.Hint, c.hint)
			assert.Equal(t, "json-syntax", p.Code)
			assert.False(t, r.Valid(diag.Workstation))
			assert.False(t, r.Valid(diag.Peer))
			assert.Nil(t, r.Config)
		})
	}
	assert.Contains(t, read("{#cloud-config").Problems[0].Message, "JSON has no comments", "what is meant as JSON is read as JSON")
}

func TestProblemsComeInTheOrderOfTheRules(t *testing.T) {
	r := read("{\"zz\": 1, \"ignition\": {\"version\": \"3.6.0\"},\n" +
		`"storage": {"files": [{"path": "a", "zz": 2}, {"path": "/b", "mode": "0644"}, {"path": "/c"}, {"path": "/c"}]}, "systemd": {"units": [{"name": "` + "\xff" + `"}]}}`)
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
	r := read(`{"ignition": {"version": "3.6.0"}, "storage": {"files": [{"path": 5}, {"path": "b"}], "disks": [{"device": {}, "partitions": [{}]}]}}`)
	assert.Equal(t, []string{"error wrong-type $.storage.files.0.path", "error wrong-type $.storage.disks.0.device", "error path-relative $.storage.files.1.path"}, told(r.Problems))
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
