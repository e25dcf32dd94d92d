package record

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestARecordIsReadAsItWasWritten(t *testing.T) {
	r := &Record{Version: Version, Made: time.Unix(1<<30, 0).UTC(), Glowplug: "v1",
		Documents: []Document{{"<x>", "00"}}, Config: json.RawMessage(`{"ignition":{}}`)}
	var b strings.Builder
	require.NoError(t, r.Write(&b))
	got, err := Parse([]byte(b.String()))
	require.NoError(t, err)
	assert.JSONEq(t, string(r.Config), string(got.Config))
	got.Config = r.Config
	assert.Equal(t, r, got)
}

func TestWhatIsNoRecordIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "no record",
		"[]":                               "no record",
		`{"ignition":{"version":"3.4.0"}}`: "it has no config",
		`{"version":1}`:                    "it has no config",
		`{"version":1,"config":[]}`:        "it has no config",
		`{"version":1,"config":{}} x`:      "text after",
		`{"version":2,"config":{}}`:        "version 2",
		`{"version":1,"config":{`:          "no record",
	} {
		_, err := Parse([]byte(text))
		assert.ErrorContains(t, err, want, text)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"version":1,"config":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := Parse(text); err == nil {
			assert.True(t, json.Valid(r.Config))
		}
	})
}
