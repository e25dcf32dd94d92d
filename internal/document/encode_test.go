package document_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/tests/configs"
)

// plainJSON is what encoding/json makes of a config, which JSON writes without it.
func plainJSON(t *testing.T, c *config.Config) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	require.NoError(t, e.Encode(c))
	return b.String()
}

func TestJSONIsWhatEncodingJSONMakesOfTheConfig(t *testing.T) {
	texts := map[string]string{
		"the smallest config": `{"ignition":{"version":"3.6.0"}}`,
		"escapes, wide letters, bad bytes": `{"ignition":{"version":"3.0.0"},` +
			`"storage":{"files":[{"path":"/\u00e4\n\"","contents":{"source":"data:,` + "\xff" + `ä😀"}}]}}`,
		"what old versions cannot leave out": `{"ignition":{"version":"3.0.0"},"storage":{"links":[{"path":"/a"}],"raid":[{"name":"r","devices":["/a"]}],
			"files":[{"path":"/b","mode":1023}]}}`,
		"numbers, zero among them": `{"ignition":{"version":"3.6.0"},"storage":{"disks":[{"device":"/a",` +
			`"partitions":[{"number":0,"label":"x","sizeMiB":0},{"number":1},{"label":"y"}]}]}}`,
		"empty lists and objects": `{"ignition":{"version":"3.6.0","config":{}},` +
			`"storage":{"files":[],"luks":[{"name":"l","clevis":{"tang":[{}]}}]},"systemd":{"units":[{}]}}`,
		"nulls": `{"ignition":{"version":"3.6.0"},"kernelArguments":{"shouldExist":[null,"a"]},` +
			`"storage":{"files":[null,{"path":"/a","mode":null}],"disks":null}}`,
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			doc, _ := configs.Parse("test", []byte(text))
			require.NotNil(t, doc)
			got, err := doc.JSON()
			require.NoError(t, err)
			want := plainJSON(t, doc.Upgrade().Config())
			require.JSONEq(t, want, string(got))
			again, problems := configs.Parse("again", got)
			require.Empty(t, problems)
			require.Equal(t, want, plainJSON(t, again.Config()))
		})
	}
}

func TestALaterNullLeavesWhatCannotBeAbsent(t *testing.T) {
	doc, problems := configs.Parse("test", []byte(`{"ignition":{"version":"3.6.0","version":null},`+
		`"storage":{"files":[{"path":"/a","path":null,"mode":420,"mode":null}]}}`))
	require.NotNil(t, doc)
	require.True(t, !diag.Fatal(diag.For(diag.Peer, problems)))
	require.Equal(t, "/a", doc.Config().Storage.Files[0].Path)
	require.Nil(t, doc.Config().Storage.Files[0].Mode, "what can be absent is")
}
