package validate_test

import (
	"fmt"
	"testing/fstest"

	"github.com/glowplug-os/glowplug/validate"
)

// All problems of a text are found at once, each with its place, with what to do, and with other places that explain
// it.
func ExampleRead() {
	_, problems := validate.Read("web.ign", []byte(`{
  "ignition": {"version": "3.6.0"},
  "storage": {
    "files": [
      {"path": "etc/motd"},
      {"path": "/etc/issue", "mode": 644},
      {"path": "/etc/issue"}
    ]
  }
}`), validate.Options{})
	for _, p := range problems {
		fmt.Printf("line %d, column %d: %s %s: %s\n", p.Line, p.Column, p.Severity, p.Code, p.Message)
		if p.Hint != "" {
			fmt.Println("   ", p.Hint)
		}
		for _, n := range p.Notes {
			fmt.Printf("    line %d: %s\n", n.Line, n.Message)
		}
	}
	// Output:
	// line 5, column 16: error path-relative: the path "etc/motd" is not absolute
	//     start it with /
	// line 6, column 38: warning mode-octal: the mode 644 is 01204 in octal
	//     modes are decimal numbers: 0644 is written 420
	// line 7, column 7: error duplicate: path "/etc/issue" is there twice in files
	//     remove one of the two, or put what they say into one
	//     line 6: it is first defined here
}

// A Butane document is converted by reading it and asking for its JSON. It may name local files.
func ExampleDocument_JSON() {
	files := fstest.MapFS{"motd": {Data: []byte("welcome\n")}}
	doc, problems := validate.Read("web.bu", []byte(`variant: fcos
version: 1.6.0
storage:
  files:
    - path: /etc/motd
      mode: 0644
      contents:
        local: motd
`), validate.Options{Files: files})
	if !validate.Valid(problems) {
		fmt.Println(problems)
		return
	}
	fmt.Println(string(doc.JSON()))
	fmt.Printf("%s %o\n", doc.Version(), *doc.Config().Storage.Files[0].Mode)
	// Output:
	// {"ignition":{"version":"3.5.0"},"storage":{"files":[{"path":"/etc/motd","contents":{"compression":"","source":"data:,welcome%0A"},"mode":420}]}}
	// 3.5.0 644
}

// Items of a list are the same if their keys are, here the paths of two files. Problems of what comes out are told at
// the place that each part comes from.
func ExampleMerge() {
	base, _ := validate.Read("base.ign", []byte(`{
  "ignition": {"version": "3.6.0"},
  "storage": {"files": [{"path": "/etc/motd", "user": {"id": 0}, "contents": {"source": "data:,hello"}}]}
}`), validate.Options{})
	site, _ := validate.Read("site.bu", []byte(`variant: flatcar
version: 1.0.0
storage:
  files:
    - path: /etc/motd
      contents: {inline: welcome}
`), validate.Options{})
	host, _ := validate.Read("host.ign", []byte(`{
  "ignition": {"version": "3.3.0"},
  "storage": {"files": [{"path": "/etc/motd", "user": {"name": "core"}}]}
}`), validate.Options{})

	merged, problems := validate.Merge(base, site)
	fmt.Println(merged.Version(), *merged.Config().Storage.Files[0].Contents.Source, problems)

	_, problems = validate.Merge(base, site, host)
	for _, p := range problems {
		fmt.Println(p)
	}
	// Output:
	// 3.6.0 data:,welcome []
	// host.ign:3:55: $.storage.files.0.user: error: the user is given by id and by name
}
