package load_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Whatever the bytes are: nothing panics; there is a document or an error; every problem lies in the text and can be
// shown; and what is written of a document reads back as the same text, by rules that find nothing new in it.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "[]", "null", "{", "#cloud-config\n", "\x1f\x8b\x08", "\xef\xbb\xbf{}",
		`{"ignition":{"version":"3.6.0"}}`,
		`{"Ignition":{"VERSION":"3.0.0"},"ignition":{"version":"3.7.0-experimental"}}`,
		`{"ignition":{"version":"3.5.0","version":null},` +
			`"storage":{"files":[null,{"path":"/a","mode":1023,"path":"/b"}],"Files":[{}]}}`,
		`{"ignition":{"version":"3.2.0"},` +
			`"storage":{"luks":[{"name":"a","clevis":{"custom":{}}}],"links":[{"path":"/l"}],"raid":[{}]}}`,
		`{"ignition":{"version":"3.3.0"},"kernelArguments":{"shouldExist":[null,"a","\ud800"]},` +
			`"passwd":{"users":[{"name":"\u0000","uid":-1}]}}`,
		`{"ignition":{"version":"3.6.0"},"systemd":{"units":[{"name":"a.service","contents":"[A]\n=\\\n",` +
			`"enabled":true,"dropins":[{"name":"\xff"}]}]}}`,
		`{"ignition":{"version":"3.6.0",` +
			`"config":{"merge":[{"source":"data:;base64,Zg==#"}],"replace":{"source":"http://[::1]:x"}}},` +
			`"storage":{"disks":[{"partitions":[{"startMiB":9223372036854775807,"sizeMiB":2},` +
			`{"startMiB":1,"sizeMiB":-5}]}]}}`,
		"variant: fcos\nversion: 1.7.0\nstorage:\n  files:\n    - {path: /a, contents: {inline: x}, mode: 755}\n---\n",
		"variant: openshift\nversion: 4.20.0\nmetadata: {}\n",
		"\xff\xfev\x00:\x00 \x001\x00", "apiVersion: v1\nkind: Pod\n",
		`{"variant": "fcos", "version": "1.5.0", "boot_device": {"mirror": {"devices": ["/dev/a", "/dev/b"]}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		result := load.Read(tree.NewArena(), "fuzz", string(text))
		require.True(t, result.Config != nil || diag.Fatal(result.Problems), "neither document nor error")
		for _, p := range result.Problems {
			require.LessOrEqual(t, p.Place.Span.Start, p.Place.Span.End)
			require.LessOrEqual(t, p.Place.Span.End, len(p.Place.Doc.Text))
			require.NotEmpty(t, p.Code)
			require.NotEmpty(t, diag.Style{}.Text(p)+diag.Line(p)+diag.PeerLine(p))
		}
		if !result.Valid(diag.Peer) {
			return
		}
		once, err := result.Config.JSON()
		require.NoError(t, err)
		again := load.Read(tree.NewArena(), "again", string(once))
		require.NotNil(t, again.Config, "%s", once)
		for _, p := range again.Problems {
			require.NotContains(t, []string{"json-syntax", "wrong-type", "key-unknown", "key-case", "key-duplicate",
				"key-too-new", "null-object", "not-utf8"}, p.Code, "%s", once)
		}
		twice, err := again.Config.JSON()
		require.NoError(t, err)
		require.Equal(t, string(once), string(twice))
	})
}
