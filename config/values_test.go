package config_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
)

func TestValuesAreThoseOfAPattern(t *testing.T) {
	var cfg config.Config
	require.NoError(t, json.Unmarshal([]byte(`{"kernelArguments":{"shouldExist":["a","b"]},
		"storage":{"luks":[{"name":"x","clevis":{"custom":{"pin":"p"}}},{"name":"y","label":"l"}],"files":[{"path":"/f","user":{"name":"u"}}]},
		"systemd":{"units":[{"name":"u","dropins":[{"name":"d"},{"name":"e"}]}]}}`), &cfg))
	for pattern, want := range map[string][]string{
		"kernelArguments.shouldExist.*":    {"$.kernelArguments.shouldExist.0 a", "$.kernelArguments.shouldExist.1 b"},
		"storage.luks.*.name":              {"$.storage.luks.0.name x", "$.storage.luks.1.name y"},
		"storage.luks.*.label":             {"$.storage.luks.1.label l"},
		"storage.luks.*.clevis.custom.pin": {"$.storage.luks.0.clevis.custom.pin p"},
		"systemd.units.*.dropins.*.name": {"$.systemd.units.0.dropins.0.name d",
			"$.systemd.units.0.dropins.1.name e"},
		"storage.files.*.path":      {"$.storage.files.0.path /f"},
		"storage.files.*.user.name": {"$.storage.files.0.user.name u"},
		"storage.raid.*.options.*":  nil,
	} {
		var got []string
		cfg.Values(pattern, func(path func() string, value string) bool {
			got = append(got, path()+" "+value)
			return true
		})
		assert.Equal(t, want, got, pattern)
	}
	calls := 0
	cfg.Values("systemd.units.*.dropins.*.name", func(func() string, string) bool { calls++; return false })
	assert.Equal(t, 1, calls, "visit ends the walk")
}

func TestAFieldThatSaysNothingHasTheZeroValue(t *testing.T) {
	says, number, yes := "x", 7, true
	assert.Equal(t, "x", config.Says(&says))
	assert.Equal(t, 7, config.Says(&number))
	assert.True(t, config.Says(&yes))
	assert.Empty(t, config.Says[string](nil))
	assert.Zero(t, config.Says[int](nil))
	assert.False(t, config.Says[bool](nil))
}

func TestAPolicyOpensAVolumeIfItHasAPin(t *testing.T) {
	pin, none, zero, two, yes, no := "tpm2", "", 0, 2, true, false
	for _, c := range []struct {
		policy config.Clevis
		opens  bool
	}{
		{config.Clevis{}, false},
		{config.Clevis{Custom: config.ClevisCustom{Pin: &none}, Threshold: &zero, Tpm2: &no,
			Tang: []config.Tang{}}, false},
		{config.Clevis{Custom: config.ClevisCustom{Pin: &pin}}, true},
		{config.Clevis{Tang: []config.Tang{{}}}, true},
		{config.Clevis{Tpm2: &yes}, true},
		{config.Clevis{Threshold: &two}, true},
	} {
		assert.Equal(t, c.opens, c.policy.Opens(), "%+v", c.policy)
	}
}
