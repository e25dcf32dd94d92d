package check

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/load"
)

func TestWhatATargetLacksIsSaidAtItsLine(t *testing.T) {
	for _, c := range []struct {
		claim, target, text string
		want                []string // paths and hints
	}{
		{"the version is read", "fcos:40", `{"ignition": {"version": "3.4.0"}}`, nil},
		{"the version alone is too new", "fcos:40", `{"ignition": {"version": "3.6.0"}}`, []string{"$.ignition.version",
			"it says nothing that fcos:40 lacks: `glowplug convert --to 3.4.0` writes it so"}},
		{"a key", "flatcar:3510", `{"ignition": {"version": "3.4.0"}, "storage": {"luks": [{"name": "a", ` +
			`"device": "/dev/a", "discard": true}]}}`, []string{
			"$.ignition.version", "Flatcar reads version 3.4.0 from flatcar:3549 on",
			"$.storage.luks.0.discard", "Flatcar reads version 3.4.0 from flatcar:3549 on"}},
		{"a value", "fcos:34", `{"ignition": {"version": "3.3.0"}, "storage": {"filesystems": [{"device": "/dev/a", ` +
			`"format": "none"}]}}`, []string{
			"$.ignition.version", "Fedora CoreOS reads version 3.3.0 from fcos:34.20210727 on",
			"$.storage.filesystems.0.format", "Fedora CoreOS reads version 3.3.0 from fcos:34.20210727 on"}},
		{"a document", "fcos:34", "variant: fcos\nversion: 1.5.0\nkernel_arguments: {should_exist: [quiet]}\n",
			[]string{
				"$.version", "Fedora CoreOS reads version 3.4.0 from fcos:37.20230322 on",
				"$.kernel_arguments", "Fedora CoreOS reads version 3.3.0 from fcos:34.20210727 on"}},
		{"nothing known reads it", "r4e:9.2", `{"ignition": {"version": "3.5.0"}, "storage": {"luks": [{"name": "a", ` +
			`"device": "/dev/a", "cex": {"enabled": true}}]}}`, []string{
			"$.ignition.version", "no release of RHEL for Edge that is known here reads version 3.5.0",
			"$.storage.luks.0.cex", "no release of RHEL for Edge that is known here reads version 3.5.0"}},
		{"a release before version 3", "flatcar:3139", `{"ignition": {"version": "3.0.0"}}`, []string{
			"$.ignition.version", "Flatcar reads version 3.0.0 from flatcar:3185 on"}},
		{"what is invalid is not judged", "fcos:34", configOf(`"path": "a"`), nil},
	} {
		var o options
		require.NoError(t, o.setTargets(c.target))
		var got []string
		for _, p := range o.targets[0].lacking("x", c.text, load.Options{}) {
			got = append(got, p.Path, p.Hint)
		}
		assert.Equal(t, c.want, got, c.claim)
	}
}

func TestTargetsAreNamesAndReleases(t *testing.T) {
	for value, want := range map[string]string{
		"fcos:34, flatcar:3510.2.1": "", "plan9:4": `"plan9" is not known`, "fcos": "a release of fcos is needed",
		"fcos:": "a release of fcos is needed", "fcos:new": "a release", "": `"" is not known`,
		"fcos:34,": `"" is not known`,
	} {
		var o options
		err := o.setTargets(value)
		if want == "" {
			require.NoError(t, err, value)
			assert.Len(t, o.targets, 2)
			continue
		}
		assert.ErrorContains(t, err, want, value)
	}
}

func TestATargetAfterAllThatAreKnownIsSaidToBe(t *testing.T) {
	var o options
	require.NoError(t, o.setTargets("fcos:44,fcos:999"))
	assert.Equal(t, "; fcos:999 is after fcos:44, the last one that is known here, and is taken to read the same",
		o.beyond())
}
