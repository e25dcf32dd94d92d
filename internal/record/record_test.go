package record

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestARecordIsReadAsItWasWritten(t *testing.T) {
	r := &Record{Version: Version, Made: time.Unix(1<<30, 0).UTC(), Glowplug: "v1",
		Documents: []Document{{"<x>", "00"}}, Config: json.RawMessage(`{"ignition":{}}`)}
	text, err := r.Text()
	require.NoError(t, err)
	got, err := Parse(text)
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
		`{"version":1,"config":{}} x`:      "no record",
		`{"version":2,"config":{}}`:        "version 2",
		`{"version":1,"config":{`:          "no record",
	} {
		_, err := Parse([]byte(text))
		assert.ErrorContains(t, err, want, text)
	}
}

func TestARecordThatIsTooLargeIsNeitherReadNorWritten(t *testing.T) {
	_, err := Parse(make([]byte, Most+1))
	require.ErrorIs(t, err, ErrTooLarge)
	_, err = Parse(make([]byte, Most))
	require.NotErrorIs(t, err, ErrTooLarge)
	require.NoError(t, fits(Most), "which Text asks too")
	require.ErrorIs(t, fits(Most+1), ErrTooLarge)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"version":1,"config":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := Parse(text); err == nil {
			assert.True(t, json.Valid(r.Config))
		}
	})
}
