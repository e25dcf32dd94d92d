package target

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRelabelWords(t *testing.T) {
	for word, want := range map[string]Relabel{"auto": RelabelAuto, "on": RelabelOn, "1": RelabelOn, "true": RelabelOn,
		"off": RelabelOff, "0": RelabelOff, "false": RelabelOff} {
		var got Relabel
		require.NoError(t, json.Unmarshal([]byte(`"`+word+`"`), &got))
		assert.Equal(t, want, got)
	}
	require.Error(t, json.Unmarshal([]byte(`"yes"`), new(Relabel)))
}
