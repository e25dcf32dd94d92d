package validate_test

import (
	"fmt"

	"github.com/glowplug-os/glowplug/internal/diag"
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
	fmt.Println("valid:", !diag.Fatal(problems))
	// Output:
	// error path-relative web.ign:5:16: $.storage.files.0.path: the path "etc/motd" is not absolute
	// warning mode-octal web.ign:6:38: $.storage.files.1.mode: the mode 644 is 01204 in octal
	// error duplicate web.ign:7:7: $.storage.files.2: path "/etc/issue" is there twice in files
	//    web.ign:6:7 it is first defined here
	// valid: false
}
