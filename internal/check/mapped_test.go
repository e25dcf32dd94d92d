package check_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

const (
	pointer = `{"ignition": {"version": "3.4.0", "config": {"merge": [{"source": "https://a/x.ign"}]}}}`
	// toldOfChild is what is said of warns where it is merged.
	toldOfChild = `site/x.ign:1:36: warning[key-unknown] the key "zz" is not known here; it is ignored ($.zz)` + "\n"
	absent      = "valid: 1 file, 0 errors, 0 warnings; 1 config to merge not looked at: --map says which files " +
		"stand for them\n"
)

func TestTheProjectFileSaysWhichFilesStandForURLs(t *testing.T) {
	for _, c := range []struct {
		claim, project string
		args           []string
		want           run
	}{
		{"a folder", "map: https://a/=site\nformat: line", []string{"p.ign"}, run{0, toldOfChild, ""}},
		{"a file", "map: [https://a/y=p.ign, https://a/x.ign=site/x.ign]\nformat: line", []string{"p.ign"},
			run{0, toldOfChild, ""}},
		{"from its own folder", "map: https://a/=site\nformat: line", []string{"sub/p.ign"}, run{0, toldOfChild, ""}},
		{"an argument counts instead", "map: https://a/=site", []string{"--map", "https://b/=site", "p.ign"},
			run{0, absent, ""}},
		{"not where it is not wanted", "map: https://a/=site", []string{"--no-project", "p.ign"}, run{0, absent, ""}},
		{"a folder that is not there", "map: https://a/=gone\nformat: line", []string{"g.ign"}, run{1,
			`.glowplug.yaml:1:6: error[project-file] the folder "gone": no such file or directory ($.map)` + "\n", ""}},
		{"a file in place of a folder", "map: https://a/=p.ign\nformat: line", []string{"g.ign"}, run{1,
			`.glowplug.yaml:1:6: error[project-file] the folder "p.ign": it is no folder ($.map)` + "\n", ""}},
		{"a file that is not there", "map: [https://a/x.ign=gone]\nformat: line", []string{"g.ign"}, run{1,
			`.glowplug.yaml:1:7: error[project-file] the file "gone": no such file or directory ($.map.0)` + "\n", ""}},
		{"what is no mapping", "map: [site, a/=site]\nformat: line", []string{"g.ign"}, run{1,
			`.glowplug.yaml:1:7: error[project-file] write URL=FILE, or URL/=DIR ($.map.0)` + "\n" +
				`.glowplug.yaml:1:13: error[project-file] "a/" is no URL of something that is fetched ($.map.1)` + "\n",
			""}},
		{"what is elsewhere", "map: https://a/=../site\nformat: line", []string{"g.ign"}, run{1,
			`.glowplug.yaml:1:6: error[project-file] the folder "../site" is not in the project ($.map)` + "\n", ""}},
	} {
		t.Run(c.claim, func(t *testing.T) {
			inProject(t, map[string]string{"p.ign": pointer, "sub/p.ign": pointer, "g.ign": good, "site/x.ign": warns,
				".glowplug.yaml": c.project})
			assert.Equal(t, c.want, validate("", c.args...))
		})
	}
}
