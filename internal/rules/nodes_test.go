package rules_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/rules"
)

// told lists the codes of what a workstation is told of a config of a version with these members.
func told(version, members string) (list []string) {
	_, problems := rules.Text("x", []byte(`{"ignition": {"version": "`+version+`"}, `+members+`}`))
	for _, p := range diag.For(diag.Workstation, problems) {
		list = append(list, string(p.Code)+" "+p.Path)
	}
	return list
}

func TestAModeInOctalDigitsIsNotSaidToNeedAVersion(t *testing.T) {
	for _, mode := range []string{"1755", "1777", "2775", "3777"} {
		assert.Equal(t, []string{"mode-octal $.storage.directories.0.mode"},
			told("3.4.0", `"storage": {"directories": [{"path": "/a", "mode": `+mode+`}]}`))
	}
	assert.Equal(t, []string{"mode-special $.storage.directories.0.mode"},
		told("3.4.0", `"storage": {"directories": [{"path": "/a", "mode": 1005}]}`))
}
