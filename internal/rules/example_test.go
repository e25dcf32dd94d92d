package rules_test

import (
	"fmt"

	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/tests/configs"
)

// What came of merging is held against the rules of the newest version; what is there twice, merging has settled.
func ExampleRules() {
	base, _ := configs.Judge("base.ign",
		[]byte(`{"ignition": {"version": "3.6.0"}, "storage": {"files": [{"path": "/a", "user": {"id": 1}}]}}`))
	site, _ := configs.Judge("site.ign",
		[]byte(`{"ignition": {"version": "3.6.0"}, "storage": {"files": [{"path": "/a", "user": {"name": "core"}}]}}`))
	for _, p := range rules.Rules(document.Merge(base, site)) {
		fmt.Println(p)
	}
	// Output:
	// site.ign:1:81: $.storage.files.0.user: the user is given by id and by name
}
