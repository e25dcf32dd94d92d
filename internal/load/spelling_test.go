package load_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// What cannot be written down again as it is, is told at its place, and never becomes U+FFFD in silence.
func TestValuesThatAreNotUTF8AreNamed(t *testing.T) {
	const config = `{"ignition":{"version":"3.4.0"},`
	const butane = `{"variant":"fcos","version":"1.5.0",`
	const fcos = "variant: fcos\nversion: 1.5.0\n"
	for claim, c := range map[string]struct{ text, place string }{
		"a byte of a config": {config + `"storage":{"files":[{"path":"/a` + "\xff" + `"}]}}`, "1:64"},
		"a byte of a document in JSON": {butane + `"storage":{"files":[{"path":"/` + "\xff" +
			`"}]}}`, "1:67"},
		"half a pair in a config": {config + `"storage":{"files":[{"path":"/a\ud800"}]}}`, "1:64"},
		"the other half in a document": {butane + `"storage":{"files":[{"path":"/\udc00b"}]}}`,
			"1:67"},
		"two first halves":                   {config + `"passwd":{"users":[{"name":"\ud83d\ud83d\ude00"}]}}`, "1:61"},
		"a half in a key":                    {config + `"\ud800":1}`, "1:34"},
		"bytes in base64 that become a path": {fcos + "storage:\n  files:\n    - path: !!binary L2H/\n", "5:13"},
		"a unit from a local file": {fcos + "systemd:\n  units:\n    - name: a.service\n      contents_local: latin\n",
			"6:23"},
	} {
		for _, audience := range []diag.Audience{diag.Workstation, diag.Boot} {
			r := load.ReadWith(tree.NewArena(), "x", c.text, load.Options{
				Files:    fstest.MapFS{"latin": {Data: []byte("[Unit]\nDescription=\xe4\n")}},
				FilesDir: "/f", Local: true})
			var told []string
			for _, p := range diag.For(audience, r.Problems) {
				if p.Code == codes.NotUTF8 {
					told = append(told, p.Place.String())
				}
			}
			assert.Equal(t, []string{"x:" + c.place}, told, claim)
			require.NotNil(t, r.Config, claim)
			assert.Equal(t, audience == diag.Boot, r.Valid(audience), claim)
		}
	}
	for claim, text := range map[string]string{
		"a pair":                           config + `"passwd":{"users":[{"name":"\ud83d\ude00"}]}}`,
		"the replacement character itself": config + `"passwd":{"users":[{"name":"\ufffd�"}]}}`,
		"a backslash before a u":           config + `"passwd":{"users":[{"name":"\\ud800"}]}}`,
		"bytes in base64 as contents": fcos + "storage:\n  files:\n    - path: /a\n      contents:\n" +
			"        inline: !!binary /w==\n",
	} {
		r := load.Read(tree.NewArena(), "x", text)
		for _, p := range r.Problems {
			assert.NotEqual(t, codes.NotUTF8, p.Code, claim)
		}
	}
}
