package check_test

import (
	"fmt"
	"strings"
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
		{"a folder that lacks the config", "map: https://a/=sub\nformat: line", []string{"p.ign"}, run{1,
			"p.ign:1:67: error[reference-failed] merge 0: sub/x.ign: no such file or directory ($.ignition.config)\n",
			""}},
		{"one of several folders that has it", "map: [https://a/=sub, https://a/=site]\nformat: line",
			[]string{"p.ign"}, run{0, toldOfChild, ""}},
		{"a folder for a longer URL", "map: https://a/b/=sub", []string{"p.ign"}, run{0, absent, ""}},
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

func TestWhatIsIgnoredInAFileIsIgnoredWhereItIsMerged(t *testing.T) {
	const (
		child   = `{"ignition": {"version": "3.4.0"}, "zz": 1}`
		yaml    = "variant: fcos\nversion: 1.5.0\nzz: 1 # glowplug: ignore key-unknown\nyy: 1\n"
		nested  = `{"ignition": {"version": "3.4.0", "config": {"merge": [{"source": "https://a/y/x.ign"}]}}}`
		ignored = "valid: 1 file, 0 errors, 0 warnings, 1 ignored\n"
		told    = "invalid: 1 file, 0 errors, 1 warning\n"
	)
	files := func(count int, line string) string {
		var b strings.Builder
		b.WriteString("variant: fcos\nversion: 1.5.0\nstorage:\n  files:\n")
		for i := range count {
			fmt.Fprintf(&b, line, i)
		}
		return b.String()
	}
	const file = "    - {path: /a%[1]d, foo: 1}\n"
	const hushed = file + "    - {path: /b%[1]d, foo: 1} # glowplug: ignore key-unknown\n"
	for _, c := range []struct{ claim, project, child, want string }{
		{"not in another file", "ignore: {'y/*': key-unknown}", child, told},
		{"nor another code", "ignore: {'x.ign': password-weak}", child, told},
		{"by the name of the file", "ignore: {x.ign: key-unknown}", child, ignored},
		{"by its path", "ignore: {site/x.ign: [key-unknown]}", child, ignored},
		{"by its folder", "ignore: {'site/**': [key-unknown]}", child, ignored},
		{"by the file that is checked", "ignore: {p.ign: key-unknown}", child, ignored},
		{"by a comment in it", "", yaml, "invalid: 1 file, 0 errors, 1 warning, 1 ignored\n"},
		{"by both", "ignore: {x.ign: key-unknown}", yaml, "valid: 1 file, 0 errors, 0 warnings, 2 ignored\n"},
		{"in what that refers to", "ignore: {'site/y/x.ign': key-unknown}", nested, ignored},
		{"but in nothing that it refers to", "ignore: {'site/x.ign': key-unknown}", nested, told},
		{"what stands in it, at the reference", "ignore: {'site/x.ign': key-unknown}", `{"ignition": {"version": ` +
			`"3.4.0", "config": {"merge": [{"source": "data:,%7B%22ignition%22:%7B%22version%22:%223.4.0%22%7D,` +
			`%22zz%22:1%7D"}]}}}`, ignored},
		{"very much", "ignore: {x.ign: key-unknown}", files(3000, file),
			"valid: 1 file, 0 errors, 0 warnings, 3000 ignored\n"},
		{"very much, beside some", "", files(3000, hushed),
			"invalid: 1 file, 0 errors, 3000 warnings, 3000 ignored\n"},
	} {
		t.Run(c.claim, func(t *testing.T) {
			inProject(t, map[string]string{"p.ign": pointer, "site/x.ign": c.child, "site/y/x.ign": child,
				".glowplug.yaml": "map: https://a/=site\nstrict: true\n" + c.project})
			got := validate("", "p.ign")
			assert.True(t, strings.HasSuffix(got.out, c.want), "…%s", got.out[max(0, len(got.out)-900):])
		})
	}
}

func TestWhatIsIgnoredInALocalFileIsIgnored(t *testing.T) {
	const document = "variant: fcos\nversion: 1.5.0\nsystemd:\n  units:\n" +
		"    - {name: a.service, contents_local: unit}\n"
	for claim, c := range map[string]struct{ ignore, want string }{
		"by its path":      {"files/unit", "valid: 1 file, 0 errors, 0 warnings, 1 ignored\n"},
		"by its name":      {"unit", "valid: 1 file, 0 errors, 0 warnings, 1 ignored\n"},
		"not another file": {"unit/a.bu", "invalid: 1 file, 0 errors, 0 warnings, 1 piece of advice\n"},
	} {
		t.Run(claim, func(t *testing.T) {
			inProject(t, map[string]string{"a.bu": document,
				"files/unit": "[Service]\nExecStart=/bin/true\nFoo=1\n",
				".glowplug.yaml": "files-dir: files\nfail-on: advice\n" +
					"ignore: {" + c.ignore + ": unit-directive-unknown}\n"})
			got := validate("", "a.bu")
			assert.True(t, strings.HasSuffix(got.out, c.want), "…%s", got.out[max(0, len(got.out)-900):])
		})
	}
}
