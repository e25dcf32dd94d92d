package check

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/project"
)

// overwrites refuses to write the report over what it is about.
func (v *verdict) overwrites(all []found) error {
	output, err := os.Stat(v.options.output)
	if v.options.output == "" || err != nil || !output.Mode().IsRegular() {
		return nil
	}
	for _, name := range v.inputs(all) {
		if input, err := os.Stat(name); err == nil && os.SameFile(output, input) {
			return v.refused(name)
		}
	}
	if in, is := v.p.In.(*os.File); is && slices.Contains(v.options.files, "-") {
		if input, err := in.Stat(); err == nil && os.SameFile(output, input) {
			return v.refused("standard input")
		}
	}
	return nil
}

// inputs are the names of all files that are read whatever the configs say.
func (v *verdict) inputs(all []found) (names []string) {
	for _, f := range all {
		names = append(names, f.name)
	}
	for _, m := range v.options.maps {
		names = append(names, m.file)
	}
	if v.project != nil {
		names = append(names, filepath.Join(v.project.Dir, project.FileName))
	}
	return names
}

func (v *verdict) refused(input string) error {
	return cli.Misuse("--output %s would write the report over %s, which is checked or read for it",
		diag.Name(v.options.output), diag.Name(input))
}
