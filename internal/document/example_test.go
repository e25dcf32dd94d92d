package document_test

import (
	"fmt"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/tests/configs"
	"github.com/glowplug-os/glowplug/tests/model"
)

// A text is read as a config of the version that it names. What a config holds is the model of the newest version,
// whatever version it is written in.
func ExampleDecode() {
	doc, problems := configs.Parse("web.ign", []byte(`{
  "ignition": {"version": "3.0.0"},
  "storage": {
    "flies": [],
    "files": [{"path": "/etc/hostname", "mode": 420, "contents": {"source": "data:,web1"}}]
  }
}`))
	for _, p := range problems {
		fmt.Println(p.Severity, p)
		fmt.Println(p.Hint)
	}
	if diag.Fatal(problems) {
		return
	}
	for _, f := range doc.Config().Storage.Files {
		fmt.Printf("%s comes from %s\n", f.Path, *f.Contents.Source)
	}
	// Output:
	// warning web.ign:4:5: $.storage.flies: the key "flies" is not known here; it is ignored
	// did you mean "files"?
	// /etc/hostname comes from data:,web1
}

// Documents of different versions merge; the result is of the newest one. Items of a list are the same if their keys
// are, here the paths of two files.
func ExampleMerge() {
	base, _ := configs.Parse("base.ign", []byte(`{
  "ignition": {"version": "3.6.0"},
  "storage": {"files": [{"path": "/etc/motd", "mode": 420, "contents": {"source": "data:,hello"}}]}
}`))
	site, _ := configs.Parse("site.ign", []byte(`{
  "ignition": {"version": "3.3.0"},
  "storage": {"files": [{"path": "/etc/motd", "contents": {"source": "data:,welcome"}}]},
  "kernelArguments": {"shouldExist": ["quiet"]}
}`))
	merged := document.Merge(base, site)
	motd := merged.Config().Storage.Files[0]
	fmt.Println(merged.Version, *motd.Mode, *motd.Contents.Source, merged.Config().KernelArguments.ShouldExist)
	// Output:
	// 3.7.0-experimental 420 data:,welcome [quiet]
}

// The paths of a version are all that its documents may hold.
func ExamplePaths() {
	for v := config.V3_0; v <= config.Newest; v++ {
		fmt.Println(v, len(model.Paths(v)))
	}
	// Output:
	// 3.0.0 117
	// 3.1.0 140
	// 3.2.0 168
	// 3.3.0 171
	// 3.4.0 174
	// 3.5.0 176
	// 3.6.0 176
	// 3.7.0-experimental 176
}
