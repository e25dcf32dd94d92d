package source_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vincent-petithory/dataurl"
)

// peer is the slow way to judge a data: URL: read it as a URL, then decode it.
func peer(raw string) error {
	if _, err := url.Parse(raw); err != nil {
		return err
	}
	_, err := dataurl.DecodeString(raw)
	return err
}

var goodData = []string{
	"data:,", "data:,x", "data:,%7B%7D", "data:,?'%00", "data:,a:b/c;d=e,f@g!$&()*+~", "data:;base64,",
	"data:;base64,YQ==", "data:;base64,YWI=", "data:;base64,+/+/",
	"data:;base64,YR==", // bits that are left over do not count
	"data:text/plain,x", "data:text/,x", "data:textual/x,x", "data:image/svg+xml,x", "data:x-a/b,x", "data:X-a/b,x",
	"data:x-/,", "data:message/a,", "data:multipart/a,",
	"data:text/pl%zz,x", "data:text%/a,x", "data:text/plain;charset=utf-8,x", "data:;a=b;c=d;base64,YQ==",
	"data:;base64=x,!", "data:;a=%20,x",
	`data:;a="b c,;",x`, `data:;a="\"\\\x41\101\u00e9\n",x`, `data:;a="",x`,
	`data:;a="";b=%zz,x`, // an empty quoted value makes the next one count as quoted
	`data:;a="";b="";c=%zz,x`, "data:text/a#b,x", "data:;a#=b;base64,YQ\n==\n", "data:;a=\"#\x01\",x",
}

var badData = map[string]string{
	"data:": "data-comma", "data:x": "data-comma", "data:text/plain": "data-comma", "data:;": "data-comma",
	"data:;a=": "data-comma", "data:;a=b": "data-comma",
	"data:x,": "data-type", "data:base64,abc": "data-type", "data:foo,x": "data-type", "data:foo/bar,x": "data-type",
	"data:Text/plain,x": "data-type",
	"data:/,":           "data-type", "data:/plain,": "data-type", "data:text/a/b,": "data-type",
	"data:text /a,":  "data-type",
	"data:text/a b,": "data-type", "data:x,/": "data-type",
	"data:é/a,": "data-type", "data:xtext/a,": "data-type",
	"data:;,": "data-parameter", "data:;;a=b,": "data-parameter", "data:;=b,": "data-parameter",
	"data:;a,": "data-parameter", "data:;a=,": "data-parameter",
	"data:;a=;b=c,": "data-parameter", "data:;BASE64,YQ==": "data-parameter", "data:;base64;a=b,YQ==": "data-parameter",
	"data:;a b=c,": "data-parameter", "data:;a=b=c,": "data-parameter",
	`data:;a="b`: "data-parameter", `data:;a="b\`: "data-parameter", `data:;a="b"c,`: "data-parameter",
	`data:;a="é",`: "data-parameter", `data:;a="\é",`: "data-parameter",
	`data:;a="\q",`: "data-parameter", `data:;a="\'",`: "data-parameter", `data:;a="\ud800",`: "data-parameter",
	"data:;a=\"\x01\",": "data-parameter", "data:;a=\"#\n\",": "data-parameter",
	"data:;a=%zz,": "data-escape", `data:;a="";b=c;d=%zz,x`: "data-escape", `data:;a="";b="x";d=%zz,x`: "data-escape",
	"data:text/a#%zz,x": "data-escape", "data:text/a#%,41x": "data-escape",
	"data:,%": "data-escape", "data:,%4": "data-escape", "data:,%zz": "data-escape", "data:,abc%4g": "data-escape",
	"data:,a b": "data-byte", "data:,a\nb": "data-byte", "data:,a\n": "data-byte", "data:,é": "data-byte",
	"data:,\xff": "data-byte", "data:,a#b": "data-byte", "data:,{}": "data-byte",
	"data:,<": "data-byte", "data:,\"": "data-byte", "data:,|": "data-byte", "data:,\\": "data-byte",
	"data:,^": "data-byte", "data:,[]": "data-byte", "data:,`": "data-byte", "data:,\x7f": "data-byte",
	"data:;base64,!!!!": "data-base64", "data:;base64,YQ%3D%3D": "data-base64", "data:;base64,YQ==\n": "data-base64",
	"data:;base64,YW\nJj": "data-base64", "data:;base64,-_-_": "data-base64",
	"data:;base64,Y===": "data-base64", "data:;base64,====": "data-base64", "data:;base64,YQ==YQ==": "data-base64",
	"data:;base64,YQ==#": "data-base64", "data:;a#=b;base64,YQ\r==": "data-base64",
	"data:;base64,YQ": "data-base64-padding", "data:;base64,YQ=": "data-base64-padding",
	"data:;base64,Y": "data-base64-padding", "data:;base64,YWJj=": "data-base64-padding",
	"data:;base64,==": "data-base64-padding",
}

func TestCheckData(t *testing.T) {
	for _, raw := range goodData {
		require.NoError(t, peer(raw), "%q", raw)
		assert.Nil(t, source.Check(raw, 0), "%q", raw)
	}
	for raw, code := range badData {
		require.Error(t, peer(raw), "%q", raw)
		fault := source.Check(raw, 0)
		if assert.NotNil(t, fault, "%q", raw) {
			assert.Equal(t, code, string(fault.Code), "%q: %v", raw, fault)
		}
	}
}

func TestCheckDataNamesTheCause(t *testing.T) {
	for _, c := range []struct {
		raw, message, hint string
		at                 int
	}{
		{"data:;base64,YQ", "not a multiple of 4", "base64 is not padded", -1},
		{"data:;base64,YWJjZ", "not a multiple of 4", "cut short", -1},
		{"data:;base64,a-_b", "in a base64 payload", "URL-safe alphabet", 14},
		{"data:;base64,YQ%3D%3D", "in a base64 payload", "write + for %2B", 15},
		{"data:;base64,YWJj\nYQ==", "a newline in a base64 payload", "in one line", 17},
		{"data:;base64,YQ==\n", "the URL ends in a newline", "without a line break at its end", 17},
		{"data:,a b", "a space in a data: URL", "escape the space as %20", 7},
		{"data:,a\nb", "a newline in a data: URL", "a newline in a data: URL must be %0A", 7},
		{"data:,a\n", "the URL ends in a newline", "%0A where it is meant", 7},
		{"data:,#!/bin/sh", "a # in a data: URL", "escape the # as %23", 6},
		{"data:,é", "a byte outside ASCII", "or use ;base64", 6},
		{"data:,100%", "a % without two", "as %25", 9},
		{"data:base64,YQ==", "without a /", "write ;base64 with a semicolon", 5},
		{"data:;BASE64,YQ==", "without a value", "base64 in lower case", 6},
		{"data:text/plain;base64;charset=x,YQ==", "not the last", "right before the comma", 16},
		{"data:hello", "without a comma", "data:,content", -1},
	} {
		fault := source.Check(c.raw, 7)
		require.NotNil(t, fault, c.raw)
		assert.Contains(t, fault.Message, c.message, c.raw)
		assert.Contains(t, fault.Hint, c.hint, c.raw)
		assert.Equal(t, c.at, fault.At, c.raw)
	}
}

func TestCheckDataDoesNotAllocate(t *testing.T) {
	for _, raw := range []string{"data:text/plain;charset=utf-8;base64," + strings.Repeat("YWJj", 256),
		"data:,%0A" + strings.Repeat("abcd", 256)} {
		assert.Zero(t, testing.AllocsPerRun(10, func() { source.Check(raw, 7) }))
	}
}

// FuzzDataGrammar: the verdict on a data: URL is that of url.Parse and the peer's decoder.
func FuzzDataGrammar(f *testing.F) {
	for _, raw := range goodData {
		f.Add(raw[len("data:"):])
	}
	for raw := range badData {
		f.Add(raw[len("data:"):])
	}
	f.Fuzz(func(t *testing.T, rest string) {
		raw := "data:" + rest
		err := peer(raw)
		fault := source.Check(raw, 7)
		require.Equal(t, err == nil, fault == nil, "%q: peer: %v, here: %v", raw, err, fault)
	})
}

func BenchmarkCheckData(b *testing.B) {
	raw := "data:;base64," + strings.Repeat("YWJj", 250)
	plain := "data:," + strings.Repeat("abc%20", 166)
	for name, raw := range map[string]string{"base64": raw, "plain": plain} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				source.Check(raw, 7)
			}
		})
	}
}
