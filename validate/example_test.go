package validate_test

import (
	"fmt"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/validate"
)

// All problems of a text are found at once, each with its place, and with other places that explain it.
func ExampleText() {
	_, problems := validate.Text("web.ign", []byte(`{
  "ignition": {"version": "3.6.0"},
  "storage": {
    "files": [
      {"path": "etc/motd"},
      {"path": "/etc/issue", "mode": 644},
      {"path": "/etc/issue"}
    ]
  }
}`))
	for _, p := range problems {
		fmt.Println(p.Severity, p.Code, p)
		for _, r := range p.Related {
			fmt.Println("  ", r.Place, r.Message)
		}
	}
	fmt.Println("valid:", config.Valid(problems))
	// Output:
	// error path-relative web.ign:5:16: $.storage.files.0.path: the path "etc/motd" is not absolute
	// warning mode-octal web.ign:6:38: $.storage.files.1.mode: the mode 644 is 01204 in octal
	// error duplicate web.ign:7:7: $.storage.files.2: path "/etc/issue" is there twice in files
	//    web.ign:6:7 it is first defined here
	// valid: false
}

// What came of merging is held against the rules of the newest version; what is there twice, merging has settled.
func ExampleRules() {
	base, _ := validate.Text("base.ign", []byte(`{"ignition": {"version": "3.6.0"}, "storage": {"files": [{"path": "/a", "user": {"id": 1}}]}}`))
	site, _ := validate.Text("site.ign", []byte(`{"ignition": {"version": "3.6.0"}, "storage": {"files": [{"path": "/a", "user": {"name": "core"}}]}}`))
	for _, p := range validate.Rules(config.Merge(base, site)) {
		fmt.Println(p)
	}
	// Output:
	// site.ign:1:81: $.storage.files.0.user: the user is given by id and by name
}
