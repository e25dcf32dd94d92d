package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/validate"
)

func TestTheLoginTellsTheMachineHowLargeTheTerminalIs(t *testing.T) {
	unit := loginUnit(61, 181)
	assert.Contains(t, unit, "\nTTYRows=61\n")
	assert.Contains(t, unit, "\nTTYColumns=181\n")
}

func TestTheConfigKeepsWhatItIsAndGetsALogin(t *testing.T) {
	example, err := os.ReadFile("../../../examples/web.ign")
	require.NoError(t, err)
	merged, err := withLogin(example)
	require.NoError(t, err)
	_, problems := validate.Read("demo.ign", merged, validate.Options{})
	assert.Empty(t, problems)
	_, err = withLogin([]byte("variant: fcos"))
	require.EqualError(t, err, "the config is not JSON")
}

// The demo's root has no web server: a unit that runs something of one fails there, unless it looks first.
func TestUnitsOfTheExampleLookForWhatTheyNeed(t *testing.T) {
	example, err := os.ReadFile("../../../examples/web.ign")
	require.NoError(t, err)
	var cfg config.Config
	require.NoError(t, json.Unmarshal(example, &cfg))
	for _, u := range cfg.Systemd.Units {
		if u.Contents != nil && strings.Contains(*u.Contents, "ExecStart=") {
			assert.Contains(t, *u.Contents, "\nCondition", u.Name)
		}
	}
}
